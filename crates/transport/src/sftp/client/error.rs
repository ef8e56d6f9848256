//! What can go wrong with a partner's server, in words that lead to the cure.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::sftp::wire::{Code, WireError};

/// The steps to a session, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The name becomes an address.
    Dns,
    /// The address, or that of the proxy, is connected to.
    Tcp,
    /// The proxy connects to the server.
    Proxy,
    /// Keys are exchanged, and the server shows its own.
    HostKey,
    /// We log in.
    Login,
    /// The SFTP session begins.
    Subsystem,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::HostKey => "host key",
            Self::Login => "login",
            Self::Subsystem => "subsystem",
        })
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name has no address.
    #[error("dns: {host} has no address: {error}")]
    Dns {
        /// The name.
        host: String,
        /// What the system says.
        error: io::Error,
    },
    /// Nobody answers there.
    #[error("tcp: {host} port {port} does not answer: {error}")]
    Tcp {
        /// The server, or the proxy before it.
        host: String,
        /// Its port.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// The proxy does not connect us.
    #[error("proxy: {text}")]
    Proxy {
        /// What it says.
        text: String,
    },
    /// What answers speaks no SSH that we speak.
    #[error("host key: no keys could be exchanged: {text}")]
    Exchange {
        /// What went wrong.
        text: String,
    },
    /// No key is pinned, so nothing is known of who answers.
    #[error("host key: none is pinned for {host}, and it shows {presented}")]
    HostKeyUnknown {
        /// The server.
        host: String,
        /// The fingerprint it shows.
        presented: String,
    },
    /// It shows another key than those pinned. Nothing was sent to it.
    #[error("host key: {host} shows {presented} and is pinned to {}", pinned.join(" or "))]
    HostKeyChanged {
        /// The server.
        host: String,
        /// The fingerprints that are pinned.
        pinned: Vec<String>,
        /// The fingerprint it shows.
        presented: String,
    },
    /// We were not let in.
    #[error("login: {user} was not let in{}", told(text))]
    Login {
        /// Our account there.
        user: String,
        /// What was tried: fingerprints of keys, `password`.
        tried: Vec<String>,
        /// What the server would take, by its own word.
        accepted: Vec<String>,
        /// What the server says besides, or nothing.
        text: String,
    },
    /// There is no SFTP session to be had.
    #[error("subsystem: the server starts no SFTP session{}", told(text))]
    Subsystem {
        /// What the server says, or nothing.
        text: String,
    },
    /// The server stopped answering.
    #[error("{stage}: no answer within {} s", after.as_secs())]
    Timeout {
        /// Where.
        stage: Stage,
        /// How long was waited.
        after: Duration,
    },
}

fn told(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

impl ConnectError {
    /// How far it came.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Dns { .. } => Stage::Dns,
            Self::Tcp { .. } => Stage::Tcp,
            Self::Proxy { .. } => Stage::Proxy,
            Self::Exchange { .. } | Self::HostKeyUnknown { .. } | Self::HostKeyChanged { .. } => {
                Stage::HostKey
            }
            Self::Login { .. } => Stage::Login,
            Self::Subsystem { .. } => Stage::Subsystem,
            Self::Timeout { stage, .. } => *stage,
        }
    }

    /// Whether trying again later may help without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Dns { .. } | Self::Tcp { .. } | Self::Timeout { .. } | Self::Proxy { .. } => true,
            Self::Exchange { text } => !text.contains("algorithm"),
            Self::Subsystem { .. } => true,
            Self::HostKeyUnknown { .. } | Self::HostKeyChanged { .. } | Self::Login { .. } => false,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Dns { host, .. } => {
                format!("check how {host} is written, and that this machine can resolve names")
            }
            Self::Tcp { host, port, .. } => format!(
                "check the port, that a firewall lets us out to {host} port {port}, and that the \
                 partner has put our address on their list"
            ),
            Self::Proxy { .. } => "check the proxy's address, its login, and that it may connect \
                                   to the partner's port"
                .into(),
            Self::Exchange { text } if text.contains("algorithm") => {
                "ask the partner to enable newer algorithms; until then, allow the weak one for \
                 this partner alone, with a date of expiry"
                    .into()
            }
            Self::Exchange { .. } => {
                "check that the port is that of an SSH server, and that the partner has put our \
                 address on their list"
                    .into()
            }
            Self::HostKeyUnknown { .. } => "ask the partner for the fingerprint of their host \
                                            key by another way, compare, and pin it"
                .into(),
            Self::HostKeyChanged { .. } => {
                "nothing was sent; ask the partner by another way whether they changed their host \
                 key, compare the fingerprint they name, and pin it beside the old one or in its \
                 place"
                    .into()
            }
            Self::Login { user, tried, accepted, .. } => fix_login(user, tried, accepted),
            Self::Subsystem { .. } => {
                "ask the partner whether the account may use SFTP, and has a home directory".into()
            }
            Self::Timeout { stage, .. } => format!(
                "the server went quiet at {stage}; try again, and ask the partner if it stays so"
            ),
        }
    }
}

fn fix_login(user: &str, tried: &[String], accepted: &[String]) -> String {
    let accepted = match accepted {
        [] => String::new(),
        accepted => format!("; the server takes: {}", accepted.join(", ")),
    };
    match tried {
        [] => format!("give a key or a password for {user}{accepted}"),
        tried => format!(
            "ask the partner whether the account {user} is there and knows {}{accepted}",
            tried.join(", ")
        ),
    }
}

/// Why something in a session could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SftpError {
    /// The server said no.
    #[error("{request} {path}: the server refused{}{}", said(words), named(*code))]
    Refused {
        /// What was asked for.
        request: &'static str,
        /// Of which file or folder, printable.
        path: String,
        /// The number the server gave, as SFTP version 3 has them.
        code: u32,
        /// The server's own words, if it gave any.
        words: String,
    },
    /// The connection ended. Whether what was asked for last was done is not known.
    #[error("the connection was lost{}", told(reason))]
    Lost {
        /// What is known of why.
        reason: String,
    },
    /// Nothing came although requests were waiting.
    #[error("nothing came from the server for {} s", after.as_secs())]
    Stalled {
        /// How long was waited.
        after: Duration,
    },
    /// The server said something that SFTP does not have.
    #[error("the server broke the protocol: {text}")]
    Broken {
        /// What.
        text: String,
    },
    /// The file changed while it was fetched, or since a part of it was.
    #[error("{path} changed while it was fetched")]
    Changed {
        /// The file, printable.
        path: String,
    },
    /// What the server has is not what was sent.
    #[error("{path}: the server has {there} of {sent} bytes that were sent")]
    Size {
        /// The file, printable.
        path: String,
        /// Bytes that were sent.
        sent: u64,
        /// Bytes that the server has.
        there: u64,
    },
    /// What the server has is not what was sent, though it is as long.
    #[error("{path}: the server's hash of the file is not that of the bytes that were sent")]
    Hash {
        /// The file, printable.
        path: String,
    },
    /// The name is taken.
    #[error("{path} is there already; nothing was put over it")]
    Exists {
        /// The file, printable.
        path: String,
    },
    /// It is longer than may be taken.
    #[error("{path} is longer than the {largest} bytes that are taken")]
    TooLarge {
        /// The file, printable.
        path: String,
        /// The most bytes that are taken.
        largest: u64,
    },
    /// Our own end failed.
    #[error("{doing} failed here: {error}")]
    Local {
        /// What.
        doing: &'static str,
        /// What the system says.
        error: io::Error,
    },
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": \"{words}\"") }
}

fn named(code: u32) -> String {
    let name = match code {
        2 => "no such file",
        3 => "permission denied",
        4 => "failure",
        5 => "bad message",
        8 => "not supported",
        _ => return format!(" (code {code})"),
    };
    format!(" ({name})")
}

impl SftpError {
    /// Whether the server says that there is no such file.
    pub fn is_missing(&self) -> bool {
        self.code() == Some(Code::NoSuchFile as u32)
    }

    /// Whether the server does not know the request.
    pub(crate) fn is_unsupported(&self) -> bool {
        self.code() == Some(Code::Unsupported as u32)
    }

    pub(crate) fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Refused { code, path, .. } => match code {
                2 => format!("ask the partner for the path; {path} is not there for this account"),
                3 => "ask the partner to give the account that right".into(),
                8 => "the server cannot do this; choose another way for this partner".into(),
                _ => "ask the partner what their server wants; their words are above".into(),
            },
            Self::Lost { .. } | Self::Stalled { .. } => {
                "try again; if it stays so, ask the partner, and whoever runs the line".into()
            }
            Self::Broken { .. } => "ask the partner what their server is, and report it".into(),
            Self::Changed { .. } => "ask the partner to rename files when they are whole, or choose                                      a rule of completeness that waits longer"
                .into(),
            Self::Size { .. } | Self::Hash { .. } => {
                "try again; if it stays so, the partner's disk is full or the server changes files"
                    .into()
            }
            Self::Exists { .. } => "have the partner take the old file, or put it over".into(),
            Self::TooLarge { .. } => "raise the limit for this partner, or ask for a part".into(),
            Self::Local { .. } => "check the disk here".into(),
        }
    }

    /// Whether the session is over, so that nothing more can be asked in it.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Stalled { .. } | Self::Broken { .. })
    }

    /// Whether trying again later may help without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Stalled { .. } | Self::Changed { .. } => true,
            Self::Size { .. } | Self::Hash { .. } | Self::Local { .. } => true,
            Self::Refused { code, .. } => *code == Code::Failure as u32,
            Self::Broken { .. } | Self::Exists { .. } | Self::TooLarge { .. } => false,
        }
    }
}

impl From<WireError> for SftpError {
    fn from(error: WireError) -> Self {
        Self::Broken { text: error.to_string() }
    }
}
