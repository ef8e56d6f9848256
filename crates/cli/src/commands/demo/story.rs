//! The story, a scene at a time: usage, bills, a payment, one that is broken, one sent twice, and one
//! that comes over AS2.

use std::sync::Arc;

use jiff::SignedDuration;
use tieline_model::decimal::Decimal;
use tieline_model::record::Record;
use tieline_partner::PartnerBook;
use tieline_store::State;
use tieline_store::message::{Flow, Message};
use tieline_store::posting::Kind;
use tieline_transport::sftp::HostKey;

use super::bank::{self, Bank};
use super::board::Board;
use super::cooperative::Cooperative;
use super::counterparty::{Counterparty, File};
use super::documents::{self, ACCOUNTS};
use super::outcome::Outcome;
use super::place::Place;
use crate::failure::Failure;

/// Who gets usage.
pub(super) const AGGREGATOR: &str = "prairie-power";
/// Who gets bills and pays them.
pub(super) const CUSTOMER: &str = "sheyenne-foods";
/// Who sends payments over AS2.
pub(super) const BANK: &str = "redriver-bank";

/// When it begins: the morning on which March is billed.
const BEGIN: &str = "2026-04-03T11:15:00Z";

/// Whom the story is about.
struct Cast {
    cooperative: Cooperative,
    aggregator: Counterparty,
    customer: Counterparty,
    bank: Bank,
}

/// What the partners got, to be looked at in the end.
#[derive(Default)]
struct Got {
    usage: Vec<File>,
    bills: Vec<File>,
    paid: Option<Decimal>,
    answer: Vec<File>,
    rejection: Vec<File>,
    reports: Vec<File>,
    answer_again: Vec<File>,
    /// What the bank got.
    bank: Vec<File>,
    /// How many receipts of the bank are kept for it.
    receipts: usize,
}

/// Tells the story, and what came of it.
pub(super) async fn tell(place: &Place, board: &mut Board<'_, '_>) -> anyhow::Result<Outcome> {
    let mut cast = gather(place).await?;
    let mut got = Got::default();
    cast.usage_goes_out(board, &mut got).await?;
    cast.bills_go_out(board, &mut got).await?;
    let payment = cast.a_payment_comes(board, &mut got).await?;
    cast.a_broken_one_comes(board, &mut got).await?;
    cast.one_comes_twice(board, &payment, &mut got).await?;
    cast.one_comes_over_as2(board, &mut got).await?;
    board.scene("What came of it").await?;
    cast.look_back(board, &got).await
}

/// Brings everybody into being: keys, profiles, the gateway and the partners that know it.
async fn gather(place: &Place) -> anyhow::Result<Cast> {
    let host_key = HostKey::generate()?;
    let mut aggregator = Counterparty::new(AGGREGATOR, place.side_of(AGGREGATOR))?;
    let mut customer = Counterparty::new(CUSTOMER, place.side_of(CUSTOMER))?;
    let keys = [aggregator.public_key()?, customer.public_key()?];
    let key_of = |id: &str| keys[usize::from(id == CUSTOMER)].clone();
    let folder = place.write_partners(key_of, &documents::accounts()?)?;
    let begin = BEGIN.parse()?;
    let key = |name: &'static str| tokio::task::spawn_blocking(move || bank::identity(name, begin));
    let (ours, theirs) = (key("Prairie Rivers"), key("Red River Bank"));
    let (ours, theirs) = (ours.await??, theirs.await??);
    let bank = Bank::open(place.side_of(BANK), Arc::clone(&theirs), &ours).await?;
    place.write_as2(&folder, &ours, &theirs, &bank.url())?;
    let book = PartnerBook::load(&folder).map_err(|errors| Failure::partner_files(&errors))?;
    let cooperative = Cooperative::open(place, book, host_key.clone(), begin).await?;
    aggregator.know(cooperative.address, &host_key)?;
    customer.know(cooperative.address, &host_key)?;
    Ok(Cast { cooperative, aggregator, customer, bank })
}

impl Cast {
    async fn usage_goes_out(
        &mut self,
        board: &mut Board<'_, '_>,
        got: &mut Got,
    ) -> anyhow::Result<()> {
        board.scene("3 April: what three accounts used in March goes to Prairie Power").await?;
        self.release(board, "usage.json", documents::usage()?, AGGREGATOR, "867").await?;
        board.scene("Prairie Power fetches it over SFTP and answers with a 997").await?;
        self.pass(SignedDuration::from_mins(40));
        got.usage = self.aggregator.collect("outbound").await?;
        let now = self.cooperative.clock.now();
        for file in &got.usage {
            self.aggregator.acknowledge(file, now).await?;
        }
        self.until(board, "the 867 to be accepted", Flow::Out, "867", State::Accepted).await
    }

    async fn bills_go_out(
        &mut self,
        board: &mut Board<'_, '_>,
        got: &mut Got,
    ) -> anyhow::Result<()> {
        board.scene("The bills of these accounts go to Sheyenne Foods, whose they are").await?;
        self.release(board, "bills.json", documents::bills()?, CUSTOMER, "810").await?;
        board.scene("Sheyenne Foods fetches them and answers").await?;
        self.pass(SignedDuration::from_mins(40));
        got.bills = self.customer.collect("outbound").await?;
        let now = self.cooperative.clock.now();
        for file in &got.bills {
            self.customer.acknowledge(file, now).await?;
        }
        self.until(board, "the 810 to be accepted", Flow::Out, "810", State::Accepted).await
    }

    /// Gives the payment, so that it can be sent once more.
    async fn a_payment_comes(
        &mut self,
        board: &mut Board<'_, '_>,
        got: &mut Got,
    ) -> anyhow::Result<Vec<u8>> {
        board.scene("20 April: Sheyenne Foods pays all of them with one 820").await?;
        self.pass(SignedDuration::from_hours(17 * 24));
        let bills: Vec<u8> = got.bills.iter().flat_map(|file| file.bytes.clone()).collect();
        let (payment, total) = documents::payment(&bills, self.customer.next_control())?;
        got.paid = Some(total);
        self.customer.send("payment.edi", &payment).await?;
        self.until(board, "the payment to be posted", Flow::In, "820", State::Posted).await?;
        got.answer = self.customer.collect("outbound").await?;
        Ok(payment)
    }

    async fn a_broken_one_comes(
        &mut self,
        board: &mut Board<'_, '_>,
        got: &mut Got,
    ) -> anyhow::Result<()> {
        board
            .scene("An 820 with a letter in a number: a 997 rejects it, and a report says why")
            .await?;
        self.pass(SignedDuration::from_hours(1));
        let broken = documents::broken_payment(self.customer.next_control())?;
        self.customer.send("broken.edi", &broken).await?;
        self.until(board, "the broken file to be rejected", Flow::In, "820", State::Rejected)
            .await?;
        got.rejection = self.customer.collect("outbound").await?;
        got.reports = self.customer.collect("reports").await?;
        Ok(())
    }

    async fn one_comes_twice(
        &mut self,
        board: &mut Board<'_, '_>,
        payment: &[u8],
        got: &mut Got,
    ) -> anyhow::Result<()> {
        board.scene("The good payment once more: answered again, and nothing else").await?;
        self.pass(SignedDuration::from_hours(1));
        self.customer.send("payment-again.edi", payment).await?;
        self.until(board, "the repeat to be seen", Flow::In, "820", State::Repeat).await?;
        got.answer_again = self.customer.collect("outbound").await?;
        Ok(())
    }

    async fn one_comes_over_as2(
        &mut self,
        board: &mut Board<'_, '_>,
        got: &mut Got,
    ) -> anyhow::Result<()> {
        board
            .scene("Red River Bank sends payments over AS2; each side gets a signed receipt")
            .await?;
        self.pass(SignedDuration::from_hours(1));
        let payment = documents::bank_payment()?;
        self.bank.send(self.cooperative.as2, "counters.edi", &payment).await?;
        let is_banks = |it: &Message| it.partner.as_deref() == Some(BANK);
        let is_done = |all: &[Message]| {
            let is = |flow, state| {
                all.iter().any(|it| is_banks(it) && it.flow == flow && it.state == state)
            };
            is(Flow::In, State::Posted) && is(Flow::Out, State::Sent)
        };
        let awaited = "the payment over AS2 to be posted and answered";
        let all = self.cooperative.until(board, awaited, is_done).await?;
        got.bank = self.bank.got();
        for sent in all.iter().filter(|it| is_banks(it) && it.flow == Flow::Out) {
            got.receipts += self.cooperative.store.receipts(sent.id).await?.len();
        }
        Ok(())
    }

    /// Brings records of our own house and sends them to a partner as a set.
    async fn release(
        &self,
        board: &mut Board<'_, '_>,
        file: &str,
        records: Vec<Record>,
        partner: &str,
        set: &str,
    ) -> anyhow::Result<()> {
        self.cooperative.bring(file, serde_json::to_vec_pretty(&records)?).await?;
        let is_posted =
            |all: &[Message]| all.iter().any(|it| it.name == file && it.state == State::Posted);
        self.cooperative.until(board, &format!("{file} to be posted"), is_posted).await?;
        self.cooperative.release(partner, set).await?;
        self.until(board, &format!("the {set} to be sent"), Flow::Out, set, State::Sent).await
    }

    async fn until(
        &self,
        board: &mut Board<'_, '_>,
        awaited: &str,
        flow: Flow,
        set: &str,
        state: State,
    ) -> anyhow::Result<()> {
        let is_it = |it: &Message| is(it, flow, set) && it.state == state;
        self.cooperative.until(board, awaited, |all| all.iter().any(is_it)).await?;
        Ok(())
    }

    /// Lets time go by.
    fn pass(&self, time: SignedDuration) {
        self.cooperative.clock.advance(time);
    }

    /// Looks at everything that is there in the end, and ends the serving.
    async fn look_back(self, board: &mut Board<'_, '_>, got: &Got) -> anyhow::Result<Outcome> {
        let all = self.cooperative.until(board, "the end", |_| true).await?;
        let mut outcome = Outcome::default();
        acknowledged(&mut outcome, &all, got);
        self.posted(&mut outcome, got).await?;
        rejected(&mut outcome, &all, got);
        repeated(&mut outcome, &all, got);
        receipted(&mut outcome, got);
        let faults = self.cooperative.close().await?;
        outcome.claim("store", faults.is_empty(), "what is kept fits together, to the last byte");
        outcome.show(faults.iter().map(String::as_str));
        Ok(outcome)
    }

    async fn posted(&self, outcome: &mut Outcome, got: &Got) -> anyhow::Result<()> {
        let postings = self.cooperative.postings().await?;
        let count = |kind| postings.iter().filter(|it| it.kind == kind).count();
        let counts = [count(Kind::Usage), count(Kind::Bill), count(Kind::Payment)];
        let paid = got.paid.map(|total| total.to_string()).unwrap_or_default();
        let mut payments = postings.iter().filter(|it| it.kind == Kind::Payment);
        let is_paid = payments.any(|it| it.amount.as_deref() == Some(paid.as_str()));
        outcome.claim(
            "posted",
            counts == [ACCOUNTS, ACCOUNTS, 2] && is_paid,
            format!(
                "{} usage reports, {} bills, a payment of {paid} USD, the sum of the bills, and one \
                 of the bank",
                counts[0], counts[1]
            ),
        );
        Ok(())
    }
}

/// Whether a message goes this way and holds this set.
fn is(message: &Message, flow: Flow, set: &str) -> bool {
    message.flow == flow && message.content.split(' ').next() == Some(set)
}

/// The segments of a file with this id.
fn segments(files: &[File], id: &str) -> Vec<String> {
    let texts = files.iter().map(File::text).collect::<String>();
    let start = format!("{id}*");
    let segments = texts.split('~').map(str::trim);
    segments.filter(|it| it.starts_with(&start)).map(str::to_string).collect()
}

fn acknowledged(outcome: &mut Outcome, all: &[Message], got: &Got) {
    for (set, name, files) in
        [("867", "Prairie Power", &got.usage), ("810", "Sheyenne Foods", &got.bills)]
    {
        let sent: Vec<&Message> = all.iter().filter(|it| is(it, Flow::Out, set)).collect();
        let is_whole = sent.len() == 1 && segments(files, "ST").len() == ACCOUNTS;
        outcome.claim(
            "sent",
            is_whole,
            format!("{} file to {name}, {set} x {}", sent.len(), segments(files, "ST").len()),
        );
        let is_accepted = sent.iter().all(|it| it.state == State::Accepted);
        outcome.claim(
            "acknowledged",
            is_accepted,
            format!("by {name}, with a 997 that accepts it"),
        );
    }
}

fn rejected(outcome: &mut Outcome, all: &[Message], got: &Got) {
    let broken = all.iter().filter(|it| it.state == State::Rejected).count();
    let verdict = segments(&got.rejection, "AK9");
    let is_rejected = matches!(verdict.as_slice(), [one] if one.starts_with("AK9*R*"));
    outcome.claim("rejected", broken == 1 && is_rejected, "broken.edi, with the 997:");
    let lines: Vec<String> =
        ["AK3", "AK4", "AK5", "AK9"].iter().flat_map(|id| segments(&got.rejection, id)).collect();
    outcome.show(lines.iter().map(String::as_str));
    let report = got.reports.first().map(File::text).unwrap_or_default();
    let is_report = got.reports.len() == 1 && report.contains("X12-E0406");
    outcome.claim("reported", is_report, "what is wrong with it, for people:");
    outcome.show(report.lines().filter(|line| !line.is_empty()));
}

fn receipted(outcome: &mut Outcome, got: &Got) {
    let accepts = segments(&got.bank, "AK9");
    let is_accepted = matches!(accepts.as_slice(), [one] if one.starts_with("AK9*A*"));
    outcome.claim(
        "receipted",
        got.bank.len() == 1 && is_accepted && got.receipts == 1,
        "counters.edi by us and our 997 by the bank, each over AS2, signed and with the same MIC",
    );
}

fn repeated(outcome: &mut Outcome, all: &[Message], got: &Got) {
    let repeats = all.iter().filter(|it| it.state == State::Repeat).count();
    let accepts = segments(&got.answer, "AK9");
    let is_accepted = matches!(accepts.as_slice(), [one] if one.starts_with("AK9*A*"));
    let is_same = !got.answer.is_empty() && got.answer == got.answer_again;
    outcome.claim(
        "repeated",
        repeats == 1 && is_accepted && is_same,
        "payment.edi came twice: the same 997 twice, and posted once",
    );
}
