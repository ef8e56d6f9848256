//! An advice made of reasons: the answer to a document that could be read.

use tieline_model::advice::{Advice, AdviceItem, ExpectedAction, Problem, Verdict};
use tieline_model::bill::Bill;
use tieline_model::common::{Note, Party, Purpose, Reference, ReferenceKind};
use tieline_model::identifier::AccountNumber;
use tieline_model::payment::Payment;
use tieline_model::provenance::{Ordinal, Provenance};
use tieline_model::request::ServiceRequest;
use tieline_model::residue::Residue;
use tieline_model::stamp::Stamp;
use tieline_model::usage::UsageReport;

use crate::error::MappingError;
use crate::options::Options;

/// What an advice says of itself.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its number, unique for ever.
    pub number: String,
    /// When it is made.
    pub made: Stamp,
    /// Whom it names: the utility, and usually who gets it.
    pub parties: Vec<Party>,
}

/// A document that is answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'d> {
    /// Its transaction set, e.g. `867`.
    pub set_code: &'d str,
    /// Its number: `BIG02`, `TRN02`, `BPT02` or `BGN02`.
    pub number: &'d str,
    /// The control number of its functional group.
    pub group: Option<&'d str>,
    /// The control number of its transaction set; not told without that of the group.
    pub set: Option<&'d str>,
    /// The account it is about, where it is about one.
    pub account: Option<&'d AccountNumber>,
}

impl<'d> Answered<'d> {
    /// A usage report; `None` if it has no number, since nothing could be answered then.
    pub fn usage(report: &'d UsageReport) -> Option<Answered<'d>> {
        let answered = Answered::of("867", report.number.as_deref()?, &report.provenance);
        Some(Answered { account: report.account.as_ref(), ..answered })
    }

    /// A bill.
    pub fn bill(bill: &'d Bill) -> Answered<'d> {
        let answered = Answered::of("810", &bill.number, &bill.provenance);
        Answered { account: bill.account.as_ref(), ..answered }
    }

    /// A payment; `None` if it has no trace number.
    pub fn payment(payment: &'d Payment) -> Option<Answered<'d>> {
        let number = &payment.trace.as_ref()?.number;
        Some(Answered::of("820", number, &payment.provenance))
    }

    /// A request, or the answer to one.
    pub fn request(request: &'d ServiceRequest) -> Answered<'d> {
        Answered::of("814", &request.number, &request.provenance)
    }

    fn of(set_code: &'d str, number: &'d str, provenance: &'d Provenance) -> Answered<'d> {
        let origin = provenance.0.as_ref();
        Answered {
            set_code,
            number,
            group: origin.and_then(|origin| origin.group.as_deref()),
            set: origin.and_then(|origin| origin.set.as_deref()),
            account: None,
        }
    }
}

/// Why a document is not accepted, or what was noticed about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reason<'r> {
    /// The reason's code of the trade, e.g. `A76`.
    pub code: &'r str,
    /// The reason in words; it goes to a partner and names no customer.
    pub text: &'r str,
    /// The segment it is about, by its id.
    pub segment: Option<&'r str>,
    /// Which segment of the set that is, `ST` being 1.
    pub segment_number: Option<u32>,
    /// Which element of it.
    pub element_number: Option<u32>,
}

impl<'r> From<(&'r str, &'r str)> for Reason<'r> {
    fn from((code, text): (&'r str, &'r str)) -> Reason<'r> {
        Reason { code, text, ..Reason::default() }
    }
}

/// An advice that answers one document. Whoever answers several adds an [`item_of`] each.
///
/// A document that is accepted needs nothing, one that is rejected is expected again, and of one that
/// is rejected in part the rest was taken, so it is not expected again.
///
/// # Errors
///
/// As [`item_of`].
pub fn of(
    head: Head,
    answered: &Answered<'_>,
    verdict: Verdict,
    reasons: &[Reason<'_>],
    options: &Options,
) -> Result<Advice, MappingError> {
    let expected = match verdict {
        Verdict::Rejected | Verdict::ItemRejected => Some(ExpectedAction::Resend),
        Verdict::PartlyRejected => Some(ExpectedAction::DoNotResend),
        Verdict::Accepted | Verdict::AcceptedWithChanges | Verdict::ItemAccepted => {
            Some(ExpectedAction::Nothing)
        }
        Verdict::Other => None,
    };
    Ok(Advice {
        purpose: Purpose::Response.into(),
        number: head.number,
        made: head.made,
        answers: Some(answered.number.to_string()),
        expected: expected.map(Into::into),
        parties: head.parties,
        items: vec![item_of(answered, verdict, reasons, options)?],
        provenance: Provenance::default(),
        residue: Residue::default(),
    })
}

/// What an advice says of one document.
///
/// # Errors
///
/// [`MappingError::NoPlace`] if the document is rejected without a reason, or in part where its set
/// is accepted or rejected as a whole.
pub fn item_of(
    answered: &Answered<'_>,
    verdict: Verdict,
    reasons: &[Reason<'_>],
    options: &Options,
) -> Result<AdviceItem, MappingError> {
    let refuse = |what, advice| Err(MappingError::NoPlace { what, advice });
    let is_partly = options.advice.partly.iter().any(|set| set == answered.set_code);
    if verdict == Verdict::PartlyRejected && !is_partly {
        let advice = "reject it as a whole, or add the set to `partly`";
        return refuse("the rejection of a part of this set", advice);
    }
    let is_rejected =
        matches!(verdict, Verdict::Rejected | Verdict::PartlyRejected | Verdict::ItemRejected);
    if is_rejected && reasons.is_empty() {
        return refuse("a rejection without a reason", "say why");
    }
    let account = answered
        .account
        .map(|number| Reference::new(ReferenceKind::Account.into(), number.as_str()));
    Ok(AdviceItem {
        verdict: verdict.into(),
        kind: ReferenceKind::OriginalDocument.into(),
        number: answered.number.to_string(),
        group: answered.group.map(str::to_string),
        set: answered.set.filter(|_| answered.group.is_some()).map(str::to_string),
        set_code: Some(answered.set_code.to_string()),
        references: account.into_iter().collect(),
        events: Vec::new(),
        amounts: Vec::new(),
        problems: reasons.iter().map(|reason| problem(reason, options)).collect(),
        at: Ordinal::default(),
        residue: Residue::default(),
    })
}

fn problem(reason: &Reason<'_>, options: &Options) -> Problem {
    let options = &options.advice;
    let own = options.reasons.iter().find(|own| own.reason == reason.code);
    let code = Some(reason.code.to_string()).filter(|code| !code.is_empty());
    let (error, code) = match own {
        Some(own) => (&own.error, own.code.clone()),
        None => (&options.error, code),
    };
    let note = |text| Note { code: Some(options.note.clone()), text };
    Problem {
        code: error.clone(),
        reason: code,
        segment: reason.segment.map(str::to_string),
        segment_number: reason.segment_number,
        element_number: reason.element_number,
        notes: lines(reason.text).into_iter().map(note).collect(),
        ..Problem::default()
    }
}

/// The longest text of a `NTE`.
const NOTE: usize = 80;

/// A text in capitals, without what could be a separator, in lines that fit.
fn lines(text: &str) -> Vec<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".,-/()='".contains(c);
    let plain: String =
        text.chars().map(|c| if is_plain(c) { c.to_ascii_uppercase() } else { ' ' }).collect();
    let mut lines: Vec<String> = Vec::new();
    for word in plain.split_ascii_whitespace() {
        for part in word.as_bytes().chunks(NOTE) {
            let part = String::from_utf8_lossy(part);
            match lines.last_mut().filter(|line| line.len() + 1 + part.len() <= NOTE) {
                Some(line) => *line = format!("{line} {part}"),
                None => lines.push(part.into_owned()),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fit_and_hold_no_separator() {
        assert_eq!(lines("TDS01: 3.50*4 ~ \u{e9}t\u{e9}"), ["TDS01 3.50 4 T"]);
        assert_eq!(lines(" \n"), [""; 0]);
        let long = format!("{} {}", "word ".repeat(30), "x".repeat(200));
        let lines = lines(&long);
        assert!(lines.iter().all(|line| line.len() <= NOTE), "{lines:?}");
        let (count, together) = (lines.len(), lines.join(""));
        assert_eq!(
            (count, together.matches('X').count(), together.matches("WORD").count()),
            (5, 200, 30)
        );
    }
}
