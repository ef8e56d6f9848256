//! `partner promote`: a partner goes live.

use std::fs;

use tieline_partner::edit;
use tieline_partner::frame::{FrameState, SIGNATURES_FILE, hindrances, promotion_text};
use tieline_partner::profile::Status;
use tieline_store::AuditEntry;

use super::frames::EvidenceArgs;
use super::{find, write_checked};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// Bring a partner into production
///
/// Refused with 1 while a frame is open or not signed by both, unless somebody takes that upon
/// themselves with --override and says why; who and why is written down in the partner's folder, and in
/// the audit where there is a store.
#[derive(Debug, clap::Args)]
pub(crate) struct PromoteArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// Who decides
    #[arg(long, value_name = "NAME")]
    by: String,

    /// Go live although a frame is open
    #[arg(long = "override", requires = "reason")]
    although: bool,

    /// Why, when a frame is open
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    evidence: EvidenceArgs,
}

pub(super) fn run(args: &PromoteArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let directory = &args.evidence.directory()?;
    let book = directory.book()?;
    let partner = find(&book, &args.id)?;
    if partner.profile().status == Status::Live {
        console.say(format_args!("{} is live already", args.id));
        return Ok(exit::ACCEPTED);
    }
    let states = args.evidence.judge(&book, partner, console)?;
    let hindered = hindrances(partner, &states);
    if !hindered.is_empty() && !args.although {
        let message = format!("{} cannot go live: {}", args.id, hindered.join("; "));
        let help = format!("tieline partner frames {}; or --override --reason TEXT", args.id);
        return Err(Failure { code: exit::FINDINGS, message, help: Some(help) }.into());
    }
    let open = states.iter().filter(|state| !state.is_closed());
    let open: Vec<String> = open.map(|state: &FrameState<'_>| state.frame.id.clone()).collect();

    // The decision is written down before it counts.
    let folder = directory.path().join(&args.id).join("frames");
    fs::create_dir_all(&folder)?;
    let signatures = folder.join(SIGNATURES_FILE);
    let before = fs::read_to_string(&signatures).unwrap_or_default();
    let reason = args.reason.as_deref();
    let decision = promotion_text(&args.by, args.evidence.on(), &open, reason);
    write_checked(directory, &signatures, &format!("{before}{decision}"))?;
    args.evidence.write_down(AuditEntry {
        at: None,
        actor: args.by.clone(),
        action: "promote".to_string(),
        subject: args.id.clone(),
        detail: match (hindered.is_empty(), reason) {
            (true, _) => "all frames are closed".to_string(),
            (false, reason) => format!("{}: {}", hindered.join("; "), reason.unwrap_or_default()),
        },
    })?;

    let path = directory.profile_path(&args.id);
    let text = fs::read_to_string(&path)?;
    let new = edit::set(&text, "status", "live")
        .map_err(|error| Failure::usage(error.to_string(), None))?;
    write_checked(directory, &path, &new)?;
    writeln!(console.out, "{} is live", args.id)?;
    Ok(exit::ACCEPTED)
}
