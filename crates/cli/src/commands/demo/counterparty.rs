//! A partner's software: it logs in to the cooperative's SFTP server, fetches, answers and sends.

use std::fs;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use tieline_model::time::Timestamp;
use tieline_transport::sftp::HostKey;
use tieline_transport::sftp::client::{Client, FetchOptions, PutOptions, Remote, UserKey};
use tieline_x12::acknowledge::{Acknowledger, Policy, Stamp};
use tieline_x12::check::{Standard, check};

use super::broken;

/// A partner, as it is at home.
pub(super) struct Counterparty {
    pub(super) id: &'static str,
    key: UserKey,
    /// Where it keeps what it got and what it sent.
    folder: PathBuf,
    /// The server of the cooperative, once it is known.
    remote: Option<Remote>,
    /// The control number of the last interchange it sent.
    control: u32,
}

/// A file that a partner got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl File {
    /// Its text, whatever of it is text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Counterparty {
    /// A partner with a new key.
    pub(super) fn new(id: &'static str, folder: PathBuf) -> anyhow::Result<Counterparty> {
        fs::create_dir_all(folder.join("got"))?;
        fs::create_dir_all(folder.join("sent"))?;
        Ok(Counterparty { id, key: UserKey::generate()?, folder, remote: None, control: 0 })
    }

    /// The key that it gives to the cooperative.
    pub(super) fn public_key(&self) -> anyhow::Result<String> {
        Ok(self.key.public()?)
    }

    /// Learns where the cooperative's server is and by which key it is known.
    pub(super) fn know(&mut self, address: SocketAddr, host_key: &HostKey) -> anyhow::Result<()> {
        let mut remote = Remote::new(address.ip().to_string(), self.id);
        remote.port = address.port();
        remote.host_keys.push(host_key.fingerprint().parse()?);
        remote.credentials.keys.push(self.key.clone());
        self.remote = Some(remote);
        Ok(())
    }

    async fn connect(&self) -> anyhow::Result<Client> {
        let remote = self.remote.as_ref().context("the server is not known yet")?;
        let client = Client::connect(remote).await;
        Ok(client.map_err(|error| broken(&format!("{} cannot log in", self.id), &error))?)
    }

    /// Fetches every file of a folder, and removes what it has fetched.
    pub(super) async fn collect(&self, folder: &str) -> anyhow::Result<Vec<File>> {
        let client = self.connect().await?;
        let mut files = Vec::new();
        for listed in client.list(folder.as_bytes()).await? {
            let name = String::from_utf8(listed.name)?;
            let path = format!("{folder}/{name}");
            let mut bytes = Vec::new();
            client.fetch(path.as_bytes(), &mut bytes, &FetchOptions::default()).await?;
            client.remove(path.as_bytes()).await?;
            fs::write(self.folder.join("got").join(&name), &bytes)?;
            files.push(File { name, bytes });
        }
        client.close().await;
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    /// Puts a file into `inbound`.
    pub(super) async fn send(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        fs::write(self.folder.join("sent").join(name), bytes)?;
        let client = self.connect().await?;
        let path = format!("inbound/{name}");
        client.put(path.as_bytes(), &mut Cursor::new(bytes), &PutOptions::default()).await?;
        client.close().await;
        Ok(())
    }

    /// Answers an interchange with the 997 it earns by the standard.
    pub(super) async fn acknowledge(&mut self, file: &File, now: Timestamp) -> anyhow::Result<()> {
        let mut acknowledger = Acknowledger::new(Policy::default());
        check(&file.bytes, &Standard, &mut acknowledger);
        for answers in acknowledger.finish() {
            let control_number = self.next_control();
            let (date, time) =
                (now.strftime("%Y%m%d").to_string(), now.strftime("%H%M").to_string());
            let stamp = Stamp { control_number, date: &date, time: &time };
            let Some(written) = answers.write(stamp) else { continue };
            self.send(&format!("997-{control_number:04}.edi"), &written?).await?;
        }
        Ok(())
    }

    /// The control number of its next interchange.
    pub(super) fn next_control(&mut self) -> u32 {
        self.control += 1;
        self.control
    }
}
