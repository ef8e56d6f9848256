//! `schedule list`: every schedule on a line: when it ran last, when it runs next, whether it is paused.

use std::collections::BTreeMap;

use tieline_gateway::schedule::{Planned, planned};
use tieline_model::time::Timestamp;
use tieline_partner::PartnerBook;
use tieline_store::schedule::Pause;

use super::stamp;
use crate::commands::partner::find;
use crate::console::Console;
use crate::station::{self, Settings, StationArgs, refused};
use crate::text_or_json::TextOrJson;
use crate::{clock, exit};

/// List what is planned: when it ran last, when it runs next, whether it is paused and why
///
/// Times are shown on the clock of each schedule, with the difference to UTC. Without a store only
/// what is planned is known.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The partner; all of them when not given
    #[arg(value_name = "ID")]
    id: Option<String>,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

/// What the store knows.
#[derive(Default)]
struct Known {
    last: BTreeMap<String, Timestamp>,
    pauses: BTreeMap<String, Pause>,
}

pub(super) fn run(args: &ListArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = settings.book()?;
    let mut all = planned(&book);
    if let Some(id) = &args.id {
        let prefix = format!("{}/", find(&book, id)?.profile().id);
        all.retain(|it| it.name.starts_with(&prefix));
    }
    let known = match settings.has_store() {
        true => known(&settings)?,
        false => {
            console.say("there is no store yet: nobody knows what ran or is paused");
            Known::default()
        }
    };
    let now = clock::instant();
    match args.format {
        TextOrJson::Json => json(&all, &known, now, console)?,
        TextOrJson::Text => table(&all, &known, now, console)?,
    }
    if args.id.is_none() {
        tell_forgotten(&book, &known, console);
    }
    Ok(exit::ACCEPTED)
}

fn known(settings: &Settings) -> anyhow::Result<Known> {
    station::run(async {
        let store = settings.store().await?;
        let runs = store.last_runs().await.map_err(|error| refused(&error))?;
        let pauses = store.pauses().await.map_err(|error| refused(&error))?;
        Ok(Known {
            last: runs.into_iter().map(|run| (run.schedule, run.planned)).collect(),
            pauses: pauses.into_iter().collect(),
        })
    })
}

fn table(
    all: &[Planned<'_>],
    known: &Known,
    now: Timestamp,
    console: &mut Console<'_>,
) -> std::io::Result<()> {
    if all.is_empty() {
        console.say("nothing is planned");
        return Ok(());
    }
    let width = |of: &dyn Fn(&Planned<'_>) -> usize, least| {
        all.iter().map(of).max().unwrap_or(0).max(least)
    };
    let name = width(&|it| it.name.len(), "schedule".len());
    let cron = width(&|it| it.schedule.cron.as_str().len(), "cron".len());
    let zone = width(&|it| it.schedule.zone.name().len(), "zone".len());
    writeln!(
        console.out,
        "{:name$}  {:cron$}  {:zone$}  {:27}  next",
        "schedule", "cron", "zone", "last run"
    )?;
    for it in all {
        let shown = |at: Option<Timestamp>| {
            at.map_or_else(|| "-".to_string(), |at| stamp(&it.schedule.zone, at))
        };
        let pause = known.pauses.get(&it.name);
        let next = match pause {
            Some(_) => "paused".to_string(),
            None => shown(it.schedule.next(now)),
        };
        writeln!(
            console.out,
            "{:name$}  {:cron$}  {:zone$}  {:27}  {next}",
            it.name,
            it.schedule.cron.as_str(),
            it.schedule.zone.name(),
            shown(known.last.get(&it.name).copied()),
        )?;
        if let Some(pause) = pause {
            let since = stamp(&it.schedule.zone, pause.since);
            writeln!(console.out, "    paused since {since}: {}", pause.reason)?;
        }
    }
    Ok(())
}

fn json(
    all: &[Planned<'_>],
    known: &Known,
    now: Timestamp,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let rows = all.iter().map(|it| {
        let pause = known.pauses.get(&it.name);
        let next = it.schedule.next(now).filter(|_| pause.is_none());
        serde_json::json!({
            "name": it.name,
            "cron": it.schedule.cron.as_str(),
            "zone": it.schedule.zone.name(),
            "last": known.last.get(&it.name).map(Timestamp::to_string),
            "next": next.map(|at| at.to_string()),
            "paused": pause.map(|pause| serde_json::json!({
                "since": pause.since.to_string(),
                "reason": pause.reason,
            })),
        })
    });
    let rows: Vec<serde_json::Value> = rows.collect();
    writeln!(console.out, "{}", serde_json::to_string_pretty(&rows)?)?;
    Ok(())
}

/// Says which pauses are of schedules that are no more: they would hold a new one of that name.
fn tell_forgotten(book: &PartnerBook, known: &Known, console: &mut Console<'_>) {
    let all = planned(book);
    for name in known.pauses.keys().filter(|name| !all.iter().any(|it| it.name == **name)) {
        console.say(format_args!("paused, and not planned any more: {name}"));
    }
}
