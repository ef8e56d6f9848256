//! The shape of a file: which keys its tables know, and what each key is for.
//!
//! Reading refuses every key that is not listed here, and the published schema is made of the same
//! lists, so an editor and the program never disagree about a name.

/// A table of a file.
#[derive(Debug)]
pub(crate) struct Section {
    /// How errors call it, e.g. `[mailbox]`; empty for the file itself.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [Key],
}

/// A key, what its value must be, and what it says.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// One sentence or two for whoever writes the file; ends with what holds when it is left out.
    pub(crate) about: &'static str,
}

/// What a value must be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// A string of this form, as a regular expression of JSON Schema.
    Form(&'static str),
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// Strings in brackets.
    Texts,
    /// Words in brackets.
    ManyWords(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Flag,
    /// A whole number from 1 to this.
    Count(u32),
    /// A whole number from 0 to this.
    CountOrNone(u32),
    /// A date, or a date and a time with an offset.
    Instant,
    /// A table.
    Table(&'static Section),
    /// A string, or a table in its place.
    TextOrTable(&'static Section),
    /// Tables.
    Tables(&'static Section),
}

impl Section {
    /// The names of its keys, in the order they are told in.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

/// A key that may be left out.
pub(crate) const fn may(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, required: false, about }
}

/// A key that must be there.
pub(crate) const fn must(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, required: true, about }
}

/// The words of a table of words.
pub(crate) fn words<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

/// The form of the name of a secret.
pub(crate) const SECRET_FORM: &str = "^(cred:[A-Za-z0-9._-]+|env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$";
/// The form of a length of time.
pub(crate) const TIME_FORM: &str = "^[1-9][0-9]{0,8} ?(s|m|h|d|business hours?|business days?)$";
/// The form of a number of bytes.
pub(crate) const SIZE_FORM: &str = "^[0-9]{1,15} ?(B|kB|MB|GB|TB)?$";
/// The form of a time of the day.
pub(crate) const CLOCK_FORM: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
