//! Explaining: a question such as `PTD01=PM`, `867` or `X12-E0406` to a page of plain text.
//!
//! Everything comes from the tables that checking uses, so what is explained is what is checked. A
//! guide's rules are not here: they belong to a partner.

mod page;

mod suggest;

use crate::catalogue::{self, Entry};
use crate::dictionary;
use crate::sets;
use crate::table::{CodeList, ElementUse, Release, Syntax};

pub use suggest::suggest;

/// What a question is about; its `Display` is the page, at most 100 columns wide.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Explanation {
    /// A finding, `X12-E0406`, `E0406` or `0406`.
    Finding(&'static Entry),
    /// A release, `004010`.
    Release(Release),
    /// A transaction set, `867`, in every release there is a table for.
    Set(&'static str),
    /// A segment, `PTD`, in every release that has it.
    Segment(&'static str),
    /// A rule between the elements of a segment, `SAC:P0304`.
    Rule(&'static str, Syntax),
    /// A composite, `C001`.
    Composite(&'static str),
    /// An element or component in its segment, `PTD01`, `QTY03-1`.
    Place(Place),
    /// An element of the dictionary, `673`, `I05`.
    Element(&'static str),
    /// One code of an element, `673=QD`, `PTD01=PM` or `PTD*PM`.
    Code {
        /// Where the question has it stand.
        place: Option<Place>,
        /// The element's number.
        element: &'static str,
        /// The code.
        code: &'static str,
    },
}

/// An element or component of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The segment's id.
    pub segment: &'static str,
    /// Counted from 1.
    pub element: u8,
    /// Counted from 1; 0 is the whole element.
    pub component: u8,
}

/// Answers a question about the standard or about a finding; `None` when nothing here has that name.
/// Small letters are as good as capitals.
pub fn explain(question: &str) -> Option<Explanation> {
    let question = question.trim().to_ascii_uppercase();
    if let Some(entry) = finding(&question) {
        return Some(Explanation::Finding(entry));
    }
    if let Some((left, code)) = question.split_once('=') {
        return code_of(left.trim_end(), code.trim_start());
    }
    if let Some((id, code)) = question.split_once('*') {
        return code_of(&format!("{id}01"), code);
    }
    if let Some((id, rule)) = question.split_once([':', ' ']) {
        return rule_of(id, rule.trim_start());
    }
    name(&question)
}

/// A question that is one word.
fn name(word: &str) -> Option<Explanation> {
    let set = || sets::ALL.iter().find(|set| set.code == word);
    let code = || code_of("143", word);
    release(word)
        .map(Explanation::Release)
        .or_else(|| set().map(|set| Explanation::Set(set.code)))
        .or_else(|| segment(word).map(Explanation::Segment))
        .or_else(|| composite(word).map(Explanation::Composite))
        .or_else(|| element(word).map(Explanation::Element))
        .or_else(|| place(word).map(Explanation::Place))
        .or_else(code)
        .or_else(|| {
            let number = word.parse().ok().filter(|_| word.len() == 3)?;
            catalogue::entry(number).map(Explanation::Finding)
        })
}

/// The entry of `X12-E0406`, `E406` or `0406`. A number without zeros in front or a letter may be
/// something else too.
fn finding(word: &str) -> Option<&'static Entry> {
    let bare = word.strip_prefix("X12-").unwrap_or(word);
    let digits = bare.strip_prefix(['E', 'W']).unwrap_or(bare);
    let is_sure = digits.len() < word.len() || (digits.starts_with('0') && digits.len() == 4);
    let is_number = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    (is_sure && is_number).then(|| catalogue::entry(digits.parse().ok()?)).flatten()
}

fn release(word: &str) -> Option<Release> {
    Release::ALL.into_iter().find(|release| {
        word == release.as_str()
            || word == release.interchange_version()
            || word == release.as_str().trim_start_matches('0')
    })
}

fn segment(word: &str) -> Option<&'static str> {
    let mut forms = Release::ALL
        .into_iter()
        .filter_map(|release| dictionary::segment(release, word.as_bytes()));
    forms.next().map(|segment| segment.id)
}

fn composite(word: &str) -> Option<&'static str> {
    let mut forms =
        Release::ALL.into_iter().filter_map(|release| dictionary::composite(release, word));
    forms.next().map(|composite| composite.id)
}

fn element(word: &str) -> Option<&'static str> {
    let mut forms =
        Release::ALL.into_iter().filter_map(|release| dictionary::element(release, word));
    forms.next().map(|element| element.number)
}

/// `PTD01` or `QTY03-1`, when a release has it.
fn place(word: &str) -> Option<Place> {
    let (whole, component) = match word.split_once('-') {
        Some((whole, component)) => (whole, component.parse().ok().filter(|n| *n > 0)?),
        None => (word, 0),
    };
    let (id, number) = whole.split_at_checked(whole.len().checked_sub(2)?)?;
    let element = number.parse().ok()?;
    let place = Place { segment: segment(id)?, element, component };
    Release::ALL.into_iter().any(|release| place.used(release).is_some()).then_some(place)
}

/// A code of the element that `left` names or that stands in the place it names.
fn code_of(left: &str, code: &str) -> Option<Explanation> {
    let place = place(left);
    let number = match place {
        Some(place) => place.element_with(code)?,
        None => element(left)?,
    };
    let list = dictionary::code_list(number)?;
    let code = list.codes.iter().find(|known| known.code == code)?.code;
    Some(Explanation::Code { place, element: list.element, code })
}

fn rule_of(id: &str, rule: &str) -> Option<Explanation> {
    let id = segment(id)?;
    let mut forms =
        Release::ALL.into_iter().filter_map(|release| dictionary::segment(release, id.as_bytes()));
    let found = forms.find_map(|form| form.syntax.iter().find(|known| known.to_string() == rule));
    found.map(|rule| Explanation::Rule(id, *rule))
}

impl Place {
    /// The table's line of it in a release.
    pub fn used(&self, release: Release) -> Option<&'static ElementUse> {
        let segment = dictionary::segment(release, self.segment.as_bytes())?;
        let whole = segment.elements.get(usize::from(self.element).checked_sub(1)?)?;
        match self.component {
            0 => Some(whole),
            n => dictionary::composite(release, whole.element)?.components.get(usize::from(n) - 1),
        }
    }

    /// The code list of what stands there in a release; of the first component of a composite.
    fn codes(&self, release: Release) -> Option<&'static CodeList> {
        let used = self.used(release)?;
        let first =
            dictionary::composite(release, used.element).and_then(|it| it.components.first());
        dictionary::code_list(first.unwrap_or(used).element)
    }

    /// The element that has the code here in one of the releases.
    fn element_with(&self, code: &str) -> Option<&'static str> {
        let mut found = Release::ALL.into_iter().filter_map(|release| {
            let list = self.codes(release)?;
            let known = list.codes.iter().any(|it| it.code == code && it.releases.has(release));
            known.then_some(list.element)
        });
        found.next()
    }
}

/// As reports write it, e.g. `QTY03-1`.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:02}", self.segment, self.element)?;
        match self.component {
            0 => Ok(()),
            n => write!(f, "-{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page of a question.
    fn page(question: &str) -> String {
        explain(question).unwrap_or_else(|| panic!("{question} has an answer")).to_string()
    }

    #[test]
    fn a_question_may_be_written_in_several_ways() {
        for (questions, start) in [
            (&["X12-E0406", "x12-w0406", "E0406", "0406", "e406"][..], "X12-E0406  not a number"),
            (&["X12-W0457", "0457", "457"], "X12-W0457"),
            (&["867", " 867 "], "867  Product Transfer and Resale Report"),
            (&["PTD", "ptd"], "PTD  product"),
            (&["PTD01", "ptd01"], "PTD01  "),
            (&["QTY03-1"], "QTY03-1  unit of measure"),
            (&["673"], "673  quantity qualifier"),
            (&["I05", "i05"], "I05  interchange id qualifier"),
            (&["C001"], "C001  unit of measure"),
            (&["REF01=12", "ref*12", "REF01 = 12"], "REF01=12  billing account"),
            (&["QTY03=KH"], "QTY03=KH  kilowatt"),
            (&["673=QD"], "673=QD  "),
            (&["N1:P0304", "N1 p0304"], "N1 P0304"),
            (&["004010", "4010", "00401"], "004010  "),
            (&["568"], "143=568  contract payment report"),
        ] {
            for question in questions {
                let page = page(question);
                assert!(page.starts_with(start), "{question}: {page}");
            }
        }
    }

    #[test]
    fn what_is_not_there_has_no_page() {
        for question in [
            "", "=", "*", ":", "PTD99", "PTD00", "QTY03-0", "QTY02-1", "REF01=??", "XYZ", "9",
            "é01",
        ] {
            assert!(explain(question).is_none(), "{question}");
        }
    }

    #[test]
    fn acknowledgment_codes_name_the_findings_that_earn_them() {
        for (question, finding) in [
            ("AK403=7", "X12-E0407"),
            ("AK403=7", "X12-W0457"),
            ("AK403=7", "X12-E0617"),
            ("IK403=7", "X12-E0407"),
            ("IK403=I6", "X12-E0617"),
            ("IK304=I6", "X12-E0603"),
            ("AK304=2", "X12-E0602"),
            ("AK304=4", "X12-E0605"),
            ("AK502=18", "X12-E0326"),
            ("AK905=19", "X12-E0219"),
            ("TA105=020", "X12-E0120"),
        ] {
            assert!(page(question).contains(finding), "{question}: {}", page(question));
        }
        assert!(!page("AK403=7").contains("X12-E0406"));
        assert!(!page("IK403=7").contains("X12-E0617") && !page("IK304=I6").contains("X12-E0617"));
        assert!(page("AK304=8").contains("every finding about an element"));
        assert!(page("TA105=024").contains("envelope"));
    }

    #[test]
    fn every_page_fits_the_terminal() {
        let entries = catalogue::CATALOGUE.iter().map(|entry| entry.code());
        let tables = sets::ALL.iter().map(|set| set.code.to_string());
        let segments = dictionary::segments::SEGMENTS.iter().map(|segment| segment.id.to_string());
        let places = dictionary::segments::SEGMENTS.iter().flat_map(|segment| {
            (1..=segment.elements.len()).map(|n| format!("{}{n:02}", segment.id))
        });
        let composites = dictionary::composites::COMPOSITES.iter().map(|it| it.id.to_string());
        let elements = dictionary::elements::ELEMENTS.iter().map(|it| it.number.to_string());
        let codes = dictionary::codes::CODE_LISTS
            .iter()
            .flat_map(|list| list.codes.iter().map(|it| format!("{}={}", list.element, it.code)));
        let rules = dictionary::segments::SEGMENTS
            .iter()
            .flat_map(|segment| segment.syntax.iter().map(|rule| format!("{}:{rule}", segment.id)));
        let all = entries.chain(tables).chain(segments).chain(places).chain(composites);
        for question in all.chain(elements).chain(codes).chain(rules) {
            let page = page(&question);
            assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{question}");
            for line in page.lines() {
                let wide = line.chars().count() > page::WIDTH;
                assert!(!wide && line == line.trim_end(), "{question}: {line:?}");
            }
        }
    }
}
