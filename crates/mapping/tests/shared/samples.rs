//! What holds for the samples of every set: they are read into the model as the file beside them
//! says, and written again byte for byte.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::tree::Tree;

/// A set, and how it is read into a model and written from it.
pub(crate) struct Mapped<M> {
    pub(crate) code: &'static str,
    pub(crate) read: fn(Tree<'_>, &Options) -> Result<M, MappingError>,
    pub(crate) write: fn(&M, &Options) -> Result<Vec<Segment>, MappingError>,
}

impl<M: Debug + PartialEq + Serialize + DeserializeOwned> Mapped<M> {
    /// Its valid documents, in the order of their names.
    pub(crate) fn samples(&self, least: usize) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(self.code);
        let files = fs::read_dir(folder).expect("the samples can be listed");
        let mut files: Vec<PathBuf> = files
            .map(|file| file.expect("the samples can be listed").path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                name.ends_with(".edi") && !name.ends_with(".997.edi")
            })
            .collect();
        files.sort();
        assert!(files.len() >= least, "the samples are there");
        files
    }

    /// What the sets of this code say.
    fn models(&self, document: &Document<'_>) -> Vec<M> {
        let sets = document.sets().filter(|set| set.element(1) == self.code.as_bytes());
        let read = |set| (self.read)(set, &Options::default()).expect("a valid set can be read");
        sets.map(read).collect()
    }

    /// The document with the sets of this code written anew from what was read of them.
    fn written_anew(&self, bytes: &[u8]) -> Vec<u8> {
        let document = Document::read(bytes, &Standard);
        let mut models = self.models(&document).into_iter();
        let mut written = Vec::new();
        for interchange in &document.interchanges {
            let mut draft = document.draft(interchange).expect("it is text");
            let sets = draft.groups.iter_mut().flat_map(|group| &mut group.sets);
            for set in sets.filter(|set| set.code == self.code) {
                let model = models.next().expect("there is one for each set");
                let segments = (self.write)(&model, &Options::default());
                set.segments = segments.expect("it can be written");
            }
            let delimiters = interchange.header.delimiters();
            written.extend(compose::write(&draft, &delimiters).expect("it can be composed"));
        }
        written
    }

    /// Reads a document and writes it again: it has the same bytes.
    pub(crate) fn assert_same(&self, bytes: &[u8], name: &str) {
        let written = self.written_anew(bytes);
        if written != bytes {
            let lines = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes).into_owned();
                text.split(['~', '\n']).map(str::to_string).collect::<Vec<_>>()
            };
            let both = lines(&written).into_iter().zip(lines(bytes));
            let different = both.into_iter().find(|(written, given)| written != given);
            panic!("{name}: (written, given) {different:?}");
        }
    }

    /// Compares what is read with the file beside the document. `UPDATE_EXPECT=1` writes it anew: one
    /// line for each list of a series, which may be long.
    pub(crate) fn assert_as_beside(&self, path: &Path) {
        let bytes = fs::read(path).expect("a sample can be read");
        let models = self.models(&Document::read(&bytes, &Standard));
        let plain = serde_json::to_string(&models).expect("the model is plain data");
        let text = format!("{}\n", laid_out(&plain, 0));
        let beside = path.with_extension("model.json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&beside, &text).expect("the samples can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert!(expected == text, "{} is not what was read", beside.display());
        let back: Vec<M> = serde_json::from_str(&text).expect("we wrote it");
        assert_eq!(back, models);
    }
}

/// What a recipe makes of a request.
pub(crate) fn recipe(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    let delimiters = Delimiters::default();
    corpus::write_to(request, &delimiters, &mut bytes).expect("a vector takes all bytes");
    bytes
}

/// JSON in which what fits on a line stands on one, and a list of plain values always does. Members
/// that are null are left out.
fn laid_out(text: &str, depth: usize) -> String {
    let (open, close) = match text.as_bytes()[0] {
        b'{' => ('{', '}'),
        b'[' => ('[', ']'),
        _ => return text.to_string(),
    };
    let parts = members(&text[1..text.len() - 1]);
    let is_list = open == '[';
    let is_plain = parts.iter().all(|part| !part.starts_with(['{', '[']));
    let parts = parts.into_iter().filter(|part| is_list || !part.ends_with(":null"));
    let parts: Vec<String> = parts
        .map(|part| match part.split_once("\":").filter(|_| !is_list) {
            Some((name, value)) => format!("{name}\": {}", laid_out(value, depth + 1)),
            None => laid_out(part, depth + 1),
        })
        .collect();
    let line = format!("{open}{}{close}", parts.join(", "));
    if is_list && is_plain || line.len() + 2 * depth <= 96 && !line.contains('\n') {
        return line;
    }
    let indent = "  ".repeat(depth);
    let lines = parts.join(&format!(",\n{indent}  "));
    format!("{open}\n{indent}  {lines}\n{indent}{close}")
}

/// What stands between the commas of a list or an object.
fn members(inside: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0);
    let (mut in_text, mut is_escaped) = (false, false);
    for (n, byte) in inside.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                found.push(&inside[start..n]);
                start = n + 1;
            }
            _ => {}
        }
    }
    if start < inside.len() {
        found.push(&inside[start..]);
    }
    found
}
