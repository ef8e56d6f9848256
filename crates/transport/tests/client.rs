//! Our client and the servers that partners have: OpenSSH's, and our own.

mod common;

use std::io::Cursor;
use std::time::{Duration, Instant};

use common::line::{Kind, Line};
use common::sshd::{KINDS, Sshd, read_key, user};
use common::{PASSWORD, Running, noise, settings, start, start_with};
use tieline_transport::sftp::audit::What;
use tieline_transport::sftp::client::{
    Client, ConnectError, Facts, FetchOptions, FileKind, PutOptions, Remote, Replace, Secret,
    SftpError, Stage, Temporary, scan_host_keys, test_connection,
};

/// Our own server, with the account's key.
fn own(running: &Running) -> Remote {
    let mut remote = Remote::new("127.0.0.1", "acme");
    remote.port = running.address.port();
    remote.host_keys = vec![running.host_key.fingerprint().parse().expect("a fingerprint")];
    remote.credentials.keys = vec![read_key(&running.home.path().join("ed25519"))];
    remote
}

async fn connect(remote: &Remote) -> Client {
    Client::connect(remote).await.expect("the server lets us in")
}

async fn fetch(client: &Client, path: &[u8]) -> Vec<u8> {
    let mut sink = Vec::new();
    let fetched = client.fetch(path, &mut sink, &FetchOptions::default()).await;
    assert_eq!(fetched.expect("it can be fetched").size, sink.len() as u64);
    sink
}

async fn put(client: &Client, path: &[u8], content: &[u8]) {
    let put = client.put(path, &mut Cursor::new(content), &PutOptions::default()).await;
    assert_eq!(put.expect("it can be put").size, content.len() as u64);
}

/// The same server at the other end of a line.
async fn through(remote: &Remote, kind: Kind) -> (Remote, Line) {
    let line = Line::to(([127, 0, 0, 1], remote.port).into(), kind).await;
    (Remote { port: line.port, ..remote.clone() }, line)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_kind_log_in_and_files_go_both_ways() {
    let sshd = Sshd::start().await;
    for kind in KINDS {
        let mut remote = sshd.remote(kind);
        remote.host_keys = vec![sshd.host_key(kind).parse().expect("a key of ssh-keygen")];
        let client = connect(&remote).await;
        for size in [0, 1, 32 * 1024, 1_000_000] {
            let content = noise(size as u64, size);
            let mut source = Cursor::new(&content);
            let put = client.put(b"usage.edi", &mut source, &PutOptions::default()).await;
            let put = put.expect("it can be put");
            assert_eq!((put.size, put.resumed, put.is_seen), (size as u64, 0, true));
            let there = std::fs::read(sshd.file("usage.edi")).expect("it was put");
            assert!(there == content, "{kind}: it arrived otherwise");
            assert!(fetch(&client, b"usage.edi").await == content, "{kind}: it came otherwise");
        }
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_listed_and_files_renamed_and_deleted() {
    let sshd = Sshd::start().await;
    let client = connect(&sshd.remote("ed25519")).await;
    client.mkdir(b"in").await.expect("it is new");
    let exists = client.mkdir(b"in").await.expect_err("it is there");
    assert!(matches!(exists, SftpError::Refused { .. }), "{exists}");
    // With a library that takes names for text, such a file is listed and cannot be fetched.
    let names: Vec<Vec<u8>> = (0..250)
        .map(|number| [format!("{number:03}-caf").as_bytes(), b"\xe9.edi"].concat())
        .collect();
    for name in &names {
        put(&client, &[b"in/", &name[..]].concat(), name).await;
    }
    let mut listed = client.list(b"in").await.expect("a folder");
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(listed.iter().map(|listed| listed.name.clone()).collect::<Vec<_>>(), names);
    assert!(listed.iter().all(|listed| listed.facts.kind == FileKind::File));
    assert_eq!(listed[7].facts.size, Some(names[7].len() as u64));
    assert_eq!(fetch(&client, &[b"in/", &names[7][..]].concat()).await, names[7]);

    put(&client, b"in/a", b"old").await;
    put(&client, b"in/b", b"new").await;
    let taken = client.rename(b"in/b", b"in/a", Replace::Never).await;
    assert!(matches!(taken, Err(SftpError::Exists { .. })), "{taken:?}");
    client.rename(b"in/b", b"in/a", Replace::Over).await.expect("posix-rename");
    assert_eq!(fetch(&client, b"in/a").await, b"new");
    assert!(client.stat(b"in/b").await.expect_err("it is gone").is_missing());
    let full = client.rmdir(b"in").await.expect_err("it is full");
    assert!(matches!(full, SftpError::Refused { code: 4, .. }), "{full}");
    client.remove(b"in/a").await.expect("it is there");
    let gone = client.remove(b"in/a").await.expect_err("it is gone");
    assert!(gone.is_missing() && gone.to_string().contains("in/a"), "{gone}");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_logs_in_alone_and_after_a_key() {
    let running = start().await;
    let mut remote = own(&running);
    remote.credentials.keys.clear();
    let none = Client::connect(&remote).await.expect_err("with nothing");
    assert!(none.fix().contains("give a key or a password"), "{}", none.fix());
    remote.credentials.password = Some(Secret::new("wrong"));
    let wrong = Client::connect(&remote).await.expect_err("with a wrong password");
    assert_eq!(wrong.stage(), Stage::Login);
    assert!(!wrong.is_passing() && !wrong.to_string().contains("wrong"), "{wrong}");
    let ConnectError::Login { tried, accepted, .. } = &wrong else { panic!("{wrong}") };
    assert_eq!(
        (&tried[..], &accepted[..]),
        (&["password".into()][..], &["publickey".into(), "password".into()][..])
    );
    remote.credentials.password = Some(Secret::new(PASSWORD));
    connect(&remote).await.close().await;
    running.change(|account| account.login = tieline_transport::sftp::LoginRule::Both);
    Client::connect(&remote).await.expect_err("the password alone is not enough now");
    remote.credentials.keys = own(&running).credentials.keys;
    connect(&remote).await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_host_key_is_named_and_nothing_is_sent() {
    let (sshd, running) = (Sshd::start().await, start().await);
    let other = sshd.remote("ed25519").host_keys;
    let remote = Remote { host_keys: other.clone(), ..own(&running) };
    let error = Client::connect(&remote).await.expect_err("another key");
    let ConnectError::HostKeyChanged { pinned, presented, .. } = &error else { panic!("{error}") };
    assert_eq!(pinned, &[other[0].fingerprint()]);
    assert_eq!(presented, &running.host_key.fingerprint());
    assert!(error.to_string().contains(presented) && error.to_string().contains(&pinned[0]));
    assert!(!error.is_passing(), "it stops the drop");
    let is_login = |what: &What| matches!(what, What::LoggedIn { .. } | What::LoginRefused { .. });
    assert!(!running.events().iter().any(is_login), "no name and no password was sent");

    let remote = Remote { host_keys: Vec::new(), ..own(&running) };
    let error = Client::connect(&remote).await.expect_err("no key is pinned");
    assert!(matches!(error, ConnectError::HostKeyUnknown { .. }), "{error}");
    assert!(error.to_string().contains(&running.host_key.fingerprint()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_known_by_any_of_its_keys() {
    let sshd = Sshd::start().await;
    let remote = sshd.remote("ed25519");
    let shown = scan_host_keys("127.0.0.1", sshd.port, None, &remote.timeouts).await;
    let shown = shown.expect("it shows its keys");
    assert_eq!(shown.len(), 3);
    for (kind, key) in KINDS.into_iter().zip(&shown) {
        assert!(sshd.host_key(kind).starts_with(&key.line), "{kind}: {}", key.line);
        // A fingerprint does not say what kind of key it is of, and the server shows ed25519 first.
        let pinned = key.fingerprint.parse().expect("a fingerprint");
        let remote = Remote { host_keys: vec![pinned], ..remote.clone() };
        let client = connect(&remote).await;
        if kind == "rsa" {
            client.stat(b".").await.expect("a folder");
            let announced = client.announced_host_keys().await.expect("it proves them");
            assert_eq!(announced.len(), 3);
            assert_eq!(announced.iter().filter(|key| key.is_pinned).count(), 1);
            assert!(announced.iter().all(|key| shown.contains(&key.key)));
        }
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_mebibytes_go_both_ways_and_keys_are_renewed_meanwhile() {
    let (sshd, running) = (Sshd::start().await, start().await);
    let content = noise(200, 200 << 20);
    for (remote, folder) in [(sshd.remote("ed25519"), ""), (own(&running), "inbound/")] {
        let remote = Remote { rekey_after: 64 << 20, ..remote };
        let client = connect(&remote).await;
        let path = format!("{folder}large").into_bytes();
        put(&client, &path, &content).await;
        assert!(fetch(&client, &path).await == content, "it came back otherwise");
        client.close().await;
    }
    assert!(std::fs::read(sshd.file("large")).expect("it was put") == content);
    assert!(running.taken()[0].bytes == content);
}

/// A library gave each request ten seconds from when it was queued, so that many requests on a slow
/// line ran out of time while bytes were coming all along.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_is_waited_for_and_a_dead_one_is_not() {
    let sshd = Sshd::start().await;
    let content = noise(8, 1_500_000);
    let kind = Kind { rate: 500_000, delay: Duration::from_millis(40), ..Kind::default() };
    let (mut remote, line) = through(&sshd.remote("ed25519"), kind).await;
    remote.timeouts.progress = Duration::from_millis(1500);
    let client = connect(&remote).await;
    let before = Instant::now();
    put(&client, b"a", &content).await;
    assert!(fetch(&client, b"a").await == content);
    assert!(before.elapsed() > 2 * remote.timeouts.progress, "{:?}", before.elapsed());
    line.get_stuck();
    let before = Instant::now();
    let stalled = client.stat(b"a").await.expect_err("nothing comes");
    assert!(matches!(stalled, SftpError::Stalled { .. }), "{stalled}");
    assert!(stalled.is_passing() && stalled.is_end());
    assert!(before.elapsed() < Duration::from_secs(4), "{:?}", before.elapsed());
    let after = client.stat(b"a").await.expect_err("it is over");
    assert!(matches!(after, SftpError::Stalled { .. }), "{after}");
    client.close().await;
}

/// Cuts the line after each so many bytes while a file is put: under its own name it is there whole,
/// or not at all, and a second try makes it whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_is_cut_off_leaves_the_whole_file_or_none() {
    let (sshd, running) = (Sshd::start().await, start().await);
    let content = noise(9, 150_000);
    let servers = [
        (sshd.remote("ed25519"), "", sshd.home.path().join("files")),
        (own(&running), "inbound/", running.folder("inbound")),
    ];
    for (remote, folder, directory) in servers {
        let mut cuts = 0;
        for number in 0.. {
            let kind = Kind { cut_up: number * 6_000 + 500, ..Kind::default() };
            let (remote, line) = through(&remote, kind).await;
            let name = format!("{number}.edi");
            let path = format!("{folder}{name}").into_bytes();
            let options = PutOptions::default();
            let first = async {
                let client = Client::connect(&remote).await.map_err(|error| error.to_string())?;
                let put = client.put(&path, &mut Cursor::new(&content), &options).await;
                client.close().await;
                put.map_err(|error| error.to_string())
            };
            let first: Result<_, String> = first.await;
            match std::fs::read(directory.join(&name)) {
                Ok(there) => assert!(there == content, "cut {number} left a part"),
                Err(_) => assert!(first.is_err(), "cut {number}: it said it was put"),
            }
            if line.connections() == 1 && first.is_ok() {
                break;
            }
            cuts += 1;
            let client = connect(&remote).await;
            put(&client, &path, &content).await;
            client.close().await;
            assert!(std::fs::read(directory.join(&name)).expect("it was put") == content);
        }
        assert!(cuts > 20, "{cuts} cuts");
        let left = std::fs::read_dir(&directory).expect("a folder").count();
        assert_eq!(left, cuts + 1, "nothing else is left");
    }
    for taken in running.taken() {
        assert!(taken.bytes == content, "a part was handed over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_cut_off_gives_the_beginning_and_is_gone_on_with() {
    let sshd = Sshd::start().await;
    let content = noise(10, 400_000);
    std::fs::write(sshd.file("a"), &content).expect("a file");
    let mut cuts = 0;
    for number in 0.. {
        let kind = Kind { cut_down: number * 15_000 + 500, ..Kind::default() };
        let (remote, line) = through(&sshd.remote("ed25519"), kind).await;
        let mut sink = Vec::new();
        let mut facts: Option<Facts> = None;
        let whole = loop {
            let Ok(client) = Client::connect(&remote).await else { continue };
            let options = FetchOptions { from: sink.len() as u64, expected: facts, largest: None };
            facts = client.stat(b"a").await.ok().or(facts);
            let fetched = client.fetch(b"a", &mut sink, &options).await;
            assert!(content.starts_with(&sink), "cut {number}: other bytes");
            client.close().await;
            match fetched {
                Ok(fetched) => break fetched,
                Err(error) => assert!(error.is_end(), "{error}"),
            }
        };
        assert!(sink == content && whole.size == content.len() as u64);
        if line.connections() == 1 {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 20, "{cuts} cuts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_goes_on_where_it_was_cut_off() {
    let (sshd, running) = (Sshd::start().await, start().await);
    let content = noise(11, 24 << 20);
    let servers = [(sshd.remote("ed25519"), ""), (own(&running), "inbound/")];
    for (remote, folder) in servers {
        let path = format!("{folder}large").into_bytes();
        let kind = Kind { cut_up: 20 << 20, ..Kind::default() };
        let (remote, _line) = through(&remote, kind).await;
        let client = connect(&remote).await;
        let options = PutOptions::default();
        let cut = client.put(&path, &mut Cursor::new(&content), &options).await;
        assert!(cut.expect_err("it is cut").is_end());
        client.close().await;
        let client = connect(&remote).await;
        // The hash is found on the way, or known before.
        let plain = PutOptions { resume: false, sync: false, ..PutOptions::default() };
        let found = client.put(&path, &mut Cursor::new(b"ISA"), &plain).await.expect("a put");
        let known = PutOptions { sha256: Some(found.sha256), ..PutOptions::default() };
        let again = client.put(&path, &mut Cursor::new(b"ISA"), &known).await.expect("a put");
        assert_eq!(found.sha256[..4], [0x92, 0xf1, 0x22, 0xac]);
        assert_eq!(found.sha256, again.sha256);
        // Another file under the same name is not joined to what was left of the first.
        let other = noise(12, 1000);
        put(&client, &path, &other).await;
        let put = client.put(&path, &mut Cursor::new(&content), &options).await;
        let put = put.expect("it can be put");
        assert!(put.resumed >= 4 << 20, "{put:?}");
        assert!(fetch(&client, &path).await == content);
        client.close().await;
    }
    assert!(running.taken().last().expect("it arrived").bytes == content);
}

/// With a library that was tried, what a server said of a write after the last was lost when the
/// file was dropped.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_at_the_close_is_told_in_its_words() {
    let running = start_with(settings(), |account| account.limits.largest_file = 100_000).await;
    let client = connect(&own(&running)).await;
    let direct = PutOptions { temporary: Temporary::None, ..PutOptions::default() };
    *running.gateway.refusal.lock().expect("a free lock") = Some("acme is suspended".into());
    for options in [&direct, &PutOptions::default()] {
        let put = client.put(b"inbound/a", &mut Cursor::new(b"ISA"), options).await;
        let error = put.expect_err("it is refused when it is closed or renamed");
        assert!(error.to_string().contains("\"acme is suspended\""), "{error}");
        assert!(!error.is_end() && !error.is_missing());
    }
    *running.gateway.refusal.lock().expect("a free lock") = None;
    let large = noise(13, 300_000);
    let error = client.put(b"inbound/a", &mut Cursor::new(&large), &direct).await;
    let error = error.expect_err("it is too large");
    assert!(error.to_string().contains("the largest that is taken has 100000 bytes"), "{error}");
    let error = client.put(b"outbound/a", &mut Cursor::new(b"ISA"), &direct).await;
    let error = error.expect_err("nothing is put there");
    assert!(error.to_string().contains("put files into inbound"), "{error}");
    assert_eq!(running.taken(), []);
    assert!(client.list(b"inbound").await.expect("a folder").is_empty(), "nothing is left");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_closed() {
    let running = start_with(settings(), |account| account.limits.handles = 4).await;
    let content = noise(14, 4 << 20);
    std::fs::write(running.folder("outbound").join("a"), &content).expect("a file");
    let client = connect(&own(&running)).await;
    for milliseconds in 0..40 {
        let mut sink = Vec::new();
        let options = FetchOptions::default();
        let fetching = client.fetch(b"outbound/a", &mut sink, &options);
        let _ = tokio::time::timeout(Duration::from_micros(milliseconds * 100), fetching).await;
    }
    for _ in 0..4 {
        assert!(fetch(&client, b"outbound/a").await == content);
    }
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_fetched_is_not_whole() {
    let sshd = Sshd::start().await;
    std::fs::write(sshd.file("a"), noise(15, 2_000_000)).expect("a file");
    let kind = Kind { rate: 2_000_000, ..Kind::default() };
    let (remote, _line) = through(&sshd.remote("ed25519"), kind).await;
    let client = connect(&remote).await;
    let facts = client.stat(b"a").await.expect("it is there");
    let (mut sink, options) = (Vec::new(), FetchOptions::default());
    let grow = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        use std::io::Write;
        let file = std::fs::OpenOptions::new().append(true).open(sshd.file("a"));
        file.expect("it is there").write_all(b"more").expect("a disk");
    };
    let (fetched, ()) = tokio::join!(client.fetch(b"a", &mut sink, &options), grow);
    assert!(matches!(fetched, Err(SftpError::Changed { .. })), "{fetched:?}");
    let options = FetchOptions { from: 1000, expected: Some(facts), largest: None };
    let fetched = client.fetch(b"a", &mut sink, &options).await;
    assert!(matches!(fetched, Err(SftpError::Changed { .. })), "{fetched:?}");
    let options = FetchOptions { largest: Some(1_000_000), ..FetchOptions::default() };
    let fetched = client.fetch(b"a", &mut sink, &options).await;
    assert!(matches!(fetched, Err(SftpError::TooLarge { .. })), "{fetched:?}");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tried_out_step_by_step() {
    let (sshd, running) = (Sshd::start().await, start().await);
    let names = |steps: &[tieline_transport::sftp::client::Step]| -> String {
        let each = steps.iter().map(|step| {
            if step.is_done() { step.name.clone() } else { format!("{} FAILED", step.name) }
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let all = "dns, tcp, host key, login, subsystem, list, write, rename, delete";
    let good = test_connection(&sshd.remote("rsa"), b"", true).await;
    assert_eq!(names(&good), all, "{good:#?}");
    assert_eq!(std::fs::read_dir(sshd.file("")).expect("a folder").count(), 0);
    let good = test_connection(&own(&running), b"inbound", true).await;
    assert_eq!(names(&good), all, "{good:#?}");
    assert_eq!(running.taken(), [], "a test is no drop");
    let steps = test_connection(&own(&running), b"outbound", true).await;
    assert_eq!(names(&steps), "dns, tcp, host key, login, subsystem, list, write FAILED");
    assert!(steps.last().expect("a step").to_string().contains("put files into inbound"));
    let steps = test_connection(&own(&running), b"nowhere", false).await;
    assert_eq!(names(&steps), "dns, tcp, host key, login, subsystem, list FAILED");

    let mut wrong = sshd.remote("ed25519");
    wrong.user = "nobody-we-know".into();
    assert_eq!(
        names(&test_connection(&wrong, b"", true).await),
        "dns, tcp, host key, login FAILED"
    );
    wrong.port = common::sshd::free_port();
    assert_eq!(names(&test_connection(&wrong, b"", true).await), "dns, tcp FAILED");
    wrong.host = "no such host".into();
    let steps = test_connection(&wrong, b"", true).await;
    assert_eq!(names(&steps), "dns FAILED", "{steps:?}");
    assert_ne!(user(), wrong.user);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sftp_server_is_told_from_one() {
    use tokio::io::AsyncWriteExt;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut remote = Remote::new("127.0.0.1", "acme");
    remote.port = listener.local_addr().expect("a bound port").port();
    remote.timeouts.connect = Duration::from_millis(500);
    let web = tokio::spawn(async move {
        let mut kept = Vec::new();
        for words in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
            let (mut stream, _) = listener.accept().await.expect("it listens");
            stream.write_all(words).await.expect("it reads");
            if words.is_empty() {
                kept.push(stream);
            }
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(kept);
    });
    for _ in 0..2 {
        let error = Client::connect(&remote).await.expect_err("it is none");
        assert_eq!(error.stage(), Stage::HostKey, "{error}");
        assert!(!error.fix().is_empty());
    }
    web.abort();

    // A login script that prints something stands before SFTP.
    let sshd = Sshd::start_with("ForceCommand echo Welcome to the prairie\n").await;
    let error = Client::connect(&sshd.remote("ed25519")).await.expect_err("no SFTP");
    assert_eq!(error.stage(), Stage::Subsystem);
    assert!(error.to_string().contains("login script"), "{error}");
}

/// `russh` tells nothing more of a channel that we closed first, and waiting for it took for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_closed_at_once_and_leaves_nothing_open() {
    let (sshd, running) = (Sshd::start().await, start().await);
    for remote in [sshd.remote("ed25519"), own(&running)] {
        let client = connect(&remote).await;
        client.stat(b".").await.expect("a folder");
        let before = Instant::now();
        client.close().await;
        assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    }
    let ended = |what: &&What| matches!(what, What::Ended { .. });
    running.until("it ended", |running| running.events().iter().any(|what| ended(&what))).await;
    // One that is only dropped.
    let client = connect(&own(&running)).await;
    drop(client);
    running.until("both ended", |running| running.events().iter().filter(ended).count() == 2).await;
}
