//! A partner's SFTP server as we know it: where it is, how it is known, how we log in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{HashAlg, PrivateKey, PublicKey};

use crate::sftp::algorithms::{KEY_KINDS, KeyKind, Legacy};

/// A partner's SFTP server: where it is, how it is known, and how we log in.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name or address.
    pub host: String,
    /// Its port, usually 22.
    pub port: u16,
    /// The account we have there.
    pub user: String,
    /// The keys it is known by. With none, nobody is talked to: see [`scan_host_keys`].
    ///
    /// [`scan_host_keys`]: crate::sftp::client::scan_host_keys
    pub host_keys: Vec<PinnedKey>,
    /// What we log in with.
    pub credentials: Credentials,
    /// The way there, if it is not direct.
    pub proxy: Option<Proxy>,
    /// Weak algorithms that this server alone needs.
    pub legacy: Vec<Legacy>,
    /// How long is waited for what.
    pub timeouts: Timeouts,
    /// Bytes after which the keys of the connection are renewed, each way; 1 GiB at most.
    pub rekey_after: usize,
}

impl Remote {
    /// A server on port 22 with nothing known of it but its name and our account.
    pub fn new(host: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 22,
            user: user.into(),
            host_keys: Vec::new(),
            credentials: Credentials::default(),
            proxy: None,
            legacy: Vec::new(),
            timeouts: Timeouts::default(),
            rekey_after: 1 << 30,
        }
    }
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For each of: the name to be resolved, the connection to be made, the proxy to answer, the
    /// keys to be exchanged.
    pub connect: Duration,
    /// For logging in and for the SFTP session to begin.
    pub login: Duration,
    /// With requests waiting, for anything at all to come. It is not the time of one request: on a
    /// slow line each of many waits for those before it.
    pub progress: Duration,
    /// Between signs of life on a quiet connection; three without an answer end it.
    pub keepalive: Duration,
}

impl Default for Timeouts {
    /// 30 s to connect, 60 s to log in, 60 s without progress, a sign of life each 15 s.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            login: Duration::from_secs(60),
            progress: Duration::from_secs(60),
            keepalive: Duration::from_secs(15),
        }
    }
}

/// A key that a server must show one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedKey(Pinned);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pinned {
    Fingerprint(Fingerprint),
    Key(Box<PublicKey>),
}

impl PinnedKey {
    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        match &self.0 {
            Pinned::Fingerprint(fingerprint) => fingerprint.to_string(),
            Pinned::Key(key) => fingerprint(key),
        }
    }

    pub(crate) fn is(&self, key: &PublicKey) -> bool {
        match &self.0 {
            Pinned::Fingerprint(fingerprint) => *fingerprint == key.fingerprint(HashAlg::Sha256),
            Pinned::Key(pinned) => pinned.key_data() == key.key_data(),
        }
    }

    /// The kinds of key it can be: a fingerprint does not say.
    pub(crate) fn kinds(&self) -> Vec<KeyKind> {
        match &self.0 {
            Pinned::Fingerprint(_) => KEY_KINDS.to_vec(),
            Pinned::Key(key) => KeyKind::of(&key.algorithm()).into_iter().collect(),
        }
    }
}

impl FromStr for PinnedKey {
    type Err = CredentialError;

    /// Reads a fingerprint `SHA256:…`, a line of `known_hosts` or a line of a `.pub` file. The host
    /// in a line of `known_hosts` does not count, hashed or not: the key is pinned to the server it
    /// is given for.
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        if text.starts_with("SHA256:") {
            let fingerprint = text.parse().map_err(|_| CredentialError::Fingerprint)?;
            return Ok(Self(Pinned::Fingerprint(fingerprint)));
        }
        if text.starts_with('@') {
            return Err(CredentialError::Marked);
        }
        // With the host before it, or without.
        let line = text.split_once(char::is_whitespace).map_or("", |(_, key)| key.trim());
        let key = PublicKey::from_openssh(text).or_else(|_| PublicKey::from_openssh(line));
        match key {
            Ok(key) if KeyKind::of(&key.algorithm()).is_some() => {
                Ok(Self(Pinned::Key(Box::new(key))))
            }
            _ => Err(CredentialError::Fingerprint),
        }
    }
}

pub(crate) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// What we log in with: the keys are tried in order, then the password.
///
/// Where a server wants both, it gets both.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Our private keys.
    pub keys: Vec<UserKey>,
    /// Our password.
    pub password: Option<Secret>,
}

/// Words that are not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// A private key of ours.
#[derive(Clone)]
pub struct UserKey(Arc<PrivateKey>);

impl UserKey {
    /// Makes a new ed25519 key.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Random`] if the system gives no random numbers.
    pub fn generate() -> Result<Self, CredentialError> {
        use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};

        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| CredentialError::Random)?;
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
        let key = PrivateKey::new(pair, "").map_err(|_| CredentialError::Random)?;
        Ok(Self(Arc::new(key)))
    }

    /// Reads a private key as `ssh-keygen` or PuTTY write it: ed25519, ECDSA or RSA of 2048 bits or
    /// more, with its passphrase if it has one.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Key`], or [`CredentialError::WeakKey`].
    pub fn read(text: &str, passphrase: Option<&Secret>) -> Result<Self, CredentialError> {
        use russh::keys::ssh_key::private::KeypairData;

        let key = russh::keys::decode_secret_key(text, passphrase.map(Secret::reveal))
            .map_err(|_| CredentialError::Key)?;
        match key.key_data() {
            KeypairData::Rsa(pair) if pair.key_size() < 2048 => Err(CredentialError::WeakKey),
            KeypairData::Rsa(_) | KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) => {
                Ok(Self(Arc::new(key)))
            }
            _ => Err(CredentialError::Key),
        }
    }

    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        fingerprint(self.0.public_key())
    }

    /// The public key in one line, to be given to the partner.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Key`] if it cannot be written in that form.
    pub fn public(&self) -> Result<String, CredentialError> {
        self.0.public_key().to_openssh().map_err(|_| CredentialError::Key)
    }

    pub(crate) fn private(&self) -> &Arc<PrivateKey> {
        &self.0
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UserKey({})", self.fingerprint())
    }
}

/// A way to a server that is not direct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Name and password, if it asks for them.
    pub login: Option<(String, Secret)>,
}

/// What a proxy speaks. Both are given the name of the server, and resolve it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5, RFC 1928.
    Socks5,
    /// HTTP's `CONNECT`.
    HttpConnect,
}

/// What cannot be part of a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// Neither fingerprint nor key.
    #[error(
        "not a host key; give a fingerprint such as SHA256:…, or a line of known_hosts with an \
         ed25519, ECDSA or RSA key"
    )]
    Fingerprint,
    /// A line of `known_hosts` that says something of a key other than that it is the server's.
    #[error("lines with @cert-authority or @revoked cannot be pinned; give the host's own key")]
    Marked,
    /// Not a private key, or not with this passphrase.
    #[error("not a private key that can be used, or its passphrase is wrong or missing")]
    Key,
    /// An RSA key that is too short.
    #[error("an RSA key needs 2048 bits or more; make one with: ssh-keygen -t rsa -b 3072")]
    WeakKey,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[test]
    fn a_host_key_is_pinned_by_fingerprint_or_line() {
        let key: PublicKey = KEY.parse().expect("a key");
        let lines = [
            KEY.to_owned(),
            format!("{KEY} somebody@somewhere"),
            format!("sftp.partner.example {KEY}"),
            format!("[sftp.partner.example]:2222,192.0.2.1  {KEY} a comment\n"),
            format!("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {KEY}"),
            fingerprint(&key),
        ];
        for line in lines {
            let pinned: PinnedKey = line.parse().expect(&line);
            assert!(pinned.is(&key), "{line}");
            assert_eq!(pinned.fingerprint(), fingerprint(&key), "{line}");
        }
        let wrong = [
            "",
            "MD5:aa:bb",
            "SHA256:AAAA",
            "host ssh-ed25519 AAAA",
            "host ssh-dss AAAAB3NzaC1kc3MAAAA",
        ];
        for line in wrong {
            assert_eq!(line.parse::<PinnedKey>(), Err(CredentialError::Fingerprint), "{line}");
        }
        let marked = format!("@cert-authority *.partner.example {KEY}");
        assert_eq!(marked.parse::<PinnedKey>(), Err(CredentialError::Marked));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
    }

    #[test]
    fn a_new_key_is_like_no_other() {
        let [one, other] = [(); 2].map(|()| UserKey::generate().expect("random numbers"));
        assert!(one.public().expect("it is written").starts_with("ssh-ed25519 AAAA"));
        assert_ne!(one.fingerprint(), other.fingerprint());
    }
}
