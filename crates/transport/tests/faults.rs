//! What breaks other servers: clients that ask for too much, say what cannot be, or say nothing.

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::raw::{Part, Raw, connect, framed, login_with_hash, login_with_key, request, status};
use common::{PASSWORD, noise, settings, start, start_with};
use russh::MethodKind;
use russh::client::AuthResult;
use russh::keys::HashAlg;
use tieline_transport::sftp::audit::What;
use tieline_transport::sftp::bans::{BanRules, Bans, MemoryBans};
use tieline_transport::sftp::{AuthorizedKey, Limits, LoginRule, Settings};

const READ: u32 = 1;
const WRITE_NEW: u32 = 2 | 8 | 16;

fn read(handle: &[u8], offset: u64, length: u32) -> Vec<u8> {
    request(5, &[Part::Text(handle), Part::Long(offset), Part::Number(length)])
}

fn write(handle: &[u8], offset: u64, data: &[u8]) -> Vec<u8> {
    request(6, &[Part::Text(handle), Part::Long(offset), Part::Text(data)])
}

fn close(handle: &[u8]) -> Vec<u8> {
    request(4, &[Part::Text(handle)])
}

/// Paramiko asks for the whole file at once. A server that waits for room to send while it reads
/// requests never sees the message that gives it room, and stops at 2 MB.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_asked_for_before_a_byte_is_taken() {
    let running = start().await;
    let content = noise(6, 64 << 20);
    std::fs::write(running.folder("outbound").join("large"), &content).expect("a file");
    let mut raw = Raw::open(running.address).await;
    let handle = raw.open_file(b"outbound/large", READ).await;
    let piece = 32 * 1024;
    let Raw { to, answers, .. } = &mut raw;
    let ask = async {
        for offset in (0..content.len() as u64).step_by(piece) {
            let request = framed(&read(&handle, offset, piece as u32));
            to.data_bytes(request).await.expect("the server reads on");
        }
    };
    let take = async {
        for expected in content.chunks(piece) {
            let answer = answers.next().await.expect("data");
            assert_eq!(answer[0], 103, "{:?}", status(&answer));
            assert!(&answer[9..] == expected, "other bytes");
        }
    };
    tokio::join!(ask, take);
    assert_eq!(raw.status(&read(&handle, content.len() as u64, 1)).await.0, 1, "end of file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_ends_its_session_at_once_and_no_other() {
    let running = start().await;
    let mut other = Raw::open(running.address).await;
    let too_long = [&300_000_u32.to_be_bytes()[..], &[6]].concat();
    let long_path = [&100_000_u32.to_be_bytes()[..], &[3]].concat();
    let cases = [
        ("too long", too_long),
        ("too long and no write", long_path),
        ("empty", vec![0, 0, 0, 0]),
        ("unknown type", framed(&request(99, &[]))),
        ("cut short", framed(&[5, 0, 0, 0, 1, 0, 0, 0, 9])),
        ("bytes left over", framed(&request(4, &[Part::Text(b"abcd"), Part::Number(1)]))),
    ];
    for (case, bytes) in cases {
        let mut raw = Raw::open(running.address).await;
        let before = Instant::now();
        raw.send_bytes(&bytes).await;
        assert_eq!(raw.answer().await, None, "{case}");
        assert!(before.elapsed() < Duration::from_secs(5), "{case} took {:?}", before.elapsed());
    }
    let broken = |what: &&What| matches!(what, What::Ended { reason } if reason.starts_with("the client broke the protocol"));
    running
        .until("six ends are in the audit", |running| {
            running.events().iter().filter(broken).count() == 6
        })
        .await;
    assert_eq!(other.ask(&request(17, &[Part::Text(b"/")])).await[0], 105, "attributes");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_requests_without_taking_answers_are_ended() {
    let running = start().await;
    std::fs::write(running.folder("outbound").join("a"), noise(7, 1 << 20)).expect("a file");
    let mut raw = Raw::open(running.address).await;
    let handle = raw.open_file(b"outbound/a", READ).await;
    let many = framed(&read(&handle, 0, 261_120)).repeat(10_000);
    let flood = |what: &What| matches!(what, What::Ended { reason } if reason.contains("requests were waiting"));
    for _ in 0..20 {
        let sent = tokio::time::timeout(Duration::from_secs(5), raw.send_bytes(&many)).await;
        if sent.is_err() || running.events().iter().any(flood) {
            break;
        }
    }
    running.until("the flood is ended", |running| running.events().iter().any(flood)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_owners_and_folders_are_refused_in_words() {
    let running = start().await;
    std::fs::write(running.folder("inbound").join("a"), b"ISA").expect("a file");
    let (a, b) = (Part::Text(b"inbound/a"), Part::Text(b"inbound/b"));
    let named = |name: &'static str| Part::Text(name.as_bytes());
    let owner = [Part::Text(b"inbound/a"), Part::Number(2), Part::Number(0), Part::Number(0)];
    let size = [Part::Text(b"inbound/a"), Part::Number(1), Part::Long(0)];
    let cases = [
        (request(20, &[Part::Text(b"/etc"), b]), 8, "a mailbox has no links"),
        (request(19, &[a]), 8, "a mailbox has no links"),
        (
            request(200, &[named("hardlink@openssh.com"), named("inbound/a"), named("inbound/b")]),
            8,
            "a mailbox has no links",
        ),
        (request(200, &[named("copy-data")]), 8, "copy-data is not offered here"),
        (request(9, &owner), 3, "no owner that could be changed"),
        (request(9, &size), 3, "only be cut while it is open"),
        (request(14, &[named("inbound/b"), Part::Number(0)]), 3, "folders of a mailbox are fixed"),
        (request(4, &[named("none")]), 4, "no such handle"),
        (request(5, &[named("\0\0"), Part::Long(0), Part::Number(1)]), 4, "no such handle"),
        (request(11, &[named("inbound/a")]), 4, "a file, not a folder"),
    ];
    let mut raw = Raw::open(running.address).await;
    for (message, code, words) in cases {
        let (told, text) = raw.status(&message).await;
        assert_eq!((told, text.contains(words)), (code, true), "{words}: {text}");
    }
    let names = std::fs::read_dir(running.folder("inbound")).expect("a folder").count();
    assert_eq!(names, 1);
}

/// `russh` by itself takes the password off the list after the first wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_all_answered_and_then_the_connection_ends() {
    let running = start_with(Settings { tries: 5, ..settings() }, |_| {}).await;
    let mut handle = connect(running.address).await;
    for _ in 0..3 {
        match handle.authenticate_password("acme", "wrong").await.expect("an answer") {
            AuthResult::Failure { remaining_methods, .. } => {
                assert!(remaining_methods.contains(&MethodKind::Password));
                assert!(remaining_methods.contains(&MethodKind::PublicKey));
            }
            AuthResult::Success => panic!("a wrong password is right"),
        }
    }
    let right = handle.authenticate_password("acme", PASSWORD).await.expect("an answer");
    assert!(right.success(), "the right password after three wrong ones");

    let mut handle = connect(running.address).await;
    // The client takes the end of the connection for a failure too; the audit counts better.
    for _ in 0..10 {
        if handle.is_closed() {
            break;
        }
        let _ = handle.authenticate_password("acme", "wrong").await;
    }
    assert!(handle.is_closed(), "there is no end to the tries");
    let refused = |what: &&What| {
        matches!(what, What::LoginRefused { name, with, reason: "the password is wrong" }
            if name == "acme" && with == "password")
    };
    assert_eq!(running.events().iter().filter(refused).count(), 3 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_accounts_take_as_long_as_known_ones() {
    let quick = Settings { refusal_delay: Duration::ZERO, tries: 100, ..settings() };
    let running = start_with(quick, |_| {}).await;
    let mut handle = connect(running.address).await;
    // The best of several, after the first, which also makes the hash that nobody's is checked by.
    let (mut nobody, mut known) = (Duration::MAX, Duration::MAX);
    for round in 0..7 {
        for (name, best) in [("nobody", &mut nobody), ("acme", &mut known)] {
            let before = Instant::now();
            handle.authenticate_password(name, "wrong").await.expect("an answer");
            if round > 0 {
                *best = before.elapsed().min(*best);
            }
        }
    }
    // Without a check for nobody it is a hundred times quicker.
    assert!(nobody > known / 3, "nobody {nobody:?}, known {known:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_password_are_both_asked_for_where_the_account_says_so() {
    let running = start_with(settings(), |account| account.login = LoginRule::Both).await;
    let key = std::fs::read_to_string(running.home.path().join("ed25519")).expect("a key");
    let mut handle = connect(running.address).await;
    assert!(!handle.authenticate_password("acme", PASSWORD).await.expect("an answer").success());
    match login_with_key(&mut handle, &key).await {
        AuthResult::Failure { partial_success, remaining_methods } => {
            assert!(partial_success && remaining_methods.contains(&MethodKind::Password));
        }
        AuthResult::Success => panic!("a key alone is enough"),
    }
    assert!(handle.authenticate_password("acme", PASSWORD).await.expect("an answer").success());
}

/// OpenSSH does not even try SHA-1 with a server that does not name it; older software does.
#[tokio::test(flavor = "multi_thread")]
async fn an_rsa_key_logs_in_with_sha2_only() {
    let running = start().await;
    let path = common::user_key(running.home.path(), "rsa");
    let known = AuthorizedKey::new(&common::public(&path)).expect("a key of ssh-keygen");
    running.change(|account| account.keys = vec![known]);
    let key = std::fs::read_to_string(path).expect("ssh-keygen wrote it");
    let cases = [(None, false), (Some(HashAlg::Sha256), true), (Some(HashAlg::Sha512), true)];
    for (hash, may) in cases {
        let mut handle = connect(running.address).await;
        let login = login_with_hash(&mut handle, &key, hash).await;
        assert_eq!(login.success(), may, "{hash:?}");
    }
    let sha1 = |what: &What| {
        matches!(what, What::LoginRefused { reason: "the key was used with SHA-1", .. })
    };
    assert!(running.events().iter().any(sha1), "{:#?}", running.events());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_comes_from_its_networks_only() {
    let far = "192.0.2.0/24".parse().expect("a network");
    let running = start_with(settings(), |account| account.networks = vec![far]).await;
    let mut handle = connect(running.address).await;
    assert!(!handle.authenticate_password("acme", PASSWORD).await.expect("an answer").success());
    running.change(|account| account.networks.push("127.0.0.0/8".parse().expect("a network")));
    assert!(handle.authenticate_password("acme", PASSWORD).await.expect("an answer").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_and_explained() {
    let limits = Limits {
        sessions: 1,
        handles: 2,
        largest_file: 1000,
        folder_bytes: 1500,
        folder_files: 2,
        ..Limits::default()
    };
    let running = start_with(settings(), |account| account.limits = limits).await;
    let mut raw = Raw::open(running.address).await;

    let handle = raw.open_file(b"inbound/a", WRITE_NEW).await;
    let (code, text) = raw.status(&write(&handle, 0, &[0; 1001])).await;
    assert_eq!((code, text.contains("the largest that is taken has 1000 bytes")), (4, true));
    let (code, text) = raw.status(&close(&handle)).await;
    assert_eq!((code, text.contains("too large")), (4, true), "a cut file is no drop: {text}");
    assert_eq!(running.taken(), []);

    let handle = raw.open_file(b"inbound/a", WRITE_NEW).await;
    assert_eq!(raw.status(&write(&handle, 0, &[1; 900])).await.0, 0);
    assert_eq!(raw.status(&close(&handle)).await.0, 0);
    let handle = raw.open_file(b"inbound/b", WRITE_NEW).await;
    let (code, text) = raw.status(&write(&handle, 0, &[2; 700])).await;
    assert_eq!((code, text.contains("the folder is full")), (4, true), "{text}");
    assert_eq!(raw.status(&close(&handle)).await.0, 4);
    let handle = raw.open_file(b"inbound/b", WRITE_NEW).await;
    assert_eq!(raw.status(&write(&handle, 0, &[2; 600])).await.0, 0);
    assert_eq!(raw.status(&close(&handle)).await.0, 0);

    let open = |path| request(3, &[Part::Text(path), Part::Number(WRITE_NEW), Part::Number(0)]);
    let (code, text) = raw.status(&open(b"inbound/c")).await;
    assert_eq!((code, text.contains("2 files are here")), (4, true), "{text}");
    raw.open_file(b"inbound/a", READ).await;
    raw.open_file(b"inbound/a", READ).await;
    let (code, text) = raw.status(&open(b"inbound/a")).await;
    assert_eq!((code, text.contains("close some first")), (4, true), "{text}");
    assert_eq!(running.staged(), 0);

    let mut second = connect(running.address).await;
    let login = second.authenticate_password("acme", PASSWORD).await;
    let is_served = match login {
        Ok(AuthResult::Success) => second.channel_open_session().await.is_ok(),
        _ => false,
    };
    assert!(!is_served, "a second session");
    drop(raw);
    drop(second);
    let ended = |what: &&What| matches!(what, What::Ended { .. });
    running.until("both ended", |running| running.events().iter().filter(ended).count() == 2).await;
    Raw::open(running.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_shown_out() {
    let grace = Settings { login_grace: Duration::from_millis(300), ..settings() };
    let running = start_with(grace, |account| {
        account.limits.idle = Duration::from_millis(500);
    })
    .await;
    let silent = tokio::net::TcpStream::connect(running.address).await.expect("it listens");
    let stranger = connect(running.address).await;
    let mut quiet = Raw::open(running.address).await;
    let before = Instant::now();
    assert_eq!(quiet.answer().await, None);
    assert!(before.elapsed() >= Duration::from_millis(400), "{:?}", before.elapsed());
    assert!(stranger.is_closed());
    let ended = |what: &&What| matches!(what, What::Ended { .. });
    running
        .until("three ended", |running| running.events().iter().filter(ended).count() == 3)
        .await;
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sessions_at_once_all_arrive() {
    let wide = Settings { strangers: 200, login_grace: Duration::from_secs(90), ..settings() };
    let running = start_with(wide, |account| account.limits.sessions = 200).await;
    let key = std::fs::read_to_string(running.home.path().join("ed25519")).expect("a key");
    let mut sessions = tokio::task::JoinSet::new();
    for number in 0..100_u64 {
        let (address, key) = (running.address, key.clone());
        sessions.spawn(async move {
            let mut handle = connect(address).await;
            assert!(login_with_key(&mut handle, &key).await.success());
            let mut raw = Raw::start(handle).await;
            let content = noise(number, 64 * 1024);
            let name = format!("inbound/{number}");
            let handle = raw.open_file(name.as_bytes(), WRITE_NEW).await;
            for (index, data) in content.chunks(16 * 1024).enumerate() {
                raw.send(&write(&handle, index as u64 * 16 * 1024, data)).await;
            }
            for _ in 0..4 {
                assert_eq!(status(&raw.answer().await.expect("an answer")).0, 0);
            }
            assert_eq!(raw.status(&close(&handle)).await.0, 0);
        });
    }
    while let Some(ended) = sessions.join_next().await {
        ended.expect("each session succeeds");
    }
    let taken = running.taken();
    assert_eq!(taken.len(), 100);
    for drop in taken {
        let name = String::from_utf8(drop.name).expect("a number");
        let number = name.parse().expect("a number");
        assert!(drop.bytes == noise(number, 64 * 1024), "{name} arrived otherwise");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_what_it_is_doing() {
    let mut running = start().await;
    *running.gateway.delay.lock().expect("a free lock") = Duration::from_millis(400);
    let mut idle = Raw::open(running.address).await;
    let mut busy = Raw::open(running.address).await;
    let handle = busy.open_file(b"inbound/a", WRITE_NEW).await;
    assert_eq!(busy.status(&write(&handle, 0, b"ISA")).await.0, 0);
    running.stop();
    assert_eq!(idle.answer().await, None, "an idle session is closed");
    assert_eq!(busy.status(&write(&handle, 3, b"*00")).await.0, 0, "a busy one goes on");
    assert_eq!(busy.status(&close(&handle)).await.0, 0, "to the end of its file");
    assert_eq!(busy.answer().await, None);
    running.stopped().await;
    assert_eq!(running.taken()[0].bytes, b"ISA*00");
    assert!(tokio::net::TcpStream::connect(running.address).await.is_err(), "nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_why_its_file_is_not_taken() {
    let running = start().await;
    *running.gateway.refusal.lock().expect("a free lock") = Some("acme is suspended".into());
    let mut raw = Raw::open(running.address).await;
    let handle = raw.open_file(b"inbound/a", WRITE_NEW).await;
    assert_eq!(raw.status(&close(&handle)).await, (4, "acme is suspended".into()));
    assert_eq!(raw.ask(&request(17, &[Part::Text(b"inbound/a")])).await[..1], [101], "it is gone");
    assert_eq!(running.staged(), 0);
}

/// Handing a file over may take longer than a session may be quiet.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_waits_for_us_is_not_quiet() {
    let running = start_with(settings(), |account| {
        account.limits.idle = Duration::from_millis(200);
    })
    .await;
    *running.gateway.delay.lock().expect("a free lock") = Duration::from_millis(900);
    let mut raw = Raw::open(running.address).await;
    let handle = raw.open_file(b"inbound/a", WRITE_NEW).await;
    assert_eq!(raw.status(&close(&handle)).await.0, 0);
}

/// A session whose connection broke unnoticed must not keep its file from the one that follows.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_session_to_open_an_unfinished_file_has_it() {
    let running = start().await;
    let mut first = Raw::open(running.address).await;
    let mut second = Raw::open(running.address).await;
    let old = first.open_file(b"inbound/a.filepart", 2 | 8).await;
    assert_eq!(first.status(&write(&old, 0, b"ISA")).await.0, 0);
    let new = second.open_file(b"inbound/a.filepart", 2 | 8).await;
    let (code, text) = first.status(&write(&old, 3, b"lost")).await;
    assert_eq!((code, text.contains("another session")), (4, true), "{text}");
    assert_eq!(second.status(&write(&new, 3, b"*00")).await.0, 0);
    let rename = request(18, &[Part::Text(b"inbound/a.filepart"), Part::Text(b"inbound/a")]);
    let (code, text) = second.status(&rename).await;
    assert_eq!((code, text.contains("close it first")), (4, true), "{text}");
    assert_eq!(second.status(&close(&new)).await.0, 0);
    assert_eq!(second.status(&rename).await.0, 0);
    assert_eq!(first.status(&close(&old)).await.0, 4);
    assert_eq!(running.taken()[0].bytes, b"ISA*00");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_is_kept_out_until_the_ban_is_lifted() {
    let rules = BanRules { address_failures: 5, ..BanRules::default() };
    let bans = Arc::new(MemoryBans::new(rules));
    let shared: Arc<dyn Bans> = bans.clone();
    let settings = Settings { bans: Some(shared), tries: 20, ..settings() };
    let running = start_with(settings, |_| {}).await;
    let mut guessing = connect(running.address).await;
    for number in 0..6 {
        let name = if number < 3 { "acme" } else { "nobody" };
        let login = guessing.authenticate_password(name, "wrong").await.expect("an answer");
        assert!(!login.success());
    }
    let right = guessing.authenticate_password("acme", PASSWORD).await.expect("an answer");
    assert!(!right.success(), "the right password comes too late");
    let config = russh::client::Config::default();
    let config = Arc::new(config);
    let again = russh::client::connect(config, running.address, common::raw::AnyHost).await;
    assert!(again.is_err(), "it is not even spoken to");
    let now = jiff::Timestamp::now();
    let listed = bans.list(now);
    assert_eq!((listed.len(), listed[0].failures), (1, 5));
    assert!(bans.lift(&listed[0].who, now));
    Raw::open(running.address).await;
    let turned =
        |what: &What| matches!(what, What::TurnedAway { reason } if reason.contains("banned"));
    assert!(running.events().iter().any(turned));
}

/// Clients offer every key they have. That is no guessing.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_not_the_accounts_ban_nobody() {
    let rules = BanRules { address_failures: 2, ..BanRules::default() };
    let shared: Arc<dyn Bans> = Arc::new(MemoryBans::new(rules));
    let running = start_with(Settings { bans: Some(shared), ..settings() }, |_| {}).await;
    let other = common::user_key(running.mailbox().as_path(), "ecdsa");
    let other = std::fs::read_to_string(other).expect("ssh-keygen wrote it");
    let mut handle = connect(running.address).await;
    for _ in 0..4 {
        assert!(!login_with_key(&mut handle, &other).await.success());
    }
    assert!(handle.authenticate_password("acme", PASSWORD).await.expect("an answer").success());
}
