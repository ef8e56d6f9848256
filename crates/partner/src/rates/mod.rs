//! The rate book: what we charge, a file for each schedule, and how a bill is worked out.
//!
//! ```text
//! partners/utility/rates/
//!   billing.toml      what holds for every bill: zone, currency, which month a period counts for
//!   100.toml          a schedule
//! ```
//!
//! A schedule reads like its page of the handbook:
//!
//! ```toml
//! code = "100"
//! name = "Single-phase general service"
//! from = 2023-01-01
//!
//! [[charge]]
//! kind = "energy"
//! name = "Energy charge"
//! code = "ENC001"
//! per = "kWh"
//! price = 0.089
//! ```
//!
//! Numbers are taken digit by digit as they are written. Where the book has no figure, the file says
//! `unpublished` and what for, and no bill is made that needs it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use tieline_model::bill::{ChargeKind, TaxKind};
use tieline_model::money::Currency;
use tieline_model::period::Month;
use tieline_model::pricing::{MonthOf, Schedules, TaxRule};
use tieline_model::rate::{RateSchedule, Validity};
use tieline_model::time::Zone;

use crate::file_error::FileError;
use crate::toml_file::{At, Faults, Source, Table, did_you_mean};

mod charge;

#[cfg(test)]
mod tests;

const BILLING: &str = "billing.toml";
const BILLING_KEYS: [&str; 5] = ["zone", "currency", "month_of", "adjustment", "tax"];
const TAX_KEYS: [&str; 2] = ["kind", "percent"];
const SCHEDULE_KEYS: [&str; 8] =
    ["code", "name", "applies_to", "source", "from", "until", "base", "charge"];

const MONTHS_OF: [(&str, MonthOf); 2] =
    [("period_start", MonthOf::PeriodStart), ("period_end", MonthOf::PeriodEnd)];
const TAXES: [(&str, TaxKind); 8] = [
    ("sales", TaxKind::Sales),
    ("state_sales", TaxKind::StateSales),
    ("county_sales", TaxKind::CountySales),
    ("city_sales", TaxKind::CitySales),
    ("franchise", TaxKind::Franchise),
    ("gross_receipts", TaxKind::GrossReceipts),
    ("energy", TaxKind::Energy),
    ("fuel", TaxKind::Fuel),
];

/// What we charge.
#[derive(Debug, Clone)]
pub struct RateBook {
    rules: BillingRules,
    files: Vec<RateFile>,
}

/// What holds for every bill.
#[derive(Debug, Clone)]
pub struct BillingRules {
    /// Where the clocks are set that tell the time of use.
    pub zone: Zone,
    /// The currency of all prices.
    pub currency: Currency,
    /// Which month a billing period counts for.
    pub month_of: MonthOf,
    /// The schedule whose charges come on top of every other: the purchased power adjustment.
    pub adjustment: Option<String>,
    /// Taxes on the whole bill.
    pub taxes: Vec<TaxRule>,
}

/// A schedule and the file it was read from.
#[derive(Debug, Clone)]
struct RateFile {
    schedule: RateSchedule,
    source: Source,
    code_span: Range<usize>,
    base_span: Option<Range<usize>>,
}

impl RateBook {
    /// Reads a directory of rates.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any file, sorted by file and line.
    pub fn load(directory: &Path) -> Result<RateBook, Vec<FileError>> {
        let mut errors = Vec::new();
        let mut sources = Vec::new();
        let rules = Source::open(&directory.join(BILLING))?;
        for name in names(directory)?.iter().filter(|name| *name != BILLING) {
            match Source::open(&directory.join(name)) {
                Ok(source) => sources.push(source),
                Err(found) => errors.extend(found),
            }
        }
        RateBook::read(rules, sources, errors)
    }

    /// Reads the rules and the schedules; `errors` are those of files that could not be opened.
    fn read(
        rules_source: Source,
        sources: Vec<Source>,
        mut errors: Vec<FileError>,
    ) -> Result<RateBook, Vec<FileError>> {
        let (rules, adjustment) = read_rules(&rules_source)?;
        let mut files = Vec::new();
        for source in sources {
            match read_schedule(source, &rules) {
                Ok(file) => files.push(file),
                Err(found) => errors.extend(found),
            }
        }
        let book = RateBook { rules, files };
        // A name of a file that could not be read is not unknown.
        if errors.is_empty() {
            book.check(&rules_source, adjustment, &mut errors);
        }
        match errors.is_empty() {
            true => Ok(book),
            false => {
                errors.sort_by(|a, b| a.order().cmp(&b.order()));
                Err(errors)
            }
        }
    }

    /// What holds for every bill.
    pub fn rules(&self) -> &BillingRules {
        &self.rules
    }

    /// The schedule of this code.
    pub fn find(&self, code: &str) -> Option<&RateSchedule> {
        self.file(code).map(|file| &file.schedule)
    }

    /// The file a schedule was read from.
    pub fn file_of(&self, code: &str) -> Option<&str> {
        self.file(code).map(|file| file.source.file.as_str())
    }

    /// All schedules, in the order of their files' names.
    pub fn schedules(&self) -> impl Iterator<Item = &RateSchedule> {
        self.files.iter().map(|file| &file.schedule)
    }

    /// The schedules, to compare with them what bills say.
    pub fn to_compare(&self) -> Schedules {
        Schedules::new(self.schedules().cloned(), self.rules.month_of)
    }

    fn file(&self, code: &str) -> Option<&RateFile> {
        self.files.iter().find(|file| file.schedule.code == code)
    }

    /// Notes what is wrong with a file only beside others.
    fn check(&self, rules: &Source, adjustment: Range<usize>, errors: &mut Vec<FileError>) {
        let codes: Vec<&str> = self.schedules().map(|schedule| schedule.code.as_str()).collect();
        let unknown = |source: &Source, span, code: &str| {
            let error = source.error(span, format!("there is no schedule `{code}`"));
            FileError { help: did_you_mean(code, &codes), ..error }
        };
        for (n, file) in self.files.iter().enumerate() {
            let code = &file.schedule.code;
            if let Some(other) = self.files[..n].iter().find(|it| it.schedule.code == *code) {
                let message = format!("this is the code of {} already", other.source.file);
                errors.push(file.source.error(file.code_span.clone(), message));
            }
            let base = file.schedule.base.as_ref().zip(file.base_span.clone());
            match base.map(|(base, span)| (self.find(base), base, span)) {
                None => {}
                Some((None, base, span)) => errors.push(unknown(&file.source, span, base)),
                Some((Some(found), base, span)) if found.base.is_some() || base == code => {
                    let message = "a base cannot have a base itself";
                    errors.push(file.source.error(span, message));
                }
                Some(_) => {}
            }
        }
        if let Some(code) = &self.rules.adjustment
            && self.find(code).is_none()
        {
            errors.push(unknown(rules, adjustment, code));
        }
    }
}

/// The TOML files of a directory, sorted.
fn names(directory: &Path) -> Result<Vec<String>, Vec<FileError>> {
    let shown = directory.display().to_string();
    let fail = |message: String| vec![FileError::whole(&shown, message)];
    let unreadable = |e: std::io::Error| fail(format!("cannot be read: {e}"));
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let Ok(name) = entry.map_err(unreadable)?.file_name().into_string() else {
            return Err(fail("has a file whose name is not UTF-8".to_string()));
        };
        if name.ends_with(".toml") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The rules, and where `adjustment` stands.
fn read_rules(source: &Source) -> Result<(BillingRules, Range<usize>), Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::top(&parsed, &BILLING_KEYS, &mut faults);
    for key in ["zone", "currency", "month_of"] {
        file.require(key, &mut faults);
    }
    let zone = file.text("zone", &mut faults).and_then(|zone| {
        let named = Zone::named(&zone.value);
        named.map_err(|error| faults.at(zone.span, error.to_string())).ok()
    });
    let currency = file.text("currency", &mut faults).and_then(|currency| {
        let found = Currency::new(&currency.value);
        found.map_err(|error| faults.at(currency.span, error.to_string())).ok()
    });
    let month_of = file.word("month_of", &MONTHS_OF, &mut faults);
    let adjustment = file.text("adjustment", &mut faults);
    let mut taxes = Vec::new();
    for table in file.tables("tax", "[[tax]]", &TAX_KEYS, &mut faults) {
        table.require("kind", &mut faults);
        table.require("percent", &mut faults);
        let kind = table.word("kind", &TAXES, &mut faults);
        let percent = table.decimal("percent", &mut faults);
        if let Some(percent) = percent.as_ref().filter(|percent| percent.value.is_negative()) {
            faults.at(percent.span.clone(), "`percent` must not be less than zero");
        }
        if let Some((kind, percent)) = kind.zip(percent) {
            taxes.push(TaxRule { kind, percent: percent.value });
        }
    }
    let span = adjustment.as_ref().map_or(0..0, |at| at.span.clone());
    let adjustment = adjustment.map(|at| at.value);
    let rules = move || {
        let (zone, currency, month_of) = (zone?, currency?, month_of?);
        Some((BillingRules { zone, currency, month_of, adjustment, taxes }, span))
    };
    faults.into_result(rules())
}

fn read_schedule(source: Source, rules: &BillingRules) -> Result<RateFile, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(&source);
    let file = Table::top(&parsed, &SCHEDULE_KEYS, &mut faults);
    for key in ["code", "name", "source", "from", "charge"] {
        file.require(key, &mut faults);
    }
    let code = file.text("code", &mut faults);
    let name = file.text("name", &mut faults);
    let applies_to = file.prose("applies_to", &mut faults);
    let from_book = file.prose("source", &mut faults);
    let validity = read_validity(&file, &mut faults);
    let base = file.text("base", &mut faults);
    let tables = file.tables("charge", "[[charge]]", &charge::KEYS, &mut faults);
    let charges: Vec<_> =
        tables.iter().filter_map(|table| charge::read(table, &mut faults)).collect();
    let schedule = move || {
        let (code, name, validity) = (code?, name?, validity?);
        let schedule = RateSchedule {
            code: code.value,
            name: name.value,
            applies_to,
            source: from_book,
            validity,
            currency: rules.currency,
            zone: rules.zone.clone(),
            base: base.as_ref().map(|base| base.value.clone()),
            charges,
        };
        Some((schedule, code.span, base.map(|base| base.span)))
    };
    let (schedule, code_span, base_span) = faults.into_result(schedule())?;
    drop(parsed);
    Ok(RateFile { schedule, source, code_span, base_span })
}

fn read_validity(file: &Table<'_>, faults: &mut Faults<'_>) -> Option<Validity> {
    let from = file.date("from", faults);
    let until = file.date("until", faults);
    let end = until.as_ref().map(|at| at.value);
    let validity = Validity::new(from?.value, end);
    validity
        .map_err(|error| {
            let span = until.map_or(0..0, |at| at.span);
            faults.at(span, error.to_string());
        })
        .ok()
}
