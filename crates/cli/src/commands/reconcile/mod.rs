//! `reconcile`: usage, bills and payments laid side by side, account by account.

mod files;
mod store;

use std::fmt::Write as _;
use std::path::PathBuf;

use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;
use tieline_model::payment::AdjustmentReason;
use tieline_model::reconcile::{
    Allotment, Document, Matched, Outcome, Reconciliation, Rules, Side, Sides,
};
use tieline_model::time::Zone;

use crate::console::{Console, Paint};
use crate::exit;
use crate::failure::Failure;
use crate::partners::PartnerArgs;

/// Compare what was used, billed and paid, account by account, to the kWh and the cent
///
/// Documents are matched by account and period, payments by the number of the bill or by the account.
/// What was cancelled, replaced or sent twice nets out first. Without --usage or without --payment
/// only the other two are compared. Without any file it is what the gateway's store has posted.
/// Exit status 1 when something does not agree.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline reconcile --usage march.867 --bill march.810 --payment april.820
  tieline reconcile --bill *.810 --payment *.820 --format json
  tieline reconcile --usage usage.edi --bill bills.edi --tolerance-kwh 0.5
  tieline reconcile --since 2026-03-01 --until 2026-03-31          what the store has posted")]
pub(crate) struct ReconcileArgs {
    /// Files of usage: 867, Green Button, CSV or our JSON
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    usage: Vec<PathBuf>,

    /// Files of bills: 810 or our JSON
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    bill: Vec<PathBuf>,

    /// Files of payments: 820 or our JSON
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    payment: Vec<PathBuf>,

    /// By how many kWh used and billed energy may differ
    #[arg(long, value_name = "KWH", default_value = "0", value_parser = not_negative)]
    tolerance_kwh: Decimal,

    /// The zone of the service points in usage that does not tell it, e.g. America/Chicago
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<Zone>,

    /// How to write the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    posted: store::Posted,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// JSON, with everything the table leaves out; the contract is docs/reconcile.schema.json
    Json,
}

fn not_negative(text: &str) -> Result<Decimal, String> {
    match text.parse::<Decimal>() {
        Ok(number) if !number.is_negative() => Ok(number),
        Ok(_) => Err("it must not be less than zero".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::named(name).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &ReconcileArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let from_files = !(args.usage.is_empty() && args.bill.is_empty() && args.payment.is_empty());
    let rules = match from_files {
        true => Rules { tolerance_kwh: args.tolerance_kwh, sides: args.sides()? },
        false => Rules { tolerance_kwh: args.tolerance_kwh, sides: args.posted.sides() },
    };
    let ledger = match from_files {
        true => files::read(args, console)?,
        false => args.posted.read()?,
    };
    let mut found = ledger.reconcile(&rules).map_err(|error| unsummed(&error.to_string()))?;
    if !from_files {
        args.posted.keep(&mut found, console);
    }
    match args.format {
        Format::Text => console.out.write_all(text(&found, console.paint).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *console.out, &found.answer())?;
            writeln!(console.out)?;
        }
    }
    Ok(if found.agrees() { exit::ACCEPTED } else { exit::FINDINGS })
}

impl ReconcileArgs {
    fn sides(&self) -> Result<Sides, Failure> {
        if let Some(flag) = self.posted.given() {
            let message = format!("{flag} is about the store, and files are named");
            let help = "leave it out, or leave the files out".to_string();
            return Err(Failure::usage(message, Some(help)));
        }
        if self.bill.is_empty() {
            let help = "add --bill; without any file it is the store that is looked at";
            return Err(Failure::usage("there are no bills to compare with", Some(help.into())));
        }
        match (self.usage.is_empty(), self.payment.is_empty()) {
            (false, false) => Ok(Sides::All),
            (false, true) => Ok(Sides::UsageAndBills),
            (true, false) => Ok(Sides::BillsAndPayments),
            (true, true) => {
                let help = "add --usage, --payment or both";
                Err(Failure::usage("there is nothing to compare bills with", Some(help.into())))
            }
        }
    }
}

fn unsummed(message: &str) -> Failure {
    Failure { code: exit::FINDINGS, message: message.to_string(), help: None }
}

fn word(document: Document) -> &'static str {
    match document {
        Document::Usage => "usage report",
        Document::Bill => "bill",
        Document::Payment => "payment",
    }
}

/// The headings; the second and the two last are as wide as they are, the others as is needed.
const HEADINGS: [&str; 7] =
    ["Account", "Period", "Used kWh", "Billed kWh", "Billed", "Paid", "Result"];

/// The table, what belongs to no row of it, and what all of it comes to.
fn text(found: &Reconciliation, paint: Paint) -> String {
    let rows: Vec<[String; 7]> = found.matched.iter().map(cells).collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    if !rows.is_empty() {
        let strong = paint.strong;
        let heading = laid(&HEADINGS.map(str::to_string), &widths);
        let _ = writeln!(out, "{strong}{heading}{strong:#}");
    }
    for (row, matched) in rows.iter().zip(&found.matched) {
        let style = if matched.agrees() { paint.good } else { paint.error };
        let line = laid(row, &widths);
        let (figures, result) = line.split_at(line.len() - row[6].len());
        let _ = writeln!(out, "{figures}{style}{result}{style:#}");
        if !matched.agrees() {
            out += &sources(matched);
        }
    }
    out += &apart(found);
    let agree = found.matched.iter().filter(|matched| matched.agrees()).count();
    let _ = writeln!(out, "\n{}", verdict(found, agree));
    out
}

fn laid(cells: &[String; 7], widths: &[usize; 7]) -> String {
    let mut line = String::new();
    for (n, (cell, width)) in cells.iter().zip(widths).enumerate() {
        match n {
            0 | 1 => line += &format!("{cell:<width$}  "),
            6 => line += cell,
            _ => line += &format!("{cell:>width$}  "),
        }
    }
    line
}

fn cells(matched: &Matched) -> [String; 7] {
    let kwh = |amount: Option<Decimal>| amount.map_or("-".to_string(), |it| it.to_string());
    let money = |amount: Option<Decimal>| amount.map_or("-".to_string(), cents);
    let account = matched.account.as_ref().map_or("not named", |account| account.as_str());
    let period = matched.period.map(|period| format!("{} to {}", period.start(), period.end()));
    [
        account.to_string(),
        period.unwrap_or_else(|| "not named".to_string()),
        kwh(matched.used_kwh),
        kwh(matched.billed_kwh),
        money(matched.billed),
        money(matched.paid),
        result(matched),
    ]
}

/// An amount with two decimals; with more where it has more.
fn cents(amount: Decimal) -> String {
    amount.with_scale(2).unwrap_or(amount).to_string()
}

fn money(amount: Decimal, currency: Currency) -> String {
    match currency == Currency::USD {
        true => format!("${}", cents(amount)),
        false => format!("{} {currency}", cents(amount)),
    }
}

fn result(matched: &Matched) -> String {
    let currency = matched.currency.unwrap_or(Currency::USD);
    let said: Vec<String> =
        matched.outcomes.iter().map(|outcome| told(outcome, currency)).collect();
    match said.is_empty() {
        true => "agrees".to_string(),
        false => said.join("; "),
    }
}

fn told(outcome: &Outcome, currency: Currency) -> String {
    let than = |by: Decimal, unit: &str, other: &str| {
        let word = if by.is_negative() { "less" } else { "more" };
        format!("billed {} {unit} {word} than {other}", by.abs())
    };
    let gap = |by: Decimal| {
        let word = if by.is_negative() { "short" } else { "too much" };
        format!("{} {word}", money(by.abs(), currency))
    };
    match *outcome {
        Outcome::MissingUsage => "bill without usage".to_string(),
        Outcome::MissingBill => "missing bill".to_string(),
        Outcome::EnergyDiffers { by_kwh } => than(by_kwh, "kWh", "used"),
        Outcome::EnergyTolerated { by_kwh } => {
            format!("agrees: {}, as tolerated", than(by_kwh, "kWh", "used"))
        }
        Outcome::EnergyNotTold { side: Side::Usage } => "usage tells no one energy".to_string(),
        Outcome::EnergyNotTold { side: Side::Bill } => "bill tells no energy".to_string(),
        Outcome::ReceivedDiffers { by_kwh } => {
            let word = if by_kwh.is_negative() { "less" } else { "more" };
            format!("credited {} kWh {word} than received", by_kwh.abs())
        }
        Outcome::DemandDiffers { by_kw } => than(by_kw, "kW", "reported"),
        Outcome::Unpaid { amount } => format!("unpaid, {}", money(amount, currency)),
        Outcome::Underpaid { by } => gap(by.negated()),
        Outcome::Overpaid { by } => gap(by),
        Outcome::Disputed { by } => format!("{}, disputed", gap(by)),
        Outcome::Adjusted { by } => format!("agrees: {}, as adjusted", gap(by)),
    }
}

/// Where the figures of a row stand, for whoever has to look.
fn sources(matched: &Matched) -> String {
    let mut out = String::new();
    for source in &matched.usage {
        let _ = writeln!(out, "    usage    {source}");
    }
    for source in &matched.bills {
        let _ = writeln!(out, "    bill     {source}");
    }
    for Allotment { source, amount, adjustments } in &matched.payments {
        let _ = writeln!(out, "    payment  {source}: {}", cents(*amount));
        for (reason, amount) in adjustments {
            let _ = writeln!(out, "             {}: {}", reason_of(*reason), cents(*amount));
        }
    }
    out
}

fn reason_of(reason: AdjustmentReason) -> &'static str {
    match reason {
        AdjustmentReason::Correction => "correction",
        AdjustmentReason::Credit => "credit",
        AdjustmentReason::Underpayment => "paid too little before",
        AdjustmentReason::Overpayment => "paid too much before",
        AdjustmentReason::Disputed => "disputed",
        AdjustmentReason::TaxExempt => "exempt from tax",
        AdjustmentReason::Discount => "discount",
        AdjustmentReason::LateCharge => "late charge",
        AdjustmentReason::Returned => "returned by the bank",
        AdjustmentReason::Other => "adjustment",
    }
}

/// What belongs to no row.
fn apart(found: &Reconciliation) -> String {
    let mut out = String::new();
    for one in &found.unmatched {
        let account = one.account.as_deref().map(|it| format!(" account {it}"));
        let bill = one.bill.as_deref().map(|it| format!(" bill {it}"));
        let named = [account, bill].into_iter().flatten().collect::<Vec<_>>().join(",");
        let amount = money(one.amount, one.currency);
        let colon = if named.is_empty() { "" } else { ":" };
        let _ = writeln!(out, "\n{amount} {}{colon}{named}\n    payment  {}", one.why, one.source);
    }
    for payment in &found.payment_sums {
        let (amount, lines) = (payment.amount, payment.lines);
        let _ = writeln!(
            out,
            "\npayment of {} whose lines add up to {}\n    payment  {}",
            money(amount, payment.currency),
            money(lines, payment.currency),
            payment.source
        );
    }
    if !found.taken_out.is_empty() {
        out += "\nNot counted:\n";
    }
    for taken in &found.taken_out {
        let document = word(taken.document);
        let _ = writeln!(out, "    {document} {}: {}", taken.source, taken.fate);
    }
    out
}

fn verdict(found: &Reconciliation, agree: usize) -> String {
    let rows = found.matched.len();
    let wrong = found.taken_out.iter().filter(|taken| taken.fate.is_wrong()).count();
    let apart = [
        (found.unmatched.len(), "payment without a bill", "payments without a bill"),
        (found.payment_sums.len(), "payment that does not add up", "payments that do not add up"),
        (wrong, "document to ask about", "documents to ask about"),
    ];
    let mut text = format!("{agree} of {rows} agree");
    for (count, one, many) in apart {
        if count > 0 {
            let _ = write!(text, ", {count} {}", if count == 1 { one } else { many });
        }
    }
    text
}
