//! AS2: whom we exchange with under which names, with which keys, and how a message is sealed for whom.

mod keep;
pub(crate) mod keys;
pub(crate) mod relation;

use std::sync::Arc;

use tieline_store::AuditEntry;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::host;
use crate::house::House;

/// How many receipts about what could not be opened go out at once, beside those that jobs send.
const LOOSE_RECEIPTS: usize = 4;

/// The house as the host of an AS2 server.
pub struct As2Host {
    house: Arc<House>,
    audit: mpsc::Sender<AuditEntry>,
    /// Places for receipts that no job sends.
    loose: Arc<Semaphore>,
}

impl As2Host {
    /// A host, and the task that writes its audit until the host is gone.
    pub fn new(house: Arc<House>) -> (As2Host, JoinHandle<()>) {
        let (audit, writing) = host::audit(&house);
        let loose = Arc::new(Semaphore::new(LOOSE_RECEIPTS));
        (As2Host { house, audit, loose }, writing)
    }
}
