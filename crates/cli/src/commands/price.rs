//! `price`: what usage costs under a rate, as a bill; or a bill checked against its usage.

use std::path::{Path, PathBuf};

use tieline_model::bill::{Bill, Charge, ChargeDirection};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::MeterNumber;
use tieline_model::pricing::{
    self, BillRequest, Metered, PricingError, Supply, UsageError, ZoneDemand, ZoneUse,
};
use tieline_model::quantity::Unit;
use tieline_model::rate::{Pricing, RateSchedule};
use tieline_model::record::Record;
use tieline_model::time::{Date, DateTime, Instants, Interval, Timestamp, Zone};
use tieline_model::usage::UsageReport;
use tieline_partner::{RateBook, did_you_mean};

use crate::console::Console;
use crate::failure::Failure;
use crate::partners::PartnerArgs;
use crate::progress::Progress;
use crate::records::{Each, Reader, Source, Unsaid};
use crate::{exit, reading};

/// Where rates are looked for when no directory is named.
const DIRECTORY: &str = "partners/utility/rates";

/// Work out what usage costs under a rate, or check a bill against it
///
/// Nothing is guessed: where a figure is not published or the usage does not say enough, that is told and
/// there is no bill. Exit status 1 when the usage cannot be billed or a checked bill is wrong, 78 when
/// the rates lack a figure.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline price usage.edi --rate 100
  tieline price usage.edi --rate 300 --demand 62.5 --format json
  tieline price usage.edi --rate 100 --rate WH-LONG@70023315 --credit WH-CREDIT-650
  tieline price usage.edi --rate 628 --zone red=2026-01-14T17:00/2026-01-14T21:00 --zone yellow=none
  tieline price usage.edi --rate 300 --check bill.json")]
pub(crate) struct PriceArgs {
    /// The usage: an 867, Green Button, a table, our JSON …; `-` reads standard input
    #[arg(value_name = "USAGE", value_hint = clap::ValueHint::FilePath)]
    usage: PathBuf,

    /// The rate of the main meter; once more for each sub-meter, with @ and its number
    #[arg(long, value_name = "CODE[@METER]", required = true)]
    rate: Vec<String>,

    /// A credit of the main meter
    #[arg(long, value_name = "CODE")]
    credit: Vec<String>,

    /// The rate that a rate is built on, instead of the one its file names
    #[arg(long, value_name = "CODE")]
    base: Option<String>,

    /// The directory of the rates; partners/utility/rates when not given
    #[arg(long, value_name = "DIR", env = "TIELINE_RATES", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::DirPath)]
    rates: Option<PathBuf>,

    /// The billing demand of the main meter in kW, where the usage does not report it
    #[arg(long, value_name = "KW", value_parser = not_negative)]
    demand: Option<Decimal>,

    /// A zone of an off-peak site: `red=none`, its demand in kW, or a time it was called out, from
    /// and until by local clocks
    #[arg(long, value_name = "ZONE=WHAT")]
    zone: Vec<String>,

    /// The purchased power adjustment per kWh, instead of the one in the rates
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true)]
    ppa: Option<Decimal>,

    /// Which report of the file, counted from 1, when it has several
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    report: Option<u32>,

    /// The number of the bill; that of the report when not given
    #[arg(long, value_name = "NUMBER")]
    bill_number: Option<String>,

    /// The date of the bill, e.g. 2026-04-03; that of the report when not given
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,

    /// Check this bill, an 810, a table or our JSON, instead of making one
    #[arg(long, value_name = "BILL", value_hint = clap::ValueHint::FilePath)]
    check: Option<PathBuf>,

    /// How to write the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// Our JSON
    Json,
}

fn not_negative(text: &str) -> Result<Decimal, String> {
    match text.parse::<Decimal>() {
        Ok(number) if !number.is_negative() => Ok(number),
        Ok(_) => Err("it must not be less than zero".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn run(args: &PriceArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = rate_book(args)?;
    let report = usage_report(args)?;
    let adjustment = adjustment(args, &book, &report)?;
    let request = request(args, &book, &report, adjustment.as_ref())?;
    if let Some(file) = &args.check {
        let bill = read_bill(args, file)?;
        return check(args, console, &book, &bill, &request);
    }
    let bill = pricing::price(&request).map_err(|error| refused(&error, &book))?;
    match args.format {
        Format::Text => console.out.write_all(table(&bill, &book).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *console.out, &Record::Bill(Box::new(bill)))?;
            writeln!(console.out)?;
        }
    }
    Ok(exit::ACCEPTED)
}

fn check(
    args: &PriceArgs,
    console: &mut Console<'_>,
    book: &RateBook,
    bill: &Bill,
    request: &BillRequest<'_>,
) -> anyhow::Result<u8> {
    let wrong = pricing::verify(bill, request).map_err(|error| refused(&error, book))?;
    match args.format {
        Format::Json => {
            let answer = serde_json::json!({ "discrepancies": wrong });
            serde_json::to_writer_pretty(&mut *console.out, &answer)?;
            writeln!(console.out)?;
        }
        Format::Text => {
            for discrepancy in &wrong {
                writeln!(console.out, "{discrepancy}")?;
            }
            if wrong.is_empty() {
                console.say("the bill is what its usage comes to, to the cent");
            }
        }
    }
    Ok(if wrong.is_empty() { exit::ACCEPTED } else { exit::FINDINGS })
}

fn rate_book(args: &PriceArgs) -> Result<RateBook, Failure> {
    let named = args.rates.as_deref().filter(|directory| !directory.as_os_str().is_empty());
    let directory = named.unwrap_or(Path::new(DIRECTORY));
    let shown = directory.display().to_string();
    std::fs::read_dir(directory).map_err(|error| Failure::no_input(&shown, &error))?;
    RateBook::load(directory).map_err(|errors| Failure::partner_files(&errors))
}

fn find<'b>(book: &'b RateBook, code: &str) -> Result<&'b RateSchedule, Failure> {
    book.find(code).ok_or_else(|| {
        let codes: Vec<&str> = book.schedules().map(|schedule| &schedule.code[..]).collect();
        let help =
            did_you_mean(code, &codes).unwrap_or_else(|| format!("there are {}", codes.join(", ")));
        Failure::usage(format!("there is no rate `{code}`"), Some(help))
    })
}

/// The one report to be billed.
fn usage_report(args: &PriceArgs) -> anyhow::Result<UsageReport> {
    let name = reading::name(&args.usage);
    let mut reports = usage_reports(args, &args.usage)?;
    let count = reports.len();
    let wanted = match (args.report, count) {
        (Some(number), _) => number as usize,
        (None, 1) => 1,
        (None, 0) => return Err(wrong_file(&name, "there is no usage report in it", None).into()),
        (None, _) => {
            let message = format!("there are {count} usage reports in it");
            let help = Some("name one with --report 1".to_string());
            return Err(wrong_file(&name, &message, help).into());
        }
    };
    match wanted <= count {
        true => Ok(reports.swap_remove(wanted - 1)),
        false => {
            let message = format!("there is no report {wanted}, only {count}");
            Err(wrong_file(&name, &message, None).into())
        }
    }
}

/// All usage reports of a file.
fn usage_reports(args: &PriceArgs, file: &Path) -> anyhow::Result<Vec<UsageReport>> {
    let mut reports = Vec::new();
    each_record(args, file, &mut |record| {
        if let Record::UsageReport(report) = record {
            reports.push(*report);
        }
        Ok(())
    })?;
    Ok(reports)
}

/// The first bill of a file.
fn read_bill(args: &PriceArgs, file: &Path) -> anyhow::Result<Bill> {
    let mut bill = None;
    each_record(args, file, &mut |record| {
        if let (Record::Bill(read), None) = (record, &bill) {
            bill = Some(*read);
        }
        Ok(())
    })?;
    let none = || wrong_file(&reading::name(file), "there is no bill in it", None);
    Ok(bill.ok_or_else(none)?)
}

fn each_record(args: &PriceArgs, file: &Path, each: Each<'_>) -> anyhow::Result<()> {
    let guides = args.partners.load()?;
    let progress = Progress::new(false, None);
    let source = Source { file: file.to_path_buf(), from: None, unsaid: Unsaid::default() };
    Reader { guides: &guides, progress: &progress }.read(&source, each)?;
    Ok(())
}

fn wrong_file(name: &str, message: &str, help: Option<String>) -> Failure {
    Failure { code: exit::FINDINGS, message: format!("{name}: {message}"), help }
}

/// The schedule that comes on top of every other, with the price that was given for this bill.
fn adjustment(
    args: &PriceArgs,
    book: &RateBook,
    report: &UsageReport,
) -> anyhow::Result<Option<RateSchedule>> {
    let Some(code) = &book.rules().adjustment else { return Ok(None) };
    let mut schedule = find(book, code)?.clone();
    let Some(price) = args.ppa else { return Ok(Some(schedule)) };
    for (_, metered) in supplies(args, report)? {
        let month = book.rules().month_of.month(metered.period);
        for charge in &mut schedule.charges {
            if let Pricing::ByMonth { prices, .. } = &mut charge.pricing {
                prices.insert(month, price);
            }
        }
    }
    Ok(Some(schedule))
}

/// Each rate that was named, and the usage it is for.
fn supplies<'a>(
    args: &'a PriceArgs,
    report: &UsageReport,
) -> Result<Vec<(&'a str, Metered)>, Failure> {
    let mut named = Vec::new();
    for rate in &args.rate {
        named.push(match rate.split_once('@') {
            Some((code, number)) => {
                let meter = MeterNumber::new(number);
                let meter = meter.map_err(|error| Failure::usage(error.to_string(), None))?;
                (code, Some(meter))
            }
            None => (rate.as_str(), None),
        });
    }
    let apart: Vec<MeterNumber> = named.iter().filter_map(|(_, meter)| meter.clone()).collect();
    let usage = named.into_iter().map(|(code, meter)| {
        let metered = match meter {
            Some(meter) => Metered::of_meter(report, &meter),
            None => Metered::of_rate(report, code, &apart),
        };
        metered.map(|metered| (code, metered)).map_err(|error| unusable(args, &error))
    });
    usage.collect()
}

fn request<'a>(
    args: &PriceArgs,
    book: &'a RateBook,
    report: &UsageReport,
    adjustment: Option<&'a RateSchedule>,
) -> anyhow::Result<BillRequest<'a>> {
    let rules = book.rules();
    let zones = zones(args, &rules.zone)?;
    let mut found: Vec<Supply<'a>> = Vec::new();
    for (code, metered) in supplies(args, report)? {
        let schedule = find(book, code)?;
        let base = schedule.base.as_deref();
        let base = base.map(|base| find(book, args.base.as_deref().unwrap_or(base))).transpose()?;
        let mut supply = Supply { base, ..Supply::new(schedule, metered) };
        supply.metered.zones = zones.clone();
        supply.riders.extend(adjustment);
        found.push(supply);
    }
    if let Some(base) = &args.base
        && found.iter().all(|supply| supply.base.is_none())
    {
        let message = format!("`--base {base}`: no rate named here is built on another");
        return Err(Failure::usage(message, None).into());
    }
    if let Some(main) = found.first_mut() {
        main.metered.billing_demand = args.demand.or(main.metered.billing_demand);
        for code in &args.credit {
            main.riders.push(find(book, code)?);
        }
    }
    let number = args.bill_number.clone().or_else(|| report.number.clone());
    Ok(BillRequest {
        number: number.unwrap_or_else(|| "1".to_string()),
        date: args.date.unwrap_or(report.date),
        account: report.account.clone(),
        usage_report: report.number.clone(),
        supplies: found,
        month_of: rules.month_of,
        taxes: &rules.taxes,
    })
}

/// What was said of the zones; several times of one zone come together.
fn zones(args: &PriceArgs, zone: &Zone) -> Result<Vec<ZoneUse>, Failure> {
    let mut zones: Vec<ZoneUse> = Vec::new();
    for said in &args.zone {
        let (name, what) = said.split_once('=').ok_or_else(|| no_zone(said))?;
        let demand = match (what, what.split_once('/')) {
            ("none", _) => ZoneDemand::CalledOut(Vec::new()),
            (_, Some((from, until))) => {
                let (from, until) = (instant(from, zone, said)?, instant(until, zone, said)?);
                let interval = Interval::new(from, until).map_err(|_| no_zone(said))?;
                ZoneDemand::CalledOut(vec![interval])
            }
            _ => ZoneDemand::Reported(not_negative(what).map_err(|_| no_zone(said))?),
        };
        let before = zones.iter_mut().find(|before| before.zone == name);
        match (before.map(|before| &mut before.demand), demand) {
            (None, demand) => zones.push(ZoneUse { zone: name.to_string(), demand }),
            (Some(ZoneDemand::CalledOut(times)), ZoneDemand::CalledOut(more))
                if !times.is_empty() && !more.is_empty() =>
            {
                times.extend(more);
            }
            _ => return Err(Failure::usage(format!("the {name} zone is said twice"), None)),
        }
    }
    Ok(zones)
}

fn instant(text: &str, zone: &Zone, said: &str) -> Result<Timestamp, Failure> {
    let local: DateTime = text.parse().map_err(|_| no_zone(said))?;
    match zone.instants(local) {
        Ok(Instants::Once(at)) => Ok(at),
        _ => {
            let message = format!("`{text}` is not one time in {}: the clocks change", zone.name());
            Err(Failure::usage(message, Some("give the demand in kW instead".to_string())))
        }
    }
}

fn no_zone(said: &str) -> Failure {
    let help = "write red=none, red=12.5 or red=2026-01-14T17:00/2026-01-14T21:00";
    Failure::usage(format!("`--zone {said}` says nothing of a zone"), Some(help.to_string()))
}

/// Why usage cannot be billed.
fn unusable(args: &PriceArgs, error: &UsageError) -> Failure {
    let help = match error {
        UsageError::OtherRate { found, .. } => match &found[..] {
            [] => None,
            _ => Some(format!("bill it under {}", found.join(" or "))),
        },
        UsageError::SeveralSummaries(_) | UsageError::SeveralQuantities => {
            Some("bill one meter with --rate CODE@METER, or one period at a time".to_string())
        }
        _ => None,
    };
    wrong_file(&reading::name(&args.usage), &error.to_string(), help)
}

/// Why there is no bill.
fn refused(error: &PricingError, book: &RateBook) -> Failure {
    let file = error.schedule_to_change().and_then(|code| book.file_of(code));
    let option = match error {
        PricingError::MonthUnknown { .. } => "; here with --ppa PRICE",
        PricingError::NoBillingDemand { .. } => "; here with --demand KW",
        PricingError::ZoneNotSaid { .. } => "; here with --zone, e.g. red=none",
        _ => "",
    };
    let place = file.map(|file| format!("; the schedule is {file}")).unwrap_or_default();
    let code = match error {
        PricingError::Unpublished { .. } | PricingError::MonthUnknown { .. } => exit::CONFIGURATION,
        _ => exit::FINDINGS,
    };
    let help = format!("{}{option}{place}", error.remedy());
    Failure { code, message: error.to_string(), help: Some(help) }
}

/// The bill as a table: a line for each charge.
fn table(bill: &Bill, book: &RateBook) -> String {
    let mut text = format!("Bill {} of {}", bill.number, bill.date);
    if let Some(period) = bill.period {
        text += &format!(", for {} to {}", period.start(), period.end());
    }
    text.push('\n');
    for group in &bill.groups {
        let code = group.rate.as_deref().unwrap_or_default();
        let name = book.find(code).map_or("", |schedule| &schedule.name);
        let meter = group.meter.as_ref().map(|meter| format!(", meter {}", meter.as_str()));
        text += &format!("\nRate {code}: {name}{}\n", meter.unwrap_or_default());
        for charge in group.all_charges() {
            text += &line(charge);
        }
    }
    text.push('\n');
    for tax in &bill.taxes {
        let rate = tax.rate.map(|rate| format!("Tax, {rate} %")).unwrap_or_default();
        text += &format!("  {rate:<68}{:>12}\n", tax.amount.unwrap_or_default().to_string());
    }
    let currency = bill.currency;
    text += &format!("  {:<68}{:>12} {currency}\n", "Total", bill.total.to_string());
    text
}

fn line(charge: &Charge) -> String {
    let name = charge.description.as_deref().unwrap_or_default();
    let code = charge.kind.as_ref().map(|kind| kind.raw()).unwrap_or_default();
    let unit = match charge.unit.as_ref().map(|unit| unit.meaning) {
        Some(Unit::Month) => "month",
        Some(Unit::KilowattHour) => "kWh",
        Some(Unit::MegawattHour) => "MWh",
        Some(Unit::Kilowatt) => "kW",
        _ => "",
    };
    let text = |number: Option<Decimal>| number.map(|number| number.to_string());
    let quantity = text(charge.quantity).unwrap_or_default();
    // What is taken off has a price less than zero, as it stands in the rates.
    let is_credit = charge.direction.meaning == ChargeDirection::Credit;
    let rate = charge.rate.map(|rate| if is_credit { rate.negated() } else { rate });
    let rate = text(rate).unwrap_or_default();
    let amount = charge.signed_amount().to_string();
    format!("  {name:<34} {code:<8}{quantity:>11} {unit:<5} x {rate:<8}{amount:>11}\n")
}
