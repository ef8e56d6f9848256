//! `cert list`: every certificate of AS2 on a line, and how long it holds.

use tieline_model::time::{Timestamp, Zone};
use tieline_partner::profile::as2::CertificateUse;
use tieline_smime::Certificate;

use super::fingerprint;
use crate::commands::partner::DirectoryArg;
use crate::console::Console;
use crate::{clock, exit};

/// List the certificates of AS2, ours and those of partners
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only those of this partner
    #[arg(value_name = "ID")]
    id: Option<String>,

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

struct Line {
    whose: String,
    file: String,
    uses: &'static str,
    from: Timestamp,
    until: Timestamp,
    name: String,
    fingerprint: String,
}

pub(super) fn run(args: &ListArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    if let Some(id) = &args.id {
        crate::commands::partner::find(&book, id)?;
    }
    let mut lines = Vec::new();
    if args.id.is_none() {
        for (key, certificate) in book.own_certificates() {
            let file = &key.certificate;
            lines.push(line("ourselves", file, "both", certificate, (key.from, None)));
        }
    }
    for partner in book.partners() {
        let id = &partner.profile().id;
        if args.id.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        for (file, certificate) in partner.certificates() {
            let uses = match file.uses[..] {
                [CertificateUse::Sign] => "sign",
                [CertificateUse::Encrypt] => "encrypt",
                _ => "both",
            };
            lines.push(line(id, &file.file, uses, certificate, (file.from, file.until)));
        }
    }
    match args.format {
        Format::Json => write_json(&lines, console),
        Format::Text => write_text(&lines, console),
    }
}

fn line(
    whose: &str,
    file: &str,
    uses: &'static str,
    certificate: &Certificate,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
) -> Line {
    let (first, last) = certificate.valid();
    let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    Line {
        whose: whose.to_string(),
        file: file.to_string(),
        uses,
        from: from.map_or(at(first), |from| from.max(at(first))),
        until: until.map_or(at(last), |until| until.min(at(last))),
        name: certificate.common_name().unwrap_or_default().to_string(),
        fingerprint: fingerprint(certificate),
    }
}

fn write_json(lines: &[Line], console: &mut Console<'_>) -> anyhow::Result<u8> {
    let list: Vec<serde_json::Value> = lines
        .iter()
        .map(|it| {
            serde_json::json!({
                "partner": it.whose, "file": it.file, "use": it.uses, "from": it.from.to_string(),
                "until": it.until.to_string(), "name": it.name, "sha256": it.fingerprint,
            })
        })
        .collect();
    writeln!(console.out, "{}", serde_json::to_string_pretty(&list)?)?;
    Ok(exit::ACCEPTED)
}

fn write_text(lines: &[Line], console: &mut Console<'_>) -> anyhow::Result<u8> {
    if lines.is_empty() {
        console.say("nobody is on AS2; `tieline cert import` and `tieline cert new` begin it");
        return Ok(exit::ACCEPTED);
    }
    let now = clock::instant();
    let width = |of: fn(&Line) -> &str| lines.iter().map(|it| of(it).len()).max().unwrap_or(0);
    let (whose, file) = (width(|it| &it.whose), width(|it| &it.file));
    for it in lines {
        let day = |at: Timestamp| Zone::utc().local(at).date();
        let days = (it.until.as_second() - now.as_second()).div_euclid(86_400);
        let state = match (it.from > now, days) {
            (true, _) => "not yet".to_string(),
            (false, ..0) => "ended".to_string(),
            (false, days) => format!("{days} days left"),
        };
        writeln!(
            console.out,
            "{:whose$}  {:file$}  {:7}  {} to {}  {state}\n{:whose$}  {}",
            it.whose,
            it.file,
            it.uses,
            day(it.from),
            day(it.until),
            "",
            it.fingerprint
        )?;
    }
    Ok(exit::ACCEPTED)
}
