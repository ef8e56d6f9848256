//! `msg`: the messages of the gateway, and what an operator does with them.

use std::io;

use tieline_gateway::operate::{self, Numbering, OperateError};
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::{MessageId, Payload, State, StoreError};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs, refused};

/// See the messages of the gateway, and send or judge one again
#[derive(Debug, clap::Args)]
pub(crate) struct MsgCommand {
    #[command(subcommand)]
    step: Step,

    #[command(flatten)]
    station: StationArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    List(ListArgs),
    /// Show one message: where it stands, what is in it, what answers it
    Show {
        #[arg(value_name = "MESSAGE")]
        id: MessageId,
    },
    /// Show what happened to a message, in order
    Timeline {
        #[arg(value_name = "MESSAGE")]
        id: MessageId,
    },
    /// Write the bytes of a message as they came or went
    Raw {
        #[arg(value_name = "MESSAGE")]
        id: MessageId,
    },
    /// Send a message once more, with the same bytes and control number unless it is to have a new one
    Resend {
        #[command(flatten)]
        args: AgainArgs,

        /// Put the same documents into an envelope with a number of its own
        #[arg(long)]
        new_control_number: bool,
    },
    /// Look at a message anew that was held, rejected or given up, with the partners as they are now
    Reprocess {
        #[command(flatten)]
        args: AgainArgs,

        /// Take an interchange whose control number was used before as a document of its own
        #[arg(long)]
        accept_used_number: bool,
    },
}

/// List messages, the latest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline msg list --state held --state dead
  tieline msg list --partner redriver-bank --in")]
struct ListArgs {
    /// From or for this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,

    /// That came in
    #[arg(long = "in", conflicts_with = "out")]
    came: bool,

    /// That go out
    #[arg(long)]
    out: bool,

    /// In this state: posted, accepted, repeat, sent, checked, sending, queued, received, rejected,
    /// refused, held, dead
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Vec<State>,

    /// With an interchange of this control number
    #[arg(long, value_name = "NUMBER")]
    control: Option<u64>,

    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    most: u32,
}

#[derive(Debug, clap::Args)]
struct AgainArgs {
    #[arg(value_name = "MESSAGE")]
    id: MessageId,

    /// Why; it is written into the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who does it; the user of this machine when not given
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env_values = true,
        default_value = "operator"
    )]
    by: String,
}

fn state(word: &str) -> Result<State, String> {
    let known = State::ALL.into_iter().find(|state| state.word() == word);
    known.ok_or_else(|| {
        let words: Vec<&str> = State::ALL.iter().map(|state| state.word()).collect();
        format!("a state is one of {}", words.join(", "))
    })
}

pub(crate) fn run(command: &MsgCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = command.station.settings()?;
    station::run(async {
        let house = settings.house_there().await?;
        let store = &*house.store;
        match &command.step {
            Step::List(args) => {
                let filter = Filter {
                    partner: args.partner.clone(),
                    flow: match (args.came, args.out) {
                        (true, _) => Some(Flow::In),
                        (_, true) => Some(Flow::Out),
                        _ => None,
                    },
                    states: args.state.clone(),
                    control: args.control,
                    ..Filter::default()
                };
                let found = store.messages(&filter, None, args.most).await.map_err(failed)?;
                table(&found, console)?;
            }
            Step::Show { id } => {
                let message = known(store.message(*id).await.map_err(failed)?, *id)?;
                show(&message, console)?;
                for it in store.interchanges(*id).await.map_err(failed)? {
                    let reason = it.reason.map(|it| format!(": {it}")).unwrap_or_default();
                    writeln!(
                        console.out,
                        "{:<12} {} {} to {}, {} ({}{reason})",
                        "interchange",
                        it.control,
                        it.sender,
                        it.receiver,
                        it.content,
                        it.state.word()
                    )?;
                    for answer in store.answers(it.id).await.map_err(failed)? {
                        writeln!(console.out, "{:<12} {answer}", "answered by")?;
                    }
                }
            }
            Step::Timeline { id } => {
                known(store.message(*id).await.map_err(failed)?, *id)?;
                for event in store.events(*id).await.map_err(failed)? {
                    let at = event.at.strftime("%Y-%m-%d %H:%M:%SZ");
                    writeln!(console.out, "{at}  {:<14}  {}", event.what, event.detail)?;
                }
            }
            Step::Raw { id } => {
                known(store.message(*id).await.map_err(failed)?, *id)?;
                match store.payload(*id).await.map_err(failed)? {
                    Payload::Bytes(bytes) => console.out.write_all(&bytes)?,
                    Payload::File(path) => {
                        io::copy(&mut std::fs::File::open(path)?, &mut console.out)?;
                    }
                }
            }
            Step::Resend { args, new_control_number } => {
                let numbering = match new_control_number {
                    true => Numbering::New,
                    false => Numbering::Same,
                };
                let new = operate::resend(&house, args.id, numbering, &args.by, &args.reason).await;
                let new = new.map_err(not_done)?;
                console.say(format_args!("{} is sent again as {new}", args.id));
            }
            Step::Reprocess { args, accept_used_number: accept } => {
                let said =
                    operate::reprocess(&house, args.id, *accept, &args.by, &args.reason).await;
                console.say(format_args!("{}: {}", args.id, said.map_err(not_done)?));
            }
        }
        Ok(exit::ACCEPTED)
    })
}

fn failed(error: StoreError) -> Failure {
    refused(&error)
}

fn not_done(error: OperateError) -> Failure {
    match error {
        OperateError::Store(error) => refused(&error),
        error => Failure::usage(error.to_string(), None),
    }
}

fn known(message: Option<Message>, id: MessageId) -> Result<Message, Failure> {
    message.ok_or_else(|| {
        let help = "tieline msg list shows the latest".to_string();
        Failure::usage(format!("there is no message {id}"), Some(help))
    })
}

fn way(flow: Flow) -> &'static str {
    match flow {
        Flow::In => "in",
        Flow::Out => "out",
    }
}

fn table(found: &[Message], console: &mut Console<'_>) -> io::Result<()> {
    if found.is_empty() {
        console.say("there is no such message");
        return Ok(());
    }
    writeln!(
        console.out,
        "{:<8} {:<17} {:<4} {:<20} {:<9} {:<20} name",
        "message", "kept (UTC)", "way", "partner", "state", "content"
    )?;
    for it in found {
        writeln!(
            console.out,
            "{:<8} {:<17} {:<4} {:<20} {:<9} {:<20} {}",
            it.id.to_string(),
            it.at.strftime("%Y-%m-%d %H:%M").to_string(),
            way(it.flow),
            it.partner.as_deref().unwrap_or("-"),
            it.state.word(),
            it.content,
            it.name
        )?;
        if let Some(reason) = &it.reason {
            writeln!(console.out, "{:<8} {reason}", "")?;
        }
    }
    Ok(())
}

fn show(it: &Message, console: &mut Console<'_>) -> io::Result<()> {
    let test = match it.test {
        Some(true) => " (test)",
        _ => "",
    };
    let hash: String = it.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let partner = it.partner.as_deref().unwrap_or("-");
    let lines = [
        ("message", format!("{} {}, {} {partner}{test}", it.id, it.name, way(it.flow))),
        ("state", it.state.word().to_string()),
        ("reason", it.reason.clone().unwrap_or_default()),
        ("content", it.content.clone()),
        ("by", format!("{} {}", it.channel, it.origin)),
        ("kept", it.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
        ("bytes", format!("{}, SHA-256 {hash}", it.size)),
        ("same as", it.same_as.map(|id| id.to_string()).unwrap_or_default()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(console.out, "{name:<12} {value}")?;
    }
    Ok(())
}
