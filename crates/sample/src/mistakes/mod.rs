//! Mistakes to plant: a valid document with one thing wrong, and where a report must point.
//!
//! There is one mistake for each finding a validator can make of a single document by the standard
//! alone; it bears the finding's code. What else depends on the place, such as the counts of `SE01`,
//! `GE01` and `IEA01`, is put right, so that each mistake causes one finding and no more. Which of
//! several possible places is taken is drawn from the generator.
//!
//! The document has to be written with `*`, `:` and `~`, and in release 005010 `^`.

mod document;

mod file;

mod envelope;

mod structure;

mod elements;

mod rules;

use std::fmt;
use std::str::FromStr;

use crate::random::Random;
use document::Document;

/// A document with a mistake in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Where the finding must point in it: the first byte of the element found wrong, or of the
    /// segment when it is about the segment. For something missing, it is the place where that should
    /// be: of an element, right after the separator before it, or the end of a segment that is too
    /// short; of a segment, the first byte of the one that stands there instead; of the end, the
    /// file's end.
    pub offset: u64,
    /// The transaction set that place is in, counted through the file from 1; 0 in the envelope.
    pub set: u32,
    /// The segment in the set, `ST` is 1; 0 in the envelope. A missing `SE` is counted, too.
    pub segment: u32,
}

/// Writes the enumeration, so that each mistake, its code and its meaning stand in one line.
macro_rules! mistakes {
    ($($mistake:ident = $code:literal, $meaning:literal;)*) => {
        /// A mistake that can be planted, named for what a finding says of it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Mistake {
            $(#[doc = concat!($code, ": ", $meaning, ".")] $mistake,)*
        }

        impl Mistake {
            /// All of them, in the order of their codes.
            pub const ALL: &[Mistake] = &[$(Mistake::$mistake),*];

            /// The code of the finding, e.g. `E0406`; `W` when that is a warning.
            pub const fn code(self) -> &'static str {
                match self { $(Mistake::$mistake => $code,)* }
            }

            /// What is wrong afterwards, in one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Mistake::$mistake => $meaning,)* }
            }
        }
    };
}

mistakes! {
    // The file.
    Stray = "E0005", "text follows the last segment";
    ByteOrderMark = "W0006", "a byte order mark stands before ISA";
    BlankLine = "W0007", "a blank line stands between two segments";
    HeaderNotPadded = "W0008", "the elements of ISA are not padded";
    // The interchange.
    InterchangeNumbersDiffer = "E0101", "IEA02 is not the control number of ISA13";
    InterchangeVersionUnknown = "E0103", "ISA12 names a version that there is not";
    SenderQualifier = "E0105", "ISA05 is not a qualifier";
    SenderBlank = "E0106", "ISA06 is blank";
    ReceiverQualifier = "E0107", "ISA07 is not a qualifier";
    ReceiverBlank = "E0108", "ISA08 is blank";
    AuthorizationQualifier = "E0110", "ISA01 is not a qualifier";
    SecurityQualifier = "E0112", "ISA03 is not a qualifier";
    InterchangeDate = "E0114", "ISA09 is not a date";
    InterchangeTime = "E0115", "ISA10 is not a time";
    RepetitionSeparator = "E0116", "ISA11 is a letter, which cannot separate repetitions";
    InterchangeVersionMalformed = "E0117", "ISA12 has a letter";
    InterchangeNumber = "E0118", "ISA13 and IEA02 have a letter";
    AcknowledgmentRequest = "E0119", "ISA14 is not a code";
    UsageIndicator = "E0120", "ISA15 is not a code";
    GroupCount = "E0121", "IEA01 is not the number of groups";
    OutsideGroup = "E0122", "a segment stands outside the groups";
    EndsEarly = "E0123", "the file is cut";
    InterchangeRepeated = "E0125", "the interchange comes a second time";
    ComponentSeparator = "E0127", "ISA16 is a letter, which cannot separate components";
    StandardsId = "W0146", "ISA11 is not U";
    // The functional group.
    GroupVersionUnknown = "E0202", "GS08 names a release that there is not";
    GroupTrailerMissing = "E0203", "GE is missing";
    GroupNumbersDiffer = "E0204", "GE02 is not the control number of GS06";
    SetCount = "E0205", "GE01 is not the number of sets";
    GroupNumber = "E0206", "GS06 and GE02 have a letter";
    GroupRepeated = "E0219", "two groups have the same GS06";
    // The segment.
    SegmentUnknown = "E0301", "a segment has an id that there is not";
    SegmentMissing = "E0303", "a mandatory segment is missing";
    LoopTooMany = "E0304", "a loop stands once too often";
    SegmentTooMany = "E0305", "a segment stands once too often";
    SegmentNotInSet = "E0306", "a segment is not of this set";
    SegmentOutOfOrder = "E0307", "a segment is out of order";
    // The transaction set.
    NoTable = "W0321", "a set is one there is no table for";
    SetTrailerMissing = "E0322", "SE is missing";
    SetNumbersDiffer = "E0323", "SE02 is not the control number of ST02";
    SegmentCount = "E0324", "SE01 is not the number of segments";
    SetId = "E0326", "ST01 belongs into another group";
    SetNumber = "E0327", "ST02 and SE02 are too short";
    SetRepeated = "E0333", "two sets of a group have the same ST02";
    // The element.
    ElementMissing = "E0401", "a mandatory element is missing";
    TooManyElements = "E0403", "a segment has an element too many";
    TooShort = "E0404", "an element is too short";
    TooLong = "E0405", "an element is too long";
    NotANumber = "E0406", "a number has a letter O for a digit";
    CodeUnknown = "E0407", "a code is outside a complete list";
    NotADate = "E0408", "a date is on no calendar";
    NotATime = "E0409", "a time is on no clock";
    TooManyRepetitions = "E0412", "an element repeats that may not";
    TooManyComponents = "E0413", "an element has a component too many";
    TrailingSeparators = "W0414", "separators with nothing after them end a segment";
    Character = "E0426", "a text has a control character";
    CodeUnlisted = "W0457", "a code is outside a list that is not complete";
    // The rules between elements.
    Paired = "E0501", "one of a pair of elements is missing";
    Required = "E0502", "none of several elements is there, of which one is needed";
    Exclusive = "E0503", "two elements stand together that exclude each other";
    Conditional = "E0504", "an element is missing that another asks for";
    ListConditional = "E0505", "none of several elements is there that another asks for";
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Text that is the code of no mistake that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMistake;

impl fmt::Display for UnknownMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mistake is named by the code of its finding, e.g. E0406")
    }
}

impl std::error::Error for UnknownMistake {}

/// Reads a code, as `E0406`, `X12-E0406` or `0406`.
impl FromStr for Mistake {
    type Err = UnknownMistake;

    fn from_str(text: &str) -> Result<Mistake, UnknownMistake> {
        let text = text.to_ascii_uppercase();
        let code = text.strip_prefix("X12-").unwrap_or(&text);
        let is_meant = |mistake: &&Mistake| mistake.code() == code || &mistake.code()[1..] == code;
        Mistake::ALL.iter().find(is_meant).copied().ok_or(UnknownMistake)
    }
}

/// Plants a mistake in a valid document; `None` when the document has no place for it, or is not
/// written with the separators this knows.
pub fn plant(document: &[u8], mistake: Mistake, random: &mut Random) -> Option<Planted> {
    let mut document = Document::read(document)?;
    let document = &mut document;
    let place = match mistake {
        Mistake::Stray => return Some(file::stray(document)),
        Mistake::ByteOrderMark => return Some(file::byte_order_mark(document)),
        Mistake::BlankLine => return file::blank_line(document, random),
        Mistake::EndsEarly => return file::ends_early(document, random),

        Mistake::HeaderNotPadded => envelope::header_not_padded(document),
        Mistake::InterchangeNumbersDiffer => envelope::interchange_numbers_differ(document),
        Mistake::InterchangeVersionUnknown => envelope::header(document, 12, "00999"),
        Mistake::SenderQualifier => envelope::header(document, 5, "QQ"),
        Mistake::SenderBlank => envelope::header(document, 6, ""),
        Mistake::ReceiverQualifier => envelope::header(document, 7, "QQ"),
        Mistake::ReceiverBlank => envelope::header(document, 8, ""),
        Mistake::AuthorizationQualifier => envelope::header(document, 1, "99"),
        Mistake::SecurityQualifier => envelope::header(document, 3, "99"),
        Mistake::InterchangeDate => envelope::header(document, 9, "260230"),
        Mistake::InterchangeTime => envelope::header(document, 10, "2561"),
        Mistake::RepetitionSeparator => envelope::repetition_separator(document),
        Mistake::InterchangeVersionMalformed => envelope::version_malformed(document),
        Mistake::InterchangeNumber => envelope::interchange_number(document),
        Mistake::AcknowledgmentRequest => envelope::header(document, 14, "9"),
        Mistake::UsageIndicator => envelope::header(document, 15, "X"),
        Mistake::GroupCount => envelope::group_count(document),
        Mistake::OutsideGroup => envelope::outside_group(document, random),
        Mistake::InterchangeRepeated => envelope::interchange_repeated(document),
        Mistake::ComponentSeparator => envelope::component_separator(document),
        Mistake::StandardsId => envelope::standards_id(document),
        Mistake::GroupVersionUnknown => envelope::group_version_unknown(document),
        Mistake::GroupTrailerMissing => envelope::group_trailer_missing(document),
        Mistake::GroupNumbersDiffer => envelope::group_numbers_differ(document),
        Mistake::SetCount => envelope::set_count(document),
        Mistake::GroupNumber => envelope::group_number(document),
        Mistake::GroupRepeated => envelope::group_repeated(document),

        Mistake::NoTable => structure::no_table(document),
        Mistake::SetTrailerMissing => return structure::set_trailer_missing(document, random),
        Mistake::SetNumbersDiffer => structure::set_numbers_differ(document, random),
        Mistake::SegmentCount => structure::segment_count(document, random),
        Mistake::SetId => structure::set_id(document, random),
        Mistake::SetNumber => structure::set_number(document, random),
        Mistake::SetRepeated => structure::set_repeated(document, random),
        Mistake::SegmentUnknown => structure::segment_unknown(document, random),
        Mistake::SegmentMissing => structure::segment_missing(document, random),
        Mistake::LoopTooMany => structure::loop_too_many(document, random),
        Mistake::SegmentTooMany => structure::segment_too_many(document, random),
        Mistake::SegmentNotInSet => structure::segment_not_in_set(document, random),
        Mistake::SegmentOutOfOrder => structure::segment_out_of_order(document, random),

        Mistake::ElementMissing => elements::missing(document, random),
        Mistake::TooManyElements => elements::too_many(document, random),
        Mistake::TooShort => elements::too_short(document, random),
        Mistake::TooLong => elements::too_long(document, random),
        Mistake::NotANumber => elements::not_a_number(document, random),
        Mistake::CodeUnknown => elements::code_unknown(document, random),
        Mistake::NotADate => elements::not_a_date(document, random),
        Mistake::NotATime => elements::not_a_time(document, random),
        Mistake::TooManyRepetitions => elements::too_many_repetitions(document, random),
        Mistake::TooManyComponents => elements::too_many_components(document, random),
        Mistake::TrailingSeparators => elements::trailing_separators(document, random),
        Mistake::Character => elements::character(document, random),
        Mistake::CodeUnlisted => elements::code_unlisted(document, random),

        Mistake::Paired => rules::paired(document, random),
        Mistake::Required => rules::required(document, random),
        Mistake::Exclusive => rules::exclusive(document, random),
        Mistake::Conditional => rules::conditional(document, random),
        Mistake::ListConditional => rules::list_conditional(document, random),
    };
    Some(document.planted(place?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Request, interchange};
    use crate::{Choices, Kind};
    use tieline_x12::compose;
    use tieline_x12::delimiters::{Delimiters, LineEnd};
    use tieline_x12::table::Release;

    /// Small documents of all kinds, with one set or two, in one line or in many.
    fn documents() -> impl Iterator<Item = Vec<u8>> {
        let requests = Kind::ALL.into_iter().flat_map(|kind| {
            Release::ALL.into_iter().flat_map(move |release| {
                [1, 2].map(|count| {
                    let choices = Choices { days: Some(1), ..Choices::default() };
                    Request { kind, release, count, choices, ..Request::default() }
                })
            })
        });
        requests.map(|request| {
            let line_end = if request.count == 1 { LineEnd::None } else { LineEnd::Lf };
            let delimiters = Delimiters { line_end, ..Delimiters::default() };
            compose::write(&interchange(&request), &delimiters).expect("samples compose")
        })
    }

    /// The codes of counts and numbers that do not match, judged on its own.
    fn mismatches(bytes: &[u8]) -> Vec<&'static str> {
        let text = String::from_utf8_lossy(bytes);
        let segments: Vec<Vec<&str>> =
            text.split('~').map(|s| s.trim_start().split('*').collect()).collect();
        let mut found = Vec::new();
        let (mut isa, mut gs, mut st) = (&segments[0], &segments[0], &segments[0]);
        let (mut groups, mut sets, mut count) = (0, 0, 0);
        for segment in &segments {
            count += 1;
            match segment[0] {
                "ISA" => (isa, groups) = (segment, 0),
                "GS" => (gs, groups, sets) = (segment, groups + 1, 0),
                "ST" => (st, sets, count) = (segment, sets + 1, 1),
                "SE" if segment[1] != count.to_string() => found.push("E0324"),
                "SE" if segment[2] != st[2] => found.push("E0323"),
                "GE" if segment[1] != sets.to_string() => found.push("E0205"),
                "GE" if segment[2] != gs[6] => found.push("E0204"),
                "IEA" if segment[1] != groups.to_string() => found.push("E0121"),
                "IEA" if segment[2] != isa[13] => found.push("E0101"),
                _ => {}
            }
        }
        found
    }

    #[test]
    fn every_mistake_has_a_place_and_upsets_no_other_count() {
        for mistake in Mistake::ALL {
            let mut planted_at_all = false;
            for (n, document) in documents().enumerate() {
                for seed in 0..20 {
                    let mut random = Random::for_document(seed, n as u64);
                    let Some(planted) = plant(&document, *mistake, &mut random) else { continue };
                    planted_at_all = true;
                    assert_ne!(planted.bytes, document, "{mistake}");
                    // A file that is cut may end within a count.
                    let found = match mistake {
                        Mistake::EndsEarly => Vec::new(),
                        _ => mismatches(&planted.bytes),
                    };
                    assert!(
                        found.iter().all(|code| *code == mistake.code()),
                        "{mistake} {found:?}"
                    );
                    let at = planted.offset as usize;
                    let (before, after) = planted.bytes.split_at(at);
                    let starts =
                        matches!(before.last(), None | Some(b'*' | b'~' | b'\n' | b':' | b'^'));
                    let ends = matches!(after.first(), None | Some(b'~'));
                    assert!(starts || ends, "{mistake}: {}", String::from_utf8_lossy(before));
                }
            }
            assert!(planted_at_all, "{mistake}");
        }
    }

    #[test]
    fn the_place_is_the_one_that_was_changed() {
        let request = Request { kind: Kind::Invoice, ..Request::default() };
        let document = compose::write(&interchange(&request), &Delimiters::default());
        let document = document.expect("samples compose");
        for (mistake, at) in [
            (Mistake::InterchangeDate, "260230*"),
            (Mistake::GroupVersionUnknown, "009999~"),
            (Mistake::SegmentUnknown, "ZQ9*"),
            (Mistake::SegmentNotInSet, "BPT*"),
            (Mistake::SegmentOutOfOrder, "N3*"),
            (Mistake::ListConditional, "**20260423"),
            (Mistake::ByteOrderMark, "\u{feff}ISA"),
            (Mistake::EndsEarly, ""),
        ] {
            for seed in 0..20 {
                let planted =
                    plant(&document, mistake, &mut Random::new(seed)).expect("has a place");
                let rest = &planted.bytes[planted.offset as usize..];
                assert!(rest.starts_with(at.as_bytes()), "{mistake}");
            }
        }
    }

    #[test]
    fn a_segment_is_counted_from_st() {
        for document in documents() {
            for seed in 0..20 {
                let mut random = Random::new(seed);
                let planted = plant(&document, Mistake::SegmentUnknown, &mut random);
                let planted = planted.expect("has a place");
                let before = String::from_utf8_lossy(&planted.bytes[..planted.offset as usize]);
                let sets: Vec<&str> = before.split("ST*").collect();
                assert_eq!(planted.set as usize, sets.len() - 1);
                assert_eq!(planted.segment as usize, sets[sets.len() - 1].matches('~').count() + 1);
            }
        }
    }

    #[test]
    fn codes_name_mistakes() {
        for mistake in Mistake::ALL {
            assert_eq!(mistake.code().parse(), Ok(*mistake));
            assert_eq!(format!("x12-{mistake}").parse(), Ok(*mistake));
        }
        let codes: Vec<&str> = Mistake::ALL.iter().map(|mistake| &mistake.code()[1..]).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "each code once, in order");
        assert_eq!("E9999".parse::<Mistake>(), Err(UnknownMistake));
    }
}
