//! Stores that are opened, backed up and restored, and those that are refused.

use std::fs;
use std::path::Path;

use sqlx::{Connection, SqliteConnection, raw_sql};
use tempfile::TempDir;
use tieline_store::maintenance::{Replace, Version, backup, migrate, restore, verify, version};
use tieline_store::open::open_with;
use tieline_store::{Arrival, MessageId, Options, Payload, Store, StoreError, open, testing};

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(test)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn at(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("store.db").display())
}

fn options() -> Options {
    let mut options = Options::default();
    options.inline_limit = 100;
    options
}

async fn receive(store: &dyn Store, bytes: &[u8]) -> MessageId {
    use sha2::Digest;
    let arrival = Arrival {
        partner: None,
        channel: "command line".to_string(),
        name: "a.edi".to_string(),
        payload: Payload::Bytes(bytes.to_vec()),
        sha256: sha2::Sha256::digest(bytes).into(),
        origin: "a test".to_string(),
        job: "read".to_string(),
        detail: String::new(),
        remember: None,
    };
    store.receive(arrival).await.expect("it is kept").id
}

async fn bytes(store: &dyn Store, id: MessageId) -> Vec<u8> {
    match store.payload(id).await.expect("it is whole") {
        Payload::Bytes(bytes) => bytes,
        Payload::File(path) => fs::read(path).expect("it is there"),
    }
}

async fn sql(path: &Path, text: &'static str) {
    let address = format!("sqlite:{}?mode=rwc", path.display());
    let mut connection = SqliteConnection::connect(&address).await.expect("it connects");
    raw_sql(text).execute(&mut connection).await.expect("it is understood");
    connection.close().await.expect("it closes");
}

#[test]
fn what_is_no_store_of_ours_is_refused() {
    run(async {
        for address in ["store.db", "mysql://localhost/x", "postgres://local host:x/"] {
            let refused = open(address).await.map(|_| ());
            assert!(matches!(refused, Err(StoreError::Address(_))), "{address}: {refused:?}");
        }
        let folder = folder();
        let nowhere = format!("sqlite:{}/none/store.db", folder.path().display());
        let refused = open(&nowhere).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Address(_))), "{refused:?}");
        let path = folder.path().join("text");
        fs::write(&path, "this is a text and no database at all, and long enough to tell")
            .expect("room");
        let refused = open(&format!("sqlite:{}", path.display())).await.map(|_| ());
        assert!(refused.is_err());
        let path = folder.path().join("other.db");
        sql(&path, "create table theirs (a)").await;
        let refused = open(&format!("sqlite:{}", path.display())).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Address(_))), "{refused:?}");
    });
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_left_alone() {
    run(async {
        let folder = folder();
        migrate(&at(&folder), options()).await.expect("it is made");
        migrate(&at(&folder), options()).await.expect("it is up to date");
        sql(&folder.path().join("store.db"), "pragma user_version = 99").await;
        let refused = open(&at(&folder)).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })), "{refused:?}");
    });
    let Some(address) = testing::postgres() else { return };
    run(async {
        migrate(&address, options()).await.expect("it is made");
        let mut connection = sqlx::PgConnection::connect(&address).await.expect("it connects");
        let newer = "insert into store_version (version) values (99)";
        raw_sql(newer).execute(&mut connection).await.expect("it is understood");
        let refused = open(&address).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })), "{refused:?}");
    });
}

#[test]
fn a_backup_is_the_store_at_one_instant() {
    run(async {
        let (here, there, copy) = (folder(), folder(), folder());
        let store = open_with(&at(&here), options()).await.expect("it opens");
        let short = receive(&*store, b"short").await;
        let long = receive(&*store, &[b'l'; 5000]).await;
        let made = backup(&at(&here), &options(), copy.path()).await.expect("it is made");
        assert_eq!((made.payloads, made.faults.len()), (1, 0));
        let lies = format!("sqlite:{}", copy.path().join("store.db").display());
        assert_eq!(verify(&lies, options()).await.expect("it is checked"), [""; 0]);
        let later = receive(&*store, &[b'n'; 5000]).await;
        let again = backup(&at(&here), &options(), copy.path()).await;
        assert!(matches!(again, Err(StoreError::Address(_))), "it is not overwritten: {again:?}");

        let faults = restore(copy.path(), &at(&there), options(), Replace::Never).await;
        assert_eq!(faults.expect("it is restored"), [""; 0]);
        let restored = open_with(&at(&there), options()).await.expect("it opens");
        assert_eq!(bytes(&*restored, short).await, b"short");
        assert_eq!(bytes(&*restored, long).await, [b'l'; 5000]);
        assert_eq!(restored.message(later).await.expect("read"), None);
        assert_eq!(receive(&*restored, b"new").await, later, "its numbers go on");
    });
}

#[test]
fn nobody_else_may_read_a_store_or_its_backup() {
    use std::os::unix::fs::PermissionsExt;
    run(async {
        let (here, copies, there) = (folder(), folder(), folder());
        let copy = copies.path().join("backup");
        let store = open_with(&at(&here), options()).await.expect("it opens");
        receive(&*store, &[b'l'; 5000]).await;
        backup(&at(&here), &options(), &copy).await.expect("it is made");
        restore(&copy, &at(&there), options(), Replace::Never).await.expect("it is restored");
        for path in [
            here.path().join("store.db"),
            here.path().join("store.db-wal"),
            here.path().join("store.db.payloads"),
            copy.clone(),
            copy.join("store.db"),
            there.path().join("store.db"),
            there.path().join("store.db.payloads"),
        ] {
            let mode = fs::metadata(&path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    });
}

#[test]
fn a_restore_replaces_no_store_unless_told() {
    run(async {
        let (here, copy) = (folder(), folder());
        let store = open_with(&at(&here), options()).await.expect("it opens");
        receive(&*store, b"before").await;
        backup(&at(&here), &options(), copy.path()).await.expect("it is made");
        let later = receive(&*store, b"later").await;
        store.close().await;
        let refused = restore(copy.path(), &at(&here), options(), Replace::Never).await;
        assert!(matches!(refused, Err(StoreError::Address(_))), "{refused:?}");
        let store = open_with(&at(&here), options()).await.expect("it opens");
        assert!(store.message(later).await.expect("read").is_some());
        let refused = restore(copy.path(), &at(&here), options(), Replace::SetAside).await;
        assert!(matches!(refused, Err(StoreError::Busy(_))), "it is in use: {refused:?}");
        let last = receive(&*store, b"last").await;
        store.close().await;
        let store = open_with(&at(&here), options()).await.expect("it opens");
        assert!(store.message(last).await.expect("read").is_some());
        store.close().await;
        let faults = restore(copy.path(), &at(&here), options(), Replace::SetAside).await;
        assert_eq!(faults.expect("it is restored"), [""; 0]);
        let store = open_with(&at(&here), options()).await.expect("it opens");
        assert!(store.message(later).await.expect("read").is_none());
        assert!(here.path().join("store.db.replaced").exists());
    });
}

#[test]
fn a_backup_that_is_not_whole_is_refused_or_told() {
    run(async {
        let (here, there, copy) = (folder(), folder(), folder());
        let none = restore(copy.path(), &at(&there), options(), Replace::Never).await;
        assert!(matches!(none, Err(StoreError::Address(_))), "{none:?}");
        let store = open_with(&at(&here), options()).await.expect("it opens");
        let long = receive(&*store, &[b'l'; 5000]).await;
        let Payload::File(path) = store.payload(long).await.expect("it is whole") else {
            panic!("it lies in a file")
        };
        fs::remove_file(&path).expect("it is there");
        let made = backup(&at(&here), &options(), copy.path()).await.expect("it is made");
        assert!(made.faults.len() == 1 && made.faults[0].contains(&long.to_string()));
        let told = restore(copy.path(), &at(&there), options(), Replace::Never).await;
        assert_eq!(told.expect("it is restored").len(), 1);
        assert_eq!(verify(&at(&there), options()).await.expect("it is checked").len(), 1);
        let broken = copy.path().join("store.db");
        let mut damaged = fs::read(&broken).expect("it is there");
        let end = damaged.len().min(20_000);
        damaged[5000..end].fill(0x5a);
        fs::write(&broken, damaged).expect("it can be written");
        let refused = restore(copy.path(), &at(&there), options(), Replace::SetAside).await;
        assert!(matches!(refused, Err(StoreError::Address(_))), "{refused:?}");
        let postgres = backup("postgres://localhost/x", &options(), copy.path()).await;
        let said = postgres.expect_err("it has its own tools").to_string();
        assert!(said.contains("pg_dump"), "{said}");
    });
}

#[test]
fn how_far_a_store_is_behind_is_seen_and_nothing_is_changed() {
    run(async {
        let folder = folder();
        assert!(matches!(version(&at(&folder)).await, Err(StoreError::Address(_))));
        assert!(!folder.path().join("store.db").exists(), "looking makes nothing");
        let mut addresses = vec![at(&folder)];
        addresses.extend(testing::postgres());
        for address in addresses {
            if address.starts_with("postgres") {
                let Version { found, known } = version(&address).await.expect("it answers");
                assert_eq!((found, known > 0), (0, true), "it has no tables yet");
            }
            migrate(&address, Options::default()).await.expect("it is made");
            let Version { found, known } = version(&address).await.expect("it answers");
            assert_eq!(found, known);
        }
        sql(&folder.path().join("store.db"), "pragma user_version = 99").await;
        let later = version(&at(&folder)).await.expect("it answers");
        assert_eq!(later.found, 99);
    });
}
