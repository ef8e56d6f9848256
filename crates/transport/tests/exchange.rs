//! Runs that pull from a partner's server and push to it, cut off anywhere.

mod common;

use std::io::{Cursor, Read};
use std::sync::Mutex;
use std::time::Duration;

use common::line::{Kind, Line};
use common::noise;
use common::sshd::Sshd;
use jiff::Timestamp;
use tempfile::TempDir;
use tieline_transport::directory::Completeness;
use tieline_transport::sftp::Drops;
use tieline_transport::sftp::client::{Put, Remote, SftpError};
use tieline_transport::sftp::exchange::{
    After, Memory, Outgoing, Pull, PullReport, Pulled, Push, Pushed, PushedFile, pull, push,
};
use tieline_transport::{FileDrop, Receipt, Refusal};

/// Stands in for the gateway: takes what comes, or refuses it.
#[derive(Default)]
struct Taker {
    taken: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
    refusal: Mutex<Option<String>>,
}

impl Drops for Taker {
    async fn take(&self, arrived: FileDrop) -> Result<Receipt, Refusal> {
        assert_eq!((arrived.account.as_str(), arrived.session), ("acme", 0));
        if let Some(text) = &*self.refusal.lock().expect("a free lock") {
            return Err(Refusal::new(text));
        }
        let mut bytes = Vec::new();
        arrived.reader().read_to_end(&mut bytes).expect("a drop can be read");
        assert_eq!(bytes.len() as u64, arrived.size);
        let mut taken = self.taken.lock().expect("a free lock");
        taken.push((arrived.name, bytes));
        Ok(Receipt { reference: format!("message {}", taken.len()) })
    }
}

impl Taker {
    fn names(&self) -> Vec<String> {
        let taken = self.taken.lock().expect("a free lock");
        taken.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect()
    }
}

/// One drop with OpenSSH's server, and what is kept of it.
struct Scene {
    sshd: Sshd,
    spool: TempDir,
    memory: Memory,
    taker: Taker,
}

impl Scene {
    async fn start(files: &[(&str, &[u8])]) -> Self {
        let sshd = Sshd::start().await;
        for folder in ["out", "done"] {
            std::fs::create_dir(sshd.file(folder)).expect("a directory");
        }
        for (name, bytes) in files {
            std::fs::write(sshd.file("out").join(name), bytes).expect("a file");
        }
        let spool = tempfile::tempdir().expect("a temporary directory");
        Self { sshd, spool, memory: Memory::default(), taker: Taker::default() }
    }

    async fn run(&mut self, what: &Pull) -> PullReport {
        let remote = self.sshd.remote("ed25519");
        self.run_through(&remote, what).await.expect("the server lets us in")
    }

    async fn run_through(&mut self, remote: &Remote, what: &Pull) -> Result<PullReport, String> {
        let (spool, memory) = (self.spool.path(), &mut self.memory);
        let now = Timestamp::now();
        let run = pull(remote, what, spool, memory, &self.taker, now).await;
        run.map_err(|error| error.to_string())
    }

    fn there(&self, folder: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.sshd.file(folder)).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("an entry").file_name().into_string().expect("a plain name")
        };
        let mut names: Vec<String> = names.map(name).collect();
        names.sort();
        names
    }

    fn spooled(&self) -> usize {
        std::fs::read_dir(self.spool.path()).expect("a folder").count()
    }
}

fn out() -> Pull {
    Pull::new("acme", "out")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_deleted_moved_or_left_and_remembered() {
    let files: [(&str, &[u8]); 5] =
        [("b.edi", b"B"), ("a.edi", b"A"), ("c.txt", b"C"), ("d.edi.tmp", b"D"), (".e.edi", b"E")];
    let mut scene = Scene::start(&files).await;
    std::fs::create_dir(scene.sshd.file("out/f.edi")).expect("a directory");
    let left = Pull { pattern: "*.edi".parse().expect("a pattern"), after: After::Leave, ..out() };
    let report = scene.run(&left).await;
    assert!(report.ended.is_none() && report.others == 4, "{report:#?}");
    assert!(matches!(&report.files[0].result, Pulled::Taken { after: Ok(()), receipt, .. }
        if receipt.reference == "message 1"));
    assert_eq!(scene.taker.names(), ["a.edi", "b.edi"], "in the order of their names");
    assert!(scene.run(&left).await.files.is_empty(), "what is left is remembered");
    std::fs::write(scene.sshd.file("out/a.edi"), b"another").expect("a file");
    scene.run(&left).await;
    assert_eq!(scene.taker.names(), ["a.edi", "b.edi", "a.edi"], "and another file is another");
    assert_eq!(scene.spooled(), 0);

    let moved = Pull { after: After::Move(b"done".to_vec()), ..left };
    let report = scene.run(&moved).await;
    assert!(report.files.iter().all(|file| matches!(file.result, Pulled::Cleared(Ok(())))));
    assert_eq!(scene.there("done"), ["a.edi", "b.edi"]);
    assert_eq!(scene.taker.names().len(), 3, "they were taken before");
    assert!(scene.memory.taken.is_empty());

    scene.run(&out()).await;
    assert_eq!(scene.taker.names()[3..], ["c.txt"]);
    assert_eq!(scene.there("out"), [".e.edi", "d.edi.tmp", "f.edi"], "those are not whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_when_it_is_whole_by_its_rule() {
    let mut scene = Scene::start(&[("a", b"ISA")]).await;
    let still = Pull { completeness: Completeness::Still { looks: 3 }, ..out() };
    for _ in 0..2 {
        assert!(scene.run(&still).await.files.is_empty());
    }
    // What is kept over a restart.
    let seen: Vec<_> = scene.memory.looks.seen().map(|(n, f, l)| (n.to_vec(), f, l)).collect();
    scene.memory.looks = seen.into_iter().collect();
    assert_eq!(scene.run(&still).await.files.len(), 1);

    std::fs::write(scene.sshd.file("out/b"), b"ISA").expect("a file");
    let aged = Pull { completeness: Completeness::Aged { seconds: 3600 }, ..out() };
    assert!(scene.run(&aged).await.files.is_empty());
    let end = b".done".to_vec();
    let announced = Pull { completeness: Completeness::Announced { end }, ..out() };
    assert!(scene.run(&announced).await.files.is_empty());
    std::fs::write(scene.sshd.file("out/b.done"), b"").expect("a file");
    assert_eq!(scene.run(&announced).await.files.len(), 1);
    assert_eq!(scene.there("out"), [""; 0], "the announcing file goes with it");
    assert_eq!(scene.taker.names(), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_cannot_be_deleted_stays_and_is_told() {
    let mut scene = Scene::start(&[("a", b"A"), ("large", &[0; 5000])]).await;
    *scene.taker.refusal.lock().expect("a free lock") = Some("the store is full".into());
    let small = Pull { largest: 4000, ..out() };
    let report = scene.run(&small).await;
    assert!(matches!(&report.files[0].result, Pulled::Refused(r) if r.text == "the store is full"));
    assert!(matches!(
        &report.files[1].result,
        Pulled::Failed(SftpError::TooLarge { largest: 4000, .. })
    ));
    assert_eq!((scene.there("out").len(), scene.spooled()), (2, 0));

    *scene.taker.refusal.lock().expect("a free lock") = None;
    let nowhere = Pull { after: After::Move(b"nowhere".to_vec()), ..small };
    let report = scene.run(&nowhere).await;
    assert!(matches!(&report.files[0].result, Pulled::Taken { after: Err(_), .. }), "{report:#?}");
    let report = scene.run(&nowhere).await;
    assert!(matches!(&report.files[0].result, Pulled::Cleared(Err(_))), "{report:#?}");
    scene.run(&out()).await;
    assert_eq!(scene.taker.names(), ["a", "large"], "a was taken once");
    assert_eq!(scene.there("out"), [""; 0]);
}

/// Cuts the line again and again, after so many bytes each time: each file is taken, whole, and is
/// gone from the partner's only then.
#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_cut_off_lose_nothing() {
    let contents: Vec<Vec<u8>> = (0..4).map(|number| noise(number, 40_000)).collect();
    let names = ["a", "b", "c", "d"];
    for step in [9_000, 23_000, 61_000, 130_000] {
        let files: Vec<(&str, &[u8])> =
            names.iter().zip(&contents).map(|(name, bytes)| (*name, &bytes[..])).collect();
        let mut scene = Scene::start(&files).await;
        let direct = scene.sshd.remote("ed25519");
        let mut runs = 0;
        while !scene.there("out").is_empty() {
            runs += 1;
            assert!(runs < 50, "it does not get on");
            let cut_down = 4_000 + step * runs;
            let kind = Kind { cut_down, ..Kind::default() };
            let line = Line::to(([127, 0, 0, 1], direct.port).into(), kind).await;
            let remote = Remote { port: line.port, ..direct.clone() };
            let what = Pull { at_once: 2, ..out() };
            let report = scene.run_through(&remote, &what).await;
            for (name, bytes) in scene.taker.taken.lock().expect("a free lock").iter() {
                let number = names.iter().position(|other| other.as_bytes() == &name[..]);
                assert!(bytes == &contents[number.expect("a name")], "a part was taken");
            }
            let taken = scene.taker.names();
            for name in names {
                let is_there = scene.there("out").iter().any(|there| there == name);
                assert!(is_there || taken.iter().any(|taken| taken == name), "{name} is lost");
            }
            drop(report);
        }
        let mut taken = scene.taker.names();
        taken.sort();
        assert_eq!(taken, names, "each once: what was taken is remembered");
        assert_eq!(scene.spooled(), 0);
    }
}

/// A file that is longer than the line lasts comes over several runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_comes_over_several_runs() {
    let content = noise(21, 12 << 20);
    let mut scene = Scene::start(&[("long", &content)]).await;
    let direct = scene.sshd.remote("ed25519");
    let mut runs = 0;
    while !scene.there("out").is_empty() {
        runs += 1;
        let kind = Kind { cut_down: 5 << 20, ..Kind::default() };
        let line = Line::to(([127, 0, 0, 1], direct.port).into(), kind).await;
        let remote = Remote { port: line.port, ..direct.clone() };
        let _ = scene.run_through(&remote, &out()).await;
        assert!(runs < 10, "it does not get on");
    }
    assert!(scene.taker.taken.lock().expect("a free lock")[0].1 == content);
    assert!((3..=5).contains(&runs), "{runs} runs");
}

fn outgoing(contents: &[Vec<u8>]) -> Vec<Outgoing<Cursor<Vec<u8>>>> {
    let file = |(number, bytes): (usize, &Vec<u8>)| Outgoing {
        name: format!("{number}.edi").into_bytes(),
        bytes: Cursor::new(bytes.clone()),
        sha256: None,
    };
    contents.iter().enumerate().map(file).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_puts_each_file_and_tells_of_each() {
    let scene = Scene::start(&[]).await;
    let contents: Vec<Vec<u8>> = (0..20).map(|number| noise(number, 3000)).collect();
    let announced = Push { announce: Some(b".done".to_vec()), at_once: 8, ..Push::new("out") };
    let told = push(&scene.sshd.remote("ed25519"), &announced, outgoing(&contents)).await;
    let told = told.expect("the server lets us in");
    for (number, (PushedFile { name, result }, content)) in told.iter().zip(&contents).enumerate() {
        assert_eq!(*name, format!("{number}.edi").into_bytes(), "in the order given");
        assert!(matches!(result, Pushed::Put(Put { size: 3000, is_seen: true, .. })), "{result:?}");
        let path = scene.sshd.file("out").join(format!("{number}.edi"));
        assert!(std::fs::read(path).expect("it was put") == *content);
    }
    assert_eq!(scene.there("out").len(), 40, "each is announced");
    let (remote, nowhere) = (scene.sshd.remote("ed25519"), Push::new("nowhere"));
    let told = push(&remote, &nowhere, outgoing(&contents)).await.expect("the server lets us in");
    let missing = |file: &PushedFile| matches!(&file.result, Pushed::Failed(e) if e.is_missing());
    assert!(told.iter().all(missing), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_cut_off_knows_what_it_does_not_know() {
    let scene = Scene::start(&[]).await;
    let direct = scene.sshd.remote("ed25519");
    let contents: Vec<Vec<u8>> = (0..12).map(|number| noise(number, 20_000)).collect();
    let mut unknown = 0;
    for step in 0..30 {
        for name in scene.there("out") {
            std::fs::remove_file(scene.sshd.file("out").join(name)).expect("it is there");
        }
        let kind = Kind { cut_up: 5_000 + 9_000 * step, ..Kind::default() };
        let line = Line::to(([127, 0, 0, 1], direct.port).into(), kind).await;
        let remote = Remote { port: line.port, ..direct.clone() };
        let Ok(told) = push(&remote, &Push::new("out"), outgoing(&contents)).await else {
            continue;
        };
        assert_eq!(told.len(), 12);
        // OpenSSH goes on for a moment with what came before the cut.
        tokio::time::sleep(Duration::from_millis(50)).await;
        for (PushedFile { name, result }, content) in told.iter().zip(&contents) {
            let path = scene.sshd.file("out").join(String::from_utf8_lossy(name).as_ref());
            let there = std::fs::read(path).ok();
            assert!(there.as_ref().is_none_or(|there| there == content), "a part is there");
            match result {
                Pushed::Put(_) => assert!(there.is_some(), "it said it was put"),
                Pushed::NotTried | Pushed::Failed(_) => assert!(there.is_none(), "{result:?}"),
                Pushed::Unknown(_) => unknown += 1,
            }
        }
    }
    assert!(unknown > 5, "{unknown}");
}
