//! Interchanges full of samples: one for a test, or a hundred megabytes for a benchmark.
//!
//! Everything comes from the request, so the same request gives the same bytes. Each document is
//! drawn from the seed and its place alone: a longer corpus begins like a shorter one.

use std::io;

use tieline_x12::compose::{Element, Group, Interchange, Segment, Set, Writer};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::table::Release;

use crate::calendar::Date;
use crate::choices::Choices;
use crate::kind::Kind;
use crate::people::UTILITY_ID;
use crate::random::Random;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What each document is.
    pub kind: Kind,
    /// The release of the standard.
    pub release: Release,
    /// Equal seeds give equal documents.
    pub seed: u64,
    /// How many documents.
    pub count: u32,
    /// When given, [`write_to`] goes on until the interchange has at least this many bytes, and
    /// `count` is not looked at.
    pub target_bytes: Option<u64>,
    /// When given, every so-manieth document has one mistake: a date that no calendar has.
    pub mistake_every: Option<u32>,
    /// What the documents are about; the running number counts up from the one given.
    pub choices: Choices,
    /// `ISA05` and `ISA06`; the latter is `GS02` too.
    pub sender: (String, String),
    /// `ISA07` and `ISA08`; the latter is `GS03` too.
    pub receiver: (String, String),
    /// The date of `ISA09` and `GS04`; the day the documents are written when not given.
    pub date: Option<Date>,
    /// `ISA10` and `GS05`, HHMM.
    pub time: String,
    /// `ISA13` and `GS06`.
    pub control_number: u32,
    /// `ISA14`.
    pub acknowledgment_requested: bool,
    /// `ISA15`.
    pub usage: char,
    /// `ST03`, which release 005010 has.
    pub convention: Option<String>,
}

impl Request {
    /// A request with the defaults for one kind, sent the way it travels: remittances and requests
    /// come in to the cooperative, everything else goes out.
    pub fn of(kind: Kind) -> Request {
        let request = Request { kind, ..Request::default() };
        match kind {
            Kind::Remittance | Kind::AccountSetup => {
                Request { sender: request.receiver, receiver: request.sender, ..request }
            }
            _ => request,
        }
    }
}

impl Default for Request {
    fn default() -> Request {
        Request {
            kind: Kind::UsageMonthly,
            release: Release::V004010,
            seed: 1,
            count: 1,
            target_bytes: None,
            mistake_every: None,
            choices: Choices::default(),
            sender: ("01".into(), UTILITY_ID.into()),
            receiver: ("ZZ".into(), "LAKECOUNTRY".into()),
            date: None,
            time: "0615".into(),
            control_number: 1,
            acknowledgment_requested: false,
            usage: 'T',
            convention: None,
        }
    }
}

/// How many sets a group takes: `GE01` has six digits.
const SETS_IN_A_GROUP: u32 = 999_999;

/// An interchange of `request.count` documents, whole; [`write_to`] is for large ones.
pub fn interchange(request: &Request) -> Interchange {
    let numbers: Vec<u32> = (0..request.count).collect();
    let groups = numbers
        .chunks(SETS_IN_A_GROUP as usize)
        .zip(0..)
        .map(|(numbers, n)| {
            let sets = numbers.iter().map(|&index| set(request, index)).collect();
            Group { sets, ..group(request, n) }
        })
        .collect();
    Interchange { groups, ..envelope(request) }
}

/// An interchange with one empty document, for trying bodies in.
pub(crate) fn envelope_of(request: &Request) -> Interchange {
    let set = Set {
        code: request.kind.set().into(),
        control_number: "0001".into(),
        convention: request.convention.clone(),
        segments: Vec::new(),
    };
    let group = Group { sets: vec![set], ..group(request, 0) };
    Interchange { groups: vec![group], ..envelope(request) }
}

/// What [`write_to`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The size of the interchange.
    pub bytes: u64,
    /// How many documents it holds.
    pub sets: u32,
}

/// Writes an interchange document by document; no more than a few are held at a time.
///
/// # Errors
///
/// Those of `out`, and [`io::ErrorKind::Other`] with a
/// [`ComposeError`](tieline_x12::compose::ComposeError) when the envelope's values do not fit or a
/// separator is one of the characters samples are made of.
pub fn write_to(
    request: &Request,
    delimiters: &Delimiters,
    out: &mut impl io::Write,
) -> io::Result<Written> {
    let mut writer = Writer::open(&envelope(request), delimiters).map_err(io::Error::other)?;
    let mut written = Written { bytes: 0, sets: 0 };
    loop {
        let size = written.bytes + writer.bytes().len() as u64;
        let done = match request.target_bytes {
            Some(target) => size >= target && written.sets > 0,
            None => written.sets >= request.count,
        };
        if done {
            break;
        }
        if written.sets.is_multiple_of(SETS_IN_A_GROUP) {
            let group = group(request, written.sets / SETS_IN_A_GROUP);
            writer.group(&group).map_err(io::Error::other)?;
        }
        writer.set(&set(request, written.sets)).map_err(io::Error::other)?;
        written.sets += 1;
        if writer.bytes().len() >= 1 << 16 {
            out.write_all(writer.bytes())?;
            written.bytes += writer.bytes().len() as u64;
            writer.clear();
        }
    }
    let rest = writer.finish().map_err(io::Error::other)?;
    out.write_all(&rest)?;
    written.bytes += rest.len() as u64;
    Ok(written)
}

fn date(request: &Request) -> Date {
    request.date.unwrap_or_else(|| request.choices.written())
}

/// The interchange without its groups.
fn envelope(request: &Request) -> Interchange {
    Interchange {
        authorization: None,
        sender: request.sender.clone(),
        receiver: request.receiver.clone(),
        date: date(request).six_digits(),
        time: request.time.clone(),
        release: request.release,
        control_number: request.control_number,
        acknowledgment_requested: request.acknowledgment_requested,
        usage: request.usage,
        acknowledgments: Vec::new(),
        groups: Vec::new(),
    }
}

/// Group `n`, counted from 0, without its sets.
fn group(request: &Request, n: u32) -> Group {
    Group {
        agency: None,
        functional_id: request.kind.group().into(),
        sender: request.sender.1.trim_end().into(),
        receiver: request.receiver.1.trim_end().into(),
        date: date(request).to_string(),
        time: request.time.clone(),
        control_number: request.control_number.saturating_add(n),
        control_digits: 1,
        version: request.release.as_str().into(),
        sets: Vec::new(),
    }
}

/// Document `index`, counted from 0.
fn set(request: &Request, index: u32) -> Set {
    let mut random = Random::for_document(request.seed, u64::from(index));
    let number = request.choices.number.saturating_add(index);
    let choices = Choices { number, ..request.choices.clone() };
    let mut segments = request.kind.body(&mut random, &choices);
    if request.mistake_every.is_some_and(|every| (index + 1).is_multiple_of(every.max(1))) {
        spoil_a_date(&mut segments);
    }
    Set {
        code: request.kind.set().into(),
        control_number: format!("{:04}", index % SETS_IN_A_GROUP + 1),
        convention: request.convention.clone(),
        segments,
    }
}

/// The first `DTM` falls on 30 February.
fn spoil_a_date(segments: &mut [Segment]) {
    let dates = segments.iter_mut().find(|segment| segment.id == "DTM");
    if let Some(Element::Simple(date)) = dates.and_then(|segment| segment.elements.get_mut(1)) {
        *date = "20260230".into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_x12::compose;
    use tieline_x12::delimiters::LineEnd;

    fn one_line() -> Delimiters {
        Delimiters { line_end: LineEnd::None, ..Delimiters::default() }
    }

    fn requests() -> impl Iterator<Item = Request> {
        Kind::ALL.into_iter().flat_map(|kind| {
            Release::ALL.map(|release| Request { kind, release, count: 3, ..Request::default() })
        })
    }

    #[test]
    fn every_kind_is_written_and_counts_itself() {
        for request in requests() {
            let bytes =
                compose::write(&interchange(&request), &one_line()).expect("samples compose");
            let text = String::from_utf8(bytes).expect("samples are ASCII");
            let (mut since, mut sets) = (0, 0);
            for segment in text.split_terminator('~') {
                let elements: Vec<&str> = segment.split('*').collect();
                since += 1;
                match elements[0] {
                    "ST" => since = 1,
                    "SE" => {
                        assert_eq!(elements[1], since.to_string());
                        sets += 1;
                    }
                    "GE" => assert_eq!(elements[1], "3"),
                    "IEA" => assert_eq!(elements[1], "1"),
                    _ => {}
                }
                assert!(!segment.ends_with('*'), "{segment}");
            }
            assert_eq!(sets, 3, "{}", request.kind);
        }
    }

    #[test]
    fn the_same_request_gives_the_same_bytes_whole_or_in_pieces() {
        for request in requests() {
            let whole =
                compose::write(&interchange(&request), &one_line()).expect("samples compose");
            let mut pieces = Vec::new();
            let written = write_to(&request, &one_line(), &mut pieces).expect("samples compose");
            assert_eq!(written, Written { bytes: whole.len() as u64, sets: 3 });
            assert!(pieces == whole, "{}", request.kind);
            let other = Request { seed: 2, ..request };
            assert_ne!(compose::write(&interchange(&other), &one_line()), Ok(whole));
        }
    }

    #[test]
    fn a_corpus_has_the_size_asked_for() {
        for kind in Kind::ALL {
            let request =
                Request { kind, target_bytes: Some(200_000), count: 0, ..Request::default() };
            let mut bytes = Vec::new();
            let written = write_to(&request, &one_line(), &mut bytes).expect("samples compose");
            assert!((200_000..400_000).contains(&written.bytes), "{kind}: {}", written.bytes);
            assert_eq!(written.bytes, bytes.len() as u64);
            let sets = bytes.windows(4).filter(|window| window == b"~ST*").count();
            assert_eq!(sets, written.sets as usize);
        }
    }

    #[test]
    fn one_document_in_so_many_has_a_mistake() {
        for kind in Kind::ALL {
            let request = Request { kind, count: 10, mistake_every: Some(5), ..Request::default() };
            let bytes =
                compose::write(&interchange(&request), &one_line()).expect("samples compose");
            let text = String::from_utf8(bytes).expect("samples are ASCII");
            assert_eq!(text.matches("20260230").count(), 2, "{kind}");
        }
    }
}
