//! `partner list`: every partner on a line.

use tieline_partner::frame::{NoEvidence, judge};

use super::{DirectoryArg, way};
use crate::console::Console;
use crate::{clock, exit};

/// List the partners
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    directory: DirectoryArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For other programs
    Json,
}

pub(super) fn run(args: &ListArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let today = clock::today();
    let mut rows = Vec::new();
    for partner in book.partners() {
        let profile = partner.profile();
        let documents: Vec<String> = profile
            .documents
            .iter()
            .map(|it| format!("{} {}", it.set, way(it.direction)))
            .collect();
        let states = judge(partner, &NoEvidence, today);
        let signed = states.iter().filter(|it| it.ours.is_some() && it.theirs.is_some()).count();
        let frames = format!("{signed}/{}", states.len());
        rows.push((profile, documents.join(", "), frames));
    }
    if args.format == Format::Json {
        let list: Vec<serde_json::Value> = rows
            .iter()
            .map(|(profile, documents, frames)| {
                serde_json::json!({
                    "id": profile.id,
                    "name": profile.name,
                    "status": profile.status.as_str(),
                    "documents": documents.split(", ").filter(|it| !it.is_empty()).collect::<Vec<_>>(),
                    "frames_signed": frames,
                })
            })
            .collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(exit::ACCEPTED);
    }
    let width = rows.iter().map(|(profile, ..)| profile.id.len()).max().unwrap_or(0).max(2);
    writeln!(console.out, "{:width$}  {:9}  {:6}  documents", "id", "status", "signed")?;
    for (profile, documents, frames) in rows {
        let status = profile.status.as_str();
        writeln!(console.out, "{:width$}  {status:9}  {frames:6}  {documents}", profile.id)?;
    }
    Ok(exit::ACCEPTED)
}
