//! Transfers that are torn: a proxy between OpenSSH's client and the gateway cuts the line after some
//! bytes. Every file is there whole or not at all, and what the client was told is there is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::killed::{Random, SEED, told};
use crate::station::{BANK, Station, came};

/// How many transfers are torn; `CUTS` in the environment says another number.
const CUTS: u64 = 20;
/// The length of a file, in bytes: several requests of the client.
const LENGTH: usize = 150_000;
/// The most bytes that go either way before the cut; the client needs some 5,000 for logging in.
const MOST: u64 = 165_000;

/// How the line ends.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// Both sides hear that the other has ended.
    Closed,
    /// Both sides hear that the other knows nothing of it any more.
    Reset,
    /// Nothing goes on for a while, and then it is closed.
    Stalled,
}

/// Where the line is cut: after so many bytes from the client, or to it.
#[derive(Debug, Clone, Copy)]
struct Tear {
    from_client: bool,
    after: u64,
    cut: Cut,
}

/// A proxy for one connection, which it tears; gives its port.
async fn proxy(server: u16, tear: Tear) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    tokio::spawn(async move {
        let Ok((client, _)) = listener.accept().await else { return };
        let address = SocketAddr::from(([127, 0, 0, 1], server));
        let server = TcpStream::connect(address).await.expect("the gateway listens");
        if matches!(tear.cut, Cut::Reset) {
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        let limit = |torn: bool| if torn { tear.after } else { u64::MAX };
        tokio::select! {
            () = carry(from_client, to_server, limit(tear.from_client)) => {}
            () = carry(from_server, to_client, limit(!tear.from_client)) => {}
        }
        if matches!(tear.cut, Cut::Stalled) {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    port
}

/// Carries bytes one way until so many have gone or a side ends.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut left: u64) {
    let mut buffer = vec![0; 8_192];
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        match from.read(&mut buffer[..most]).await {
            Ok(0) | Err(_) => return,
            Ok(count) => match to.write_all(&buffer[..count]).await {
                Ok(()) => left -= count as u64,
                Err(_) => return,
            },
        }
    }
}

/// A file that no other is like, and that is soon judged.
fn content(random: &mut Random) -> String {
    (0..LENGTH).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

#[test]
fn a_file_that_is_torn_is_there_whole_or_not_at_all() {
    let (cuts, seed) = (told("CUTS", CUTS), told("SEED", SEED));
    let mut random = Random(seed);
    let mut station = Station::new(None);
    station.start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut files, mut promised): (BTreeMap<[u8; 32], String>, BTreeSet<[u8; 32]>) =
        Default::default();
    for number in 0..cuts {
        start_anew(&mut station, number);
        let name = format!("torn{number}.txt");
        let bytes = content(&mut random);
        fs::write(station.path(&name), &bytes).expect("it is written");
        let sha256: [u8; 32] = Sha256::digest(bytes.as_bytes()).into();
        files.insert(sha256, name.clone());
        let from_client = random.below(4) > 0;
        let after = random.below(if from_client { MOST } else { 6_000 });
        let cut = [Cut::Closed, Cut::Reset, Cut::Stalled][random.below(3) as usize];
        let tear = Tear { from_client, after, cut };
        let port = runtime.block_on(proxy(station.port(), tear));
        let put = format!("put {name} inbound/{name}\n");
        if station.sftp_at(port, &put).wait().expect("it ends").success() {
            promised.insert(sha256);
        }
    }
    let whole_in_inbound = check(&station, &files, &promised);
    // What was not promised is sent again, and then all of it is there.
    for (number, (sha256, name)) in (0..).zip(&files) {
        start_anew(&mut station, number);
        if !promised.contains(sha256) {
            let put = format!("put {name} inbound/{name}\n");
            assert!(station.sftp(&put).wait().expect("it ends").success());
        }
    }
    promised.extend(files.keys());
    check(&station, &files, &promised);
    station.stop();
    let said = format!(
        "seed {seed}: {cuts} transfers torn, {whole_in_inbound} files whole, {} absent, 0 in part\n",
        cuts - whole_in_inbound
    );
    let _ = std::io::stderr().write_all(said.as_bytes());
}

/// Starts the gateway anew now and then: it takes sixty connections of an address in a minute.
fn start_anew(station: &mut Station, number: u64) {
    if number % 50 == 49 {
        station.stop();
        station.start();
    }
}

/// That what is kept, and what the partner sees, is whole; how many files that are.
fn check(
    station: &Station,
    files: &BTreeMap<[u8; 32], String>,
    promised: &BTreeSet<[u8; 32]>,
) -> u64 {
    let came = station.look(async |store| came(store).await);
    let kept: BTreeSet<[u8; 32]> = came.iter().map(|it| it.sha256).collect();
    assert!(kept.iter().all(|it| files.contains_key(it)), "no part of a file is kept");
    assert!(promised.is_subset(&kept), "what was promised is kept");
    let inbound = station.path("state/mailboxes").join(BANK).join("inbound");
    let mut seen = 0;
    for entry in fs::read_dir(inbound).into_iter().flatten() {
        let bytes = fs::read(entry.expect("it is listed").path()).expect("it is read");
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        assert!(kept.contains(&sha256), "what the partner sees is whole, and kept");
        seen += 1;
    }
    seen
}
