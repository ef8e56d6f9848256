//! What a format has no place for.
//!
//! A format names the fields of the model that it holds, by their path in JSON without the numbers
//! of lists: `usage_report.sections.meter`. A path holds all that is beneath it; with `=in_turn`
//! behind it, it holds this value alone. Every other field that says something would be lost.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};
use tieline_model::record::Record;

/// Values that say something whatever they are.
macro_rules! leaves {
    ($($method:ident($type:ty),)*) => {
        $(fn $method(self, _: $type) -> Walked {
            self.leaf()
        })*
    };
}

/// The fields of the model that a format holds.
#[derive(Debug, Clone, Copy)]
pub struct Holds(pub &'static [&'static str]);

impl Holds {
    /// Whether a field is held, with all that is beneath it.
    fn all_of(&self, path: &str) -> bool {
        self.0.contains(&path)
    }

    /// Whether a field is held as long as it says this.
    fn this_of(&self, path: &str, value: &str) -> bool {
        let mut held = self.0.iter().filter_map(|held| held.strip_prefix(path)?.strip_prefix('='));
        held.any(|held| held == value)
    }
}

/// Fields that would be lost, and in how many places each says something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<String, u64>);

impl Losses {
    /// Whether nothing is lost.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in the order of the alphabet, and in how many places each says something.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(path, count)| (path.as_str(), *count))
    }

    /// In how many places a field would be lost; `None` if it would not.
    pub fn get(&self, path: &str) -> Option<u64> {
        self.0.get(path).copied()
    }

    /// Counts a field that is lost in one more place.
    pub fn count(&mut self, path: &str) {
        match self.0.get_mut(path) {
            Some(count) => *count += 1,
            None => _ = self.0.insert(path.to_string(), 1),
        }
    }

    /// Counts something that is lost in several places.
    pub fn count_many(&mut self, path: impl Into<String>, places: u64) {
        *self.0.entry(path.into()).or_default() += places;
    }

    /// Adds what another record would lose.
    pub fn add(&mut self, other: Losses) {
        for (path, count) in other.0 {
            *self.0.entry(path).or_default() += count;
        }
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(path, count)| format!("{path} ({count})"));
        f.write_str(&lines.collect::<Vec<_>>().join(", "))
    }
}

/// What a format would lose of a record.
///
/// Where it was read and how it was stamped there is no loss, nor is a raw code beside a meaning that says the same.
pub fn losses(record: &Record, holds: &Holds) -> Losses {
    let mut walk = Walk { path: String::new(), holds, found: Losses::default() };
    // A walk reads what it is shown and cannot fail.
    let _ = record.serialize(&mut walk);
    walk.found
}

/// Walks over a record as it would be written in JSON, and notes the fields that are not held.
struct Walk<'h> {
    path: String,
    holds: &'h Holds,
    found: Losses,
}

/// Members that are never a loss: where something was read, and how it was stamped there.
const PLACES: [&str; 3] = ["at", "provenance", "stamping"];

/// The member that is lost as one thing, whatever is in it.
const RESIDUE: &str = "residue";

type Walked = Result<(), serde_json::Error>;

impl Walk<'_> {
    /// A value that says something.
    fn leaf(&mut self) -> Walked {
        self.found.count(&self.path);
        Ok(())
    }

    /// A word or a text, which says nothing if it is empty.
    fn text(&mut self, text: &str) -> Walked {
        match text.is_empty() || self.holds.this_of(&self.path, text) {
            true => Ok(()),
            false => self.leaf(),
        }
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Walked {
        if PLACES.contains(&name) {
            return Ok(());
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        if !self.holds.all_of(&self.path) {
            match name == RESIDUE {
                true => self.leaf()?,
                false => value.serialize(&mut *self)?,
            }
        }
        self.path.truncate(length);
        Ok(())
    }
}

impl<'w, 'h> Serializer for &'w mut Walk<'h> {
    type Ok = ();
    type Error = serde_json::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), serde_json::Error>;
    type SerializeTupleVariant = Impossible<(), serde_json::Error>;
    type SerializeMap = Self;
    type SerializeStruct = Members<'w, 'h>;
    type SerializeStructVariant = Variant<'w, 'h>;

    /// What is not so says nothing.
    fn serialize_bool(self, is_so: bool) -> Walked {
        if is_so { self.leaf() } else { Ok(()) }
    }

    fn serialize_str(self, text: &str) -> Walked {
        self.text(text)
    }

    /// Dates, instants and the like are written by what they show.
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Walked {
        self.text(&value.to_string())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Walked {
        self.text(name)
    }

    fn serialize_none(self) -> Walked {
        Ok(())
    }

    fn serialize_unit(self) -> Walked {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Walked {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Walked {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Walked {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Walked {
        self.member(name, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Self::Error> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Self::Error> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Self::Error> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'w, 'h>, Self::Error> {
        Ok(Members { walk: self, meaning: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Variant<'w, 'h>, Self::Error> {
        Ok(Variant { walk: self, name })
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Self::Error> {
        Err(ser::Error::custom("the model has no such value"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Self::Error> {
        Err(ser::Error::custom("the model has no such value"))
    }

    leaves! {
        serialize_char(char), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_f32(f32), serialize_f64(f64),
    }
}

/// The items of a list share the path of the list.
impl SerializeSeq for &mut Walk<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Walked {
        value.serialize(&mut **self)
    }

    fn end(self) -> Walked {
        Ok(())
    }
}

impl SerializeTuple for &mut Walk<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Walked {
        value.serialize(&mut **self)
    }

    fn end(self) -> Walked {
        Ok(())
    }
}

/// The values of a map share the path of the map.
impl SerializeMap for &mut Walk<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Walked {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Walked {
        value.serialize(&mut **self)
    }

    fn end(self) -> Walked {
        Ok(())
    }
}

/// The members of an object. A raw code is looked at behind its meaning.
struct Members<'w, 'h> {
    walk: &'w mut Walk<'h>,
    /// What the object's meaning is, if it is a code's.
    meaning: Option<String>,
}

impl SerializeStruct for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Walked {
        match (name, &self.meaning) {
            ("raw", Some(meaning)) if meaning != r#""other""# => return Ok(()),
            ("meaning", _) => self.meaning = Some(serde_json::to_string(value)?),
            _ => {}
        }
        self.walk.member(name, value)
    }

    fn end(self) -> Walked {
        Ok(())
    }
}

/// The members of a variant, beneath its name.
struct Variant<'w, 'h> {
    walk: &'w mut Walk<'h>,
    name: &'static str,
}

impl ser::SerializeStructVariant for Variant<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Walked {
        self.walk.member(&format!("{}.{name}", self.name), value)
    }

    fn end(self) -> Walked {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_model::bill::{Bill, BillGroup, BillKind, GroupLevel};
    use tieline_model::coded::Coded;
    use tieline_model::common::Note;
    use tieline_model::money::Currency;
    use tieline_model::time::Date;

    fn lost(bill: Bill, held: &'static [&'static str]) -> String {
        losses(&Record::Bill(Box::new(bill)), &Holds(held)).to_string()
    }

    fn bill() -> Bill {
        let date = Date::new(2026, 5, 1).expect("a day");
        let level = Some(Coded::received(GroupLevel::Rate, "RATE"));
        let groups = ["1", "2"].map(|number| BillGroup {
            number: Some(number.to_string()),
            level: level.clone(),
            ..BillGroup::default()
        });
        Bill { groups: groups.into(), ..Bill::new("B1", date, Currency::USD) }
    }

    const ALL: &[&str] =
        &["bill.number", "bill.date", "bill.currency", "bill.total", "bill.groups"];

    #[test]
    fn what_says_nothing_is_not_lost() {
        assert_eq!(lost(bill(), ALL), "");
        assert_eq!(lost(bill(), &["bill"]), "");
        assert_eq!(lost(bill(), &ALL[1..]), "bill.number (1)");
    }

    #[test]
    fn a_list_is_lost_in_each_of_its_places() {
        let found = lost(bill(), &ALL[..4]);
        assert_eq!(found, "bill.groups.level.meaning (2), bill.groups.number (2)");
    }

    #[test]
    fn one_value_may_be_held_and_others_not() {
        let held: &[&str] = &[
            "bill.number",
            "bill.date",
            "bill.currency",
            "bill.total",
            "bill.groups.number",
            "bill.groups.level.meaning=rate",
        ];
        assert_eq!(lost(bill(), held), "");
        let mut other = bill();
        other.groups[1].level = Some(Coded::new(GroupLevel::Meter));
        assert_eq!(lost(other, held), "bill.groups.level.meaning (1)");
    }

    #[test]
    fn a_raw_code_is_lost_where_only_it_says_what_is_meant() {
        let mut known = bill();
        known.kind = Some(Coded::received(BillKind::Final, "FB"));
        assert_eq!(lost(known, ALL), "bill.kind.meaning (1)");
        let mut unknown = bill();
        unknown.kind = Some(Coded::received(BillKind::Other, "QQ"));
        assert_eq!(lost(unknown, ALL), "bill.kind.meaning (1), bill.kind.raw (1)");
    }

    #[test]
    fn texts_are_counted() {
        let mut noted = bill();
        noted.notes = vec![Note { code: None, text: "PAID BY DRAFT".into() }; 3];
        assert_eq!(lost(noted, ALL), "bill.notes.text (3)");
    }
}
