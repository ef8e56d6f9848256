//! Documents of one set read into the model and written again, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::tree::Tree;

use crate::json::laid_out;

/// One set, with how it is read and written.
pub(crate) struct Mapping<M> {
    /// What the samples of the set are of.
    pub(crate) kind: Kind,
    pub(crate) read: fn(Tree<'_>, &Options) -> Result<M, MappingError>,
    pub(crate) write: fn(&M, &Options) -> Result<Vec<Segment>, MappingError>,
}

impl<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug> Mapping<M> {
    /// The model of a set of these segments.
    pub(crate) fn read(&self, segments: &[Segment]) -> Result<M, MappingError> {
        let mut interchange = corpus::interchange(&Request::of(self.kind));
        interchange.groups[0].sets[0].segments = segments.to_vec();
        let bytes = compose::write(&interchange, &Delimiters::default()).expect("it is composed");
        let document = Document::read(&bytes, &Standard);
        let set = document.sets().next().expect("there is a set in it");
        (self.read)(set, &Options::default())
    }

    pub(crate) fn write(&self, model: &M) -> Vec<Segment> {
        (self.write)(model, &Options::default()).expect("it can be written")
    }

    /// The valid documents of `samples/` of this set, in the order of their names.
    pub(crate) fn samples(&self) -> Vec<PathBuf> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let files = fs::read_dir(samples.join(self.kind.set())).expect("samples can be listed");
        let mut files: Vec<PathBuf> = files
            .map(|file| file.expect("samples can be listed").path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                name.ends_with(".edi") && !name.ends_with(".997.edi")
            })
            .collect();
        files.sort();
        files
    }

    fn models(&self, document: &Document<'_>) -> Vec<M> {
        let read = |set| (self.read)(set, &Options::default()).expect("a valid set can be read");
        document.sets().map(read).collect()
    }

    /// The models of a document, which is written from them byte for byte.
    pub(crate) fn round_trip(&self, bytes: &[u8], name: &str) -> Vec<M> {
        let document = Document::read(bytes, &Standard);
        let models = self.models(&document);
        let mut sets = models.iter();
        let mut written = Vec::new();
        for interchange in &document.interchanges {
            let mut draft = document.draft(interchange).expect("it is text");
            for set in draft.groups.iter_mut().flat_map(|group| &mut group.sets) {
                set.segments = self.write(sets.next().expect("there is one for each set"));
            }
            let delimiters = interchange.header.delimiters();
            written.extend(compose::write(&draft, &delimiters).expect("it can be composed"));
        }
        let text = String::from_utf8_lossy;
        assert_eq!(text(&written), text(bytes), "{name}");
        models
    }

    /// Each sample is written as it was read, and reads into the model beside it. `UPDATE_EXPECT=1`
    /// writes that anew.
    pub(crate) fn assert_samples(&self, least: usize) {
        let samples = self.samples();
        assert!(samples.len() >= least, "the samples are there");
        for path in samples {
            let bytes = fs::read(&path).expect("a sample can be read");
            let models = self.round_trip(&bytes, &path.display().to_string());
            let plain = serde_json::to_string(&models).expect("the model is plain data");
            let text = format!("{}\n", laid_out(&plain, 0));
            let beside = path.with_extension("model.json");
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                fs::write(&beside, &text).expect("samples can be written");
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default();
            assert!(expected == text, "{} is not what was read", beside.display());
            let back: Vec<M> = serde_json::from_str(&text).expect("we wrote it");
            assert_eq!(back, models);
        }
    }

    /// What the recipe makes is written as it was read, and nothing of it is left over.
    pub(crate) fn assert_recipes(&self, has_residue: fn(&M) -> bool) {
        for seed in 1..=20 {
            let mut bytes = Vec::new();
            let request = Request { seed, count: 3, ..Request::of(self.kind) };
            corpus::write_to(&request, &Delimiters::default(), &mut bytes)
                .expect("a vector takes all bytes");
            let models = self.round_trip(&bytes, &format!("seed {seed}"));
            assert_eq!(models.len(), 3);
            assert!(!models.iter().any(has_residue), "seed {seed} has residue");
        }
    }
}
