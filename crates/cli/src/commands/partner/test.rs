//! `partner test`: a partner's server tried out, step by step.

use tieline_gateway::connection;
use tieline_partner::did_you_mean;
use tieline_partner::profile::{Profile, SftpDrop};
use tieline_transport::sftp::client::{Step, StepResult};

use super::{DirectoryArg, find};
use crate::console::{Console, Paint};
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs};
use crate::text::{grouped, wrapped};
use crate::text_or_json::TextOrJson;

/// The steps of a connection in their order, as they are named.
const STEPS: [&str; 9] =
    ["dns", "tcp", "host key", "login", "subsystem", "list", "write", "rename", "delete"];
/// How wide what came of a step is, before its time.
const WIDTH: usize = 60;

/// Try a partner's server out, step by step: name, port, host key, login, folders
///
/// Where files are put, a small file is written, renamed and deleted, whose name starts with
/// .tieline-test. Nothing else is sent and nothing is taken. Ends with 75 when the server does not
/// answer, and with 78 when it answers and something is not as the profile says.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner test prairie-power
  tieline partner test prairie-power --drop data-desk --no-write")]
pub(crate) struct TestArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// This drop alone; all that are enabled when not given
    #[arg(long, value_name = "NAME")]
    drop: Option<String>,

    /// Write nothing there: only connect, log in and list
    #[arg(long)]
    no_write: bool,

    /// How to write what came of it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

/// What came of one drop.
struct Tried<'p> {
    drop: &'p SftpDrop,
    steps: Vec<Step>,
    /// Steps that were not come to.
    untried: Vec<&'static str>,
    code: u8,
}

pub(super) fn run(args: &TestArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = DirectoryArg::at(settings.partners()).book()?;
    let profile = find(&book, &args.id)?.profile();
    let drops = drops(profile, args.drop.as_deref())?;
    let secrets = station::secrets();
    let mut all = Vec::new();
    for drop in drops {
        let steps = station::run(async {
            let tried = connection::test(&secrets, drop, !args.no_write).await;
            tried.map_err(|error| unusable(profile, drop, &error.to_string()).into())
        })?;
        let tried = tried(drop, steps, !args.no_write);
        if args.format == TextOrJson::Text {
            let name = format!("{}/drop {}", profile.id, drop.name);
            console.out.write_all(text(&name, &tried, console.paint).as_bytes())?;
        }
        all.push(tried);
    }
    if args.format == TextOrJson::Json {
        let all: Vec<serde_json::Value> = all.iter().map(json).collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&all)?)?;
    }
    Ok(all.iter().map(|tried| tried.code).max().unwrap_or(exit::ACCEPTED))
}

fn drops<'p>(profile: &'p Profile, named: Option<&str>) -> Result<Vec<&'p SftpDrop>, Failure> {
    let Some(name) = named else {
        let drops: Vec<&SftpDrop> = profile.drops.iter().filter(|drop| drop.enabled).collect();
        if drops.is_empty() {
            let message = format!("{} has no server that we call", profile.id);
            let help = "a [[drops]] in its partner.toml names one; with a [mailbox] it calls us";
            return Err(Failure::usage(message, Some(help.to_string())));
        }
        return Ok(drops);
    };
    let found = profile.drops.iter().find(|drop| drop.name == name);
    found.map(|drop| vec![drop]).ok_or_else(|| {
        let known: Vec<&str> = profile.drops.iter().map(|drop| drop.name.as_str()).collect();
        let help = did_you_mean(name, &known)
            .or_else(|| (!known.is_empty()).then(|| format!("there are {}", known.join(", "))));
        Failure::usage(format!("{} has no drop `{name}`", profile.id), help)
    })
}

fn unusable(profile: &Profile, drop: &SftpDrop, why: &str) -> Failure {
    let message = format!("{}/drop {}: {why}; nobody was called", profile.id, drop.name);
    let help = "the secret is read as whoever runs this, where `serve` may be another user";
    Failure { code: exit::CONFIGURATION, message, help: Some(help.to_string()) }
}

fn tried(drop: &SftpDrop, steps: Vec<Step>, is_put: bool) -> Tried<'_> {
    let failed = steps.last().map(|step| &step.result);
    let code = match failed {
        Some(StepResult::Failed { is_passing: true, .. }) => exit::TEMPORARY,
        Some(StepResult::Failed { .. }) => exit::CONFIGURATION,
        _ => exit::ACCEPTED,
    };
    let reached = steps.last().map(|step| step.name.as_str()).unwrap_or_default();
    // What a proxy did is seen before the host key is.
    let reached = STEPS.iter().position(|name| *name == reached).unwrap_or(1);
    let last = if is_put && drop.push.is_some() { STEPS.len() } else { 6 };
    let mut untried = match code {
        exit::ACCEPTED => Vec::new(),
        _ => STEPS[(reached + 1).min(last)..last].to_vec(),
    };
    untried.retain(|name| !steps.iter().any(|step| step.name == *name));
    Tried { drop, steps, untried, code }
}

fn text(name: &str, tried: &Tried<'_>, paint: Paint) -> String {
    let mut out = format!("{name}: {} port {}\n", tried.drop.host, tried.drop.port);
    for step in &tried.steps {
        let (good, bad) = (paint.good, paint.error);
        let milliseconds = grouped(u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX));
        match &step.result {
            StepResult::Done(word) => {
                out += &format!(
                    "  {:9}  {good}ok{good:#}    {word:WIDTH$}  {milliseconds:>6} ms\n",
                    step.name
                );
            }
            StepResult::Failed { words, fix, .. } => {
                let named = format!("{}: ", step.name);
                let words = words.strip_prefix(&named).unwrap_or(words);
                out += &format!("  {:9}  {bad}FAIL{bad:#}  {words}\n", step.name);
                for line in wrapped(fix, 90).lines() {
                    out += &format!("             {line}\n");
                }
                if step.name == "host key" {
                    out += "             if the partner confirms the key, put its fingerprint into \
                            host_keys of the drop in partner.toml\n";
                }
            }
        }
    }
    if !tried.untried.is_empty() {
        out += &format!("  not run: {}\n", tried.untried.join(", "));
    }
    out
}

fn json(tried: &Tried<'_>) -> serde_json::Value {
    let steps = tried.steps.iter().map(|step| {
        let took = u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX);
        match &step.result {
            StepResult::Done(word) => serde_json::json!({
                "step": step.name, "ok": true, "milliseconds": took, "what": word,
            }),
            StepResult::Failed { words, fix, is_passing } => serde_json::json!({
                "step": step.name, "ok": false, "milliseconds": took, "what": words,
                "fix": fix, "passing": is_passing,
            }),
        }
    });
    serde_json::json!({
        "drop": tried.drop.name,
        "host": tried.drop.host,
        "port": tried.drop.port,
        "ok": tried.code == exit::ACCEPTED,
        "steps": steps.collect::<Vec<_>>(),
        "not_run": tried.untried,
    })
}
