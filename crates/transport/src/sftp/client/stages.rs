//! A connection tried out step by step, for whoever sets a partner up.

use std::fmt;
use std::io::Cursor;
use std::time::Duration;

use tokio::time::Instant;

use super::{Client, ConnectError, PutOptions, Remote, Replace, SftpError, Stage};
use crate::mailbox::printable;

/// One step of a connection that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name: `dns`, `tcp`, `proxy`, `host key`, `login`, `subsystem`, `list`, `write`, `rename`,
    /// `delete`.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub result: StepResult,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// It was done; a word about it.
    Done(String),
    /// It failed, and the steps after it were not tried.
    Failed {
        /// What happened.
        words: String,
        /// What to do.
        fix: String,
        /// Whether the same may succeed later without anybody doing anything.
        is_passing: bool,
    },
}

impl Step {
    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        matches!(self.result, StepResult::Done(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, took) = (&self.name, self.took.as_millis());
        match &self.result {
            StepResult::Done(word) => write!(formatter, "{name}: ok in {took} ms: {word}"),
            StepResult::Failed { words, fix, .. } => {
                write!(formatter, "{name}: failed after {took} ms: {words}; {fix}")
            }
        }
    }
}

/// Tries out what a drop needs, step by step up to the first that fails: connect, log in, list
/// `folder`, and if `is_put` put a small file there under a temporary name, rename and delete it.
/// Its names start with `.tieline-test`, which no partner's pattern should meet.
pub async fn test_connection(remote: &Remote, folder: &[u8], is_put: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let start = Instant::now();
    let connected = Client::connect_observed(remote, &mut |stage: Stage, took, word| {
        let name = stage.to_string();
        // A server is connected to anew when it showed a key of another kind first.
        steps.retain(|step: &Step| step.name != name);
        steps.push(Step { name, took, result: StepResult::Done(word) });
    })
    .await;
    match connected {
        Ok(client) => {
            try_out(&client, folder, is_put, &mut steps).await;
            client.close().await;
        }
        Err(error) => {
            let before: Duration = steps.iter().map(|step| step.took).sum();
            steps.push(failed_to_connect(&error, start.elapsed().saturating_sub(before)));
        }
    }
    steps
}

fn failed_to_connect(error: &ConnectError, took: Duration) -> Step {
    let (words, fix) = (error.to_string(), error.fix());
    let result = StepResult::Failed { words, fix, is_passing: error.is_passing() };
    Step { name: error.stage().to_string(), took, result }
}

async fn try_out(client: &Client, folder: &[u8], is_put: bool, steps: &mut Vec<Step>) {
    let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
    let name = [folder, slash, b".tieline-test"].concat();
    let renamed = [&name[..], b"-renamed"].concat();
    let asked = if folder.is_empty() { &b"."[..] } else { folder };
    let mut step = |name: &str, before: Instant, result: Result<String, SftpError>| {
        let result = match result {
            Ok(word) => StepResult::Done(word),
            Err(error) => {
                let (words, fix) = (error.to_string(), error.fix());
                StepResult::Failed { words, fix, is_passing: error.is_passing() }
            }
        };
        steps.push(Step { name: name.into(), took: before.elapsed(), result });
        steps.last().is_some_and(Step::is_done)
    };
    let before = Instant::now();
    let listed = client.list(asked).await;
    let listed = listed.map(|listed| format!("{} entries in {}", listed.len(), printable(asked)));
    if !step("list", before, listed) || !is_put {
        return;
    }
    let options = PutOptions { resume: false, ..PutOptions::default() };
    let before = Instant::now();
    let put = client.put(&name, &mut Cursor::new(b"a test of Tieline\n"), &options).await;
    if !step("write", before, put.map(|put| format!("{} bytes in {}", put.size, printable(&name))))
    {
        return;
    }
    let before = Instant::now();
    let done = client.rename(&name, &renamed, Replace::RemoveFirst).await;
    if !step("rename", before, done.map(|()| format!("to {}", printable(&renamed)))) {
        let _ = client.remove(&name).await;
        return;
    }
    let before = Instant::now();
    let done = client.remove(&renamed).await;
    step("delete", before, done.map(|()| printable(&renamed)));
}
