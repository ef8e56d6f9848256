//! The catalogue of business findings: each code, how bad it is, why it matters, and what to do.
//!
//! `UTL-1xx` is about usage, `UTL-2xx` about bills, `UTL-3xx` about payments. A number is never given
//! to something else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The code of a business finding, written `UTL-101`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(u16);

/// A text is no code of a business finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such business finding; `docs/finding-codes.md` lists them, as in UTL-101")]
pub struct NoCode;

/// How bad a business finding is. None of them makes an acknowledgment refuse anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look before the document is used.
    Warning,
    /// The document cannot be used as it is.
    Error,
}

/// Why a document is refused, as an application advice (824) says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The account is not there or not ours.
    AccountNotFound,
    /// The document was sent before.
    Duplicate,
    /// None of these: the text says it.
    Other,
}

/// One business finding explained.
#[derive(Debug)]
pub struct Entry {
    /// Its code.
    pub code: Code,
    /// A name of a few words, as in the names of samples.
    pub name: &'static str,
    /// A short phrase.
    pub title: &'static str,
    /// How bad it is where no partner's options say otherwise.
    pub severity: Severity,
    /// What an application advice says of it.
    pub reason: Reason,
    /// What the rule is, and why there is one.
    pub meaning: &'static str,
    /// What to do, in one sentence that reads well after `help:`.
    pub remedy: &'static str,
}

impl Severity {
    /// The word reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl Code {
    /// Its number: 101 in `UTL-101`.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// What the catalogue says of it.
    pub fn entry(self) -> &'static Entry {
        let found = CATALOGUE.iter().find(|entry| entry.code == self);
        found.expect("a code is made from the catalogue")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UTL-{:03}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `UTL-101`; small letters are as good as capitals.
impl FromStr for Code {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Code, NoCode> {
        let is_it = |entry: &&Entry| entry.code.to_string().eq_ignore_ascii_case(text);
        CATALOGUE.iter().find(is_it).map(|entry| entry.code).ok_or(NoCode)
    }
}

impl TryFrom<String> for Code {
    type Error = NoCode;

    fn try_from(text: String) -> Result<Code, NoCode> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.to_string()
    }
}

macro_rules! codes {
    ($($(#[$about:meta])* $name:ident = $number:literal)*) => {
        impl Code {
            $($(#[$about])* pub const $name: Code = Code($number);)*
        }
    };
}

codes! {
    /// A usage report that cannot be read into the model.
    USAGE_UNREADABLE = 100
    /// A summary that is not the sum of its intervals.
    INTERVAL_SUM = 101
    /// Intervals that were not sent.
    INTERVALS_MISSING = 102
    /// An interval sent twice.
    INTERVAL_REPEATED = 103
    /// Intervals that overlap.
    INTERVALS_OVERLAP = 104
    /// Intervals that are not in the order of time.
    INTERVALS_OUT_OF_ORDER = 105
    /// A zone code that was not in force.
    ZONE_NOT_IN_FORCE = 106
    /// A stamp in the hour that comes twice.
    HOUR_AMBIGUOUS = 107
    /// Readings that do not lead to the consumption.
    READS_DIFFER = 108
    /// A service period that starts after it ends.
    USAGE_PERIOD_ORDER = 109
    /// A detail whose period leaves that of its summary.
    DETAIL_OUTSIDE_SUMMARY = 110
    /// Intervals outside of the period of their section.
    INTERVALS_OUTSIDE_PERIOD = 111
    /// A cancellation or replacement of an unnamed report.
    USAGE_ORIGINAL_MISSING = 112
    /// A report without an account.
    USAGE_ACCOUNT_MISSING = 113
    /// A meter's detail without a summary.
    SUMMARY_MISSING = 114
    /// A summary without a meter's detail.
    DETAIL_MISSING = 115
    /// A report number used before.
    USAGE_NUMBER_REPEATED = 116
    /// A due date before the report was made.
    USAGE_DUE_EARLY = 117
    /// Intervals sent without a value.
    INTERVALS_WITHOUT_VALUE = 118
    /// A bill that cannot be read into the model.
    BILL_UNREADABLE = 200
    /// A total that is not the sum of the lines.
    BILL_TOTAL = 201
    /// A charge that is not its rate times its quantity.
    CHARGE_PRODUCT = 202
    /// A count that is not the number of groups.
    BILL_COUNT = 203
    /// A period that starts after it ends.
    BILL_PERIOD_ORDER = 204
    /// A due date before the bill was issued.
    BILL_DUE_EARLY = 205
    /// A cancellation or replacement of an unnamed bill.
    BILL_ORIGINAL_MISSING = 206
    /// A bill without an account.
    BILL_ACCOUNT_MISSING = 207
    /// A bill number used before.
    BILL_NUMBER_REPEATED = 208
    /// A group whose period leaves that of the bill.
    GROUP_OUTSIDE_BILL = 209
    /// A charge that the rate schedule prices otherwise.
    CHARGE_PRICED_OTHERWISE = 210
    /// A payment that cannot be read into the model.
    PAYMENT_UNREADABLE = 300
    /// An amount that is not the sum of the lines.
    PAYMENT_TOTAL = 301
    /// A negative amount through the clearing house.
    PAYMENT_NEGATIVE = 302
    /// A line that names no account or bill.
    LINE_ACCOUNT_MISSING = 303
    /// A trace number used before.
    TRACE_REPEATED = 304
}

const fn of(
    code: Code,
    severity: Severity,
    name: &'static str,
    title: &'static str,
    meaning: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry { code, name, title, severity, reason: Reason::Other, meaning, remedy }
}

const fn because(entry: Entry, reason: Reason) -> Entry {
    Entry { reason, ..entry }
}

use Severity::{Error, Info, Warning};

/// Every business finding there is, by number.
pub const CATALOGUE: &[Entry] = &[
    // Usage.
    of(
        Code::USAGE_UNREADABLE,
        Error,
        "usage-unreadable",
        "usage that cannot be read into the model",
        "The report keeps the standard, but a value in it has no meaning here: a zone code that the \
         options do not know, a time that the clocks left out, a negative quantity with a code that \
         is not net. Nothing else can be said of the report until that is mended.",
        "correct the value, or name the partner's habit in its options",
    ),
    of(
        Code::INTERVAL_SUM,
        Error,
        "interval-sum",
        "a summary is not the sum of its intervals",
        "A summary of energy must be what the intervals of the same meter and direction add up to, \
         to the last digit the summary is written with. Demand is never summed. Nothing is compared \
         while intervals are missing, sent without a value, repeated or overlapping: the sum could \
         not be right then.",
        "find out whether the summary or an interval is wrong, and send the report again",
    ),
    of(
        Code::INTERVALS_MISSING,
        Warning,
        "intervals-missing",
        "intervals are missing",
        "A day has a known number of intervals: 96 of fifteen minutes, 92 on the day in spring on \
         which the clocks go forward, 100 on the day in autumn on which they go back. Each day of \
         the service period is counted on the clock of the service point. Whether the last date of \
         a period still belongs to it is a habit of the sender, so its last day is counted only if \
         an interval of it was sent.",
        "send the intervals that are missing, or a QTY without a value for each of them",
    ),
    of(
        Code::INTERVAL_REPEATED,
        Error,
        "interval-repeated",
        "an interval is sent twice",
        "The same interval of a meter and direction is there twice, so that its energy would count \
         twice. On the day in autumn on which an hour comes twice the zone code tells one from the \
         other: 0130 in daylight saving time is another interval than 0130 in standard time.",
        "send each interval once, and check the zone code in the hour that comes twice",
    ),
    of(
        Code::INTERVALS_OVERLAP,
        Error,
        "intervals-overlap",
        "intervals overlap",
        "An interval begins before another one of the same meter and direction has ended, so that \
         some energy would count twice. Often the meter type names another length of interval than \
         the stamps have, or the start is stamped where the end should be.",
        "check the interval length in REF*MT and the stamps in DTM*582",
    ),
    of(
        Code::INTERVALS_OUT_OF_ORDER,
        Warning,
        "intervals-out-of-order",
        "intervals are not in the order of time",
        "Intervals are sent in the order of time. A report in another order is read correctly as \
         long as every stamp names its zone, but it is a sign that something was put together by \
         hand.",
        "send the intervals of each meter in the order of time",
    ),
    of(
        Code::ZONE_NOT_IN_FORCE,
        Warning,
        "zone-not-in-force",
        "a zone code was not in force at that date",
        "The zone code of a stamp says which clock it was read from: CS is standard time, CD is \
         daylight saving time. CS in July or CD in January is either an hour wrong or a sender who \
         keeps one clock all year, and only the sender can say which. At the change itself both \
         names of the instant are right: 0200 CS is 0300 CD.",
        "send the code that was in force, or agree on standard time all year and turn this off",
    ),
    of(
        Code::HOUR_AMBIGUOUS,
        Info,
        "hour-ambiguous",
        "a stamp in the hour that comes twice names no clock",
        "Once a year an hour comes twice. Codes of the time on the wall, such as CT, and stamps \
         without a code do not say which of the two is meant, so the order of the intervals decides.",
        "send codes that tell standard time from daylight saving time: CS and CD",
    ),
    of(
        Code::READS_DIFFER,
        Warning,
        "reads-differ",
        "readings do not lead to the consumption",
        "The consumption sent is neither the difference of the readings nor that difference times \
         the multiplier. A register that has begun at zero again is counted on from the number of \
         its dials; where that is not known, nothing is said. Demand has no difference.",
        "check both readings, the multiplier and the number of dials",
    ),
    of(
        Code::USAGE_PERIOD_ORDER,
        Error,
        "period-ends-before-it-starts",
        "a service period ends before it starts",
        "The end of a service period is before its start, so that nobody knows which days were \
         meant.",
        "send the start in DTM*150 and the end in DTM*151, the earlier one first",
    ),
    of(
        Code::DETAIL_OUTSIDE_SUMMARY,
        Warning,
        "detail-outside-summary",
        "a detail covers days that its summary does not",
        "The detail of a meter has the same service period as its summary, or a part of it when the \
         meter was changed in between. This one begins earlier or ends later.",
        "send the same dates in both loops, and DTM*514 for a meter that was changed",
    ),
    of(
        Code::INTERVALS_OUTSIDE_PERIOD,
        Warning,
        "intervals-outside-period",
        "intervals lie outside of the period of their section",
        "Intervals belong to the service period of their section, its last day included. Those \
         before or after it were probably meant for another report, or their dates are wrong.",
        "check the dates of the period and of the first and last interval",
    ),
    of(
        Code::USAGE_ORIGINAL_MISSING,
        Error,
        "original-missing",
        "a cancellation or replacement does not say of what",
        "A report that takes an earlier one back or replaces it carries the number of that report in \
         BPT09. Without it, nobody knows which usage is to be taken back.",
        "send the BPT02 of the original report in BPT09",
    ),
    because(
        of(
            Code::USAGE_ACCOUNT_MISSING,
            Error,
            "account-missing",
            "a usage report names no account",
            "Usage is posted to an account. This report names neither an account nor a service \
             point where the options look for one.",
            "send the account number, usually REF*12 in the loop of the customer",
        ),
        Reason::AccountNotFound,
    ),
    of(
        Code::SUMMARY_MISSING,
        Warning,
        "summary-missing",
        "the intervals of a meter have no summary",
        "In a report that sums up its meters one by one, every meter with intervals has its own \
         summary with the same meter number. This meter has none, so that its intervals cannot be \
         checked. An answer to a question for past usage needs no summary.",
        "send a summary for each meter, with the same REF*MG as its detail",
    ),
    of(
        Code::DETAIL_MISSING,
        Warning,
        "detail-missing",
        "the summary of a meter has no detail",
        "A summary of intervals stands beside the intervals it sums up, under the same meter \
         number. Here they are not, so that the summary cannot be checked.",
        "send the detail of each meter, with the same REF*MG as its summary",
    ),
    because(
        of(
            Code::USAGE_NUMBER_REPEATED,
            Error,
            "number-repeated",
            "the number of a usage report was used before",
            "A sender gives each usage report a number of its own in BPT02, for all time; bills, \
             payments and cancellations refer to it. Here one sender uses a number twice.",
            "give every report its own number in BPT02",
        ),
        Reason::Duplicate,
    ),
    of(
        Code::USAGE_DUE_EARLY,
        Warning,
        "due-before-report",
        "a usage report is due before it was made",
        "The time until which a bill must be made of the report is before the date of the report.",
        "check the date in DTM*649 and the date of the report in BPT03",
    ),
    of(
        Code::INTERVALS_WITHOUT_VALUE,
        Info,
        "intervals-without-value",
        "intervals are sent without a value",
        "The sender says of some intervals that there is no value. That is a proper way to report a \
         gap; the sum of the intervals is then less than what was used.",
        "expect a later report with the values, or ask for it",
    ),
    // Bills.
    of(
        Code::BILL_UNREADABLE,
        Error,
        "bill-unreadable",
        "a bill that cannot be read into the model",
        "The bill keeps the standard, but a value in it has no meaning here. Nothing else can be \
         said of the bill until that is mended.",
        "correct the value, or name the partner's habit in its options",
    ),
    of(
        Code::BILL_TOTAL,
        Error,
        "total",
        "the total is not the sum of the lines",
        "The total in TDS01 is charges less allowances, plus taxes that come on top, plus items by \
         quantity and price. Lines that are only told do not count. Allowances are sent as positive \
         amounts, unless the options say otherwise.",
        "find out whether the total or a line is wrong, and send the bill again",
    ),
    of(
        Code::CHARGE_PRODUCT,
        Warning,
        "charge-product",
        "a charge is not its rate times its quantity",
        "Where a charge names a rate and a quantity, its amount is their product, rounded to the \
         cent, half a cent upwards.",
        "check SAC05, SAC08 and SAC10 against each other",
    ),
    of(
        Code::BILL_COUNT,
        Error,
        "count",
        "the count of line groups is wrong",
        "The number in CTT01 is the number of IT1 loops. When it is not, a part of the bill may have \
         been lost on the way.",
        "send the number of IT1 loops in CTT01",
    ),
    of(
        Code::BILL_PERIOD_ORDER,
        Error,
        "period-ends-before-it-starts",
        "a billing period ends before it starts",
        "The end of a period is before its start, so that nobody knows which days were meant.",
        "send the start in DTM*150 and the end in DTM*151, the earlier one first",
    ),
    of(
        Code::BILL_DUE_EARLY,
        Warning,
        "due-before-issue",
        "a bill is due before it was issued",
        "The date until which the bill is to be paid is before the date on which it was issued.",
        "check the due date in ITD06 and the date of the bill in BIG01",
    ),
    of(
        Code::BILL_ORIGINAL_MISSING,
        Error,
        "original-missing",
        "a cancellation or replacement does not say of what",
        "A bill that takes an earlier one back or replaces it carries the number of that bill in \
         REF*OI. Without it, nobody knows which bill is no longer owed.",
        "send the BIG02 of the original bill in REF*OI",
    ),
    because(
        of(
            Code::BILL_ACCOUNT_MISSING,
            Error,
            "account-missing",
            "a bill names no account",
            "What is owed is owed on an account. This bill names none where the options look for \
             one.",
            "send the account number, usually in REF*12",
        ),
        Reason::AccountNotFound,
    ),
    because(
        of(
            Code::BILL_NUMBER_REPEATED,
            Error,
            "number-repeated",
            "the number of a bill was used before",
            "A sender gives each bill a number of its own in BIG02; payments and cancellations refer \
             to it. Here one sender uses a number twice.",
            "give every bill its own number in BIG02",
        ),
        Reason::Duplicate,
    ),
    of(
        Code::GROUP_OUTSIDE_BILL,
        Warning,
        "group-outside-bill",
        "a group covers days that the bill does not",
        "A group of charges has the period of the bill or a part of it. This one begins earlier or \
         ends later.",
        "check the dates of the group and of the bill",
    ),
    of(
        Code::CHARGE_PRICED_OTHERWISE,
        Warning,
        "charge-priced-otherwise",
        "a charge is not what the rate schedule makes of the usage",
        "The charge was calculated anew from the schedule and the quantity that the bill names, and comes \
         out differently. Only our own bills are judged so, by our rates; what a bill does not settle is \
         not.",
        "check the rate schedule, its dates and the usage that was billed",
    ),
    // Payments.
    of(
        Code::PAYMENT_UNREADABLE,
        Error,
        "payment-unreadable",
        "a payment that cannot be read into the model",
        "The payment keeps the standard, but a value in it has no meaning here. Nothing else can be \
         said of the payment until that is mended.",
        "correct the value, or name the partner's habit in its options",
    ),
    of(
        Code::PAYMENT_TOTAL,
        Error,
        "total",
        "the amount is not the sum of the lines",
        "The amount in BPR02 is the sum of what the lines pay (RMR04) and of the adjustments that \
         stand beside them in their entity (ADX01), each with its sign. Adjustments within a line \
         explain what it pays and are in it already. Money that cannot be assigned to accounts \
         cannot be posted.",
        "send lines and adjustments that add up to BPR02",
    ),
    of(
        Code::PAYMENT_NEGATIVE,
        Error,
        "negative-through-clearing-house",
        "a negative amount cannot go through the clearing house",
        "The Automated Clearing House carries no negative amounts. A remittance that comes out \
         negative is carried over to the next one, or settled in another way.",
        "carry the amount over, or settle it outside of the clearing house",
    ),
    because(
        of(
            Code::LINE_ACCOUNT_MISSING,
            Warning,
            "line-without-account",
            "a line names neither an account nor a bill",
            "What a line pays is posted to an account, which the line names itself or through a \
             bill. This one names neither.",
            "send the account in RMR01 and RMR02, or the bill in a REF behind it",
        ),
        Reason::AccountNotFound,
    ),
    because(
        of(
            Code::TRACE_REPEATED,
            Error,
            "trace-repeated",
            "the trace number of a payment was used before",
            "Money and advice find each other by the trace number in TRN02, so a payer uses each of \
             them once. Here one sender uses a number twice.",
            "give every payment its own trace number in TRN02",
        ),
        Reason::Duplicate,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_in_order_and_reads_well() {
        assert!(CATALOGUE.is_sorted_by_key(|entry| entry.code));
        for pair in CATALOGUE.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} is there twice", pair[1].code);
        }
        for entry in CATALOGUE {
            assert!(entry.meaning.ends_with('.'), "{}", entry.code);
            assert!(!entry.remedy.ends_with('.') && !entry.title.ends_with('.'), "{}", entry.code);
            let is_name = |b: u8| b.is_ascii_lowercase() || b == b'-';
            assert!(entry.name.bytes().all(is_name), "{}", entry.code);
        }
    }

    #[test]
    fn a_code_is_read_as_it_is_written() {
        for entry in CATALOGUE {
            assert_eq!(entry.code.to_string().parse(), Ok(entry.code));
            assert_eq!(entry.code.entry().code, entry.code);
        }
        assert_eq!("utl-101".parse(), Ok(Code::INTERVAL_SUM));
        for text in ["UTL-999", "101", "UTL-0101", ""] {
            assert_eq!(text.parse::<Code>(), Err(NoCode), "{text}");
        }
    }
}
