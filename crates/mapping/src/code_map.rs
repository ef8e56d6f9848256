//! A code map: the codes of a partner and what they mean.
//!
//! Written by meaning, each with its codes; the first is the one that is written:
//! `actual_total = ["AF"]`. A code has one meaning. One that ends in `*` stands for all that begin
//! as it does: `energy = ["ENC001", "ENC*"]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tieline_model::coded::Coded;

use crate::error::MappingError;

/// The codes of a partner and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMap<T> {
    meanings: Vec<(T, Vec<String>)>,
    /// The short codes, packed, with what they mean.
    short: Vec<(u64, T)>,
    /// Whether there are long codes, or beginnings of codes.
    has_others: bool,
}

/// A code of up to seven characters as a number.
fn packed(code: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes[..7].get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    bytes[7] = code.len() as u8;
    Some(u64::from_le_bytes(bytes))
}

impl<T: Copy> CodeMap<T> {
    fn new(meanings: Vec<(T, Vec<String>)>) -> CodeMap<T> {
        let codes = meanings
            .iter()
            .flat_map(|(meaning, codes)| codes.iter().map(|code| (code.as_str(), *meaning)));
        let short = codes.clone().filter_map(|(code, meaning)| Some((packed(code)?, meaning)));
        let short = short.collect();
        let has_others =
            codes.into_iter().any(|(code, _)| packed(code).is_none() || code.ends_with('*'));
        CodeMap { meanings, short, has_others }
    }
}

impl<T: Copy + PartialEq + fmt::Debug> CodeMap<T> {
    /// A map of these meanings and codes.
    pub fn of(meanings: &[(T, &[&str])]) -> CodeMap<T> {
        let texts = |codes: &[&str]| codes.iter().map(|code| code.to_string()).collect();
        CodeMap::new(meanings.iter().map(|(meaning, codes)| (*meaning, texts(codes))).collect())
    }

    /// What a code means, if the map knows it: by itself, else by the longest beginning.
    pub fn meaning(&self, code: &str) -> Option<T> {
        if let Some(code) = packed(code) {
            let known = self.short.iter().find(|(known, _)| *known == code);
            if known.is_some() || !self.has_others {
                return known.map(|(_, meaning)| *meaning);
            }
        }
        let mut longest = None;
        for (meaning, codes) in &self.meanings {
            for known in codes {
                if known == code {
                    return Some(*meaning);
                }
                if let [start @ .., b'*'] = known.as_bytes()
                    && code.as_bytes().starts_with(start)
                    && longest.is_none_or(|(length, _)| start.len() > length)
                {
                    longest = Some((start.len(), *meaning));
                }
            }
        }
        longest.map(|(_, meaning)| meaning)
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
        let codes = self.meanings.iter().find(|(meaning, _)| *meaning == coded.meaning);
        let code = codes.and_then(|(_, codes)| codes.iter().find(|code| !code.ends_with('*')));
        let meaning = || format!("{:?}", coded.meaning);
        code.map(String::as_str).ok_or_else(|| MappingError::NoCode { table, meaning: meaning() })
    }

    /// All codes with what they mean.
    fn codes(&self) -> impl Iterator<Item = (T, &str)> {
        self.meanings
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
        serializer.collect_map(self.meanings.iter().map(|(meaning, codes)| (meaning, codes)))
    }
}

impl<'de, T: DeserializeOwned + Copy> Deserialize<'de> for CodeMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CodeMap<T>, D::Error> {
        deserializer.deserialize_map(Meanings(PhantomData))
    }
}

struct Meanings<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned + Copy> Visitor<'de> for Meanings<T> {
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
        Ok(CodeMap::new(map))
    }
}
