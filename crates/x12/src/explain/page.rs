//! The pages of text that answer questions.

use std::fmt::{self, Write};

use super::{Explanation, Place};
use crate::catalogue::{CATALOGUE, Entry};
use crate::dictionary::codes::UTILITY_USE;
use crate::dictionary::{self, code_list};
use crate::finding::{AckCodes, Severity};
use crate::sets;
use crate::table::{
    Code, Composite, Element, ElementUse, Kind, MANY, Release, Releases, Row, Segment, Syntax,
    TransactionSet, Usage,
};

/// The widest line.
pub(super) const WIDTH: usize = 96;
/// The narrowest last column of a table before it goes on below.
const NARROW: usize = 24;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = match *self {
            Explanation::Finding(entry) => finding(entry),
            Explanation::Release(release) => about_release(release),
            Explanation::Set(code) => set(code),
            Explanation::Segment(id) => segment(id),
            Explanation::Rule(id, rule) => about_rule(id, rule),
            Explanation::Composite(id) => composite(id),
            Explanation::Place(place) => about_place(place),
            Explanation::Element(number) => element(number),
            Explanation::Code { place, element, code } => about_code(place, element, code),
        };
        f.write_str(&page.text)
    }
}

/// A page being written.
struct Page {
    text: String,
}

impl Page {
    /// A page and its first line.
    fn new(name: &str, title: &str) -> Page {
        let mut page = Page { text: String::new() };
        page.table("", &[vec![name.to_string(), title.to_string()]]);
        page
    }

    /// A paragraph of its own.
    fn paragraph(&mut self, text: &str) {
        self.text.push('\n');
        self.line(text);
    }

    /// Text that follows on the line before.
    fn line(&mut self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// A heading and the table under it; nothing when there are no rows.
    fn section(&mut self, heading: &str, rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.paragraph(heading);
        self.table("  ", rows);
    }

    /// Columns as wide as they need be, two spaces apart; the last one wraps.
    fn table(&mut self, indent: &str, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter(|row| row.len() > column + 1);
            cells.filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in rows {
            let Some((last, cells)) = row.split_last() else { continue };
            let mut line = indent.to_string();
            for (cell, width) in cells.iter().zip(&widths) {
                if *width > 0 {
                    let _ = write!(line, "{cell:width$}  ");
                }
            }
            let start = line.chars().count();
            let (mut room, mut below) = (WIDTH.saturating_sub(start), start);
            if room < NARROW && last.chars().count() > room {
                self.end_line(&line);
                (room, below, line) = (WIDTH - 8, 8, " ".repeat(8));
            }
            for (n, part) in wrapped(last, room).iter().enumerate() {
                if n > 0 {
                    line = " ".repeat(below);
                }
                line.push_str(part);
                self.end_line(&line);
            }
        }
    }

    fn end_line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// The text in lines of at most `width`, broken between words; as it is when it fits.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_string()];
    }
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let length = line.chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(word.to_string());
        } else {
            if length > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

// Findings.

fn finding(entry: &Entry) -> Page {
    let mut page = Page::new(&entry.code(), entry.title);
    let mut lines = entry.meaning.lines();
    page.paragraph(lines.next().unwrap_or_default());
    for (n, example) in lines.enumerate() {
        let (wrong, right) = example.split_once(" -> ").unwrap_or((example, ""));
        let row = |name: &str, text: &str| vec![name.to_string(), text.to_string()];
        page.text.push_str(if n == 0 { "\n" } else { "" });
        page.table("  ", &[row("wrong", wrong), row("right", right)]);
    }
    page.paragraph(&format!("help: {}", entry.remedy));
    let heading = match entry.severity() {
        Severity::Error => "An error; the acknowledgment answers it with",
        Severity::Warning => "A warning, which rejects nothing; the code that goes with it",
    };
    page.section(heading, &answers(entry));
    if entry.severity() == Severity::Warning && answers(entry).is_empty() {
        page.paragraph("A warning, which rejects nothing.");
    }
    if entry.number >= 600 {
        let milder = crate::finding::code(Severity::Warning, entry.number);
        page.paragraph(&format!("A guide may make it a warning, {milder}."));
    }
    page
}

/// The codes a finding is answered with: where each stands, what it means.
fn answers(entry: &Entry) -> Vec<Vec<String>> {
    let mut found: Vec<((&Answer, &str), Vec<Release>)> = Vec::new();
    for answer in ANSWERS {
        for release in Release::ALL {
            for code in entry.ack(release).filter_map(|codes| (answer.code)(&codes)) {
                match found.iter_mut().find(|it| it.0.0.place == answer.place && it.0.1 == code) {
                    Some((_, releases)) if releases.contains(&release) => {}
                    Some((_, releases)) => releases.push(release),
                    None => found.push(((answer, code), vec![release])),
                }
            }
        }
    }
    let row = |((answer, code), releases): &((&Answer, &str), Vec<Release>)| {
        let list = code_list(answer.elements[0]).map_or(&[][..], |list| list.codes);
        let known = list.iter().find(|it| it.code == *code && it.releases.has(releases[0]));
        let only = match releases[..] {
            [release] => format!(" ({release})"),
            _ => String::new(),
        };
        let meaning = known.map_or("", |code| without_release(code.meaning));
        vec![answer.place.to_string(), code.to_string(), format!("{meaning}{only}")]
    };
    let mut rows: Vec<Vec<String>> = found.iter().map(row).collect();
    if let Some(code) = entry.implementation_code() {
        let is_element = entry.ack(Release::V005010).any(|codes| codes.ak403.is_some());
        let (place, number) = if is_element { ("IK403", "621") } else { ("IK304", "620") };
        let list = code_list(number).map_or(&[][..], |list| list.codes);
        let meaning = list.iter().find(|it| it.code == code).map_or("", |it| it.meaning);
        rows.push(vec![place.to_string(), code.to_string(), format!("{meaning} (999)")]);
    }
    if let 400..600 = entry.number {
        let meaning = "in a segment of the envelope, which no AK3 can name";
        rows.push(["TA105", "024", meaning].map(str::to_string).to_vec());
    }
    rows
}

/// A meaning without the release it ends in, which stands beside it.
fn without_release(meaning: &str) -> &str {
    let releases = Release::ALL.iter();
    releases.fold(meaning, |text, release| text.trim_end_matches(&format!(" ({release})")))
}

/// Where an acknowledgment gives a code, which elements hold it there, and which of a finding's codes
/// it is. A 999 has elements of its own, with the same codes and some more.
struct Answer {
    place: &'static str,
    elements: &'static [&'static str],
    code: fn(&AckCodes) -> Option<&'static str>,
}

const ANSWERS: &[Answer] = &[
    Answer { place: "TA105", elements: &["I18"], code: |codes| codes.ta105 },
    Answer { place: "AK304", elements: &["720", "620"], code: |codes| codes.ak304 },
    Answer { place: "AK403", elements: &["723", "621"], code: |codes| codes.ak403 },
    Answer { place: "AK502", elements: &["718", "618"], code: |codes| codes.ak502 },
    Answer { place: "AK905", elements: &["716"], code: |codes| codes.ak905 },
];

/// The findings that earn a code of an acknowledgment.
fn earned_by(page: &mut Page, element: &str, code: &str) {
    let Some(answer) = ANSWERS.iter().find(|it| it.elements.contains(&element)) else { return };
    match (answer.place, code) {
        ("AK304", "8") => {
            return page.paragraph("It goes with every finding about an element of the set.");
        }
        ("AK502", "5") => {
            return page
                .paragraph("It goes with every finding about a segment or an element of the set.");
        }
        ("TA105", "024") => {
            return page.paragraph(
                "It goes with every finding about an element of the envelope's segments GS, GE, TA1 \
                 and IEA.",
            );
        }
        _ => {}
    }
    // A 999 has codes of its own for what a guide asks.
    let in_999 = matches!(element, "620" | "621");
    let earns = |entry: &&Entry| {
        let mut codes = Release::ALL.into_iter().flat_map(|release| entry.ack(release));
        match entry.implementation_code().filter(|_| in_999) {
            Some(own) => own == code && codes.any(|it| it.ak403.is_some() == (element == "621")),
            None => codes.any(|codes| (answer.code)(&codes) == Some(code)),
        }
    };
    let row = |entry: &Entry| vec![entry.code(), entry.title.to_string()];
    let rows: Vec<_> = CATALOGUE.iter().filter(earns).map(row).collect();
    match rows.is_empty() {
        true => page.paragraph("No finding of this program earns it."),
        false => page.section("Earned by", &rows),
    }
}

// Releases and transaction sets.

fn about_release(release: Release) -> Page {
    let number = release.as_str().trim_start_matches('0');
    let (version, rest) = number.split_at(1);
    let title = format!("version {version} release {} of the standard", rest.trim_matches('0'));
    let mut page = Page::new(release.as_str(), &title);
    page.paragraph(&format!(
        "GS08 begins with {release}; ISA12 is {}. {}",
        release.interchange_version(),
        match release {
            Release::V004010 => "It is the release electric utilities exchange.",
            Release::V005010 =>
                "Its elements may repeat, separated by ISA11, and it has the 999 beside the 997.",
        }
    ));
    let tables = sets::ALL.iter().filter(|set| set.release == release);
    let rows: Vec<_> = tables.map(|set| vec![set.code.to_string(), set.name.to_string()]).collect();
    page.section("Transaction sets", &rows);
    page
}

fn set(code: &str) -> Page {
    let forms = Release::ALL.map(|release| sets::find(release, code.as_bytes()));
    let Some(first) = forms.iter().flatten().next() else { return Page::new(code, "") };
    let mut page = Page::new(code, first.name);
    page.paragraph(&format!("Functional group {} (GS01). {}", first.group, in_releases(&forms)));
    type Area = fn(&'static TransactionSet) -> &'static [Row];
    let areas: [(&str, Area); 3] = [
        ("Heading", |set| set.heading),
        ("Detail", |set| set.detail),
        ("Summary", |set| set.summary),
    ];
    for (heading, area) in areas {
        let [old, new] = forms.map(|form| form.map_or(&[][..], area));
        let both = forms.iter().all(Option::is_some);
        let mut rows = Vec::new();
        rows_of(old, new, both, 0, &mut rows);
        page.section(heading, &rows);
    }
    page.paragraph(
        "Columns: segment, whether it must or may be there, how often it may stand in its loop, name.",
    );
    page
}

/// The rows of both releases as one tree; what differs says so.
fn rows_of(
    old: &'static [Row],
    new: &'static [Row],
    both: bool,
    depth: usize,
    lines: &mut Vec<Vec<String>>,
) {
    for (old, new) in side_by_side(old, new) {
        let Some(row) = old.or(new) else { continue };
        let id =
            format!("{}{}{}", "  ".repeat(depth), row.id, if row.is_loop() { " loop" } else { "" });
        let mut remarks = Vec::new();
        match (old, new) {
            (Some(old), Some(new)) => {
                if old.usage != new.usage {
                    remarks.push(format!("{} in 005010", usage(new.usage)));
                }
                if old.max != new.max {
                    remarks.push(format!("{} in 005010", often(new.max)));
                }
            }
            (Some(_), None) if both => remarks.push("004010 only".to_string()),
            (None, Some(_)) if both => remarks.push("005010 only".to_string()),
            _ => {}
        }
        let name = match row.is_loop() {
            true => "",
            false => segment_name(row.id),
        };
        let remarks = match remarks.is_empty() {
            true => String::new(),
            false => format!("({})", remarks.join(", ")),
        };
        let last = remarked(name, &[&remarks]);
        let most = format!("{:>7}", often(row.max));
        lines.push(vec![id, usage(row.usage).to_string(), most, last]);
        let inner = |row: Option<&'static Row>| row.map_or(&[][..], |row| row.rows);
        let both = both && old.is_some() && new.is_some();
        rows_of(inner(old), inner(new), both, depth + 1, lines);
    }
}

/// Two lists of rows, each row beside the same one of the other list as far as the order allows.
fn side_by_side(
    old: &'static [Row],
    new: &'static [Row],
) -> Vec<(Option<&'static Row>, Option<&'static Row>)> {
    let same = |a: usize, b: usize| old[a].id == new[b].id && old[a].is_loop() == new[b].is_loop();
    // How many rows of the rests from a and b on can stand beside each other.
    let mut pairs = vec![vec![0u16; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            pairs[a][b] = match same(a, b) {
                true => pairs[a + 1][b + 1] + 1,
                false => pairs[a + 1][b].max(pairs[a][b + 1]),
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut beside = Vec::new();
    while a < old.len() || b < new.len() {
        let (has_old, has_new) = (a < old.len(), b < new.len());
        if has_old && has_new && same(a, b) {
            beside.push((Some(&old[a]), Some(&new[b])));
            (a, b) = (a + 1, b + 1);
        } else if has_old && (!has_new || pairs[a + 1][b] >= pairs[a][b + 1]) {
            beside.push((Some(&old[a]), None));
            a += 1;
        } else {
            beside.push((None, Some(&new[b])));
            b += 1;
        }
    }
    beside
}

fn segment_name(id: &str) -> &'static str {
    segment_forms(id).into_iter().flatten().next().map_or("", |segment| segment.name)
}

fn usage(usage: Usage) -> &'static str {
    match usage {
        Usage::Must => "must",
        Usage::May => "may",
        Usage::Never => "never",
    }
}

fn often(max: u32) -> String {
    match max {
        MANY => "no limit".to_string(),
        max => max.to_string(),
    }
}

/// A sentence about the releases that have something; the oldest first.
fn in_releases<T>(forms: &[Option<T>; 2]) -> String {
    match forms {
        [Some(_), Some(_)] => "Releases 004010 and 005010.".to_string(),
        [Some(_), None] => "Release 004010 only.".to_string(),
        [None, Some(_)] => "Release 005010 only.".to_string(),
        [None, None] => String::new(),
    }
}

// Segments and composites.

fn segment_forms(id: &str) -> [Option<&'static Segment>; 2] {
    Release::ALL.map(|release| dictionary::segment(release, id.as_bytes()))
}

fn segment(id: &str) -> Page {
    let forms = segment_forms(id);
    let mut page = Page::new(id, segment_name(id));
    if forms.iter().any(Option::is_none) {
        page.paragraph(&in_releases(&forms));
    }
    let name = |n: usize| format!("{id}{n:02}");
    let uses = forms.map(|form| form.map(|form| form.elements));
    page.section("Elements", &lines_of(uses, name));
    page.section("Rules", &rules_of(forms.map(|form| form.map(|form| form.syntax)), name));
    page.section("Where it stands", &homes(id));
    page
}

fn composite_forms(id: &str) -> [Option<&'static Composite>; 2] {
    Release::ALL.map(|release| dictionary::composite(release, id))
}

fn composite(id: &str) -> Page {
    let forms = composite_forms(id);
    let title = forms.iter().flatten().next().map_or("", |composite| composite.name);
    let mut page = Page::new(id, title);
    if forms.iter().any(Option::is_none) {
        page.paragraph(&in_releases(&forms));
    }
    components(&mut page, id);
    used_in(&mut page, id);
    page
}

/// The components of a composite and their rules.
fn components(page: &mut Page, id: &str) {
    let forms = composite_forms(id);
    let name = |n: usize| format!("component {n}");
    let uses = forms.map(|form| form.map(|form| form.components));
    page.section("Components", &lines_of(uses, name));
    page.section("Rules", &rules_of(forms.map(|form| form.map(|form| form.syntax)), name));
}

/// The lines of a segment's elements or a composite's components, in both releases.
fn lines_of(
    forms: [Option<&'static [ElementUse]>; 2],
    name: impl Fn(usize) -> String,
) -> Vec<Vec<String>> {
    let both = forms.iter().all(Option::is_some);
    let [old, new] = forms.map(Option::unwrap_or_default);
    let mut lines = Vec::new();
    for n in 1..=old.len().max(new.len()) {
        let line = |used: &ElementUse, release: Release, remark: String| {
            let form = match dictionary::element(release, used.element) {
                Some(element) => format!("{} {}", element.kind, lengths(element)),
                None => "composite".to_string(),
            };
            vec![
                name(n),
                usage(used.usage).to_string(),
                used.element.to_string(),
                form,
                remarked(used.name, &[&remark]),
            ]
        };
        match (old.get(n - 1), new.get(n - 1)) {
            (Some(old), Some(new)) if old == new => {
                lines.push(line(old, Release::V004010, use_remark(old)));
            }
            (old, new) => {
                let only = |release: Release| match both {
                    true => format!("({release} only)"),
                    false => String::new(),
                };
                let old = old.map(|used| line(used, Release::V004010, only(Release::V004010)));
                let new = new.map(|used| {
                    let remark = remarked(&repeats(used), &[&only(Release::V005010)]);
                    line(used, Release::V005010, remark)
                });
                lines.extend(old.into_iter().chain(new));
            }
        }
    }
    lines
}

/// What 005010 changes about an element that stands in the same place, and how often it repeats.
fn use_remark(used: &ElementUse) -> String {
    let forms = Release::ALL.map(|release| dictionary::element(release, used.element));
    let changed = match forms {
        [Some(old), Some(new)] if form(old) != form(new) => {
            let kind = if old.kind == new.kind { String::new() } else { format!("{} ", new.kind) };
            format!("({kind}{} in 005010)", lengths(new))
        }
        _ => String::new(),
    };
    remarked(&repeats(used), &[&changed])
}

/// A text and the remarks there are, a space between them.
fn remarked(text: &str, remarks: &[&str]) -> String {
    let parts = [text].into_iter().chain(remarks.iter().copied());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn repeats(used: &ElementUse) -> String {
    match used.repeat {
        1 => String::new(),
        n => format!("(repeats up to {} times)", often(n)),
    }
}

fn form(element: &Element) -> (Kind, u16, u16) {
    (element.kind, element.min, element.max)
}

fn lengths(element: &Element) -> String {
    match (element.min, element.max) {
        (min, max) if min == max => format!("{min}"),
        (min, max) => format!("{min}..{max}"),
    }
}

/// Syntax rules of both releases, in words.
fn rules_of(
    forms: [Option<&'static [Syntax]>; 2],
    name: impl Fn(usize) -> String,
) -> Vec<Vec<String>> {
    let both = forms.iter().all(Option::is_some);
    let [old, new] = forms.map(Option::unwrap_or_default);
    let line = |rule: &Syntax, only: &str| {
        vec![rule.to_string(), remarked(&in_words(*rule, &name), &[only])]
    };
    let olds = old.iter().map(|rule| match both && !new.contains(rule) {
        true => line(rule, "(004010 only)"),
        false => line(rule, ""),
    });
    let news = new.iter().filter(|rule| !old.contains(rule)).map(|rule| match both {
        true => line(rule, "(005010 only)"),
        false => line(rule, ""),
    });
    olds.chain(news).collect()
}

/// A syntax rule as a sentence.
fn in_words(rule: Syntax, name: impl Fn(usize) -> String) -> String {
    let names: Vec<String> = rule.positions().iter().map(|n| name(usize::from(*n))).collect();
    let first = names.first().map_or("", String::as_str);
    let others = names.get(1..).unwrap_or_default();
    match rule {
        Syntax::P(_) if names.len() == 2 => format!("both or neither of {}", list(&names, "and")),
        Syntax::P(_) => format!("all or none of {}", list(&names, "and")),
        Syntax::R(_) => format!("at least one of {}", list(&names, "and")),
        Syntax::E(_) => format!("at most one of {}", list(&names, "and")),
        Syntax::C(_) => format!("{first} needs {}", list(others, "and")),
        Syntax::L(_) if others.len() == 1 => format!("{first} needs {}", list(others, "and")),
        Syntax::L(_) => format!("{first} needs at least one of {}", list(others, "and")),
    }
}

fn list(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {word} {last}", rest.join(", ")),
    }
}

fn about_rule(id: &str, rule: Syntax) -> Page {
    let name = |n: usize| format!("{id}{n:02}");
    let mut page = Page::new(&format!("{id} {rule}"), &in_words(rule, name));
    let (meaning, finding) = match rule {
        Syntax::P(_) => ("P, paired: all of the elements or none.", 501),
        Syntax::R(_) => ("R, required: at least one of the elements.", 502),
        Syntax::E(_) => ("E, exclusion: at most one of the elements.", 503),
        Syntax::C(_) => ("C, conditional: with the first element all the others.", 504),
        Syntax::L(_) => ("L, list conditional: with the first element one of the others.", 505),
    };
    page.paragraph(&format!(
        "{meaning} Where it does not hold, X12-E{finding:04} is found, once for each rule."
    ));
    let forms = segment_forms(id);
    let uses = forms.map(|form| form.map(|form| form.elements));
    let lines = lines_of(uses, name);
    let names: Vec<String> = rule.positions().iter().map(|n| name(usize::from(*n))).collect();
    let concerned: Vec<_> = lines.into_iter().filter(|line| names.contains(&line[0])).collect();
    page.section("Elements", &concerned);
    page
}

/// The sets and the paths down their loops where a segment stands.
fn homes(id: &str) -> Vec<Vec<String>> {
    let envelope = match id {
        "ISA" => "the first segment of an interchange",
        "IEA" => "the last segment of an interchange",
        "TA1" => "between ISA and the first GS",
        "GS" => "the first segment of a functional group",
        "GE" => "the last segment of a functional group",
        "ST" => "the first segment of a transaction set",
        "SE" => "the last segment of a transaction set",
        _ => "",
    };
    if !envelope.is_empty() {
        return vec![vec![envelope.to_string()]];
    }
    let mut codes: Vec<&str> = sets::ALL.iter().map(|set| set.code).collect();
    codes.dedup();
    let line = |code: &&str| {
        let forms = Release::ALL.map(|release| sets::find(release, code.as_bytes()));
        let paths = forms.map(|form| form.map(|set| paths(set, id)).unwrap_or_default());
        let both = forms.iter().all(Option::is_some);
        let mut named: Vec<String> = Vec::new();
        for (release, (here, there)) in
            Release::ALL.into_iter().zip([(&paths[0], &paths[1]), (&paths[1], &paths[0])])
        {
            for path in here {
                let text = match both && !there.contains(path) {
                    true => format!("{path} ({release})"),
                    false => path.clone(),
                };
                if !named.contains(&text) {
                    named.push(text);
                }
            }
        }
        (!named.is_empty()).then(|| vec![code.to_string(), named.join(", ")])
    };
    codes.iter().filter_map(line).collect()
}

/// The paths of a segment in a set, e.g. `PTD/QTY/DTM`.
fn paths(set: &TransactionSet, id: &str) -> Vec<String> {
    fn collect(row: &'static Row, above: &str, id: &str, found: &mut Vec<String>) {
        let path = match above {
            "" => row.id.to_string(),
            above => format!("{above}/{}", row.id),
        };
        if row.id == id && !found.contains(&path) {
            found.push(path.clone());
        }
        row.rows.iter().skip(1).for_each(|row| collect(row, &path, id, found));
    }
    let mut found = Vec::new();
    set.rows().for_each(|row| collect(row, "", id, &mut found));
    found
}

// Elements and codes.

fn element_forms(number: &str) -> [Option<&'static Element>; 2] {
    Release::ALL.map(|release| dictionary::element(release, number))
}

fn about_place(place: Place) -> Page {
    let uses = Release::ALL.map(|release| place.used(release));
    let [old, new] = uses;
    let name = old.or(new).map_or("", |used| used.name);
    let mut page = Page::new(&place.to_string(), name);
    page.paragraph(&format!("Of {}, {}.", place.segment, segment_name(place.segment)));
    let segment = segment_forms(place.segment);
    let differ = old != new;
    for (release, used) in Release::ALL.into_iter().zip(uses) {
        let Some(used) = used else { continue };
        if !differ && release == Release::V005010 && old.is_some() {
            continue;
        }
        let only = match differ && segment.iter().all(Option::is_some) {
            true => format!("In {release}: "),
            false => String::new(),
        };
        let asked = match used.usage {
            Usage::Must => "It must be there.",
            _ => "It may be left out.",
        };
        let repeat = match used.repeat {
            1 => String::new(),
            n => format!(" It repeats up to {} times.", often(n)),
        };
        page.line(&format!("{only}{asked}{repeat}"));
        let mut kinds = vec![used.element];
        if differ && release == Release::V004010 {
            kinds.retain(|number| new.is_none_or(|used| used.element != *number));
        }
        for number in kinds {
            kind_of(&mut page, number, old.is_some() && new.is_some() && differ, release);
        }
    }
    if place.component == 0 {
        let rules = segment.map(|form| form.map(|form| form.syntax));
        let named = |rule: &[String]| rule[1].contains(&place.to_string());
        let lines = rules_of(rules, |n| format!("{}{n:02}", place.segment));
        let rules: Vec<_> = lines.into_iter().filter(|line| named(line)).collect();
        page.section("Rules", &rules);
    }
    let mut numbers: Vec<&str> = uses.iter().flatten().map(|used| used.element).collect();
    numbers.dedup();
    for number in numbers {
        components(&mut page, number);
        codes_of(&mut page, number);
    }
    page
}

/// How the values of an element are written; of one release only when it differs between places.
fn kind_of(page: &mut Page, number: &str, only: bool, release: Release) {
    let forms = element_forms(number);
    if forms.iter().all(Option::is_none) {
        return page.line(&format!("Composite {number}: its components are separated by ISA16."));
    }
    let text = |element: &Element| {
        let length = match (element.min, element.max) {
            (1, 1) => "1 character".to_string(),
            (min, max) if min == max => format!("{max} characters"),
            (min, max) => format!("{min} to {max} characters"),
        };
        let counted = match element.kind {
            Kind::N(_) => " (a minus sign does not count)",
            Kind::R => " (minus sign and point do not count)",
            _ => "",
        };
        format!("{}, {}, {length}{counted}", element.kind, kind(element))
    };
    let text = match forms {
        [Some(old), Some(new)] if form(old) != form(new) && !only => {
            format!("{}; in 005010 {}", text(old), text(new))
        }
        [old, new] => {
            let chosen = if release == Release::V005010 { new.or(old) } else { old.or(new) };
            chosen.map(text).unwrap_or_default()
        }
    };
    page.line(&format!("Element {number}: {text}."));
}

fn kind(element: &Element) -> String {
    match element.kind {
        Kind::An => "text".to_string(),
        Kind::Id => "a code".to_string(),
        Kind::N(0) => "a whole number".to_string(),
        Kind::N(1) => "a number whose last digit is a decimal: 75 is 7.5".to_string(),
        Kind::N(2) => "a number whose last two digits are decimals: 7500 is 75.00".to_string(),
        Kind::N(places) => format!("a number whose last {places} digits are decimals"),
        Kind::R => "a decimal number such as 12.75".to_string(),
        Kind::Dt if element.max == 6 => "a date, YYMMDD".to_string(),
        Kind::Dt => "a date, CCYYMMDD".to_string(),
        Kind::Tm if element.max == 4 => "a time, HHMM".to_string(),
        Kind::Tm => "a time, HHMM or finer".to_string(),
    }
}

fn element(number: &str) -> Page {
    let forms = element_forms(number);
    let title = forms.iter().flatten().next().map_or("", |element| element.name);
    let mut page = Page::new(number, title);
    page.text.push('\n');
    if forms.iter().any(Option::is_none) {
        page.line(&in_releases(&forms));
    }
    kind_of(&mut page, number, false, Release::V004010);
    used_in(&mut page, number);
    codes_of(&mut page, number);
    page
}

/// Where the segments and composites hold an element or composite.
fn used_in(page: &mut Page, number: &str) {
    let mut found: Vec<String> = Vec::new();
    let mut add = |id: &str, sign: &str, uses: &'static [ElementUse]| {
        for (n, used) in (1..).zip(uses) {
            let name = match sign {
                "" => format!("{id}{n:02}"),
                sign => format!("{id}{sign}{n}"),
            };
            if used.element == number && !found.contains(&name) {
                found.push(name);
            }
        }
    };
    for segment in dictionary::segments::SEGMENTS {
        add(segment.id, "", segment.elements);
    }
    for composite in dictionary::composites::COMPOSITES {
        add(composite.id, "-", composite.components);
    }
    if !found.is_empty() {
        page.section("Where it stands", &[vec![found.join(", ")]]);
    }
}

/// The codes of an element, with what utilities use them for.
fn codes_of(page: &mut Page, number: &str) {
    let Some(list) = code_list(number) else { return };
    let heading = match list.complete {
        true => format!("Codes of {number} (all there are)"),
        false => format!("Codes of {number} (a choice; the standard has more)"),
    };
    let uses = list.codes.iter().any(|code| !utilities(number, code.code).is_empty());
    let row = |code: &'static Code| {
        let meaning = remarked(without_release(code.meaning), &[&only_in(code.releases)]);
        match uses {
            true => {
                let used = utilities(number, code.code);
                vec![code.code.to_string(), meaning, used.to_string()]
            }
            false => vec![code.code.to_string(), meaning],
        }
    };
    let mut rows: Vec<Vec<String>> = list.codes.iter().map(row).collect();
    if uses {
        let heads = ["", "the standard", "utilities"].map(str::to_string).to_vec();
        rows.insert(0, heads);
    }
    page.section(&heading, &rows);
}

/// What utilities use a code for; empty where nothing is known beyond its meaning.
fn utilities(number: &str, code: &str) -> &'static str {
    let found = UTILITY_USE.binary_search_by(|it| (it.0, it.1).cmp(&(number, code)));
    found.map_or("", |at| UTILITY_USE[at].2)
}

fn only_in(releases: Releases) -> String {
    match releases {
        Releases::All => String::new(),
        Releases::Only(release) => format!("({release} only)"),
    }
}

fn about_code(place: Option<Place>, number: &str, code: &str) -> Page {
    let meanings = code_list(number).into_iter().flat_map(|list| list.codes);
    let meanings: Vec<_> = meanings.filter(|known| known.code == code).collect();
    let left = place.map_or(number.to_string(), |place| place.to_string());
    let title: Vec<String> = meanings
        .iter()
        .map(|it| remarked(without_release(it.meaning), &[&only_in(it.releases)]))
        .collect();
    let mut page = Page::new(&format!("{left}={code}"), &title.join("; "));
    let name = element_forms(number).iter().flatten().next().map_or("", |element| element.name);
    let used = place.and_then(|place| {
        Release::ALL.into_iter().find_map(|release| place.used(release).map(|used| used.name))
    });
    page.paragraph(&match (place, used) {
        (Some(place), Some(used)) => format!(
            "A code of element {number}, {name}; in {place} it is the {used} of {}, {}.",
            place.segment,
            segment_name(place.segment)
        ),
        _ => format!("A code of element {number}, {name}."),
    });
    let used = utilities(number, code);
    if !used.is_empty() {
        page.line(&format!("Utilities: {used}."));
    }
    earned_by(&mut page, number, code);
    page
}
