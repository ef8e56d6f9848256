//! Postings, each under its key once, and the partners they went to.

use sqlx::{QueryBuilder, Sqlite, SqlitePool, query};

use super::writer::Writing;
use crate::brought::Brought;
use crate::change::Posted;
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::payload::digest;
use crate::posting::{Filter, NewPosting, NewRelease, Posting, PostingId};
use crate::words::Word;

/// How many postings have their accounts read together.
const AT_ONCE: usize = 500;

pub(super) async fn write(
    writing: &mut Writing,
    new: &NewPosting,
    brought: &Brought,
) -> Result<Posted, StoreError> {
    let digest = digest(&new.record);
    let interchange = new.interchange.map(|interchange| interchange.0);
    let row = query(
        "insert into posting (kind, flow, party, reference, test, from_day, until_day, amount,
             record, digest, message, interchange, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (kind, flow, party, reference, test) do nothing returning id",
    )
    .bind(new.kind.as_word())
    .bind(new.flow.as_word())
    .bind(&new.party)
    .bind(&new.reference)
    .bind(new.test)
    .bind(new.from.map(|day| day.to_string()))
    .bind(new.until.map(|day| day.to_string()))
    .bind(&new.amount)
    .bind(new.record.as_slice())
    .bind(digest.as_slice())
    .bind(brought.message(new.message)?.0)
    .bind(interchange)
    .bind(writing.now.as_microsecond())
    .fetch_optional(&mut writing.connection)
    .await?;
    let Some(row) = row else { return posted_before(writing, new, &digest).await };
    let id = PostingId(row.number("id")?);
    write_accounts(writing, id, &new.accounts).await?;
    Ok(Posted::New(id))
}

/// Writes all accounts of a posting at once.
async fn write_accounts(
    writing: &mut Writing,
    id: PostingId,
    accounts: &[String],
) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    query(
        "insert into posting_account (posting, place, account)
         select $1, key, value from json_each($2)",
    )
    .bind(id.0)
    .bind(serde_json::Value::from(accounts).to_string())
    .execute(&mut writing.connection)
    .await?;
    Ok(())
}

async fn posted_before(
    writing: &mut Writing,
    new: &NewPosting,
    digest: &[u8; 32],
) -> Result<Posted, StoreError> {
    let row = query(
        "select id, digest, interchange from posting
         where kind = $1 and flow = $2 and party = $3 and reference = $4 and test = $5",
    )
    .bind(new.kind.as_word())
    .bind(new.flow.as_word())
    .bind(&new.party)
    .bind(&new.reference)
    .bind(new.test)
    .fetch_one(&mut writing.connection)
    .await?;
    let id = PostingId(row.number("id")?);
    let earlier = row.number_if_any("interchange")?;
    let by_this = earlier.is_some() && earlier == new.interchange.map(|it| it.0);
    Ok(match (row.digest("digest")? == *digest, by_this) {
        (true, true) => Posted::New(id),
        (true, false) => Posted::Same(id),
        (false, _) => Posted::Other(id),
    })
}

pub(super) async fn release(
    writing: &mut Writing,
    release: &NewRelease,
    brought: &Brought,
) -> Result<(), StoreError> {
    let done = query(
        "insert into release (posting, partner, form, message, at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(release.posting.0)
    .bind(&release.partner)
    .bind(&release.form)
    .bind(brought.message(release.message)?.0)
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::ReleasedBefore) } else { Ok(()) }
}

pub(super) async fn list(
    pool: &SqlitePool,
    filter: &Filter,
    after: Option<PostingId>,
    most: u32,
) -> Result<Vec<Posting>, StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new("select * from posting where id > ");
    sql.push_bind(after.map_or(0, |after| after.0));
    // What was purged says nothing any more.
    sql.push(" and length(record) > 0");
    if !filter.kinds.is_empty() {
        sql.push(" and kind in (");
        let mut kinds = sql.separated(", ");
        for kind in &filter.kinds {
            kinds.push_bind(kind.as_word());
        }
        sql.push(")");
    }
    if let Some(flow) = filter.flow {
        sql.push(" and flow = ").push_bind(flow.as_word());
    }
    if let Some(party) = &filter.party {
        sql.push(" and party = ").push_bind(party);
    }
    if let Some(sender) = &filter.sender {
        sql.push(" and (party = ").push_bind(sender);
        let behind = format!("{sender}/");
        sql.push(" or substr(party, 1, ").push_bind(behind.chars().count() as i64);
        sql.push(") = ").push_bind(behind).push(")");
    }
    if let Some(reference) = &filter.reference {
        sql.push(" and reference = ").push_bind(reference);
    }
    if let Some(test) = filter.test {
        sql.push(" and test = ").push_bind(test);
    }
    if !filter.accounts.is_empty() {
        // One value, since a database has a limit to how many may be bound.
        let accounts = serde_json::Value::from(filter.accounts.clone()).to_string();
        sql.push(" and id in (select posting from posting_account where account in (");
        sql.push("select value from json_each(").push_bind(accounts).push(")))");
    }
    days(&mut sql, filter);
    if let Some((partner, form)) = &filter.unreleased {
        sql.push(
            " and not exists (select 1 from release where posting = posting.id and partner = ",
        );
        sql.push_bind(partner).push(" and form = ").push_bind(form).push(")");
    }
    if let Some(message) = filter.released_in {
        sql.push(" and id in (select posting from release where message = ");
        sql.push_bind(message.0).push(")");
    }
    if let Some(message) = filter.message {
        sql.push(" and message = ").push_bind(message.0);
    }
    sql.push(" order by id limit ").push_bind(i64::from(most));
    let rows = sql.build().fetch_all(pool).await?;
    let mut postings = columns::all(&rows, columns::posting)?;
    for some in postings.chunks_mut(AT_ONCE) {
        read_accounts(pool, some).await?;
    }
    Ok(postings)
}

/// Days are written so that their texts compare as they do. A posting that says one day alone is
/// about that day.
fn days(sql: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    if let Some(from) = filter.from {
        let from = from.to_string();
        sql.push(" and (until_day > ").push_bind(from.clone());
        sql.push(" or (until_day is null and from_day >= ").push_bind(from).push("))");
    }
    if let Some(until) = filter.until {
        let until = until.to_string();
        sql.push(" and (from_day < ").push_bind(until.clone());
        sql.push(" or (from_day is null and until_day <= ").push_bind(until).push("))");
    }
}

/// Reads the accounts of postings, which stand in the order of their numbers.
async fn read_accounts(pool: &SqlitePool, postings: &mut [Posting]) -> Result<(), StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "select posting, account from posting_account where posting in (",
    );
    let mut ids = sql.separated(", ");
    for posting in postings.iter() {
        ids.push_bind(posting.id.0);
    }
    sql.push(") order by posting, place");
    for row in sql.build().fetch_all(pool).await? {
        let id = PostingId(row.number("posting")?);
        if let Ok(place) = postings.binary_search_by_key(&id.0, |posting| posting.id.0) {
            postings[place].accounts.push(row.text("account")?);
        }
    }
    Ok(())
}
