//! A partner's server tried out, step by step, as a call would reach it; nothing is taken or sent.

use std::fmt;

use tieline_partner::profile::drop::SftpDrop;
use tieline_partner::secret::Secrets;
use tieline_transport::sftp::client::{Step, test_connection};

use crate::steps::call::remote;

/// Why a drop cannot be tried out: a secret, or what its profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(String);

impl std::error::Error for Unusable {}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a drop could be called: its secrets are there, and they and its host keys can be read.
///
/// # Errors
///
/// [`Unusable`] says which is not, and never what it is.
pub fn check(secrets: &Secrets, drop: &SftpDrop) -> Result<(), Unusable> {
    remote(secrets, drop).map(|_| ()).map_err(|error| Unusable(error.to_string()))
}

/// Tries out what a drop needs up to the first step that fails: connects, logs in, lists the folder
/// that files go to and, with `is_put`, puts a small file there, renames and deletes it; then lists
/// the folder that files are taken from.
///
/// # Errors
///
/// [`Unusable`] when nobody was called.
pub async fn test(secrets: &Secrets, drop: &SftpDrop, is_put: bool) -> Result<Vec<Step>, Unusable> {
    let remote = remote(secrets, drop).map_err(|error| Unusable(error.to_string()))?;
    let pull = drop.pull.as_ref().map(|pull| pull.folder.as_str());
    let first = drop.push.as_deref().or(pull).unwrap_or_default();
    let mut steps = test_connection(&remote, first.as_bytes(), is_put && drop.push.is_some()).await;
    if let Some(folder) = pull.filter(|folder| *folder != first)
        && steps.iter().all(Step::is_done)
    {
        let more = test_connection(&remote, folder.as_bytes(), false).await;
        // What was seen once is told once.
        steps.extend(more.into_iter().filter(|step| step.name == "list" || !step.is_done()));
    }
    Ok(steps)
}
