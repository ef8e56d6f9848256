//! The server as SSH sees it: the key it shows, and the words it says beside the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::{PublicKey, PublicKeyOrCertificate};
use russh::{Channel, ChannelOpenFailure};

use crate::mailbox::printable;
use crate::sftp::client::remote::PinnedKey;

/// Most bytes that are kept of words.
const WORDS: usize = 1000;

/// What is noted of a server while we talk to it.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    presented: Option<PublicKey>,
    announced: Vec<PublicKey>,
    banner: String,
    aside: String,
    ending: String,
}

impl Notes {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key it showed.
    pub(crate) fn presented(&self) -> Option<PublicKey> {
        self.noted().presented.clone()
    }

    /// The keys it says it has, which it has not proved.
    pub(crate) fn announced(&self) -> Vec<PublicKey> {
        self.noted().announced.clone()
    }

    /// What it says before anybody logs in.
    pub(crate) fn banner(&self) -> String {
        self.noted().banner.clone()
    }

    /// Takes what it says on the side, where other programs have their errors.
    pub(crate) fn aside(&self, bytes: &[u8]) {
        let mut noted = self.noted();
        if noted.aside.len() < WORDS {
            let text = printable(bytes.trim_ascii());
            noted.aside.push_str(&text);
        }
    }

    /// Why it ended, and what it said on the side; empty when nothing is known.
    pub(crate) fn ending(&self) -> String {
        let noted = self.noted();
        let words = [&noted.ending, &noted.aside].map(|words| words.as_str());
        let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
        words.join("; ")
    }
}

/// The server as SSH sees it.
pub(crate) struct Host {
    pub(crate) pins: Vec<PinnedKey>,
    pub(crate) notes: Arc<Notes>,
}

impl Handler for Host {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        self.notes.noted().presented = Some(key.clone());
        Ok(self.pins.iter().any(|pin| pin.is(key)))
    }

    async fn auth_banner(&mut self, banner: &str, _: &mut Session) -> Result<(), Self::Error> {
        let mut noted = self.notes.noted();
        if noted.banner.len() < WORDS {
            let text = printable(banner.trim().as_bytes());
            noted.banner.push_str(&text);
        }
        Ok(())
    }

    async fn openssh_ext_host_keys_announced(
        &mut self,
        keys: Vec<PublicKey>,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.notes.noted().announced = keys;
        Ok(())
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<Self::Error>,
    ) -> Result<(), Self::Error> {
        let (words, result) = match reason {
            DisconnectReason::ReceivedDisconnect(told) => {
                (format!("the server said \"{}\"", printable(told.message.as_bytes())), Ok(()))
            }
            DisconnectReason::Error(error) => (error.to_string(), Err(error)),
        };
        self.notes.noted().ending = words;
        result
    }

    // A server has no business opening channels to us, and `russh` accepts them by itself.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse(reply).await
    }
}

async fn refuse(reply: ChannelOpenHandle) -> Result<(), russh::Error> {
    reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
    Ok(())
}
