//! The gateway is killed while files come, again and again: what it promised is there, once.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use tieline_store::posting::Filter;

use crate::station::{BANK, Station, came, is_done, payment};

/// How often the gateway is killed while a file comes; `KILLS` in the environment says another number.
const KILLS: u64 = 8;
/// Where the random numbers begin; `SEED` in the environment says another place.
pub(crate) const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Random numbers that are the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A number of the environment, or the usual one.
pub(crate) fn told(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

#[test]
fn nothing_is_lost_or_doubled_when_the_gateway_is_killed_on_sqlite() {
    killed("SQLite", None);
}

#[test]
fn nothing_is_lost_or_doubled_when_the_gateway_is_killed_on_postgres() {
    if let Some(address) = tieline_store::testing::postgres() {
        killed("PostgreSQL", Some(address));
    }
}

fn killed(name: &str, store: Option<String>) {
    let (kills, seed) = (told("KILLS", KILLS), told("SEED", SEED));
    let mut station = Station::new(store);
    let mut random = Random(seed);
    let mut promised = 0;
    station.start();
    for number in 1..=kills {
        let name = format!("pay{number}.edi");
        fs::write(station.path(&name), payment(number)).expect("it is written");
        let put = format!("put {name} inbound/{name}\n");
        let mut sftp = station.sftp(&put);
        std::thread::sleep(Duration::from_millis(50 + random.below(550)));
        station.kill();
        promised += u64::from(sftp.wait().expect("it ends").success());
        station.start();
        // A partner whose client failed sends the file again, and one whose client did not may too.
        assert!(station.sftp(&put).wait().expect("it ends").success());
    }
    station.until_idle((kills + promised) as usize);
    station.stop();
    let (came, posted) = station.look(async |store| {
        let postings = store.postings(&Filter::default(), None, 1_000_000).await;
        let posted = postings.expect("it answers");
        assert_eq!(store.verify().await.expect("it answers"), Vec::<String>::new());
        let jobs = store.jobs(&Default::default(), 100).await.expect("it answers");
        assert_eq!(jobs, [], "nothing is left undone");
        (came(store).await, posted)
    });
    let references: BTreeSet<&str> = posted.iter().map(|it| it.reference.as_str()).collect();
    let (lost, doubled) = (kills - references.len() as u64, posted.len() - references.len());
    let said = format!(
        "{name}, seed {seed}: {kills} kills, {} files kept, {promised} uploads promised before a \
         kill, {lost} payments lost, {doubled} doubled\n",
        came.len()
    );
    let _ = std::io::stderr().write_all(said.as_bytes());
    assert_eq!((lost, doubled), (0, 0));
    assert!(came.len() as u64 >= kills + promised, "what was promised is there");
    assert!(came.iter().all(is_done));
    each_is_answered_once(&station, kills);
}

/// Each payment has its own answer, under a number of its own.
fn each_is_answered_once(station: &Station, kills: u64) {
    let outbound = station.path("state/mailboxes").join(BANK).join("outbound");
    let mut answered = BTreeSet::new();
    for entry in fs::read_dir(outbound).expect("the folder is there") {
        let text = fs::read_to_string(entry.expect("it is listed").path()).expect("it is read");
        let (_, rest) = text.split_once("AK1*RA*").expect("it answers a group");
        let of = rest.split('~').next().unwrap_or_default().to_string();
        assert!(answered.insert(of.clone()), "{of} is answered under two numbers");
    }
    assert_eq!(answered.len() as u64, kills);
}
