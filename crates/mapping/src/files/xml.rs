//! XML as the formats here need it: elements, attributes and text, without anything that a document
//! could do harm with.
//!
//! There are no document types, so there are no entities but the five that everybody knows. Depth,
//! text and tags have limits. Names are compared without their prefix: files are told apart by
//! their elements, and vendors choose prefixes freely.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Read};

use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use super::error::{FileError, FileFault, Place};
use super::source::Bytes;

/// How deep elements may lie in each other.
const MAX_DEPTH: usize = 32;

/// How long a tag, a comment or a stretch of text may be.
const MAX_PIECE: usize = 256 << 10;

/// How many elements an entry may have that is not made of intervals.
const MAX_ELEMENTS: usize = 20_000;

/// Why XML is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XmlFault {
    /// It has a document type.
    #[error("the document has a DOCTYPE, which is refused because it can do harm; remove it")]
    Doctype,
    /// It is not UTF-8.
    #[error("the document is in {0}; convert it to UTF-8")]
    Encoding(String),
    /// An entity that only a document type could define.
    #[error("`&` stands before a name that is not lt, gt, amp, quot or apos")]
    Entity,
    /// Elements lie too deep in each other.
    #[error("elements lie more than {MAX_DEPTH} deep in each other")]
    TooDeep,
    /// A tag, a comment or a text is too long.
    #[error("a tag, a comment or a text is longer than {MAX_PIECE} bytes")]
    TooLong,
    /// An entry has too many elements.
    #[error("an entry has more than {MAX_ELEMENTS} elements that are no intervals")]
    TooMany,
    /// It ends too early.
    #[error("the document ends before its last element does; it was cut short")]
    CutShort,
    /// Another kind of document.
    #[error("the document begins with <{found}>; {wanted} begins with <{root}>")]
    WrongRoot {
        /// What it begins with.
        found: String,
        /// What it should be.
        wanted: &'static str,
        /// What that begins with.
        root: &'static str,
    },
    /// Text or an element behind the one that holds all others.
    #[error("something stands behind the end of the document; give each document as its own file")]
    Outside,
    /// No element at all.
    #[error("this is no XML document: there is no element in it")]
    NoElement,
    /// An element within one that should have a value.
    #[error("<{0}> should have a value and has elements")]
    NoValue(String),
    /// Something else.
    #[error("this is not XML: {0}")]
    Malformed(#[source] Error),
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An element begins; its name is [`Xml::name`].
    Open,
    /// The innermost element ends.
    Close,
    /// The document ends.
    End,
}

/// A document that is read from its start to its end.
#[derive(Debug)]
pub(super) struct Xml<R> {
    reader: Reader<Guard<Bytes<R>>>,
    file: u32,
    buffer: Vec<u8>,
    depth: usize,
    has_root: bool,
    is_kept: bool,
    name: String,
    attributes: String,
    text: String,
}

impl<R: Read> Xml<R> {
    pub(super) fn new((file, bytes): (u32, Bytes<R>)) -> Xml<R> {
        let guard = Guard { inner: bytes, left: 0, is_over: false, line: 1, byte: 0 };
        let mut reader = Reader::from_reader(guard);
        reader.config_mut().expand_empty_elements = true;
        Xml {
            reader,
            file,
            buffer: Vec::new(),
            depth: 0,
            has_root: false,
            is_kept: false,
            name: String::new(),
            attributes: String::new(),
            text: String::new(),
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place {
        let guard = self.reader.get_ref();
        Place::Markup { file: self.file, line: guard.line, byte: guard.byte }
    }

    pub(super) fn fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(self.place(), fault)
    }

    /// The name of the element that began last, without a prefix.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// An attribute of the element that began last.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<String>, FileError> {
        attribute(&self.attributes, name).map_err(|fault| self.fault(fault))
    }

    /// Opens the root of the document.
    pub(super) fn root(
        &mut self,
        wanted: &'static str,
        root: &[&'static str],
    ) -> Result<(), FileError> {
        match self.step()? {
            Step::Open if root.contains(&self.name()) => Ok(()),
            Step::Open => {
                let found = self.name.chars().take(40).collect();
                Err(self.fault(XmlFault::WrongRoot { found, wanted, root: root[0] }))
            }
            Step::Close | Step::End => Err(self.fault(XmlFault::NoElement)),
        }
    }

    /// Goes to the next tag.
    pub(super) fn step(&mut self) -> Result<Step, FileError> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().left = MAX_PIECE;
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.broken(error)),
            };
            match event {
                Event::Text(text) => {
                    if self.depth == 0 && !text.trim_ascii().is_empty() {
                        return Err(self.outside());
                    }
                    if self.is_kept {
                        self.text.push_str(&text);
                    }
                }
                Event::CData(_) | Event::GeneralRef(_) if self.depth == 0 => {
                    return Err(self.outside());
                }
                Event::Start(_) if self.depth == 0 && self.has_root => {
                    return Err(self.outside());
                }
                Event::Start(tag) => {
                    self.name.clear();
                    self.name.push_str(tag.local_name().as_ref());
                    self.attributes.clear();
                    self.attributes.push_str(tag.attributes_raw());
                    self.depth += 1;
                    self.has_root = true;
                    return match self.depth > MAX_DEPTH {
                        true => Err(self.fault(XmlFault::TooDeep)),
                        false => Ok(Step::Open),
                    };
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Step::Close);
                }
                Event::Eof if self.depth > 0 => return Err(self.fault(XmlFault::CutShort)),
                Event::Eof if !self.has_root => return Err(self.fault(XmlFault::NoElement)),
                Event::Eof => return Ok(Step::End),
                Event::CData(text) => {
                    if self.is_kept {
                        self.text.push_str(&text);
                    }
                }
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character),
                        Ok(None) => known_entity(&reference),
                        Err(_) => None,
                    };
                    match character {
                        Some(character) if self.is_kept => self.text.push(character),
                        Some(_) => {}
                        None => return Err(self.fault(XmlFault::Entity)),
                    }
                }
                Event::Decl(decl) => {
                    let encoding =
                        decl.encoding().and_then(Result::ok).map(|name| name.to_string());
                    let is_known = |name: &String| {
                        name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii")
                    };
                    if let Some(name) = encoding.filter(|name| !is_known(name)) {
                        return Err(self.fault(XmlFault::Encoding(name.chars().take(40).collect())));
                    }
                }
                Event::DocType(_) => return Err(self.fault(XmlFault::Doctype)),
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
            }
            if self.text.len() > MAX_PIECE {
                return Err(self.fault(XmlFault::TooLong));
            }
        }
    }

    /// Reads the text of the element that began last, up to its end.
    pub(super) fn value(&mut self) -> Result<&str, FileError> {
        self.text.clear();
        self.is_kept = true;
        let step = self.step();
        self.is_kept = false;
        match step? {
            Step::Close => Ok(self.text.trim_ascii()),
            Step::Open | Step::End => {
                let name = self.name.chars().take(40).collect();
                Err(self.fault(XmlFault::NoValue(name)))
            }
        }
    }

    /// Reads the text of the element that began last up to its end, or `None` if an element begins
    /// in it.
    pub(super) fn text_or_open(&mut self) -> Result<Option<String>, FileError> {
        self.text.clear();
        self.is_kept = true;
        let step = self.step();
        self.is_kept = false;
        Ok((step? != Step::Open).then(|| self.text.clone()))
    }

    /// Steps over the element that began last.
    pub(super) fn skip(&mut self) -> Result<(), FileError> {
        let mut depth = 1;
        while depth > 0 {
            match self.step()? {
                Step::Open => depth += 1,
                Step::Close | Step::End => depth -= 1,
            }
        }
        Ok(())
    }

    /// Reads the element that began last with all that is in it.
    pub(super) fn element(&mut self) -> Result<Element, FileError> {
        self.counted_element(&mut MAX_ELEMENTS.clone())
    }

    fn counted_element(&mut self, left: &mut usize) -> Result<Element, FileError> {
        let Some(fewer) = left.checked_sub(1) else { return Err(self.fault(XmlFault::TooMany)) };
        *left = fewer;
        let mut element = Element {
            name: self.name.clone(),
            attributes: self.attributes.clone(),
            text: String::new(),
            inner: Vec::new(),
            place: self.place(),
        };
        loop {
            self.text.clear();
            self.is_kept = true;
            let step = self.step();
            self.is_kept = false;
            element.text.push_str(&self.text);
            match step? {
                Step::Open => element.inner.push(self.counted_element(left)?),
                Step::Close | Step::End => return Ok(element),
            }
        }
    }

    /// Something that is in no element: behind the document's own, or in place of it.
    fn outside(&self) -> FileError {
        self.fault(if self.has_root { XmlFault::Outside } else { XmlFault::NoElement })
    }

    fn broken(&self, error: Error) -> FileError {
        let fault: FileFault = match error {
            Error::Io(_) if self.reader.get_ref().is_over => XmlFault::TooLong.into(),
            Error::Io(error) => io::Error::new(error.kind(), error.to_string()).into(),
            Error::Encoding(_) => XmlFault::Encoding("another encoding than it says".into()).into(),
            Error::Syntax(error) if error != SyntaxError::InvalidBangMarkup => {
                XmlFault::CutShort.into()
            }
            error => XmlFault::Malformed(error).into(),
        };
        self.fault(fault)
    }
}

fn known_entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// An attribute in the raw text of a tag behind its name.
fn attribute(raw: &str, name: &str) -> Result<Option<String>, XmlFault> {
    let tag = BytesStart::from_content(format!("x{raw}"), 1);
    for found in tag.attributes() {
        let found = found.map_err(|error| XmlFault::Malformed(error.into()))?;
        if found.key.local_name().as_ref() == name || found.key.as_ref() == name {
            let value = found.normalized_value(XmlVersion::Implicit1_0);
            return Ok(Some(value.map_err(|_| XmlFault::Entity)?.into_owned()));
        }
    }
    Ok(None)
}

/// An element with all that is in it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: String,
    pub(super) text: String,
    pub(super) inner: Vec<Element>,
    pub(super) place: Place,
}

impl Element {
    pub(super) fn fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(self.place.clone(), fault)
    }

    pub(super) fn attribute(&self, name: &str) -> Result<Option<String>, FileError> {
        attribute(&self.attributes, name).map_err(|fault| self.fault(fault))
    }

    /// Takes out the first element of this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Element> {
        let at = self.inner.iter().position(|inner| inner.name == name)?;
        Some(self.inner.remove(at))
    }

    /// Takes out the text of the first element of this name; one without text says nothing.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?.text;
        Some(text.trim_ascii().to_string()).filter(|text| !text.is_empty())
    }
}

/// What a file says that the model has no field for: the names of elements, and how often each was
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<String, u64>);

/// How many different elements are told apart.
const MAX_NAMES: usize = 500;

impl LeftOut {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements in the order of the alphabet, and how often each was left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    pub(super) fn note(&mut self, outer: &str, name: &str) {
        let path = match name.len() > 64 || self.0.len() >= MAX_NAMES {
            true => "others".to_string(),
            false => format!("{outer}/{name}"),
        };
        *self.0.entry(path).or_default() += 1;
    }

    /// Notes what is still in an element.
    pub(super) fn note_rest(&mut self, element: &Element) {
        for inner in &element.inner {
            self.note(&element.name, &inner.name);
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(path, count)| format!("{path} ({count})"));
        f.write_str(&lines.collect::<Vec<_>>().join(", "))
    }
}

/// Counts lines and bytes, and gives no more than was allowed since the last tag.
#[derive(Debug)]
struct Guard<B> {
    inner: B,
    left: usize,
    is_over: bool,
    line: u64,
    byte: u64,
}

impl<B: BufRead> Read for Guard<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl<B: BufRead> BufRead for Guard<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.inner.fill_buf()?;
        if self.left == 0 && !bytes.is_empty() {
            self.is_over = true;
            return Err(io::Error::other("too long"));
        }
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, count: usize) {
        if let Ok(bytes) = self.inner.fill_buf() {
            self.line += bytes.iter().take(count).filter(|byte| **byte == b'\n').count() as u64;
        }
        self.byte += count as u64;
        self.left = self.left.saturating_sub(count);
        self.inner.consume(count);
    }
}

/// Writes text with what XML needs written otherwise.
pub(super) fn escape(text: &str, into: &mut Vec<u8>) {
    for character in text.chars() {
        match character {
            '<' => into.extend(b"&lt;"),
            '>' => into.extend(b"&gt;"),
            '&' => into.extend(b"&amp;"),
            '"' => into.extend(b"&quot;"),
            '\t' | '\n' | '\r' => into.extend(format!("&#{};", character as u32).as_bytes()),
            _ => into.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Whether XML can hold the text at all: it has no form for most control characters.
pub(super) fn is_text(text: &str) -> bool {
    text.chars().all(|character| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        character => character >= ' ',
    })
}
