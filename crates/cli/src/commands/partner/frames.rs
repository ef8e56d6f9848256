//! `partner frames`: how far a partner is from going live.

use std::path::PathBuf;
use std::sync::Arc;

use tieline_gateway::evidence::FromStore;
use tieline_model::time::Date;
use tieline_partner::frame::{Evidence, FrameState, NoEvidence, hindrances, judge};
use tieline_partner::{Partner, PartnerBook};
use tieline_store::AuditEntry;

use super::evidence::Files;
use super::{DirectoryArg, find};
use crate::console::Console;
use crate::failure::Failure;
use crate::partners::PartnerArgs;
use crate::station::{self, StationArgs, refused};
use crate::{clock, exit};

/// Show the frames of a partner: what was tried, what is open, who signed
///
/// They are judged by what the store says was exchanged, or by a folder of files. Ends with 1 while one of them is open.
#[derive(Debug, clap::Args)]
pub(crate) struct FramesArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    evidence: EvidenceArgs,
}

/// What frames are judged by.
#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// A folder with the files that were exchanged: those that came in `in`, ours in `out`
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    evidence: Option<PathBuf>,

    /// The day on which it is looked at; today when not given
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,

    #[command(flatten)]
    station: StationArgs,
}

impl EvidenceArgs {
    /// The day on which it is looked at.
    pub(super) fn on(&self) -> Date {
        self.on.unwrap_or_else(clock::today)
    }

    /// Where the partners are.
    pub(super) fn directory(&self) -> Result<DirectoryArg, Failure> {
        Ok(DirectoryArg::at(self.station.settings()?.partners()))
    }

    /// Writes down in the audit what was decided about a partner, where there is a store.
    pub(super) fn write_down(&self, entry: AuditEntry) -> anyhow::Result<()> {
        let settings = self.station.settings()?;
        if !settings.has_store() {
            return Ok(());
        }
        station::run(async {
            let store = settings.store().await?;
            let written = store.audit(vec![entry]).await;
            store.close().await;
            Ok(written.map_err(|error| refused(&error))?)
        })
    }

    /// How each frame of a partner stands: by a folder of files if one is named, else by what the
    /// store says was exchanged.
    pub(super) fn judge<'p>(
        &self,
        book: &PartnerBook,
        partner: &'p Partner,
        console: &mut Console<'_>,
    ) -> anyhow::Result<Vec<FrameState<'p>>> {
        let settings = self.station.settings()?;
        let evidence: Box<dyn Evidence> = match &self.evidence {
            Some(folder) => {
                let guides = PartnerArgs::of(&partner.profile().id, &settings.partners());
                Box::new(Files::new(folder, guides.load()?, &partner.profile().x12.isa)?)
            }
            None if settings.has_store() => Box::new(station::run(async {
                let store = settings.store().await?;
                let book = Arc::new(book.clone());
                let gathered = FromStore::gather(&*store, &book, partner).await;
                Ok(gathered.map_err(|error| refused(&error))?)
            })?),
            None => {
                console.say(
                    "no store and no --evidence: nothing counts that was exchanged, only what the \
                     partner's folder says",
                );
                Box::new(NoEvidence)
            }
        };
        Ok(judge(partner, evidence.as_ref(), self.on()))
    }
}

pub(super) fn run(args: &FramesArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.evidence.directory()?.book()?;
    let partner = find(&book, &args.id)?;
    let states = args.evidence.judge(&book, partner, console)?;
    let width = states.iter().map(|state| state.frame.id.len()).max().unwrap_or(0).max(5);
    writeln!(
        console.out,
        "{:width$}  {:7}  {:10}  {:10}  evidence",
        "frame", "state", "ours", "theirs"
    )?;
    for state in &states {
        let (word, told) = told(state);
        let by = |signature: Option<&tieline_partner::frame::Signature>| {
            signature.map_or_else(|| "-".to_string(), |it| it.by.clone())
        };
        let (ours, theirs) = (by(state.ours), by(state.theirs));
        writeln!(
            console.out,
            "{:width$}  {word:7}  {ours:10}  {theirs:10}  {told}",
            state.frame.id
        )?;
        for (scenario, seen) in state.frame.scenarios.iter().zip(&state.scenarios) {
            if let Err(why) = seen {
                writeln!(console.out, "{:width$}    {}: {why}", "", scenario.title)?;
            }
        }
    }
    let open = hindrances(partner, &states);
    if states.iter().all(FrameState::is_closed) && !states.is_empty() {
        console.say(format_args!("next: tieline partner promote {}", args.id));
        return Ok(exit::ACCEPTED);
    }
    writeln!(console.out, "going live is refused: {}", open.join("; "))?;
    Ok(exit::FINDINGS)
}

/// A word for its state, and what was seen.
fn told(state: &FrameState<'_>) -> (&'static str, String) {
    let passed = state.scenarios.iter().filter(|it| it.is_ok()).count();
    let all = state.scenarios.len();
    if !state.blocked_by.is_empty() {
        return ("blocked", format!("needs {}", state.blocked_by.join(", ")));
    }
    if passed < all {
        return ("open", format!("{passed} of {all} scenarios"));
    }
    let seen: Vec<&str> = state.scenarios.iter().flatten().map(String::as_str).collect();
    ("passed", seen.join("; "))
}
