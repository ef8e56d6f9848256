//! The server as OpenSSH's `sftp` sees it.

mod common;

use std::time::Duration;

use common::{bad, good, noise, public, run, start, start_with, user_key};
use tieline_transport::sftp::AuthorizedKey;
use tieline_transport::sftp::audit::What;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_put_is_a_drop_and_can_be_listed_renamed_fetched_and_deleted() {
    let running = start().await;
    let content = noise(1, 300_000);
    std::fs::write(running.home.path().join("usage.edi"), &content).expect("a file");
    let listed = running
        .batch("put usage.edi inbound/usage.edi\nls -l inbound\nget inbound/usage.edi back.edi\n")
        .await;
    let listed = good(&listed);
    assert!(listed.contains("300000"), "{listed}");
    let taken = running.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].folder.as_str(), &taken[0].name[..]), ("inbound", &b"usage.edi"[..]));
    assert_eq!(taken[0].bytes, content);
    let back = std::fs::read(running.home.path().join("back.edi")).expect("it was fetched");
    assert_eq!(back, content);

    good(&running.batch("rename inbound/usage.edi inbound/b.edi\nrm inbound/b.edi\n").await);
    assert_eq!(running.taken().len(), 1, "a rename after arrival is no second drop");
    let empty = good(&running.batch("ls -1 inbound\nls -1 /\n").await);
    let folders: Vec<&str> = empty.lines().filter(|line| !line.starts_with("sftp>")).collect();
    assert_eq!(folders.len(), 5, "{folders:?}");
    assert_eq!(running.staged(), 0);

    let events = running.events();
    let sha256 = taken[0].sha256;
    let arrived = What::Arrived {
        path: "/inbound/usage.edi".into(),
        bytes: 300_000,
        sha256,
        reference: "message 1".into(),
    };
    let fetched =
        What::Fetched { path: "/inbound/usage.edi".into(), bytes: 300_000, size: 300_000 };
    let deleted = What::Deleted { path: "/inbound/b.edi".into() };
    for expected in [What::Connected, arrived, fetched, deleted] {
        assert!(events.contains(&expected), "{expected:?} is not in {events:#?}");
    }
}

/// With the stock loop of `russh-sftp` and `limits@openssh.com`, a download stops for good at some
/// 30 MB.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_up_and_down_unchanged() {
    let running = start().await;
    let content = noise(2, 100 << 20);
    std::fs::write(running.home.path().join("large"), &content).expect("a file");
    good(&running.batch("put large inbound/large\nget inbound/large back\n").await);
    assert!(running.taken()[0].bytes == content, "it arrived otherwise");
    let back = std::fs::read(running.home.path().join("back")).expect("it was fetched");
    assert!(back == content, "it came back otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_renewed_again_and_again_during_a_transfer() {
    let settings = tieline_transport::sftp::Settings { rekey_after: 3 << 20, ..common::settings() };
    let running = start_with(settings, |_| {}).await;
    let content = noise(3, 24 << 20);
    std::fs::write(running.home.path().join("large"), &content).expect("a file");
    let commands = "put large inbound/large\nget inbound/large back\n";
    good(&running.batch_with(&["-o", "RekeyLimit=1M"], commands).await);
    assert!(running.taken()[0].bytes == content, "it arrived otherwise");
    let back = std::fs::read(running.home.path().join("back")).expect("it was fetched");
    assert!(back == content, "it came back otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_file_is_continued_and_arrives_when_it_is_renamed() {
    let running = start().await;
    let content = noise(4, 1_000_000);
    std::fs::write(running.home.path().join("whole"), &content).expect("a file");
    std::fs::write(running.home.path().join("half"), &content[..400_000]).expect("a file");
    good(&running.batch("put half inbound/bill.filepart\n").await);
    assert_eq!(running.taken(), [], "an unfinished file is no drop");
    good(&running.batch("reput whole inbound/bill.filepart\n").await);
    assert_eq!(running.taken(), []);
    good(&running.batch("rename inbound/bill.filepart inbound/bill.edi\nls -l inbound\n").await);
    let taken = running.taken();
    assert_eq!((taken.len(), &taken[0].name[..]), (1, &b"bill.edi"[..]));
    assert!(taken[0].bytes == content, "it arrived otherwise");
    assert!(running.folder("inbound").join("bill.edi").is_file());
    assert_eq!(running.staged(), 0);

    let told = bad(&running.batch("reput whole inbound/bill.edi\n").await);
    assert!(told.contains("same size") || told.contains("arrived already"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_leaves_nothing() {
    let running = start().await;
    std::fs::write(running.home.path().join("large"), noise(5, 8 << 20)).expect("a file");
    let mut sftp = running.sftp(&["-l", "8000"]).spawn().expect("sftp starts");
    let mut stdin = sftp.stdin.take().expect("standard input is piped");
    std::io::Write::write_all(&mut stdin, b"put large inbound/large\n").expect("it reads");
    running.until("bytes arrive", |running| running.staged() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    common::kill(sftp.id());
    sftp.wait().expect("it is dead");
    running.until("the upload is thrown away", |running| running.staged() == 0).await;
    let left = std::fs::read_dir(running.folder("inbound")).expect("a folder").count();
    assert_eq!((left, running.taken().len()), (0, 0));
    let interrupted =
        |what: &What| matches!(what, What::Interrupted { path, .. } if path == "/inbound/large");
    running.until("it is in the audit", |running| running.events().iter().any(interrupted)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_why() {
    let running = start().await;
    std::fs::write(running.home.path().join("a"), b"ISA").expect("a file");
    std::fs::write(running.folder("outbound").join("bill.edi"), b"ISA").expect("a file");
    let cases = [
        ("put a outbound/a", "nothing can be put into outbound; put files into inbound"),
        ("put a a", "there is no folder a; there are: inbound, outbound"),
        ("put a inbound/b/c", "no folders within folders"),
        ("mkdir inbound/b", "the folders of a mailbox are fixed"),
        ("rmdir inbound", "the folders of a mailbox are fixed"),
        ("rename inbound outbound", "folders cannot be renamed"),
        ("ln -s /etc/passwd inbound/p", "a mailbox has no links"),
        ("rm archive/a", "no such file"),
        ("rename outbound/bill.edi archive/bill.edi", "nothing can be put into archive"),
        ("rename outbound/bill.edi inbound/bill.edi", "a file cannot be moved into another folder"),
        ("get ../../../etc/passwd p", "no folders within folders"),
        ("get /etc/passwd p", "there is no folder etc"),
        ("get .arriving/x x", "there is no folder .arriving"),
        ("chmod 4755 inbound/a", "only plain permissions"),
    ];
    good(&running.batch("put a inbound/a\nchmod 600 inbound/a\n").await);
    for (command, words) in cases {
        let told = bad(&running.batch(format!("{command}\n")).await).to_lowercase();
        // OpenSSH shows our words only with some commands; the audit has them always.
        let noted = running
            .events()
            .iter()
            .any(|what| matches!(what, What::Refused { text, .. } if text.contains(words)));
        assert!(
            noted
                || told.contains(words)
                || told.contains("not found")
                || told.contains("no such file"),
            "{command}: {told}"
        );
    }
    assert!(!running.home.path().join("p").exists());

    *running.gateway.refusal.lock().expect("a free lock") = Some("acme is suspended".into());
    // OpenSSH 9.2 by itself says "Failure" and nothing else.
    let told = bad(&running.batch("put a inbound/late\n").await);
    assert!(told.contains("/inbound/late: acme is suspended"), "{told}");
    assert!(!running.folder("inbound").join("late").exists());
    assert_eq!(running.staged(), 0);
    good(&running.batch("put a inbound/late.tmp\n").await);
    bad(&running.batch("rename inbound/late.tmp inbound/late\n").await);
    let refused = What::Refused {
        request: "hand over",
        path: "/inbound/late".into(),
        text: "acme is suspended".into(),
    };
    assert_eq!(running.events().iter().filter(|what| **what == refused).count(), 2);
    assert!(running.folder("inbound").join("late.tmp").exists(), "it can be renamed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_folder_is_not_there() {
    let running = start().await;
    let secret = running.home.path().join("secret");
    std::fs::write(&secret, b"not for partners").expect("a file");
    for (target, name) in [(secret.as_path(), "file"), (running.home.path(), "directory")] {
        let link = running.folder("inbound").join(name);
        std::os::unix::fs::symlink(target, link).expect("a link");
    }
    let listed = good(&running.batch("ls -la inbound\n").await);
    assert!(!listed.contains("file") && !listed.contains("directory"), "{listed}");
    for command in ["get inbound/file x", "get inbound/directory/secret x", "rm inbound/file"] {
        bad(&running.batch(format!("{command}\n")).await);
    }
    assert!(!running.home.path().join("x").exists());
    std::fs::write(running.home.path().join("a"), b"ISA").expect("a file");
    good(&running.batch("put a inbound/file\n").await);
    assert_eq!(std::fs::read(secret).expect("it is there"), b"not for partners");
}

/// With `russh-sftp` a name in Latin-1 is stored with U+FFFD in it.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_kept_byte_for_byte() {
    use std::os::unix::ffi::OsStrExt;

    let running = start().await;
    std::fs::write(running.home.path().join("a"), b"ISA").expect("a file");
    let names: [&[u8]; 4] = [b"caf\xe9.edi", b"\xff\xfe", "Zähler ☀".as_bytes(), b"a\tb"];
    for name in names {
        let commands =
            [b"put a \"inbound/", name, b"\"\nget \"inbound/", name, b"\" back\n"].concat();
        good(&running.batch(commands).await);
        let path = running.folder("inbound").join(std::ffi::OsStr::from_bytes(name));
        assert!(path.is_file(), "{path:?}");
        assert_eq!(running.taken().last().map(|taken| taken.name.clone()), Some(name.to_vec()));
        std::fs::remove_file(running.home.path().join("back")).expect("it was fetched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_sftp_is_offered() {
    let running = start().await;
    for arguments in [&["true"][..], &[], &["-N", "-o", "ExitOnForwardFailure=yes"]] {
        let mut ssh = running.openssh("ssh");
        if arguments.first() == Some(&"-N") {
            ssh.args(["-R", "127.0.0.1:0:127.0.0.1:1"]);
        }
        ssh.arg("acme@127.0.0.1").args(arguments);
        bad(&run(ssh, Vec::new()).await);
    }
    let shell = What::Refused {
        request: "command",
        path: String::new(),
        text: "this server offers SFTP and nothing else".into(),
    };
    assert!(running.events().contains(&shell));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_new_keys_log_in_while_they_are_valid() {
    let running = start().await;
    let now = jiff::Timestamp::now();
    let hour = jiff::SignedDuration::from_hours(1);
    for kind in ["rsa", "ecdsa"] {
        let key = user_key(running.home.path(), kind);
        let known = AuthorizedKey::new(&public(&key)).expect("a key of ssh-keygen");
        let windows = [
            (None, None, true),
            (Some(now - hour), Some(now + hour), true),
            (Some(now + hour), None, false),
            (None, Some(now - hour), false),
        ];
        for (from, until, may) in windows {
            running.change(|account| account.keys = vec![known.clone().valid(from, until)]);
            let mut sftp = running.openssh("sftp");
            sftp.arg("-i").arg(&key).args(["-b", "-", "acme@127.0.0.1"]);
            let output = run(sftp, b"ls\n".to_vec()).await;
            assert_eq!(output.status.success(), may, "{kind} {from:?} {until:?}");
        }
    }
}

/// `russh` by itself offers `ssh-rsa`, a signature over SHA-1, for an RSA host key.
#[tokio::test(flavor = "multi_thread")]
async fn an_rsa_host_key_signs_with_sha2_only() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = user_key(directory.path(), "rsa");
    let text = std::fs::read_to_string(path).expect("ssh-keygen wrote it");
    let key = tieline_transport::sftp::HostKey::read(&text).expect("a key of ssh-keygen");
    let settings = tieline_transport::sftp::Settings { host_keys: vec![key], ..common::settings() };
    let running = start_with(settings, |_| {}).await;
    for (algorithm, may) in [("rsa-sha2-512", true), ("rsa-sha2-256", true), ("ssh-rsa", false)] {
        let option = format!("HostKeyAlgorithms={algorithm}");
        let output = running.batch_with(&["-o", &option], "ls\n").await;
        assert_eq!(output.status.success(), may, "{algorithm}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn room_is_told_by_the_limits_of_the_account() {
    let running = start_with(common::settings(), |account| {
        account.limits.folder_bytes = 10 << 20;
        account.limits.folder_files = 40;
    })
    .await;
    std::fs::write(running.folder("inbound").join("a"), noise(16, 1 << 20)).expect("a file");
    let told = good(&running.batch("df inbound\ndf -i inbound\ndf outbound\n").await);
    let numbers: Vec<Vec<u64>> = told
        .lines()
        .map(|line| {
            let words = line.split_whitespace();
            words.filter_map(|word| word.trim_end_matches('%').parse().ok()).collect()
        })
        .filter(|numbers: &Vec<u64>| !numbers.is_empty())
        .collect();
    let expected = [vec![10240, 1024, 9216, 9216, 10], vec![40, 1, 39, 39, 2], vec![0, 0, 0, 0]];
    assert_eq!(numbers[..2], expected[..2], "{told}");
    assert_eq!(numbers[2][..4], expected[2][..4], "nothing fits where nothing can be put: {told}");
}
