//! The house a gateway keeps: its store, its partners, and where files lie.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tieline_partner::PartnerBook;
use tieline_partner::secret::Secrets;
use tieline_store::Store;
use tieline_transport::Mailbox;
use tieline_transport::as2::client::Pool;

use crate::alerts;
use crate::as2::keys::OwnKeys;
use crate::metrics::Sessions;
use crate::steps::call::Calls;

/// What every step of the road uses.
pub struct House {
    /// What happened, and what is due.
    pub store: Arc<dyn Store>,
    /// Where the mailboxes of the partners are: one folder for each, by its id.
    pub mailboxes: PathBuf,
    /// The name of this node, unlike that of any other on the same store.
    pub node: String,
    /// Where secrets are looked up.
    pub secrets: Secrets,
    /// How alerts are sent.
    pub alerts: alerts::Settings,
    /// Whose clock the dates and times of our documents follow.
    pub zone: TimeZone,
    pub(crate) sessions: Sessions,
    pub(crate) calls: Calls,
    pub(crate) keys: OwnKeys,
    pub(crate) lines: Arc<Pool>,
    book: RwLock<Arc<PartnerBook>>,
}

impl House {
    /// A house with these partners, whose documents are dated in UTC.
    pub fn new(store: Arc<dyn Store>, book: PartnerBook, mailboxes: impl Into<PathBuf>) -> House {
        House {
            store,
            mailboxes: mailboxes.into(),
            node: format!("node-{}", std::process::id()),
            secrets: Secrets::default(),
            alerts: alerts::Settings::default(),
            zone: TimeZone::UTC,
            sessions: Sessions::default(),
            calls: Calls::default(),
            keys: OwnKeys::default(),
            lines: Arc::default(),
            book: RwLock::new(Arc::new(book)),
        }
    }

    /// The partners as they are now. A step keeps the book it began with to its end.
    pub fn book(&self) -> Arc<PartnerBook> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with other partners. Steps that are under way end with those they began with.
    pub fn turn_to(&self, book: PartnerBook) {
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
    }

    /// The mailbox of a partner.
    pub fn mailbox(&self, partner: &str) -> Mailbox {
        Mailbox::usual(self.mailboxes.join(Path::new(partner)))
    }

    /// An instant as the dates and times of our documents say it.
    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }
}
