//! A house in a temporary folder, with the partners and samples of the repository, on either store.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tieline_gateway::{House, READ, worker};
use tieline_partner::PartnerBook;
use tieline_store::message::{Filter, Message};
use tieline_store::options::Options;
use tieline_store::posting::{self, Posting};
use tieline_store::testing::postgres;
use tieline_store::{Arrival, MessageId, Payload, State, Store, StoreError};

/// Which database keeps the store of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Walks a road on SQLite.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(road: impl Fn(Database) -> F) {
    walk(road(Database::Sqlite));
}

/// Walks a road on PostgreSQL, if one is installed.
pub(crate) fn on_postgres<F: Future<Output = ()>>(road: impl Fn(Database) -> F) {
    static IS_INSTALLED: OnceLock<bool> = OnceLock::new();
    if *IS_INSTALLED.get_or_init(|| postgres().is_some()) {
        walk(road(Database::Postgres));
    }
}

pub(crate) fn walk(road: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(road);
}

/// One node, with the partners and samples of the repository.
pub(crate) struct Gateway {
    pub(crate) house: Arc<House>,
    address: String,
    options: Options,
    folder: Arc<TempDir>,
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub(crate) fn sample(path: &str) -> String {
    fs::read_to_string(repository("samples").join(path)).expect("the sample is there")
}

impl Gateway {
    /// A gateway with the partners of the repository. The aggregator has no server of its own here,
    /// but fetches everything from its mailbox.
    pub(crate) async fn open(database: Database) -> Gateway {
        Gateway::open_with(database, Options::default()).await
    }

    /// The same with a store in a way of its own.
    pub(crate) async fn open_with(database: Database, options: Options) -> Gateway {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let address = match database {
            Database::Sqlite => format!("sqlite:{}", folder.path().join("tieline.db").display()),
            Database::Postgres => postgres().expect("it was there a moment ago"),
        };
        Gateway::at(address, options, folder).await
    }

    /// The same with a store at an address.
    pub(crate) async fn at(address: String, options: Options, folder: Arc<TempDir>) -> Gateway {
        let partners = folder.path().join("partners");
        copy(&repository("partners"), &partners);
        let profile = partners.join("prairie-power/partner.toml");
        let text = fs::read_to_string(&profile).expect("the profile is there");
        let (without, _) = text.split_once("[[drops]]").expect("it has a drop");
        fs::write(&profile, without).expect("it can be written");
        // What is exported would go into a folder of the machine.
        let profile = partners.join("redriver-bank/partner.toml");
        let text = fs::read_to_string(&profile).expect("the profile is there");
        let (without, _) = text.split_once("[[exports]]").expect("it has an export");
        fs::write(&profile, without).expect("it can be written");
        Gateway::node(address, options, folder, "node one").await
    }

    async fn node(address: String, options: Options, folder: Arc<TempDir>, name: &str) -> Gateway {
        let store = tieline_store::open::open_with(&address, options.clone()).await;
        let store = store.expect("a store");
        let house = Gateway::house(&folder, store, name);
        Gateway { house, address, options, folder }
    }

    fn house(folder: &TempDir, store: Arc<dyn Store>, name: &str) -> Arc<House> {
        let book = PartnerBook::load(&folder.path().join("partners"));
        let book = book.unwrap_or_else(|errors| panic!("good partner files: {errors:?}"));
        let mut house = House::new(store, book, folder.path().join("mailboxes"));
        house.node = name.to_string();
        Arc::new(house)
    }

    /// Another node on the same store, partners and mailboxes.
    pub(crate) async fn another(&self, name: &str) -> Gateway {
        let (address, options) = (self.address.clone(), self.options.clone());
        Gateway::node(address, options, Arc::clone(&self.folder), name).await
    }

    /// The same node whose store is wrapped in something.
    pub(crate) fn wrapped(
        &self,
        name: &str,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Gateway {
        let store = wrap(Arc::clone(&self.house.store));
        Gateway {
            house: Gateway::house(&self.folder, store, name),
            address: self.address.clone(),
            options: self.options.clone(),
            folder: Arc::clone(&self.folder),
        }
    }

    /// A path in the gateway's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Goes on with another profile of a partner.
    pub(crate) fn edit(&self, partner: &str, change: impl FnOnce(String) -> String) {
        let partners = self.folder.path().join("partners");
        let profile = partners.join(partner).join("partner.toml");
        let text = fs::read_to_string(&profile).expect("the profile is there");
        fs::write(&profile, change(text)).expect("it can be written");
        let book = PartnerBook::load(&partners);
        self.house.turn_to(book.unwrap_or_else(|errors| panic!("good partner files: {errors:?}")));
    }

    /// Goes on as if the partner's profile named no schedules.
    pub(crate) fn without_schedules(&self, partner: &str) {
        self.edit(partner, |profile| {
            let kept = profile.lines().filter(|line| !line.starts_with("schedule"));
            kept.collect::<Vec<_>>().join("\n")
        });
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.house.store
    }

    /// Puts a file into the hands of the gateway as if it had come through a partner's login.
    pub(crate) async fn receive(&self, login: &str, name: &str, bytes: &str) -> MessageId {
        self.try_receive(login, name, bytes).await.expect("it is kept")
    }

    /// The same where the store may fail.
    pub(crate) async fn try_receive(
        &self,
        login: &str,
        name: &str,
        bytes: &str,
    ) -> Result<MessageId, StoreError> {
        let arrival = Arrival {
            partner: Some(login.to_string()),
            channel: "sftp".to_string(),
            name: name.to_string(),
            payload: Payload::Bytes(bytes.as_bytes().to_vec()),
            sha256: Sha256::digest(bytes.as_bytes()).into(),
            origin: "a test".to_string(),
            job: READ.to_string(),
            detail: String::new(),
            remember: None,
        };
        Ok(self.store().receive(arrival).await?.id)
    }

    /// Receives a file and does everything that follows.
    pub(crate) async fn take(&self, login: &str, name: &str, bytes: &str) -> Message {
        let id = self.receive(login, name, bytes).await;
        self.work().await;
        self.message(id).await
    }

    /// Does everything that is due.
    pub(crate) async fn work(&self) {
        worker::run_due(&self.house).await.expect("the store works");
    }

    pub(crate) async fn message(&self, id: MessageId) -> Message {
        self.store().message(id).await.expect("the store works").expect("the message is there")
    }

    pub(crate) async fn messages(&self, state: State) -> Vec<Message> {
        let filter = Filter { states: vec![state], ..Filter::default() };
        self.store().messages(&filter, None, 100).await.expect("the store works")
    }

    pub(crate) async fn postings(&self) -> Vec<Posting> {
        let all = posting::Filter::default();
        self.store().postings(&all, None, 1_000).await.expect("the store works")
    }

    /// The files in a folder of a partner's mailbox, by name, with their text.
    pub(crate) fn mailbox(&self, partner: &str, folder: &str) -> Vec<(String, String)> {
        let folder = self.folder.path().join("mailboxes").join(partner).join(folder);
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<(String, String)> = entries
            .map(|entry| {
                let entry = entry.expect("the folder can be listed");
                let text = fs::read_to_string(entry.path()).expect("the file can be read");
                (entry.file_name().to_string_lossy().into_owned(), text)
            })
            .collect();
        files.sort();
        files
    }

    /// What happened to a message, as the words for it.
    pub(crate) async fn events(&self, id: MessageId) -> Vec<String> {
        let events = self.store().events(id).await.expect("the store works");
        events.into_iter().map(|event| event.what).collect()
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("the folder can be listed");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("a file can be copied")),
        }
    }
}

/// The segments of a document with this id.
pub(crate) fn segments<'d>(document: &'d str, id: &str) -> Vec<&'d str> {
    let start = format!("{id}*");
    document.split('~').map(str::trim_start).filter(|it| it.starts_with(&start)).collect()
}
