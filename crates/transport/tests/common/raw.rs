//! A client that sends whatever bytes a test wants sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Msg};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};

pub(crate) struct AnyHost;

impl client::Handler for AnyHost {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// Connects, without logging in.
pub(crate) async fn connect(address: SocketAddr) -> Handle<AnyHost> {
    let config = client::Config { window_size: 16 << 20, nodelay: true, ..Default::default() };
    client::connect(Arc::new(config), address, AnyHost).await.expect("the server answers")
}

pub(crate) async fn login_with_key(handle: &mut Handle<AnyHost>, key: &str) -> AuthResult {
    login_with_hash(handle, key, None).await
}

/// Logs in with an RSA key and signs over this hash; none is SHA-1.
pub(crate) async fn login_with_hash(
    handle: &mut Handle<AnyHost>,
    key: &str,
    hash: Option<HashAlg>,
) -> AuthResult {
    let key: PrivateKey = russh::keys::decode_secret_key(key, None).expect("a private key");
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    handle.authenticate_publickey("acme", key).await.expect("the server answers")
}

/// An SFTP session that is open: version 3 is agreed.
pub(crate) struct Raw {
    pub(crate) handle: Handle<AnyHost>,
    pub(crate) to: ChannelWriteHalf<Msg>,
    pub(crate) answers: Answers,
}

/// What the server says.
pub(crate) struct Answers {
    from: ChannelReadHalf,
    came: Vec<u8>,
}

impl Raw {
    /// Connects and logs in with the password.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut handle = connect(address).await;
        let login = handle.authenticate_password("acme", super::PASSWORD).await;
        assert!(login.expect("the server answers").success());
        Self::start(handle).await
    }

    pub(crate) async fn start(handle: Handle<AnyHost>) -> Self {
        let channel = handle.channel_open_session().await.expect("a channel");
        channel.request_subsystem(true, "sftp").await.expect("the request is sent");
        let (from, to) = channel.split();
        let mut raw = Self { handle, to, answers: Answers { from, came: Vec::new() } };
        raw.send(&[1, 0, 0, 0, 3]).await;
        let version = raw.answer().await.expect("a version");
        assert_eq!(version[..5], [2, 0, 0, 0, 3]);
        raw
    }

    /// Sends one message; its length is put before it.
    pub(crate) async fn send(&self, message: &[u8]) {
        self.send_bytes(&framed(message)).await;
    }

    pub(crate) async fn send_bytes(&self, bytes: &[u8]) {
        // A server that has closed the channel takes nothing; the test sees that in the answers.
        let _ = self.to.data_bytes(bytes.to_vec()).await;
    }

    /// The next message, without its length; none when the server closed the channel.
    pub(crate) async fn answer(&mut self) -> Option<Vec<u8>> {
        self.answers.next().await
    }

    /// Sends a request and gives its answer.
    pub(crate) async fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.send(message).await;
        self.answer().await.expect("an answer")
    }

    /// Sends a request and gives the code and the words of the STATUS that answers it.
    pub(crate) async fn status(&mut self, message: &[u8]) -> (u32, String) {
        status(&self.ask(message).await)
    }

    /// Opens a file; flags as in the draft: 1 read, 2 write, 8 create, 16 truncate.
    pub(crate) async fn open_file(&mut self, path: &[u8], flags: u32) -> Vec<u8> {
        let open = request(3, &[Part::Text(path), Part::Number(flags), Part::Number(0)]);
        let answer = self.ask(&open).await;
        assert_eq!(answer[0], 102, "no handle but {:?}", status(&answer));
        answer[9..].to_vec()
    }
}

impl Answers {
    /// The next message, without its length; none when the server closed the channel.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some((head, rest)) = self.came.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*head) as usize;
                if rest.len() >= length {
                    let message = rest[..length].to_vec();
                    self.came.drain(..4 + length);
                    return Some(message);
                }
            }
            match tokio::time::timeout(Duration::from_secs(30), self.from.wait()).await {
                Ok(Some(ChannelMsg::Data { data })) => self.came.extend_from_slice(&data),
                Ok(Some(ChannelMsg::Close) | None) => return None,
                Ok(Some(_)) => {}
                Err(_) => panic!("the server said nothing for 30 s"),
            }
        }
    }
}

/// A message with its length before it.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&length.to_be_bytes()[..], message].concat()
}

/// What a request is made of.
pub(crate) enum Part<'a> {
    Number(u32),
    Long(u64),
    Text(&'a [u8]),
}

/// A request with the number 7.
pub(crate) fn request(kind: u8, parts: &[Part<'_>]) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, 7];
    for part in parts {
        match part {
            Part::Number(number) => message.extend_from_slice(&number.to_be_bytes()),
            Part::Long(number) => message.extend_from_slice(&number.to_be_bytes()),
            Part::Text(text) => message.extend_from_slice(&framed(text)),
        }
    }
    message
}

/// The code and the words of a STATUS.
pub(crate) fn status(message: &[u8]) -> (u32, String) {
    assert_eq!(message[0], 101, "an answer of another kind");
    let number = |at: usize| {
        u32::from_be_bytes(message[at..at + 4].try_into().expect("four bytes are four"))
    };
    let length = number(9) as usize;
    (number(5), String::from_utf8_lossy(&message[13..13 + length]).into_owned())
}
