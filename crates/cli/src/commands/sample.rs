//! `sample`: a valid document of a set, or one with a mistake planted in it.

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use tieline_sample::calendar::Month;
use tieline_sample::corpus::{self, Request};
use tieline_sample::fit::{break_rule, fit};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::compose;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;
use tieline_x12::table::Release;

use crate::console::Console;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::{Guides, PartnerArgs};
use crate::{exit, text};

/// Write a valid document, or one with a mistake in it
///
/// The same seed gives the same document, for tests and for trying things out; everything in it is
/// invented. With a partner or a guide the document is made to fit that guide.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline sample 810
  tieline sample 867-interval --month 2026-11 --interval 30
  tieline sample 867 --partner prairie-power
  tieline sample 820 --break E0406 | tieline validate -
  tieline sample 867-interval --guide utility/867-interval --days 1 --break meter
  tieline sample 867-interval --size 100MB -o corpus.edi")]
pub(crate) struct SampleArgs {
    /// What to write: 810, 814, 820, 824, 867-monthly, 867-interval or 867-historical
    #[arg(value_name = "SET")]
    set: Kind,

    /// Another seed gives another document
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// How many transaction sets
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// As many transaction sets as make this size, e.g. 500kB, 100MB, 2GB
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with_all = ["count", "mistake"])]
    size: Option<u64>,

    /// Plant one mistake: a finding code such as E0406, or a rule of the guide such as `meter`
    #[arg(long = "break", value_name = "RULE")]
    mistake: Option<String>,

    /// The release of the standard
    #[arg(long, value_name = "RELEASE", value_parser = release, default_value = "004010")]
    release: Release,

    /// The month that is reported, billed or paid
    #[arg(long, value_name = "CCYY-MM", default_value = "2026-03")]
    month: Month,

    /// The minutes of a metering interval: 15, 30 or 60
    #[arg(long, value_name = "MINUTES", value_parser = interval, default_value = "15")]
    interval: IntervalLength,

    /// Only so many days of intervals
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,

    /// No line ends between segments
    #[arg(long)]
    one_line: bool,

    /// Write to this file; it is there whole or not at all
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    partners: PartnerArgs,
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return Err("a size is written 500kB, 100MB or 2GB".to_string()),
    };
    let number = u64::from_str(digits).map_err(|_| "a size begins with a whole number")?;
    number.checked_mul(unit).ok_or_else(|| "that is too large".to_string())
}

fn release(text: &str) -> Result<Release, String> {
    Release::ALL
        .into_iter()
        .find(|release| release.as_str() == text)
        .ok_or_else(|| "there are 004010 and 005010".to_string())
}

fn interval(text: &str) -> Result<IntervalLength, String> {
    match text {
        "15" => Ok(IntervalLength::Minutes15),
        "30" => Ok(IntervalLength::Minutes30),
        "60" => Ok(IntervalLength::Minutes60),
        _ => Err("there are 15, 30 and 60".to_string()),
    }
}

pub(crate) fn run(args: &SampleArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let guides = args.partners.load()?;
    let request = args.request(&guides);
    let line_end = if args.one_line { LineEnd::None } else { LineEnd::Lf };
    let delimiters = Delimiters { line_end, ..Delimiters::default() };
    let write = |out: &mut dyn Write| -> anyhow::Result<()> {
        if request.target_bytes.is_some() {
            corpus::write_to(&request, &delimiters, &mut &mut *out)?;
            return Ok(());
        }
        let bytes = args.document(&request, &delimiters, &guides)?;
        Ok(out.write_all(&bytes)?)
    };
    match &args.output {
        Some(path) => write_file(path, write)?,
        None => write(&mut console.out)?,
    }
    Ok(exit::ACCEPTED)
}

/// A sample of a set that fits the guide these guides choose; `kind` is what samples call it, when
/// they have one for it.
pub(crate) fn for_guide(
    set: &str,
    kind: Option<&str>,
    release: Release,
    guides: &Guides,
) -> anyhow::Result<Vec<u8>> {
    let kind = kind.and_then(|kind| kind.parse().ok()).map_or_else(|| set.parse(), Ok);
    let unknown = || Failure::usage(format!("there are no samples of the {set}"), None);
    let args = SampleArgs {
        set: kind.map_err(|_| unknown())?,
        seed: 1,
        count: 1,
        size: None,
        mistake: None,
        release,
        month: "2026-03".parse().map_err(|_| unknown())?,
        interval: IntervalLength::Minutes60,
        days: Some(1),
        one_line: false,
        output: None,
        partners: PartnerArgs::default(),
    };
    let delimiters = Delimiters { line_end: LineEnd::Lf, ..Delimiters::default() };
    args.document(&args.request(guides), &delimiters, guides)
}

impl SampleArgs {
    fn request(&self, guides: &Guides) -> Request {
        let choices = Choices {
            month: self.month,
            interval: self.interval,
            days: self.days,
            ..Choices::default()
        };
        let request = Request {
            release: self.release,
            seed: self.seed,
            count: self.count,
            target_bytes: self.size,
            choices,
            ..Request::of(self.set)
        };
        match guides.parties(request.kind.set()) {
            Some((sender, receiver)) => Request {
                sender: (sender.qualifier, sender.id),
                receiver: (receiver.qualifier, receiver.id),
                ..request
            },
            None => request,
        }
    }

    /// One interchange that fits the guide, with the mistake asked for.
    fn document(
        &self,
        request: &Request,
        delimiters: &Delimiters,
        guides: &Guides,
    ) -> anyhow::Result<Vec<u8>> {
        let plain = corpus::interchange(request);
        let bytes = compose::write(&plain, delimiters)?;
        // Reading it shows which plan the guides choose for it.
        let document = Document::read(&bytes, guides);
        let plan = document.sets().next().and_then(|set| set.plan());
        let Some(plan) = plan.filter(|plan| plan.guide().is_some()) else {
            return self.spoilt(request, plain, delimiters);
        };
        let fitted = fit(request, plain, &plan).map_err(|finding| {
            let guide = plan.guide().unwrap_or_default();
            let message = format!("no sample can be made for {guide}: {}", finding.message());
            Failure { code: exit::FINDINGS, message, help: None }
        })?;
        match self.guide_rule(plan.guide().unwrap_or_default()) {
            None => self.spoilt(request, fitted, delimiters),
            Some(rule) => {
                let broken = break_rule(request, &fitted, &plan, rule).ok_or_else(|| {
                    let guide = plan.guide().unwrap_or_default();
                    let message = format!("{guide} has no rule `{rule}` that can be broken alone");
                    Failure::usage(message, None)
                })?;
                Ok(compose::write(&broken, delimiters)?)
            }
        }
    }

    /// The rule to break, when what is to be planted is no finding code.
    fn guide_rule(&self, guide: &str) -> Option<&str> {
        let mistake = self.mistake.as_deref()?;
        let rule = mistake.strip_prefix(guide).and_then(|rest| rest.strip_prefix(':'));
        match mistake.parse::<Mistake>() {
            Ok(_) => None,
            Err(_) => Some(rule.unwrap_or(mistake)),
        }
    }

    /// The document in bytes, with the mistake planted when there is one.
    fn spoilt(
        &self,
        request: &Request,
        interchange: compose::Interchange,
        delimiters: &Delimiters,
    ) -> anyhow::Result<Vec<u8>> {
        let bytes = compose::write(&interchange, delimiters)?;
        let Some(mistake) = &self.mistake else { return Ok(bytes) };
        let planted: Mistake = mistake.parse().map_err(|_| {
            let help = "name a finding code such as E0406, or a guide and one of its rules";
            Failure::usage(format!("there is no mistake `{mistake}`"), Some(help.to_string()))
        })?;
        let mut random = Random::new(request.seed);
        match plant(&bytes, planted, &mut random) {
            Some(planted) => Ok(planted.bytes),
            None => {
                let kind = text::shown(request.kind.name().as_bytes());
                let message = format!("a {kind} has no place for {}", planted.code());
                Err(Failure::usage(message, Some("try another set".to_string())).into())
            }
        }
    }
}
