//! What the fuzz targets share: seeds, windows, and plans to check against.

pub mod sealed;

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use tieline_partner::builtin;
use tieline_sample::corpus::{Request, interchange};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::check::{Plans, Standard};
use tieline_x12::compose;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::sets;
use tieline_x12::table::Release;

/// Numbers that depend on the input alone, so that a crash can be run again.
pub fn random(data: &[u8]) -> Random {
    // FNV-1a.
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| {
        (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    });
    Random::new(hash)
}

/// Cuts the input where it falls.
pub fn windows<'a>(random: &mut Random, data: &'a [u8]) -> Vec<&'a [u8]> {
    let most = random.pick(&[20, 300, 2_000]);
    let mut rest = data;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, others) = rest.split_at((1 + random.index(most)).min(rest.len()));
        parts.push(part);
        rest = others;
    }
    parts
}

/// Separators that can be told apart.
pub fn delimiters(random: &mut Random) -> Delimiters {
    let mut left = b"*~:^|>+!;\x1c\x1d\x1e\x1f\\`".to_vec();
    let mut draw = || left.swap_remove(random.index(left.len()));
    let (element, component, repetition, segment) = (draw(), draw(), draw(), draw());
    let line_end = random.pick(&[LineEnd::None, LineEnd::Lf, LineEnd::CrLf]);
    Delimiters { element, component, repetition: Some(repetition), segment, line_end }
}

/// The built-in guides; the bare standard for sets that have none.
pub struct Guided;

impl Plans for Guided {
    fn plan(&self, header: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let guide = builtin::all()
            .iter()
            .map(|file| &file.guide)
            .find(|guide| guide.set.as_bytes() == set && guide.release == release);
        match (guide, table(set, release)) {
            (Some(guide), Some(table)) => Plan::compile(table, Some(guide)).ok().map(Arc::new),
            _ => Standard.plan(header, release, set),
        }
    }
}

/// The table of a set.
pub fn table(set: &[u8], release: Release) -> Option<&'static tieline_x12::table::TransactionSet> {
    sets::ALL.iter().copied().find(|t| t.code.as_bytes() == set && t.release == release)
}

/// A small document of each kind.
pub fn samples() -> impl Iterator<Item = Vec<u8>> {
    Kind::ALL.into_iter().flat_map(|kind| {
        Release::ALL.map(|release| {
            let choices = Choices {
                days: Some(1),
                meters: Some(1),
                payments: 2,
                interval: IntervalLength::Minutes60,
                ..Choices::default()
            };
            let request = Request { release, choices, ..Request::of(kind) };
            let line_end = if kind == Kind::Invoice { LineEnd::CrLf } else { LineEnd::None };
            let delimiters = Delimiters { line_end, ..Delimiters::default() };
            compose::write(&interchange(&request), &delimiters).expect("samples compose")
        })
    })
}

/// Puts seeds into the corpus folder named on the command line: samples, sound and spoilt.
pub fn plant_documents() {
    let mut seeds = Vec::new();
    for sample in samples() {
        for mistake in Mistake::ALL {
            let planted = plant(&sample, *mistake, &mut Random::new(1));
            seeds.extend(planted.map(|planted| planted.bytes));
        }
        seeds.push(sample);
    }
    write(&seeds);
}

/// Puts the built-in guides into the corpus folder named on the command line.
pub fn plant_guides() {
    let seeds: Vec<Vec<u8>> =
        builtin::all().iter().map(|file| file.text().as_bytes().to_vec()).collect();
    write(&seeds);
}

/// Puts the samples of files that are not X12 into the corpus folder named on the command line.
pub fn plant_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples/files");
    let mut names: Vec<PathBuf> = ["", "broken", "bulk", "written"]
        .into_iter()
        .flat_map(|part| fs::read_dir(folder.join(part)).expect("samples are there"))
        .map(|file| file.expect("samples are there").path())
        .filter(|path| {
            let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
            ["xml", "csv", "zip", "json"].contains(&ending)
        })
        .collect();
    names.sort();
    let seeds: Vec<Vec<u8>> =
        names.iter().map(|path| fs::read(path).expect("a sample can be read")).collect();
    write(&seeds);
}

/// Puts seeds into the corpus folder named on the command line.
pub fn write(seeds: &[Vec<u8>]) {
    let is_folder =
        |argument: &String| !argument.starts_with('-') && PathBuf::from(argument).is_dir();
    let Some(folder) = env::args().skip(1).find(is_folder) else { return };
    for (n, seed) in seeds.iter().enumerate() {
        let path = PathBuf::from(&folder).join(format!("seed-{n:04}"));
        fs::write(path, seed).expect("the corpus folder can be written to");
    }
}
