//! The shapes the standard is written down in: transaction sets, rows, loops, segments, elements.
//!
//! Everything here is plain `const` data. A transaction set is the page of the standard it comes
//! from, top to bottom; `plan` turns it into the flat form that checking walks over.

use std::fmt;

/// No limit on how often a segment or loop may stand.
pub const MANY: u32 = u32::MAX;

/// A release of the standard, as `GS08` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// Version 4 release 1, the one electric utilities speak.
    V004010,
    /// Version 5 release 1.
    V005010,
}

impl Release {
    /// Both releases, oldest first.
    pub const ALL: [Release; 2] = [Release::V004010, Release::V005010];

    /// The release a `GS08` value asks for; what follows the first six characters is an industry's
    /// own identifier. `None` when there are no tables for it.
    pub fn of_version(version: &[u8]) -> Option<Release> {
        Release::ALL.into_iter().find(|release| version.starts_with(release.as_str().as_bytes()))
    }

    /// The six digits, e.g. `004010`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Release::V004010 => "004010",
            Release::V005010 => "005010",
        }
    }

    /// The `ISA12` value that goes with it, e.g. `00401`.
    pub const fn interchange_version(self) -> &'static str {
        match self {
            Release::V004010 => "00401",
            Release::V005010 => "00501",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The releases a table row is valid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Releases {
    /// In every release there are tables for.
    All,
    /// In this one only.
    Only(Release),
}

impl Releases {
    /// Whether the row counts in `release`.
    pub const fn has(self, release: Release) -> bool {
        match self {
            Releases::All => true,
            Releases::Only(only) => only as u8 == release as u8,
        }
    }
}

/// One transaction set of one release: its rows in the order they are sent.
#[derive(Debug)]
pub struct TransactionSet {
    /// The set's number, `ST01`, e.g. `867`.
    pub code: &'static str,
    /// The functional group it travels in, `GS01`, e.g. `PT`.
    pub group: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The release these rows are of.
    pub release: Release,
    /// From the segment after `ST` to the first line item.
    pub heading: &'static [Row],
    /// The repeating part; empty in sets that have none.
    pub detail: &'static [Row],
    /// Totals and hashes, up to the segment before `SE`.
    pub summary: &'static [Row],
}

impl TransactionSet {
    /// All rows, area after area.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> {
        self.heading.iter().chain(self.detail).chain(self.summary)
    }
}

/// One line of a transaction set: a segment, or a loop of rows.
#[derive(Debug)]
pub struct Row {
    /// The segment's id; for a loop, the id of the segment that opens it.
    pub id: &'static str,
    /// Whether it must be there, in each repetition of the loop around it.
    pub usage: Usage,
    /// How often it may stand here.
    pub max: u32,
    /// The rows of the loop, the opening segment first; empty when this is a segment.
    pub rows: &'static [Row],
}

/// Whether something must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// The standard's M.
    Must,
    /// The standard's O, and X, whose conditions are syntax rules.
    May,
    /// Left out by a guide; no table of the standard says so.
    Never,
}

/// A segment that must be there.
pub const fn must(id: &'static str, max: u32) -> Row {
    Row { id, usage: Usage::Must, max, rows: &[] }
}

/// A segment that may be there.
pub const fn may(id: &'static str, max: u32) -> Row {
    Row { id, usage: Usage::May, max, rows: &[] }
}

/// A loop that may be there; [`Row::of`] gives its rows.
pub const fn loop_(id: &'static str, max: u32) -> Row {
    Row { id, usage: Usage::May, max, rows: &[] }
}

/// A loop that must be there at least once.
pub const fn must_loop(id: &'static str, max: u32) -> Row {
    Row { id, usage: Usage::Must, max, rows: &[] }
}

impl Row {
    /// The same loop with its rows; the first is the segment that opens it.
    pub const fn of(self, rows: &'static [Row]) -> Row {
        Row { rows, ..self }
    }

    /// Whether this row is a loop.
    pub const fn is_loop(&self) -> bool {
        !self.rows.is_empty()
    }
}

/// One segment of the dictionary, in the releases where it looks like this.
#[derive(Debug)]
pub struct Segment {
    /// Two or three capital letters and digits.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Where this form of it is valid.
    pub releases: Releases,
    /// Its elements, the first is number 1.
    pub elements: &'static [ElementUse],
    /// How the presence of its elements hangs together.
    pub syntax: &'static [Syntax],
}

/// One element position of a segment, or one component of a composite.
#[derive(Debug, PartialEq, Eq)]
pub struct ElementUse {
    /// The element's number in the dictionary (`373`, `I05`) or a composite's id (`C001`).
    pub element: &'static str,
    /// What it means in this place.
    pub name: &'static str,
    /// Whether it must be there.
    pub usage: Usage,
    /// How often it may repeat; more than 1 only from release 00402 on.
    pub repeat: u32,
}

impl ElementUse {
    /// An element that must be there.
    pub const fn must(element: &'static str, name: &'static str) -> ElementUse {
        ElementUse { element, name, usage: Usage::Must, repeat: 1 }
    }

    /// An element that may be there, or whose presence a syntax rule governs.
    pub const fn may(element: &'static str, name: &'static str) -> ElementUse {
        ElementUse { element, name, usage: Usage::May, repeat: 1 }
    }

    /// The same element, repeating up to `repeat` times.
    pub const fn up_to(self, repeat: u32) -> ElementUse {
        ElementUse { repeat, ..self }
    }
}

/// A rule about which elements of one segment stand together; the numbers are element positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Paired: all of them or none.
    P(&'static [u8]),
    /// Required: at least one of them.
    R(&'static [u8]),
    /// Exclusion: at most one of them.
    E(&'static [u8]),
    /// Conditional: when the first is there, all the others are needed.
    C(&'static [u8]),
    /// List conditional: when the first is there, at least one of the others is needed.
    L(&'static [u8]),
}

impl Syntax {
    /// The positions the rule speaks of.
    pub const fn positions(self) -> &'static [u8] {
        match self {
            Syntax::P(p) | Syntax::R(p) | Syntax::E(p) | Syntax::C(p) | Syntax::L(p) => p,
        }
    }

    /// The letter the standard writes before the positions.
    pub const fn letter(self) -> char {
        match self {
            Syntax::P(_) => 'P',
            Syntax::R(_) => 'R',
            Syntax::E(_) => 'E',
            Syntax::C(_) => 'C',
            Syntax::L(_) => 'L',
        }
    }
}

/// The way the standard writes it, e.g. `P0304`.
impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())?;
        self.positions().iter().try_for_each(|position| write!(f, "{position:02}"))
    }
}

/// One composite: an element made of components.
#[derive(Debug)]
pub struct Composite {
    /// Its id, e.g. `C001`.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Where this form of it is valid.
    pub releases: Releases,
    /// Its components, the first is number 1.
    pub components: &'static [ElementUse],
    /// How the presence of its components hangs together.
    pub syntax: &'static [Syntax],
}

/// One data element of the dictionary.
#[derive(Debug)]
pub struct Element {
    /// Its number, or an envelope element's I-number, e.g. `I05`.
    pub number: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Where this form of it is valid.
    pub releases: Releases,
    /// How its value is written.
    pub kind: Kind,
    /// The least number of characters; sign and decimal point do not count.
    pub min: u16,
    /// The greatest number of characters; sign and decimal point do not count.
    pub max: u16,
}

/// How the value of an element is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string of characters.
    An,
    /// A code out of a list.
    Id,
    /// An integer with this many implied decimal places.
    N(u8),
    /// A decimal number with an explicit point.
    R,
    /// A date: `CCYYMMDD`, or `YYMMDD` where six characters are the most.
    Dt,
    /// A time: `HHMM`, `HHMMSS`, or with one or two decimals of a second.
    Tm,
}

/// The standard's abbreviation, e.g. `N2`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::An => f.write_str("AN"),
            Kind::Id => f.write_str("ID"),
            Kind::N(places) => write!(f, "N{places}"),
            Kind::R => f.write_str("R"),
            Kind::Dt => f.write_str("DT"),
            Kind::Tm => f.write_str("TM"),
        }
    }
}

/// The codes of one element.
#[derive(Debug)]
pub struct CodeList {
    /// The element's number.
    pub element: &'static str,
    /// Whether these are all codes there are. A code outside a list that is not complete may still
    /// be right, so it earns a warning, not an error.
    pub complete: bool,
    /// The codes, in the order of the alphabet.
    pub codes: &'static [Code],
}

/// One code of a list.
#[derive(Debug)]
pub struct Code {
    /// The code itself, up to six characters.
    pub code: &'static str,
    /// What it means, in this project's words.
    pub meaning: &'static str,
    /// Where it is valid with this meaning.
    pub releases: Releases,
}
