//! The keys by which a server is known.

use std::fmt;

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{HashAlg, PrivateKey};

/// A key by which a server is known to its clients.
///
/// Have an ed25519 key, and an RSA key beside it for partners whose software is old.
#[derive(Clone)]
pub struct HostKey {
    key: PrivateKey,
}

impl HostKey {
    /// Makes a new ed25519 key.
    ///
    /// # Errors
    ///
    /// [`HostKeyError::Random`] if the system gives no random numbers.
    pub fn generate() -> Result<Self, HostKeyError> {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| HostKeyError::Random)?;
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
        let key = PrivateKey::new(pair, "").map_err(|_| HostKeyError::Random)?;
        Ok(Self { key })
    }

    /// Reads a private key as `ssh-keygen` writes it: ed25519, ECDSA or RSA of 2048 bits or more,
    /// without a passphrase.
    ///
    /// # Errors
    ///
    /// [`HostKeyError::Unreadable`], or [`HostKeyError::Weak`].
    pub fn read(text: &str) -> Result<Self, HostKeyError> {
        let key =
            russh::keys::decode_secret_key(text, None).map_err(|_| HostKeyError::Unreadable)?;
        match key.key_data() {
            KeypairData::Rsa(pair) if pair.key_size() < 2048 => Err(HostKeyError::Weak),
            KeypairData::Rsa(_) | KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) => {
                Ok(Self { key })
            }
            _ => Err(HostKeyError::Unreadable),
        }
    }

    /// The private key as `ssh-keygen` writes it. Keep it where only the server can read it.
    ///
    /// # Errors
    ///
    /// [`HostKeyError::Unreadable`] if the key cannot be written in that form.
    pub fn to_text(&self) -> Result<String, HostKeyError> {
        let text = self.key.to_openssh(LineEnding::LF).map_err(|_| HostKeyError::Unreadable)?;
        Ok(text.to_string())
    }

    /// The public key in one line, as a partner's `known_hosts` has it after the host's name.
    ///
    /// # Errors
    ///
    /// [`HostKeyError::Unreadable`] if the key cannot be written in that form.
    pub fn public(&self) -> Result<String, HostKeyError> {
        self.key.public_key().to_openssh().map_err(|_| HostKeyError::Unreadable)
    }

    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    pub(crate) fn private(&self) -> &PrivateKey {
        &self.key
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostKey({})", self.fingerprint())
    }
}

/// Why there is no host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostKeyError {
    /// Not a private key, or one with a passphrase, or of a kind that is not used.
    #[error(
        "not a private key that can be used; make one with: ssh-keygen -t ed25519 -N '' -f host_key"
    )]
    Unreadable,
    /// An RSA key that is too short.
    #[error("an RSA key needs 2048 bits or more; make one with: ssh-keygen -t rsa -b 3072 -N ''")]
    Weak,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
