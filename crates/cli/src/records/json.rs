//! Records as JSON: a list of them, one after the other, or a single one.

use std::io::{BufRead, Write};

use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};
use serde_json::Deserializer;
use tieline_model::record::Record;

use super::read::Each;
use crate::exit;
use crate::failure::Failure;

/// Reads records; a list is not held.
pub(super) fn read(input: &mut dyn BufRead, name: &str, each: Each<'_>) -> anyhow::Result<()> {
    let is_list = skip_blanks(input)? == Some(b'[');
    let wrong = |error: serde_json::Error| match error.is_io() {
        true => Failure::no_input(name, &error.into()),
        false => {
            let message = format!("{name}: {}", without_values(&error));
            let help = "docs/model.schema.json says what a record is";
            Failure { code: exit::FINDINGS, message, help: Some(help.to_string()) }
        }
    };
    if is_list {
        let mut failed = None;
        let mut list = Deserializer::from_reader(input);
        let visited = list.deserialize_seq(List { each, failed: &mut failed });
        if let Some(error) = failed {
            return Err(error);
        }
        visited.map_err(wrong)?;
        return Ok(list.end().map_err(wrong)?);
    }
    for record in Deserializer::from_reader(input).into_iter::<Record>() {
        each(record.map_err(wrong)?)?;
    }
    Ok(())
}

/// The first byte that is not blank, which is left where it is. A byte order mark is taken away.
fn skip_blanks(input: &mut dyn BufRead) -> anyhow::Result<Option<u8>> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    loop {
        let buffer = input.fill_buf()?;
        let Some(first) = buffer.first() else { return Ok(None) };
        if !first.is_ascii_whitespace() {
            return Ok(Some(*first));
        }
        input.consume(1);
    }
}

/// What is wrong and where, without what the file says: a message may quote a value.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let starts = ["invalid value: ", "invalid type: ", "unknown variant ", "invalid length "];
    let quoted = starts.iter().find_map(|start| {
        let (_, expected) = text.strip_prefix(start)?.split_once(", expected ")?;
        Some(format!("something else stands here than {expected}"))
    });
    quoted.unwrap_or(text)
}

/// A list whose records are handed over as they are read.
struct List<'l, 'e> {
    each: Each<'e>,
    /// Why a record was not taken.
    failed: &'l mut Option<anyhow::Error>,
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        struct One;
        impl<'de> DeserializeSeed<'de> for One {
            type Value = Record;
            fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Record, D::Error> {
                serde::Deserialize::deserialize(from)
            }
        }
        while let Some(record) = list.next_element_seed(One)? {
            if let Err(error) = (self.each)(record) {
                *self.failed = Some(error);
                return Err(serde::de::Error::custom("a record was not taken"));
            }
        }
        Ok(())
    }
}

/// Records as a list, one to a line.
pub(super) struct Writer<'w> {
    out: &'w mut dyn Write,
    has_any: bool,
}

impl<'w> Writer<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Writer<'w> {
        Writer { out, has_any: false }
    }

    pub(super) fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        self.out.write_all(if self.has_any { b",\n" } else { b"[\n" })?;
        self.has_any = true;
        Ok(serde_json::to_writer(&mut self.out, record)?)
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        Ok(self.out.write_all(if self.has_any { b"\n]\n" } else { b"[]\n" })?)
    }
}
