//! `partner show`: what holds for a partner, what its file leaves out included.

use tieline_partner::profile::{
    Acknowledge, AcknowledgmentKind, AfterSegment, Profile, SftpDrop, Ta1, Usage,
};
use tieline_partner::schedule::{HolidayRule, Schedule};

use super::{DirectoryArg, find, shown_id, way};
use crate::console::Console;
use crate::{clock, exit};

/// Show all that holds for a partner, what its file leaves out included
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &ShowArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let partner = find(&book, &args.id)?;
    let profile = partner.profile();
    for (heading, lines) in sections(profile) {
        if lines.is_empty() {
            continue;
        }
        writeln!(console.out, "{heading}")?;
        for (what, value) in lines {
            writeln!(console.out, "  {what:20} {value}")?;
        }
    }
    let today = clock::today();
    for expiry in partner.expiries(today) {
        writeln!(console.out, "{} until {}", expiry.what, expiry.last_day)?;
    }
    Ok(exit::ACCEPTED)
}

type Section = (String, Vec<(String, String)>);

/// Everything but the contents of documents, heading by heading.
pub(super) fn sections(profile: &Profile) -> Vec<Section> {
    let line = |what: &str, value: String| (what.to_string(), value);
    let none = || "-".to_string();
    let mut sections = Vec::new();
    let mut who = vec![
        line("status", profile.status.as_str().to_string()),
        line("legal name", profile.legal_name.clone().unwrap_or_else(|| profile.name.clone())),
        line("ein", profile.ein.clone().unwrap_or_else(none)),
        line("zone", profile.zone.name().to_string()),
        line("business days", profile.calendar.title().to_string()),
    ];
    for contact in &profile.contacts {
        let parts = [Some(&contact.name), contact.email.as_ref(), contact.phone.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        who.push(line(contact.role.as_deref().unwrap_or("contact"), parts.join(", ")));
    }
    sections.push((format!("{} ({})", profile.name, profile.id), who));
    sections.push(("x12".to_string(), x12(profile)));
    let documents = profile.documents.iter().map(|document| {
        let when = match &document.schedule {
            Some(schedule) => format!(", {}", shown_schedule(schedule)),
            None => String::new(),
        };
        let off = if document.enabled { "" } else { ", stopped" };
        let guide = match &document.guide {
            Some(
                tieline_partner::profile::GuideName::File(name)
                | tieline_partner::profile::GuideName::BuiltIn(name),
            ) => name.as_str(),
            None => "the standard alone",
        };
        line(
            &format!("{} {}", document.set, way(document.direction)),
            format!("{guide}{when}{off}"),
        )
    });
    sections.push(("documents".to_string(), documents.collect()));
    if let Some(mailbox) = &profile.mailbox {
        let networks: Vec<String> = mailbox.networks.iter().map(ToString::to_string).collect();
        let networks = if networks.is_empty() { "any".to_string() } else { networks.join(", ") };
        let mut lines = vec![
            line("user", mailbox.user.clone()),
            line("keys", mailbox.keys.len().to_string()),
            line("networks", networks),
            line("largest file", format!("{} bytes", mailbox.limits.file)),
        ];
        if let Some(password) = &mailbox.password {
            lines.insert(2, line("password", password.to_string()));
        }
        sections.push(("mailbox".to_string(), lines));
    }
    for drop in &profile.drops {
        sections.push((format!("drop {}", drop.name), drop_lines(drop)));
    }
    if let Some(as2) = &profile.as2 {
        sections.push(("as2".to_string(), super::as2::ours(as2)));
    }
    let watches = profile.watches.iter().map(|watch| {
        let what = watch.set.clone().or(watch.pattern.as_ref().map(|it| it.as_str().to_string()));
        let days = if watch.business_days { " on business days" } else { "" };
        line(&watch.name, format!("{}: {}{days}", what.unwrap_or_default(), watch.schedule.cron))
    });
    sections.push(("expected files".to_string(), watches.collect()));
    let exports = profile.exports.iter();
    let exports = exports
        .map(|it| line(&it.set, format!("{} as {}", it.folder.display(), it.file_name.as_str())));
    sections.push(("exports".to_string(), exports.collect()));
    let alerts = &profile.alerts;
    let email = if alerts.email.is_empty() { none() } else { alerts.email.join(", ") };
    let retention = profile.retention;
    sections.push((
        "alerts and retention".to_string(),
        vec![
            line("email", email),
            line("messages", format!("{} days", retention.messages)),
            line("test traffic", format!("{} days", retention.tests)),
        ],
    ));
    sections
}

fn x12(profile: &Profile) -> Vec<(String, String)> {
    let line = |what: &str, value: String| (what.to_string(), value);
    let envelope = &profile.envelope;
    let separators = envelope.separators;
    let newline = match separators.newline {
        AfterSegment::Nothing => "nothing",
        AfterSegment::Lf => "LF",
        AfterSegment::CrLf => "CR LF",
    };
    let mut lines: Vec<(String, String)> =
        profile.x12.isa.iter().map(|id| line("isa", shown_id(id))).collect();
    if !profile.x12.gs.is_empty() {
        lines.push(line("gs", profile.x12.gs.join(", ")));
    }
    let usage = match envelope.usage {
        Usage::Test => "T, a test",
        Usage::Production => "P, production",
    };
    let mut marks = format!(
        "element {}  component {}  segment {} followed by {newline}",
        char::from(separators.element),
        char::from(separators.component),
        char::from(separators.segment),
    );
    // Release 004010 has no repetitions.
    if profile.x12.version.starts_with("005") {
        marks += &format!("  repetition {}", char::from(separators.repetition));
    }
    lines.extend([
        line(
            "version",
            format!("{} (ISA12 {})", profile.x12.version, envelope.interchange_version),
        ),
        line("usage", usage.to_string()),
        line("separators", marks),
        line(
            "duplicates",
            format!("the same ISA13 within {} days is a repeat", envelope.duplicate_window),
        ),
    ]);
    lines.extend(acknowledge(&envelope.acknowledge));
    lines
}

fn acknowledge(acknowledge: &Acknowledge) -> Vec<(String, String)> {
    let kind = |kind: AcknowledgmentKind| match kind {
        AcknowledgmentKind::Functional => "997",
        AcknowledgmentKind::Implementation => "999",
        AcknowledgmentKind::None => "nothing",
    };
    let ta1 = match acknowledge.ta1 {
        Ta1::Asked => "a TA1 when asked",
        Ta1::Always => "a TA1 always",
        Ta1::Never => "never a TA1",
    };
    let advice =
        if acknowledge.advice { ", an 824 for what is wrong beyond the standard" } else { "" };
    vec![
        ("we answer with".to_string(), format!("{}, {ta1}{advice}", kind(acknowledge.send))),
        (
            "they answer with".to_string(),
            match acknowledge.expect {
                AcknowledgmentKind::None => "nothing".to_string(),
                expected => format!("{} within {}", kind(expected), acknowledge.within),
            },
        ),
    ]
}

fn drop_lines(drop: &SftpDrop) -> Vec<(String, String)> {
    let line = |what: &str, value: String| (what.to_string(), value);
    let mut lines = vec![
        line("server", format!("{}@{}:{}", drop.user, drop.host, drop.port)),
        line("host keys", drop.host_keys.join(", ")),
        line("schedule", shown_schedule(&drop.schedule)),
    ];
    if let Some(push) = &drop.push {
        lines.push(line("push to", push.clone()));
    }
    if let Some(pull) = &drop.pull {
        lines.push(line("pull from", format!("{} ({})", pull.folder, pull.pattern.as_str())));
    }
    for (what, name) in [("key", &drop.key), ("password", &drop.password)] {
        if let Some(name) = name {
            lines.push(line(what, name.to_string()));
        }
    }
    lines
}

/// `15 6 * * MON-FRI America/Chicago, on holidays the day after`.
pub(super) fn shown_schedule(schedule: &Schedule) -> String {
    let holidays = match schedule.holidays {
        HolidayRule::Run => "",
        HolidayRule::Skip => ", not on holidays",
        HolidayRule::Before => ", on holidays the business day before",
        HolidayRule::After => ", on holidays the business day after",
    };
    format!("{} {}{holidays}", schedule.cron, schedule.zone.name())
}
