//! Our client and the servers that partners have: OpenSSH's, and our own.

mod common;

use std::io::Cursor;
use std::time::Duration;

use common::sshd::{KINDS, Sshd, read_key};
use common::{PASSWORD, Running, noise, start};
use tieline_transport::sftp::client::{
    Client, ConnectError, FetchOptions, FileKind, PutOptions, Remote, Replace, Secret, SftpError,
    Stage, Temporary, scan_host_keys, test_connection,
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
