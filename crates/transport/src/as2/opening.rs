//! A message is opened on a thread that may block, while its bytes come in.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use hyper::body::Bytes;
use jiff::Timestamp;
use tieline_smime::mdn::Disposition;
use tieline_smime::mime::Headers;
use tieline_smime::{Fault, OpenError, Opened, Opening, SystemRandomness, Told, open};
use tokio::sync::mpsc;

use crate::as2::budget::Hold;
use crate::as2::fields::Addressed;
use crate::as2::keep::Asked;
use crate::as2::receipt::{About, Wish};
use crate::as2::relation::Relation;
use crate::as2::spool::{Aside, FileSpool, Spooled};
use crate::as2::wire::Piece;

/// What a message is opened with.
pub(crate) struct Task {
    pub(crate) relation: Arc<Relation>,
    pub(crate) addressed: Addressed,
    pub(crate) headers: Headers,
    pub(crate) wish: Wish,
    pub(crate) agent: String,
    pub(crate) now: Timestamp,
    pub(crate) folder: PathBuf,
    pub(crate) hold: Arc<Hold>,
}

/// What came of it, with the receipt that says so.
pub(crate) enum Done {
    Opened {
        opened: Box<Opened<Spooled>>,
        receipt: Asked,
    },
    NotOpened {
        reason: Fault,
        told: Told,
        sealed: Option<Spooled>,
        receipt: Asked,
    },
    /// The bytes did not come to their end, or a failure of our own.
    Failed(String),
}

impl Task {
    /// Opens the message. Blocks as long as its bytes come.
    pub(crate) fn run(&self, bytes: mpsc::Receiver<Piece>) -> Done {
        match self.try_run(bytes) {
            Ok(done) => done,
            Err(error) => Done::Failed(error.to_string()),
        }
    }

    fn try_run(&self, bytes: mpsc::Receiver<Piece>) -> io::Result<Done> {
        let relation = &self.relation;
        let mut aside = Aside::new(&self.folder, relation.quarantine, &self.hold);
        aside.put(&self.headers.write());
        let mut arriving = Arriving { bytes, piece: Bytes::new(), is_over: false, aside };
        let identities: Vec<_> = relation.identities.iter().map(Arc::as_ref).collect();
        let with = Opening {
            identities: &identities,
            signers: &relation.signers,
            policy: &relation.policy,
            now: self.now.as_second(),
            mic: self.wish.mic_digest(relation),
            randomness: &SystemRandomness,
        };
        let spool = FileSpool::new(&self.folder, &self.hold)?;
        match open(&self.headers, &mut arriving, &with, spool) {
            Ok(opened) => self.opened(opened),
            Err(OpenError { source: Some(error), .. }) => Err(error),
            Err(OpenError { told: Told::Nothing, reason, .. }) => Err(reason.into()),
            Err(OpenError { told, reason, .. }) => {
                // To its end, so that what is put aside is whole and the partner hears the answer.
                io::copy(&mut arriving, &mut io::sink())?;
                let receipt = self.negative(told.modifier().unwrap_or_default())?;
                Ok(Done::NotOpened { reason, told, sealed: arriving.aside.finish(), receipt })
            }
        }
    }

    fn opened(&self, opened: Opened<Spooled>) -> io::Result<Done> {
        let receipt = self.wish.write(&About {
            disposition: Disposition::processed(),
            mic: Some(&opened.mic),
            layers: &opened.layers,
            text: "The message was received and kept. What is in it is answered apart.",
            ..self.about()
        })?;
        Ok(Done::Opened { opened: Box::new(opened), receipt })
    }

    /// The receipt that says that this is wrong.
    pub(crate) fn negative(&self, modifier: &str) -> Result<Asked, Fault> {
        let disposition = Disposition::error(modifier);
        self.wish.write(&About { disposition, ..self.about() })
    }

    fn about(&self) -> About<'_> {
        About {
            relation: &self.relation,
            addressed: &self.addressed,
            agent: &self.agent,
            now: self.now,
            disposition: Disposition::processed(),
            mic: None,
            layers: &[],
            text: "The message was not accepted. Nothing of it was processed.",
        }
    }
}

/// The bytes as they come from HTTP. If they break off, reading fails: a part is not the whole.
struct Arriving<'a> {
    bytes: mpsc::Receiver<Piece>,
    piece: Bytes,
    is_over: bool,
    aside: Aside<'a>,
}

impl Read for Arriving<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.is_over {
            match self.bytes.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    self.aside.put(&bytes);
                    self.piece = bytes;
                }
                Some(Piece::End) => self.is_over = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let read = self.piece.len().min(space.len());
        space[..read].copy_from_slice(&self.piece.split_to(read));
        Ok(read)
    }
}
