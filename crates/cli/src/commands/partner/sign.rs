//! `partner sign`: one side says that a frame was passed.

use std::fs;

use tieline_partner::did_you_mean;
use tieline_partner::frame::{SIGNATURES_FILE, Side, Signature, signature_text};

use super::frames::EvidenceArgs;
use super::{find, write_checked};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// Sign a frame that was passed
///
/// What is signed is the frame as it is: one that is changed later is signed anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner sign lake-country 2-810-out --by \"J. Berg\" --evidence tests/lake-country
  tieline partner sign lake-country 2-810-out --theirs --by \"K. Ode\" --evidence tests/lake-country")]
pub(crate) struct SignArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// The frame
    #[arg(value_name = "FRAME")]
    frame: String,

    /// Who signs
    #[arg(long, value_name = "NAME")]
    by: String,

    /// For the partner; for us when not given
    #[arg(long)]
    theirs: bool,

    #[command(flatten)]
    evidence: EvidenceArgs,
}

pub(super) fn run(args: &SignArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let directory = &args.evidence.directory()?;
    let book = directory.book()?;
    let partner = find(&book, &args.id)?;
    let states = args.evidence.judge(&book, partner, console)?;
    let Some(state) = states.iter().find(|state| state.frame.id == args.frame) else {
        let known: Vec<&str> = states.iter().map(|state| state.frame.id.as_str()).collect();
        let help = did_you_mean(&args.frame, &known)
            .unwrap_or_else(|| format!("there are {}", known.join(", ")));
        let message = format!("{} has no frame `{}`", args.id, args.frame);
        return Err(Failure::usage(message, Some(help)).into());
    };
    if !state.is_passed() {
        let mut reasons: Vec<String> =
            state.blocked_by.iter().map(|before| format!("it needs {before}")).collect();
        let seen = state.frame.scenarios.iter().zip(&state.scenarios);
        reasons.extend(seen.filter_map(|(scenario, seen)| {
            seen.as_ref().err().map(|why| format!("{}: {why}", scenario.title))
        }));
        let message = format!("frame {} is open: {}", args.frame, reasons.join("; "));
        let help = "exchange what is missing, or name the folder of what was exchanged with --evidence DIR".to_string();
        return Err(Failure { code: exit::FINDINGS, message, help: Some(help) }.into());
    }
    let signature = Signature {
        frame: state.frame.id.clone(),
        side: if args.theirs { Side::Theirs } else { Side::Ours },
        by: args.by.clone(),
        on: args.evidence.on(),
        digest: state.frame.digest.clone(),
    };
    let path = directory.path().join(&args.id).join("frames").join(SIGNATURES_FILE);
    let before = fs::read_to_string(&path).unwrap_or_else(|_| {
        "# Who signed which frame; written by `tieline partner sign`.\n".into()
    });
    write_checked(directory, &path, &format!("{before}{}", signature_text(&signature)))?;
    let side = signature.side.as_str();
    writeln!(console.out, "{}: {} signed by {} ({side})", args.id, args.frame, args.by)?;
    Ok(exit::ACCEPTED)
}
