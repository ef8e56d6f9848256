//! `info`: the envelope of a file: who to whom, what, how many.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tieline_x12::check::Standard;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::header::Header;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome, Observer, SetOutcome};
use tieline_x12::segment::{Segment, SegmentId};
use tieline_x12::sets;
use tieline_x12::table::Release;

use crate::console::Console;
use crate::{exit, reading, text};

/// Show the envelope of a file: who to whom, what, and how many
///
/// Interchanges, functional groups and transaction sets with their control numbers and counts, and
/// how many errors there are by the standard alone. Exit status 1 when there are any.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline info samples/867/interval-spring.edi
  cat bill.edi | tieline info -")]
pub(crate) struct InfoArgs {
    /// The file to look at; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

pub(crate) fn run(args: &InfoArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut summary = Summary::default();
    let totals = reading::check(&args.file, &Standard, &mut summary, |_, _| true)?;
    let out = &mut console.out;
    if totals.not_x12 {
        console.say(format_args!("{}: this is not an X12 file", reading::name(&args.file)));
        return Ok(exit::NOT_EDI);
    }
    writeln!(
        out,
        "{}: {} in {}, {}, {}, {}",
        reading::name(&args.file),
        text::count(totals.segments, "segment"),
        text::count(totals.bytes, "byte"),
        text::count(totals.interchanges, "interchange"),
        text::count(totals.groups, "functional group"),
        text::count(totals.sets, "transaction set"),
    )?;
    out.write_all(summary.text.as_bytes())?;
    Ok(if summary.errors > 0 { exit::FINDINGS } else { exit::ACCEPTED })
}

/// The lines of the summary; it grows with interchanges and groups, not with sets.
#[derive(Default)]
struct Summary {
    text: String,
    errors: u64,
    /// The `GS` of the open group.
    group: String,
    /// For each kind of set in the open group: how many, their segments, errors and warnings.
    kinds: BTreeMap<String, [u64; 4]>,
}

impl Observer for Summary {
    fn finding(
        &mut self,
        finding: tieline_x12::finding::Finding,
        _: &tieline_x12::observer::Scene<'_>,
    ) {
        use tieline_x12::finding::Severity;
        // Those of sets are counted by their outcomes.
        self.errors += u64::from(finding.severity == Severity::Error && finding.at.segment == 0);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        let side = |(qualifier, id): (&[u8], &[u8])| {
            format!("{} {}", text::shown(qualifier), text::shown(id))
        };
        let usage = match header.element(15) {
            b"P" => "production",
            b"T" => "test",
            _ => "information",
        };
        self.text += &format!(
            "ISA {}  {} -> {}  {} {}  version {}  {usage}\n",
            text::shown(header.control_number()),
            side(header.sender()),
            side(header.receiver()),
            text::date(header.element(9)),
            text::time(header.element(10)),
            text::shown(header.element(12)),
        );
        self.text += &format!("    separators: {}\n", separators(header.delimiters()));
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        if segment.id() == SegmentId::new(b"TA1") {
            self.text += &format!(
                "  TA1 answers interchange {}: {} {}\n",
                text::shown(segment.element(1)),
                text::shown(segment.element(4)),
                text::shown(segment.element(5)),
            );
        } else if segment.id() == SegmentId::new(b"GS") {
            let element = |n| text::shown(segment.element(n));
            self.kinds.clear();
            self.group = format!(
                "  GS {} {}  {} -> {}  {} {}  version {}\n",
                element(6),
                element(1),
                element(2),
                element(3),
                text::date(segment.element(4)),
                text::time(segment.element(5)),
                element(8),
            );
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.errors += u64::from(outcome.errors);
        let kind = self.kinds.entry(text::shown(&outcome.code)).or_default();
        let seen = [1, outcome.segments, outcome.errors, outcome.warnings];
        kind.iter_mut().zip(seen).for_each(|(sum, seen)| *sum += u64::from(seen));
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.text += &std::mem::take(&mut self.group);
        for (code, [count, segments, errors, warnings]) in std::mem::take(&mut self.kinds) {
            let release = outcome.release.unwrap_or(Release::V004010);
            let name = sets::find(release, code.as_bytes()).map_or("", |set| set.name);
            self.text += &format!(
                "    {count} x {code} {name}  {}, {}, {}\n",
                text::count(segments, "segment"),
                text::count(errors, "error"),
                text::count(warnings, "warning"),
            );
        }
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        if !outcome.whole {
            self.text += "  its end is missing\n";
        }
    }
}

fn separators(d: Delimiters) -> String {
    let shown = |b: u8| match b {
        b'\n' => "LF".to_string(),
        b'\r' => "CR".to_string(),
        b if b.is_ascii_graphic() => char::from(b).to_string(),
        b => format!("0x{b:02X}"),
    };
    let line_end = match d.line_end {
        LineEnd::None => "nothing",
        LineEnd::Lf => "LF",
        LineEnd::CrLf => "CR LF",
    };
    let repetition = d.repetition.map(|b| format!("  repetition {}", shown(b))).unwrap_or_default();
    format!(
        "element {}  component {}{repetition}  segment {}  followed by {line_end}",
        shown(d.element),
        shown(d.component),
        shown(d.segment)
    )
}
