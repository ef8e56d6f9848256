//! The mailboxes as partners see them: who may log in to our SFTP server, what becomes of what they
//! put there, and the audit of all of it.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tieline_partner::Partner;
use tieline_partner::profile::Status;
use tieline_partner::profile::mailbox::{Login, Mailbox};
use tieline_store::AuditEntry;
use tieline_transport::sftp::account::{
    Account, Accounts, AuthorizedKey, Drops, Limits, LoginRule, Network, Password,
};
use tieline_transport::sftp::audit::{Audit, Event, What};
use tieline_transport::{FileDrop, Receipt, Refusal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::house::House;

/// How many lines of the audit may wait to be written before more of them are dropped, and counted.
const WAITING: usize = 10_000;
/// How many lines are written at once.
const TOGETHER: usize = 200;
/// How long is waited after the store could not write.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is tried again when the gateway ends.
const LAST_TRIES: u32 = 10;
/// What the audit says of lines that it had no room for; the subject is how many, the detail what they
/// were.
const DROPPED: &str = "audit dropped";

/// The house as the host of mailboxes.
pub struct Host {
    house: Arc<House>,
    audit: mpsc::Sender<AuditEntry>,
}

impl Host {
    /// A host, and the task that writes its audit until the host is gone.
    pub fn new(house: Arc<House>) -> (Host, JoinHandle<()>) {
        let (audit, writing) = audit(&house);
        (Host { house, audit }, writing)
    }
}

/// Where lines of the audit are handed to, and the task that writes them until nobody hands over more.
pub(crate) fn audit(house: &Arc<House>) -> (mpsc::Sender<AuditEntry>, JoinHandle<()>) {
    let (audit, lines) = mpsc::channel(WAITING);
    (audit, tokio::spawn(write(Arc::clone(house), lines)))
}

/// Hands a line of the audit over, without waiting.
pub(crate) fn hand_over(audit: &mpsc::Sender<AuditEntry>, entry: AuditEntry) {
    if audit.try_send(entry).is_err() {
        tracing::error!("a line of the audit was dropped: they come faster than they are written");
    }
}

/// Writes the audit, several lines at once when they come fast. While the store cannot write them, they
/// wait here, and nobody waits for them. A line whose writing had an unclear end is written again.
async fn write(house: Arc<House>, mut lines: mpsc::Receiver<AuditEntry>) {
    let mut backlog = Backlog::new(WAITING);
    let mut is_open = true;
    let mut last_tries = 0;
    loop {
        if is_open && backlog.is_empty() {
            is_open = more(&mut lines, &mut backlog).await;
        }
        let part = backlog.take(TOGETHER);
        if part.is_empty() {
            return;
        }
        let written = house.store.audit(part.clone());
        tokio::pin!(written);
        let result = loop {
            tokio::select! {
                result = &mut written => break result,
                came = more(&mut lines, &mut backlog), if is_open => is_open = came,
            }
        };
        let Err(error) = result else { continue };
        tracing::error!(%error, "the audit cannot be written now; its lines wait");
        backlog.put_back(part);
        if !is_open {
            last_tries += 1;
        }
        if last_tries > LAST_TRIES {
            let lost = backlog.len();
            return tracing::error!(lost, "lines of the audit were not written before the end");
        }
        let wait = tokio::time::sleep(AGAIN);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => break,
                came = more(&mut lines, &mut backlog), if is_open => is_open = came,
            }
        }
    }
}

/// Waits for a line and takes it; false when none will come any more.
async fn more(lines: &mut mpsc::Receiver<AuditEntry>, backlog: &mut Backlog) -> bool {
    match lines.recv().await {
        Some(line) => {
            backlog.push(line);
            true
        }
        None => false,
    }
}

/// Lines of the audit that wait to be written. When there are too many, the oldest go, and it is counted
/// how many of which action they were.
#[derive(Debug)]
struct Backlog {
    most: usize,
    lines: VecDeque<AuditEntry>,
    dropped: BTreeMap<String, u64>,
}

impl Backlog {
    fn new(most: usize) -> Backlog {
        Backlog { most, lines: VecDeque::new(), dropped: BTreeMap::new() }
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped.is_empty()
    }

    fn len(&self) -> u64 {
        self.lines.len() as u64 + self.dropped.values().sum::<u64>()
    }

    fn push(&mut self, line: AuditEntry) {
        self.lines.push_back(line);
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.lines.len() > self.most {
            if let Some(oldest) = self.lines.pop_front() {
                // The lines that tell of dropped ones come first, and are added up.
                let count = oldest.subject.parse().ok().filter(|_| oldest.action == DROPPED);
                let action = if count.is_some() { oldest.detail } else { oldest.action };
                *self.dropped.entry(action).or_default() += count.unwrap_or(1);
            }
        }
    }

    /// Takes the oldest lines out, at most `most`, and before them what tells of those that went.
    fn take(&mut self, most: usize) -> Vec<AuditEntry> {
        let told =
            std::mem::take(&mut self.dropped).into_iter().map(|(action, count)| AuditEntry {
                at: Some(jiff::Timestamp::now()),
                actor: "tieline".to_string(),
                action: DROPPED.to_string(),
                subject: count.to_string(),
                detail: action,
            });
        let mut part: Vec<AuditEntry> = told.collect();
        let count = most.min(self.lines.len());
        part.extend(self.lines.drain(..count));
        part
    }

    /// Puts back what could not be written.
    fn put_back(&mut self, part: Vec<AuditEntry>) {
        for line in part.into_iter().rev() {
            self.lines.push_front(line);
        }
        self.drop_oldest();
    }
}

impl Accounts for Host {
    /// Bans and rates are the server's own business; networks are those of each account.
    async fn admit(&self, _: IpAddr) -> bool {
        true
    }

    async fn account(&self, name: &str) -> Option<Account> {
        let book = self.house.book();
        let partner = book.partners().iter().find(|partner| is_login_of(partner, name))?;
        self.open(partner)
    }
}

fn is_login_of(partner: &Partner, name: &str) -> bool {
    let profile = partner.profile();
    let trades = matches!(profile.status, Status::Testing | Status::Live);
    trades && profile.mailbox.as_ref().is_some_and(|it| it.enabled && it.user == name)
}

impl Host {
    /// The account of a partner that has a login; none while its mailbox cannot be made.
    fn open(&self, partner: &Partner) -> Option<Account> {
        let id = &partner.profile().id;
        let login = partner.profile().mailbox.as_ref()?;
        let mailbox = self.house.mailbox(id);
        if let Err(error) = std::fs::create_dir_all(&mailbox.root) {
            tracing::error!(%error, partner = id, "the mailbox cannot be made");
            return None;
        }
        let keys = login.keys.iter().filter_map(|it| {
            let key = AuthorizedKey::new(&it.key).ok()?;
            Some(key.valid(it.from, it.until))
        });
        let networks = login
            .networks
            .iter()
            .filter_map(|it| format!("{}/{}", it.address, it.bits).parse::<Network>().ok());
        Some(Account {
            name: login.user.clone(),
            keys: keys.collect(),
            password: self.password(id, login),
            login: match login.login {
                Login::Either => LoginRule::Either,
                Login::Both => LoginRule::Both,
            },
            networks: networks.collect(),
            mailbox,
            limits: Limits {
                sessions: login.limits.sessions,
                largest_file: login.limits.file,
                folder_bytes: login.limits.bytes,
                folder_files: login.limits.files.into(),
                idle: Duration::from_secs(login.limits.idle.into()),
                ..Limits::default()
            },
        })
    }

    fn password(&self, partner: &str, login: &Mailbox) -> Option<Password> {
        let name = login.password.as_ref()?;
        let hash = self.house.secrets.resolve(name);
        let hash = hash.map_err(|error| {
            tracing::error!(%error, partner, "the password cannot be read, so nobody logs in with it");
        });
        Password::from_hash(hash.ok()?.expose_text()?.trim()).ok()
    }
}

impl Drops for Host {
    async fn take(&self, arrived: FileDrop) -> Result<Receipt, Refusal> {
        let book = self.house.book();
        let partner = book.partners().iter().find(|it| is_login_of(it, &arrived.account));
        let partner = partner.map(|partner| partner.profile().id.clone());
        // The login may have been taken away while the file came.
        let partner = partner.ok_or_else(|| Refusal::new("this account is closed"))?;
        self.house.keep(arrived, partner, "sftp").await
    }
}

impl Audit for Host {
    fn note(&self, event: Event) {
        self.house.sessions.note(&event.what);
        let (action, subject, detail) = words(event.what);
        let peer = event.peer;
        let entry = AuditEntry {
            at: Some(jiff::Timestamp::now()),
            actor: event.account.unwrap_or_else(|| peer.ip().to_string()),
            action: action.to_string(),
            subject,
            detail: format!("session {} from {peer}; {detail}", event.session),
        };
        hand_over(&self.audit, entry);
    }
}

/// What happened as an action, what it was done to, and the rest.
fn words(what: What) -> (&'static str, String, String) {
    let none = String::new;
    match what {
        What::Connected => ("connected", none(), none()),
        What::TurnedAway { reason } => ("turned away", none(), reason.to_string()),
        What::LoggedIn { with } => ("login", none(), with),
        What::LoginRefused { name, with, reason } => {
            ("login refused", name, format!("{with}: {reason}"))
        }
        What::Opened { path, direction } => {
            ("opened", path, format!("{direction:?}").to_lowercase())
        }
        What::Fetched { path, bytes, size } => {
            ("fetched", path, format!("{bytes} of {size} bytes"))
        }
        What::Arrived { path, bytes, reference, .. } => {
            ("arrived", path, format!("{bytes} bytes, kept as {reference}"))
        }
        What::Set { path, bytes } => ("unfinished", path, format!("{bytes} bytes")),
        What::Interrupted { path, bytes } => ("interrupted", path, format!("after {bytes} bytes")),
        What::Renamed { from, to } => ("renamed", from, format!("to {to}")),
        What::Deleted { path } => ("deleted", path, none()),
        What::Refused { request, path, text } => ("refused", path, format!("{request}: {text}")),
        What::Ended { reason } => ("ended", none(), reason),
        _ => ("other", none(), none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, subject: usize) -> AuditEntry {
        AuditEntry {
            at: None,
            actor: "somebody".to_string(),
            action: action.to_string(),
            subject: subject.to_string(),
            detail: String::new(),
        }
    }

    fn shown(lines: &[AuditEntry]) -> Vec<String> {
        lines.iter().map(|it| format!("{} {} {}", it.action, it.subject, it.detail)).collect()
    }

    #[test]
    fn the_oldest_lines_go_and_are_counted_by_their_action() {
        let mut backlog = Backlog::new(3);
        for (n, action) in
            ["login", "opened", "login", "fetched", "ended", "ended"].iter().enumerate()
        {
            backlog.push(line(action, n));
        }
        let part = backlog.take(2);
        let first = ["audit dropped 2 login", "audit dropped 1 opened", "fetched 3 ", "ended 4 "];
        assert_eq!(shown(&part), first);
        // What could not be written comes before what came since, and counts are added up.
        backlog.push(line("login", 6));
        backlog.put_back(part);
        assert_eq!(backlog.len(), 7);
        let all = [
            "audit dropped 1 fetched",
            "audit dropped 2 login",
            "audit dropped 1 opened",
            "ended 4 ",
            "ended 5 ",
            "login 6 ",
        ];
        assert_eq!(shown(&backlog.take(9)), all);
        assert!(backlog.is_empty());
    }
}
