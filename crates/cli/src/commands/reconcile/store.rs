//! Usage, bills and payments out of the gateway's store.
//!
//! What was posted is entered whenever it was, because a payment may be for a bill of long ago; the period
//! is that of the rows that are shown.

use std::path::PathBuf;

use tieline_mapping::document;
use tieline_model::provenance::Origin;
use tieline_model::reconcile::{Ledger, Reconciliation, Sides};
use tieline_model::record::Record;
use tieline_model::time::Date;
use tieline_store::Store;
use tieline_store::posting::{Filter, Kind, Posting};

use super::unsummed;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs, refused};
use crate::text::count;

/// How many postings are asked for at once.
const PAGE: u32 = 500;
/// Under which its arguments stand in the help.
const HEADING: &str = "From the store, without files";

/// What of the store is compared.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Posted {
    /// This account alone; several may be named, and one that has a new number by both
    #[arg(long, value_name = "NUMBER", help_heading = HEADING)]
    account: Vec<String>,

    /// Periods that end on this day or later
    #[arg(long, value_name = "DATE", help_heading = HEADING)]
    since: Option<Date>,

    /// Periods that begin on this day or earlier
    #[arg(long, value_name = "DATE", help_heading = HEADING)]
    until: Option<Date>,

    /// Leave usage or payments out of the comparison
    #[arg(long, value_enum, value_name = "KIND", help_heading = HEADING)]
    without: Option<Without>,

    /// Test traffic instead of production
    #[arg(long, help_heading = HEADING)]
    test: bool,

    /// The settings of the gateway; `tieline.toml` when there is one here
    #[arg(long, value_name = "FILE", env = "TIELINE_CONFIG", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::FilePath, help_heading = HEADING)]
    config: Option<PathBuf>,

    /// The store: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_STORE", hide_env_values = true)]
    #[arg(help_heading = HEADING)]
    store: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Without {
    /// Compare bills and payments
    Usage,
    /// Compare usage and bills
    Payment,
}

impl Posted {
    /// An argument that is of no use when files are named. The address of the store may be in the
    /// environment all the same.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            (!self.account.is_empty(), "--account"),
            (self.since.is_some(), "--since"),
            (self.until.is_some(), "--until"),
            (self.without.is_some(), "--without"),
            (self.test, "--test"),
        ];
        given.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag)
    }

    /// What is compared with what.
    pub(super) fn sides(&self) -> Sides {
        match self.without {
            None => Sides::All,
            Some(Without::Usage) => Sides::BillsAndPayments,
            Some(Without::Payment) => Sides::UsageAndBills,
        }
    }

    /// Enters what was posted.
    pub(super) fn read(&self) -> anyhow::Result<Ledger> {
        let settings = StationArgs::of_store(self.config.clone(), self.store.clone()).settings()?;
        if !settings.has_store() {
            let message = "nothing is named to compare: no files, and there is no store";
            let help = "name files with --usage, --bill and --payment, or the store with --store";
            return Err(Failure::usage(message, Some(help.to_string())).into());
        }
        station::run(async {
            let store = settings.store().await?;
            let ledger = self.ledger(&*store).await;
            store.close().await;
            ledger
        })
    }

    /// Payments of all accounts are entered: one may name a bill and no account.
    async fn ledger(&self, store: &dyn Store) -> anyhow::Result<Ledger> {
        let mut ledger = Ledger::default();
        let mut kinds = vec![(Kind::Bill, &self.account[..])];
        if self.without != Some(Without::Usage) {
            kinds.push((Kind::Usage, &self.account[..]));
        }
        if self.without != Some(Without::Payment) {
            kinds.push((Kind::Payment, &[]));
        }
        for (kind, accounts) in kinds {
            let filter = Filter {
                kinds: vec![kind],
                test: Some(self.test),
                accounts: accounts.to_vec(),
                ..Filter::default()
            };
            let mut after = None;
            loop {
                let page = store.postings(&filter, after, PAGE).await;
                let page = page.map_err(|error| refused(&error))?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for posting in &page {
                    enter(posting, &mut ledger)?;
                }
            }
        }
        Ok(ledger)
    }

    /// Leaves what is not of the accounts and the period out of the result.
    pub(super) fn keep(&self, found: &mut Reconciliation, console: &mut Console<'_>) {
        let ours = |account: Option<&str>| {
            self.account.is_empty()
                || account.is_some_and(|it| self.account.iter().any(|own| own == it))
        };
        found.matched.retain(|row| ours(row.account.as_ref().map(|it| it.as_str())));
        found.unmatched.retain(|one| ours(one.account.as_deref()));
        if self.since.is_none() && self.until.is_none() {
            return;
        }
        found.matched.retain(|row| {
            row.period.is_none_or(|period| {
                self.since.is_none_or(|since| period.end() >= since)
                    && self.until.is_none_or(|until| period.start() <= until)
            })
        });
        let apart = found.unmatched.len() + found.payment_sums.len() + found.taken_out.len();
        found.unmatched.clear();
        found.payment_sums.clear();
        found.taken_out.clear();
        if apart > 0 {
            let many = count(apart as u64, "document");
            console.say(format_args!(
                "{many} of no row, of whichever period, not shown: leave out --since and --until for those"
            ));
        }
    }
}

fn enter(posting: &Posting, ledger: &mut Ledger) -> anyhow::Result<()> {
    let place = format!("posting P{} of {}", posting.id.0, posting.message);
    let mut record: Record = serde_json::from_slice(&posting.record).map_err(|_| Failure {
        code: exit::UNWRITABLE,
        message: format!("{place} cannot be read"),
        help: Some("tieline db verify says whether the store is whole".to_string()),
    })?;
    // Where it was read is not kept with it: the message leads there.
    if let Some(provenance) = document::provenance(&mut record) {
        let document = posting.message.to_string();
        provenance.0 = Some(Origin { document, ..Origin::default() });
    }
    let done = match &record {
        Record::UsageReport(report) => ledger.usage(report),
        Record::Bill(bill) => ledger.bill(bill),
        Record::Payment(payment) => ledger.payment(payment),
        _ => return Ok(()),
    };
    Ok(done.map_err(|error| unsummed(&format!("{place}: {error}")))?)
}
