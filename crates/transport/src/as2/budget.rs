//! How much may be under way of messages that are not verified yet: bytes, and threads.
//!
//! Whoever knows two AS2 names can send. So what costs room is bounded for all together, and for each
//! partner's name to less, so that whoever uses one name does not shut out the others. One message at
//! a time always has room, however large: it is bounded by what was agreed with its partner.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// In which steps room is taken for what grows.
const STEP: u64 = 1 << 20;

/// The room of a server.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    most_of_partner: u64,
    taken: Mutex<Taken>,
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    large_of_partner: usize,
}

#[derive(Debug, Default)]
struct Taken {
    bytes: u64,
    partners: HashMap<String, OfPartner>,
}

#[derive(Debug, Default)]
struct OfPartner {
    bytes: u64,
    holds: usize,
    large: usize,
}

impl Budget {
    /// So many bytes, and so many small and so many large messages that are opened at once.
    pub(crate) fn new(most: u64, most_of_partner: u64, at_once: usize) -> Arc<Self> {
        let places = || Arc::new(Semaphore::new(at_once.max(1)));
        Arc::new(Self {
            most,
            most_of_partner,
            taken: Mutex::default(),
            small: places(),
            large: places(),
            large_of_partner: at_once.div_ceil(2),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for a message in a partner's name that will be so large.
    pub(crate) fn hold(self: &Arc<Self>, partner: &str, bytes: u64) -> Option<Arc<Hold>> {
        let hold =
            Hold { budget: Arc::clone(self), partner: partner.to_string(), held: Mutex::default() };
        self.taken().partners.entry(partner.to_string()).or_default().holds += 1;
        hold.reserve(bytes).then(|| Arc::new(hold))
    }
}

/// The room of one message. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    budget: Arc<Budget>,
    partner: String,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    reserved: u64,
    used: u64,
}

impl Hold {
    /// Takes so many bytes more, if there is room.
    fn reserve(&self, more: u64) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.take(&mut held, more)
    }

    fn take(&self, held: &mut Held, more: u64) -> bool {
        let mut taken = self.budget.taken();
        let (all, own) = (taken.bytes, held.reserved);
        let of_partner = taken.partners.entry(self.partner.clone()).or_default();
        let fits = |taken: u64, most: u64| taken == own || taken.saturating_add(more) <= most;
        let is_room =
            fits(all, self.budget.most) && fits(of_partner.bytes, self.budget.most_of_partner);
        if is_room {
            of_partner.bytes += more;
            taken.bytes += more;
            held.reserved += more;
        }
        is_room
    }

    /// So many bytes of the message went to the disk.
    ///
    /// # Errors
    ///
    /// When there is no room for them.
    pub(crate) fn spooled(&self, bytes: usize) -> io::Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let used = held.used + bytes as u64;
        let lacks = used.saturating_sub(held.reserved);
        let is_room = lacks == 0
            || self.take(&mut held, lacks.next_multiple_of(STEP))
            || self.take(&mut held, lacks);
        if !is_room {
            return Err(io::Error::other(NO_ROOM));
        }
        held.used = used;
        Ok(())
    }

    /// A place for a message that came to its end already, and is opened in no time.
    pub(crate) async fn small(&self) -> Option<Place> {
        let permit = Arc::clone(&self.budget.small).acquire_owned().await.ok()?;
        Some(Place { _permit: permit, of: None })
    }

    /// A place for a message that is opened while it comes; none if there is none for so long.
    pub(crate) async fn large(self: &Arc<Self>, patience: Duration) -> Option<Place> {
        {
            let mut taken = self.budget.taken();
            let of_partner = taken.partners.entry(self.partner.clone()).or_default();
            if of_partner.large >= self.budget.large_of_partner {
                return None;
            }
            of_partner.large += 1;
        }
        let seat = Seat(Arc::clone(self));
        let permit = timeout(patience, Arc::clone(&self.budget.large).acquire_owned()).await;
        Some(Place { _permit: permit.ok()?.ok()?, of: Some(seat) })
    }
}

/// What a partner's message hears for which there is no room.
pub(crate) const NO_ROOM: &str = "too much lies here that is not verified yet";

impl Drop for Hold {
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner).reserved;
        let mut taken = self.budget.taken();
        taken.bytes -= held;
        if let Some(of_partner) = taken.partners.get_mut(&self.partner) {
            of_partner.bytes -= held;
            of_partner.holds -= 1;
            if of_partner.holds == 0 {
                taken.partners.remove(&self.partner);
            }
        }
    }
}

/// A place among the messages that are opened.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    #[expect(dead_code, reason = "it is held, not read")]
    of: Option<Seat>,
}

/// A place among the large messages of a partner.
#[derive(Debug)]
struct Seat(Arc<Hold>);

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.0.budget.taken();
        if let Some(of_partner) = taken.partners.get_mut(&self.0.partner) {
            of_partner.large -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_for_all_and_for_each() {
        let budget = Budget::new(10 << 20, 6 << 20, 4);
        let first = budget.hold("a", 5 << 20).expect("there is room");
        assert!(budget.hold("a", 2 << 20).is_none(), "the partner has no more");
        let second = budget.hold("b", 5 << 20).expect("others have");
        assert!(budget.hold("c", 1).is_none(), "nobody has");
        assert!(second.spooled(5 << 20).is_ok(), "what was announced has room");
        assert!(second.spooled(1).is_err(), "and no more");
        drop(first);
        assert!(second.spooled(1).is_ok());
        assert!(budget.hold("c", 4 << 20).is_some());
        drop(second);
        let free = |taken: &Taken| taken.bytes == 0 && taken.partners.is_empty();
        assert!(free(&budget.taken()), "everything is given back");
        let alone = budget.hold("a", 50 << 20).expect("one always has room");
        assert!(budget.hold("b", 1).is_none() && alone.spooled(60 << 20).is_ok());
    }

    #[tokio::test]
    async fn one_partner_does_not_have_every_place() {
        let budget = Budget::new(1 << 30, 1 << 30, 2);
        let hold = |partner| budget.hold(partner, 1).expect("there is room");
        let patience = Duration::from_millis(20);
        let first = hold("a").large(patience).await.expect("a place");
        assert!(hold("a").large(patience).await.is_none(), "half of them at most");
        let _second = hold("b").large(patience).await.expect("a place");
        assert!(hold("c").large(patience).await.is_none(), "there are two");
        assert!(hold("c").small().await.is_some(), "small ones have their own");
        drop(first);
        assert!(hold("a").large(patience).await.is_some());
    }
}
