//! Two nodes on one PostgreSQL with one folder of mailboxes, and a database that goes away.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieline_gateway::READ;
use tieline_gateway::serve::{As2, Node, ServeError, Serving};
use tieline_store::job::Worker;
use tieline_store::options::Options;
use tieline_store::testing::OwnServer;
use tieline_transport::as2;

use crate::common::Gateway;
use crate::hooked::{Fate, Hooked};
use crate::once::{BANK, Random, payment, told};

/// How many payments two nodes share; `DOCUMENTS` in the environment says another number.
const DOCUMENTS: u64 = 100;
/// How long a worker of a test has what it took, in seconds.
const LEASE: u32 = 60;
/// How long both may take for all of them.
const PATIENCE: Duration = Duration::from_secs(300);

/// The numbers of payments in the order in which they come: each once to three times.
fn deliveries(count: u32, random: &mut Random) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    for number in 0..count {
        numbers.extend((0..random.below(3)).map(|_| number));
    }
    random.shuffle(&mut numbers);
    numbers
}

async fn serve(gateway: &Gateway) -> Node {
    let serving = Serving { workers: 3, sftp: None, as2: None };
    Node::start(Arc::clone(&gateway.house), serving).await.expect("it serves")
}

async fn until_idle(gateway: &Gateway) {
    let start = Instant::now();
    while !gateway.is_idle().await {
        assert!(start.elapsed() < PATIENCE, "there is still something to do");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_second_start_at_a_taken_address_takes_no_work_from_the_first() {
    crate::common::on_sqlite(|database| async move {
        let gateway = Gateway::open(database).await;
        gateway.receive(BANK, "pay.edi", &payment(1)).await;
        let worker = Worker { name: format!("{}/1", gateway.house.node), lease: LEASE };
        let claimed = gateway.store().claim(&worker, &[READ], 1).await.expect("it answers");
        assert_eq!(claimed.len(), 1);
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = taken.local_addr().expect("it has an address");
        let spool = gateway.path("spool");
        let as2 = Some(As2 { listen, settings: as2::Settings::new(spool) });
        let serving = Serving { workers: 1, sftp: None, as2 };
        let refused = Node::start(Arc::clone(&gateway.house), serving).await.err();
        assert!(matches!(refused, Some(ServeError::Listen { .. })), "{refused:?}");
        let other = Worker { name: "another/1".to_string(), lease: LEASE };
        let again = gateway.store().claim(&other, &[READ], 1).await.expect("it answers");
        assert!(again.is_empty(), "it is still in the hands of the first");
    });
}

#[test]
fn two_nodes_share_the_work_and_nothing_is_done_twice() {
    crate::common::on_postgres(|database| async move {
        let one = Gateway::open(database).await;
        let two = one.another("node two").await;
        let nodes = [serve(&one).await, serve(&two).await];
        let mut random = Random(told("SEED", 0x5DEE_CE66_D1CE_4E5B));
        let count = told("DOCUMENTS", DOCUMENTS) as u32;
        let numbers = deliveries(count, &mut random);
        let mut copies = 0;
        for number in numbers {
            let (bytes, name) = (payment(number), format!("pay{number}.edi"));
            match random.below(4) {
                // In the same instant at both.
                0 => {
                    let first = one.receive(BANK, &name, &bytes);
                    tokio::join!(first, two.receive(BANK, &name, &bytes));
                    copies += 2;
                }
                n => {
                    let node = if n == 1 { &one } else { &two };
                    node.receive(BANK, &name, &bytes).await;
                    copies += 1;
                }
            }
        }
        until_idle(&one).await;
        for node in nodes {
            node.stop().await;
        }
        one.each_payment_once(count as usize, copies).await;
    });
}

/// A partner that sends a file again until it is told that it was taken.
async fn send(gateway: &Gateway, number: u32) -> usize {
    let mut sent = 0;
    loop {
        let (name, bytes) = (format!("pay{number}.edi"), payment(number));
        sent += 1;
        if gateway.try_receive(BANK, &name, &bytes).await.is_ok() {
            return sent;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn the_nodes_go_on_when_the_database_is_back() {
    let Some(server) = OwnServer::start() else { return };
    crate::common::walk(async {
        let folder = Arc::new(TempDir::new().expect("a temporary folder"));
        let one = Gateway::at(server.database(), Options::default(), folder).await;
        let two = one.another("node two").await;
        let worked = Arc::new(AtomicBool::new(false));
        let noted = one.wrapped("node one", |store| {
            let worked = Arc::clone(&worked);
            // A step that finishes has taken a job.
            let hook = move |name| {
                worked.fetch_or(name == "finish", Ordering::SeqCst);
                Fate::Done
            };
            Arc::new(Hooked::around(store, Box::new(hook)))
        });
        let nodes = [serve(&noted).await, serve(&two).await];
        let server = Arc::new(server);
        for number in 0..60 {
            send(if number % 2 == 0 { &one } else { &two }, number).await;
        }
        let there = Arc::clone(&server);
        let crash = tokio::task::spawn_blocking(move || {
            there.crash();
            std::thread::sleep(Duration::from_millis(1_500));
            there.start_again();
            Instant::now()
        });
        let later = async {
            for number in 60..120 {
                send(if number % 2 == 0 { &one } else { &two }, number).await;
            }
        };
        let watch = async {
            let up = crash.await.expect("the server can be started again");
            worked.store(false, Ordering::SeqCst);
            while !worked.load(Ordering::SeqCst) {
                assert!(up.elapsed() < PATIENCE, "no node works again");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            up.elapsed()
        };
        let ((), back) = tokio::join!(later, watch);
        crate::once::say(&format!("a node worked {back:?} after the database was back"));
        until_idle(&one).await;
        for node in nodes {
            node.stop().await;
        }
        let copies = one.all(tieline_store::message::Flow::In).await.len();
        one.each_payment_once(120, copies).await;
        assert!(back < Duration::from_secs(5), "{back:?}");
    });
}
