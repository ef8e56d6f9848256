//! The disk is full: no yes is given that is not on the disk, and when there is room again, everything
//! goes on by itself.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tieline_store::message::Message;
use tieline_store::posting::Filter;

use crate::station::{Station, came, is_done, payment};

/// How much fits on the small disk.
const ROOM: &str = "size=8m";
/// How many payments come while there is no room, and how many afterwards.
const PAYMENTS: u64 = 5;
/// How much room there is in between, in bytes.
const SOME_ROOM: u64 = 200_000;

/// Whether this machine lets us have a small disk of our own.
fn may_mount(folder: &std::path::Path) -> bool {
    let mount = ["-rm", "mount", "-t", "tmpfs", "-o", ROOM, "none"];
    let mounted = Command::new("unshare").args(mount).arg(folder).status();
    let may = mounted.is_ok_and(|it| it.success());
    if !may {
        let said = b"SKIPPED: no small disk can be mounted, so a test did not run\n";
        let _ = std::io::stderr().write_all(said);
    }
    may
}

/// A gateway that keeps everything on a small disk, which nobody else sees.
struct Small {
    station: Station,
    id: u32,
    /// The disk, as it looks from outside.
    state: PathBuf,
}

impl Small {
    /// What came, and how many payments were posted, once nothing is left to do.
    ///
    /// SQLite goes to the bottom of links and would miss the disk, so a copy is looked at, which is
    /// made while the gateway stands still.
    fn when_idle(&mut self, count: usize) -> (Vec<Message>, usize) {
        let begun = Instant::now();
        loop {
            self.copy();
            let (came, posted, jobs) = self.station.look(async |store| {
                let posted = store.postings(&Filter::default(), None, 1_000).await;
                let jobs = store.jobs(&Default::default(), 9).await.expect("it answers");
                (came(store).await, posted.expect("it answers").len(), jobs)
            });
            if came.len() >= count && jobs.is_empty() {
                return (came, posted);
            }
            assert!(begun.elapsed().as_secs() < 60, "{} came, {jobs:?}", came.len());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn copy(&mut self) {
        let id = self.id.to_string();
        let tell = |signal: &str| {
            let told = Command::new("kill").args([signal, &id]).status();
            assert!(told.expect("kill is installed").success());
        };
        let seen = self.station.path("seen");
        let _ = fs::remove_dir_all(&seen);
        fs::create_dir(&seen).expect("a new folder");
        tell("-STOP");
        for name in ["tieline.db", "tieline.db-wal"] {
            fs::copy(self.state.join(name), seen.join(name)).expect("it is there");
        }
        tell("-CONT");
        self.station.look_at(format!("sqlite:{}", seen.join("tieline.db").display()));
    }

    /// Puts a payment; whether the partner was told that we have it.
    fn put(&self, number: u64) -> bool {
        let name = format!("pay{number}.edi");
        fs::write(self.station.path(&name), payment(number)).expect("it is written");
        let put = format!("put {name} inbound/{name}\n");
        self.station.sftp(&put).wait().expect("it ends").success()
    }
}

/// Serves with everything it keeps on a small disk.
fn start_on_small_disk(mut station: Station) -> Small {
    let state = station.path("state");
    let serve = station.tieline(&["serve", "--sftp", "127.0.0.1:0"]);
    let mut small = Command::new("unshare");
    small.args(["-rm", "sh", "-c", "mount -t tmpfs -o \"$0\" none \"$1\" && shift && exec \"$@\""]);
    small.arg(ROOM).arg(&state).arg(serve.get_program()).args(serve.get_args());
    small.current_dir(station.path(""));
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => small.env(name, value),
            None => small.env_remove(name),
        };
    }
    let id = station.start_as(small);
    let mut outside = PathBuf::from(format!("/proc/{id}/root"));
    outside.push(state.strip_prefix("/").expect("it is a whole path"));
    Small { station, id, state: outside }
}

/// Takes all the room there is.
fn fill(path: &std::path::Path) {
    let mut ballast = File::create(path).expect("a file can be made");
    let mut piece = vec![0; 65_536];
    while !piece.is_empty() {
        while ballast.write_all(&piece).is_ok() {}
        piece.truncate(piece.len() / 2);
    }
}

#[test]
fn a_full_disk_loses_nothing_and_is_got_over() {
    let station = Station::new(None);
    fs::create_dir(station.path("state")).expect("a new folder");
    if !may_mount(&station.path("state")) {
        return;
    }
    let mut small = start_on_small_disk(station);
    assert!(small.put(0));
    small.when_idle(1);
    let ballast = small.state.join("ballast");
    fill(&ballast);
    let promised = (1..=PAYMENTS).filter(|number| small.put(*number)).count();
    assert_eq!(promised, 0, "nothing is promised that has no room");
    // Room for what comes, and soon none for what follows from it.
    let length = fs::metadata(&ballast).expect("it is there").len();
    let file = File::options().write(true).open(&ballast).expect("it is there");
    file.set_len(length - SOME_ROOM).expect("it can be cut");
    drop(file);
    let last = 4 * PAYMENTS;
    let mut promised: Vec<u64> = (PAYMENTS + 1..=last).filter(|it| small.put(*it)).collect();
    let many = promised.len();
    std::thread::sleep(Duration::from_secs(2));
    fs::remove_file(&ballast).expect("it can be removed");
    for number in 1..=last {
        if !promised.contains(&number) {
            assert!(small.put(number), "there is room again");
            promised.push(number);
        }
    }
    let (came, posted) = small.when_idle(1 + promised.len());
    let said = format!("on a full disk: {many} of {} promised, none lost\n", 3 * PAYMENTS);
    let _ = std::io::stderr().write_all(said.as_bytes());
    assert!(came.iter().all(is_done), "{came:?}");
    assert_eq!(posted as u64, 1 + last, "each is posted once");
    small.station.stop();
}
