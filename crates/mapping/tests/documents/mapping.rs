//! What holds for every set: its documents are read into the model as the file beside them says, and
//! written again byte for byte.

use std::fmt::Debug;
use std::fs;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_sample::Kind;
use tieline_sample::corpus::Request;
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::document::Document;
use tieline_x12::tree::Tree;

use crate::document::{lines, read_set, recipe};
use crate::noise::noisy;
use crate::shared::random::Random;
use crate::shared::samples;

/// One set, with how it is read and written.
pub(crate) struct Mapping<M> {
    /// A recipe of the set.
    pub(crate) kind: Kind,
    pub(crate) read: fn(Tree<'_>, &Options) -> Result<M, MappingError>,
    pub(crate) write: fn(&M, &Options) -> Result<Vec<Segment>, MappingError>,
}

impl<M: Debug + PartialEq + Serialize + DeserializeOwned> Mapping<M> {
    /// What a set of these segments says.
    pub(crate) fn read(&self, segments: &[Segment]) -> Result<M, MappingError> {
        self.read_with(segments, &Options::default())
    }

    /// What a set of these segments says to a partner with these options.
    pub(crate) fn read_with(
        &self,
        segments: &[Segment],
        options: &Options,
    ) -> Result<M, MappingError> {
        read_set(self.kind, segments, |set| (self.read)(set, options))
    }

    pub(crate) fn write(&self, model: &M) -> Vec<Segment> {
        self.write_with(model, &Options::default())
    }

    pub(crate) fn write_with(&self, model: &M, options: &Options) -> Vec<Segment> {
        (self.write)(model, options).expect("it can be written")
    }

    /// What these segments say; they are written as they were read.
    pub(crate) fn assert_same(&self, document: &[Segment], options: &Options) -> M {
        let model = self.read_with(document, options).expect("it can be read");
        assert_eq!(lines(&self.write_with(&model, options)), lines(document));
        model
    }

    /// What the sets of a file say; written from that it has the same bytes. Sets of other kinds are
    /// left as they are.
    pub(crate) fn assert_same_file(&self, bytes: &[u8], name: &str) -> Vec<M> {
        let document = Document::read(bytes, &Standard);
        let code = self.kind.set();
        let sets = document.sets().filter(|set| set.element(1) == code.as_bytes());
        let read = |set| (self.read)(set, &Options::default()).expect("a valid set can be read");
        let models: Vec<M> = sets.map(read).collect();
        let (mut written, mut left) = (Vec::new(), models.iter());
        for interchange in &document.interchanges {
            let mut draft = document.draft(interchange).expect("it is text");
            let sets = draft.groups.iter_mut().flat_map(|group| &mut group.sets);
            for set in sets.filter(|set| set.code == code) {
                set.segments = self.write(left.next().expect("there is one for each set"));
            }
            let delimiters = interchange.header.delimiters();
            written.extend(compose::write(&draft, &delimiters).expect("it can be composed"));
        }
        if written != bytes {
            let lines = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes).into_owned();
                text.split(['~', '\n']).map(str::to_string).collect::<Vec<_>>()
            };
            let mut both = lines(&written).into_iter().zip(lines(bytes));
            let different = both.find(|(written, given)| written != given);
            panic!("{name}: (written, given) {different:?}");
        }
        models
    }

    /// Each sample is written as it was read, and reads into the model beside it. `UPDATE_EXPECT=1`
    /// writes that anew: one line for each list of a series, which may be long.
    pub(crate) fn assert_samples(&self, least: usize) {
        let samples = samples::documents(self.kind.set());
        assert!(samples.len() >= least, "the samples are there");
        for path in samples {
            let bytes = fs::read(&path).expect("a sample can be read");
            let models = self.assert_same_file(&bytes, &path.display().to_string());
            samples::expect_models(&path, &models);
        }
    }

    /// What the recipe makes is written as it was read, and nothing of it is left over.
    pub(crate) fn assert_recipes(&self, has_residue: fn(&M) -> bool) {
        for seed in 1..=20 {
            let request = Request { seed, count: 3, ..Request::of(self.kind) };
            let models = self.assert_same_file(&recipe(&request), &format!("seed {seed}"));
            assert_eq!(models.len(), 3);
            assert!(!models.iter().any(has_residue), "seed {seed} has residue");
        }
    }

    /// A model that was written is read as it was, and with things no field means put among its
    /// segments these are written as they were.
    pub(crate) fn assert_generated(&self, make: fn(&mut Random) -> M) {
        for seed in 0..400 {
            let model = make(&mut Random(seed));
            let segments = self.write(&model);
            let back = self.read(&segments).unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(back, model, "seed {seed}");
            let noisy = noisy(&mut Random(seed), segments);
            let back = self.read(&noisy).unwrap_or_else(|error| panic!("{seed}: {error}"));
            let written = self.write(&back);
            assert_eq!(lines(&written), lines(&noisy), "seed {seed}");
            assert_eq!(self.read(&written), Ok(back), "seed {seed}");
        }
    }

    /// Which lines of a document are different once one thing was changed, before and after.
    pub(crate) fn changed(
        &self,
        document: &[Segment],
        change: impl FnOnce(&mut M),
    ) -> Vec<(String, String)> {
        let mut model = self.read(document).expect("it can be read");
        change(&mut model);
        let written = self.write(&model);
        assert_eq!(written.len(), document.len());
        let both = lines(document).into_iter().zip(lines(&written));
        both.filter(|(before, after)| before != after).collect()
    }
}
