//! The catalogue of findings: what each rule is, why there is one, and what to do about it.
//!
//! One entry for each number a [`Fault`] has. The first digits of a number are the level it is about:
//! 00 the file, 01 the interchange, 02 the functional group, 03 segments and the transaction set,
//! 04 elements, 05 the rules between elements, 06 a partner's guide.

use crate::finding::{AckCodes, Fault, Severity};
use crate::table::Release;

/// One finding explained.
#[derive(Debug)]
pub struct Entry {
    /// The number in its code: 406 in `X12-E0406`.
    pub number: u16,
    /// A short phrase.
    pub title: &'static str,
    /// What the rule is, why there is one, and which acknowledgment code it becomes. A line of its
    /// own shows wrong and right where that helps, as `wrong -> right`.
    pub meaning: &'static str,
    /// What to do, in one sentence that reads well after `help:`.
    pub remedy: &'static str,
    /// The faults that have this number, in each shape that is answered differently.
    faults: &'static [Fault],
}

impl Entry {
    /// The code as reports print it where no guide makes it milder, e.g. `X12-E0406`.
    pub fn code(&self) -> String {
        crate::finding::code(self.severity(), self.number)
    }

    /// How bad it is where no guide says otherwise.
    pub fn severity(&self) -> Severity {
        self.faults.first().map_or(Severity::Error, Fault::severity)
    }

    /// The codes of the acknowledgment in a release; more than one set of them where it depends on
    /// what exactly was found.
    pub fn ack(&self, release: Release) -> impl Iterator<Item = AckCodes> + use<'_> {
        self.faults.iter().map(move |fault| fault.ack(release))
    }

    /// The code a 999 has in place of the 997's, for a guide's finding.
    pub fn implementation_code(&self) -> Option<&'static str> {
        self.faults.first().and_then(Fault::implementation_code)
    }
}

/// The entry of a number; `None` when no finding has it.
pub fn entry(number: u16) -> Option<&'static Entry> {
    let found = CATALOGUE.binary_search_by_key(&number, |entry| entry.number).ok()?;
    Some(&CATALOGUE[found])
}

const fn of(
    faults: &'static [Fault],
    title: &'static str,
    meaning: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry { number: faults[0].number(), title, meaning, remedy, faults }
}

/// Every finding there is, by number.
pub const CATALOGUE: &[Entry] = &[
    // The file.
    of(
        &[Fault::Empty],
        "the file is empty",
        "There is not one byte to read, or nothing but blank space. Most often a transfer stopped \
         before it began, or a job ran on a day without data. Nothing can be acknowledged, because \
         nobody is known to have sent it.",
        "send the file again, and look at the transfer's log if it arrives empty a second time",
    ),
    of(
        &[Fault::NotX12 { looks_like: "" }],
        "not an X12 interchange",
        "An interchange begins with the three letters ISA, because the separators of everything \
         after it are read from that segment. This file begins otherwise and holds no ISA that can be \
         read. Nothing can be acknowledged, because nobody is known to have sent it.",
        "send the interchange itself as plain text beginning with ISA: not a PDF, a spreadsheet or an \
         archive",
    ),
    of(
        &[Fault::HeaderUnreadable { why: "" }],
        "the ISA segment cannot be read",
        "ISA has sixteen elements of fixed width, 106 characters with its terminator, so that a \
         reader finds the separators by counting. Here it is cut short or an element has the wrong \
         width, and guessing could read amounts wrongly. Answered with TA105 022.",
        "pad every ISA element to its fixed width, 106 characters in all, and send the whole file",
    ),
    of(
        &[Fault::Stray],
        "bytes that belong to no interchange",
        "Between one IEA and the next ISA only line ends may stand. Here something else does: a mail \
         header, a note, or the remains of a damaged interchange. What is after it is read again from \
         the next ISA, and no acknowledgment speaks of what nobody is known to have sent.",
        "remove everything before ISA and after IEA, or send the damaged interchange again",
    ),
    of(
        &[Fault::ByteOrderMark],
        "a byte order mark before ISA",
        "Some editors put three invisible bytes (EF BB BF) before a text they save as UTF-8. X12 has \
         no such mark, and a partner's reader that looks for ISA in the first byte will refuse the \
         file. It is stepped over here with a warning, which earns no acknowledgment code.",
        "save the file as UTF-8 without a byte order mark, or as ASCII",
    ),
    of(
        &[Fault::BlankSpace],
        "blank space between segments",
        "After a segment terminator one line end may stand for the eye's sake, and nothing else. \
         Blank lines and indentation are a sign that someone edited the file by hand, and strict \
         readers take the spaces for a part of the segment's id. It is stepped over here with a \
         warning, once for each interchange, which earns no acknowledgment code.",
        "write each segment directly after the terminator of the one before it, or after one line end",
    ),
    of(
        &[Fault::HeaderNotPadded],
        "ISA elements without their padding",
        "Each ISA element has a fixed width: ids are filled with spaces on the right, the control \
         number with zeros on the left. This ISA is shorter, but what follows shows how it was meant, \
         so it is read with a warning, which earns no acknowledgment code. Partners that count \
         characters will refuse it.\n\
         ISA*00**00**01*001234567~ -> ISA*00*          *00*          *01*001234567      ~",
        "fill every ISA element to its fixed width with spaces, and ISA13 with zeros",
    ),
    of(
        &[Fault::SegmentTooLong],
        "no segment terminator for a mebibyte",
        "Segments have some hundred characters. More than a million without a terminator means that \
         the terminator was lost or changed on the way, often by a program that replaces line ends. \
         Reading goes on after the next one. Answered with TA105 022.",
        "end every segment with the character that stands right after ISA16, and transfer the file \
         as binary",
    ),
    // The interchange.
    of(
        &[Fault::InterchangeNumbersDiffer],
        "ISA13 and IEA02 differ",
        "The sender writes the same control number at both ends of an interchange, so that the \
         receiver can tell that its end belongs to its start. Different numbers mean that two files \
         ran together or that a part was lost. Answered with TA105 001.",
        "write the number of ISA13 into IEA02 again",
    ),
    of(
        &[Fault::InterchangeVersionUnknown],
        "ISA12 names an unknown version",
        "ISA12 says by which version of the standard the envelope is written: 00401 for release \
         004010, 00501 for 005010. It decides whether elements may repeat. A version that is not \
         known cannot be read with certainty. Answered with TA105 003.",
        "write 00401 into ISA12, or 00501 if the groups are of release 005010",
    ),
    of(
        &[Fault::TerminatorUnusable],
        "the segment terminator cannot be told from data",
        "The character after ISA16 ends every segment of the interchange. A letter, a digit, a space, \
         a character beyond ASCII or one that separates something else cannot do that: readers would \
         end segments in the middle of names and amounts. Answered with TA105 004.",
        "end segments with a character that data never holds, usually `~`",
    ),
    of(
        &[Fault::SenderQualifier],
        "ISA05 is not an id qualifier",
        "ISA05 says what kind of number the sender's id in ISA06 is: 01 is a DUNS number, 14 a DUNS \
         number with a suffix, ZZ an id the partners agreed on. Without a valid kind the sender cannot \
         be recognised. Answered with TA105 005.",
        "write the qualifier your partner has on file for you into ISA05, e.g. 01 for a DUNS number",
    ),
    of(
        &[Fault::SenderBlank],
        "ISA06 is blank",
        "ISA06 says who sent the interchange; agreements, routing and answers hang on it. Fifteen \
         spaces name nobody. Answered with TA105 006.",
        "write your interchange id into ISA06, filled with spaces to 15 characters",
    ),
    of(
        &[Fault::ReceiverQualifier],
        "ISA07 is not an id qualifier",
        "ISA07 says what kind of number the receiver's id in ISA08 is, from the same list as ISA05: \
         01 is a DUNS number, ZZ an id the partners agreed on. Without a valid kind the interchange \
         cannot be delivered with certainty. Answered with TA105 007.",
        "write the qualifier that goes with the receiver's id into ISA07, e.g. 01 for a DUNS number",
    ),
    of(
        &[Fault::ReceiverBlank],
        "ISA08 is blank",
        "ISA08 says for whom the interchange is. Fifteen spaces name nobody, and a network or a \
         gateway that serves several companies cannot deliver it. Answered with TA105 008.",
        "write the receiver's interchange id into ISA08, filled with spaces to 15 characters",
    ),
    of(
        &[Fault::AuthorizationQualifier],
        "ISA01 is not an authorization qualifier",
        "ISA01 says what kind of authorization data ISA02 holds. Electric utilities use none: ISA01 is \
         00 and ISA02 ten spaces. Answered with TA105 010.",
        "write 00 into ISA01 and ten spaces into ISA02",
    ),
    of(
        &[Fault::SecurityQualifier],
        "ISA03 is not a security qualifier",
        "ISA03 says what ISA04 holds: 00 nothing, 01 a password. Electric utilities leave it at 00 \
         with ten spaces in ISA04; who may send is settled by the connection. Answered with TA105 012.",
        "write 00 into ISA03 and ten spaces into ISA04",
    ),
    of(
        &[Fault::InterchangeDate],
        "ISA09 is not a date",
        "ISA09 is the day the interchange was made, in six digits: year, month, day. A day that no \
         calendar has means that the field was filled wrongly, and the acknowledgment must repeat \
         it. Answered with TA105 014.\n\
         20260301 -> 260301",
        "write the day as YYMMDD into ISA09, e.g. 260301 for 1 March 2026",
    ),
    of(
        &[Fault::InterchangeTime],
        "ISA10 is not a time",
        "ISA10 is the time the interchange was made, in four digits from 0000 to 2359. The \
         acknowledgment must repeat it. Answered with TA105 015.\n\
         2400 -> 0000",
        "write the time as HHMM on a 24-hour clock into ISA10, e.g. 0615",
    ),
    of(
        &[Fault::RepetitionSeparatorUnusable],
        "ISA11 cannot separate repetitions",
        "From version 00402 on ISA11 is the character between the repetitions of one element. A \
         letter, a digit, a space or a character that already separates something else cannot be \
         told from data; often the U of older versions was left there. Answered with TA105 016.",
        "write a character that data never holds into ISA11, usually `^`",
    ),
    of(
        &[Fault::InterchangeVersionMalformed],
        "ISA12 is not five digits",
        "ISA12 is the version of the envelope in five digits, e.g. 00401. GS08 has six and more; the \
         two are often mixed up. Answered with TA105 017.\n\
         04010 -> 00401",
        "write 00401 into ISA12, or 00501 if the groups are of release 005010",
    ),
    of(
        &[Fault::InterchangeNumber],
        "ISA13 is not nine digits",
        "ISA13 numbers the sender's interchanges; the receiver finds lost and repeated ones by it, \
         and the acknowledgment names it. It always has nine digits, with zeros in front. Answered \
         with TA105 018.\n\
         905 -> 000000905",
        "write the interchange control number with nine digits, zeros in front",
    ),
    of(
        &[Fault::AcknowledgmentRequest],
        "ISA14 is neither 0 nor 1",
        "ISA14 says whether the sender wants a TA1, the answer to the envelope alone: 1 yes, 0 no. \
         The 997 does not depend on it. Answered with TA105 019.",
        "write 1 into ISA14 if you want a TA1, otherwise 0",
    ),
    of(
        &[Fault::UsageIndicator],
        "ISA15 is none of P, T and I",
        "ISA15 keeps tests and business apart: P is production, T test, I information only. A \
         receiver that cannot tell must not bill or pay by what is in the interchange. Answered with \
         TA105 020.",
        "write P into ISA15 for production data and T for tests",
    ),
    of(
        &[Fault::GroupCount { counted: 0 }],
        "IEA01 is not the number of groups",
        "IEA01 says how many functional groups stand between ISA and IEA, so that the receiver sees \
         when one was lost. The count differs from what is there. Answered with TA105 021.",
        "write the number of GS segments of the interchange into IEA01",
    ),
    of(
        &[Fault::OutsideGroup],
        "a segment outside a functional group",
        "Between ISA and IEA everything but a TA1 stands in a functional group, from GS to GE. This \
         segment stands before the first GS or after a GE, so it is unknown which release it is \
         written by and which department it is for. Answered with TA105 022.",
        "put the segment between GS and GE, or add the GS that is missing",
    ),
    of(
        &[Fault::EndsEarly { missing: "" }],
        "the data ends before IEA",
        "An interchange is whole when its IEA is there. Here the file ends, or the next ISA begins, \
         before that: a transfer was cut off, or the file was read while it was still being written. \
         The set it ends in is not accepted. Answered with TA105 023.",
        "send the whole interchange again with the same numbers, and check that the transfer \
         finishes before the file is picked up",
    ),
    of(
        &[Fault::InterchangeRepeated],
        "an interchange control number used twice",
        "Two interchanges of one file come from the same sender with the same ISA13. The receiver \
         cannot tell a second delivery of the same bills or payments from new ones, so the second is \
         not taken. Answered with TA105 025.",
        "give every interchange its own ISA13, one more than the last, and send each only once",
    ),
    of(
        &[Fault::ComponentSeparatorUnusable],
        "ISA16 cannot separate components",
        "ISA16 is the character between the components of a composite element. A letter, a digit, a \
         space or the element separator cannot be told from data, even where no composite is used. \
         Answered with TA105 027.",
        "write a character that data never holds into ISA16, usually `:` or `>`",
    ),
    of(
        &[Fault::StandardsId],
        "ISA11 is not U",
        "Before version 00402 ISA11 names the body that keeps the standard, and U for the US EDI \
         community is the only value there is. Anything else is read the same way, with a warning \
         that earns no acknowledgment code; often the repetition separator of newer versions stands \
         there.",
        "write U into ISA11, or raise ISA12 if elements are to repeat",
    ),
    // The functional group.
    of(
        &[Fault::GroupVersionUnknown],
        "GS08 names a release without tables",
        "GS08 says by which release the sets of the group are written, e.g. 004010. There are tables \
         for 004010 and 005010 here; what is written by another is read, but what is in its sets \
         cannot be judged. Answered with AK905 2.\n\
         00401 -> 004010",
        "write 004010 into GS08, or agree on a release with the receiver",
    ),
    of(
        &[Fault::GroupTrailerMissing],
        "the functional group has no GE",
        "A functional group ends with GE, which says how many sets it has and repeats its number. A \
         new GS or IEA comes first here, so a part of the group may be lost. Answered with AK905 3.",
        "end the group with GE, the number of its sets and the number of its GS06",
    ),
    of(
        &[Fault::GroupNumbersDiffer],
        "GS06 and GE02 differ",
        "The sender writes the same number at both ends of a functional group, so that the receiver \
         can tell that its end belongs to its start. Different numbers mean that groups ran together \
         or that a part was lost. Answered with AK905 4.",
        "write the number of GS06 into GE02 again",
    ),
    of(
        &[Fault::SetCount { counted: 0 }],
        "GE01 is not the number of sets",
        "GE01 says how many transaction sets the group has, so that the receiver sees when one was \
         lost. The count differs from what is there. Answered with AK905 5.",
        "write the number of ST segments of the group into GE01",
    ),
    of(
        &[Fault::GroupNumber],
        "GS06 is not a control number",
        "GS06 numbers the sender's functional groups in one to nine digits. The 997 that answers the \
         group names it, so without a number there is nothing to answer to. Answered with AK905 6.",
        "write a number of one to nine digits into GS06, another one for each group",
    ),
    of(
        &[Fault::GroupRepeated],
        "a group control number used twice",
        "Two groups of one interchange have the same GS06. The 997 names a group by that number, so \
         the sender could not tell which of them was answered. Answered with AK905 6 in release \
         004010 and AK905 19 in 005010.",
        "give each functional group a GS06 of its own, e.g. one more than the last",
    ),
    of(
        &[Fault::OutsideSet],
        "a segment outside a transaction set",
        "Between GS and GE every segment stands in a transaction set, from ST to SE. This one stands \
         before the first ST or after an SE: most often an ST was lost, or an SE stands too early. \
         Answered with AK905 5.",
        "put the segment between ST and SE, or add the ST that is missing",
    ),
    // Segments.
    of(
        &[Fault::SegmentUnknown { meant: None }],
        "not a segment of the standard",
        "Each segment begins with its id, two or three capital letters and digits, and no segment of \
         the release has this one. It is a typing mistake, or a separator inside a text has cut a \
         segment in two. The rest of the set is read as if it were not there. Answered with AK304 1.\n\
         QYT*QD*12.75*KH~ -> QTY*QD*12.75*KH~",
        "correct the segment's id, and keep the separators of the interchange out of names and texts",
    ),
    of(
        &[Fault::SegmentMissing { is_loop: false }],
        "a segment that must be there is missing",
        "The standard marks some segments of a set mandatory, and every loop must begin with the \
         segment that opens it, because what follows would have no meaning without. An 867 has a BPT \
         at its start and a PTD before its quantities. Answered with AK304 3.",
        "add the missing segment at the place shown, also when most of its elements are empty",
    ),
    of(
        &[Fault::LoopTooMany { max: 0 }],
        "a loop too often",
        "The standard limits how often some loops may be repeated; an 867 has at most five N1 loops \
         in its heading. Receivers reserve room for that many. Answered with AK304 4.",
        "leave out the loops beyond the limit, or spread them over several documents",
    ),
    of(
        &[Fault::SegmentTooMany { max: 0 }],
        "a segment too often",
        "The standard says for each place how often a segment may stand there. One more than that \
         has no meaning a receiver could rely on; often a second loop was begun without the segment \
         that opens it. Answered with AK304 5.",
        "leave out the surplus segments, or begin a new loop with its first segment",
    ),
    of(
        &[Fault::SegmentNotInSet],
        "a segment of another set",
        "The release has this segment, but not in this transaction set. It was meant for another \
         kind of document, or stands for data that this set carries in another segment. \
         Answered with AK304 6.",
        "leave the segment out, or send its data in a segment that the set has",
    ),
    of(
        &[Fault::SegmentOutOfOrder],
        "a segment out of order",
        "A set's segments have a fixed order, and the loop a segment stands in decides what it is \
         about: a REF after N1 belongs to that party, one after PTD to that meter. This segment \
         stands where the order has no room for it. Answered with AK304 7.\n\
         QTY DTM PTD REF -> PTD REF QTY DTM",
        "move the segment to its place in the order of the set, or begin its loop with the loop's first segment",
    ),
    // The transaction set.
    of(
        &[Fault::NoTable],
        "no table for this transaction set",
        "The interchange is in order, but this program has no table for the set that ST01 names, so \
         only its envelope, its count and its control number are checked. It is a warning, and no \
         acknowledgment code goes with it: the set may be perfectly right.",
        "check the set with its receiver, or add a table for it",
    ),
    of(
        &[Fault::SetTrailerMissing],
        "the transaction set has no SE",
        "A transaction set ends with SE, which says how many segments it has and repeats its number. \
         A new ST or the end of the group comes first here, so a part of the document may be lost. \
         Answered with AK502 2.",
        "end the set with SE, the number of its segments and the number of its ST02",
    ),
    of(
        &[Fault::SetNumbersDiffer],
        "ST02 and SE02 differ",
        "The sender writes the same number at both ends of a transaction set, so that the receiver \
         can tell that its end belongs to its start. Zeros in front count here: 1 and 0001 are \
         not the same. Answered with AK502 3.\n\
         ST*867*0001~ ... SE*42*1~ -> ST*867*0001~ ... SE*42*0001~",
        "write the number of ST02 into SE02 again, with its zeros",
    ),
    of(
        &[Fault::SegmentCount { counted: 0 }],
        "SE01 is not the number of segments",
        "SE01 says how many segments the set has, ST and SE among them, so that the receiver sees \
         when one was lost. The count differs from what is there: a file was edited by hand, or ST \
         and SE were not counted. Answered with AK502 4.",
        "count every segment from ST to SE, both included, and write the number into SE01",
    ),
    of(
        &[Fault::SetId { group: None }, Fault::SetId { group: Some("PT") }],
        "ST01 names no set, or one of another group",
        "ST01 is the three digits of a transaction set, and each set travels in a functional group of \
         its own kind: an 867 in PT, an 810 in IN, an 820 in RA. Answered with AK502 6; a set in the \
         wrong group with AK502 18 in release 005010.\n\
         GS*IN ... ST*867*0001~ -> GS*PT ... ST*867*0001~",
        "write the set's three digits into ST01, and send it in a group with the GS01 that belongs \
         to it",
    ),
    of(
        &[Fault::SetNumber],
        "ST02 is not four to nine characters",
        "ST02 numbers the sets of a group, and the 997 names each set by it. It has four to nine \
         characters, so a small number needs zeros in front. Answered with AK502 7.\n\
         ST*867*1~ -> ST*867*0001~",
        "write a number of four to nine digits into ST02, e.g. 0001, and the same into SE02",
    ),
    of(
        &[Fault::SetRepeated],
        "a set control number used twice",
        "Two sets of one group have the same ST02. The 997 names a set by that number, so the sender \
         could not tell which of them was rejected. Answered with AK502 23.",
        "give each transaction set of a group an ST02 of its own, e.g. 0001, 0002, 0003",
    ),
    // Elements.
    of(
        &[Fault::ElementMissing],
        "an element that must be there is missing",
        "The standard marks this element, or this component, mandatory: the segment says nothing \
         without it. A quantity needs its qualifier, a reference the kind of number it is. \
         Answered with AK403 1.\n\
         QTY**12.75*KH~ -> QTY*QD*12.75*KH~",
        "send a value for the element, and keep the separators of empty elements before it",
    ),
    of(
        &[Fault::TooManyElements { max: 0 }],
        "more elements than the segment has",
        "A segment has a fixed number of elements in each release. One more has no meaning; often a \
         text holds the element separator itself, or the segment was written by a newer release. \
         Answered with AK403 3.\n\
         N3*12 MAIN ST*APT 4*REAR~ -> N3*12 MAIN ST*APT 4 REAR~",
        "leave out what is too much, and keep the element separator out of names and texts",
    ),
    of(
        &[Fault::TooShort { length: 0, min: 0 }],
        "a value that is too short",
        "Every element has a least length. Codes and dates are only recognised whole, so zeros in \
         front must not be lost; of a number only the digits count. Answered with AK403 4.\n\
         DTM*582*20260301*45*CS~ -> DTM*582*20260301*0045*CS~",
        "send the value in full, with its leading zeros",
    ),
    of(
        &[Fault::TooLong { length: 0, max: 0 }],
        "a value that is too long",
        "Every element has a greatest length, and receivers reserve room for just that; what is longer \
         would be cut off. Of a number only the digits count, not its sign or point. Answered with \
         AK403 5.",
        "shorten the value to the length shown, or put the rest where the set has room for it",
    ),
    of(
        &[Fault::NotANumber { decimal: true }],
        "not a number",
        "Quantities and amounts are written with digits alone: a minus sign may stand in front, and a \
         point where the element is decimal. Some amounts have no point because their last two \
         digits are cents. Commas, currency signs, units, a plus sign and exponents are refused \
         rather than guessed at. Answered with AK403 6.\n\
         QTY*QD*12x75*KH~ -> QTY*QD*12.75*KH~",
        "write digits without letters, commas or units, with a point only in a decimal number, \
         e.g. 12.75",
    ),
    of(
        &[Fault::CodeUnknown],
        "not a code of the standard",
        "This element takes its value from a list that the standard keeps, and the list known here is \
         complete. Another value cannot mean anything to the receiver; letters and leading zeros \
         count. Answered with AK403 7.\n\
         DTM*582*20260301*0015*CX~ -> DTM*582*20260301*0015*CS~",
        "send one of the codes of the list: `tieline explain` shows them for any element",
    ),
    of(
        &[Fault::NotADate],
        "not a date",
        "Dates are written as year, month and day without separators, and must be a day of the \
         calendar: the 30th of February is refused, so is 29 February outside a leap year. A period \
         is written in the form its qualifier names. Answered with AK403 8.\n\
         DTM*150*03012026~ -> DTM*150*20260301~",
        "write the date as CCYYMMDD, e.g. 20260301 for 1 March 2026",
    ),
    of(
        &[Fault::NotATime],
        "not a time of day",
        "Times are written on a 24-hour clock from 0000 to 2359, with seconds if need be, and without \
         colons. Midnight at the end of a day is 0000 of the next day unless the partners agreed on \
         2400. Answered with AK403 9.\n\
         DTM*582*20260301*2400*CS~ -> DTM*582*20260302*0000*CS~",
        "write the time as HHMM on a 24-hour clock, e.g. 0015, and midnight as 0000 of the next day",
    ),
    of(
        &[Fault::TooManyRepetitions { max: 0 }],
        "an element repeated too often",
        "From release 005010 on some elements may be repeated within a segment, each a limited number \
         of times; most may not. The repetition separator of ISA11 stands more often here than this \
         element allows. Answered with AK403 12, or with AK403 3 in release 004010, which has no \
         code for it.",
        "send the further values in segments of their own, and keep the repetition separator out of \
         texts",
    ),
    of(
        &[Fault::TooManyComponents { max: 0 }],
        "more components than there are",
        "Some elements are composites of components, each with a meaning by its place; most are not \
         composites at all. The component separator of ISA16 stands more often here than this \
         element allows, often because a text holds that character. Answered with AK403 13, or with \
         AK403 3 in release 004010, which has no code for it.\n\
         NTE*ADD*SEE NOTE: RATE CHANGE~ -> NTE*ADD*SEE NOTE - RATE CHANGE~",
        "keep the component separator out of texts, or choose another character for ISA16",
    ),
    of(
        &[Fault::TrailingSeparators],
        "separators with nothing after them",
        "When the last elements of a segment are empty, their separators are left out too. To send \
         them changes no meaning and is a warning here, but strict partners refuse it. The code that \
         goes with it is AK403 3, and as a warning it rejects nothing.\n\
         REF*MG*88-4412**~ -> REF*MG*88-4412~",
        "end the segment after its last value",
    ),
    of(
        &[Fault::Character { byte: 0 }],
        "a character that data cannot hold",
        "Data is made of printable characters: letters, digits, punctuation, the space. Tabs, line \
         ends inside a value, control characters and, unless the partners agreed on more, accented \
         letters are refused, because other systems show or store them differently. Answered with \
         AK403 6.",
        "write the value with plain printable characters, e.g. an unaccented letter or a space",
    ),
    of(
        &[Fault::TwentyFourHours],
        "midnight written as 24 hours",
        "The standard counts hours from 00 to 23, so midnight at the end of a day is 0000 of the next. \
         This partner's guide lets 2400 of the ending day stand for it, so it is read with a warning. \
         The code that goes with it is AK403 9, and as a warning it rejects nothing.\n\
         20260301*2400 -> 20260302*0000",
        "write midnight as 0000 of the next day when the data goes to other partners",
    ),
    of(
        &[Fault::CodeUnlisted],
        "a code that is not listed here",
        "This element takes its value from a long list of the standard, of which only the codes that \
         utilities meet are kept here. The value is not among them, so it may be right or a typing \
         mistake, and only a warning is given. The code that goes with it is AK403 7, and as a warning \
         it rejects nothing.",
        "ask the partner that sent the code what it means, and correct it if it is a mistake",
    ),
    // The rules between elements.
    of(
        PAIRED,
        "elements that go together are not all there",
        "The standard's rule P: all elements of the rule are sent, or none. One is only understood \
         beside the other, as a number beside the kind of number it is. Answered with AK403 2.\n\
         N1*8R*NORTHSIDE BAKERY*1~ -> N1*8R*NORTHSIDE BAKERY*1*001234567~",
        "send the missing element too, or leave all elements of the rule out",
    ),
    of(
        REQUIRED,
        "none of several elements is there",
        "The standard's rule R: at least one of the elements is needed, though none of them alone is \
         mandatory. A date segment needs a date, a time or a period; an N1 a name or an id. Answered \
         with AK403 2.\n\
         REF*MG~ -> REF*MG*88-4412~",
        "send at least one of the elements the rule names",
    ),
    of(
        EXCLUSIVE,
        "elements that exclude each other",
        "The standard's rule E: at most one of the elements is sent, because together they would say \
         two different things in one place. A QTY has a number or a text, not both. Answered with \
         AK403 10.\n\
         QTY*QD*12.75*KH*NV~ -> QTY*QD*12.75*KH~",
        "leave out all but one of the elements the rule names",
    ),
    of(
        CONDITIONAL,
        "an element that another one asks for is missing",
        "The standard's rule C: when the first element of the rule is sent, all the others are needed \
         to understand it. A time zone says nothing without a time. Answered with AK403 2.\n\
         DTM*582*20260301**CS~ -> DTM*582*20260301*0015*CS~",
        "send the missing element too, or leave out the first element of the rule",
    ),
    of(
        LIST_CONDITIONAL,
        "one of several elements that another one asks for is missing",
        "The standard's rule L: when the first element of the rule is sent, at least one of the others \
         is needed to understand it. Answered with AK403 2.",
        "send one of the other elements of the rule, or leave out its first",
    ),
    // The guide.
    of(
        &[Fault::GuideSegmentUnused],
        "a segment the guide leaves out",
        "The standard allows the segment or loop here; the partner's guide does not use it. It would \
         be ignored at best, and read as something else at worst. Answered with AK304 2.",
        "leave the segment out, or agree with the partner on what it means",
    ),
    of(
        GUIDE_SEGMENT_MISSING,
        "a segment the guide asks for is missing",
        "The standard lets this segment or loop be left out; the partner's guide needs it, e.g. the \
         account number in a REF with 12 after the customer's N1. The guide names the place and the \
         value by which it is recognised. Answered with AK304 3.",
        "add the segment at the place the guide names, with the code it names",
    ),
    of(
        &[
            Fault::GuideTooMany { max: 0, is_loop: false },
            Fault::GuideTooMany { max: 0, is_loop: true },
        ],
        "a segment or loop more often than the guide lets it",
        "The standard has room for more, but by the partner's guide this segment or loop stands only \
         so often, e.g. one customer to a document, because each further one would be about something \
         else. Answered with AK304 5, for a loop with AK304 4.",
        "leave out the surplus ones, or send them in a document of their own",
    ),
    of(
        &[Fault::GuideElementUnused],
        "an element the guide leaves out",
        "The standard allows the element here; the partner's guide does not use it and asks that it \
         be empty. Answered with AK403 10, the code that comes nearest.",
        "leave the element empty",
    ),
    of(
        &[Fault::GuideElementMissing],
        "an element the guide asks for is missing",
        "The standard lets this element be empty; the partner's guide needs it, because the business \
         does, e.g. the time zone of an interval's end. Answered with AK403 1.",
        "send a value for the element as the guide describes it",
    ),
    of(
        &[Fault::GuideTooShort { length: 0, min: 0 }],
        "a value shorter than the guide wants",
        "The standard allows fewer characters; the partner's guide asks for more, e.g. account numbers \
         with their leading zeros. Answered with AK403 4.",
        "send the value in full, with its leading zeros",
    ),
    of(
        &[Fault::GuideTooLong { length: 0, max: 0 }],
        "a value longer than the guide lets it",
        "The standard has room for more characters; the partner's system does not, or its numbers are \
         never that long. Answered with AK403 5.",
        "shorten the value to the length the guide names",
    ),
    of(
        GUIDE_CODE,
        "not a code of the guide",
        "The value may be right by the standard, but the partner's guide lists the few values it \
         uses in this place, and this is not one of them. Answered with AK403 7.",
        "send one of the codes the guide lists here",
    ),
];

// Faults that hold a text cannot be written in place above.
const PAIRED: &[Fault] = &[Fault::Paired { rule: String::new() }];
const REQUIRED: &[Fault] = &[Fault::Required { rule: String::new() }];
const EXCLUSIVE: &[Fault] = &[Fault::Exclusive { rule: String::new() }];
const CONDITIONAL: &[Fault] = &[Fault::Conditional { rule: String::new() }];
const LIST_CONDITIONAL: &[Fault] = &[Fault::ListConditional { rule: String::new() }];
const GUIDE_SEGMENT_MISSING: &[Fault] = &[Fault::GuideSegmentMissing { at: String::new() }];
const GUIDE_CODE: &[Fault] = &[Fault::GuideCode { codes: String::new() }];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::elements::ElementJudge;
    use crate::guide::Options;
    use crate::lexer::{Lexeme, Lexer};
    use crate::plan::SegmentPlan;

    /// The numbers as `Fault::number` has them, read from its source: its `match` has an arm for each
    /// fault, so a fault cannot be forgotten there.
    fn numbers() -> Vec<u16> {
        let source = include_str!("finding.rs");
        let body = source.split("pub const fn number").nth(1).expect("finding.rs has the function");
        let body = body.split("\n    }").next().expect("a split has a first part");
        let arms = body.lines().filter_map(|line| line.split_once("=> "));
        arms.map(|(_, n)| n.trim_end_matches(',').parse().expect("an arm is a number")).collect()
    }

    #[test]
    fn every_fault_has_an_entry_and_every_entry_a_fault() {
        let mut expected = numbers();
        expected.sort_unstable();
        assert!(expected.len() > 60);
        let found: Vec<u16> = CATALOGUE.iter().map(|entry| entry.number).collect();
        assert_eq!(found, expected);
        assert!(CATALOGUE.is_sorted_by(|a, b| a.number < b.number));
        for found in CATALOGUE {
            assert!(found.faults.iter().all(|fault| fault.number() == found.number));
            assert_eq!(entry(found.number).map(|entry| entry.title), Some(found.title));
        }
        assert!(entry(0).is_none() && entry(999).is_none());
    }

    #[test]
    fn the_meaning_names_the_code_it_is_answered_with() {
        for entry in CATALOGUE {
            for codes in Release::ALL.into_iter().flat_map(|release| entry.ack(release)) {
                // The code nearest to what is wrong; an element's finding also earns AK304 8.
                let named = [
                    ("TA105", codes.ta105),
                    ("AK905", codes.ak905),
                    ("AK403", codes.ak403),
                    ("AK304", codes.ak304),
                    ("AK502", codes.ak502),
                ];
                match named.iter().find_map(|(element, code)| Some((element, (*code)?))) {
                    Some((element, code)) => {
                        let name = format!("{element} {code}");
                        let is_named = entry.meaning.match_indices(&name).any(|(at, name)| {
                            let after = entry.meaning.as_bytes().get(at + name.len());
                            after.is_none_or(|b| !b.is_ascii_digit())
                        });
                        assert!(is_named, "{}: {name}", entry.number);
                    }
                    None => assert!(!entry.meaning.contains("nswered with"), "{}", entry.number),
                }
            }
        }
    }

    #[test]
    fn an_element_s_example_is_wrong_and_then_right() {
        let delimiters = Delimiters::default();
        let judge = ElementJudge::new(Options::default(), &delimiters);
        let faults = |text: &str| {
            let mut ends = Vec::new();
            let mut lexer = Lexer::new(text.as_bytes(), 0, delimiters);
            let Lexeme::Segment { range, .. } = lexer.next(&mut ends) else { panic!("{text}") };
            let segment = lexer.segment(range, &ends, 0);
            let plan = SegmentPlan::new(Release::V004010, &segment.id().to_string());
            let faults = judge.faults(&plan, &segment);
            faults.iter().map(|wrong| wrong.fault.number()).collect::<Vec<_>>()
        };
        let mut examples = 0;
        for entry in CATALOGUE.iter().filter(|entry| matches!(entry.number, 400..600)) {
            for line in entry.meaning.lines().skip(1).filter(|line| line.ends_with('~')) {
                let (wrong, right) = line.split_once(" -> ").expect("an example has two sides");
                let wrong = faults(wrong);
                assert!(wrong.contains(&entry.number), "{}: {wrong:?}", entry.number);
                assert!(faults(right).is_empty(), "{}", entry.number);
                examples += 1;
            }
        }
        assert!(examples > 10);
    }

    #[test]
    fn entries_read_well() {
        for entry in CATALOGUE {
            let Entry { number, title, meaning, remedy, .. } = entry;
            assert!((5..=65).contains(&title.len()) && !title.ends_with('.'), "{number}: {title}");
            let mut lines = meaning.lines();
            let text = lines.next().unwrap_or_default();
            assert!(text.ends_with('.'), "{number}: {text}");
            let sentences = text.matches(". ").count() - text.matches("e.g. ").count() + 1;
            assert!((2..=4).contains(&sentences), "{number}: {sentences} sentences");
            assert!(lines.all(|line| line.contains(" -> ") && line.len() <= 90), "{number}");
            assert!(remedy.starts_with(|c: char| c.is_ascii_lowercase()), "{number}: {remedy}");
            assert!(!remedy.ends_with(['.', ' ']) && !remedy.contains('\n'), "{number}: {remedy}");
            assert!((15..=130).contains(&remedy.len()), "{number}: {remedy}");
            assert!(!remedy.replace("e.g. ", "").contains(". "), "{number}: one sentence");
        }
    }
}
