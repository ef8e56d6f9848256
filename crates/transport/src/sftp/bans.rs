//! Who is kept out for a while: addresses and accounts with too many wrong logins.
//!
//! The server asks and tells a [`Bans`]; where they are kept is behind it, so that several nodes can
//! share them. [`MemoryBans`] keeps them in memory, for one node.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::sftp::account::Network;

/// What a [`Bans`] gives: it may have to ask a store.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps count of wrong logins, and says who is kept out.
pub trait Bans: fmt::Debug + Send + Sync + 'static {
    /// Whether a connection from this address is served. Asked before a byte is sent.
    fn admit(&self, address: IpAddr, now: Timestamp) -> Answer<'_, bool>;

    /// Whether this name may log in from this address. Who may not is refused in the same words and
    /// the same time as with a wrong password.
    fn may_log_in<'a>(
        &'a self,
        address: IpAddr,
        account: &'a str,
        now: Timestamp,
    ) -> Answer<'a, bool>;

    /// A login was refused. It is not told for those who were not allowed to try.
    fn refused<'a>(&'a self, address: IpAddr, account: &'a str, now: Timestamp) -> Answer<'a, ()>;

    /// Somebody logged in.
    fn succeeded<'a>(&'a self, address: IpAddr, account: &'a str, now: Timestamp)
    -> Answer<'a, ()>;
}

/// When somebody is kept out, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanRules {
    /// Wrong logins of an address within the window that ban it.
    pub address_failures: u32,
    /// Wrong logins to an account within the window that ban it, from all addresses together.
    /// Addresses from which it logged in before stay welcome, so that a stranger cannot lock a
    /// partner out.
    pub account_failures: u32,
    /// How long a wrong login counts.
    pub window: Duration,
    /// How long the first ban lasts. Each that follows within a day of the one before lasts twice as
    /// long.
    pub first: Duration,
    /// How long a ban lasts at most.
    pub longest: Duration,
    /// Connections of one address in a minute.
    pub connections: u32,
    /// Networks that are never kept out: our own, and those of monitoring.
    pub never: Vec<Network>,
}

impl Default for BanRules {
    /// Ten wrong logins of an address or fifty to an account in ten minutes; fifteen minutes at
    /// first, a day at most; sixty connections a minute.
    fn default() -> Self {
        Self {
            address_failures: 10,
            account_failures: 50,
            window: Duration::from_secs(600),
            first: Duration::from_secs(900),
            longest: Duration::from_secs(86_400),
            connections: 60,
            never: Vec::new(),
        }
    }
}

/// Who is kept out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Banned {
    /// Everybody at this address; the first 64 bits of one of IPv6.
    Address(IpAddr),
    /// This account, from where it was never seen.
    Account(String),
}

/// One ban.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub who: Banned,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Wrong logins that led to it.
    pub failures: u32,
}

/// Bans in the memory of one node. They end with it.
#[derive(Debug, Default)]
pub struct MemoryBans {
    rules: BanRules,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    records: HashMap<Banned, Record>,
    /// Connections of an address in the minute that began then.
    connections: HashMap<IpAddr, (Timestamp, u32)>,
    /// Where accounts logged in from.
    known: HashMap<String, BTreeSet<IpAddr>>,
}

/// What is known of an address or an account.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    failures: u32,
    /// The first and the last failure that count.
    since: Timestamp,
    last: Timestamp,
    until: Option<Timestamp>,
    /// Bans in a row.
    bans: u32,
}

/// Most records that are kept. Past that, those that are longest quiet go first.
const MOST: usize = 100_000;
/// Most addresses that are known of one account.
const MOST_KNOWN: usize = 64;

impl MemoryBans {
    /// Bans by these rules.
    pub fn new(rules: BanRules) -> Self {
        Self { rules, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bans that are in force, in order.
    pub fn list(&self, now: Timestamp) -> Vec<Ban> {
        let kept = self.kept();
        let bans = kept.records.iter().filter_map(|(who, record)| {
            let until = record.until.filter(|until| now < *until)?;
            Some(Ban { who: who.clone(), until, failures: record.failures })
        });
        let mut bans: Vec<Ban> = bans.collect();
        bans.sort_by(|one, other| one.who.cmp(&other.who));
        bans
    }

    /// Lifts a ban and forgets what led to it; says whether there was one.
    pub fn lift(&self, who: &Banned, now: Timestamp) -> bool {
        let who = match who {
            Banned::Address(address) => Banned::Address(counted(*address)),
            Banned::Account(_) => who.clone(),
        };
        let record = self.kept().records.remove(&who);
        record.is_some_and(|record| record.until.is_some_and(|until| now < until))
    }

    fn is_never(&self, address: IpAddr) -> bool {
        self.rules.never.iter().any(|network| network.contains(address))
    }

    fn is_banned(kept: &Kept, who: &Banned, now: Timestamp) -> bool {
        let until = kept.records.get(who).and_then(|record| record.until);
        until.is_some_and(|until| now < until)
    }

    fn admit_now(&self, address: IpAddr, now: Timestamp) -> bool {
        if self.is_never(address) {
            return true;
        }
        let (mut kept, address) = (self.kept(), counted(address));
        if Self::is_banned(&kept, &Banned::Address(address), now) {
            return false;
        }
        let minute = Duration::from_secs(60);
        if kept.connections.len() >= MOST {
            kept.connections.retain(|_, (since, _)| now < after(*since, minute));
            if kept.connections.len() >= MOST {
                kept.connections.clear();
            }
        }
        let (since, count) = kept.connections.entry(address).or_insert((now, 0));
        if after(*since, minute) <= now {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= self.rules.connections
    }

    fn may_log_in_now(&self, address: IpAddr, account: &str, now: Timestamp) -> bool {
        if self.is_never(address) {
            return true;
        }
        let (kept, address) = (self.kept(), counted(address));
        let is_known = kept.known.get(account).is_some_and(|known| known.contains(&address));
        !Self::is_banned(&kept, &Banned::Address(address), now)
            && (is_known || !Self::is_banned(&kept, &Banned::Account(account.into()), now))
    }

    fn refused_now(&self, address: IpAddr, account: &str, now: Timestamp) {
        if self.is_never(address) {
            return;
        }
        let (mut kept, address) = (self.kept(), counted(address));
        if kept.records.len() >= MOST {
            kept.forget(now, self.rules.window);
        }
        let counts = [
            (Banned::Address(address), self.rules.address_failures),
            (Banned::Account(account.into()), self.rules.account_failures),
        ];
        for (who, most) in counts {
            self.count(kept.records.entry(who).or_default(), most, now);
        }
    }

    fn count(&self, record: &mut Record, most: u32, now: Timestamp) {
        if record.until.is_some_and(|until| now < until) {
            // Another connection of a moment ago: the ban is as long as it is.
            return;
        }
        let was_banned = record.until.is_some_and(|until| record.last < until);
        if record.failures == 0 || was_banned || after(record.since, self.rules.window) <= now {
            (record.failures, record.since) = (0, now);
        }
        record.failures = record.failures.saturating_add(1);
        record.last = now;
        if record.failures < most {
            return;
        }
        let day = Duration::from_secs(86_400);
        let is_again = record.until.is_some_and(|until| now < after(until, day));
        record.bans = if is_again { record.bans.saturating_add(1) } else { 1 };
        let doubled = 1_u32.checked_shl(record.bans - 1).unwrap_or(u32::MAX);
        let length = self.rules.first.saturating_mul(doubled).min(self.rules.longest);
        record.until = Some(after(now, length));
    }

    fn succeeded_now(&self, address: IpAddr, account: &str) {
        let (mut kept, address) = (self.kept(), counted(address));
        // Earlier slips of the same people do not count any more; a ban of others stays.
        if let Some(record) = kept.records.get_mut(&Banned::Address(address)) {
            record.failures = 0;
        }
        let known = kept.known.entry(account.into()).or_default();
        if known.len() < MOST_KNOWN {
            known.insert(address);
        }
    }
}

impl Kept {
    /// Makes room: what does not count any more goes, and if that is not enough, the quietest half.
    fn forget(&mut self, now: Timestamp, window: Duration) {
        let day = Duration::from_secs(86_400);
        self.records.retain(|_, record| {
            now < after(record.last, window)
                || record.until.is_some_and(|end| now < after(end, day))
        });
        if self.records.len() >= MOST {
            let mut quiet: Vec<Timestamp> =
                self.records.values().map(|record| record.last).collect();
            quiet.sort();
            let middle = quiet[quiet.len() / 2];
            self.records.retain(|_, record| record.last > middle);
        }
    }
}

impl Bans for MemoryBans {
    fn admit(&self, address: IpAddr, now: Timestamp) -> Answer<'_, bool> {
        Box::pin(async move { self.admit_now(address, now) })
    }

    fn may_log_in<'a>(
        &'a self,
        address: IpAddr,
        account: &'a str,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(async move { self.may_log_in_now(address, account, now) })
    }

    fn refused<'a>(&'a self, address: IpAddr, account: &'a str, now: Timestamp) -> Answer<'a, ()> {
        Box::pin(async move { self.refused_now(address, account, now) })
    }

    fn succeeded<'a>(
        &'a self,
        address: IpAddr,
        account: &'a str,
        _now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(async move { self.succeeded_now(address, account) })
    }
}

fn after(instant: Timestamp, length: Duration) -> Timestamp {
    let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
    instant.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// The address as it is counted: one household has 2^64 addresses of IPv6.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "192.0.2.1";
    const B: &str = "192.0.2.2";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("an instant")
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn bans() -> MemoryBans {
        MemoryBans::new(BanRules {
            address_failures: 3,
            account_failures: 5,
            window: Duration::from_secs(100),
            first: Duration::from_secs(1000),
            longest: Duration::from_secs(3000),
            connections: 4,
            never: vec!["198.51.100.0/24".parse().expect("a network")],
        })
    }

    fn fail(bans: &MemoryBans, from: &str, account: &str, times: usize, second: i64) {
        for _ in 0..times {
            bans.refused_now(address(from), account, at(second));
        }
    }

    #[test]
    fn an_address_is_banned_for_longer_each_time_and_others_are_not() {
        let bans = bans();
        let may = |from: &str, second| bans.admit_now(address(from), at(second));
        fail(&bans, A, "x", 2, 0);
        fail(&bans, A, "y", 1, 100);
        assert!(may(A, 100), "the first two do not count any more");
        fail(&bans, A, "y", 2, 110);
        assert!(!may(A, 110) && may(B, 110) && !may("::ffff:192.0.2.1", 110));
        fail(&bans, A, "y", 9, 500);
        assert!(!may(A, 1109) && may(A, 1110), "more failures do not lengthen it");
        fail(&bans, A, "y", 3, 1200);
        assert!(!may(A, 3199) && may(A, 3200), "twice as long");
        fail(&bans, A, "y", 3, 3300);
        assert!(!may(A, 6299) && may(A, 6300), "and the longest");
        assert_eq!(bans.list(at(6000)).len(), 1);
        assert!(bans.lift(&Banned::Address(address(A)), at(6000)));
        assert!(may(A, 6001) && bans.list(at(6001)).is_empty());
        assert!(!bans.lift(&Banned::Address(address(A)), at(6002)));
    }

    #[test]
    fn a_good_login_clears_slips_and_does_not_lengthen_a_ban() {
        let bans = bans();
        fail(&bans, A, "x", 2, 0);
        bans.succeeded_now(address(A), "x");
        fail(&bans, A, "x", 2, 1);
        assert!(bans.may_log_in_now(address(A), "x", at(1)));
        fail(&bans, A, "x", 1, 2);
        let until = bans.list(at(3))[0].until;
        bans.succeeded_now(address(A), "x");
        assert_eq!(bans.list(at(3))[0].until, until);
    }

    #[test]
    fn a_stranger_cannot_lock_a_partner_out() {
        let bans = bans();
        bans.succeeded_now(address(A), "acme");
        for (number, second) in [(3, 0), (4, 0), (5, 0), (6, 0), (7, 0)] {
            fail(&bans, &format!("203.0.113.{number}"), "acme", 1, second);
        }
        assert!(!bans.may_log_in_now(address(B), "acme", at(1)), "from elsewhere it is banned");
        assert!(bans.may_log_in_now(address(A), "acme", at(1)), "from where it always comes not");
        assert!(bans.may_log_in_now(address(B), "other", at(1)));
    }

    #[test]
    fn monitoring_is_never_banned_and_the_rate_of_others_is_bounded() {
        let bans = bans();
        let probe = "198.51.100.7";
        fail(&bans, probe, "x", 100, 0);
        for _ in 0..100 {
            assert!(bans.admit_now(address(probe), at(0)));
        }
        let admitted = (0..10).filter(|_| bans.admit_now(address(A), at(0))).count();
        assert_eq!(admitted, 4);
        assert!(!bans.admit_now(address(A), at(59)) && bans.admit_now(address(A), at(60)));
    }

    #[test]
    fn memory_is_bounded() {
        let bans = bans();
        for number in 0..200_000_u32 {
            let from = IpAddr::from(number.to_be_bytes());
            bans.refused_now(from, "x", at(i64::from(number / 10_000)));
        }
        assert!(bans.kept().records.len() <= MOST + 1);
        let one = address("2001:db8::1");
        fail(&bans, "2001:db8::2", "z", 3, 30);
        assert!(!bans.admit_now(one, at(30)), "the same network");
    }
}
