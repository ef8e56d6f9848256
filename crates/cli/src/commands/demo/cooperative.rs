//! The cooperative: a gateway that serves on the loopback, with a store and a clock of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use sha2::{Digest, Sha256};
use tieline_gateway::serve::{As2, Node, Serving, Sftp};
use tieline_gateway::{House, IMPORT, RELEASE};
use tieline_model::time::Timestamp;
use tieline_partner::PartnerBook;
use tieline_store::change::Change;
use tieline_store::job::NewJob;
use tieline_store::message::{Filter, Message};
use tieline_store::options::{Clock, ToldClock};
use tieline_store::posting::{self, Posting};
use tieline_store::{Arrival, Options, Payload, State, Store};
use tieline_transport::as2;
use tieline_transport::sftp::{HostKey, Settings};

use super::board::Board;
use super::broken;
use super::place::Place;
use crate::failure::Failure;

/// How long anything may take that the demonstration waits for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(10);
/// The most messages and postings there are.
const ALL: u32 = 100;

/// A gateway that serves.
pub(super) struct Cooperative {
    pub(super) store: Arc<dyn Store>,
    /// Its time, which stands still until the story goes on.
    pub(super) clock: ToldClock,
    /// Where partners find their mailboxes.
    pub(super) address: SocketAddr,
    /// Where partners send over AS2.
    pub(super) as2: SocketAddr,
    node: Node,
}

impl Cooperative {
    /// Opens a new store, and serves these partners.
    pub(super) async fn open(
        place: &Place,
        book: PartnerBook,
        host_key: HostKey,
        now: Timestamp,
    ) -> anyhow::Result<Cooperative> {
        let clock = ToldClock::new(now);
        let mut options = Options::default();
        options.clock = Clock::Told(clock.clone());
        let store = tieline_store::open::open_with(&place.store(), options).await?;
        let zone = book.utility().map(|us| us.zone.name().to_string()).unwrap_or_default();
        let mut house = House::new(Arc::clone(&store), book, place.mailboxes());
        house.node = "demo".to_string();
        house.zone = jiff::tz::TimeZone::get(&zone)?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sftp = Some(Sftp { listen, settings: Settings::new(vec![host_key]) });
        let spool = place.mailboxes().join(".spool").join("as2");
        std::fs::create_dir_all(&spool)?;
        let as2 = Some(As2 { listen, settings: as2::Settings::new(spool) });
        let node = Node::start(Arc::new(house), Serving { workers: 2, sftp, as2 }).await?;
        let address = node.sftp.context("the server has no address")?;
        let as2 = node.as2.context("the server has no address")?;
        Ok(Cooperative { store, clock, address, as2, node })
    }

    /// Brings a file of our own house: records of the model as JSON.
    pub(super) async fn bring(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let arrival = Arrival {
            partner: None,
            channel: "demo".to_string(),
            name: name.to_string(),
            sha256: Sha256::digest(&bytes).into(),
            payload: Payload::Bytes(bytes),
            origin: "our own billing system".to_string(),
            job: IMPORT.to_string(),
            detail: "json".to_string(),
            remember: None,
        };
        self.store.receive(arrival).await?;
        Ok(())
    }

    /// Sends a partner what is due to it as a set.
    pub(super) async fn release(&self, partner: &str, set: &str) -> anyhow::Result<()> {
        let job = NewJob {
            kind: RELEASE.to_string(),
            message: None,
            interchange: None,
            detail: format!("{partner}/{set}"),
            due: None,
            order: None,
            unique: None,
        };
        self.store.apply(Change { jobs: vec![job], ..Change::default() }).await?;
        Ok(())
    }

    /// Every message, the oldest first.
    async fn messages(&self) -> anyhow::Result<Vec<Message>> {
        let mut all = self.store.messages(&Filter::default(), None, ALL).await?;
        all.reverse();
        Ok(all)
    }

    pub(super) async fn postings(&self) -> anyhow::Result<Vec<Posting>> {
        Ok(self.store.postings(&posting::Filter::default(), None, ALL).await?)
    }

    /// Shows the board until every message is at rest and all is as it is waited for.
    pub(super) async fn until(
        &self,
        board: &mut Board<'_, '_>,
        awaited: &str,
        is_so: impl Fn(&[Message]) -> bool,
    ) -> anyhow::Result<Vec<Message>> {
        let began = Instant::now();
        loop {
            let all = self.messages().await?;
            let is_over = all.iter().all(is_at_rest) && is_so(&all);
            board.look(&*self.store, &all, is_over).await?;
            if is_over {
                return Ok(all);
            }
            if let Some(stuck) = all.iter().find(|it| matches!(it.state, State::Held | State::Dead))
            {
                let reason = stuck.reason.as_deref().unwrap_or("it does not say why");
                return Err(broken(&format!("{} went no further", stuck.id), &reason).into());
            }
            if began.elapsed() > PATIENCE {
                return Err(waited(awaited).into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends the serving in an orderly way, and says what does not fit in what was kept.
    pub(super) async fn close(self) -> anyhow::Result<Vec<String>> {
        self.node.stop().await;
        let faults = self.store.verify().await?;
        self.store.close().await;
        Ok(faults)
    }
}

fn waited(awaited: &str) -> Failure {
    broken(&format!("{} seconds were too few", PATIENCE.as_secs()), &awaited)
}

fn is_at_rest(message: &Message) -> bool {
    !matches!(
        message.state,
        State::Received
            | State::Checked
            | State::Queued
            | State::Sending
            | State::Held
            | State::Dead
    )
}
