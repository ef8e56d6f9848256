//! Histories of messages, and a small model that says what has to come of them.
//!
//! Each payment is sent one to five times, among them with other bytes under its number and in another
//! interchange, as a test or in production, in any order; the bank also sends 997s, which nobody may
//! answer; and between any two the program may end or start anew. The model counts, for each control
//! number, the versions of its bytes: the first is posted and answered, another is held and refused by
//! a TA1, and what came before is answered again with what was answered before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use jiff::SignedDuration;
use tieline_gateway::worker;
use tieline_store::interchange::Standing;
use tieline_store::job::Worker;
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::options::ToldClock;
use tieline_store::posting::{self, Posting, PostingId};
use tieline_store::{MessageId, State};

use crate::common::{Database, Gateway};
use crate::hooked::{Fate, Hooked};
use crate::once::{BANK, Random, payment, say, told};

/// How many histories there are; `HISTORIES` in the environment says another number.
const HISTORIES: u64 = 60;
/// Where the random numbers begin; `SEED` in the environment says another place.
const SEED: u64 = 0x2545_F491_4F6C_DD1D;

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Happens {
    /// A file comes.
    Comes(File),
    /// The workers do what is due.
    Work,
    /// The program ends when it has called the store so often, and starts again.
    Ends { after: u32 },
    /// A worker takes a job and is never heard of again.
    Vanishes,
}

/// A file of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum File {
    /// A payment, as a test or not, in one of its versions.
    Payment { number: u32, test: bool, version: u32 },
    /// The same payment in an interchange of another number.
    Renumbered { number: u32 },
    /// An acknowledgment of what was never sent.
    Acknowledgment { number: u32 },
}

impl File {
    /// The control number, and whose it is.
    fn key(self) -> (u32, bool) {
        match self {
            File::Payment { number, test, .. } => (number, test),
            File::Renumbered { number } => (3_000_000 + number, false),
            File::Acknowledgment { number } => (6_000_000 + number, false),
        }
    }

    fn bytes(self) -> String {
        match self {
            File::Payment { number, test, version } => {
                let plain = payment(number);
                // Nothing that is posted differs, so that whichever comes first is the payment.
                let plain = plain.replace("*260414*0615*", &format!("*260414*061{}*", 5 + version));
                match test {
                    true => plain
                        .replace("REDRIVERBANK   ", "REDRIVERTEST   ")
                        .replace("*01*0055500010000  *", "*01*0055500010000T *")
                        .replace("*0*P*:", "*0*T*:"),
                    false => plain,
                }
            }
            File::Renumbered { number } => {
                let (old, new) = (100_000 + number, 3_000_000 + number);
                payment(number)
                    .replace(&format!("{old:09}"), &format!("{new:09}"))
                    .replace(&format!("*{old}*X*"), &format!("*{new}*X*"))
                    .replace(&format!("GE*1*{old}"), &format!("GE*1*{new}"))
            }
            File::Acknowledgment { number } => acknowledgment(6_000_000 + number),
        }
    }
}

fn acknowledgment(control: u32) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*REDRIVERBANK   *01*0055500010000  *260502*0600*U*00401*\
         {control:09}*0*P*:~GS*FA*REDRIVERBANK*0055500010000*20260502*0600*7*X*004010~ST*997*0001~\
         AK1*FA*9~AK9*A*1*1*1~SE*4*0001~GE*1*7~IEA*1*{control:09}~"
    )
}

/// A history of up to three payments, whose numbers nothing else has.
fn history(first: u32, random: &mut Random, faults: bool) -> Vec<Happens> {
    let mut happens = Vec::new();
    for number in first..=first + random.below(3) as u32 {
        let test = random.below(3) == 0;
        for _ in 0..=random.below(5) {
            let version = u32::from(random.below(5) == 0);
            happens.push(Happens::Comes(File::Payment { number, test, version }));
        }
        if random.below(3) == 0 {
            happens.push(Happens::Comes(File::Renumbered { number }));
        }
        for _ in 0..random.below(3) {
            happens.push(Happens::Comes(File::Acknowledgment { number }));
        }
    }
    for _ in 0..random.below(4) {
        happens.push(match random.below(3) {
            1 if faults => Happens::Ends { after: random.below(40) as u32 },
            2 if faults => Happens::Vanishes,
            _ => Happens::Work,
        });
    }
    random.shuffle(&mut happens);
    happens
}

/// A gateway that goes through histories, one after the other.
struct Walk {
    gateway: Gateway,
    clock: ToldClock,
    /// What earlier histories came to.
    before: (Option<MessageId>, Option<PostingId>),
}

impl Walk {
    async fn happen(&self, happens: &Happens) {
        match happens {
            Happens::Comes(file) => {
                self.gateway.receive(BANK, "file.edi", &file.bytes()).await;
            }
            Happens::Work => self.gateway.work().await,
            Happens::Ends { after } => self.end(*after).await,
            Happens::Vanishes => {
                let worker = Worker { name: "gone/1".to_string(), lease: 60 };
                let kinds = ["read", "check", "post", "deliver"];
                self.gateway.store().claim(&worker, &kinds, 1).await.expect("the store works");
            }
        }
    }

    async fn end(&self, after: u32) {
        let calls = AtomicU32::new(0);
        let hook = move |_| match calls.fetch_add(1, Ordering::SeqCst) == after {
            true => Fate::EndsAfter,
            false => Fate::Done,
        };
        let mut ended = None;
        let node = self.gateway.wrapped("node one", |store| {
            let hooked = Hooked::around(store, Box::new(hook));
            ended = Some(hooked.ended());
            Arc::new(hooked)
        });
        let ended = ended.expect("it was wrapped");
        tokio::select! {
            done = worker::run_due(&node.house) => drop(done.expect("the store works")),
            () = ended.notified() => {}
        }
        self.gateway.store().end_leases("node one").await.expect("the store works");
    }

    /// What a history brought: messages and postings that were not there before.
    async fn go(&mut self, history: &[Happens]) -> (Vec<Message>, Vec<Posting>) {
        for happens in history {
            self.happen(happens).await;
        }
        for _ in 0..3 {
            self.gateway.work().await;
            self.clock.advance(SignedDuration::from_secs(61));
        }
        let store = self.gateway.store();
        let mut all = store.messages(&Filter::default(), None, 500).await.expect("the store works");
        all.retain(|it| self.before.0.is_none_or(|before| it.id > before));
        let filter = posting::Filter::default();
        let posted = store.postings(&filter, self.before.1, 500).await.expect("the store works");
        let latest = all.first().map(|it| it.id);
        self.before = (latest.or(self.before.0), posted.last().map(|it| it.id).or(self.before.1));
        (all, posted)
    }

    async fn check(&mut self, history: &[Happens]) {
        let (messages, posted) = self.go(history).await;
        let jobs = self.gateway.store().jobs(&Default::default(), 9).await;
        assert_eq!(jobs.expect("the store works"), [], "nothing is left to do");
        let is_calm = history.iter().all(|it| matches!(it, Happens::Comes(_) | Happens::Work));
        let files: Vec<File> = history
            .iter()
            .filter_map(|it| if let Happens::Comes(file) = it { Some(*file) } else { None })
            .collect();
        let model = Model::of(&files);

        let references: BTreeSet<_> = posted.iter().map(|it| (&it.reference, it.test)).collect();
        assert_eq!((references.len(), posted.len()), (model.effects, model.effects), "effects");
        let (mut came, sent): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|it| it.flow == Flow::In);
        came.reverse();
        let states = came.iter().fold(BTreeMap::new(), |mut states, it| {
            *states.entry(it.state.word()).or_insert(0) += 1;
            states
        });
        assert_eq!(states, model.states, "states");
        let firsts = sent.iter().filter(|it| it.same_as.is_none()).count();
        let again = sent.len() - firsts;
        assert_eq!(firsts, model.answers, "answers");
        assert!(again <= model.again, "{again} answers again, at most {}", model.again);
        assert!(!is_calm || again == model.again, "{again} answers again, not {}", model.again);
        assert!(sent.iter().all(|it| it.state == State::Sent), "all of it was sent");
        self.each_answer_fits(&came).await;
    }

    /// That a first and a conflict have one answer of their own, and a 997 has none.
    async fn each_answer_fits(&self, came: &[Message]) {
        let store = self.gateway.store();
        for message in came {
            for it in store.interchanges(message.id).await.expect("the store works") {
                let answers = store.answers(it.id).await.expect("the store works");
                let mut own = 0;
                for answer in answers {
                    let answer = self.gateway.message(answer).await;
                    own += usize::from(answer.same_as.is_none());
                }
                let is_answered =
                    !it.content.starts_with("997") && !matches!(it.standing, Standing::Repeat(_));
                assert_eq!(own, usize::from(is_answered), "{} of {}", it.id, it.content);
            }
        }
    }
}

/// What has to come of files.
#[derive(Debug, Default)]
struct Model {
    states: BTreeMap<&'static str, usize>,
    effects: usize,
    answers: usize,
    again: usize,
}

impl Model {
    fn of(files: &[File]) -> Model {
        let mut model = Model::default();
        let mut numbers: BTreeMap<(u32, bool), Vec<File>> = BTreeMap::new();
        let mut payments = BTreeSet::new();
        for file in files {
            let earlier = numbers.entry(file.key()).or_default();
            let is_997 = matches!(file, File::Acknowledgment { .. });
            let state = match (earlier.contains(file), earlier.is_empty()) {
                (true, _) => State::Repeat,
                (false, true) => State::Posted,
                (false, false) => State::Held,
            };
            *model.states.entry(state.word()).or_default() += 1;
            if !is_997 {
                model.answers += usize::from(state != State::Repeat);
                model.again += usize::from(state == State::Repeat);
            }
            if let (State::Posted, File::Payment { number, test, .. }) = (state, *file) {
                payments.insert((number, test));
            }
            if let (State::Posted, File::Renumbered { number }) = (state, *file) {
                payments.insert((number, false));
            }
            earlier.push(*file);
        }
        model.effects = payments.len();
        model
    }
}

async fn histories(on: Database, count: u64, seed: u64) {
    let (gateway, clock) = crate::due::gateway(on).await;
    let mut walk = Walk { gateway, clock, before: (None, None) };
    let mut random = Random(seed);
    for n in 0..count {
        let history = history(1 + 3 * n as u32, &mut random, n % 2 == 1);
        say_when_it_breaks(n, seed, &history, walk.check(&history)).await;
    }
}

/// Walks, and says which history it was if that panics.
async fn say_when_it_breaks(
    n: u64,
    seed: u64,
    history: &[Happens],
    walk: impl Future<Output = ()>,
) {
    struct Said<'h>(u64, u64, &'h [Happens]);
    impl Drop for Said<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                say(&format!("history {} of seed {}: {:#?}", self.0, self.1, self.2));
            }
        }
    }
    let _said = Said(n, seed, history);
    walk.await;
}

pub(crate) async fn every_history_comes_to_what_the_model_says(on: Database) {
    let usual = if on == Database::Sqlite { HISTORIES } else { HISTORIES / 4 };
    let (count, seed) = (told("HISTORIES", usual), told("SEED", SEED));
    let start = Instant::now();
    histories(on, count, seed).await;
    say(&format!("{on:?}, seed {seed}: {count} histories, no rule broken, {:?}", start.elapsed()));
}
