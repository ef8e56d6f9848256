//! Documents by number, and the rules that hold whatever happened on the way: each has its effect once
//! and its answer once, under a number that nothing else has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use tieline_store::message::{Filter, Flow, Message};
use tieline_store::{State, posting};

use crate::common::{Gateway, sample, segments};

pub(crate) const BANK: &str = "redriver-bank";

/// The payment of this number, under control numbers and a trace number of its own.
pub(crate) fn payment(number: u32) -> String {
    let number = 100_000 + number;
    sample("820/ach-ctx-many-accounts.edi")
        .replace("000000615", &format!("{number:09}"))
        .replace("*615*X*", &format!("*{number}*X*"))
        .replace("GE*1*615", &format!("GE*1*{number}"))
        .replace("R0000615", &format!("R{number:07}"))
}

/// Random numbers that are the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// Puts things into another order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            things.swap(last, other);
        }
    }
}

/// A number of the environment, or the usual one.
pub(crate) fn told(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

/// Says what was seen, for people.
pub(crate) fn say(what: &str) {
    let _ = std::io::stderr().write_all(format!("{what}\n").as_bytes());
}

impl Gateway {
    /// Every message that goes one way.
    pub(crate) async fn all(&self, flow: Flow) -> Vec<Message> {
        let filter = Filter { flow: Some(flow), ..Filter::default() };
        self.store().messages(&filter, None, 100_000).await.expect("the store works")
    }

    /// Whether nothing is left to do.
    pub(crate) async fn is_idle(&self) -> bool {
        let jobs = self.store().jobs(&Default::default(), 1).await;
        jobs.is_ok_and(|jobs| jobs.is_empty())
    }

    /// That each of `count` payments, which came as `copies` files, was posted once and answered once.
    pub(crate) async fn each_payment_once(&self, count: usize, copies: usize) {
        let jobs = self.store().jobs(&Default::default(), 100).await.expect("the store works");
        assert_eq!(jobs, [], "nothing is left to do");
        assert_eq!(self.store().verify().await.expect("the store works"), Vec::<String>::new());
        let all = posting::Filter::default();
        let posted = self.store().postings(&all, None, 100_000).await.expect("the store works");
        let references: BTreeSet<_> = posted.iter().map(|it| it.reference.clone()).collect();
        assert_eq!((references.len(), posted.len()), (count, count), "each is posted once");

        let came = self.all(Flow::In).await;
        assert_eq!(came.len(), copies, "each file is there");
        let is = |state: State| came.iter().filter(|it| it.state == state).count();
        assert_eq!((is(State::Posted), is(State::Repeat)), (count, copies - count));

        let sent = self.all(Flow::Out).await;
        assert!(sent.iter().all(|it| it.state == State::Sent), "{sent:?}");
        let first = sent.iter().filter(|it| it.same_as.is_none()).count();
        assert_eq!(first, count, "each has an answer of its own");
        assert!(sent.len() <= copies, "a repeat gets the answer again, and no other");
        self.each_answer_has_its_number(count);
    }

    /// That `count` groups are answered in the bank's mailbox, each under numbers of its own.
    fn each_answer_has_its_number(&self, count: usize) {
        let mut groups: BTreeMap<String, String> = BTreeMap::new();
        let mut numbers = BTreeSet::new();
        for (name, answer) in self.mailbox(BANK, "outbound") {
            let isa = segments(&answer, "ISA")[0].split('*').nth(13).expect("a number").to_string();
            assert!(numbers.insert(isa), "{name} has the number of another");
            let group = segments(&answer, "AK1")[0].to_string();
            let earlier = groups.insert(group, name.clone());
            assert_eq!(earlier, None, "{name} answers what was answered");
        }
        assert_eq!(groups.len(), count);
    }
}
