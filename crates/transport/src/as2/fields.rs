//! The fields of HTTP that AS2 lives by: who to whom, and under which Message-ID.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use tieline_smime::mime::Headers;

use crate::mailbox::printable;

/// The most characters of an AS2 name (RFC 4130, 6.2).
pub const LONGEST_NAME: usize = 128;
/// The most characters of a Message-ID (RFC 5322, 2.1.1).
pub const LONGEST_MESSAGE_ID: usize = 998;
/// The most characters of somebody else's text that are shown.
const LONGEST_SHOWN: usize = 200;

/// The fields as the seals are read by. Bytes that are no text are replaced. Logins are left out, as
/// the fields may be kept.
pub(crate) fn headers(map: &HeaderMap) -> Result<Headers, &'static str> {
    let mut headers = Headers::new();
    let is_login =
        |name: &HeaderName| [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name);
    for (name, value) in map.iter().filter(|(name, _)| !is_login(name)) {
        let text = String::from_utf8_lossy(value.as_bytes());
        let wrong = "a header has a character that none may have";
        headers.push(name.as_str(), &text).map_err(|_| wrong)?;
    }
    Ok(headers)
}

/// Who sends to whom, and as which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addressed {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) message_id: String,
}

impl Addressed {
    /// Reads the three fields, each of which must be there once.
    pub(crate) fn read(headers: &Headers) -> Result<Self, &'static str> {
        let one = |name: &str, none: &'static str, repeated: &'static str| {
            headers.get(name).map_err(|_| repeated)?.ok_or(none)
        };
        let from = one("AS2-From", "there is no AS2-From", "AS2-From is repeated")?;
        let to = one("AS2-To", "there is no AS2-To", "AS2-To is repeated")?;
        let id = one("Message-ID", "there is no Message-ID", "Message-ID is repeated")?;
        let name = |text| unquoted(text).ok_or("an AS2 name is none");
        let (from, to) = (name(from)?, name(to)?);
        if !is_message_id(id) {
            return Err("the Message-ID is empty, has over 998 characters, or others than ASCII");
        }
        let version = headers.get("AS2-Version").map_err(|_| "AS2-Version is repeated")?;
        if version.is_some_and(|version| !version.starts_with("1.")) {
            return Err("the AS2-Version is not 1.0 to 1.9");
        }
        Ok(Self { from, to, message_id: id.to_string() })
    }
}

/// Whether a message may have this Message-ID.
pub(crate) fn is_message_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    !matches!(text, "" | "<>") && text.len() <= LONGEST_MESSAGE_ID && text.bytes().all(is_plain)
}

/// An AS2 name without its quotes, none if it is none.
fn unquoted(text: &str) -> Option<String> {
    let text = text.trim();
    let name = match text.strip_prefix('"') {
        None => text.to_string(),
        Some(rest) => {
            let inner = rest.strip_suffix('"')?;
            let (mut name, mut letters) = (String::new(), inner.chars());
            while let Some(letter) = letters.next() {
                match letter {
                    '"' => return None,
                    '\\' => name.push(letters.next().filter(|it| matches!(it, '"' | '\\'))?),
                    letter => name.push(letter),
                }
            }
            name
        }
    };
    is_name(&name).then_some(name)
}

/// Whether a partner or we may have this AS2 name.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

/// An AS2 name as HTTP has it: in quotes where it needs them.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains([' ', '"', '\\']) {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        name.to_string()
    }
}

/// Somebody else's text as a log may have it: printable, and not long.
pub(crate) fn shown(text: &str) -> String {
    let text = printable(text.as_bytes());
    match text.char_indices().nth(LONGEST_SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in list {
            headers.push(name, value).expect("a plain header");
        }
        headers
    }

    #[test]
    fn names_keep_their_meaning_through_quotes() {
        for name in ["a", "Prairie Rivers", "a\"b", "back\\slash", "\\\"", "a;b,c"] {
            assert_eq!(unquoted(&quoted(name)).as_deref(), Some(name));
        }
        assert_eq!(quoted("Prairie Rivers"), "\"Prairie Rivers\"");
        assert_eq!(quoted("prairie-rivers"), "prairie-rivers");
        let long = "x".repeat(LONGEST_NAME + 1);
        for wrong in ["", "\"\"", "\"", "\"a", "\"a\"b\"", "\"a\\b\"", "\"a\\\"", "é", &long] {
            assert_eq!(unquoted(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_field_must_be_there_once() {
        let good = [("AS2-From", "\"a b\""), ("AS2-To", "c"), ("Message-ID", "<1@a>")];
        let read = Addressed::read(&fields(&good)).expect("all is there");
        assert_eq!((read.from.as_str(), read.to.as_str()), ("a b", "c"));
        for at in 0..good.len() {
            let without: Vec<_> = good.into_iter().filter(|it| *it != good[at]).collect();
            assert!(Addressed::read(&fields(&without)).is_err());
            let twice: Vec<_> = good.into_iter().chain([good[at]]).collect();
            assert!(Addressed::read(&fields(&twice)).is_err());
        }
        for wrong in ["", "<>", "<é@a>", &"x".repeat(LONGEST_MESSAGE_ID + 1)] {
            let fields = fields(&[good[0], good[1], ("Message-ID", wrong)]);
            assert!(Addressed::read(&fields).is_err(), "{wrong}");
        }
        let future = fields(&[good[0], good[1], good[2], ("AS2-Version", "2.0")]);
        assert!(Addressed::read(&future).is_err());
    }

    #[test]
    fn what_is_shown_cannot_break_a_line() {
        assert_eq!(shown("a\r\nb\u{1b}[31m"), "a\\r\\nb\\u{1b}[31m");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), LONGEST_SHOWN + 1);
    }
}
