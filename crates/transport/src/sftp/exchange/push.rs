//! One run that puts files into a partner's folder.

use std::collections::VecDeque;
use std::io::{Cursor, Read, Seek};
use std::sync::Arc;

use super::{Task, within};
use crate::sftp::client::{Client, ConnectError, Put, PutOptions, Remote, Replace, SftpError};

/// Where files are put, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The partner's folder; empty for the one a session starts in.
    pub folder: Vec<u8>,
    /// How each file is put; its hash is said with the file.
    pub options: PutOptions,
    /// The end of the name of an empty file that is put after each, e.g. `.done`, if the partner
    /// wants one.
    pub announce: Option<Vec<u8>>,
    /// Files put at once. With more than one, they may appear in any order.
    pub at_once: usize,
}

impl Push {
    /// Puts files into a folder one by one, each under a temporary name first.
    pub fn new(folder: impl Into<Vec<u8>>) -> Self {
        Self { folder: folder.into(), options: PutOptions::default(), announce: None, at_once: 1 }
    }
}

/// A file to be put.
#[derive(Debug)]
pub struct Outgoing<R> {
    /// Its name in the partner's folder.
    pub name: Vec<u8>,
    /// Its bytes: a file, or memory.
    pub bytes: R,
    /// The SHA-256 of its bytes, if it is known; see [`PutOptions::sha256`].
    pub sha256: Option<[u8; 32]>,
}

/// What came of one file.
#[derive(Debug)]
pub struct PushedFile {
    /// Its name.
    pub name: Vec<u8>,
    /// What came of it.
    pub result: Pushed,
}

/// What came of one file of a push.
#[derive(Debug)]
pub enum Pushed {
    /// It is there, whole.
    Put(Put),
    /// It is not there.
    Failed(SftpError),
    /// The session ended meanwhile: it is there whole, or not at all. Look before it is put again,
    /// or put it again under the same name.
    Unknown(SftpError),
    /// The session had ended before.
    NotTried,
}

/// Puts files once, in one session, and tells what came of each, in the order given.
///
/// # Errors
///
/// [`ConnectError`] if there was no session, and then nothing was put.
pub async fn push<R: Read + Seek + Send + 'static>(
    remote: &Remote,
    push: &Push,
    files: Vec<Outgoing<R>>,
) -> Result<Vec<PushedFile>, ConnectError> {
    let client = Arc::new(Client::connect(remote).await?);
    let mut told = Vec::new();
    let mut underway = VecDeque::new();
    for Outgoing { name, bytes, sha256 } in files {
        underway.push_back(start(&client, push, name, bytes, sha256));
        if underway.len() >= push.at_once.max(1) {
            told.extend(next(&mut underway).await);
        }
    }
    while !underway.is_empty() {
        told.extend(next(&mut underway).await);
    }
    if let Some(client) = Arc::into_inner(client) {
        client.close().await;
    }
    Ok(told)
}

type Underway = (Vec<u8>, Task<Pushed>);

fn start<R: Read + Seek + Send + 'static>(
    client: &Arc<Client>,
    push: &Push,
    name: Vec<u8>,
    mut bytes: R,
    sha256: Option<[u8; 32]>,
) -> Underway {
    let client = Arc::clone(client);
    let options = PutOptions { sha256, ..push.options.clone() };
    let path = within(&push.folder, &name);
    let announcing = push.announce.as_ref().map(|end| [&path[..], end].concat());
    let putting = tokio::spawn(async move {
        if client.is_closed() {
            return Pushed::NotTried;
        }
        match put(&client, &path, &mut bytes, &options, announcing).await {
            Ok(put) => Pushed::Put(put),
            Err(error) if error.is_end() => Pushed::Unknown(error),
            Err(error) => Pushed::Failed(error),
        }
    });
    (name, Task(putting))
}

async fn put<R: Read + Seek + Send>(
    client: &Client,
    path: &[u8],
    bytes: &mut R,
    options: &PutOptions,
    announcing: Option<Vec<u8>>,
) -> Result<Put, SftpError> {
    let put = client.put(path, bytes, options).await?;
    if let Some(announcing) = announcing {
        let empty = PutOptions {
            resume: false,
            replace: Replace::RemoveFirst,
            sha256: None,
            ..options.clone()
        };
        client.put(&announcing, &mut Cursor::new([]), &empty).await?;
    }
    Ok(put)
}

async fn next(underway: &mut VecDeque<Underway>) -> Option<PushedFile> {
    let (name, putting) = underway.pop_front()?;
    let result = putting.join().await.unwrap_or_else(|error| {
        let error = std::io::Error::other(error);
        Pushed::Unknown(SftpError::Local { doing: "putting a file", error })
    });
    Some(PushedFile { name, result })
}
