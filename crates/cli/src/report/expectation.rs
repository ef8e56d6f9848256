//! What was expected where something else was found, in a few words beside the caret.

use tieline_x12::dictionary;
use tieline_x12::finding::{Fault, Finding};
use tieline_x12::table::{Kind, Release};

use crate::report::Told;
use crate::report::nearest::nearest;
use crate::report::words::{clipped, either, shown_within};

/// The most codes that are listed.
const CODES: usize = 8;
/// The most characters of an expectation, and of a value found.
const LONGEST: usize = 160;
const LONGEST_VALUE: usize = 40;

/// What was expected, what was found, and what was perhaps meant; empty when the message says all.
pub(crate) fn expectation(told: &Told<'_>) -> String {
    // The message of a business finding says all.
    let Some(finding) = told.found.standard() else { return String::new() };
    let mut parts = Vec::new();
    let expected = expected(told, finding);
    if let Some(expected) = expected {
        parts.push(clipped(&expected, LONGEST));
    }
    if has_value(&finding.fault) && finding.at.element > 0 && !finding.value.as_bytes().is_empty() {
        parts.push(format!("found {}", found(finding)));
    }
    let mut text = parts.join(", ");
    if let Some(meant) = meant(finding) {
        text += &format!("; did you mean {meant}?");
    }
    text.trim_start_matches("; ").to_string()
}

/// The value as it stands in the file.
fn found(finding: &Finding) -> String {
    let value = shown_within(finding.value.as_bytes(), LONGEST_VALUE);
    match finding.fault {
        Fault::TooLong { length, .. }
        | Fault::TooShort { length, .. }
        | Fault::GuideTooLong { length, .. }
        | Fault::GuideTooShort { length, .. } => format!("{length} in \"{value}\""),
        _ => format!("\"{value}\""),
    }
}

/// Whether the value found tells more about the fault.
fn has_value(fault: &Fault) -> bool {
    !matches!(
        fault,
        Fault::TooManyElements { .. }
            | Fault::TooManyComponents { .. }
            | Fault::TooManyRepetitions { .. }
            | Fault::TrailingSeparators
    )
}

fn expected(told: &Told<'_>, finding: &Finding) -> Option<String> {
    use Fault::*;
    let quoted = |number: &Option<Vec<u8>>| {
        let number = number.as_ref()?;
        Some(format!("expected \"{}\"", shown_within(number, LONGEST_VALUE)))
    };
    let text = match &finding.fault {
        Empty | NotX12 { .. } | HeaderUnreadable { .. } | SegmentTooLong => return None,
        Stray => "not part of any interchange".to_string(),
        ByteOrderMark | BlankSpace => "expected nothing here".to_string(),
        HeaderNotPadded => "expected 106 characters, every element filled with blanks".to_string(),
        InterchangeNumbersDiffer => return quoted(&told.envelope.interchange),
        GroupNumbersDiffer => return quoted(&told.envelope.group),
        SetNumbersDiffer => return quoted(&told.envelope.set),
        GroupCount { counted } | SetCount { counted } | SegmentCount { counted } => {
            format!("expected {counted}")
        }
        TerminatorUnusable => "expected a character such as ~ that no data has".to_string(),
        ComponentSeparatorUnusable => "expected a character such as : or >".to_string(),
        RepetitionSeparatorUnusable => "expected a character such as ^".to_string(),
        StandardsId => "expected U".to_string(),
        InterchangeNumber => "expected nine digits".to_string(),
        GroupNumber => "expected one to nine digits".to_string(),
        SetNumber => "expected four to nine characters".to_string(),
        InterchangeDate => "expected YYMMDD".to_string(),
        InterchangeTime => "expected HHMM".to_string(),
        InterchangeVersionUnknown | InterchangeVersionMalformed | GroupVersionUnknown => {
            let version = |release: &Release| match finding.fault {
                GroupVersionUnknown => release.as_str(),
                _ => release.interchange_version(),
            };
            format!("expected {}", either(&Release::ALL.each_ref().map(version)))
        }
        SenderBlank | ReceiverBlank => "expected an id".to_string(),
        OutsideGroup => "expected GS before this".to_string(),
        OutsideSet => "expected ST before this".to_string(),
        EndsEarly { missing } => format!("expected {missing} here"),
        GroupTrailerMissing => "expected GE before this".to_string(),
        SetTrailerMissing => "expected SE before this".to_string(),
        InterchangeRepeated | GroupRepeated | SetRepeated => {
            "expected a number that was not used yet".to_string()
        }
        NoTable => return None,
        SetId { group: Some(_) } => "expected a set of the group it stands in".to_string(),
        SetId { group: None } => "expected three digits, e.g. 867".to_string(),
        SegmentUnknown { .. } => "no such segment".to_string(),
        SegmentMissing { is_loop: false } => format!("expected {} before this", segment(finding)),
        SegmentMissing { is_loop: true } => {
            format!("expected a loop of {} before this", segment(finding))
        }
        GuideSegmentMissing { at } => format!("expected {at} before this"),
        LoopTooMany { max } | SegmentTooMany { max } | GuideTooMany { max, .. } => {
            format!("expected at most {max}; this is one more")
        }
        SegmentNotInSet | SegmentOutOfOrder | GuideSegmentUnused => {
            format!("{} is not expected here", segment(finding))
        }
        TooManyElements { max } => format!("expected at most {max} elements"),
        TooManyComponents { max: 1 } => "expected one value".to_string(),
        TooManyComponents { max } => format!("expected at most {max} components"),
        TooManyRepetitions { max } => format!("expected at most {max}"),
        TrailingSeparators => "expected the end of the segment".to_string(),
        TooShort { min, .. } | GuideTooShort { min, .. } => {
            format!("expected {min} characters or more")
        }
        TooLong { max, .. } | GuideTooLong { max, .. } => {
            format!("expected {max} characters or fewer")
        }
        GuideCode { codes } => {
            let codes: Vec<&str> = codes.split(", ").collect();
            match codes.len() {
                0..=CODES => format!("expected {}", either(&codes)),
                _ => "expected a code of the guide".to_string(),
            }
        }
        GuideElementUnused => "expected nothing".to_string(),
        Paired { rule }
        | Required { rule }
        | Exclusive { rule }
        | Conditional { rule }
        | ListConditional { rule } => return in_words(rule),
        TwentyFourHours => "expected 0000 of the next day".to_string(),
        _ => return expected_value(finding),
    };
    Some(text)
}

/// What a value of the finding's element looks like.
fn expected_value(finding: &Finding) -> Option<String> {
    let used = finding.element?;
    if let Some(composite) = dictionary::composite(finding.release, used.element) {
        return Some(format!("expected a composite, {}", composite.name));
    }
    let element = dictionary::element(finding.release, used.element)?;
    let codes = codes(finding);
    if !codes.is_empty() && codes.len() <= CODES {
        return Some(format!("expected {}", either(&codes)));
    }
    let example = match element.kind {
        Kind::Id if codes.is_empty() => "a code",
        Kind::Id => return Some(format!("expected a code of element {}", element.number)),
        Kind::N(0) => "digits only",
        Kind::N(2) => "digits only, the last two are decimals: 12.75 is written 1275",
        Kind::N(_) => "digits only, the last ones are decimals",
        Kind::R => "e.g. 12.75",
        Kind::Dt if element.max == 6 => "YYMMDD",
        Kind::Dt => "CCYYMMDD",
        Kind::Tm => "HHMM, 0000 to 2359",
        Kind::An => return Some(format!("expected text of {}", range(element.min, element.max))),
    };
    Some(format!("expected {} {}..{} ({example})", element.kind, element.min, element.max))
}

fn range(min: u16, max: u16) -> String {
    match min == max {
        true => format!("{min} characters"),
        false => format!("{min} to {max} characters"),
    }
}

/// The codes of the finding's element in its release.
fn codes(finding: &Finding) -> Vec<&'static str> {
    let list = finding.element.and_then(|used| dictionary::code_list(used.element));
    let codes = list.map(|list| list.codes).unwrap_or_default();
    let valid = codes.iter().filter(|code| code.releases.has(finding.release));
    valid.map(|code| code.code).collect()
}

/// What was probably meant.
fn meant(finding: &Finding) -> Option<String> {
    use Fault::*;
    let element = finding.element.map_or("", |used| used.element);
    let value = finding.value.as_bytes();
    match &finding.fault {
        SegmentUnknown { meant } => meant.map(|id| id.to_string()),
        GuideCode { codes } => {
            nearest(element, value, codes.split(", ")).map(|code| code.to_string())
        }
        CodeUnknown
        | CodeUnlisted
        | SenderQualifier
        | ReceiverQualifier
        | AuthorizationQualifier
        | SecurityQualifier
        | AcknowledgmentRequest
        | UsageIndicator => {
            let near = nearest(element, value, codes(finding))?;
            let list = dictionary::code_list(element)?;
            let code = list.codes.iter().find(|code| code.code == near)?;
            Some(format!("{near} ({})", code.meaning))
        }
        _ => None,
    }
}

/// `N1 (Party Identification)`.
fn segment(finding: &Finding) -> String {
    let id = finding.segment;
    match dictionary::segment(finding.release, id.as_bytes()) {
        Some(segment) => format!("{id} ({})", segment.name),
        None => id.to_string(),
    }
}

/// A syntax rule such as `P0304` in words.
fn in_words(rule: &str) -> Option<String> {
    let (letter, digits) = rule.split_at_checked(1)?;
    let positions: Vec<&str> =
        digits.as_bytes().chunks(2).filter_map(|two| std::str::from_utf8(two).ok()).collect();
    let (first, others) = positions.split_first()?;
    let all = positions.join(" and ");
    Some(match letter {
        "P" => format!("elements {all} stand together or not at all"),
        "R" => format!("element {} is needed", either(&positions)),
        "E" => format!("only one of the elements {all} may be there"),
        "C" => format!("element {first} needs {}", others.join(" and ")),
        "L" => format!("element {first} needs {}", either(others)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_sentences() {
        for (rule, words) in [
            ("P0304", "elements 03 and 04 stand together or not at all"),
            ("R020304", "element 02, 03 or 04 is needed"),
            ("E0203", "only one of the elements 02 and 03 may be there"),
            ("C0401", "element 04 needs 01"),
            ("L050607", "element 05 needs 06 or 07"),
        ] {
            assert_eq!(in_words(rule).as_deref(), Some(words));
        }
        assert_eq!(in_words(""), None);
    }
}
