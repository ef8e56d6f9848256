//! `explain`: what a finding code, a set, a segment, an element or a code is.

use tieline_mapping::business::{BusinessOptions, Code, Severity};
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
  tieline explain UTL-101           a business finding
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
    if let Ok(code) = args.what.trim().parse() {
        console.out.write_all(explain_business(code).as_bytes())?;
        return Ok(exit::ACCEPTED);
    }
    match explain::explain(&args.what) {
        Some(explanation) => {
            writeln!(console.out, "{explanation}")?;
            Ok(exit::ACCEPTED)
        }
        None => {
            let near = explain::suggest(&args.what);
            let is_business = args.what.trim().to_ascii_uppercase().starts_with("UTL");
            let help = match near.is_empty() {
                true if is_business => {
                    "business findings are listed in docs/finding-codes.md".to_string()
                }
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

/// The widest line.
const WIDTH: usize = 96;

/// A business finding.
fn explain_business(code: Code) -> String {
    let entry = code.entry();
    let severity = match entry.severity {
        Severity::Error => "An error",
        Severity::Warning => "A warning",
        Severity::Info => "Good to know",
    };
    let reason = BusinessOptions::default().reason(code);
    let paragraphs = [
        entry.meaning.to_string(),
        format!("help: {}", entry.remedy),
        format!(
            "{severity}, unless the partner's options say otherwise. No acknowledgment speaks of it; \
             an application advice (824) does, with TED02 {} and the text {} unless the partner has \
             another.",
            reason.code, reason.text
        ),
    ];
    let mut page = format!("{code}  {}\n", entry.title);
    for paragraph in paragraphs {
        page += &format!("\n{}\n", text::wrapped(&paragraph, WIDTH));
    }
    page
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
