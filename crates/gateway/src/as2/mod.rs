//! AS2: whom we exchange with under which names, with which keys, and how a message is sealed for whom.

mod keep;
pub(crate) mod keys;
pub(crate) mod relation;

use std::sync::Arc;

use tieline_store::AuditEntry;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::host;
use crate::house::House;

/// The house as the host of an AS2 server.
pub struct As2Host {
    house: Arc<House>,
    audit: mpsc::Sender<AuditEntry>,
}

impl As2Host {
    /// A host, and the task that writes its audit until the host is gone.
    pub fn new(house: Arc<House>) -> (As2Host, JoinHandle<()>) {
        let (audit, writing) = host::audit(&house);
        (As2Host { house, audit }, writing)
    }
}
