//! Who is kept out after wrong logins, kept in the store: through a restart, and for all nodes.
//!
//! A node asks the store again when what it knows is two seconds old. When the store does not answer,
//! wrong logins are counted in the node's memory until it does. Wrong logins are counted for an address
//! and for the login of a partner; names that are nobody's count for the address alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tieline_store::access::AuditFilter;
use tieline_store::job::NewJob;
use tieline_store::{AuditEntry, Ban, Change, Store, StoreError};
use tieline_transport::sftp::bans::{Answer, BanRules, Bans, MemoryBans, counted};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use crate::house::House;
use crate::steps::{ALERT, job};

/// How old what is known of bans may be.
const FRESH: Duration = Duration::from_secs(2);
/// How old what is known of a partner's addresses may be.
const KNOWN: Duration = Duration::from_secs(30);
/// How long the store may take while somebody waits to log in.
const PATIENCE: Duration = Duration::from_secs(2);
/// The window in which earlier bans make one longer, in seconds.
const DAY: u32 = 86_400;
/// Logins of a partner that are looked at for the addresses it comes from.
const LOGINS: u32 = 200;

/// Bans that are kept in the store.
pub struct StoreBans {
    house: Arc<House>,
    rules: BanRules,
    /// Rates of connections, and what is counted while the store does not answer.
    own: MemoryBans,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    asked: Option<Instant>,
    bans: BTreeMap<String, Timestamp>,
    /// Where accounts that are banned logged in from before.
    known: HashMap<String, (Instant, BTreeSet<IpAddr>)>,
}

impl fmt::Debug for StoreBans {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoreBans").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// How an address is named among the bans: `192.0.2.7`, or the network `2001:db8::/64`.
pub fn of_address(address: IpAddr) -> String {
    match counted(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{address}/64"),
    }
}

/// How a login is named among the bans: `account:redriver-bank`.
pub fn of_account(account: &str) -> String {
    format!("account:{account}")
}

/// What counts the bans of a subject.
fn of_bans(subject: &str) -> String {
    format!("banned {subject}")
}

/// Lifts a ban and forgets what led to it; whether there was one.
///
/// # Errors
///
/// When the store fails.
pub async fn lift(store: &dyn Store, subject: &str, by: &str) -> Result<bool, StoreError> {
    let was = store.bans().await?.iter().any(|(banned, _)| banned == subject);
    store.set_ban(subject, None).await?;
    store.forget_logins(&[subject, &of_bans(subject)]).await?;
    if was {
        store.audit(vec![entry(by, "lift ban", subject, "")]).await?;
    }
    Ok(was)
}

fn entry(actor: &str, action: &str, subject: &str, detail: &str) -> AuditEntry {
    AuditEntry {
        at: None,
        actor: actor.to_string(),
        action: action.to_string(),
        subject: subject.to_string(),
        detail: detail.to_string(),
    }
}

impl StoreBans {
    /// Bans by these rules, in the store of a house.
    pub fn new(house: Arc<House>, rules: BanRules) -> StoreBans {
        let own = MemoryBans::new(rules.clone());
        StoreBans { house, rules, own, kept: Mutex::default() }
    }

    fn is_never(&self, address: IpAddr) -> bool {
        self.rules.never.iter().any(|network| network.contains(address))
    }

    /// What is known, asked for again when it is old.
    async fn known(&self) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().await;
        if kept.asked.is_none_or(|asked| asked.elapsed() >= FRESH) {
            match timeout(PATIENCE, self.house.store.bans()).await {
                Ok(Ok(bans)) => {
                    kept.bans = bans.into_iter().map(|(who, ban)| (who, ban.until)).collect();
                }
                Ok(Err(error)) => tracing::warn!(%error, "the bans are those of a moment ago"),
                Err(_) => tracing::warn!("the store is slow: the bans are those of a moment ago"),
            }
            kept.asked = Some(Instant::now());
        }
        kept
    }

    async fn is_banned(&self, subject: &str, now: Timestamp) -> bool {
        self.known().await.bans.get(subject).is_some_and(|until| now < *until)
    }

    /// Whether an account logged in from an address before: then a stranger cannot lock it out.
    async fn comes_from(&self, account: &str, address: IpAddr) -> bool {
        let mut kept = self.known().await;
        if let Some((asked, known)) = kept.known.get(account)
            && asked.elapsed() < KNOWN
        {
            return known.contains(&address);
        }
        let filter = AuditFilter {
            actor: Some(account.to_string()),
            action: Some("login".to_string()),
            ..AuditFilter::default()
        };
        let Ok(Ok(logins)) = timeout(PATIENCE, self.house.store.audited(&filter, LOGINS)).await
        else {
            return false;
        };
        let known: BTreeSet<IpAddr> = logins.iter().filter_map(|it| peer(&it.detail)).collect();
        let comes = known.contains(&address);
        // Only accounts of partners are ever banned, so these are few.
        kept.known.insert(account.to_string(), (Instant::now(), known));
        comes
    }

    /// The partner whose login this is.
    fn partner(&self, account: &str) -> Option<String> {
        let book = self.house.book();
        let mut partners = book.partners().iter().map(|partner| partner.profile());
        let is_login = |it: &&tieline_partner::profile::Profile| {
            it.mailbox.as_ref().is_some_and(|mailbox| mailbox.user == account)
        };
        partners.find(is_login).map(|profile| profile.id.clone())
    }

    async fn count(&self, address: IpAddr, account: &str) -> Result<(), StoreError> {
        let store = &self.house.store;
        let partner = self.partner(account);
        let mut counted = vec![(of_address(address), self.rules.address_failures)];
        if partner.is_some() {
            counted.push((of_account(account), self.rules.account_failures));
        }
        let subjects: Vec<&str> = counted.iter().map(|(subject, _)| subject.as_str()).collect();
        let window = u32::try_from(self.rules.window.as_secs()).unwrap_or(u32::MAX);
        let failures = store.failed_login(&subjects, window).await?;
        for ((subject, most), failures) in counted.iter().zip(failures) {
            // Of many nodes that count at once, one comes to the number itself.
            if failures > 0 && failures.is_multiple_of((*most).max(1)) {
                self.ban(subject, failures, partner.as_deref()).await?;
            }
        }
        Ok(())
    }

    async fn ban(
        &self,
        subject: &str,
        failures: u32,
        partner: Option<&str>,
    ) -> Result<(), StoreError> {
        let store = &self.house.store;
        let now = store.now().await?;
        if self.known().await.bans.get(subject).is_some_and(|until| now < *until) {
            // Connections of a moment ago: the ban is as long as it is.
            return Ok(());
        }
        let times = store.failed_login(&[&of_bans(subject)], DAY).await?;
        let doublings = times.first().map_or(0, |times| times.saturating_sub(1));
        let doubled = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let length = self.rules.first.saturating_mul(doubled).min(self.rules.longest);
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
        let minutes = self.rules.window.as_secs() / 60;
        let reason = format!("{failures} wrong logins in {minutes} minutes");
        store.set_ban(subject, Some(Ban { until, reason: reason.clone() })).await?;
        self.kept.lock().await.bans.insert(subject.to_string(), until);
        tracing::warn!(subject, %until, reason, "kept out for a while");
        let told =
            format!("login {}: {subject} is kept out: {reason}", partner.unwrap_or("nobody"));
        let change = Change {
            audit: vec![entry("tieline", "ban", subject, &format!("{reason}; until {until}"))],
            jobs: vec![NewJob {
                detail: told,
                unique: Some(format!("alert ban {subject}")),
                ..job(ALERT)
            }],
            ..Change::default()
        };
        store.apply(change).await.map(|_| ())
    }
}

/// The address in the detail of a login: `session 7 from 192.0.2.7:50022; password`.
fn peer(detail: &str) -> Option<IpAddr> {
    let (_, rest) = detail.split_once(" from ")?;
    let peer: SocketAddr = rest.split(';').next()?.trim().parse().ok()?;
    Some(counted(peer.ip()))
}

impl Bans for StoreBans {
    fn admit(&self, address: IpAddr, now: Timestamp) -> Answer<'_, bool> {
        Box::pin(async move {
            self.own.admit(address, now).await
                && (self.is_never(address) || !self.is_banned(&of_address(address), now).await)
        })
    }

    fn may_log_in<'a>(
        &'a self,
        address: IpAddr,
        account: &'a str,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            if self.is_never(address) {
                return true;
            }
            self.own.may_log_in(address, account, now).await
                && !self.is_banned(&of_address(address), now).await
                && (!self.is_banned(&of_account(account), now).await
                    || self.comes_from(account, counted(address)).await)
        })
    }

    fn refused<'a>(&'a self, address: IpAddr, account: &'a str, now: Timestamp) -> Answer<'a, ()> {
        Box::pin(async move {
            if self.is_never(address) {
                return;
            }
            if !matches!(timeout(PATIENCE, self.count(address, account)).await, Ok(Ok(()))) {
                tracing::warn!("a wrong login is counted in memory: the store does not answer");
                self.own.refused(address, account, now).await;
            }
        })
    }

    fn succeeded<'a>(
        &'a self,
        address: IpAddr,
        account: &'a str,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            self.own.succeeded(address, account, now).await;
            let subject = of_address(address);
            let _ = timeout(PATIENCE, self.house.store.forget_logins(&[&subject])).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_as_they_are_counted_and_read_from_the_audit() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(of_address(address("::ffff:192.0.2.7")), "192.0.2.7");
        assert_eq!(of_address(address("2001:db8::7")), "2001:db8::/64");
        assert_eq!(peer("session 7 from 192.0.2.7:50022; password"), Some(address("192.0.2.7")));
        assert_eq!(peer("session 7 from [2001:db8::7]:22; key"), Some(address("2001:db8::")));
        assert_eq!(peer("no session"), None);
    }
}
