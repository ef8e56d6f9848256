//! Receipt: what we owe for an AS2 message goes to the address that its sender named and the profile
//! lists.

use jiff::SignedDuration;
use tieline_store::Change;
use tieline_store::change;
use tieline_store::job::{Claimed, End};
use tieline_transport::as2::FinishedReceipt;
use tieline_transport::as2::client::{self, Failure as NotSent};

use super::{Failure, Step, alert, event};
use crate::as2::relation;
use crate::house::House;

/// How often it is tried; the waits double from a minute to two hours, so that it goes on for half a day.
const TRIES: u32 = 12;
const FIRST_WAIT: i64 = 60;
const LONGEST_WAIT: i64 = 7_200;

/// Sends the receipt of a message to the address in the detail.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let id = claimed.message.ok_or_else(|| Failure::Final("the job names no message".into()))?;
    let Some(kept) = house.store.receipts(id).await?.into_iter().next() else {
        return Ok(Step::done(Change::default()));
    };
    let message = house.store.message(id).await?;
    let partner = message.and_then(|message| message.partner);
    let mut change = Change::default();
    let told = send(house, partner.as_deref(), &claimed.detail, kept.bytes).await;
    let this = change::Message::Known(id);
    let (reason, may_pass) = match told {
        Ok(()) => {
            change.events.push(event(this, "receipt sent", format!("to {}", claimed.detail)));
            return Ok(Step::done(change));
        }
        Err(Trouble::Line(failure)) => {
            (format!("{failure}; {}", failure.fix()), failure.may_pass())
        }
        Err(Trouble::Words(words)) => (words, false),
    };
    if may_pass && claimed.attempt < TRIES {
        let doublings = claimed.attempt.saturating_sub(1).min(16);
        let wait = SignedDuration::from_secs((FIRST_WAIT << doublings).min(LONGEST_WAIT));
        return Ok(Step {
            change,
            end: End::Again { due: house.store.now().await? + wait, reason },
        });
    }
    change.events.push(event(this, "receipt not sent", reason));
    change.jobs.push(alert(partner.as_deref(), "receipt not sent", id));
    Ok(Step::done(change))
}

/// Why a receipt was not sent.
pub(crate) enum Trouble {
    Line(NotSent),
    Words(String),
}

/// Sends a receipt to an address of a partner.
pub(crate) async fn send(
    house: &House,
    partner: Option<&str>,
    address: &str,
    bytes: Vec<u8>,
) -> Result<(), Trouble> {
    let words = |text: &str| Trouble::Words(text.to_string());
    let book = house.book();
    let partner = partner.and_then(|id| book.find(id));
    let partner = partner.ok_or_else(|| words("the partner is not there any more"))?;
    let url = address.parse().map_err(|_| words("the address cannot be read"))?;
    let destination =
        relation::destination(&house.secrets, partner, url).map_err(Trouble::Words)?;
    let receipt = FinishedReceipt::from_raw(bytes);
    let receipt = receipt.map_err(|_| words("the receipt is not as it was written"))?;
    client::send_receipt(&destination, &receipt, &house.lines).await.map_err(Trouble::Line)
}
