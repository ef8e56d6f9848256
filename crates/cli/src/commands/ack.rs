//! `ack`: the answer to a file: TA1, 997 or 999.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tieline_model::stamp::ClockTime;
use tieline_x12::acknowledge::{Acknowledger, GroupAnswer, InterchangeAnswer, Policy, Stamp};
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::header::Header;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;

use crate::advise::{Advisor, Count, Sending};
use crate::console::Console;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::{Guides, PartnerArgs};
use crate::{clock, exit, reading};

/// Write the answer to a file: TA1, 997 or 999
///
/// Groups of acknowledgments are not answered. Exit status 1 when something is wrong with the file,
/// which its answer then says. With --advice, what is wrong beyond the standard is answered too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline ack bill.edi
  tieline ack bill.edi --partner sheyenne-foods -o bill.997.edi
  tieline ack usage.edi -o usage.997.edi --advice usage.824.edi
  tieline ack usage.edi --group 999 --ta1 always --control-number 42")]
pub(crate) struct AckArgs {
    /// The file to answer; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Which set answers a functional group; 999 is for release 005010
    #[arg(long, value_enum, value_name = "SET", default_value = "997")]
    group: Group,

    /// When an interchange is answered with a TA1
    #[arg(long, value_enum, value_name = "WHEN", default_value = "asked")]
    ta1: Ta1,

    /// Accept sets with errors, noting them: AK501 is E, not R
    #[arg(long)]
    accept_with_errors: bool,

    /// The control number of the answer, and of its first group
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=999_999_999))]
    control_number: u32,

    /// The date of the answer, CCYYMMDD; today in UTC when not given
    #[arg(long, value_name = "DATE", value_parser = digits::<8>)]
    date: Option<String>,

    /// The time of the answer, HHMM; now in UTC when not given
    #[arg(long, value_name = "TIME", value_parser = digits::<4>)]
    time: Option<String>,

    /// Write application advices (824) to this file too: for each 867, 810 and 820 that keeps the
    /// standard and is wrong in what it says. Empty when there are none. The control numbers of both
    /// files alternate
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    advice: Option<PathBuf>,

    /// Write to this file; it is there whole or not at all
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    #[value(name = "997")]
    Functional,
    /// 997 before release 005010
    #[value(name = "999")]
    Implementation,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ta1 {
    /// When ISA14 asks for it, or something is wrong with the interchange itself
    Asked,
    Always,
    Never,
}

fn digits<const N: usize>(text: &str) -> Result<String, String> {
    match text.len() == N && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_string()),
        false => Err(format!("{N} digits are needed")),
    }
}

pub(crate) fn run(args: &AckArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let policy = Policy {
        accept_with_errors: args.accept_with_errors,
        interchange: match args.ta1 {
            Ta1::Asked => InterchangeAnswer::AskedOrWrong,
            Ta1::Always => InterchangeAnswer::Always,
            Ta1::Never => InterchangeAnswer::Never,
        },
        group: match args.group {
            Group::Functional => GroupAnswer::Functional,
            Group::Implementation => GroupAnswer::Implementation,
            Group::None => GroupAnswer::Never,
        },
    };
    let guides = match args.advice.is_some() {
        true => args.partners.load_with_rates()?,
        false => args.partners.load()?,
    };
    let mut to_output = |advices: Option<&mut dyn Write>| match &args.output {
        Some(path) => write_file(path, |out| answer(args, policy, &guides, out, advices)),
        None => answer(args, policy, &guides, console.out, advices),
    };
    let answered = match &args.advice {
        Some(path) => write_file(path, |out| to_output(Some(out)))?,
        None => to_output(None)?,
    };
    let name = reading::name(&args.file);
    if answered.not_x12 {
        console.complain(&format_args!("{name}: this is not an X12 file, so it has no answer"));
        return Ok(exit::NOT_EDI);
    }
    if answered.interchanges == 0 {
        console.say(format_args!("{name}: nothing in it is answered"));
    }
    let unanswered = answered.advised.unanswered;
    if unanswered > 0 {
        let sets = if unanswered == 1 { "1 set" } else { &format!("{unanswered} sets") };
        console
            .say(format_args!("{name}: {sets} cannot be answered by an 824: no number or no id"));
    }
    Ok(if answered.errors > 0 || answered.advised.rejected > 0 {
        exit::FINDINGS
    } else {
        exit::ACCEPTED
    })
}

/// What came of answering a file.
struct Answered {
    not_x12: bool,
    errors: u64,
    /// How many interchanges were answered.
    interchanges: u32,
    /// What came of the advices.
    advised: Count,
}

/// Writes the answers of a file while it is read, each when its interchange has ended.
fn answer(
    args: &AckArgs,
    policy: Policy,
    guides: &Guides,
    out: &mut dyn Write,
    mut advices: Option<&mut dyn Write>,
) -> anyhow::Result<Answered> {
    let today = clock::now();
    let (date, time) = (args.date.clone().unwrap_or(today.0), args.time.clone().unwrap_or(today.1));
    let step = if advices.is_some() { 2 } else { 1 };
    let stamp = |n: u32| Stamp {
        control_number: args.control_number.saturating_add(n.saturating_mul(step)),
        date: &date,
        time: &time,
    };
    let advisor = match &advices {
        Some(_) => Some(Advisor::new(guides, sending(args, &date, &time)?)),
        None => None,
    };
    let mut interchanges = 0;
    let mut failed = None;
    let mut write = |acknowledger: &mut Acknowledger, advisor: &mut Option<Advisor<'_>>| {
        if let (Some(advisor), Some(advices)) = (advisor, &mut advices) {
            let ready = advisor.take().map_err(anyhow::Error::from);
            if let Err(error) = ready.and_then(|bytes| Ok(advices.write_all(&bytes)?)) {
                failed = Some(error);
                return false;
            }
        }
        for answers in acknowledger.take() {
            let Some(written) = answers.write(stamp(interchanges)) else { continue };
            interchanges += 1;
            let written = written.map_err(|error| {
                let name = reading::name(&args.file);
                let message = format!("{name}: its answer cannot be written: {error}");
                anyhow::Error::from(Failure { code: exit::FINDINGS, message, help: None })
            });
            if let Err(error) = written.and_then(|bytes| Ok(out.write_all(&bytes)?)) {
                failed = Some(error);
                return false;
            }
        }
        true
    };
    let mut observer = Answering { acknowledger: Acknowledger::new(policy), errors: 0, advisor };
    let totals = reading::check(&args.file, guides, &mut observer, |observer, _| {
        write(&mut observer.acknowledger, &mut observer.advisor)
    })?;
    write(&mut observer.acknowledger, &mut observer.advisor);
    let advised = observer.advisor.map(|advisor| advisor.count()).unwrap_or_default();
    match failed {
        Some(error) => Err(error),
        None => {
            let (not_x12, errors) = (totals.not_x12, observer.errors);
            Ok(Answered { not_x12, errors, interchanges, advised })
        }
    }
}

/// What advices are sent with.
fn sending(args: &AckArgs, date: &str, time: &str) -> Result<Sending, Failure> {
    let wrong = |option: &str| Failure::usage(format!("`{option}` is not in the calendar"), None);
    let dashed = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    let made = tieline_model::stamp::Stamp {
        date: dashed.parse().map_err(|_| wrong("--date"))?,
        time: Some(ClockTime::from_bytes(time.as_bytes()).map_err(|_| wrong("--time"))?),
        zone: Some("UT".to_string()),
    };
    let control_number = args.control_number.saturating_add(1);
    Ok(Sending { date: date.to_string(), time: time.to_string(), made, control_number })
}

/// Hears a file once for its acknowledgment, for its advices, and to count its errors.
struct Answering<'g> {
    acknowledger: Acknowledger,
    errors: u64,
    advisor: Option<Advisor<'g>>,
}

impl Observer for Answering<'_> {
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        self.errors += u64::from(finding.severity == Severity::Error);
        if let Some(advisor) = &mut self.advisor {
            advisor.finding(finding.clone(), scene);
        }
        self.acknowledger.finding(finding, scene);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.each(|it| it.interchange(header));
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.each(|it| it.envelope(segment));
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.each(|it| it.set(segment, plan));
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.each(|it| it.segment(segment, row));
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.each(|it| it.set_end(outcome));
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.each(|it| it.group_end(outcome));
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.each(|it| it.interchange_end(outcome));
    }
}

impl Answering<'_> {
    fn each(&mut self, tell: impl Fn(&mut dyn Observer)) {
        tell(&mut self.acknowledger);
        if let Some(advisor) = &mut self.advisor {
            tell(advisor);
        }
    }
}
