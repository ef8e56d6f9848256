//! How often somebody without a relation is told of: a flood must not fill the audit.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one count lasts.
const WINDOW: Duration = Duration::from_secs(60);
/// The most addresses that are counted apart.
const MOST_ADDRESSES: usize = 4096;

/// Counts what addresses do within a minute.
#[derive(Debug)]
pub(crate) struct Rate {
    most: u64,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    begin: Instant,
    seen: u64,
    untold: u64,
}

impl Rate {
    pub(crate) fn new(most: u64) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// Counts one more of this address. Gives how many were passed over since the last that was
    /// within the rate, or none if this one is over it.
    pub(crate) fn count(&self, address: IpAddr, now: Instant) -> Option<u64> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |count: &Count| now.duration_since(count.begin) >= WINDOW;
        if counts.len() >= MOST_ADDRESSES && !counts.contains_key(&address) {
            counts.retain(|_, count| !is_old(count));
            if counts.len() >= MOST_ADDRESSES {
                return None;
            }
        }
        let new = Count { begin: now, seen: 0, untold: 0 };
        let count = counts.entry(address).or_insert(new);
        if is_old(count) {
            (count.begin, count.seen) = (now, 0);
        }
        count.seen += 1;
        if count.seen > self.most {
            count.untold += 1;
            return None;
        }
        Some(std::mem::take(&mut count.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_of_by_its_number() {
        let rate = Rate::new(2);
        let now = Instant::now();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|it| it.parse().expect("an address"));
        let counted: Vec<_> = (0..5).map(|_| rate.count(one, now)).collect();
        assert_eq!(counted, [Some(0), Some(0), None, None, None]);
        assert_eq!(rate.count(other, now), Some(0));
        assert_eq!(rate.count(one, now + WINDOW), Some(3));
        assert_eq!(rate.count(one, now + WINDOW), Some(0));
    }

    #[test]
    fn many_addresses_take_no_more_room() {
        let rate = Rate::new(1);
        let now = Instant::now();
        for number in 0..10_000_u32 {
            rate.count(IpAddr::V4(number.into()), now);
        }
        assert_eq!(rate.counts.lock().expect("nobody panicked").len(), MOST_ADDRESSES);
        assert_eq!(rate.count("2001:db8::1".parse().expect("one"), now + WINDOW), Some(0));
    }
}
