//! One value of a partner's file changed, with its comments and its order kept.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::frame::quoted;

/// Why a value cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// The file is not TOML.
    NotToml,
    /// There is nothing under this part of the key.
    Nothing {
        /// The key as far as there is something.
        key: String,
        /// The part that is not there.
        part: String,
        /// What is there instead.
        known: Vec<String>,
    },
    /// The key names a table and no value.
    Table(String),
    /// The key is not one.
    BadKey,
}

impl std::error::Error for EditError {}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::NotToml => f.write_str("the file is not TOML"),
            EditError::Nothing { key, part, known } => {
                let place = if key.is_empty() { "the file" } else { key };
                write!(f, "there is no `{part}` in {place}")?;
                match known[..] {
                    [] => Ok(()),
                    _ => write!(f, "; there are {}", known.join(", ")),
                }
            }
            EditError::Table(key) => write!(f, "{key} is a table; name a key in it"),
            EditError::BadKey => f.write_str(
                "a key is written x12.acknowledge.within, documents.867-out.schedule or drops.NAME.host",
            ),
        }
    }
}

/// Where a table is written.
struct Held<'t> {
    table: &'t DeTable<'t>,
    /// The header of the table, or the whole of an inline one; nothing for the file itself.
    span: Range<usize>,
}

/// Changes one value, or adds it. `key` goes down the tables with points between; a table among
/// several is named by its `name`, by its place from 1, or a document by `867-out`. `value` is TOML,
/// or else a plain text.
///
/// # Errors
///
/// [`EditError`]. Whether the new text is a good file is for reading to say.
pub fn set(text: &str, key: &str, value: &str) -> Result<String, EditError> {
    let parsed = DeTable::parse(text).map_err(|_| EditError::NotToml)?;
    let parts: Vec<&str> = key.split('.').collect();
    let plain = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    if !parts.iter().all(plain) {
        return Err(EditError::BadKey);
    }
    let (name, path) = parts.split_last().ok_or(EditError::BadKey)?;
    let value = written(value);
    let mut held = Held { table: parsed.get_ref(), span: 0..0 };
    let mut path = path.iter().enumerate();
    while let Some((n, part)) = path.next() {
        let so_far = parts[..n].join(".");
        let Some(found) = held.table.get(*part) else {
            // A table that is not there yet is begun at the end, when all of it is missing.
            let rest = &parts[n..parts.len() - 1];
            let is_named =
                matches!(*part, "documents" | "drops" | "watches" | "folders" | "exports");
            if is_inline(text, &held) || is_named {
                let known = held.table.iter().map(|(key, _)| key.get_ref().to_string()).collect();
                return Err(EditError::Nothing { key: so_far, part: part.to_string(), known });
            }
            let header = [&parts[..n], rest].concat().join(".");
            let gap = if text.ends_with('\n') { "" } else { "\n" };
            return Ok(format!("{text}{gap}\n[{header}]\n{name} = {value}\n"));
        };
        held = match found.get_ref() {
            DeValue::Table(table) => Held { table, span: found.span() },
            DeValue::Array(tables) => {
                let (_, which) = path.next().ok_or_else(|| EditError::Table(key.to_string()))?;
                let found = tables.iter().enumerate().find(|(n, it)| is_named(it, *n, which));
                let table = found.and_then(|(_, it)| Some((it.get_ref().as_table()?, it.span())));
                let Some((table, span)) = table else {
                    let known = tables.iter().enumerate().map(|(n, it)| name_of(it, n)).collect();
                    let key = parts[..=n].join(".");
                    return Err(EditError::Nothing { key, part: which.to_string(), known });
                };
                Held { table, span }
            }
            _ => return Err(EditError::Table(parts[..=n].join("."))),
        };
    }
    match held.table.get(*name) {
        Some(found)
            if matches!(found.get_ref(), DeValue::Table(_)) && !is_written_inline(text, found) =>
        {
            Err(EditError::Table(key.to_string()))
        }
        Some(found) => Ok(replaced(text, found.span(), &value)),
        None => Ok(added(text, &held, name, &value)),
    }
}

/// The value as TOML: as it is when it is some, otherwise in quotes.
fn written(value: &str) -> String {
    let as_toml = format!("a = {value}");
    let is_toml = DeTable::parse(&as_toml).is_ok_and(|parsed| parsed.get_ref().len() == 1);
    if is_toml && !value.contains('\n') {
        return value.trim().to_string();
    }
    quoted(value)
}

fn replaced(text: &str, span: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..span.start], &text[span.end..])
}

fn is_written_inline(text: &str, value: &Spanned<DeValue<'_>>) -> bool {
    text[value.span()].starts_with('{')
}

fn is_inline(text: &str, held: &Held<'_>) -> bool {
    text[held.span.clone()].starts_with('{')
}

/// The text with a new key in a table: after its last key that is a plain value.
fn added(text: &str, held: &Held<'_>, name: &str, value: &str) -> String {
    if is_inline(text, held) {
        let end = held.span.end - 1;
        let inside = text[held.span.start + 1..end].trim_end();
        let comma = if inside.trim().is_empty() { "" } else { "," };
        let end = held.span.start + 1 + inside.len();
        return format!("{}{comma} {name} = {value} {}", &text[..end], &text[held.span.end - 1..]);
    }
    let is_own = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Table(_) => is_written_inline(text, value),
        DeValue::Array(_) => text[value.span()].starts_with('['),
        _ => true,
    };
    let is_header = |span: &Range<usize>| text[span.clone()].starts_with("[[");
    let own = held.table.iter().map(|(_, value)| value);
    let own = own.filter(|value| is_own(value) && !is_header(&value.span()));
    let after = own.map(|value| value.span().end).max().unwrap_or(held.span.end);
    let end = text[after..].find('\n').map_or(text.len(), |newline| after + newline);
    match after {
        0 => format!("{name} = {value}\n{text}"),
        _ => format!("{}\n{name} = {value}{}", &text[..end], &text[end..]),
    }
}

/// Whether a table among several is the one that is meant.
fn is_named(value: &Spanned<DeValue<'_>>, n: usize, which: &str) -> bool {
    name_of(value, n) == which || (n + 1).to_string() == which
}

fn name_of(value: &Spanned<DeValue<'_>>, n: usize) -> String {
    let table = value.get_ref().as_table();
    let text = |key: &str| {
        let value = table?.get(key)?.get_ref();
        value.as_str().map(str::to_string)
    };
    match (text("set"), text("direction"), text("name")) {
        (Some(set), Some(direction), _) => format!("{set}-{direction}"),
        (_, _, Some(name)) if !name.contains([' ', '.']) => name,
        _ => (n + 1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Who they are.\nid = \"a\"   # the folder\nstatus = \"draft\"\n\n[x12]   # how\n\
                        isa = [{ qualifier = \"ZZ\", id = \"A\" }]\n# last\n\n[[documents]]\nset = \"867\"\n\
                        direction = \"out\"  # to them\n\n[[drops]]\nname = \"nightly\"\n\
                        retry = { times = 2 }\n";

    fn change(key: &str, value: &str) -> String {
        let new = set(FILE, key, value).expect("it can be changed");
        let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
        let (old, new) = (lines(FILE), lines(&new));
        let changed: Vec<String> = new.iter().filter(|line| !old.contains(line)).cloned().collect();
        assert!(old.len() <= new.len());
        changed.join("|")
    }

    #[test]
    fn a_value_is_changed_and_comments_stay() {
        assert_eq!(change("status", "live"), "status = \"live\"");
        assert_eq!(change("id", "b"), "id = \"b\"   # the folder");
        assert_eq!(change("documents.867-out.schedule", "15 6 * * *"), "schedule = \"15 6 * * *\"");
        assert_eq!(change("documents.1.enabled", "false"), "enabled = false");
        assert_eq!(change("drops.nightly.retry.times", "9"), "retry = { times = 9 }");
        assert_eq!(
            change("drops.nightly.retry.first", "1m"),
            "retry = { times = 2, first = \"1m\" }"
        );
        assert_eq!(change("x12.version", "\"004010\""), "version = \"004010\"");
        assert_eq!(change("x12.isa.1.id", "B"), "isa = [{ qualifier = \"ZZ\", id = \"B\" }]");
        assert_eq!(
            change("x12.acknowledge.within", "4 business hours"),
            "[x12.acknowledge]|within = \"4 business hours\""
        );
        assert_eq!(change("zone", "America/Chicago"), "zone = \"America/Chicago\"");
    }

    #[test]
    fn what_was_added_is_found_again() {
        for (key, value) in [
            ("zone", "UTC"),
            ("x12.ack_requested", "true"),
            ("x12.acknowledge.within", "24h"),
            ("documents.867-out.batch", "all"),
            ("drops.nightly.retry.longest", "2h"),
        ] {
            let once = set(FILE, key, value).expect("it can be added");
            assert_ne!(once, FILE);
            assert_eq!(set(&once, key, value), Ok(once.clone()), "{key}");
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        let error = |key: &str| set(FILE, key, "x").expect_err("refused").to_string();
        assert_eq!(
            error("documents.810-out.enabled"),
            "there is no `810-out` in documents; there are 867-out"
        );
        assert_eq!(error("x12"), "x12 is a table; name a key in it");
        assert_eq!(error("status.x"), "status is a table; name a key in it");
        assert!(error("a..b").starts_with("a key is written"));
    }
}
