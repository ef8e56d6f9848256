//! What a question without an answer may have meant.

use super::{Explanation, explain, segment};
use crate::catalogue::CATALOGUE;
use crate::dictionary::code_list;
use crate::dictionary::codes::{CODE_LISTS, UTILITY_USE};
use crate::dictionary::elements::ELEMENTS;
use crate::dictionary::segments::SEGMENTS;
use crate::sets;

/// How many suggestions are worth reading.
const MOST: usize = 8;

/// Questions that do have an answer and are near this one, the nearest first: a mistyped name, the
/// lists a bare code is in, or what has the word in its name. Empty when nothing is near.
pub fn suggest(question: &str) -> Vec<String> {
    let question = question.trim().to_ascii_uppercase();
    let mut found = Vec::new();
    if let Some((left, code)) = question.split_once(['=', '*']) {
        codes_near(left.trim(), code.trim(), &mut found);
    } else if !question.is_empty() {
        lists_with(&question, &mut found);
        names_near(&question, &mut found);
        if found.is_empty() && question.len() > 2 {
            names_with(&question.to_ascii_lowercase(), &mut found);
        }
    }
    let mut known = std::collections::HashSet::new();
    found.retain(|candidate| known.insert(candidate.clone()));
    found.truncate(MOST);
    found
}

/// A code that its element does not have: codes of the element like it, else the element itself.
fn codes_near(left: &str, code: &str, found: &mut Vec<String>) {
    let place = if segment(left).is_some() { format!("{left}01") } else { left.to_string() };
    let elements = match explain(&place) {
        Some(Explanation::Place(at)) => {
            crate::table::Release::ALL.iter().filter_map(|r| at.codes(*r)).collect()
        }
        Some(Explanation::Element(number)) => code_list(number).into_iter().collect(),
        Some(_) => Vec::new(),
        None => return names_near(left, found),
    };
    let codes = elements.iter().flat_map(|list| list.codes);
    let near = codes.filter(|known| is_near(known.code, code));
    found.extend(near.map(|known| format!("{place}={}", known.code)));
    found.push(place);
}

/// The elements that have the word as a code.
fn lists_with(word: &str, found: &mut Vec<String>) {
    let lists = CODE_LISTS.iter().filter(|list| list.codes.iter().any(|it| it.code == word));
    found.extend(lists.map(|list| format!("{}={word}", list.element)));
}

/// Names that differ by one character.
fn names_near(word: &str, found: &mut Vec<String>) {
    let names = sets::ALL
        .iter()
        .map(|set| set.code)
        .chain(SEGMENTS.iter().map(|segment| segment.id))
        .chain(ELEMENTS.iter().map(|element| element.number));
    let number = word.trim_start_matches("X12-").trim_start_matches(['E', 'W']);
    let is_number = number.len() > 2 && number.bytes().all(|b| b.is_ascii_digit());
    if word.len() > number.len() {
        let entries = CATALOGUE.iter().filter(|it| {
            is_number && is_near(&format!("{:04}", it.number), &format!("{number:0>4}"))
        });
        found.extend(entries.map(|entry| entry.code()));
    }
    found.extend(names.filter(|name| is_near(name, word)).map(str::to_string));
    // A place its segment does not have, or a mistyped segment before a good element number.
    let whole = word.split_once('-').map_or(word, |(whole, _)| whole);
    if let Some((id, element)) = whole.split_at_checked(whole.len().saturating_sub(2)) {
        let near = SEGMENTS.iter().filter(|segment| is_near(segment.id, id));
        let places = near.map(|segment| format!("{}{element}", segment.id));
        let places = places.chain([whole.to_string()]).filter(|place| explain(place).is_some());
        found.extend(places.chain(segment(id).map(str::to_string)));
    }
}

/// What has the words in its name, or is used for it.
fn names_with(words: &str, found: &mut Vec<String>) {
    let has = |text: &str| text.to_ascii_lowercase().contains(words);
    found.extend(sets::ALL.iter().filter(|it| has(it.name)).map(|it| it.code.to_string()));
    found.extend(SEGMENTS.iter().filter(|it| has(it.name)).map(|it| it.id.to_string()));
    found.extend(ELEMENTS.iter().filter(|it| has(it.name)).map(|it| it.number.to_string()));
    found.extend(
        UTILITY_USE
            .iter()
            .filter(|it| has(it.2))
            .map(|(element, code, _)| format!("{element}={code}")),
    );
    for list in CODE_LISTS {
        let codes = list.codes.iter().filter(|code| has(code.meaning));
        found.extend(codes.map(|code| format!("{}={}", list.element, code.code)));
    }
    found.extend(CATALOGUE.iter().filter(|it| has(it.title)).map(|it| it.code()));
}

/// Whether one character was added, lost or mistyped, or two neighbours swapped.
fn is_near(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - end], &b[..b.len() - end]) {
        ([], [_]) | ([_], []) => true,
        ([_], [_]) => start + end > 0,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant_comes_first() {
        for (question, expected) in [
            ("QYT", "QTY"),
            ("QYT02", "QTY02"),
            ("PTD99", "PTD"),
            ("876", "867"),
            ("X12-E0416", "X12-E0406"),
            ("QD", "673=QD"),
            ("PTD01=PMM", "PTD01=PM"),
            ("PTD*XX", "PTD01"),
            ("REF02=12", "REF02"),
            ("interval", "128=MT"),
            ("meter number", "128=46"),
        ] {
            let found = suggest(question);
            assert!(found.contains(&expected.to_string()), "{question}: {found:?}");
        }
        assert_eq!(suggest("QYT02").first().map(String::as_str), Some("QTY02"));
        assert!(suggest("").is_empty() && suggest("?").is_empty());
    }

    #[test]
    fn every_suggestion_has_an_answer() {
        for question in
            ["QYT", "X12-E0999", "meter", "date", "N199", "AK403=77", "12", "é", "=", "9"]
        {
            let found = suggest(question);
            assert!(found.len() <= MOST);
            for suggestion in found {
                assert!(explain(&suggestion).is_some(), "{question}: {suggestion}");
            }
        }
    }
}
