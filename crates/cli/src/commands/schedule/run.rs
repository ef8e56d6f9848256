//! `schedule run`: what is planned is done now, or shown without being done.

use jiff::Timestamp;
use tieline_gateway::forecast::{Forecast, Interchange, forecast};
use tieline_gateway::schedule::job_of;
use tieline_store::job::Filter;
use tieline_store::posting::{Kind, Posting};
use tieline_store::{AuditEntry, Change, Store};

use super::{By, find, stamp};
use crate::console::Console;
use crate::exit;
use crate::station::{self, StationArgs, refused};
use crate::text::count;
use crate::text_or_json::TextOrJson;

/// Run a schedule now, beside its plan
///
/// A gateway that serves does it at once; without one it waits for the next that is started. A
/// schedule that is paused runs this once. With --dry-run nothing is written, sent or called: it is
/// shown what would be, with exit status 1 when something of it would be held.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline schedule run prairie-power/867 --dry-run
  tieline schedule run \"redriver-bank/drop statements\"")]
pub(crate) struct RunArgs {
    /// The schedule, as `schedule list` names it
    #[arg(value_name = "NAME")]
    name: String,

    /// Show what would be sent or called, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// How to write what would be done
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(requires = "dry_run")]
    format: TextOrJson,

    #[command(flatten)]
    by: By,

    #[command(flatten)]
    station: StationArgs,
}

pub(super) fn run(args: &RunArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = settings.book()?;
    let planned = find(&book, &args.name)?;
    station::run(async {
        // Nothing is made where nothing is done.
        settings.store().await?.close().await;
        let house = settings.house().await?;
        let pauses = house.store.pauses().await.map_err(|error| refused(&error))?;
        if let Some((_, pause)) = pauses.iter().find(|(name, _)| *name == planned.name) {
            console.say(format_args!("it is paused: {}", pause.reason));
        }
        if args.dry_run {
            let told = forecast(&house, &planned).await.map_err(|error| refused(&error))?;
            return match args.format {
                TextOrJson::Text => tell(&told, &planned.schedule.zone, console),
                TextOrJson::Json => tell_json(&told, console),
            };
        }
        let job = job_of(&planned);
        let waiting = is_waiting(&*house.store, &job.kind, &job.detail).await?;
        let entry = AuditEntry {
            at: None,
            actor: args.by.by.clone(),
            action: "run".to_string(),
            subject: planned.name.clone(),
            detail: "beside its plan".to_string(),
        };
        let change = Change { jobs: vec![job], audit: vec![entry], ..Change::default() };
        house.store.apply(change).await.map_err(|error| refused(&error))?;
        match waiting {
            true => console.say(format_args!("{} is under way already", planned.name)),
            false => console.say(format_args!("{} is begun", planned.name)),
        }
        Ok(exit::ACCEPTED)
    })
}

/// Whether the same is to be done already: then it is done once.
async fn is_waiting(store: &dyn Store, kind: &str, detail: &str) -> anyhow::Result<bool> {
    let filter = Filter { kind: Some(kind.to_string()), dead: Some(false), ..Filter::default() };
    let jobs = store.jobs(&filter, 1_000).await.map_err(|error| refused(&error))?;
    Ok(jobs.iter().any(|job| job.detail == detail))
}

fn tell(
    forecast: &Forecast,
    zone: &tieline_model::time::Zone,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    match forecast {
        Forecast::Send(interchanges) => return send(interchanges, console),
        Forecast::Call { server, not_before, put, take } => {
            if let Some(at) = not_before {
                let at = stamp(zone, *at);
                writeln!(console.out, "would wait until {at}: it is not to be called before")?;
            }
            writeln!(console.out, "would call {server}")?;
            if let Some((folder, files)) = put {
                let files_count = count(files.len() as u64, "file");
                writeln!(console.out, "  would put {files_count} into {folder}")?;
                for it in files {
                    let size = count(it.size, "byte");
                    writeln!(console.out, "    {}  {}  {}, {size}", it.id, it.name, it.content)?;
                }
            }
            if let Some((folder, pattern)) = take {
                writeln!(console.out, "  would take {pattern} from {folder}")?;
            }
        }
        _ => writeln!(console.out, "what it would do cannot be said beforehand")?,
    }
    Ok(exit::ACCEPTED)
}

fn send(interchanges: &[Interchange], console: &mut Console<'_>) -> anyhow::Result<u8> {
    if interchanges.is_empty() {
        writeln!(console.out, "would send nothing: nothing is due")?;
    }
    let mut code = exit::ACCEPTED;
    for it in interchanges {
        let test = if it.test { "a test, " } else { "" };
        let documents = count(it.postings.len() as u64, "document");
        writeln!(console.out, "would send an interchange: {test}{documents}")?;
        for posting in &it.postings {
            let kind = word(posting.kind);
            let days = match (posting.from, posting.until) {
                (Some(from), Some(until)) => format!("  {from} to {until}"),
                _ => String::new(),
            };
            writeln!(console.out, "    P{}  {kind} {}{days}", posting.id.0, posting.reference)?;
        }
        if let Some(reason) = &it.held {
            code = exit::FINDINGS;
            writeln!(console.out, "  would be held: {reason}")?;
        }
    }
    Ok(code)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Usage => "usage report",
        Kind::Bill => "bill",
        Kind::Payment => "payment",
        Kind::Request => "request",
        Kind::Advice => "advice",
    }
}

fn tell_json(forecast: &Forecast, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut code = exit::ACCEPTED;
    let told = match forecast {
        Forecast::Send(interchanges) => {
            if interchanges.iter().any(|it| it.held.is_some()) {
                code = exit::FINDINGS;
            }
            let posting = |it: &Posting| {
                serde_json::json!({
                    "posting": it.id.0,
                    "kind": word(it.kind),
                    "reference": it.reference,
                    "from": it.from.map(|date| date.to_string()),
                    "until": it.until.map(|date| date.to_string()),
                })
            };
            let interchange = |it: &Interchange| {
                serde_json::json!({
                    "test": it.test,
                    "held": it.held,
                    "documents": it.postings.iter().map(posting).collect::<Vec<_>>(),
                })
            };
            serde_json::json!({
                "send": interchanges.iter().map(interchange).collect::<Vec<_>>(),
            })
        }
        Forecast::Call { server, not_before, put, take } => serde_json::json!({
            "call": server,
            "not_before": not_before.as_ref().map(Timestamp::to_string),
            "put": put.as_ref().map(|(folder, files)| serde_json::json!({
                "folder": folder,
                "files": files.iter().map(|it| serde_json::json!({
                    "message": it.id.to_string(),
                    "name": it.name,
                    "bytes": it.size,
                })).collect::<Vec<_>>(),
            })),
            "take": take.as_ref().map(|(folder, pattern)| serde_json::json!({
                "folder": folder,
                "pattern": pattern,
            })),
        }),
        _ => serde_json::json!({}),
    };
    writeln!(console.out, "{}", serde_json::to_string_pretty(&told)?)?;
    Ok(code)
}
