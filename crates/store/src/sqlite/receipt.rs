//! Receipts, and the names that partners give their messages.

use sqlx::{SqlitePool, query};

use super::writer::Writing;
use crate::brought::Brought;
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::message::{Arrival, MessageId};
use crate::payload::Kept;
use crate::receipt::{Claim, Claimed, NewReceipt, Receipt};

/// Keeps a message unless its partner's name for it was used before.
pub(super) async fn receive(
    writing: &mut Writing,
    arrival: &Arrival,
    kept: &Kept,
    claim: &Claim,
) -> Result<Claimed, StoreError> {
    let partner = arrival.partner.as_deref().unwrap_or_default();
    let row = query("select * from receipt where partner = $1 and key = $2 and flow = 'in'")
        .bind(partner)
        .bind(&claim.key)
        .fetch_optional(&mut writing.connection)
        .await?;
    if let Some(row) = row {
        return met(writing, columns::receipt(&row)?, row.digest("digest")? == claim.digest).await;
    }
    let received = super::message::receive(writing, arrival, kept).await?;
    query(
        "insert into receipt (message, partner, flow, key, digest, bytes, at)
         values ($1, $2, 'in', $3, $4, $5, $6)",
    )
    .bind(received.id.0)
    .bind(partner)
    .bind(&claim.key)
    .bind(claim.digest.as_slice())
    .bind(&claim.receipt)
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    if let Some((kind, detail)) = &claim.job {
        super::job::start(writing, kind, received.id, detail).await?;
    }
    Ok(Claimed::New(received))
}

/// Notes on the message that has the name what came under it again.
async fn met(writing: &mut Writing, receipt: Receipt, same: bool) -> Result<Claimed, StoreError> {
    let (what, detail) = if same {
        ("repeat", "it came again under its Message-ID, and gets its receipt again")
    } else {
        ("conflict", "something else came under its Message-ID, and was refused")
    };
    super::message::note(writing, receipt.message, what, detail).await?;
    Ok(if same { Claimed::Repeat(receipt) } else { Claimed::Other(receipt) })
}

pub(super) async fn write(
    writing: &mut Writing,
    new: &NewReceipt,
    brought: &Brought,
) -> Result<(), StoreError> {
    query(
        "insert into receipt (message, partner, flow, key, digest, bytes, at)
         values ($1, $2, 'out', $3, $4, $5, $6)",
    )
    .bind(brought.message(new.message)?.0)
    .bind(&new.partner)
    .bind(&new.key)
    .bind(new.digest.as_slice())
    .bind(&new.bytes)
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    Ok(())
}

pub(super) async fn list(
    pool: &SqlitePool,
    message: MessageId,
) -> Result<Vec<Receipt>, StoreError> {
    let rows = query("select * from receipt where message = $1 order by id")
        .bind(message.0)
        .fetch_all(pool)
        .await?;
    columns::all(&rows, columns::receipt)
}
