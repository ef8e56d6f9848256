//! From a record of the model to a posting: what it is keyed by, and what it is looked up by.

use std::collections::BTreeSet;

use jiff::civil::Date;
use tieline_mapping::document;
use tieline_model::payment::Payment;
use tieline_model::provenance::Provenance;
use tieline_model::record::Record;
use tieline_store::change;
use tieline_store::interchange::InterchangeId;
use tieline_store::message::Flow;
use tieline_store::posting::{Kind, NewPosting};

use crate::steps::Failure;

/// Whose record it is, and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) flow: Flow,
    /// The sender, or ourselves.
    pub(crate) party: String,
    pub(crate) test: bool,
    pub(crate) message: change::Message,
    pub(crate) interchange: Option<InterchangeId>,
}

/// A record as it is posted; `None` for one that has no effect of its own, such as an envelope.
///
/// A report or payment without a number of its own is keyed by where it came: by `unnumbered`.
pub(crate) fn posting(
    record: &Record,
    source: &Source,
    unnumbered: &str,
) -> Result<Option<NewPosting>, Failure> {
    let about = match record {
        Record::UsageReport(report) => {
            let periods = report.sections.iter().filter_map(|section| section.period?.period());
            let (from, until) = days(periods.map(|period| (period.start(), period.end())));
            About {
                kind: Kind::Usage,
                reference: report.number.clone(),
                accounts: report.account.iter().map(|it| it.as_str().to_string()).collect(),
                from,
                until,
                ..About::default()
            }
        }
        Record::Bill(bill) => {
            let (from, until) = days(bill.billed_period().map(|it| (it.start(), it.end())));
            About {
                kind: Kind::Bill,
                reference: Some(bill.number.clone()),
                accounts: bill.account.iter().map(|it| it.as_str().to_string()).collect(),
                from: from.or(Some(bill.date)),
                until: until.or_else(|| bill.date.tomorrow().ok()),
                amount: Some(bill.total.to_string()),
                ..About::default()
            }
        }
        Record::Payment(payment) => {
            let accounts: BTreeSet<&str> = payment.lines().filter_map(|it| it.account()).collect();
            About {
                kind: Kind::Payment,
                party: payer(payment),
                reference: payment.trace.as_ref().map(|trace| trace.number.clone()),
                accounts: accounts.into_iter().map(str::to_string).collect(),
                from: payment.settlement,
                until: payment.settlement.and_then(|date| date.tomorrow().ok()),
                amount: Some(payment.amount.to_string()),
            }
        }
        Record::ServiceRequest(request) => About {
            kind: Kind::Request,
            reference: Some(request.number.clone()),
            accounts: request
                .items
                .iter()
                .filter_map(|item| item.account.as_ref())
                .map(|it| it.as_str().to_string())
                .collect(),
            ..About::default()
        },
        Record::Advice(advice) => {
            About { kind: Kind::Advice, reference: Some(advice.number.clone()), ..About::default() }
        }
        _ => return Ok(None),
    };
    // Where it was read tells nothing of what it says: the same in another interchange is the same.
    let mut bare = record.clone();
    if let Some(provenance) = document::provenance(&mut bare) {
        *provenance = Provenance::default();
    }
    let record = serde_json::to_vec(&bare)
        .map_err(|error| Failure::Final(format!("a record cannot be kept: {error}")))?;
    let party = match about.party {
        Some(payer) => format!("{}/{payer}", source.party),
        None => source.party.clone(),
    };
    Ok(Some(NewPosting {
        kind: about.kind,
        flow: source.flow,
        party,
        reference: about.reference.unwrap_or_else(|| unnumbered.to_string()),
        test: source.test,
        accounts: about.accounts,
        from: about.from,
        until: about.until,
        amount: about.amount,
        record,
        message: source.message,
        interchange: source.interchange,
    }))
}

/// What a record is about.
struct About {
    kind: Kind,
    /// A party behind the sender, whose numbers they are.
    party: Option<String>,
    reference: Option<String>,
    accounts: Vec<String>,
    from: Option<Date>,
    until: Option<Date>,
    amount: Option<String>,
}

impl Default for About {
    fn default() -> About {
        About {
            kind: Kind::Usage,
            party: None,
            reference: None,
            accounts: Vec::new(),
            from: None,
            until: None,
            amount: None,
        }
    }
}

/// The first day, and the day after the last.
fn days(periods: impl IntoIterator<Item = (Date, Date)>) -> (Option<Date>, Option<Date>) {
    let (mut from, mut last) = (None, None);
    for (start, end) in periods {
        from = Some(from.map_or(start, |from: Date| from.min(start)));
        last = Some(last.map_or(end, |last: Date| last.max(end)));
    }
    (from, last.and_then(|last: Date| last.tomorrow().ok()))
}

/// The number by which a bank knows who pays; trace numbers are the payer's.
fn payer(payment: &Payment) -> Option<String> {
    let by_trace = payment.trace.as_ref().and_then(|trace| trace.originator.clone());
    by_trace.or_else(|| payment.originator.clone())
}
