//! Records of the model from JSON, a list of them or one after the other, none held but the one.

use std::fmt;
use std::io::BufRead;

use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::{Deserializer, Error};
use tieline_model::record::Record;

/// What takes the records.
type Each<'e> = &'e mut dyn FnMut(Record) -> Result<(), String>;

/// Reads records and hands over each as it is read.
///
/// # Errors
///
/// The place of what is no record, without what stands there; or what `each` said.
pub(crate) fn read(input: &mut dyn BufRead, each: Each<'_>) -> Result<(), String> {
    // The place alone: the words of the reader may hold what the file says.
    let place = |error: Error| {
        format!("line {}, column {}: no record stands here", error.line(), error.column())
    };
    let first = first_byte(input).map_err(|error| error.to_string())?;
    if first != Some(b'[') {
        for record in Deserializer::from_reader(input).into_iter::<Record>() {
            each(record.map_err(place)?)?;
        }
        return Ok(());
    }
    let mut refused = None;
    let mut list = Deserializer::from_reader(input);
    let read = list.deserialize_seq(List { each, refused: &mut refused });
    match refused {
        Some(reason) => Err(reason),
        None => read.and_then(|()| list.end()).map_err(place),
    }
}

/// The first byte that is not blank, left where it is. A byte order mark is taken away.
fn first_byte(input: &mut dyn BufRead) -> std::io::Result<Option<u8>> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    loop {
        match input.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => input.consume(1),
            first => return Ok(first.copied()),
        }
    }
}

/// A list whose records are handed over as they are read.
struct List<'l, 'e> {
    each: Each<'e>,
    /// Why a record was not taken.
    refused: &'l mut Option<String>,
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Record>()? {
            if let Err(reason) = (self.each)(record) {
                *self.refused = Some(reason);
                return Err(A::Error::custom("a record was not taken"));
            }
        }
        Ok(())
    }
}
