//! The month's documents: what three accounts used, what they are billed, and how it is paid.

use anyhow::Context;
use tieline_mapping::document;
use tieline_mapping::options::Options;
use tieline_model::bill::Bill;
use tieline_model::decimal::Decimal;
use tieline_model::record::Record;
use tieline_sample::calendar::{Date, Month};
use tieline_sample::corpus::{self, Request};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Interchange, Segment};
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;

/// How many accounts there are.
pub(super) const ACCOUNTS: usize = 3;
/// The account numbers of a seed are the same in usage and in bills.
const SEED: u64 = 7;
/// Whose accounts they are.
const CUSTOMER_NAME: &str = "SHEYENNE FOODS";
/// How the two sides are called in an `ISA`.
const CUSTOMER: (&str, &str) = ("12", "7015550142");
const BANK: (&str, &str) = ("ZZ", "REDRIVERBANK");
const UTILITY: (&str, &str) = ("01", "0055500010000");

/// What the accounts used in March 2026, hour by hour.
pub(super) fn usage() -> anyhow::Result<Vec<Record>> {
    records(Kind::UsageInterval)
}

/// What the accounts are billed.
pub(super) fn bills() -> anyhow::Result<Vec<Record>> {
    records(Kind::Invoice)
}

/// The numbers of the accounts.
pub(super) fn accounts() -> anyhow::Result<Vec<String>> {
    let mut accounts = Vec::new();
    for record in bills()? {
        if let Record::Bill(bill) = record {
            accounts.extend(bill.account.map(|account| account.as_str().to_string()));
        }
    }
    Ok(accounts)
}

/// A payment of every bill in what the customer was sent, and how much that is.
pub(super) fn payment(sent: &[u8], control: u32) -> anyhow::Result<(Vec<u8>, Decimal)> {
    let mut bills = Vec::new();
    for record in read(sent)? {
        if let Record::Bill(bill) = record {
            bills.push(bill);
        }
    }
    let total = Decimal::sum(bills.iter().map(|bill| &bill.total))?;
    let mut interchange = remittance(control);
    let set = interchange.groups.first_mut().and_then(|group| group.sets.first_mut());
    set.context("a sample has a set")?.segments = paying(&bills, &total)?;
    Ok((compose::write(&interchange, &lines())?, total))
}

/// A payment with a letter in one of its numbers.
pub(super) fn broken_payment(control: u32) -> anyhow::Result<Vec<u8>> {
    let good = compose::write(&remittance(control), &lines())?;
    let planted = plant(&good, Mistake::NotANumber, &mut Random::new(SEED));
    Ok(planted.context("a remittance has a number to break")?.bytes)
}

/// What members paid at the counters of the bank.
pub(super) fn bank_payment() -> anyhow::Result<Vec<u8>> {
    let owned = |(qualifier, id): (&str, &str)| (qualifier.to_string(), id.to_string());
    let request = Request {
        seed: SEED + 1,
        sender: owned(BANK),
        control_number: 1,
        date: Some(Date::new(2026, 4, 20)),
        usage: 'P',
        receiver: owned(UTILITY),
        choices: choices(),
        ..Request::of(Kind::Remittance)
    };
    Ok(compose::write(&corpus::interchange(&request), &lines())?)
}

/// Samples of a kind as records of the model.
fn records(kind: Kind) -> anyhow::Result<Vec<Record>> {
    let choices = Choices { interval: IntervalLength::Minutes60, ..choices() };
    let count = u32::try_from(ACCOUNTS)?;
    let request = Request { seed: SEED, count, choices, ..Request::of(kind) };
    let mut records = read(&compose::write(&corpus::interchange(&request), &lines())?)?;
    for record in &mut records {
        let parties = match record {
            Record::UsageReport(report) => &mut report.parties,
            Record::Bill(bill) => &mut bill.parties,
            _ => continue,
        };
        // Samples are of somebody new each time; these accounts are all of one customer.
        for member in parties.iter_mut().filter(|party| party.role.raw() == "8R") {
            member.name = Some(CUSTOMER_NAME.to_string());
        }
    }
    Ok(records)
}

/// What the sets of an interchange say.
fn read(interchange: &[u8]) -> anyhow::Result<Vec<Record>> {
    let document = Document::read(interchange, &Standard);
    let options = Options::default();
    document.sets().map(|set| Ok(document::read(set, &options)?)).collect()
}

/// A remittance of the customer, written on the day it pays.
fn remittance(control_number: u32) -> Interchange {
    let owned = |(qualifier, id): (&str, &str)| (qualifier.to_string(), id.to_string());
    corpus::interchange(&Request {
        seed: SEED,
        choices: Choices { number: control_number, ..choices() },
        sender: owned(CUSTOMER),
        receiver: owned(UTILITY),
        date: Some(Date::new(2026, 4, 20)),
        control_number,
        usage: 'P',
        ..Request::of(Kind::Remittance)
    })
}

/// The segments that pay these bills in full.
fn paying(bills: &[Box<Bill>], total: &Decimal) -> anyhow::Result<Vec<Segment>> {
    let mut segments: Vec<Segment> = [
        &format!(
            "BPR*C*{total}*C*ACH*CTX*01*099999986*DA*0081223307*1070155501**01*099999999*DA*\
             0042001200*20260422"
        ),
        "TRN*1*SF20260420*1070155501",
        "REF*EM*SF20260420",
        "DTM*097*20260420*0900*CD",
        &format!("N1*PR*{CUSTOMER_NAME}"),
        "PER*IC*ACCOUNTS PAYABLE*TE*7015550142",
        "N1*PE*PRAIRIE RIVERS ELECTRIC COOPERATIVE*9*0055500010000",
        "ENT*1",
    ]
    .into_iter()
    .map(Segment::shorthand)
    .collect();
    for bill in bills {
        let account = bill.account.as_ref().context("a sample bill names its account")?.as_str();
        let (amount, date) = (&bill.total, bill.date.strftime("%Y%m%d"));
        segments.push(Segment::shorthand(&format!("RMR*12*{account}*PI*{amount}*{amount}")));
        segments.push(Segment::shorthand(&format!("REF*IV*{}", bill.number)));
        segments.push(Segment::shorthand(&format!("DTM*003*{date}")));
    }
    Ok(segments)
}

fn choices() -> Choices {
    Choices { month: Month::new(2026, 3), ..Choices::default() }
}

/// A segment to a line, so that a file that is kept can be read.
fn lines() -> Delimiters {
    Delimiters { line_end: LineEnd::Lf, ..Delimiters::default() }
}
