//! Numbers that senders have used, to find those used twice within a file.
//!
//! Across files it is the gateway's log that knows them.

use std::collections::{HashMap, HashSet};

use tieline_model::bill::Bill;
use tieline_model::payment::Payment;
use tieline_model::provenance::Ordinal;
use tieline_model::usage::UsageReport;

use super::catalogue::Code;
use super::finding::{BusinessFinding, Findings, What};
use super::options::BusinessOptions;

/// The numbers that each sender has used.
#[derive(Debug, Clone, Default)]
pub struct Seen(HashMap<String, HashSet<(Code, Box<str>)>>);

/// The number that a sender must not use twice.
#[derive(Debug, Clone, Copy)]
pub struct Number<'d> {
    code: Code,
    /// Where it stands: its segment and element.
    place: &'static str,
    number: &'d str,
    at: Ordinal,
}

impl<'d> Number<'d> {
    /// The number of a report (`BPT02`), if it has one.
    pub fn of_usage(report: &'d UsageReport) -> Option<Number<'d>> {
        let number = report.number.as_deref()?;
        let code = Code::USAGE_NUMBER_REPEATED;
        Some(Number { code, place: "BPT02, the number of the report,", number, at: Ordinal(2) })
    }

    /// The number of a bill (`BIG02`).
    pub fn of_bill(bill: &'d Bill) -> Number<'d> {
        let (code, number) = (Code::BILL_NUMBER_REPEATED, bill.number.as_str());
        Number { code, place: "BIG02, the number of the bill,", number, at: Ordinal(2) }
    }

    /// The trace number of a payment (`TRN02`), if it has one.
    pub fn of_payment(payment: &'d Payment) -> Option<Number<'d>> {
        let number = payment.trace.as_ref()?.number.as_str();
        Some(Number {
            code: Code::TRACE_REPEATED,
            place: "TRN02, the trace number,",
            number,
            at: Ordinal(3),
        })
    }
}

impl Seen {
    /// Remembers a number of a sender; a finding if the sender used it before.
    ///
    /// `sender` is any text that tells senders apart, e.g. qualifier and id of the `ISA`.
    pub fn note(
        &mut self,
        sender: &str,
        number: Number<'_>,
        options: &BusinessOptions,
    ) -> Option<BusinessFinding> {
        if !self.0.contains_key(sender) {
            self.0.insert(sender.to_string(), HashSet::new());
        }
        let numbers = self.0.get_mut(sender)?;
        if numbers.insert((number.code, number.number.into())) {
            return None;
        }
        let mut found = Findings::new(options);
        found.add(number.code, number.at, What::Repeated(number.place));
        found.finish().pop()
    }
}

#[cfg(test)]
mod tests {
    use tieline_model::common::Purpose;
    use tieline_model::time::date;

    use super::*;

    #[test]
    fn each_sender_has_numbers_of_its_own() {
        let report = |number: &str| {
            let number = Some(number.to_string());
            UsageReport::new(Purpose::Original.into(), number, date(2026, 4, 3))
        };
        let options = BusinessOptions::default();
        let mut seen = Seen::default();
        let mut note = |sender: &str, number: &str| {
            let report = report(number);
            let number = Number::of_usage(&report).expect("it has a number");
            seen.note(sender, number, &options).map(|finding| finding.code)
        };
        assert_eq!(note("01 A", "1"), None);
        assert_eq!(note("01 B", "1"), None);
        assert_eq!(note("01 A", "2"), None);
        assert_eq!(note("01 A", "1"), Some(Code::USAGE_NUMBER_REPEATED));
    }
}
