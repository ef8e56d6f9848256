//! A bank on AS2: a server of its own that takes our answers, and a client that sends us payments.

use std::fs;
use std::io::{Cursor, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tieline_model::time::Timestamp;
use tieline_smime::{Certificate, Identity, Pinned, PinnedCertificates, PrivateKey, pem};
use tieline_transport::Refusal;
use tieline_transport::as2::client::{
    self, Destination, Length, Message, Outcome, ReceiptWish, Seals,
};
use tieline_transport::as2::{
    ArrivedReceipt, Audit, Awaited, Event, FinishedReceipt, Keeper, Kept, NotOpened, Received,
    Relation, Relations, Server, Settings,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::broken;
use super::counterparty::File;
use crate::clock;

/// The AS2 names of both.
pub(super) const US: &str = "PRAIRIERIVERS";
const BANK: &str = "Red River Bank";
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A new key with its certificate. The story is told in the past, so it is valid from before its
/// beginning until long after now.
pub(super) fn identity(name: &str, begin: Timestamp) -> anyhow::Result<Arc<Identity>> {
    let key = PrivateKey::generate(2048)?;
    let valid = (begin.as_second() - DAY, clock::instant().as_second() + 3_650 * DAY);
    let certificate = Certificate::self_signed(&key, name, &[7; 16], valid)?;
    Ok(Arc::new(Identity::new(certificate, key)?))
}

/// The certificate of an identity, as a file.
pub(super) fn certificate(identity: &Identity) -> String {
    pem::write("CERTIFICATE", identity.certificate().der())
}

/// A bank whose server listens.
pub(super) struct Bank {
    own: Arc<Identity>,
    /// The certificate of the cooperative.
    theirs: Certificate,
    /// Where it keeps what it got and what it sent.
    folder: PathBuf,
    address: SocketAddr,
    desk: Arc<Desk>,
    /// The server ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

/// What the bank's server knows and has.
struct Desk {
    relation: Arc<Relation>,
    got: Mutex<Vec<Got>>,
}

struct Got {
    message_id: String,
    sha256: [u8; 32],
    receipt: Option<FinishedReceipt>,
    file: File,
}

impl Bank {
    /// Opens its server at a port that is free.
    pub(super) async fn open(
        folder: PathBuf,
        own: Arc<Identity>,
        theirs: &Identity,
    ) -> anyhow::Result<Bank> {
        for name in ["got", "sent", "spool"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let theirs = theirs.certificate().clone();
        let signers = PinnedCertificates::new(vec![Pinned::always(theirs.clone())])?;
        let relation = Arc::new(Relation::new("the cooperative", Arc::clone(&own), signers));
        let desk = Arc::new(Desk { relation, got: Mutex::default() });
        let server = Server::new(Settings::new(folder.join("spool")), Arc::clone(&desk))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            server
                .run(listener, async {
                    // It is dropped and never used.
                    let _ = stopped.await;
                })
                .await;
        });
        Ok(Bank { own, theirs, folder, address, desk, _stop: stop })
    }

    /// Where it takes messages.
    pub(super) fn url(&self) -> String {
        format!("http://{}/as2", self.address)
    }

    /// Sends a file, signed and encrypted; whether the receipt is signed and right in everything.
    pub(super) async fn send(
        &self,
        to: SocketAddr,
        name: &str,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        fs::write(self.folder.join("sent").join(name), bytes)?;
        let signers = PinnedCertificates::new(vec![Pinned::always(self.theirs.clone())])?;
        let message = Message {
            from: BANK.to_string(),
            to: US.to_string(),
            message_id: "<payments.1@red-river-bank.example>".to_string(),
            subject: Some("Payments".to_string()),
            content_type: "application/edi-x12".to_string(),
            file_name: Some(name.to_string()),
            seals: Seals::new(Arc::clone(&self.own), self.theirs.clone()),
            receipt: Some(ReceiptWish::signed(signers)),
            length: Length::Chunked,
            now: clock::instant(),
        };
        let to = Destination::new(format!("http://{to}/as2").parse()?);
        match client::send(&to, &message, Cursor::new(bytes.to_vec())).await.outcome {
            Outcome::Delivered(_) => Ok(()),
            Outcome::NotDelivered(why) => Err(broken("the bank got no good receipt", &why).into()),
            Outcome::Taken | Outcome::Awaited => {
                Err(broken("the bank got no receipt", &"none came with the answer").into())
            }
        }
    }

    /// What it got.
    pub(super) fn got(&self) -> Vec<File> {
        let got = self.desk.got.lock().unwrap_or_else(PoisonError::into_inner);
        for it in got.iter() {
            // What it keeps is for people to look at, and nothing depends on it.
            let _ = fs::write(self.folder.join("got").join(&it.file.name), &it.file.bytes);
        }
        got.iter().map(|it| it.file.clone()).collect()
    }
}

impl Relations for Desk {
    async fn relation(&self, from: &str, to: &str) -> Result<Option<Arc<Relation>>, Refusal> {
        Ok((from == US && to == BANK).then(|| Arc::clone(&self.relation)))
    }
}

impl Keeper for Desk {
    async fn keep(&self, received: Received) -> Result<Kept, Refusal> {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        let sha256 = received.payload.sha256;
        if let Some(at) = got.iter().position(|it| it.message_id == received.message_id) {
            return Ok(match got[at].sha256 == sha256 {
                true => {
                    Kept::Repeat { reference: at.to_string(), receipt: got[at].receipt.clone() }
                }
                false => Kept::Conflict,
            });
        }
        let mut bytes = Vec::new();
        let read = received.payload.reader().read_to_end(&mut bytes);
        read.map_err(|_| Refusal::new("the message could not be kept"))?;
        let name = match received.file_name {
            tieline_smime::mime::FileName::Plain(name) => name,
            _ => format!("{}.edi", got.len() + 1),
        };
        let reference = got.len().to_string();
        got.push(Got {
            message_id: received.message_id,
            sha256,
            receipt: received.receipt.receipt().cloned(),
            file: File { name, bytes },
        });
        Ok(Kept::New { reference })
    }

    async fn not_opened(&self, _message: NotOpened) {}

    async fn awaited(&self, _partner: &str, _message_id: &str) -> Result<Option<Awaited>, Refusal> {
        Ok(None)
    }

    async fn judged(&self, _arrived: ArrivedReceipt) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Audit for Desk {
    fn note(&self, _event: Event) {}
}
