//! A partner's server tried out, step by step, as a call would reach it. A file for the test alone is
//! put, or a message for the test alone sent; nothing is taken.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use jiff::Timestamp;
use tieline_partner::profile::as2::{OwnKey, WantedReceipt};
use tieline_partner::profile::drop::SftpDrop;
use tieline_partner::secret::Secrets;
use tieline_partner::{Partner, PartnerBook};
use tieline_smime::mdn::Receipt;
use tieline_smime::{Certificate, Randomness, SystemRandomness};
use tieline_transport::as2::client::{Destination, Message, ReceiptWish};
use tieline_transport::sftp::client::{Step, test_connection};

use crate::as2::keys::{self, OwnKeys};
use crate::as2::relation::{self, Letter};
use crate::steps::call::remote;

/// Why a drop cannot be tried out: a secret, or what its profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(String);

impl std::error::Error for Unusable {}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a drop could be called: its secrets are there, and they and its host keys can be read.
///
/// # Errors
///
/// [`Unusable`] says which is not, and never what it is.
pub fn check(secrets: &Secrets, drop: &SftpDrop) -> Result<(), Unusable> {
    remote(secrets, drop).map(|_| ()).map_err(|error| Unusable(error.to_string()))
}

/// Tries out what a drop needs up to the first step that fails: connects, logs in, lists the folder
/// that files go to and, with `is_put`, puts a small file there, renames and deletes it; then lists
/// the folder that files are taken from.
///
/// # Errors
///
/// [`Unusable`] when nobody was called.
pub async fn test(secrets: &Secrets, drop: &SftpDrop, is_put: bool) -> Result<Vec<Step>, Unusable> {
    let remote = remote(secrets, drop).map_err(|error| Unusable(error.to_string()))?;
    let pull = drop.pull.as_ref().map(|pull| pull.folder.as_str());
    let first = drop.push.as_deref().or(pull).unwrap_or_default();
    let mut steps = test_connection(&remote, first.as_bytes(), is_put && drop.push.is_some()).await;
    if let Some(folder) = pull.filter(|folder| *folder != first)
        && steps.iter().all(Step::is_done)
    {
        let more = test_connection(&remote, folder.as_bytes(), false).await;
        // What was seen once is told once.
        steps.extend(more.into_iter().filter(|step| step.name == "list" || !step.is_done()));
    }
    Ok(steps)
}

/// Whether a key of ours for AS2 can be had and read, and belongs to its certificate.
///
/// # Errors
///
/// [`Unusable`] says which is not so, without anything of the key.
pub fn check_own_key(
    secrets: &Secrets,
    key: &OwnKey,
    certificate: &Certificate,
) -> Result<(), Unusable> {
    keys::read(key, certificate, secrets).map(|_| ()).map_err(Unusable)
}

/// Whether a message could be sent to a partner over AS2: its address, its certificate, our key and
/// the secrets of its login and proxy are there.
///
/// # Errors
///
/// [`Unusable`] says what is missing, and never what a secret is.
pub fn check_as2(
    secrets: &Secrets,
    book: &Arc<PartnerBook>,
    partner: &Partner,
) -> Result<(), Unusable> {
    prepared(secrets, book, partner).map(|_| ()).map_err(Unusable)
}

/// Sends a text that says it is a test to a partner over AS2, sealed as the profile says, up to the
/// first step that fails: `dns`, `tcp`, `proxy`, `tls`, and `as2`, which is done when its receipt came
/// as the answer and is right in everything.
///
/// A receipt is asked for at once, and signed, also where the profile asks for none.
///
/// # Errors
///
/// [`Unusable`] when nobody was called.
pub async fn test_as2(
    secrets: &Secrets,
    book: &Arc<PartnerBook>,
    partner: &Partner,
) -> Result<Vec<Step>, Unusable> {
    let (destination, message) = prepared(secrets, book, partner).map_err(Unusable)?;
    let text = "This message tries out the connection over AS2. There is nothing to do.\r\n";
    let payload = Cursor::new(text.as_bytes());
    Ok(tieline_transport::as2::client::test_connection(&destination, &message, payload).await)
}

/// A message for a test, and where it goes.
fn prepared(
    secrets: &Secrets,
    book: &Arc<PartnerBook>,
    partner: &Partner,
) -> Result<(Destination, Message), String> {
    let as2 = partner.profile().as2.as_ref().filter(|it| it.enabled);
    let as2 = as2.ok_or("the partner is not on AS2")?;
    let url = as2.url.as_deref().ok_or("[as2] of its profile says no `url` to send to")?;
    let url = url.parse().map_err(|_| "`url` of [as2] is no address")?;
    let destination = relation::destination(secrets, partner, url)?;
    for (key, certificate) in book.own_certificates() {
        keys::read(key, certificate, secrets)?;
    }
    let mut number = [0; 8];
    SystemRandomness.fill(&mut number);
    let number: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = std::env::temp_dir();
    let letter = Letter {
        message_id: format!("<test.{number}@tieline>"),
        file_name: "connection-test.txt",
        now: Timestamp::now(),
        folder: &folder,
    };
    let keys = OwnKeys::default().of(book, secrets);
    let mut message = relation::message(book, partner, &keys, letter)?;
    message.content_type = "text/plain".to_string();
    message.subject = Some("Test of the connection".to_string());
    message.receipt = Some(ReceiptWish {
        kind: match as2.send.receipt {
            WantedReceipt::Unsigned => Receipt::Unsigned,
            WantedReceipt::Signed | WantedReceipt::None => Receipt::Signed,
        },
        address: None,
        signers: relation::signers(partner),
        digests: as2.receive.digests.clone(),
    });
    Ok((destination, message))
}
