//! Findings: what is wrong with a document that could be read, where, and which answer it earns.
//!
//! Each [`Fault`] has one entry in the catalogue. The entry's number says at which level the fault
//! lies and, where there is one, ends in the code of the acknowledgment: `0406` is an element
//! (04) that an `AK403` answers with 6.

use std::fmt;
use std::sync::Arc;

use crate::dictionary;
use crate::position::Position;
use crate::segment::SegmentId;
use crate::table::{ElementUse, Kind, Release};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the document is accepted.
    Warning,
    /// The document, or this part of it, is not accepted.
    Error,
}

impl Severity {
    /// The word reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing wrong with a readable document.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// How bad that is here.
    pub severity: Severity,
    /// Where it is.
    pub at: Position,
    /// How many bytes are meant; 0 where something is missing.
    pub length: usize,
    /// The segment it is about; the missing one when one is missing.
    pub segment: SegmentId,
    /// The element it is about, as its segment's table names it.
    pub element: Option<&'static ElementUse>,
    /// The way down to it, e.g. `ISA[1]/GS[1]/ST[1]/PTD[2]/QTY[17]/QTY02`.
    pub path: String,
    /// The bytes found, where the fault is about a value.
    pub value: Value,
    /// The release judged by.
    pub release: Release,
    /// The guide's rule that asks for more than the standard does.
    pub rule: Option<Arc<RuleName>>,
}

/// A rule of a guide, as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleName {
    /// The guide's name.
    pub guide: String,
    /// The rule's name in it.
    pub rule: String,
    /// What to send instead.
    pub note: Option<String>,
}

/// The value a finding is about, at most 99 bytes of it. It may be a customer's: `Debug` says only
/// how long it is.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Value(Box<[u8]>);

impl Value {
    /// As much as an `AK404` holds.
    pub const MOST: usize = 99;

    /// Keeps the start of a value.
    pub fn of(bytes: &[u8]) -> Value {
        Value(bytes[..bytes.len().min(Value::MOST)].into())
    }

    /// The bytes kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.0.len())
    }
}

/// What is wrong. The messages hold no customer's data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    // The file.
    /// There is nothing to read.
    Empty,
    /// The bytes are something else.
    NotX12 {
        /// What they look like.
        looks_like: &'static str,
    },
    /// `ISA` is cut short, or its parts cannot be told apart.
    HeaderUnreadable {
        /// What stands in the way.
        why: &'static str,
    },
    /// Bytes outside an interchange.
    Stray,
    /// A byte order mark before `ISA`.
    ByteOrderMark,
    /// Blank lines or indentation between segments.
    BlankSpace,
    /// `ISA` elements without their padding.
    HeaderNotPadded,
    /// No segment terminator for a mebibyte.
    SegmentTooLong,
    // The interchange.
    /// `ISA13` and `IEA02`.
    InterchangeNumbersDiffer,
    /// `ISA12` names a version there are no tables for.
    InterchangeVersionUnknown,
    /// The segment terminator cannot be told from data or another separator.
    TerminatorUnusable,
    /// `ISA01`.
    AuthorizationQualifier,
    /// `ISA03`.
    SecurityQualifier,
    /// `ISA05`.
    SenderQualifier,
    /// `ISA06` is blank.
    SenderBlank,
    /// `ISA07`.
    ReceiverQualifier,
    /// `ISA08` is blank.
    ReceiverBlank,
    /// `ISA09`.
    InterchangeDate,
    /// `ISA10`.
    InterchangeTime,
    /// `ISA11` from version 00402 on cannot separate repetitions.
    RepetitionSeparatorUnusable,
    /// `ISA11` before version 00402 is not `U`.
    StandardsId,
    /// `ISA12` is not five digits.
    InterchangeVersionMalformed,
    /// `ISA13` is not nine digits.
    InterchangeNumber,
    /// `ISA14`.
    AcknowledgmentRequest,
    /// `ISA15`.
    UsageIndicator,
    /// `IEA01` against the groups.
    GroupCount {
        /// How many there are.
        counted: u64,
    },
    /// A segment between `ISA` and `IEA` that is in no functional group.
    OutsideGroup,
    /// The data ends, or a new interchange starts, before `IEA`.
    EndsEarly {
        /// The segments that are missing.
        missing: &'static str,
    },
    /// The same `ISA13` from the same sender twice in a file.
    InterchangeRepeated,
    /// `ISA16` cannot separate components.
    ComponentSeparatorUnusable,
    // The functional group.
    /// `GS08` names a release there are no tables for.
    GroupVersionUnknown,
    /// No `GE`.
    GroupTrailerMissing,
    /// `GS06` and `GE02`.
    GroupNumbersDiffer,
    /// `GE01` against the sets.
    SetCount {
        /// How many there are.
        counted: u64,
    },
    /// `GS06` is not a number of one to nine digits.
    GroupNumber,
    /// `GS06` twice in an interchange.
    GroupRepeated,
    /// A segment between `GS` and `GE` that is in no transaction set.
    OutsideSet,
    // The transaction set.
    /// There are no tables for this set.
    NoTable,
    /// No `SE`.
    SetTrailerMissing,
    /// `ST02` and `SE02`.
    SetNumbersDiffer,
    /// `SE01` against the segments.
    SegmentCount {
        /// How many there are, `ST` and `SE` included.
        counted: u64,
    },
    /// `ST01` is missing, or belongs into another group.
    SetId {
        /// The group it stands in, and the one it belongs to.
        group: Option<&'static str>,
    },
    /// `ST02` is not four to nine characters.
    SetNumber,
    /// `ST02` twice in a group.
    SetRepeated,
    // The segment.
    /// No segment of the release has this id.
    SegmentUnknown {
        /// The segment that was probably meant.
        meant: Option<SegmentId>,
    },
    /// A segment that must be there and is not.
    SegmentMissing {
        /// Whether it opens a loop.
        is_loop: bool,
    },
    /// A loop too often.
    LoopTooMany {
        /// How often it may stand.
        max: u32,
    },
    /// A segment too often.
    SegmentTooMany {
        /// How often it may stand.
        max: u32,
    },
    /// A segment of the release, but not of this set.
    SegmentNotInSet,
    /// A segment of this set, but not here.
    SegmentOutOfOrder,
    // The element.
    /// An element that must be there and is not.
    ElementMissing,
    /// More elements than the segment has.
    TooManyElements {
        /// How many it has.
        max: usize,
    },
    /// Fewer characters than the least.
    TooShort {
        /// How many there are.
        length: usize,
        /// The least.
        min: u16,
    },
    /// More characters than the most.
    TooLong {
        /// How many there are.
        length: usize,
        /// The most.
        max: u16,
    },
    /// Not a number.
    NotANumber {
        /// Whether it may have a decimal point.
        decimal: bool,
    },
    /// A character that data cannot hold.
    Character {
        /// The byte.
        byte: u8,
    },
    /// A code outside a complete list.
    CodeUnknown,
    /// A code outside a list that is not complete.
    CodeUnlisted,
    /// Not a date.
    NotADate,
    /// Not a time.
    NotATime,
    /// `2400`, where the guide lets it be.
    TwentyFourHours,
    /// More repetitions than there may be.
    TooManyRepetitions {
        /// How many there may be.
        max: u32,
    },
    /// More components than the composite has.
    TooManyComponents {
        /// How many it has; 1 for an element that is no composite.
        max: usize,
    },
    /// Separators with nothing after them.
    TrailingSeparators,
    // The rules between elements.
    /// All or none.
    Paired {
        /// The rule as the standard writes it.
        rule: String,
    },
    /// At least one.
    Required {
        /// The rule as the standard writes it.
        rule: String,
    },
    /// At most one.
    Exclusive {
        /// The rule as the standard writes it.
        rule: String,
    },
    /// All the others with the first.
    Conditional {
        /// The rule as the standard writes it.
        rule: String,
    },
    /// One of the others with the first.
    ListConditional {
        /// The rule as the standard writes it.
        rule: String,
    },
    // The guide.
    /// A segment or loop the guide leaves out.
    GuideSegmentUnused,
    /// A segment or loop the guide asks for.
    GuideSegmentMissing {
        /// The place in the guide.
        at: String,
    },
    /// A segment or loop more often than the guide lets it.
    GuideTooMany {
        /// How often it may stand.
        max: u32,
        /// Whether it is a loop.
        is_loop: bool,
    },
    /// An element the guide asks for.
    GuideElementMissing,
    /// An element the guide leaves out.
    GuideElementUnused,
    /// Fewer characters than the guide's least.
    GuideTooShort {
        /// How many there are.
        length: usize,
        /// The least.
        min: u16,
    },
    /// More characters than the guide's most.
    GuideTooLong {
        /// How many there are.
        length: usize,
        /// The most.
        max: u16,
    },
    /// A code the guide does not list.
    GuideCode {
        /// The codes it lists.
        codes: String,
    },
}

/// The codes a finding earns in acknowledgments; empty where it earns none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AckCodes {
    /// The TA1's note code.
    pub ta105: Option<&'static str>,
    /// The segment's code, in an `AK3`.
    pub ak304: Option<&'static str>,
    /// The element's code, in an `AK4`.
    pub ak403: Option<&'static str>,
    /// The transaction set's code, in an `AK5`.
    pub ak502: Option<&'static str>,
    /// The functional group's code, in an `AK9`.
    pub ak905: Option<&'static str>,
}

impl Finding {
    /// The stable code, e.g. `X12-E0406`; the letter is `W` when it is a warning here.
    pub fn code(&self) -> String {
        code(self.severity, self.fault.number())
    }

    /// The codes of the acknowledgment, as the release judged by has them.
    pub fn ack(&self) -> AckCodes {
        let mut codes = self.fault.ack(self.release);
        if self.at.segment == 0 && (codes.ak403.is_some() || codes.ak304.is_some()) {
            // An element or segment of the envelope: the interchange's answer speaks of it.
            codes = AckCodes { ta105: Some("024"), ..AckCodes::default() };
        }
        codes
    }

    /// The element as people write it, e.g. `QTY02`, or `QTY03-1` for a component.
    pub fn element_name(&self) -> String {
        match (self.at.element, self.at.component) {
            (0, _) => self.segment.to_string(),
            (element, 0) => format!("{}{element:02}", self.segment),
            (element, component) => format!("{}{element:02}-{component}", self.segment),
        }
    }

    /// The message: what is wrong, in one line, without the customer's data.
    pub fn message(&self) -> String {
        let named = match self.element {
            Some(used) if self.at.element > 0 => format!("{} ({})", self.element_name(), used.name),
            _ => self.element_name(),
        };
        let element = self.element.and_then(|used| dictionary::element(self.release, used.element));
        let what = match element.map(|element| element.kind) {
            Some(Kind::N(_) | Kind::R) => "digit",
            _ => "character",
        };
        self.fault.message(&named, what)
    }
}

/// The code of a fault at a severity.
pub fn code(severity: Severity, number: u16) -> String {
    let letter = match severity {
        Severity::Warning => 'W',
        Severity::Error => 'E',
    };
    format!("X12-{letter}{number:04}")
}

/// `file.edi: segment 9, element 2 (byte 412): REF02 ...` without the file.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message())
    }
}

impl Fault {
    /// The number of its catalogue entry.
    pub const fn number(&self) -> u16 {
        use Fault::*;
        match self {
            Empty => 1,
            NotX12 { .. } => 2,
            HeaderUnreadable { .. } => 3,
            Stray => 5,
            ByteOrderMark => 6,
            BlankSpace => 7,
            HeaderNotPadded => 8,
            SegmentTooLong => 9,
            InterchangeNumbersDiffer => 101,
            InterchangeVersionUnknown => 103,
            TerminatorUnusable => 104,
            SenderQualifier => 105,
            SenderBlank => 106,
            ReceiverQualifier => 107,
            ReceiverBlank => 108,
            AuthorizationQualifier => 110,
            SecurityQualifier => 112,
            InterchangeDate => 114,
            InterchangeTime => 115,
            RepetitionSeparatorUnusable => 116,
            InterchangeVersionMalformed => 117,
            InterchangeNumber => 118,
            AcknowledgmentRequest => 119,
            UsageIndicator => 120,
            GroupCount { .. } => 121,
            OutsideGroup => 122,
            EndsEarly { .. } => 123,
            InterchangeRepeated => 125,
            ComponentSeparatorUnusable => 127,
            StandardsId => 146,
            GroupVersionUnknown => 202,
            GroupTrailerMissing => 203,
            GroupNumbersDiffer => 204,
            SetCount { .. } => 205,
            GroupNumber => 206,
            GroupRepeated => 219,
            OutsideSet => 222,
            SegmentUnknown { .. } => 301,
            SegmentMissing { .. } => 303,
            LoopTooMany { .. } => 304,
            SegmentTooMany { .. } => 305,
            SegmentNotInSet => 306,
            SegmentOutOfOrder => 307,
            NoTable => 321,
            SetTrailerMissing => 322,
            SetNumbersDiffer => 323,
            SegmentCount { .. } => 324,
            SetId { .. } => 326,
            SetNumber => 327,
            SetRepeated => 333,
            ElementMissing => 401,
            TooManyElements { .. } => 403,
            TooShort { .. } => 404,
            TooLong { .. } => 405,
            NotANumber { .. } => 406,
            CodeUnknown => 407,
            NotADate => 408,
            NotATime => 409,
            TooManyRepetitions { .. } => 412,
            TooManyComponents { .. } => 413,
            TrailingSeparators => 414,
            Character { .. } => 426,
            TwentyFourHours => 449,
            CodeUnlisted => 457,
            Paired { .. } => 501,
            Required { .. } => 502,
            Exclusive { .. } => 503,
            Conditional { .. } => 504,
            ListConditional { .. } => 505,
            GuideSegmentUnused => 602,
            GuideSegmentMissing { .. } => 603,
            GuideTooMany { .. } => 605,
            GuideElementMissing => 611,
            GuideElementUnused => 610,
            GuideTooShort { .. } => 614,
            GuideTooLong { .. } => 615,
            GuideCode { .. } => 617,
        }
    }

    /// How bad the fault is where no guide says otherwise.
    pub const fn severity(&self) -> Severity {
        use Fault::*;
        match self {
            ByteOrderMark | BlankSpace | HeaderNotPadded | StandardsId | NoTable
            | TrailingSeparators | TwentyFourHours | CodeUnlisted => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The codes of the acknowledgment in a release. A release that lacks a code gets the nearest
    /// one it has.
    pub const fn ack(&self, release: Release) -> AckCodes {
        use Fault::*;
        const NONE: AckCodes =
            AckCodes { ta105: None, ak304: None, ak403: None, ak502: None, ak905: None };
        const fn ta1(code: &'static str) -> AckCodes {
            AckCodes { ta105: Some(code), ..NONE }
        }
        const fn group(code: &'static str) -> AckCodes {
            AckCodes { ak905: Some(code), ..NONE }
        }
        const fn set(code: &'static str) -> AckCodes {
            AckCodes { ak502: Some(code), ..NONE }
        }
        const fn segment(code: &'static str) -> AckCodes {
            AckCodes { ak304: Some(code), ak502: Some("5"), ..NONE }
        }
        const fn element(code: &'static str) -> AckCodes {
            AckCodes { ak304: Some("8"), ak403: Some(code), ak502: Some("5"), ..NONE }
        }
        let newer = matches!(release, Release::V005010);
        match self {
            Empty
            | NotX12 { .. }
            | Stray
            | ByteOrderMark
            | BlankSpace
            | HeaderNotPadded
            | StandardsId
            | NoTable => NONE,
            HeaderUnreadable { .. } | SegmentTooLong => ta1("022"),
            InterchangeNumbersDiffer => ta1("001"),
            InterchangeVersionUnknown => ta1("003"),
            TerminatorUnusable => ta1("004"),
            SenderQualifier => ta1("005"),
            SenderBlank => ta1("006"),
            ReceiverQualifier => ta1("007"),
            ReceiverBlank => ta1("008"),
            AuthorizationQualifier => ta1("010"),
            SecurityQualifier => ta1("012"),
            InterchangeDate => ta1("014"),
            InterchangeTime => ta1("015"),
            RepetitionSeparatorUnusable => ta1("016"),
            InterchangeVersionMalformed => ta1("017"),
            InterchangeNumber => ta1("018"),
            AcknowledgmentRequest => ta1("019"),
            UsageIndicator => ta1("020"),
            GroupCount { .. } => ta1("021"),
            OutsideGroup => ta1("022"),
            EndsEarly { .. } => ta1("023"),
            InterchangeRepeated => ta1("025"),
            ComponentSeparatorUnusable => ta1("027"),
            GroupVersionUnknown => group("2"),
            GroupTrailerMissing => group("3"),
            GroupNumbersDiffer => group("4"),
            SetCount { .. } | OutsideSet => group("5"),
            GroupNumber => group("6"),
            GroupRepeated if newer => group("19"),
            GroupRepeated => group("6"),
            SetTrailerMissing => set("2"),
            SetNumbersDiffer => set("3"),
            SegmentCount { .. } => set("4"),
            SetId { group: Some(_) } if newer => set("18"),
            SetId { .. } => set("6"),
            SetNumber => set("7"),
            SetRepeated => set("23"),
            SegmentUnknown { .. } => segment("1"),
            GuideSegmentUnused => segment("2"),
            SegmentMissing { .. } | GuideSegmentMissing { .. } => segment("3"),
            LoopTooMany { .. } | GuideTooMany { is_loop: true, .. } => segment("4"),
            SegmentTooMany { .. } | GuideTooMany { is_loop: false, .. } => segment("5"),
            SegmentNotInSet => segment("6"),
            SegmentOutOfOrder => segment("7"),
            ElementMissing | GuideElementMissing => element("1"),
            Paired { .. } | Required { .. } | Conditional { .. } | ListConditional { .. } => {
                element("2")
            }
            TooManyElements { .. } => element("3"),
            TooShort { .. } | GuideTooShort { .. } => element("4"),
            TooLong { .. } | GuideTooLong { .. } => element("5"),
            NotANumber { .. } | Character { .. } => element("6"),
            CodeUnknown | CodeUnlisted | GuideCode { .. } => element("7"),
            NotADate => element("8"),
            NotATime | TwentyFourHours => element("9"),
            Exclusive { .. } | GuideElementUnused => element("10"),
            TooManyRepetitions { .. } if newer => element("12"),
            TooManyComponents { .. } if newer => element("13"),
            TooManyRepetitions { .. } | TooManyComponents { .. } | TrailingSeparators => {
                element("3")
            }
        }
    }

    /// The code a 999 gives a guide's finding in place of the 997's: in its `IK4` when it is about an
    /// element, else in its `IK3`.
    pub const fn implementation_code(&self) -> Option<&'static str> {
        use Fault::*;
        match self {
            GuideSegmentUnused => Some("I4"),
            GuideSegmentMissing { .. } => Some("I6"),
            GuideElementUnused => Some("I10"),
            GuideElementMissing => Some("I9"),
            GuideCode { .. } => Some("I6"),
            _ => None,
        }
    }

    /// The message about `named`, a segment or an element, whose length counts `what`.
    fn message(&self, named: &str, what: &str) -> String {
        use Fault::*;
        match self {
            Empty => "the file is empty".to_string(),
            NotX12 { looks_like } => format!("this is not an X12 interchange: {looks_like}"),
            HeaderUnreadable { why } => format!("the ISA segment cannot be read: {why}"),
            Stray => "bytes that belong to no interchange".to_string(),
            ByteOrderMark => "a byte order mark stands before ISA".to_string(),
            BlankSpace => "blank space stands between segments".to_string(),
            HeaderNotPadded => "ISA elements are not padded to their fixed widths".to_string(),
            SegmentTooLong => "no segment terminator for more than 1,048,576 bytes".to_string(),
            InterchangeNumbersDiffer => "ISA13 and IEA02 (control number) differ".to_string(),
            InterchangeVersionUnknown => {
                format!("{named} names a version that is not known here")
            }
            TerminatorUnusable => {
                "the segment terminator is a character that data or another separator uses".into()
            }
            SenderQualifier | ReceiverQualifier | AuthorizationQualifier | SecurityQualifier => {
                format!("{named} is not a qualifier of the standard")
            }
            SenderBlank | ReceiverBlank => format!("{named} is blank"),
            InterchangeDate | NotADate => format!("{named} is not a date of the calendar"),
            InterchangeTime | NotATime => format!("{named} is not a time of day"),
            RepetitionSeparatorUnusable => {
                format!("{named} is a character that data or another separator uses")
            }
            StandardsId => format!("{named} is not `U`"),
            InterchangeVersionMalformed => format!("{named} is not five digits"),
            InterchangeNumber => format!("{named} is not nine digits"),
            AcknowledgmentRequest => format!("{named} is not a code of the standard"),
            UsageIndicator => format!("{named} is none of P, T and I"),
            GroupCount { counted } => {
                format!("{named} is not the number of functional groups, which is {counted}")
            }
            OutsideGroup => format!("segment {named} stands outside a functional group"),
            OutsideSet => format!("segment {named} stands outside a transaction set"),
            EndsEarly { missing } => format!("the data ends before {missing}"),
            InterchangeRepeated => {
                format!("{named} was used by the same sender before in this file")
            }
            ComponentSeparatorUnusable => {
                format!("{named} is a character that data or another separator uses")
            }
            GroupVersionUnknown => format!("{named} names a release there are no tables for"),
            GroupTrailerMissing => "the functional group has no GE".to_string(),
            GroupNumbersDiffer => "GS06 and GE02 (group control number) differ".to_string(),
            SetCount { counted } => {
                format!("{named} is not the number of transaction sets, which is {counted}")
            }
            GroupNumber => format!("{named} is not a number of one to nine digits"),
            GroupRepeated => format!("{named} was used before in this interchange"),
            NoTable => {
                format!("{named} names a set there is no table for; only its envelope is checked")
            }
            SetTrailerMissing => "the transaction set has no SE".to_string(),
            SetNumbersDiffer => "ST02 and SE02 (set control number) differ".to_string(),
            SegmentCount { counted } => {
                format!("{named} is not the number of segments, which is {counted}")
            }
            SetId { group: Some(group) } => {
                format!("{named} names a set that belongs into a functional group {group}")
            }
            SetId { group: None } => format!("{named} names no transaction set"),
            SetNumber => format!("{named} does not have four to nine characters"),
            SetRepeated => format!("{named} was used before in this functional group"),
            SegmentUnknown { .. } if named.is_empty() => {
                "this does not begin with a segment id of two or three characters".to_string()
            }
            SegmentUnknown { .. } => format!("{named} is not a segment of the standard"),
            SegmentMissing { is_loop: false } => format!("segment {named} must be here and is not"),
            SegmentMissing { is_loop: true } => format!("a loop {named} must be here and is not"),
            LoopTooMany { max } => format!("loop {named} stands here more than {max} times"),
            SegmentTooMany { max: 1 } => format!("segment {named} stands here more than once"),
            SegmentTooMany { max } => format!("segment {named} stands here more than {max} times"),
            SegmentNotInSet => format!("segment {named} is not part of this transaction set"),
            SegmentOutOfOrder => format!("segment {named} is out of order"),
            ElementMissing => format!("{named} must be there and is not"),
            TooManyElements { max } => format!("{named}: the segment has only {max} elements"),
            TooShort { length, min } => {
                format!("{named} has {}; at least {min} are needed", count(*length, what))
            }
            TooLong { length, max } => {
                format!("{named} has {}; at most {max} fit", count(*length, what))
            }
            NotANumber { decimal: true } => format!("{named} is not a decimal number"),
            NotANumber { decimal: false } => format!("{named} is not a whole number"),
            Character { byte } => {
                format!("{named} holds a character that data cannot hold (byte 0x{byte:02X})")
            }
            CodeUnknown => format!("{named} is not a code of the standard"),
            CodeUnlisted => format!("{named} is not among the codes known here"),
            TwentyFourHours => format!("{named} writes midnight as 24 hours"),
            TooManyRepetitions { max: 1 } => format!("{named} may not repeat"),
            TooManyRepetitions { max } => format!("{named} may repeat at most {max} times"),
            TooManyComponents { max: 1 } => format!("{named} has no components"),
            TooManyComponents { max } => format!("{named} has only {max} components"),
            TrailingSeparators => "separators with nothing after them end the segment".to_string(),
            Paired { rule } => format!("{named} is missing: its partners are there (rule {rule})"),
            Required { rule } => {
                format!("{named} or one of its alternatives is needed (rule {rule})")
            }
            Exclusive { rule } => {
                format!("{named} excludes another element that is there (rule {rule})")
            }
            Conditional { rule } => {
                format!("{named} is missing: another element asks for it (rule {rule})")
            }
            ListConditional { rule } => {
                format!(
                    "{named} or one of its alternatives is missing: another element asks for it (rule {rule})"
                )
            }
            GuideSegmentUnused => format!("segment {named} is not used here by the guide"),
            GuideSegmentMissing { at } => format!("the guide asks for {at}, and it is not here"),
            GuideTooMany { max, is_loop } => format!(
                "{} {named} stands here more than {} by the guide",
                if *is_loop { "loop" } else { "segment" },
                if *max == 1 { "once".to_string() } else { format!("{max} times") },
            ),
            GuideElementMissing => format!("the guide asks for {named}, and it is not there"),
            GuideElementUnused => format!("{named} is not used by the guide"),
            GuideTooShort { length, min } => {
                format!("{named} has {}; the guide asks for at least {min}", count(*length, what))
            }
            GuideTooLong { length, max } => {
                format!("{named} has {}; the guide lets at most {max} be", count(*length, what))
            }
            GuideCode { codes } => {
                format!("{named} is not a code of the guide, which lists {codes}")
            }
        }
    }
}

fn count(length: usize, what: &str) -> String {
    match length {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
