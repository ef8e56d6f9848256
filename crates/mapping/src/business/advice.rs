//! From business findings to the application advice (824) that answers the document.

use tieline_model::advice::{Advice, ExpectedAction, Verdict};

use super::catalogue::{Code, Reason as Kind, Severity};
use super::finding::BusinessFinding;
use super::options::BusinessOptions;
use crate::advice_824::{self, Answered, Head, Reason};
use crate::error::MappingError;
use crate::options::Options;

/// The advice that answers a document in which this was found.
///
/// One error and the document is rejected and expected again: nobody can use it. Warnings alone leave
/// it accepted, and are told so that its sender can look; notes are kept to ourselves. A payment in
/// which some lines cannot be posted, and nothing else is wrong, is rejected in part where `mapping`
/// lets its set be (`advice.partly`). One that was there before is rejected and not expected again.
///
/// # Errors
///
/// [`MappingError`] as from [`advice_824::of`].
pub fn advice(
    head: Head,
    answered: &Answered<'_>,
    found: &[BusinessFinding],
    mapping: &Options,
    options: &BusinessOptions,
) -> Result<Advice, MappingError> {
    let told: Vec<&BusinessFinding> =
        found.iter().filter(|finding| finding.severity > Severity::Info).collect();
    let texts: Vec<Texts> = told.iter().map(|finding| Texts::of(finding, options)).collect();
    let reasons: Vec<Reason<'_>> =
        told.iter().zip(&texts).map(|(finding, texts)| texts.reason(finding)).collect();
    let verdict = verdict(answered.set_code, &told, mapping);
    let mut advice = advice_824::of(head, answered, verdict, &reasons, mapping)?;
    if verdict == Verdict::Rejected && is_sent_twice(&told) {
        advice.expected = Some(ExpectedAction::DoNotResend.into());
    }
    Ok(advice)
}

/// Whether a document is wrong only because it was there before. It is not asked for again: who sends
/// what we have a third time, under a number of its own, would be posted twice.
fn is_sent_twice(told: &[&BusinessFinding]) -> bool {
    let mut errors = told.iter().filter(|finding| finding.severity == Severity::Error);
    errors.all(|finding| finding.code.entry().reason == Kind::Duplicate)
}

fn verdict(set: &str, told: &[&BusinessFinding], mapping: &Options) -> Verdict {
    let mut errors = told.iter().filter(|finding| finding.severity == Severity::Error).peekable();
    if errors.peek().is_none() {
        return Verdict::Accepted;
    }
    let is_of_lines = errors.all(|finding| finding.code == Code::LINE_ACCOUNT_MISSING);
    match is_of_lines && mapping.advice.partly.iter().any(|it| it == set) {
        true => Verdict::PartlyRejected,
        false => Verdict::Rejected,
    }
}

/// The words of one reason.
struct Texts {
    code: String,
    text: String,
    segment: Option<String>,
}

impl Texts {
    fn of(finding: &BusinessFinding, options: &BusinessOptions) -> Texts {
        let reason = options.reason(finding.code);
        // "Other" says nothing that the words do not say.
        let is_plain = finding.code.entry().reason == Kind::Other
            && !options.reasons.contains_key(&Kind::Other);
        let text = match is_plain {
            true => finding.what.to_string(),
            false => format!("{} - {}", reason.text, finding.what),
        };
        let segment = finding.segment.map(|id| id.to_string());
        Texts { code: reason.code, text, segment }
    }

    fn reason(&self, finding: &BusinessFinding) -> Reason<'_> {
        Reason {
            code: &self.code,
            text: &self.text,
            segment: self.segment.as_deref(),
            segment_number: Some(finding.at.0).filter(|number| *number > 0),
            element_number: None,
        }
    }
}
