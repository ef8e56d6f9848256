//! A partner's login to our own SFTP server: `[mailbox]`.

use std::fmt;
use std::net::IpAddr;

use tieline_model::time::Timestamp;

use super::Usual;
use super::identity::{InterchangeId, read_ids};
use crate::amount;
use crate::secret::SecretName;
use crate::shape::{Kind, SECRET_FORM, SIZE_FORM, Section, TIME_FORM, may, must, words};
use crate::toml_file::{At, Faults, Table};

const LOGINS: [(&str, Login); 2] = [("either", Login::Either), ("both", Login::Both)];

pub(crate) const MAILBOX: Section = Section {
    name: "[mailbox]",
    keys: &[
        may(
            "user",
            Kind::Form("^[a-z0-9][a-z0-9._-]{2,31}$"),
            "The name it logs in with; the id of the partner when left out.",
        ),
        may("enabled", Kind::Flag, "false keeps it out for a while; true when left out."),
        may(
            "keys",
            Kind::Tables(&MAILBOX_KEY),
            "Its public keys; several hold at once while one follows another.",
        ),
        may(
            "password",
            Kind::Form(SECRET_FORM),
            "The name of a secret: the argon2id hash of its password.",
        ),
        may(
            "login",
            Kind::Words(|| words(&LOGINS)),
            "either: a key or the password; both: a key and then the password; either when left out.",
        ),
        may(
            "networks",
            Kind::Texts,
            "The networks it may come from, e.g. 192.0.2.0/24; any when left out.",
        ),
        may("limits", Kind::Table(&LIMITS), "How much it may use."),
        may(
            "senders",
            Kind::Tables(&SENDER),
            "Ids beside its own that may stand in the ISA of what it carries, as a VAN does for others.",
        ),
    ],
};

const MAILBOX_KEY: Section = Section {
    name: "{ key, from, until }",
    keys: &[
        must(
            "key",
            Kind::Form("^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$"),
            "A line of a .pub file, e.g. ssh-ed25519 AAAA...",
        ),
        may("from", Kind::Instant, "Holds from this day or instant on; always when left out."),
        may(
            "until",
            Kind::Instant,
            "Holds until just before this day or instant; for good when left out.",
        ),
    ],
};

const LIMITS: Section = Section {
    name: "[mailbox.limits]",
    keys: &[
        may("file", Kind::Form(SIZE_FORM), "The largest file; 1GB when left out."),
        may("bytes", Kind::Form(SIZE_FORM), "What may lie in a folder; 10GB when left out."),
        may(
            "files",
            Kind::Count(1_000_000),
            "How many files may lie in a folder; 10000 when left out.",
        ),
        may("sessions", Kind::Count(1_000), "Sessions at once; 16 when left out."),
        may("idle", Kind::Form(TIME_FORM), "How long a session may be quiet; 10m when left out."),
    ],
};

const SENDER: Section = Section {
    name: "{ qualifier, id }",
    keys: &[
        must("qualifier", Kind::Form("^[ -~]{2}$"), "ISA05 or ISA07."),
        must(
            "id",
            Kind::Form("^[!-~]([ -~]{0,13}[!-~])?$"),
            "ISA06 or ISA08 without the spaces at its end.",
        ),
        may(
            "usage",
            Kind::Words(|| vec!["T", "P"]),
            "T or P: the kind of traffic it is for; both when left out.",
        ),
    ],
};

/// A partner's login to our SFTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name it logs in with.
    pub user: String,
    /// Whether it may log in for now.
    pub enabled: bool,
    /// Its public keys.
    pub keys: Vec<MailboxKey>,
    /// Where the argon2id hash of its password is kept.
    pub password: Option<SecretName>,
    /// What is asked of it.
    pub login: Login,
    /// The networks it may come from; none for any.
    pub networks: Vec<Network>,
    /// How much it may use.
    pub limits: MailboxLimits,
    /// Ids beside its own that may stand in the `ISA` of what it carries.
    pub senders: Vec<InterchangeId>,
}

/// A public key, and when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxKey {
    /// A line of a `.pub` file.
    pub key: String,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// What is asked of whoever logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// A key or the password.
    Either,
    /// A key and then the password.
    Both,
}

/// A network: an address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// How many of its bits count, from the front.
    pub bits: u8,
}

/// How much a mailbox may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxLimits {
    /// Bytes of the largest file.
    pub file: u64,
    /// Bytes that may lie in a folder.
    pub bytes: u64,
    /// Files that may lie in a folder.
    pub files: u32,
    /// Sessions at once.
    pub sessions: u32,
    /// Seconds that a session may be quiet.
    pub idle: u32,
}

impl Default for MailboxLimits {
    fn default() -> MailboxLimits {
        MailboxLimits {
            file: 1_000_000_000,
            bytes: 10_000_000_000,
            files: 10_000,
            sessions: 16,
            idle: 600,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

pub(crate) fn read_mailbox(
    table: &Table<'_>,
    id: &str,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Mailbox {
    let keys = read_keys(table, usual, faults);
    let password = table.secret("password", faults);
    if table.value("keys").is_none() && table.value("password").is_none() {
        faults.at(table.span.clone(), "[mailbox] has neither `keys` nor a `password`");
    }
    let login = table.word("login", &LOGINS, faults).unwrap_or(Login::Either);
    if login == Login::Both
        && (keys.is_empty() || password.is_none())
        && let Some(span) = table.value("login")
    {
        faults.at(span, "`both` asks for a key and a password, and one is not there");
    }
    let networks = table.many_parsed("networks", network, faults).unwrap_or_default();
    let limits = table.section("limits", &LIMITS, faults);
    let user = table.text("user", faults);
    if let Some(at) = &user {
        check_user(at, faults);
    }
    Mailbox {
        user: user.map_or_else(|| id.to_string(), |user| user.value),
        enabled: table.flag("enabled", faults).unwrap_or(true),
        keys,
        password,
        login,
        networks,
        limits: limits.map(|it| read_limits(&it, faults)).unwrap_or_default(),
        senders: read_ids(table, "senders", faults).0,
    }
}

fn check_user(at: &At<String>, faults: &mut Faults<'_>) {
    let name = &at.value;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !(3..=32).contains(&name.len()) || !name.bytes().all(plain) || !first || name == "root" {
        let message = "`user` must be 3 to 32 small letters, digits and . _ - and not root";
        faults.at(at.span.clone(), message);
    }
}

fn read_keys(table: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Vec<MailboxKey> {
    let mut keys: Vec<MailboxKey> = Vec::new();
    for entry in table.sections("keys", &MAILBOX_KEY, faults) {
        entry.require("key", faults);
        let from = entry.instant("from", &usual.zone, faults);
        let until = entry.instant("until", &usual.zone, faults);
        if let (Some(from), Some(until), Some(span)) = (from, until, entry.value("until"))
            && until <= from
        {
            faults.at(span, "`until` is not after `from`");
        }
        let Some(key) = entry.parsed("key", public_key, faults) else { continue };
        if keys.iter().any(|other| blob(&other.key) == blob(&key.value)) {
            faults.at(key.span, "this key stands twice");
        }
        keys.push(MailboxKey { key: key.value, from, until });
    }
    keys
}

/// The part of a key that is the key.
fn blob(key: &str) -> Option<&str> {
    key.split(' ').nth(1)
}

/// A line of a `.pub` file, as far as its form tells.
pub(crate) fn public_key(line: &str) -> Result<String, &'static str> {
    const WRONG: &str = "give the line of a .pub file, e.g. ssh-ed25519 AAAA...";
    let mut words = line.split(' ');
    let kind = words.next().unwrap_or_default();
    let blob = words.next().unwrap_or_default();
    let known = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"];
    let other =
        ["ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];
    let is_known = known.contains(&kind) || other.contains(&kind);
    if !is_known || !names_its_kind(blob, kind) {
        return Err(WRONG);
    }
    Ok(line.to_string())
}

/// Whether the base64 of a key is whole and begins with the name of its kind, as every key of SSH
/// does; one of ed25519 has 32 bytes after it.
fn names_its_kind(blob: &str, kind: &str) -> bool {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let plain = blob.trim_end_matches('=');
    if !blob.len().is_multiple_of(4) || blob.len() - plain.len() > 2 {
        return false;
    }
    let Some(digits) = plain.bytes().map(digit).collect::<Option<Vec<u8>>>() else { return false };
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0u32);
    for digit in digits {
        held = held << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.extend((held >> bits & 0xff).to_be_bytes().last());
        }
        held &= (1 << bits) - 1;
    }
    let length = (kind.len() as u32).to_be_bytes();
    let named = bytes.starts_with(&length) && bytes[4..].starts_with(kind.as_bytes());
    named && (kind != "ssh-ed25519" || bytes.len() == 4 + kind.len() + 4 + 32)
}

/// `192.0.2.0/24`, `2001:db8::/32`, or one address.
pub(crate) fn network(text: &str) -> Result<Network, &'static str> {
    const WRONG: &str = "a network is written 192.0.2.0/24 or 2001:db8::/32";
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    let address: IpAddr = address.parse().map_err(|_| WRONG)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| WRONG))?;
    let host_bits = match address {
        IpAddr::V4(address) => address.to_bits().checked_shl(u32::from(bits)).unwrap_or(0) != 0,
        IpAddr::V6(address) => address.to_bits().checked_shl(u32::from(bits)).unwrap_or(0) != 0,
    };
    match bits <= most {
        false => Err(WRONG),
        true if host_bits => {
            Err("the address has bits beyond those that count; did you mean one address?")
        }
        true => Ok(Network { address, bits }),
    }
}

fn read_limits(table: &Table<'_>, faults: &mut Faults<'_>) -> MailboxLimits {
    let usual = MailboxLimits::default();
    let mut size = |key: &str, usual: u64| {
        table.parsed(key, amount::bytes, faults).map_or(usual, |at| at.value)
    };
    let (file, bytes) = (size("file", usual.file), size("bytes", usual.bytes));
    MailboxLimits {
        file,
        bytes,
        files: table.count("files", 1_000_000, faults).map_or(usual.files, |at| at.value),
        sessions: table.count("sessions", 1_000, faults).map_or(usual.sessions, |at| at.value),
        idle: table.parsed("idle", amount::seconds, faults).map_or(usual.idle, |at| at.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_no_bits_beyond_its_length() {
        for good in ["192.0.2.0/24", "192.0.2.7", "0.0.0.0/0", "2001:db8::/32", "::1"] {
            assert!(network(good).is_ok(), "{good}");
        }
        for bad in ["192.0.2.1/24", "192.0.2.0/33", "example.com", "192.0.2/24", "2001:db8::1/32"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_whole_and_of_its_kind() {
        let good =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBJCrewiYps2xFPDVc4Pv1jflDXv/XZNq3Ui96OTiSi";
        assert!(public_key(good).is_ok());
        assert!(public_key(&format!("{good} desk at work")).is_ok());
        let cut = &good[..good.len() - 4];
        let other = good.replace("ssh-ed25519", "ssh-rsa");
        let letter = good.replace("AAAAC3", "AAAA*3");
        let name = good.split(' ').next_back().unwrap_or_default();
        for bad in [cut, &other, &letter, name, "ssh-ed25519", "ssh-dss AAAAB3NzaC1kc3M=", ""] {
            assert!(public_key(bad).is_err(), "{bad}");
        }
    }
}
