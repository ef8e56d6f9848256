//! The fields above an entity, and the grammar of their values; the exact bytes are kept.

use std::io::BufRead;

use crate::fault::Fault;

/// The most bytes of fields above one entity.
pub const LONGEST_HEADERS: usize = 64 * 1024;
/// The most fields above one entity.
pub const MOST_FIELDS: usize = 200;

/// The fields above an entity, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    raw: Vec<u8>,
    fields: Vec<(String, String)>,
}

impl Headers {
    /// No fields yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads fields and the empty line below them.
    ///
    /// # Errors
    ///
    /// [`Fault`] if a line is no field, there are too many of them, or the bytes cannot be had.
    pub fn read(source: &mut (impl BufRead + ?Sized)) -> Result<Self, Fault> {
        let mut headers = Self::new();
        loop {
            let from = headers.raw.len();
            read_line(source, &mut headers.raw)?;
            let line = trim_end(&headers.raw[from..]);
            if line.is_empty() {
                return Ok(headers);
            }
            let text = String::from_utf8_lossy(line).into_owned();
            if text.contains(['\0', '\r']) {
                return Err(Fault::Mime("a header has a control character"));
            }
            headers.add_line(&text)?;
        }
    }

    fn add_line(&mut self, line: &str) -> Result<(), Fault> {
        if line.starts_with([' ', '\t']) {
            let (_, value) =
                self.fields.last_mut().ok_or(Fault::Mime("the first header is a continuation"))?;
            let more = line.trim();
            if !value.is_empty() && !more.is_empty() {
                value.push(' ');
            }
            value.push_str(more);
            return Ok(());
        }
        let (name, value) = line.split_once(':').ok_or(Fault::Mime("a header has no colon"))?;
        if !is_token(name) {
            return Err(Fault::Mime("the name of a header has a character that none may have"));
        }
        if self.fields.len() == MOST_FIELDS {
            return Err(Fault::Mime("there are too many headers"));
        }
        self.fields.push((name.to_string(), value.trim().to_string()));
        Ok(())
    }

    /// Adds a field, e.g. one of HTTP. The raw bytes do not change.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the name is none, or the value has a line end or another control character.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        if !is_token(name) || value.contains(|it: char| it.is_control() && it != '\t') {
            return Err(Fault::Mime("a header has a character that none may have"));
        }
        self.fields.push((name.to_string(), value.trim().to_string()));
        Ok(())
    }

    /// The bytes as they were read, with the empty line.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The names and unfolded values, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the field of this name, if it is there.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is there more than once: readers would disagree on which one counts.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut found = self.fields().filter(|it| it.0.eq_ignore_ascii_case(name));
        let first = found.next().map(|it| it.1);
        if found.next().is_some() {
            return Err(Fault::Mime("a header that may be there once is repeated"));
        }
        Ok(first)
    }

    /// The `Content-Type`, if there is one.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is repeated or malformed.
    pub fn content_type(&self) -> Result<Option<Value>, Fault> {
        self.get("Content-Type")?.map(Value::read).transpose()
    }

    /// Whether the body is base64. No `Content-Transfer-Encoding` means that it is binary.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the encoding is another one, or told twice.
    pub fn is_base64(&self) -> Result<bool, Fault> {
        let encoding = self.get("Content-Transfer-Encoding")?.unwrap_or("binary");
        match encoding.to_ascii_lowercase().as_str() {
            "binary" | "7bit" | "8bit" | "" => Ok(false),
            "base64" => Ok(true),
            _ => Err(Fault::Unsupported("this Content-Transfer-Encoding")),
        }
    }

    /// Writes the fields, each in a line, and the empty line.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in &self.fields {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// Reads a line with its end, or to the end of the bytes.
fn read_line(source: &mut (impl BufRead + ?Sized), raw: &mut Vec<u8>) -> Result<(), Fault> {
    loop {
        let window = match source.fill_buf() {
            Ok(window) => window,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let end = memchr::memchr(b'\n', window);
        let taken = end.map_or(window.len(), |end| end + 1);
        if raw.len() + taken > LONGEST_HEADERS {
            let limit = LONGEST_HEADERS as u64;
            return Err(Fault::TooLarge { what: "headers", limit });
        }
        raw.extend_from_slice(&window[..taken]);
        source.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(());
        }
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_token(text: &str) -> bool {
    let is_special = |byte: &u8| b"()<>@,;:\\\"/[]?={}".contains(byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !is_special(&byte))
}

/// A value with parameters: that of `Content-Type` or `Content-Disposition`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What stands in front, in lower case, e.g. `multipart/signed`.
    pub main: String,
    /// Names in lower case, and values without quotes.
    parameters: Vec<(String, String)>,
}

impl Value {
    /// Reads a value. Values of parameters that should be quoted and are not are taken as they are.
    ///
    /// # Errors
    ///
    /// [`Fault`] if a quote does not end or a parameter is there twice.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut pieces = Pieces { rest: text };
        let main = pieces.next()?.unwrap_or_default().trim().to_ascii_lowercase();
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(piece) = pieces.next()? {
            let Some((name, value)) = piece.split_once('=') else {
                // A semicolon at the end is common.
                if piece.trim().is_empty() {
                    continue;
                }
                return Err(Fault::Mime("a parameter of a header has no value"));
            };
            let name = name.trim().to_ascii_lowercase();
            if parameters.iter().any(|it| it.0 == name) {
                return Err(Fault::Mime("a parameter of a header is repeated"));
            }
            // Only names of files are written in pieces. A second boundary would be a second reading.
            let (base, _) = name.split_once('*').unwrap_or(("name", ""));
            if !matches!(base, "name" | "filename") {
                return Err(Fault::Mime("a parameter of a header is written in pieces"));
            }
            parameters.push((name, unquoted(value.trim())));
        }
        Ok(Self { main, parameters })
    }

    /// A parameter by its name; also where it is written in pieces or percent-encoded (RFC 2231).
    pub fn parameter(&self, name: &str) -> Option<String> {
        let find = |name: &str| self.parameters.iter().find(|it| it.0 == name).map(|it| &it.1);
        if let Some(value) = find(name) {
            return Some(value.clone());
        }
        if let Some(value) = find(&format!("{name}*")) {
            return Some(from_percent(after_charset(value)));
        }
        let mut whole = String::new();
        for number in 0.. {
            if let Some(piece) = find(&format!("{name}*{number}")) {
                whole.push_str(piece);
            } else if let Some(piece) = find(&format!("{name}*{number}*")) {
                let piece = if number == 0 { after_charset(piece) } else { piece };
                whole.push_str(&from_percent(piece));
            } else {
                return (number > 0).then_some(whole);
            }
        }
        None
    }
}

/// What semicolons outside of quotes divide.
struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Result<Option<&'a str>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (mut is_quoted, mut is_escaped) = (false, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                b';' if !is_quoted => {
                    let piece = &self.rest[..at];
                    self.rest = &self.rest[at + 1..];
                    return Ok(Some(piece));
                }
                _ => {}
            }
        }
        if is_quoted {
            return Err(Fault::Mime("a quote in a header does not end"));
        }
        Ok(Some(std::mem::take(&mut self.rest)))
    }
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')) else {
        return value.to_string();
    };
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        // File names of Windows come with lone backslashes; only those before `"` and `\` count.
        match (letter, letters.as_str().chars().next()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                text.push(next);
                letters.next();
            }
            _ => text.push(letter),
        }
    }
    text
}

fn after_charset(value: &str) -> &str {
    value.splitn(3, '\'').nth(2).unwrap_or(value)
}

fn from_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|it| it.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|it| std::str::from_utf8(it).ok());
        match value.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(value) if bytes[at] == b'%' => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A `Content-Disposition` with the name of a file.
pub(crate) fn attachment(name: &str) -> String {
    if name.chars().all(|letter| (' '..='~').contains(&letter)) {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("attachment; filename=\"{name}\"");
    }
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    let encode = |byte: u8| match is_plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    format!("attachment; filename*=UTF-8''{}", name.bytes().map(encode).collect::<String>())
}

/// The name a partner gave a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FileName {
    /// It gave none.
    #[default]
    None,
    /// A name without folders and control characters, of at most 255 bytes.
    Plain(String),
    /// A name that no file of ours may have; it is not kept.
    Illegal,
}

impl FileName {
    /// The name in `Content-Disposition`, or else in `Content-Type`. Folders in front of it are left
    /// off, since some systems send their own path.
    ///
    /// # Errors
    ///
    /// [`Fault`] if one of the two is repeated or malformed.
    pub fn of(headers: &Headers) -> Result<Self, Fault> {
        let disposition = headers.get("Content-Disposition")?.map(Value::read).transpose()?;
        let name = disposition.and_then(|it| it.parameter("filename"));
        let name = match name {
            Some(name) => Some(name),
            None => headers.content_type()?.and_then(|it| it.parameter("name")),
        };
        Ok(name.map_or(Self::None, |name| Self::read(&name)))
    }

    fn read(name: &str) -> Self {
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        let is_illegal = |letter: char| {
            // Direction marks make a name look like another one.
            letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffd}' | ':')
        };
        let is_dots = base.chars().all(|letter| letter == '.');
        if is_dots || base.len() > 255 || base.contains(is_illegal) {
            Self::Illegal
        } else {
            Self::Plain(base.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Headers, Fault> {
        Headers::read(&mut text.as_bytes())
    }

    #[test]
    fn fields_are_unfolded_and_their_bytes_kept() {
        let text = "Content-Type: a/b;\r\n\tc=\"d;e\" ; f=g\nX:\r\n\r\nbody\r\n";
        let mut source = text.as_bytes();
        let headers = Headers::read(&mut source).expect("it is well formed");
        assert_eq!(source, b"body\r\n");
        assert_eq!([headers.raw(), source].concat(), text.as_bytes());
        let value = headers.content_type().expect("once").expect("it is there");
        assert_eq!((value.main.as_str(), value.parameter("c")), ("a/b", Some("d;e".into())));
        assert_eq!(value.parameter("f").as_deref(), Some("g"));
        assert_eq!(headers.get("x"), Ok(Some("")));
        assert_eq!(headers.get("y"), Ok(None));
    }

    #[test]
    fn a_fold_leaves_no_space_at_the_ends_of_a_value() {
        let headers = read("Content-Transfer-Encoding:\r\n base64\r\n \r\nX: a\r\n\tb\r\n\r\n");
        let headers = headers.expect("it is well formed");
        assert_eq!(headers.is_base64(), Ok(true));
        assert_eq!(headers.get("X"), Ok(Some("a b")));
    }

    #[test]
    fn what_readers_could_disagree_on_is_refused() {
        let repeated = read("Content-Type: a/b\r\ncontent-type: a/b\r\n\r\n").expect("it is read");
        assert!(repeated.content_type().is_err());
        for text in
            [" a: b\r\n\r\n", "a\r\n\r\n", "a : b\r\n\r\n", ": b\r\n\r\n", "a: b\rc\r\n\r\n"]
        {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(read(&"a: b\r\n".repeat(MOST_FIELDS + 1)).is_err());
        assert!(read(&format!("a: {}\r\n\r\n", "b".repeat(LONGEST_HEADERS))).is_err());
        for text in [
            "a/b; c=d; C=e",
            "a/b; c=\"d",
            "a/b; c",
            "a/b; boundary=c; boundary*=''d",
            "a/b; boundary*0=c; boundary*1=d",
        ] {
            assert!(Value::read(text).is_err(), "{text}");
        }
        let mut headers = Headers::new();
        assert!(headers.push("a", "b\r\nc: d").is_err());
        assert!(headers.push("a b", "c").is_err());
    }

    #[test]
    fn parameters_are_read_in_all_their_forms() {
        for (text, expected) in [
            ("x; filename=a.edi", "a.edi"),
            ("x; filename=\"a \\\"b\\\".edi\";", "a \"b\".edi"),
            ("x; filename*=UTF-8''a%20%e2%82%ac.edi", "a €.edi"),
            ("x; filename*0=a; filename*1=b", "ab"),
            ("x; filename*0*=UTF-8''a%20; filename*1=b%20", "a b%20"),
        ] {
            let value = Value::read(text).expect("it is well formed");
            assert_eq!(value.parameter("filename").as_deref(), Some(expected), "{text}");
        }
        let value = Value::read("a/b; boundary=----=_Part_1.2/3:4").expect("it is well formed");
        assert_eq!(value.parameter("boundary").as_deref(), Some("----=_Part_1.2/3:4"));
    }

    #[test]
    fn a_file_name_is_never_a_path() {
        let name = |value: &str| {
            let text = format!("Content-Disposition: attachment; filename={value}\r\n\r\n");
            FileName::of(&read(&text).expect("it is read")).expect("it is well formed")
        };
        let plain = |text: &str| FileName::Plain(text.to_string());
        assert_eq!(name("bills.edi"), plain("bills.edi"));
        for written in ["a \"b\".edi", "Zählerstände 2026.edi", "100%.edi", "a;b\u{1f600}"] {
            let fields = format!("Content-Disposition: {}\r\n\r\n", attachment(written));
            assert_eq!(FileName::of(&read(&fields).expect("it is read")), Ok(plain(written)));
        }
        assert_eq!(name("\"C:\\out\\bills.edi\""), plain("bills.edi"));
        assert_eq!(name("../../etc/passwd"), plain("passwd"));
        for illegal in ["\"\"", "..", "a/..", "\"a\tb\"", "a:b", "\"a\u{202e}b\""] {
            assert_eq!(name(illegal), FileName::Illegal, "{illegal}");
        }
        assert_eq!(name(&"a".repeat(256)), FileName::Illegal);
        let of_type = read("Content-Type: a/b; name=\"c.edi\"\r\n\r\n").expect("it is read");
        assert_eq!(FileName::of(&of_type), Ok(plain("c.edi")));
    }
}
