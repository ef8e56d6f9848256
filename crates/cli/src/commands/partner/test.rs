//! `partner test`: a partner's server tried out, step by step.

use std::sync::Arc;

use tieline_gateway::connection;
use tieline_partner::profile::{Profile, SftpDrop};
use tieline_partner::{Partner, PartnerBook, did_you_mean};
use tieline_transport::sftp::client::{Step, StepResult};

use super::{DirectoryArg, find};
use crate::console::{Console, Paint};
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs};
use crate::text::{grouped, wrapped};
use crate::text_or_json::TextOrJson;

/// The steps of a connection over SFTP in their order, as they are named.
const STEPS: [&str; 9] =
    ["dns", "tcp", "host key", "login", "subsystem", "list", "write", "rename", "delete"];
/// The same over AS2; `tls` only where the address is one of https.
const AS2_STEPS: [&str; 5] = ["dns", "tcp", "tls", "as2", "receipt"];
/// How wide what came of a step is, before its time.
const WIDTH: usize = 60;

/// Try a partner's servers out, step by step: over SFTP up to its folders, over AS2 up to a receipt
///
/// Where files are put, a small file is written, renamed and deleted, whose name starts with
/// .tieline-test. Over AS2 a text that says it is a test is sent, sealed as the profile says, and its
/// receipt judged in a step of its own; one that is not signed fails unless the profile asks for that: agree with the partner on when. Nothing else is sent and nothing is taken. Ends with
/// 75 when a server does not answer, and with 78 when it answers and something is not as the profile
/// says.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner test prairie-power
  tieline partner test otter-valley --as2
  tieline partner test prairie-power --drop data-desk --no-write")]
pub(crate) struct TestArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// This drop alone; all that are enabled, and AS2, when not given
    #[arg(long, value_name = "NAME")]
    drop: Option<String>,

    /// AS2 alone
    #[arg(long, conflicts_with = "drop")]
    as2: bool,

    /// Write nothing there: only connect, log in and list
    #[arg(long)]
    no_write: bool,

    /// How to write what came of it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

/// What was tried out.
enum Server<'p> {
    Drop(&'p SftpDrop),
    /// The address that messages go to.
    As2(&'p str),
}

/// What came of one server.
struct Tried<'p> {
    server: Server<'p>,
    steps: Vec<Step>,
    /// Steps that were not come to.
    untried: Vec<&'static str>,
    code: u8,
}

pub(super) fn run(args: &TestArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = Arc::new(DirectoryArg::at(settings.partners()).book()?);
    let partner = find(&book, &args.id)?;
    let mut all = Vec::new();
    for server in servers(partner.profile(), args)? {
        let tried = station::run(try_out(server, partner, &book, args))?;
        if args.format == TextOrJson::Text {
            let text = text(&partner.profile().id, &tried, console.paint);
            console.out.write_all(text.as_bytes())?;
        }
        all.push(tried);
    }
    if args.format == TextOrJson::Json {
        let all: Vec<serde_json::Value> = all.iter().map(json).collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&all)?)?;
    }
    Ok(all.iter().map(|tried| tried.code).max().unwrap_or(exit::ACCEPTED))
}

/// Which servers are tried out.
fn servers<'p>(profile: &'p Profile, args: &TestArgs) -> Result<Vec<Server<'p>>, Failure> {
    if let Some(name) = &args.drop {
        return named(profile, name).map(|drop| vec![Server::Drop(drop)]);
    }
    let as2 = profile.as2.as_ref().filter(|it| it.enabled).and_then(|it| it.url.as_deref());
    let drops = profile.drops.iter().filter(|drop| drop.enabled && !args.as2);
    let all: Vec<Server<'_>> = drops.map(Server::Drop).chain(as2.map(Server::As2)).collect();
    if all.is_empty() {
        let message = format!("{} has no server that we call", profile.id);
        let help = match (&profile.as2, args.as2) {
            (Some(it), _) if it.enabled => "[as2] of its partner.toml names no `url` to send to",
            (Some(_), _) => "[as2] of its partner.toml is not enabled",
            (None, true) => "it is not on AS2: `tieline cert import` begins it",
            (None, false) => {
                "a [[drops]] in its partner.toml names one, or [as2]; with a [mailbox] it calls us"
            }
        };
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    Ok(all)
}

fn named<'p>(profile: &'p Profile, name: &str) -> Result<&'p SftpDrop, Failure> {
    profile.drops.iter().find(|drop| drop.name == name).ok_or_else(|| {
        let known: Vec<&str> = profile.drops.iter().map(|drop| drop.name.as_str()).collect();
        let help = did_you_mean(name, &known)
            .or_else(|| (!known.is_empty()).then(|| format!("there are {}", known.join(", "))));
        Failure::usage(format!("{} has no drop `{name}`", profile.id), help)
    })
}

async fn try_out<'p>(
    server: Server<'p>,
    partner: &Partner,
    book: &Arc<PartnerBook>,
    args: &TestArgs,
) -> anyhow::Result<Tried<'p>> {
    let secrets = station::secrets();
    let is_put = !args.no_write;
    let steps = match server {
        Server::Drop(drop) => connection::test(&secrets, drop, is_put).await,
        Server::As2(_) => connection::test_as2(&secrets, book, partner).await,
    };
    let name = server.name(&partner.profile().id);
    let steps = steps.map_err(|error| unusable(&name, &error.to_string()))?;
    Ok(tried(server, steps, is_put))
}

impl Server<'_> {
    /// What it is called in what is told: `prairie-power/drop data-desk`, `otter-valley/as2`.
    fn name(&self, partner: &str) -> String {
        match self {
            Server::Drop(drop) => format!("{partner}/drop {}", drop.name),
            Server::As2(_) => format!("{partner}/as2"),
        }
    }

    /// Every step there is, in order.
    fn steps(&self, is_put: bool) -> Vec<&'static str> {
        match self {
            Server::Drop(drop) if is_put && drop.push.is_some() => STEPS.to_vec(),
            Server::Drop(_) => STEPS[..6].to_vec(),
            Server::As2(url) => {
                let is_it = |name: &&str| *name != "tls" || url.starts_with("https:");
                AS2_STEPS.into_iter().filter(is_it).collect()
            }
        }
    }

    /// What to do about a step that failed, in the words of our files.
    fn hint(&self, step: &str) -> Option<&'static str> {
        match (self, step) {
            (Server::Drop(_), "host key") => Some(
                "if the partner confirms the key, put its fingerprint into host_keys of the drop in \
                 partner.toml",
            ),
            (Server::As2(_), "tls") => Some(
                "if the partner confirms the certificate, put it as PEM into the partner's folder and \
                 name the file in `roots` of [as2]",
            ),
            (Server::As2(_), "as2" | "receipt") => Some(
                "`tieline cert list` tells the fingerprints, ours and theirs; what the partner refused \
                 is in its log under the AS2 names of both",
            ),
            _ => None,
        }
    }
}

fn unusable(name: &str, why: &str) -> Failure {
    let message = format!("{name}: {why}; nobody was called");
    let help = "secrets are read as whoever runs this, where `serve` may be another user";
    Failure { code: exit::CONFIGURATION, message, help: Some(help.to_string()) }
}

fn tried(server: Server<'_>, steps: Vec<Step>, is_put: bool) -> Tried<'_> {
    let code = match steps.last().map(|step| &step.result) {
        Some(StepResult::Failed { is_passing: true, .. }) => exit::TEMPORARY,
        Some(StepResult::Failed { .. }) => exit::CONFIGURATION,
        _ => exit::ACCEPTED,
    };
    let mut untried = server.steps(is_put);
    let reached = steps.last().map(|step| step.name.as_str()).unwrap_or_default();
    // What a proxy did is seen before the host key is.
    let reached = untried.iter().position(|name| *name == reached).unwrap_or(1);
    untried.drain(..(reached + 1).min(untried.len()));
    untried.retain(|name| !steps.iter().any(|step| step.name == *name));
    if code == exit::ACCEPTED {
        untried.clear();
    }
    Tried { server, steps, untried, code }
}

fn text(partner: &str, tried: &Tried<'_>, paint: Paint) -> String {
    let mut out = format!("{}: ", tried.server.name(partner));
    out += &match tried.server {
        Server::Drop(drop) => format!("{} port {}\n", drop.host, drop.port),
        Server::As2(url) => format!("{url}\n"),
    };
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
                let hint = tried.server.hint(&step.name).unwrap_or_default();
                for line in wrapped(hint, 90).lines() {
                    out += &format!("             {line}\n");
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
    let mut told = match tried.server {
        Server::Drop(drop) => serde_json::json!({
            "drop": drop.name, "host": drop.host, "port": drop.port,
        }),
        Server::As2(url) => serde_json::json!({ "as2": url }),
    };
    told["ok"] = (tried.code == exit::ACCEPTED).into();
    told["steps"] = steps.collect::<Vec<_>>().into();
    told["not_run"] = tried.untried.clone().into();
    told
}
