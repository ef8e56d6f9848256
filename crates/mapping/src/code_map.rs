//! A code map: the codes of a partner and what they mean.
//!
//! Written by meaning, each with its codes; the first is the one that is written:
//! `actual_total = ["AF"]`. A code has one meaning.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tieline_model::coded::Coded;

use crate::error::MappingError;

/// The codes of a partner and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMap<T>(Vec<(T, Vec<String>)>);

impl<T: Copy + PartialEq + fmt::Debug> CodeMap<T> {
    /// A map of these meanings and codes.
    pub fn of(meanings: &[(T, &[&str])]) -> CodeMap<T> {
        let texts = |codes: &[&str]| codes.iter().map(|code| code.to_string()).collect();
        CodeMap(meanings.iter().map(|(meaning, codes)| (*meaning, texts(codes))).collect())
    }

    /// What a code means, if the map knows it.
    pub fn meaning(&self, code: &str) -> Option<T> {
        let is_it = |codes: &[String]| codes.iter().any(|known| known == code);
        self.0.iter().find(|(_, codes)| is_it(codes)).map(|(meaning, _)| *meaning)
    }

    /// A code with what it means; `None` if the map does not know it.
    pub fn known(&self, code: &str) -> Option<Coded<T>> {
        Some(Coded::received(self.meaning(code)?, code))
    }

    /// A code with what it means, which is `other` if the map does not know it.
    pub fn read(&self, code: &str, other: T) -> Coded<T> {
        Coded::received(self.meaning(code).unwrap_or(other), code)
    }

    /// The code of a meaning: the one it was read from, if it still means this, else the first of
    /// the map. A code that the map does not know means `other`.
    ///
    /// # Errors
    ///
    /// [`MappingError::NoCode`], which names the map as `table`.
    pub fn write<'c>(
        &'c self,
        coded: &'c Coded<T>,
        other: Option<T>,
        table: &'static str,
    ) -> Result<&'c str, MappingError> {
        if let Some(raw) = &coded.raw
            && self.meaning(raw).or(other) == Some(coded.meaning)
        {
            return Ok(raw);
        }
        let codes = self.0.iter().find(|(meaning, _)| *meaning == coded.meaning);
        let code = codes.and_then(|(_, codes)| codes.first());
        let meaning = || format!("{:?}", coded.meaning);
        code.map(String::as_str).ok_or_else(|| MappingError::NoCode { table, meaning: meaning() })
    }

    /// All codes with what they mean.
    fn codes(&self) -> impl Iterator<Item = (T, &str)> {
        self.0
            .iter()
            .flat_map(|(meaning, codes)| codes.iter().map(|code| (*meaning, code.as_str())))
    }
}

/// The codes of one set, and behind them those that mean the same in every set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes<'o, T> {
    own: Option<&'o CodeMap<T>>,
    common: &'o CodeMap<T>,
}

impl<'o, T: Copy + PartialEq + fmt::Debug> Codes<'o, T> {
    /// Those that mean the same in every set.
    pub(crate) fn common(common: &'o CodeMap<T>) -> Codes<'o, T> {
        Codes { own: None, common }
    }

    /// Those of one set before the common ones.
    pub(crate) fn of(own: &'o CodeMap<T>, common: &'o CodeMap<T>) -> Codes<'o, T> {
        Codes { own: Some(own), common }
    }

    fn meaning(&self, code: &str) -> Option<T> {
        self.own.and_then(|own| own.meaning(code)).or_else(|| self.common.meaning(code))
    }

    pub(crate) fn known(&self, code: &str) -> Option<Coded<T>> {
        Some(Coded::received(self.meaning(code)?, code))
    }

    pub(crate) fn read(&self, code: &str, other: T) -> Coded<T> {
        Coded::received(self.meaning(code).unwrap_or(other), code)
    }

    /// As [`CodeMap::write`]. A common code that means something else in this set is not chosen.
    pub(crate) fn write<'c>(
        &self,
        coded: &'c Coded<T>,
        other: Option<T>,
        table: &'static str,
    ) -> Result<&'c str, MappingError>
    where
        'o: 'c,
    {
        if let Some(raw) = &coded.raw
            && self.meaning(raw).or(other) == Some(coded.meaning)
        {
            return Ok(raw);
        }
        let codes = self.own.into_iter().chain([self.common]).flat_map(|map| map.codes());
        let mut fit = codes.filter(|(meaning, _)| *meaning == coded.meaning);
        let code = fit.find(|(meaning, code)| self.meaning(code) == Some(*meaning));
        let meaning = || format!("{:?}", coded.meaning);
        code.map(|(_, code)| code).ok_or_else(|| MappingError::NoCode { table, meaning: meaning() })
    }
}

impl<T: Serialize> Serialize for CodeMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(meaning, codes)| (meaning, codes)))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for CodeMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CodeMap<T>, D::Error> {
        deserializer.deserialize_map(Meanings(PhantomData))
    }
}

struct Meanings<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Meanings<T> {
    type Value = CodeMap<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("meanings with their codes, as in actual_total = [\"AF\"]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<CodeMap<T>, A::Error> {
        let mut map: Vec<(T, Vec<String>)> = Vec::new();
        while let Some((meaning, codes)) = access.next_entry::<T, Vec<String>>()? {
            for code in &codes {
                if map.iter().any(|(_, others)| others.contains(code)) {
                    return Err(de::Error::custom(format_args!("code {code} has two meanings")));
                }
            }
            map.push((meaning, codes));
        }
        Ok(CodeMap(map))
    }
}
