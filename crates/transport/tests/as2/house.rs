//! Two invented companies, a keeper of messages in memory, and a server of it on a loopback port.

use std::collections::HashMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jiff::Timestamp;
use tempfile::TempDir;
use tieline_smime::{Certificate, Identity, Pinned, PinnedCertificates, PrivateKey, Told};
use tieline_transport::Refusal;
use tieline_transport::as2::client::{
    Destination, Length, Message, ReceiptWish, Seals, Sent, TlsIdentity, send,
};
use tieline_transport::as2::{
    ArrivedReceipt, Asked, Audit, Awaited, Event, FinishedReceipt, Keeper, Kept, NotOpened,
    Received, Relation, Relations, Server, Settings, Url, What,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Our AS2 name.
pub(crate) const UTILITY_NAME: &str = "Prairie Rivers \"AS2\"";
/// The partner's.
pub(crate) const PARTNER_NAME: &str = "WHEATLAND";
/// A short document.
pub(crate) const DOCUMENT: &[u8] = b"ISA*00*          *00*          *ZZ*WHEATLAND~\r\nIEA*0~\r\n";

/// A company with its key.
pub(crate) struct Company {
    pub(crate) identity: Arc<Identity>,
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) pinned: PinnedCertificates,
}

impl Company {
    pub(crate) fn new(name: &str, serial: u8) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let pkcs8 = pair.as_der().expect("a key can be written").as_ref().to_vec();
        let key = PrivateKey::from_pkcs8(&pkcs8).expect("it is a key");
        let now = Timestamp::now().as_second();
        let valid = (now - 86_400, now + 86_400);
        let certificate = Certificate::self_signed(&key, name, &[serial; 16], valid)
            .expect("a certificate can be made");
        let pinned = PinnedCertificates::new(vec![Pinned::always(certificate.clone())])
            .expect("one certificate is not ambiguous");
        let identity = Arc::new(Identity::new(certificate, key).expect("they belong together"));
        Self { identity, pkcs8, pinned }
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        self.identity.certificate()
    }

    /// The certificate and the key as PEM.
    pub(crate) fn pem(&self) -> (String, String) {
        let block = |label: &str, der: &[u8]| {
            let text = tieline_smime::mime::to_base64(der);
            let lines: Vec<&str> = text
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
                .collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        };
        (block("CERTIFICATE", self.certificate().der()), block("PRIVATE KEY", &self.pkcs8))
    }

    pub(crate) fn tls(&self) -> TlsIdentity {
        let (chain, key) = self.pem();
        TlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).expect("our own files")
    }
}

/// We.
pub(crate) static UTILITY: LazyLock<Company> =
    LazyLock::new(|| Company::new("Prairie Rivers Electric Cooperative", 1));
/// Our partner.
pub(crate) static PARTNER: LazyLock<Company> = LazyLock::new(|| Company::new("Wheatland", 2));
/// Somebody else.
pub(crate) static OTHER: LazyLock<Company> = LazyLock::new(|| Company::new("Nobody", 3));

/// What a test knows of a message that was kept.
#[derive(Debug, Clone)]
pub(crate) struct KeptMessage {
    pub(crate) received: Received,
    pub(crate) bytes: Vec<u8>,
    pub(crate) receipt: Option<FinishedReceipt>,
}

/// What a test knows of a message that was not opened.
#[derive(Debug, Clone)]
pub(crate) struct Unopened {
    pub(crate) told: Told,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) receipt: Asked,
}

/// Stands in for the gateway.
#[derive(Default)]
pub(crate) struct House {
    pub(crate) relations: Mutex<HashMap<(String, String), Arc<Relation>>>,
    messages: Mutex<Vec<KeptMessage>>,
    pub(crate) unopened: Mutex<Vec<Unopened>>,
    pub(crate) awaited: Mutex<HashMap<String, Awaited>>,
    pub(crate) arrived: Mutex<Vec<ArrivedReceipt>>,
    events: Mutex<Vec<Event>>,
    /// What is said instead of keeping anything.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    /// What is said instead of a relation.
    pub(crate) unsure: Mutex<Option<Refusal>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().expect("no test panics while it holds this")
}

impl House {
    pub(crate) fn messages(&self) -> Vec<KeptMessage> {
        lock(&self.messages).clone()
    }

    pub(crate) fn whats(&self) -> Vec<What> {
        lock(&self.events).iter().map(|event| event.what.clone()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        lock(&self.events).clone()
    }
}

impl Relations for House {
    async fn relation(&self, from: &str, to: &str) -> Result<Option<Arc<Relation>>, Refusal> {
        if let Some(refusal) = &*lock(&self.unsure) {
            return Err(refusal.clone());
        }
        Ok(lock(&self.relations).get(&(from.to_string(), to.to_string())).cloned())
    }
}

impl Keeper for House {
    async fn keep(&self, received: Received) -> Result<Kept, Refusal> {
        if let Some(refusal) = &*lock(&self.refusal) {
            return Err(refusal.clone());
        }
        let mut messages = lock(&self.messages);
        let is_same = |it: &KeptMessage| {
            (&it.received.partner, &it.received.message_id)
                == (&received.partner, &received.message_id)
        };
        if let Some(at) = messages.iter().position(is_same) {
            let first = &messages[at];
            return Ok(match first.received.payload.sha256 == received.payload.sha256 {
                true => Kept::Repeat { reference: at.to_string(), receipt: first.receipt.clone() },
                false => Kept::Conflict,
            });
        }
        let mut bytes = Vec::new();
        received.payload.reader().read_to_end(&mut bytes).expect("a payload can be read");
        assert_eq!(bytes.len() as u64, received.payload.size);
        let kept = received.receipt.receipt().map(|it| it.raw().to_vec());
        let receipt = kept.map(|raw| FinishedReceipt::from_raw(raw).expect("our own"));
        messages.push(KeptMessage { received, bytes, receipt });
        Ok(Kept::New { reference: (messages.len() - 1).to_string() })
    }

    async fn not_opened(&self, message: NotOpened) {
        let sealed = message.sealed.map(|drop| {
            let mut bytes = Vec::new();
            drop.reader().read_to_end(&mut bytes).expect("it can be read");
            bytes
        });
        let NotOpened { told, receipt, .. } = message;
        lock(&self.unopened).push(Unopened { told, sealed, receipt });
    }

    async fn awaited(&self, _partner: &str, message_id: &str) -> Result<Option<Awaited>, Refusal> {
        if let Some(refusal) = &*lock(&self.refusal) {
            return Err(refusal.clone());
        }
        Ok(lock(&self.awaited).get(message_id).cloned())
    }

    async fn judged(&self, arrived: ArrivedReceipt) -> Result<(), Refusal> {
        lock(&self.arrived).push(arrived);
        Ok(())
    }
}

impl Audit for House {
    fn note(&self, event: Event) {
        lock(&self.events).push(event);
    }
}

/// A server that runs until it is dropped or stopped.
pub(crate) struct Running {
    pub(crate) house: Arc<House>,
    pub(crate) server: Arc<Server<House>>,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    pub(crate) is_tls: bool,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn url(&self) -> Url {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}/as2", self.address).parse().expect("an address")
    }

    pub(crate) async fn send(&self, message: &Message, payload: &[u8]) -> Sent {
        send(&Destination::new(self.url()), message, std::io::Cursor::new(payload.to_vec())).await
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Relation)) {
        let mut relations = lock(&self.house.relations);
        let names = (PARTNER_NAME.to_string(), UTILITY_NAME.to_string());
        change(Arc::make_mut(relations.get_mut(&names).expect("the usual relation")));
    }

    pub(crate) async fn stop(mut self) {
        self.stop.take().expect("it was not stopped").send(()).expect("it runs");
        (&mut self.task).await.expect("the server does not panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn start() -> Running {
    start_with(|_| {}).await
}

pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Running {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut settings = Settings::new(folder.path());
    change(&mut settings);
    let is_tls = settings.tls.is_some();
    let house = Arc::new(House::default());
    let relation = Relation::new("wheatland", UTILITY.identity.clone(), PARTNER.pinned.clone());
    let names = (PARTNER_NAME.to_string(), UTILITY_NAME.to_string());
    lock(&house.relations).insert(names, Arc::new(relation));
    let server = Server::new(settings, Arc::clone(&house)).expect("the settings are good");
    let server = Arc::new(server);
    let running = Arc::clone(&server);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        running
            .run(listener, async {
                let _ = stopped.await;
            })
            .await;
    });
    Running { house, server, address, folder, is_tls, stop: Some(stop), task }
}

/// The usual message of the partner, with a Message-ID of its own.
pub(crate) fn message() -> Message {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    Message {
        from: PARTNER_NAME.into(),
        to: UTILITY_NAME.into(),
        message_id: format!("<{number}@wheatland.example>"),
        subject: Some("Usage".into()),
        content_type: "application/edi-x12".into(),
        file_name: Some("usage.edi".into()),
        seals: Seals::new(PARTNER.identity.clone(), UTILITY.certificate().clone()),
        receipt: Some(ReceiptWish::signed(UTILITY.pinned.clone())),
        length: Length::Chunked,
        now: Timestamp::now(),
    }
}
