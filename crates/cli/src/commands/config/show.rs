//! `config show`: every setting, its value, and where it comes from.

use std::path::{Path, PathBuf};

use super::Given;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{Settings, without_password};

/// Show the settings of the gateway, with --origin where each comes from
///
/// The command line comes before the environment, that before the file, and that before what holds
/// when nothing is said. Passwords in the address of a store are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Say where each comes from: command line, environment, file and line, or default
    #[arg(long)]
    origin: bool,

    #[command(flatten)]
    given: Given,
}

/// A setting as it holds.
struct Setting {
    name: String,
    value: String,
    origin: String,
}

/// Where a setting can be said beside the file.
struct Way {
    name: &'static str,
    /// The name of its argument.
    argument: &'static str,
    variable: &'static str,
}

const WAYS: [Way; 5] = [
    Way { name: "store", argument: "--store", variable: "TIELINE_STORE" },
    Way { name: "partners", argument: "--partners", variable: "TIELINE_PARTNERS" },
    Way { name: "mailboxes", argument: "--mailboxes", variable: "TIELINE_MAILBOXES" },
    Way { name: "sftp.listen", argument: "--sftp", variable: "TIELINE_SFTP" },
    Way { name: "as2.listen", argument: "--as2", variable: "TIELINE_AS2" },
];

pub(super) fn run(args: &ShowArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.given.station.settings()?;
    let file = args.given.station.file();
    let said = match &file {
        Some(path) => in_file(path)?,
        None => Vec::new(),
    };
    let all = all(args, &settings, file.as_deref(), &said);
    if args.given.format.is_json() {
        let rows = all.iter().map(
            |it| serde_json::json!({ "name": it.name, "value": it.value, "origin": it.origin }),
        );
        let rows: Vec<serde_json::Value> = rows.collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(exit::ACCEPTED);
    }
    let name = all.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let value = all.iter().map(|it| it.value.chars().count()).max().unwrap_or(0);
    for it in &all {
        match args.origin {
            true => {
                writeln!(console.out, "{:name$}  {:value$}  {}", it.name, it.value, it.origin)?;
            }
            false => writeln!(console.out, "{:name$}  {}", it.name, it.value)?,
        }
    }
    Ok(exit::ACCEPTED)
}

/// Every setting: those we know of, then what else the file says.
fn all(
    args: &ShowArgs,
    settings: &Settings,
    file: Option<&Path>,
    said: &[(String, String, usize)],
) -> Vec<Setting> {
    let listen = args.given.sftp.or(settings.sftp.listen);
    let keys: Vec<String> =
        settings.sftp.host_keys.iter().map(|path| path.display().to_string()).collect();
    let as2 = &settings.as2;
    let takes = args.given.as2.or(as2.listen);
    let shown = |path: &Option<PathBuf>, none: &str| {
        path.as_ref().map_or(none.to_string(), |path| path.display().to_string())
    };
    let own = || format!("{}, made at the first start", settings.own_host_key().display());
    let half = || "half of as2.unverified".to_string();
    let known = [
        ("store", without_password(&settings.address())),
        ("partners", settings.partners().display().to_string()),
        ("mailboxes", settings.mailboxes().display().to_string()),
        ("node", settings.node()),
        ("workers", settings.workers.map_or("4".to_string(), |it| it.to_string())),
        ("sftp.listen", listen.map_or("none".to_string(), |it| it.to_string())),
        ("sftp.host_keys", if keys.is_empty() { own() } else { keys.join(", ") }),
        ("as2.listen", takes.map_or("none".to_string(), |it| it.to_string())),
        ("as2.path", as2.path().to_string()),
        ("as2.certificate", shown(&as2.certificate, "none: plain HTTP")),
        ("as2.key", shown(&as2.key, "none")),
        ("as2.unverified", as2.unverified.clone().unwrap_or_else(|| "4GB".to_string())),
        ("as2.unverified_of_partner", as2.unverified_of_partner.clone().unwrap_or_else(half)),
        ("as2.opened_at_once", as2.opened_at_once.map_or("16".to_string(), |it| it.to_string())),
    ];
    let mut all = Vec::new();
    let shown = file.map(|path| path.display().to_string()).unwrap_or_default();
    let line = |name: &str| {
        let found = said.iter().find(|(key, ..)| key == name);
        found.map(|(_, _, line)| format!("{shown}:{line}"))
    };
    for (name, value) in known {
        let beside = WAYS.iter().find(|way| way.name == name).and_then(|way| beside(args, way));
        let origin = beside.or_else(|| line(name)).unwrap_or_else(|| "default".to_string());
        all.push(Setting { name: name.to_string(), value, origin });
    }
    for (name, value, line) in said {
        if !all.iter().any(|it| it.name == *name) {
            let (name, value) = (name.clone(), value.clone());
            all.push(Setting { name, value, origin: format!("{shown}:{line}") });
        }
    }
    all
}

/// Whether a setting is said on the command line or in the environment.
fn beside(args: &ShowArgs, way: &Way) -> Option<String> {
    let is_said = match way.name {
        "sftp.listen" => args.given.sftp.is_some(),
        "as2.listen" => args.given.as2.is_some(),
        name => args.given.station.says(name),
    };
    let typed = std::env::args().take_while(|it| it != "--").any(|it| {
        it == way.argument || it.strip_prefix(way.argument).is_some_and(|it| it.starts_with('='))
    });
    match (is_said, typed) {
        (false, _) => None,
        (true, true) => Some(format!("command line ({})", way.argument)),
        (true, false) => Some(format!("environment ({})", way.variable)),
    }
}

/// Every key of the file with its value as it stands there, and its line.
fn in_file(path: &Path) -> Result<Vec<(String, String, usize)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::no_input(&path.display().to_string(), &error))?;
    let mut found = Vec::new();
    if let Ok(table) = toml::de::DeTable::parse(&text) {
        walk(table.get_ref(), "", &text, &mut found);
    }
    found.sort_by_key(|(_, _, line)| *line);
    Ok(found)
}

fn walk(
    table: &toml::de::DeTable<'_>,
    above: &str,
    text: &str,
    found: &mut Vec<(String, String, usize)>,
) {
    for (key, value) in table {
        let name = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        if let toml::de::DeValue::Table(inner) = value.get_ref() {
            walk(inner, &name, text, found);
            continue;
        }
        let line = text[..key.span().start].matches('\n').count() + 1;
        let shown = match value.get_ref() {
            toml::de::DeValue::String(text) => text.to_string(),
            _ => text.get(value.span()).unwrap_or_default().to_string(),
        };
        found.push((name, shown, line));
    }
}
