//! Histories out of numbers that only look random, beside a model that is a few lists in memory.

use std::collections::BTreeMap;

use tieline_store::StoreError;
use tieline_store::change::{Change, Message, Posted};
use tieline_store::interchange::{NewInterchange, Standing};
use tieline_store::job::{Claimed, End, Filter, JobId, NewJob};
use tieline_store::message::Flow;
use tieline_store::posting::{Kind, NewPosting};
use tieline_store::{Counter, MessageId};

use crate::kit::*;

/// The xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// A job as the model has it. Its serial number is its place in the list and its detail in the store.
#[derive(Debug, Clone)]
struct Job {
    kind: &'static str,
    due: i64,
    order: Option<u64>,
    unique: Option<u64>,
    attempts: u32,
    until: Option<i64>,
    is_dead: bool,
    is_done: bool,
    id: Option<JobId>,
}

#[derive(Default)]
struct Model {
    /// Seconds since the beginning.
    now: i64,
    jobs: Vec<Job>,
    postings: BTreeMap<u64, u64>,
    /// Number and bytes of each interchange, and when.
    interchanges: Vec<(u64, u64, i64)>,
    numbers: BTreeMap<u64, (u64, u64)>,
    next_number: u64,
}

const KINDS: [&str; 3] = ["read", "check", "send"];
const LEASE: i64 = 60;

impl Model {
    /// The job of an order that is the only one to be taken: one that somebody has, else the oldest.
    fn first_of(&self, order: u64) -> Option<usize> {
        let of = |job: &&Job| job.order == Some(order) && !job.is_dead && !job.is_done;
        let mut all = (0..self.jobs.len()).filter(|place| of(&&self.jobs[*place]));
        let taken = all.clone().find(|place| self.jobs[*place].until.is_some());
        taken.or_else(|| all.next())
    }

    fn is_ready(&self, place: usize) -> bool {
        let job = &self.jobs[place];
        let is_first = job.order.is_none_or(|order| self.first_of(order) == Some(place));
        !job.is_dead && !job.is_done && is_first && job.until.unwrap_or(job.due) <= self.now
    }

    fn take(&mut self, place: usize) {
        let job = &mut self.jobs[place];
        job.attempts += 1;
        job.until = Some(self.now + LEASE);
    }

    /// The serial numbers of the jobs that a claim must give, in order.
    fn claim(&mut self, kinds: &[&str], most: usize) -> Vec<usize> {
        let mut ready: Vec<usize> = (0..self.jobs.len())
            .filter(|place| self.is_ready(*place) && kinds.contains(&self.jobs[*place].kind))
            .collect();
        ready.sort_by_key(|place| {
            let job = &self.jobs[*place];
            (job.until.unwrap_or(job.due), *place)
        });
        ready.truncate(most);
        ready.iter().for_each(|place| self.take(*place));
        ready.sort_by_key(|place| (self.jobs[*place].due, *place));
        ready
    }

    /// Writes a job, or not when its name is taken; its serial number is used up either way.
    fn write(&mut self, job: Job) {
        let same = |other: &Job| other.unique == job.unique && !other.is_dead && !other.is_done;
        let is_done = job.unique.is_some() && self.jobs.iter().any(same);
        self.jobs.push(Job { is_done, ..job });
    }
}

struct History<'a> {
    world: &'a World,
    random: Random,
    model: Model,
    message: MessageId,
    held: Vec<(usize, Claimed)>,
}

pub(crate) async fn any_history_is_the_one_that_a_model_tells(world: World) {
    let histories = std::env::var("HISTORIES").ok().and_then(|text| text.parse().ok());
    for seed in 0..histories.unwrap_or(8_u64) {
        let message = receive(&**world, b"one").await;
        let read = claim(&**world, "north", "read").await.expect("there is a job");
        world.finish(&read.lease, Change::default(), End::Done).await.expect("it ends");
        let mut history = History {
            world: &world,
            random: Random(0x9e37_79b9_7f4a_7c15 ^ (seed << 7)),
            model: Model { next_number: 1, ..Model::default() },
            message,
            held: Vec::new(),
        };
        for step in 0..150 {
            history.step(seed).await;
            if step % 10 == 9 {
                history.compare(&format!("seed {seed}, step {step}")).await;
            }
        }
        history.clear().await;
        assert_eq!(world.verify().await.expect("it can be checked"), [""; 0], "seed {seed}");
    }
}

impl History<'_> {
    async fn step(&mut self, seed: u64) {
        match self.random.below(10) {
            0 | 1 => {
                let (change, posted, standings) = self.change(seed);
                let applied = self.world.apply(change).await.expect("it is written");
                self.check(&applied, &posted, &standings);
            }
            2..=4 => self.claim().await,
            5..=7 => self.finish(seed).await,
            8 => {
                let seconds = 1 + self.random.below(40) as i64;
                self.world.pass(seconds);
                self.model.now += seconds;
            }
            _ => self.revive_or_allocate(seed).await,
        }
    }

    fn job(&mut self) -> (NewJob, Job) {
        let kind = KINDS[self.random.below(3) as usize];
        let later = [0, 0, 30][self.random.below(3) as usize];
        let (order, unique) = (self.random.below(5), self.random.below(8));
        let job = Job {
            kind,
            due: self.model.now + later,
            order: (order < 2).then_some(order),
            unique: (unique < 2).then_some(unique),
            attempts: 0,
            until: None,
            is_dead: false,
            is_done: false,
            id: None,
        };
        let serial = self.model.jobs.len().to_string();
        let new = NewJob {
            due: (later > 0).then(|| self.world.later(later)),
            order: job.order.map(|order| format!("order {order}")),
            unique: job.unique.map(|name| format!("name {name}")),
            ..detailed(kind, &serial)
        };
        (new, job)
    }

    /// A change with a job or two, a posting and an interchange, and what should come of it.
    fn change(&mut self, seed: u64) -> (Change, Vec<Option<bool>>, Vec<Standing>) {
        let mut change = Change::default();
        for _ in 0..1 + self.random.below(2) {
            let (new, job) = self.job();
            change.jobs.push(new);
            self.model.write(job);
        }
        let (reference, record) = (self.random.below(20), self.random.below(2));
        let before = self.model.postings.get(&reference).copied();
        self.model.postings.entry(reference).or_insert(record);
        change.postings.push(NewPosting {
            kind: Kind::Payment,
            flow: Flow::In,
            party: format!("bank {seed}"),
            reference: reference.to_string(),
            test: false,
            accounts: Vec::new(),
            from: None,
            until: None,
            amount: None,
            record: record.to_string().into_bytes(),
            message: Message::Known(self.message),
            interchange: None,
        });
        let (control, bytes) = (1 + self.random.below(6), self.random.below(2));
        let window = 50;
        let before_it = |same: bool| {
            let mut all = self.model.interchanges.iter();
            all.any(|(other, others, at)| {
                *other == control && (*others == bytes) == same && *at >= self.model.now - window
            })
        };
        // Only the kind of standing is told by the model; the number is the store's.
        let any = tieline_store::interchange::InterchangeId(0);
        let standing = match (before_it(true), before_it(false)) {
            (true, _) => Standing::Repeat(any),
            (_, true) => Standing::Conflict(any),
            _ => Standing::First,
        };
        self.model.interchanges.push((control, bytes, self.model.now));
        change.interchanges.push(NewInterchange {
            sender: format!("ZZ:{seed}"),
            window_from: Some(self.world.later(-window)),
            ..interchange(self.message, control, &[bytes as u8])
        });
        (change, vec![before.map(|before| before == record)], vec![standing])
    }

    fn check(
        &self,
        applied: &tieline_store::Applied,
        posted: &[Option<bool>],
        standings: &[Standing],
    ) {
        for (found, expected) in applied.postings.iter().zip(posted) {
            let found = match found {
                Posted::New(_) => None,
                Posted::Same(_) => Some(true),
                Posted::Other(_) => Some(false),
            };
            assert_eq!(found, *expected);
        }
        for ((_, found), expected) in applied.interchanges.iter().zip(standings) {
            let (found, expected) =
                (std::mem::discriminant(found), std::mem::discriminant(expected));
            assert_eq!(found, expected);
        }
    }

    async fn claim(&mut self) {
        let kinds = &KINDS[..1 + self.random.below(3) as usize];
        let most = 1 + self.random.below(4) as usize;
        let expected = self.model.claim(kinds, most);
        let node = &self.world.nodes[self.random.below(2) as usize];
        let taken = node.claim(&worker("north"), kinds, most as u32).await.expect("taken");
        let found: Vec<usize> =
            taken.iter().map(|job| job.detail.parse().expect("a serial number")).collect();
        assert_eq!(found, expected);
        for (serial, job) in found.into_iter().zip(taken) {
            assert_eq!(job.attempt, self.model.jobs[serial].attempts);
            self.model.jobs[serial].id = Some(job.lease.job);
            self.held.push((serial, job));
        }
    }

    /// Ends a job that was taken at some time, perhaps too late.
    async fn finish(&mut self, seed: u64) {
        if self.held.is_empty() {
            return;
        }
        let place = self.random.below(self.held.len() as u64) as usize;
        let (serial, taken) = self.held.swap_remove(place);
        let job = &self.model.jobs[serial];
        // Since it was taken nobody else has taken it, and it has not ended.
        let is_ours = job.until.is_some() && job.attempts == taken.attempt && !job.is_done;
        if !is_ours || self.random.below(6) == 0 {
            let lease = tieline_store::job::Lease {
                token: taken.lease.token - i64::from(is_ours),
                ..taken.lease
            };
            let late = self.world.finish(&lease, Change::default(), End::Done).await;
            assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
            if is_ours {
                self.held.push((serial, taken));
            }
            return;
        }
        let (due, reason) = (self.model.now + 20, "failed".to_string());
        let job = &mut self.model.jobs[serial];
        job.until = None;
        let end = match self.random.below(5) {
            0 => {
                job.due = due;
                End::Again { due: self.world.later(20), reason }
            }
            1 => {
                job.is_dead = true;
                End::Dead { reason }
            }
            2 => {
                job.is_done = true;
                End::Next(0)
            }
            _ => {
                job.is_done = true;
                End::Done
            }
        };
        let next = self.model.jobs.len();
        let (change, posted, standings) = self.change(seed);
        let goes_on = end == End::Next(0) && self.model.is_ready(next);
        let applied = self.world.finish(&taken.lease, change, end).await.expect("it is written");
        self.check(&applied, &posted, &standings);
        assert_eq!(applied.next.is_some(), goes_on, "goes on with {next}");
        if let Some(job) = applied.next {
            self.model.take(next);
            self.model.jobs[next].id = Some(job.lease.job);
            self.held.push((next, job));
        }
    }

    async fn revive_or_allocate(&mut self, seed: u64) {
        let dead: Vec<usize> =
            (0..self.model.jobs.len()).filter(|place| self.model.jobs[*place].is_dead).collect();
        if dead.is_empty() || self.random.below(2) == 0 {
            let purpose = self.random.below(30);
            let count = 1 + purpose % 3;
            let next = self.model.next_number;
            let (first, _) = *self.model.numbers.entry(purpose).or_insert((next, count));
            if first == next {
                self.model.next_number += count;
            }
            let counter =
                Counter { partner: format!("bank {seed}"), kind: "GS06".to_string(), last: 99_999 };
            let given = self.world.allocate(&counter, &purpose.to_string(), count as u32).await;
            assert_eq!(given.expect("there are numbers"), first);
            return;
        }
        let place = dead[self.random.below(dead.len() as u64) as usize];
        let job = self.model.jobs[place].clone();
        let same = |other: &Job| other.unique == job.unique && !other.is_dead && !other.is_done;
        if job.unique.is_none() || !self.model.jobs.iter().any(same) {
            let now = self.model.now;
            self.model.jobs[place] =
                Job { is_dead: false, attempts: 0, due: now, until: None, ..job.clone() };
        }
        let revived = vec![job.id.expect("it was taken before it died")];
        let change = Change { revived, ..Change::default() };
        self.world.apply(change).await.expect("it is written");
        // Attempts begin anew, so what was taken before must be told by its token.
        self.held.retain(|(serial, _)| *serial != place);
    }

    /// All jobs that are not done, as the store and the model have them.
    async fn compare(&self, when: &str) {
        let found = self.world.jobs(&Filter::default(), 9999).await.expect("read");
        let mut found: Vec<_> = found
            .into_iter()
            .map(|job| {
                let serial: usize = job.detail.parse().expect("a serial number");
                (serial, job.attempts, job.lease.is_some(), job.dead)
            })
            .collect();
        found.sort_unstable();
        let expected: Vec<_> = (0..self.model.jobs.len())
            .filter(|place| !self.model.jobs[*place].is_done)
            .map(|place| {
                let job = &self.model.jobs[place];
                (place, job.attempts, job.until.is_some(), job.is_dead)
            })
            .collect();
        assert_eq!(found, expected, "{when}");
    }

    /// Ends every job, so that the next history finds none.
    async fn clear(&mut self) {
        for _ in 0..5000 {
            let jobs = self.world.jobs(&Filter::default(), 9999).await.expect("read");
            if jobs.is_empty() {
                return;
            }
            let dead = jobs.iter().filter(|job| job.dead).map(|job| job.id).collect();
            let change = Change { revived: dead, ..Change::default() };
            self.world.apply(change).await.expect("it is written");
            self.world.pass(LEASE + 1);
            for job in self.world.claim(&worker("south"), &KINDS, 99).await.expect("taken") {
                let end = self.world.finish(&job.lease, Change::default(), End::Done).await;
                end.expect("it ends");
            }
        }
        panic!("the jobs do not come to an end");
    }
}
