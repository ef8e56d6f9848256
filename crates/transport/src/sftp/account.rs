//! Who may log in, from where, with what, and how much they may use; and who takes their drops.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use jiff::Timestamp;
use russh::keys::PublicKey;

use crate::file_drop::{FileDrop, Receipt, Refusal};
use crate::mailbox::Mailbox;

/// Knows the accounts. The gateway implements it. Who is kept out for a while is the business of
/// [`Bans`](crate::sftp::Bans).
pub trait Accounts: Send + Sync + 'static {
    /// Whether a connection from this address is served at all. Asked before a byte is sent.
    fn admit(&self, address: IpAddr) -> impl Future<Output = bool> + Send;

    /// The account of this name, or none. Asked anew at each try, so that a change counts at once.
    fn account(&self, name: &str) -> impl Future<Output = Option<Account>> + Send;
}

/// Takes drops. The gateway implements it.
pub trait Drops: Send + Sync + 'static {
    /// Takes a file that arrived whole, and returns only when its bytes are kept for good.
    ///
    /// The client is told that its upload succeeded after this returned, and not before. A
    /// [`Refusal`] is told to the client word for word, and the file is thrown away. The file
    /// appears in its folder after this returned; a client may look for it there, so leave it for
    /// a while.
    fn take(&self, arrived: FileDrop) -> impl Future<Output = Result<Receipt, Refusal>> + Send;
}

/// One account: a partner, or a van that carries the mail of many.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name it logs in with.
    pub name: String,
    /// Its public keys. Several may be valid at once while one follows another.
    pub keys: Vec<AuthorizedKey>,
    /// Its password, if it has one.
    pub password: Option<Password>,
    /// What is asked of it to log in.
    pub login: LoginRule,
    /// The networks it may come from; none named means any.
    pub networks: Vec<Network>,
    /// Its mailbox.
    pub mailbox: Mailbox,
    /// How much it may use.
    pub limits: Limits,
}

/// What is asked of an account to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginRule {
    /// A key or the password.
    #[default]
    Either,
    /// A key and then the password.
    Both,
}

/// A public key that may log in, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedKey {
    key: PublicKey,
    /// Valid from this instant on; none means always.
    pub from: Option<Timestamp>,
    /// Valid before this instant; none means for good.
    pub until: Option<Timestamp>,
}

impl AuthorizedKey {
    /// Reads a key as a `.pub` file of OpenSSH has it, valid for good.
    ///
    /// # Errors
    ///
    /// [`AccountError::Key`] if it is none.
    pub fn new(line: &str) -> Result<Self, AccountError> {
        let key = PublicKey::from_openssh(line.trim()).map_err(|_| AccountError::Key)?;
        Ok(Self { key, from: None, until: None })
    }

    /// The same, valid from one instant until just before the other.
    pub fn valid(self, from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self { from, until, ..self }
    }

    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    }

    pub(crate) fn is(&self, key: &PublicKey, now: Timestamp) -> bool {
        self.key.key_data() == key.key_data()
            && self.from.is_none_or(|from| from <= now)
            && self.until.is_none_or(|until| now < until)
    }
}

/// A password as it is kept: hashed with argon2id.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    hash: String,
}

impl Password {
    /// Reads a hash in the form `$argon2id$v=19$m=…`.
    ///
    /// # Errors
    ///
    /// [`AccountError::Password`] if it is none, or made with another function.
    pub fn from_hash(hash: &str) -> Result<Self, AccountError> {
        match PasswordHash::new(hash) {
            Ok(parsed) if parsed.algorithm.as_str() == "argon2id" => Ok(Self { hash: hash.into() }),
            _ => Err(AccountError::Password),
        }
    }

    /// Hashes a password with 19 MiB of memory and two passes, as OWASP advises. It takes some
    /// hundredths of a second: use it on a thread that may block.
    ///
    /// # Errors
    ///
    /// [`AccountError::Password`] if the system gives no random numbers.
    pub fn hash(password: &str) -> Result<Self, AccountError> {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Ok(Self { hash: hash.map_err(|_| AccountError::Password)?.to_string() })
    }

    /// The hash, to be kept.
    pub fn as_hash(&self) -> &str {
        &self.hash
    }

    /// A hash that no password meets.
    pub(crate) fn impossible() -> Self {
        Self { hash: String::new() }
    }

    /// Whether this is the password. Blocks as long as hashing does.
    pub(crate) fn is(&self, password: &str) -> bool {
        PasswordHash::new(&self.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// A network: an address and how many of its bits count, e.g. `192.0.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether the address is in the network. An IPv4 address inside IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = AccountError;

    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or one address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AccountError::Network(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

/// How much an account may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at once.
    pub sessions: u32,
    /// Files and listings open at once in one session.
    pub handles: usize,
    /// The largest file it may put, in bytes.
    pub largest_file: u64,
    /// Bytes that may lie in one folder it puts files into, arriving ones counted.
    pub folder_bytes: u64,
    /// Files that may lie in one folder it puts files into.
    pub folder_files: u64,
    /// How long a session may be quiet.
    pub idle: Duration,
}

impl Default for Limits {
    /// Ample for trading partners: 16 sessions, 64 handles, files of 1 GiB, 10 GiB and 10,000 files
    /// in a folder, ten minutes of quiet.
    fn default() -> Self {
        Self {
            sessions: 16,
            handles: 64,
            largest_file: 1 << 30,
            folder_bytes: 10 << 30,
            folder_files: 10_000,
            idle: Duration::from_secs(600),
        }
    }
}

/// What cannot be part of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Not a public key of a kind that is known.
    #[error("not a public key; give the line of a .pub file, such as: ssh-ed25519 AAAA…")]
    Key,
    /// Not a password hash.
    #[error("not an argon2id password hash; it starts with $argon2id$")]
    Password,
    /// Not a network.
    #[error("{0} is no network; write it as 192.0.2.0/24 or 2001:db8::/32")]
    Network(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.77", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ];
        for (network, address, inside) in cases {
            let network: Network = network.parse().expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(network.contains(address), inside, "{address} in {network:?}");
        }
        for wrong in ["192.0.2.0/33", "here", "192.0.2.0/", "2001:db8::/129", "192.0.2.0/-1"] {
            assert_eq!(wrong.parse::<Network>(), Err(AccountError::Network(wrong.into())));
        }
    }

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let password = Password::hash("correct horse").expect("random numbers");
        assert!(password.as_hash().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let read = Password::from_hash(password.as_hash()).expect("our own hash");
        assert!(read.is("correct horse"));
        assert!(!read.is("correct horse "));
        assert!(!format!("{read:?}").contains("argon2"));
        assert_eq!(Password::from_hash("hunter2"), Err(AccountError::Password));
    }
}
