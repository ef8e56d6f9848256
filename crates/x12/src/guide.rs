//! A guide: one transaction set as one partner, or one trade, wants it.
//!
//! A guide narrows a set and never widens it. It is a flat list of rules; each names a place by its
//! path down the loops and says what must hold there. The text form of a guide file is read elsewhere;
//! here are its meaning and the small grammars of paths and conditions.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, space0, space1};
use nom::combinator::{all_consuming, cut, map, map_res, opt, value};
use nom::multi::{many0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::finding::Severity;
use crate::table::{Release, Usage};

/// One transaction set as one partner wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Who says so and about what, e.g. `utility/867-interval` or `prairie-power/867`.
    pub name: String,
    /// A line for people.
    pub title: String,
    /// The set it narrows, e.g. `867`.
    pub set: String,
    /// The release it narrows.
    pub release: Release,
    /// What it settles for the whole set.
    pub options: Options,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
}

/// What a guide settles for a whole set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether the time `2400` (and `240000`) may stand for midnight; then it earns a warning.
    pub hour_24: bool,
    /// The characters that data may hold.
    pub characters: CharacterSet,
}

/// The characters that data may hold, beside the separators' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CharacterSet {
    /// Capital letters, digits, the space and `! " & ' ( ) * + , - . / : ; ? =`.
    Basic,
    /// All printable ASCII.
    #[default]
    Extended,
    /// Printable characters of well-formed UTF-8; lengths count characters.
    Utf8,
    /// Printable ISO 8859-1.
    Latin1,
}

/// What must hold in one place of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name within the guide; reports show it, and `at` serves when a file gives none.
    pub id: String,
    /// The place.
    pub at: Path,
    /// When given, the rule holds only where this does.
    pub when: Option<Condition>,
    /// Whether the segment, loop or element must be there, or must not. For the last step of a path
    /// this is asked once in each loop that the steps before it lead to.
    pub usage: Option<Usage>,
    /// How often the segment or loop may stand in the loop around it.
    pub max: Option<u32>,
    /// The values the element may take; of the first element where `at` names a segment.
    pub codes: Vec<String>,
    /// The least number of characters of the element.
    pub min_length: Option<u16>,
    /// The greatest number of characters of the element.
    pub max_length: Option<u16>,
    /// How bad it is when the rule does not hold.
    pub severity: Severity,
    /// Why, or what to send instead; shown as help.
    pub note: Option<String>,
}

/// A place in a set: the steps down its loops, and at the end perhaps an element.
///
/// Written `N1*8R/REF*12` (the `REF` with 12 in its first element, in the `N1` loop of 8R),
/// `PTD*BQ|PM/QTY/DTM*582`, `IT1/SAC[04=ENC001]`, or with an element at the end `N1*8R/REF*12/02`,
/// or with a component `PTD/QTY/03-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Loops by their opening segment, then the segment meant; never empty.
    pub steps: Vec<Step>,
    /// The element meant, when it is not the segment.
    pub element: Option<ElementNumber>,
}

/// An element of a segment, or a component of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementNumber {
    /// Counted from 1.
    pub element: u8,
    /// Counted from 1; 0 is the whole element.
    pub component: u8,
}

/// One step of a path: a segment, and what its elements must say for it to be the one meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The segment's id.
    pub segment: String,
    /// Element numbers and the values that qualify; all must hold.
    pub is: Vec<(u8, Vec<String>)>,
}

/// What must hold for a rule to count, e.g. `BPT04 = C1` or `BPT04 = C1 and BPT01 != 01`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// All of them must hold; never empty.
    pub all: Vec<Clause>,
}

/// One thing a condition asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The segment looked at: the one the rule is about, else the latest of that id before it.
    pub segment: String,
    /// Its element, counted from 1.
    pub element: u8,
    /// What is asked of it.
    pub test: Test,
}

/// What a clause asks of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Written `= A|B`: it has one of these values.
    Is(Vec<String>),
    /// Written `!= A|B`: it is there and has none of these values.
    IsNot(Vec<String>),
    /// Written `present`.
    Present,
    /// Written `absent`.
    Absent,
}

/// A path or condition that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected} expected at character {at}")]
pub struct GrammarError {
    /// Counted from 1.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
}

impl std::str::FromStr for Path {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Path, GrammarError> {
        let path = map(
            (separated_list1(char('/'), step), opt(preceded(char('/'), cut(element_number)))),
            |(steps, element)| Path { steps, element },
        );
        whole(path, text, "a path such as `N1*8R/REF*12` or `PTD/QTY/02`")
    }
}

impl std::str::FromStr for Condition {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Condition, GrammarError> {
        let test = alt((
            map(preceded((tag("!="), space0), codes), Test::IsNot),
            map(preceded((char('='), space0), codes), Test::Is),
            value(Test::Present, tag("present")),
            value(Test::Absent, tag("absent")),
        ));
        let clause = map(
            (segment_id, two_digits, space0, test, space0),
            |(segment, element, _, test, _)| Clause { segment, element, test },
        );
        let condition = separated_list1((tag("and"), space1), clause);
        whole(
            map(condition, |all| Condition { all }),
            text,
            "a condition such as `BPT04 = C1|DR` or `REF03 present`",
        )
    }
}

fn whole<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = nom::error::Error<&'a str>>,
    text: &'a str,
    expected: &'static str,
) -> Result<T, GrammarError> {
    match all_consuming(parser).parse(text) {
        Ok((_, it)) => Ok(it),
        Err(nom::Err::Error(e) | nom::Err::Failure(e)) => {
            Err(GrammarError { at: text.len() - e.input.len() + 1, expected })
        }
        Err(nom::Err::Incomplete(_)) => Err(GrammarError { at: text.len() + 1, expected }),
    }
}

fn segment_id(input: &str) -> IResult<&str, String> {
    // Two or three characters; the third is a letter or the digit of ids such as `N10`, and must not
    // eat into the two digits of an element number that may follow.
    let (_, run) = take_while1(|c: char| c.is_ascii_alphanumeric()).parse(input)?;
    let length = match run.len() {
        2 | 3 => run.len(),
        4 | 5 => run.len() - 2,
        _ => 0,
    };
    let id = &run[..length];
    let good = id.starts_with(|c: char| c.is_ascii_uppercase())
        && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if !good {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    Ok((&input[length..], id.to_string()))
}

fn two_digits(input: &str) -> IResult<&str, u8> {
    map_res(take_while_m_n(2, 2, |c: char| c.is_ascii_digit()), |digits: &str| {
        digits.parse::<u8>().ok().filter(|n| *n > 0).ok_or(())
    })
    .parse(input)
}

fn codes(input: &str) -> IResult<&str, Vec<String>> {
    let code = map(
        take_while1(|c: char| c.is_ascii_graphic() && !matches!(c, '|' | ']' | '[' | '/' | '*')),
        str::to_string,
    );
    separated_list1(delimited(space0, char('|'), space0), code).parse(input)
}

fn step(input: &str) -> IResult<&str, Step> {
    let first = map(preceded(char('*'), cut(codes)), |codes| (1, codes));
    let other = delimited(
        char('['),
        cut((terminated(two_digits, delimited(space0, char('='), space0)), codes)),
        char(']'),
    );
    map((segment_id, opt(first), many0(other)), |(segment, first, others)| Step {
        segment,
        is: first.into_iter().chain(others).collect(),
    })
    .parse(input)
}

fn element_number(input: &str) -> IResult<&str, ElementNumber> {
    map(
        (
            two_digits,
            opt(preceded(
                char('-'),
                map_res(take_while_m_n(1, 2, |c: char| c.is_ascii_digit()), str::parse),
            )),
        ),
        |(element, component)| ElementNumber { element, component: component.unwrap_or(0) },
    )
    .parse(input)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            if n > 0 {
                f.write_str("/")?;
            }
            write!(f, "{step}")?;
        }
        match self.element {
            Some(number) => write!(f, "/{number}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ElementNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.element)?;
        if self.component > 0 {
            write!(f, "-{}", self.component)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)?;
        for (element, codes) in &self.is {
            match element {
                1 => write!(f, "*{}", codes.join("|"))?,
                n => write!(f, "[{n:02}={}]", codes.join("|"))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, clause) in self.all.iter().enumerate() {
            if n > 0 {
                f.write_str(" and ")?;
            }
            write!(f, "{}{:02} ", clause.segment, clause.element)?;
            match &clause.test {
                Test::Is(codes) => write!(f, "= {}", codes.join("|"))?,
                Test::IsNot(codes) => write!(f, "!= {}", codes.join("|"))?,
                Test::Present => f.write_str("present")?,
                Test::Absent => f.write_str("absent")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_is_written() {
        for text in [
            "REF",
            "N1*8R/REF*12",
            "PTD*BQ|PM/QTY/DTM*582",
            "IT1[09=ACCOUNT]/SAC[04=ENC001|ENC002]",
            "N1*8R/REF*12/02",
            "PTD/QTY/03-1",
            "G62*10/02",
        ] {
            let path: Path = text.parse().expect(text);
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn a_bad_path_names_the_place() {
        for (text, at) in
            [("", 1), ("ref", 1), ("N1*8R/REF*", 11), ("PTD/QTY/02/03", 11), ("N1/1", 4)]
        {
            assert_eq!(text.parse::<Path>().expect_err(text).at, at, "{text}");
        }
    }

    #[test]
    fn conditions_read_back_as_they_are_written() {
        for text in [
            "BPT04 = C1|DR",
            "BIG08 != 01",
            "QTY04 present",
            "N103 absent",
            "BPT04 = C1 and BPT01 != 01 and BPT09 absent",
        ] {
            assert_eq!(text.parse::<Condition>().expect(text).to_string(), text);
        }
        assert!("BPT = C1".parse::<Condition>().is_err());
    }
}
