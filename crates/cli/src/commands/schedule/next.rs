//! `schedule next`: what is planned with partners in the next days.

use tieline_model::time::{Date, Timestamp, Zone};
use tieline_partner::Partner;
use tieline_partner::schedule::Schedule;

use super::{day, stamp};
use crate::commands::partner::{DirectoryArg, find};
use crate::console::Console;
use crate::text::count;
use crate::{clock, exit};

/// The most runs of one thing that are listed.
const MOST: usize = 200;

/// List what runs in the next days: documents, drops, exports, and files that are due
///
/// Times are shown on the clock of each schedule, with the difference to UTC. What runs more than
/// once an hour is counted by the day.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline schedule next
  tieline schedule next prairie-power --days 3 --from 2026-11-24")]
pub(crate) struct NextArgs {
    /// The partner; all of them when not given
    #[arg(value_name = "ID")]
    id: Option<String>,

    /// How many days
    #[arg(long, value_name = "NUMBER", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,

    /// From the first moment of this day on the partner's clock; from now on when not given
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,

    #[command(flatten)]
    directory: DirectoryArg,
}

/// A line of the list.
struct Run {
    at: Timestamp,
    line: String,
}

pub(super) fn run(args: &NextArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let partners: Vec<&Partner> = match &args.id {
        Some(id) => vec![find(&book, id)?],
        None => book.partners().iter().collect(),
    };
    let mut runs = Vec::new();
    for partner in partners {
        planned(partner, args, &mut runs);
    }
    runs.sort_by(|a, b| (a.at, &a.line).cmp(&(b.at, &b.line)));
    for run in &runs {
        writeln!(console.out, "{}", run.line)?;
    }
    if runs.is_empty() {
        console.say("nothing is planned in these days");
    }
    Ok(exit::ACCEPTED)
}

fn planned(partner: &Partner, args: &NextArgs, runs: &mut Vec<Run>) {
    let profile = partner.profile();
    let start = match args.from {
        // Just before the first moment, so that this counts too.
        Some(date) => profile.zone.day(date).ok().and_then(|day| seconds_later(day.start(), -1)),
        None => Some(clock::instant()),
    };
    let Some(start) = start else { return };
    let Some(end) = seconds_later(start, i64::from(args.days) * 86_400) else { return };
    let mut add = |what: String, schedule: &Schedule| {
        let what = format!("{}: {what}", profile.id);
        let times = until(start, end, |after| schedule.next(after));
        list(&what, &schedule.zone, times, args.days, runs);
    };
    for document in profile.documents.iter().filter(|it| it.enabled) {
        if let Some(schedule) = &document.schedule {
            add(format!("send {}", document.set), schedule);
        }
    }
    for drop in profile.drops.iter().filter(|it| it.enabled) {
        add(format!("call drop {}", drop.name), &drop.schedule);
    }
    for export in profile.exports.iter().filter(|it| it.enabled) {
        if let Some(schedule) = &export.schedule {
            add(format!("export {}", export.set), schedule);
        }
    }
    for watch in &profile.watches {
        let what = format!("{}: {} is due", profile.id, watch.name);
        let times = until(start, end, |after| watch.next(after).map(|deadline| deadline.due));
        list(&what, &watch.schedule.zone, times, args.days, runs);
    }
}

fn seconds_later(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second() + seconds).ok()
}

/// The instants that follow each other up to an end.
fn until(
    start: Timestamp,
    end: Timestamp,
    next: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Vec<Timestamp> {
    let mut times = Vec::new();
    let mut after = start;
    while let Some(at) = next(after).filter(|at| *at <= end) {
        times.push(at);
        after = at;
    }
    times
}

fn list(what: &str, zone: &Zone, times: Vec<Timestamp>, days: u16, runs: &mut Vec<Run>) {
    let often = times.len() > usize::from(days) * 24 || times.len() > MOST;
    let mut times = times.into_iter().peekable();
    while let Some(at) = times.next() {
        let local = zone.local(at);
        if often {
            let mut more = 1;
            while times.next_if(|next| zone.local(*next).date() == local.date()).is_some() {
                more += 1;
            }
            let line = format!("{} {what}, {}", day(local.date()), count(more, "time"));
            runs.push(Run { at, line });
        } else {
            runs.push(Run { at, line: format!("{} {what}", stamp(zone, at)) });
        }
    }
}
