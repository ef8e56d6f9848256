//! One file of a batch translated; its result is there whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::table::Release;

use super::files::File;
use super::{BatchArgs, Outcome, usage};
use crate::exit;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::Guides;
use crate::progress::Progress;
use crate::records::{Format, Reader, Sending, Source, Target, Unsaid};
use crate::text::count;

/// Whether each file has a place of its own for its result, which is none of the files themselves.
pub(super) fn plan(files: &[File], format: Format, out: &Path) -> Result<(), Failure> {
    if format == Format::Smarthub {
        return Err(usage("a SmartHub answer can only be read".to_string(), "choose another --to"));
    }
    let mut places: BTreeMap<PathBuf, &File> = BTreeMap::new();
    for file in files {
        let place = place(file, format, out);
        let is_same = |other: &File| {
            fs::canonicalize(&place)
                .is_ok_and(|it| fs::canonicalize(&other.path).is_ok_and(|o| o == it))
        };
        if is_same(file) {
            let message = format!("{} would be written over itself", file.name);
            return Err(usage(message, "name another directory with --out"));
        }
        if let Some(other) = places.insert(place, file) {
            let message = format!("{} and {} would be one file", other.name, file.name);
            return Err(usage(message, "give one of them another name"));
        }
    }
    Ok(())
}

/// Where the result of a file goes.
fn place(file: &File, format: Format, out: &Path) -> PathBuf {
    let ending = match format {
        Format::X12 => "edi",
        Format::Json | Format::Smarthub => "json",
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Espi | Format::Xml => "xml",
    };
    out.join(&file.below).with_extension(ending)
}

/// Translates a file, which stands at this place among all.
pub(super) fn convert(
    args: &BatchArgs,
    guides: &Guides,
    format: Format,
    out: &Path,
    (at, file): (usize, &File),
) -> Outcome {
    match translate(args, guides, format, out, (at, file)) {
        Ok(records) => Outcome { code: exit::ACCEPTED, word: "ok", how: count(records, "record") },
        Err(error) => Outcome::failed(&error),
    }
}

fn translate(
    args: &BatchArgs,
    guides: &Guides,
    format: Format,
    out: &Path,
    (at, file): (usize, &File),
) -> anyhow::Result<u64> {
    let progress = Progress::new(false, None);
    let reader = Reader { guides, progress: &progress };
    let number = u64::from(args.control_number) + at as u64;
    let sending = Sending {
        release: Release::V004010,
        // The number after the last is the first again.
        control_number: u32::try_from((number - 1) % 999_999_999 + 1).unwrap_or(1),
        production: false,
        customer: None,
        delimiters: Delimiters { line_end: LineEnd::Lf, ..Delimiters::default() },
    };
    let target = Target { format, table: args.table, guides, sending: &sending };
    let place = place(file, format, out);
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let source = Source { file: file.path.clone(), from: None, unsaid: Unsaid::default() };
    write_file(&place, |out: &mut dyn Write| {
        let mut sink = target.open(out)?;
        let mut records = 0;
        let unread = reader.read(&source, &mut |record| {
            records += 1;
            sink.write(&record)
        })?;
        let mut losses = sink.finish()?;
        losses.add(unread);
        if !losses.is_empty() && !args.allow_loss {
            let names: Vec<&str> = losses.iter().take(3).map(|(name, _)| name).collect();
            let message = format!("the format has no place for {}", names.join(", "));
            let help = Some("--allow-loss leaves it out".to_string());
            return Err(Failure { code: exit::FINDINGS, message, help }.into());
        }
        Ok(records)
    })
}
