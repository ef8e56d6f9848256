//! `explain`: what a finding code, a set, a segment, an element or a code is.

use tieline_partner::builtin;
use tieline_x12::explain;

use crate::console::Console;
use crate::failure::Failure;
use crate::{exit, text};

/// Say what a finding code, a set, a segment, an element or a code means
///
/// Nothing is looked up elsewhere: the answers come from the tables that judge documents.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline explain X12-E0406         a finding code
  tieline explain 867               a transaction set
  tieline explain PTD               a segment
  tieline explain PTD01             an element and its codes
  tieline explain PTD01=PM          one code
  tieline explain AK403=7           a code of an acknowledgment
  tieline explain utility/867-interval:meter    a rule of a built-in guide")]
pub(crate) struct ExplainArgs {
    /// What to explain
    #[arg(value_name = "WHAT")]
    what: String,
}

pub(crate) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    if let Some(guide) = explain_guide(&args.what) {
        console.out.write_all(guide.as_bytes())?;
        return Ok(exit::ACCEPTED);
    }
    match explain::explain(&args.what) {
        Some(explanation) => {
            writeln!(console.out, "{explanation}")?;
            Ok(exit::ACCEPTED)
        }
        None => {
            let near = explain::suggest(&args.what);
            let help = match near.is_empty() {
                true => {
                    "ask for a finding code, a set, a segment, an element or a code".to_string()
                }
                false => format!("did you mean {}?", near.join(", ")),
            };
            let what = text::shown(args.what.as_bytes());
            Err(Failure::usage(format!("nothing is known of `{what}`"), Some(help)).into())
        }
    }
}

/// A built-in guide with its rules, or one of them.
fn explain_guide(what: &str) -> Option<String> {
    let (name, rule) = match what.split_once(':') {
        Some((name, rule)) => (name, Some(rule)),
        None => (what, None),
    };
    let guide = &builtin::find(name)?.guide;
    let mut answer = format!("{}: {} (set {})\n", guide.name, guide.title, guide.set);
    let mut found = false;
    for one in guide.rules.iter().filter(|one| rule.is_none_or(|rule| rule == one.id)) {
        found = true;
        let usage = match one.usage {
            Some(tieline_x12::table::Usage::Must) => ", must be there",
            Some(tieline_x12::table::Usage::Never) => ", is not used",
            _ => "",
        };
        let when = one.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
        answer += &format!("\n  {}  {}{usage}{when}\n", one.id, one.at);
        if !one.codes.is_empty() {
            answer += &format!("      codes: {}\n", one.codes.join(", "));
        }
        if let Some(max) = one.max {
            answer += &format!("      at most {}\n", text::count(max.into(), "time"));
        }
        if let Some(note) = &one.note {
            answer += &format!("      {note}\n");
        }
    }
    found.then_some(answer)
}
