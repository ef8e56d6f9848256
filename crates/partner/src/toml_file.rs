//! A TOML file walked key by key: every value is asked for with the shape it must have, what is
//! wrong is noted with its place, and the walk goes on.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use tieline_model::decimal::Decimal;
use tieline_model::time::{Date, Timestamp, Zone};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file_error::{FileError, Place, is_secret};
use crate::secret::SecretName;
use crate::shape::Section;

/// The largest file that is read: 1 MiB.
const LARGEST: u64 = 1 << 20;

/// The most errors that are reported of one file.
const MOST_ERRORS: usize = 50;

/// A file's text and its name in errors.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Source {
    /// Reads a file of at most 1 MiB.
    pub(crate) fn open(path: &Path) -> Result<Source, Vec<FileError>> {
        let file = path.display().to_string();
        let fail = |message: String| vec![FileError::whole(&file, message)];
        let kind = fs::metadata(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
        if !kind.is_file() {
            return Err(fail("is not a file".to_string()));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)
            .and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(|e| fail(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(fail("is larger than 1 MiB".to_string()));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            fail(format!("is not UTF-8 text: see byte {}", e.utf8_error().valid_up_to() + 1))
        })?;
        Ok(Source { file, text })
    }

    /// An error about the bytes `span`.
    pub(crate) fn error(&self, span: Range<usize>, message: impl Into<String>) -> FileError {
        let place = Some(Place::of(&self.text, span));
        FileError { file: self.file.clone(), place, message: message.into(), help: None }
    }

    /// The TOML of the file, unless it is none, or a private key lies in it.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Vec<FileError>> {
        if let Some(at) = self.text.find("PRIVATE KEY-----") {
            let start = self.text[..at].rfind("-----BEGIN").unwrap_or(at);
            let mut error = self.error(start..start, "a private key must not stand in this file");
            if let Some(place) = &mut error.place {
                place.text = "-----BEGIN ... PRIVATE KEY-----".to_string();
                place.mark = 0..place.text.len();
            }
            return Err(vec![error.with_help(SECRETS)]);
        }
        DeTable::parse(&self.text)
            .map_err(|e| vec![self.error(e.span().unwrap_or(0..0), e.message())])
    }
}

const SECRETS: &str = "secrets are kept outside of this folder; at most their names belong here";

/// What was found wrong so far with one file.
pub(crate) struct Faults<'s> {
    source: &'s Source,
    errors: Vec<FileError>,
}

impl<'s> Faults<'s> {
    pub(crate) fn new(source: &'s Source) -> Faults<'s> {
        Faults { source, errors: Vec::new() }
    }

    /// Notes an error about the bytes `span`.
    pub(crate) fn at(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(self.source.error(span, message));
        }
    }

    /// Notes an error about the bytes `span`, with advice.
    pub(crate) fn with_help(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(self.source.error(span, message).with_help(help));
        }
    }

    /// Notes that `word` is none of `known`, and which it may have been meant to be.
    pub(crate) fn unknown(&mut self, span: Range<usize>, what: &str, word: &str, known: &[&str]) {
        let help = did_you_mean(word, known).unwrap_or_else(|| match known {
            [] => "there is none".to_string(),
            _ => format!("known here: {}", known.join(", ")),
        });
        self.with_help(span, format!("unknown {what} `{}`", shortened(word)), help);
    }

    /// Notes that the value of a key is no name of a secret. The line is not shown: the value may be
    /// the secret itself.
    pub(crate) fn secret(&mut self, span: Range<usize>, key: &str) {
        let message = format!("`{key}` must name a secret, and never be one");
        let mut error = self.source.error(span, message);
        if let Some(place) = &mut error.place {
            place.text = format!("{key} = ...");
            place.mark = 0..key.len();
        }
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error.with_help("write cred:NAME, env:NAME or file:/PATH"));
        }
    }

    /// Notes an error about the whole file.
    pub(crate) fn whole(&mut self, message: impl Into<String>) {
        self.errors.push(FileError::whole(&self.source.file, message));
    }

    /// The value, if nothing was found wrong.
    pub(crate) fn into_result<T>(mut self, value: Option<T>) -> Result<T, Vec<FileError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => {
                self.errors.sort_by(|a, b| a.order().cmp(&b.order()));
                Err(self.errors)
            }
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// A table of the file.
#[derive(Clone)]
pub(crate) struct Table<'t> {
    /// How errors call it, e.g. `[[row]]`; empty for the file itself.
    name: &'static str,
    /// Its header, or the whole of an inline table.
    pub(crate) span: Range<usize>,
    table: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    /// The file itself, which knows only these keys.
    pub(crate) fn top(
        parsed: &'t Spanned<DeTable<'t>>,
        keys: &[&str],
        faults: &mut Faults<'_>,
    ) -> Table<'t> {
        let table = Table { name: "", span: 0..0, table: parsed.get_ref() };
        table.refuse_others(keys, faults);
        table
    }

    /// The file itself, which has this shape.
    pub(crate) fn whole(
        parsed: &'t Spanned<DeTable<'t>>,
        shape: &Section,
        faults: &mut Faults<'_>,
    ) -> Table<'t> {
        Table::top(parsed, &shape.names(), faults)
    }

    fn of(
        value: &'t Spanned<DeValue<'t>>,
        name: &'static str,
        keys: &[&str],
        faults: &mut Faults<'_>,
    ) -> Option<Table<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => {
                let table = Table { name, span: value.span(), table };
                table.refuse_others(keys, faults);
                Some(table)
            }
            other => {
                faults.at(value.span(), format!("{name} must be a table, not {}", kind(other)));
                None
            }
        }
    }

    fn refuse_others(&self, known: &[&str], faults: &mut Faults<'_>) {
        for (key, _) in self.table.iter() {
            let word: &str = key.get_ref();
            if known.contains(&word) {
                continue;
            }
            if is_secret(word) {
                let message = format!("`{}` must not stand in this file", shortened(word));
                faults.with_help(key.span(), message, SECRETS);
            } else {
                let place = match self.name {
                    "" => String::new(),
                    name => format!(" in {name}"),
                };
                let message = format!("unknown key `{}`{place}", shortened(word));
                let help = did_you_mean(word, known)
                    .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
                faults.with_help(key.span(), message, help);
            }
        }
    }

    /// Where the value of a key stands, if it is there.
    pub(crate) fn value(&self, key: &str) -> Option<Range<usize>> {
        self.table.get(key).map(Spanned::span)
    }

    /// Notes that a key must be there, unless it is.
    pub(crate) fn require(&self, key: &str, faults: &mut Faults<'_>) {
        match (self.table.contains_key(key), self.name) {
            (true, _) => {}
            (false, "") => faults.whole(format!("`{key}` is missing")),
            (false, name) => faults.at(self.span.clone(), format!("{name} has no `{key}`")),
        }
    }

    /// A string on one line, not empty.
    pub(crate) fn text(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<String>> {
        text(self.table.get(key)?, key, faults)
    }

    /// A string for people, whose line breaks are spaces.
    pub(crate) fn prose(&self, key: &str, faults: &mut Faults<'_>) -> Option<String> {
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::String(prose) => {
                let words: Vec<&str> = prose.split_whitespace().collect();
                let prose = words.join(" ");
                if let Some(bad) = prose.chars().find(|c| c.is_control()) {
                    faults.at(value.span(), control_character(key, bad));
                    return None;
                }
                Some(prose).filter(|prose| !prose.is_empty())
            }
            other => wrong(value, key, "a string", other, faults),
        }
    }

    /// One of the words, by the value beside it.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        let at = self.text(key, faults)?;
        let found = words.iter().find(|(word, _)| *word == at.value).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            faults.unknown(at.span, &format!("value of `{key}`,"), &at.value, &known);
        }
        found
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &str, faults: &mut Faults<'_>) -> Option<bool> {
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => wrong(value, key, "true or false", other, faults),
        }
    }

    /// A whole number from 1 up to `most`.
    pub(crate) fn count(&self, key: &str, most: u32, faults: &mut Faults<'_>) -> Option<At<u32>> {
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::Integer(digits) => {
                let count = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
                match count.filter(|count| (1..=most).contains(count)) {
                    Some(count) => Some(At { value: count, span: value.span() }),
                    None => {
                        faults.at(value.span(), format!("`{key}` must be from 1 to {most}"));
                        None
                    }
                }
            }
            other => wrong(value, key, "a whole number", other, faults),
        }
    }

    /// A plain decimal number, exactly as it is written.
    pub(crate) fn decimal(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<Decimal>> {
        decimal(self.table.get(key)?, key, faults)
    }

    /// A date without a time, such as 2023-01-01.
    pub(crate) fn date(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<Date>> {
        let value = self.table.get(key)?;
        let DeValue::Datetime(stamp) = value.get_ref() else {
            return wrong(value, key, "a date such as 2023-01-01", value.get_ref(), faults);
        };
        let date = match (stamp.date, stamp.time, stamp.offset) {
            (Some(date), None, None) => {
                let year = i16::try_from(date.year).ok();
                let (month, day) = (i8::try_from(date.month).ok(), i8::try_from(date.day).ok());
                year.zip(month).zip(day).and_then(|((y, m), d)| Date::new(y, m, d).ok())
            }
            _ => None,
        };
        if date.is_none() {
            faults.at(value.span(), format!("`{key}` must be a date such as 2023-01-01"));
        }
        Some(At { value: date?, span: value.span() })
    }

    /// The keys of the table under a key, which may be any, with the number of each.
    pub(crate) fn decimals(
        &self,
        key: &str,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<(At<String>, Decimal)>> {
        let value = self.table.get(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            return wrong(value, key, "a table", value.get_ref(), faults);
        };
        let mut found = Vec::new();
        for (name, value) in table.iter() {
            let at = At { value: name.get_ref().to_string(), span: name.span() };
            found.extend(decimal(value, &at.value, faults).map(|number| (at, number.value)));
        }
        Some(found)
    }

    /// Strings in brackets, each there once, and where the brackets stand.
    pub(crate) fn texts(&self, key: &str, faults: &mut Faults<'_>) -> Option<At<Vec<At<String>>>> {
        let value = self.table.get(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            return wrong(value, key, "strings in brackets", value.get_ref(), faults);
        };
        if array.is_empty() {
            faults.at(value.span(), format!("`{key}` is empty"));
        }
        let mut texts: Vec<At<String>> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for item in array.iter() {
            let Some(at) = text(item, key, faults) else { continue };
            if seen.insert(at.value.clone()) {
                texts.push(at);
            } else {
                let message = format!("`{}` stands twice in `{key}`", shortened(&at.value));
                faults.at(at.span, message);
            }
        }
        Some(At { value: texts, span: value.span() })
    }

    /// The table under a key, which knows only these keys.
    pub(crate) fn table(
        &self,
        key: &str,
        name: &'static str,
        keys: &[&str],
        faults: &mut Faults<'_>,
    ) -> Option<Table<'t>> {
        Table::of(self.table.get(key)?, name, keys, faults)
    }

    /// The table under a key, which has this shape.
    pub(crate) fn section(
        &self,
        key: &str,
        shape: &'static Section,
        faults: &mut Faults<'_>,
    ) -> Option<Table<'t>> {
        self.table(key, shape.name, &shape.names(), faults)
    }

    /// The tables under a key, which have this shape.
    pub(crate) fn sections(
        &self,
        key: &str,
        shape: &'static Section,
        faults: &mut Faults<'_>,
    ) -> Vec<Table<'t>> {
        self.tables(key, shape.name, &shape.names(), faults)
    }

    /// Whether the value of a key is a string.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| matches!(value.get_ref(), DeValue::String(_)))
    }

    /// A string that is read into something; what that says against it is the error.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults<'_>,
    ) -> Option<At<T>> {
        let at = self.text(key, faults)?;
        match parse(&at.value) {
            Ok(value) => Some(At { value, span: at.span }),
            Err(error) => {
                faults.at(at.span, format!("`{key}`: {error}"));
                None
            }
        }
    }

    /// Strings in brackets that are each read into something.
    pub(crate) fn many_parsed<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults<'_>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for at in self.texts(key, faults)?.value {
            match parse(&at.value) {
                Ok(value) => found.push(value),
                Err(error) => faults.at(at.span, format!("`{key}`: {error}")),
            }
        }
        Some(found)
    }

    /// Words in brackets, by the values beside them.
    pub(crate) fn many_words<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
        faults: &mut Faults<'_>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for at in self.texts(key, faults)?.value {
            match words.iter().find(|(word, _)| *word == at.value) {
                Some((_, value)) => found.push(*value),
                None => {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    faults.unknown(at.span, &format!("value of `{key}`,"), &at.value, &known);
                }
            }
        }
        Some(found)
    }

    /// The name of a secret. What is no name may be the secret itself, and is not shown.
    pub(crate) fn secret(&self, key: &str, faults: &mut Faults<'_>) -> Option<SecretName> {
        let value = self.table.get(key)?;
        let DeValue::String(text) = value.get_ref() else {
            faults.secret(value.span(), key);
            return None;
        };
        let name = text.parse().ok();
        if name.is_none() {
            faults.secret(value.span(), key);
        }
        name
    }

    /// A whole number from 0 up to `most`.
    pub(crate) fn count_or_none(
        &self,
        key: &str,
        most: u32,
        faults: &mut Faults<'_>,
    ) -> Option<u32> {
        let value = self.table.get(key)?;
        let DeValue::Integer(digits) = value.get_ref() else {
            return wrong(value, key, "a whole number", value.get_ref(), faults);
        };
        let count = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
        let count = count.filter(|count| *count <= most);
        if count.is_none() {
            faults.at(value.span(), format!("`{key}` must be from 0 to {most}"));
        }
        count
    }

    /// An instant: a date, from its first moment in the zone, or a date and time with an offset.
    pub(crate) fn instant(
        &self,
        key: &str,
        zone: &Zone,
        faults: &mut Faults<'_>,
    ) -> Option<Timestamp> {
        let value = self.table.get(key)?;
        let wanted = "a date such as 2026-11-22, or 2026-11-22T08:00:00Z";
        let DeValue::Datetime(stamp) = value.get_ref() else {
            return wrong(value, key, wanted, value.get_ref(), faults);
        };
        let text = stamp.to_string();
        let found = match text.parse::<Date>() {
            Ok(date) if stamp.time.is_none() => zone.day(date).ok().map(|day| day.start()),
            _ if stamp.offset.is_some() => text.parse().ok(),
            _ => None,
        };
        if found.is_none() {
            faults.at(value.span(), format!("`{key}` must be {wanted}"));
        }
        found
    }

    /// The tables under a key, written `[[key]]` or in brackets; none if the key is not there.
    pub(crate) fn tables(
        &self,
        key: &str,
        name: &'static str,
        keys: &[&str],
        faults: &mut Faults<'_>,
    ) -> Vec<Table<'t>> {
        let Some(value) = self.table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(array) => {
                array.iter().filter_map(|item| Table::of(item, name, keys, faults)).collect()
            }
            other => {
                let message = format!("write {name} for each, not {} in `{key}`", kind(other));
                faults.at(value.span(), message);
                Vec::new()
            }
        }
    }
}

fn decimal(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    faults: &mut Faults<'_>,
) -> Option<At<Decimal>> {
    let digits = match value.get_ref() {
        DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str(),
        DeValue::Float(digits) => digits.as_str(),
        other => return wrong(value, key, "a plain number such as 0.089", other, faults),
    };
    match digits.parse() {
        Ok(number) => Some(At { value: number, span: value.span() }),
        Err(_) => {
            let key = shortened(key);
            faults.at(value.span(), format!("`{key}` must be a plain number such as 0.089"));
            None
        }
    }
}

fn text(value: &Spanned<DeValue<'_>>, key: &str, faults: &mut Faults<'_>) -> Option<At<String>> {
    match value.get_ref() {
        DeValue::String(text) => {
            if text.trim().is_empty() {
                faults.at(value.span(), format!("`{key}` is empty"));
                return None;
            }
            if let Some(bad) = text.chars().find(|c| c.is_control()) {
                faults.at(value.span(), control_character(key, bad));
                return None;
            }
            Some(At { value: text.to_string(), span: value.span() })
        }
        other => wrong(value, key, "a string", other, faults),
    }
}

fn wrong<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    wanted: &str,
    found: &DeValue<'_>,
    faults: &mut Faults<'_>,
) -> Option<T> {
    faults.at(value.span(), format!("`{key}` must be {wanted}, not {}", kind(found)));
    None
}

fn control_character(key: &str, bad: char) -> String {
    format!("`{key}` holds the control character {}", bad.escape_unicode())
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list in brackets",
        DeValue::Table(_) => "a table",
    }
}

/// A word as a message shows it: not longer than a line takes.
fn shortened(word: &str) -> String {
    match word.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &word[..end]),
        None => word.to_string(),
    }
}

/// ``did you mean `codes`?``, when one of the known words is near.
pub fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > 80 {
        return None;
    }
    let near = |candidate: &&'k str| {
        let distance = edit_distance(&word.to_lowercase(), &candidate.to_lowercase());
        let allowed = (word.len().max(candidate.len()) / 3).max(1);
        (distance <= allowed && distance < candidate.len()).then_some((distance, *candidate))
    };
    known.iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, near)| near)
}

/// How many letters to add, drop, change or swap with their neighbour, to get from one to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            rows[i][j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => {
                    let change = usize::from(from[i - 1] != to[j - 1]);
                    let mut least = (rows[i - 1][j] + 1)
                        .min(rows[i][j - 1] + 1)
                        .min(rows[i - 1][j - 1] + change);
                    if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                        least = least.min(rows[i - 2][j - 2] + 1);
                    }
                    least
                }
            };
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let keys = ["at", "when", "usage", "max", "codes", "min_length"];
        assert_eq!(nearest("cods", &keys), Some("codes"));
        assert_eq!(nearest("usgae", &keys), Some("usage"));
        assert_eq!(nearest("minlength", &keys), Some("min_length"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(nearest("x", &keys), None);
    }

    #[test]
    fn a_private_key_is_refused_and_not_shown() {
        let text = "name = '''\n-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n'''\n".to_string();
        let errors =
            Source { file: "partner.toml".to_string(), text }.parse().expect_err("refused");
        let error = &errors[0];
        assert!(error.to_string().contains("a private key must not stand in this file"));
        assert!(!error.to_string().contains("MIIabc"));
        assert_eq!(error.place.as_ref().map(|place| place.line), Some(2));
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let source = Source { file: "x.toml".to_string(), text: "a = 1\nb = [\"\n".to_string() };
        let errors = source.parse().expect_err("refused");
        assert_eq!(errors[0].place.as_ref().map(|place| place.line), Some(2));
    }
}
