//! Whether the nodes of one store share their mailboxes: each leaves a mark, and looks for the others'.
//!
//! A mark is a file in `.nodes` of the mailboxes with an instant in it, and a line in the audit of the
//! store with the same. A node that finds the line and not the file has other mailboxes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tieline_store::access::AuditFilter;
use tieline_store::{AuditEntry, Store};

use crate::inspection::Inspection;
use crate::station::{Settings, make_private};

/// Where the marks are.
const FOLDER: &str = ".nodes";
/// What the audit calls them.
const ACTION: &str = "mailboxes marked";
/// How long a mark of a node counts: one that is older is perhaps of a node that is no more.
const COUNTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most lines of the audit that are read.
const MOST: u32 = 1_000;

/// Leaves a mark for this node, and looks for those of the others.
pub(super) async fn look(settings: &Settings, store: &dyn Store, seen: &mut Inspection) {
    let folder = settings.mailboxes().join(FOLDER);
    let node = file_name(&settings.node());
    let done = async {
        let now = store.now().await.map_err(|error| error.to_string())?;
        leave(&folder, &node, now)?;
        let entry = AuditEntry {
            at: None,
            actor: format!("node {node}"),
            action: ACTION.to_string(),
            subject: node.clone(),
            detail: now.to_string(),
        };
        store.audit(vec![entry]).await.map_err(|error| error.to_string())?;
        others(store, &node, now).await
    };
    let others = match done.await {
        Ok(others) => others,
        Err(why) => return seen.fail("shared", why, "the nodes have to share one folder"),
    };
    if others.is_empty() {
        let fix = "with several nodes, run tieline doctor on each";
        return seen.warn("shared", "no other node has left a mark among the mailboxes", fix);
    }
    for (other, at) in others {
        let found = fs::read_to_string(folder.join(&other)).unwrap_or_default();
        // A mark is left before it is told, so it may be later than what was told.
        let is_there = found.trim().parse::<Timestamp>().is_ok_and(|found| found >= at);
        match is_there {
            true => seen.ok("shared", format!("the mailboxes are those of {other} too")),
            false => {
                let how = format!("{other} left a mark in its mailboxes, which is not in these");
                seen.fail("shared", how, "give all nodes the same folder as mailboxes");
            }
        }
    }
}

fn leave(folder: &Path, node: &str, now: Timestamp) -> Result<(), String> {
    make_private(folder).map_err(|failure| failure.message)?;
    let write = |path: &Path| fs::write(path, format!("{now}\n"));
    let aside = folder.join(format!(".{node}.{}", std::process::id()));
    let done = write(&aside).and_then(|()| fs::rename(&aside, folder.join(node)));
    done.map_err(|error| format!("{}: {error}", folder.display()))
}

/// The other nodes that left a mark, and when last.
async fn others(
    store: &dyn Store,
    own: &str,
    now: Timestamp,
) -> Result<BTreeMap<String, Timestamp>, String> {
    let filter = AuditFilter {
        action: Some(ACTION.to_string()),
        since: now.checked_sub(COUNTS).ok(),
        ..AuditFilter::default()
    };
    let lines = store.audited(&filter, MOST).await.map_err(|error| error.to_string())?;
    let mut others = BTreeMap::new();
    for line in lines.into_iter().filter(|line| line.subject != own) {
        if let Ok(at) = line.detail.parse() {
            // The latest comes first.
            others.entry(line.subject).or_insert(at);
        }
    }
    Ok(others)
}

/// The name of a node as a file may have it.
fn file_name(node: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    format!("node-{}", node.chars().map(plain).collect::<String>())
}
