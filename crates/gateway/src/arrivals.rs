//! What arrives: files of SFTP sessions and folders are kept before anybody is told that we have them.

use std::io::{self, Read};
use std::sync::Arc;

use tieline_store::{Arrival, Payload, Received, StoreError};
use tieline_transport::{FileDrop, Receipt, Refusal};

use crate::house::House;
use crate::steps::READ;

/// The largest file that is handed to the store in memory.
const IN_MEMORY: u64 = 1 << 20;

impl House {
    /// Keeps a file that arrived whole, with the job that reads it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] in words for the partner: nothing was kept, and the file should be sent again.
    pub async fn keep(
        self: &Arc<Self>,
        drop: FileDrop,
        partner: String,
        channel: &str,
    ) -> Result<Receipt, Refusal> {
        let refuse = |error: StoreError| {
            tracing::error!(%error, partner, "a file was not kept");
            Refusal::new("the file could not be kept; nothing of it was taken, send it again later")
        };
        let payload =
            payload(&drop).map_err(|error| refuse(StoreError::Database(error.to_string())))?;
        let arrival = Arrival {
            partner: Some(partner.clone()),
            channel: channel.to_string(),
            name: drop.printable_name(),
            payload,
            sha256: drop.sha256,
            origin: format!("session {}", drop.session),
            job: READ.to_string(),
            detail: String::new(),
            remember: None,
        };
        let Received { id, .. } = self.store.receive(arrival).await.map_err(refuse)?;
        Ok(Receipt { reference: id.to_string() })
    }
}

/// The bytes of a drop: small ones in memory, others as the file that they lie in.
pub(crate) fn payload(drop: &FileDrop) -> io::Result<Payload> {
    if drop.size > IN_MEMORY {
        return Ok(Payload::File(drop.path()));
    }
    let mut bytes = Vec::new();
    drop.reader().read_to_end(&mut bytes)?;
    Ok(Payload::Bytes(bytes))
}
