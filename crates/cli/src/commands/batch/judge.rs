//! One file of a batch judged.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::Outcome;
use super::files::File;
use crate::business::Business;
use crate::exit;
use crate::partners::Guides;
use crate::reading;
use crate::report::{FileReport, Hearing, Level, Told, Verdict};
use crate::text::count;

/// How many findings are told to the report: only the first error is of interest.
const MOST: u64 = 1;

/// Keeps the code of the first error, or else of the first warning.
#[derive(Default)]
struct First {
    error: Option<String>,
    warning: Option<String>,
}

struct FirstFinding(Rc<RefCell<First>>);

impl FileReport for FirstFinding {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        let mut first = self.0.borrow_mut();
        let place = match told.found.level() {
            Level::Error => &mut first.error,
            _ => &mut first.warning,
        };
        place.get_or_insert_with(|| told.found.code().to_string());
        Ok(())
    }

    fn end(&mut self, _: &Verdict) -> io::Result<()> {
        Ok(())
    }
}

/// Judges a file as `validate` does.
pub(super) fn judge(guides: &Guides, file: &File, with_business: bool) -> Outcome {
    let first = Rc::new(RefCell::new(First::default()));
    let report = Box::new(FirstFinding(Rc::clone(&first)));
    let business = with_business.then(|| Business::new(guides));
    let mut hearing = Hearing::new(file.name.clone(), report, MOST, business);
    let result = reading::check(&file.path, guides, &mut hearing, |hearing, _| hearing.goes_on());
    let verdict = hearing.end(|verdict| match result {
        Ok(totals) => verdict.totals = totals,
        Err(failure) => verdict.failure = Some(failure),
    });
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => return Outcome::failed(&error.into()),
    };
    let code = verdict.exit_code(false);
    if let Some(failure) = verdict.failure {
        return Outcome::failed(&failure.into());
    }
    let word = match code {
        exit::ACCEPTED => "ok",
        exit::NOT_EDI => "no EDI",
        _ => "wrong",
    };
    let errors = verdict.count.errors + verdict.business.errors;
    let warnings = verdict.count.warnings + verdict.business.warnings;
    let mut parts = vec![count(verdict.totals.sets, "set")];
    for (many, what) in [(errors, "error"), (warnings, "warning")] {
        parts.extend((many > 0).then(|| count(many, what)));
    }
    let first = first.take();
    let named = first.error.or(first.warning);
    let named = named.map(|code| format!(": {code}")).unwrap_or_default();
    Outcome { code, word, how: format!("{}{named}", parts.join(", ")) }
}
