//! What customers have authorized a partner to see: a file each in its folder `authorizations`.
//!
//! ```toml
//! id = "A-2026-014"                 # the file's name without .toml
//! signed = 2026-03-20
//! accounts = ["0004217790"]         # or accounts_file = "A-2026-014.csv": a number to a line
//! data = ["usage", "intervals"]     # usage, intervals, bills, payments, account_details
//! from = 2026-04-01
//! until = 2027-03-31                # the last day on which data may be released
//! history_from = 2025-04-01
//! evidence = "scan 2026-0320-3 in the customer's file"
//! ```
//!
//! Account and meter numbers are the customer's: no error shows one.

use std::fs;
use std::io::Read;
use std::path::Path;

use tieline_model::authorization::{
    Authorization, AuthorizationRecord, DataKind, Inquiry, Refusal,
};
use tieline_model::identifier::{AccountNumber, MeterNumber};
use tieline_model::period::Period;
use tieline_model::time::Date;

use crate::file_error::FileError;
use crate::shape::{Kind, Section, may, must, words};
use crate::toml_file::{Faults, Source, Table};

const DATA: [(&str, DataKind); 5] = [
    ("usage", DataKind::Usage),
    ("intervals", DataKind::Intervals),
    ("bills", DataKind::Bills),
    ("payments", DataKind::Payments),
    ("account_details", DataKind::AccountDetails),
];

const AUTHORIZATION: Section = Section {
    name: "",
    keys: &[
        must("id", Kind::Text, "Its number: the name of the file without .toml."),
        must("signed", Kind::Instant, "When the customer signed."),
        may("accounts", Kind::Texts, "Of which accounts."),
        may(
            "accounts_file",
            Kind::Text,
            "A file beside this one with an account number to a line.",
        ),
        may("meters", Kind::Texts, "Of which meters; all when left out."),
        must("data", Kind::ManyWords(|| words(&DATA)), "Which data."),
        must("from", Kind::Instant, "The first day on which data may be released."),
        must("until", Kind::Instant, "The last day."),
        may(
            "history_from",
            Kind::Instant,
            "The earliest day it may be about; `from` when left out.",
        ),
        may("evidence", Kind::Text, "Where the signed paper is."),
        may("revoked", Kind::Instant, "The first day on which it no longer holds."),
    ],
};

/// Days before an end at which somebody is warned.
pub const WARNINGS: [u32; 5] = [60, 30, 14, 7, 1];

/// The largest list of accounts, in bytes: some 100,000 accounts.
const LARGEST: u64 = 2 << 20;

/// Something that ends, of a partner or of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// What it is, without anything of the customer: `authorization A-2026-014`, `mailbox key 2`.
    pub what: String,
    /// The last day on which it holds.
    pub last_day: Date,
    /// How many days are left; negative when it is over.
    pub days_left: i32,
}

impl Expiry {
    /// Something that ends after a day, as seen on another.
    pub fn of(what: String, last_day: Date, on: Date) -> Expiry {
        let days_left = on.until(last_day).map_or(i32::MAX, |span| span.get_days());
        Expiry { what, last_day, days_left }
    }

    /// The warning that is due: the least of [`WARNINGS`] that has been reached, or 0 when it is over.
    /// Whoever warns remembers which it told, and tells each once.
    pub fn warning(&self) -> Option<u32> {
        if self.days_left < 0 {
            return Some(0);
        }
        let reached = |days: &&u32| i64::from(self.days_left) <= i64::from(**days);
        WARNINGS.iter().rev().find(reached).copied()
    }
}

/// Whether one of the authorizations allows somebody to see something; the one that does.
///
/// # Errors
///
/// The reason of the one that comes nearest; [`Refusal::Grantee`] when there is none.
pub fn may_see<'a>(
    authorizations: impl IntoIterator<Item = &'a Authorization>,
    inquiry: &Inquiry<'_>,
) -> Result<&'a Authorization, Refusal> {
    // The reasons are looked for in this order: a later one means that more was in order.
    let rank = |refusal: Refusal| match refusal {
        Refusal::Grantee => 0,
        Refusal::Account => 1,
        Refusal::Meter => 2,
        Refusal::Data => 3,
        Refusal::NotYet => 4,
        Refusal::Revoked => 5,
        Refusal::Ended => 6,
        Refusal::TooOld => 7,
        Refusal::TooNew => 8,
    };
    let mut nearest = Refusal::Grantee;
    for authorization in authorizations {
        match authorization.allows(inquiry) {
            Ok(()) => return Ok(authorization),
            Err(refusal) if rank(refusal) > rank(nearest) => nearest = refusal,
            Err(_) => {}
        }
    }
    Err(nearest)
}

/// Reads the authorization `<stem>.toml` of a partner.
pub(crate) fn open(
    partner: &str,
    stem: &str,
    path: &Path,
) -> Result<Authorization, Vec<FileError>> {
    let source = Source::open(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read(partner, stem, folder, &source).map_err(|errors| errors.into_iter().map(hidden).collect())
}

/// The error without the line it is about, where that may hold numbers of the customer.
fn hidden(mut error: FileError) -> FileError {
    if let Some(place) = &mut error.place {
        let key = place.text.split('=').next().unwrap_or_default().trim();
        let open = ["id", "signed", "data", "from", "until", "history_from", "revoked"];
        if !open.contains(&key) {
            place.text = "...".to_string();
            place.mark = 0..3;
        }
    }
    if error.message.contains("stands twice") {
        error.message = "a number stands twice".to_string();
    }
    error
}

fn read(
    partner: &str,
    stem: &str,
    folder: &Path,
    source: &Source,
) -> Result<Authorization, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::whole(&parsed, &AUTHORIZATION, &mut faults);
    for key in ["id", "signed", "data", "from", "until"] {
        file.require(key, &mut faults);
    }
    let id = file.text("id", &mut faults);
    if let Some(at) = id.as_ref().filter(|at| at.value != stem) {
        faults.at(at.span.clone(), format!("`id` must be the name of the file, {stem}"));
    }
    let accounts = read_accounts(&file, folder, &mut faults);
    let meters = file.texts("meters", &mut faults).map(|at| at.value).unwrap_or_default();
    let meters = meters.into_iter().filter_map(|at| match MeterNumber::new(&at.value) {
        Ok(meter) => Some(meter),
        Err(error) => {
            faults.at(at.span, error.to_string());
            None
        }
    });
    let meters: Vec<MeterNumber> = meters.collect();
    let data = file.many_words("data", &DATA, &mut faults);
    let signed = file.date("signed", &mut faults);
    let (from, until) = (file.date("from", &mut faults), file.date("until", &mut faults));
    let history_from = file.date("history_from", &mut faults).map(|at| at.value);
    let revoked = file.date("revoked", &mut faults).map(|at| at.value);
    let evidence = file.text("evidence", &mut faults).map(|at| at.value);
    let duration = from.zip(until).and_then(|(from, until)| {
        let period = Period::new(from.value, until.value).ok();
        if period.is_none() {
            faults.at(until.span, "`until` is before `from`");
        }
        period
    });
    let record = (|| {
        Some(AuthorizationRecord {
            id: id?.value,
            grantee: partner.to_string(),
            accounts: accounts?,
            meters,
            data: data?,
            duration: duration?,
            history_from,
            signed: signed?.value,
            evidence,
            revoked,
        })
    })();
    let authorization = record.and_then(|record| {
        Authorization::new(record).map_err(|error| faults.whole(error.to_string())).ok()
    });
    faults.into_result(authorization)
}

fn read_accounts(
    file: &Table<'_>,
    folder: &Path,
    faults: &mut Faults<'_>,
) -> Option<Vec<AccountNumber>> {
    let listed = file.texts("accounts", faults);
    let named = file.text("accounts_file", faults);
    let wrong = "no account number stands here";
    match (listed, named) {
        (Some(listed), None) => {
            let mut accounts = Vec::new();
            for at in listed.value {
                match AccountNumber::new(&at.value) {
                    Ok(account) => accounts.push(account),
                    Err(_) => faults.at(at.span, wrong),
                }
            }
            Some(accounts)
        }
        (None, Some(at)) => {
            if at.value.contains(['/', '\\']) || at.value.starts_with('.') {
                faults.at(at.span, "`accounts_file` must name a file beside this one");
                return None;
            }
            match account_list(&folder.join(&at.value)) {
                Ok(accounts) => Some(accounts),
                Err(why) => {
                    faults.at(at.span, format!("`accounts_file`: {why}"));
                    None
                }
            }
        }
        (Some(_), Some(at)) => {
            faults.at(at.span, "give `accounts` or `accounts_file`, not both");
            None
        }
        (None, None) => {
            faults.whole("`accounts` or `accounts_file` is missing");
            None
        }
    }
}

/// The first column of a CSV file, or the lines of a plain one; a heading `account` is skipped.
fn account_list(path: &Path) -> Result<Vec<AccountNumber>, String> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    read.map_err(|error| format!("cannot be read: {}", error.kind()))?;
    if text.len() as u64 > LARGEST {
        return Err("is larger than 2 MiB".to_string());
    }
    let mut accounts = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let first = line.split([',', ';', '\t']).next().unwrap_or_default();
        let first = first.trim().trim_matches('"').trim();
        let is_heading = n == 0 && first.to_ascii_lowercase().starts_with("account");
        if first.is_empty() || is_heading || first.starts_with('#') {
            continue;
        }
        let account = AccountNumber::new(first);
        accounts.push(account.map_err(|_| format!("no account number stands in line {}", n + 1))?);
    }
    if accounts.is_empty() { Err("no account stands in it".to_string()) } else { Ok(accounts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_model::time::date;

    const GOOD: &str = "id = \"A-1\"\nsigned = 2026-03-20\naccounts = [\"0004217790\"]\n\
                        data = [\"usage\", \"intervals\"]\nfrom = 2026-04-01\nuntil = 2027-03-31\n";

    fn read_text(text: &str) -> Result<Authorization, Vec<FileError>> {
        let folder = std::env::temp_dir().join(format!("tieline-auth-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        let path = folder.join(format!("{:?}.toml", std::thread::current().id()));
        fs::write(&path, text).expect("writable");
        let read = open("prairie-power", "A-1", &path);
        fs::remove_file(&path).expect("it was made above");
        read
    }

    #[test]
    fn an_authorization_reads_and_allows() {
        let authorization = [read_text(GOOD).expect("it is good")];
        let account = AccountNumber::new("0004217790").expect("a number");
        let other = AccountNumber::new("0004217791").expect("a number");
        let about = Period::new(date(2026, 4, 1), date(2026, 4, 30)).expect("in order");
        let inquiry = Inquiry {
            by: "prairie-power",
            account: &account,
            meter: None,
            data: DataKind::Usage,
            about,
            on: date(2026, 5, 2),
        };
        assert!(may_see(&authorization, &inquiry).is_ok());
        let asked = |inquiry: &Inquiry<'_>| may_see(&authorization, inquiry).err();
        assert_eq!(asked(&Inquiry { account: &other, ..inquiry }), Some(Refusal::Account));
        assert_eq!(asked(&Inquiry { data: DataKind::Bills, ..inquiry }), Some(Refusal::Data));
        assert_eq!(asked(&Inquiry { on: date(2027, 4, 1), ..inquiry }), Some(Refusal::Ended));
        assert_eq!(may_see(&[], &inquiry).err(), Some(Refusal::Grantee));
    }

    #[test]
    fn no_error_shows_a_number_of_the_customer() {
        for (bad, part) in [
            (GOOD.replace("[\"0004217790\"]", "[\"0004217790\", \"0004217790\"]"), "stands twice"),
            (GOOD.replace("[\"0004217790\"]", "\"0004217790\""), "strings in brackets"),
            (GOOD.replace("[\"0004217790\"]", "[\n\"0004217790\", 4217790]"), "a whole number"),
            (GOOD.replace("accounts", "acounts"), "acounts"),
            (GOOD.replace("[\"0004217790\"]", "[\"0004217790\""), ""),
            (GOOD.replace("A-1", "A-2"), "`id` must be the name of the file, A-1"),
            (GOOD.replace("2027-03-31", "2025-03-31"), "`until` is before `from`"),
        ] {
            let errors = read_text(&bad).expect_err("refused");
            let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let shown = shown.join("\n");
            assert!(shown.contains(part), "{part} is not in:\n{shown}");
            assert!(!shown.contains("4217790"), "{shown}");
        }
    }

    #[test]
    fn warnings_come_at_their_days() {
        let end = date(2026, 12, 31);
        let warning = |on: Date| Expiry::of("it".to_string(), end, on).warning();
        assert_eq!(warning(date(2026, 10, 1)), None);
        assert_eq!(warning(date(2026, 11, 1)), Some(60));
        assert_eq!(warning(date(2026, 12, 1)), Some(30));
        assert_eq!(warning(date(2026, 12, 17)), Some(14));
        assert_eq!(warning(date(2026, 12, 24)), Some(7));
        assert_eq!(warning(date(2026, 12, 30)), Some(1));
        assert_eq!(warning(end), Some(1));
        assert_eq!(warning(date(2027, 1, 1)), Some(0));
    }
}
