//! When to try again, and when to leave a partner alone: pure rules that know no clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long is waited between tries, and when there is an end to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait. Each is twice the one before it until then.
    pub longest: Duration,
    /// Tries in all. After so many failures there is no other.
    pub tries: u32,
    /// How far a wait may be off, in hundredths of it, 100 at most: so that many that failed
    /// together do not come back together.
    pub jitter_percent: u8,
}

impl Default for Backoff {
    /// Eight tries, 30 s after the first, an hour at most, a quarter off: some 70 minutes in all.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(30),
            longest: Duration::from_secs(3600),
            tries: 8,
            jitter_percent: 25,
        }
    }
}

impl Backoff {
    /// How long to wait after so many failures, or none if it is to be given up. `random` is any
    /// number, each as likely as any other.
    pub fn wait(&self, failures: u32, random: u32) -> Option<Duration> {
        if failures == 0 {
            return Some(Duration::ZERO);
        }
        if failures >= self.tries {
            return None;
        }
        let doubled = 1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX);
        let wait = self.first.saturating_mul(doubled).min(self.longest);
        let jitter = u128::from(self.jitter_percent.min(100));
        // From 100 - jitter to 100 + jitter hundredths.
        let share = 2 * jitter * u128::from(random) / u128::from(u32::MAX);
        let millis = wait.as_millis().saturating_mul(100 - jitter + share) / 100;
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }
}

/// Leaves a partner alone after several failures in a row, and lets one try through now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row after which it opens.
    pub limit: u32,
    /// How long nobody tries then.
    pub rest: Duration,
    failures: u32,
    opened: Option<Timestamp>,
}

impl Default for Breaker {
    /// Opens after five failures for five minutes.
    fn default() -> Self {
        Self::new(5, Duration::from_secs(300))
    }
}

impl Breaker {
    /// A breaker that is closed: all may try.
    pub fn new(limit: u32, rest: Duration) -> Self {
        Self { limit, rest, failures: 0, opened: None }
    }

    /// One as it was kept: failures in a row, and when it opened last, if it is open.
    pub fn restored(self, failures: u32, opened: Option<Timestamp>) -> Self {
        Self { failures, opened, ..self }
    }

    /// What is to be kept of it: failures in a row, and when it opened last, if it is open.
    pub fn kept(&self) -> (u32, Option<Timestamp>) {
        (self.failures, self.opened)
    }

    /// Asks whether to try now. While it is open one may try after each rest, and the others wait
    /// for the next.
    ///
    /// # Errors
    ///
    /// The instant before which nobody may try.
    pub fn try_now(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let Some(opened) = self.opened else { return Ok(()) };
        let rest = SignedDuration::try_from(self.rest).unwrap_or(SignedDuration::MAX);
        let until = opened.checked_add(rest).unwrap_or(Timestamp::MAX);
        if now < until {
            return Err(until);
        }
        self.opened = Some(now);
        Ok(())
    }

    /// A try succeeded: it closes.
    pub fn succeeded(&mut self) {
        (self.failures, self.opened) = (0, None);
    }

    /// A try failed for a reason of the partner or of the line. A refusal of one file is none.
    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.limit {
            self.opened = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let backoff = Backoff {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(60),
            tries: 6,
            jitter_percent: 0,
        };
        let waits: Vec<_> = (0..8).map(|failures| backoff.wait(failures, 7)).collect();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let expected = [0, 10, 20, 40, 60, 60].map(seconds);
        assert_eq!(waits[..6], expected);
        assert_eq!(waits[6..], [None, None]);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let backoff = Backoff { jitter_percent: 25, tries: u32::MAX, ..Backoff::default() };
        let of = |random| backoff.wait(1, random).expect("there is no end");
        assert_eq!(of(0), Duration::from_millis(22_500));
        assert_eq!(of(u32::MAX), Duration::from_millis(37_500));
        assert!((29_000..31_000).contains(&of(u32::MAX / 2).as_millis()));
        for failures in [1, 20, 33, u32::MAX - 1] {
            assert!(backoff.wait(failures, u32::MAX).expect("a wait") <= backoff.longest * 5 / 4);
        }
    }

    #[test]
    fn a_breaker_opens_rests_and_lets_one_through() {
        let at = |seconds| Timestamp::from_second(seconds).expect("an instant");
        let mut breaker = Breaker::new(3, Duration::from_secs(100));
        for second in 0..2 {
            assert_eq!(breaker.try_now(at(second)), Ok(()));
            breaker.failed(at(second));
        }
        breaker.succeeded();
        for second in 10..13 {
            assert_eq!(breaker.try_now(at(second)), Ok(()), "two before do not count any more");
            breaker.failed(at(second));
        }
        assert_eq!(breaker.try_now(at(111)), Err(at(112)));
        let (failures, opened) = breaker.kept();
        let mut breaker = Breaker::new(3, Duration::from_secs(100)).restored(failures, opened);
        assert_eq!(breaker.try_now(at(112)), Ok(()), "one may try");
        assert_eq!(breaker.try_now(at(112)), Err(at(212)), "and no other");
        breaker.failed(at(113));
        assert_eq!(breaker.try_now(at(212)), Err(at(213)));
        assert_eq!(breaker.try_now(at(213)), Ok(()));
        breaker.succeeded();
        assert_eq!(breaker.try_now(at(213)), Ok(()));
        assert_eq!(breaker.kept(), (0, None));
    }
}
