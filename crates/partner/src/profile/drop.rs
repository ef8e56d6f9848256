//! Servers of partners that we call over SFTP, to push files and to pull them: `[[drops]]`.

use super::Usual;
use super::mailbox::public_key;
use super::timing::{BLACKOUT, Blackout, SCHEDULE, read_blackouts, read_schedule};
use crate::amount;
use crate::pattern::NamePattern;
use crate::schedule::Schedule;
use crate::secret::SecretName;
use crate::shape::{Kind, SECRET_FORM, Section, TIME_FORM, may, must, words};
use crate::toml_file::{At, Faults, Table};

const PROXY_KINDS: [(&str, ProxyKind); 2] =
    [("socks5", ProxyKind::Socks5), ("http", ProxyKind::HttpConnect)];
const RULES: [(&str, Rule); 4] = [
    ("renamed", Rule::Renamed),
    ("still", Rule::Still),
    ("aged", Rule::Aged),
    ("announced", Rule::Announced),
];
const AFTERS: [(&str, AfterWord); 3] =
    [("delete", AfterWord::Delete), ("move", AfterWord::Move), ("remember", AfterWord::Remember)];

pub(crate) const DROP: Section = Section {
    name: "[[drops]]",
    keys: &[
        must(
            "name",
            Kind::Form("^[a-z0-9][a-z0-9-]{0,39}$"),
            "What we call it: small letters, digits and hyphens.",
        ),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        must("host", Kind::Text, "The server's name or address."),
        may("port", Kind::Count(65_535), "Its port; 22 when left out."),
        must("user", Kind::Text, "Who we are there."),
        must(
            "host_keys",
            Kind::Texts,
            "The keys it is known by: fingerprints such as SHA256:..., or lines of known keys.",
        ),
        may("key", Kind::Form(SECRET_FORM), "The name of a secret: our private key."),
        may("passphrase", Kind::Form(SECRET_FORM), "The name of a secret: what opens that key."),
        may("password", Kind::Form(SECRET_FORM), "The name of a secret: our password."),
        may("proxy", Kind::Table(&PROXY), "What we call it through; nothing when left out."),
        may("push", Kind::Text, "The folder there that we put files into."),
        may("pull", Kind::Text, "The folder there that we take files from."),
        may("pattern", Kind::Text, "Which files we take, with * and ?; all when left out."),
        may(
            "complete",
            Kind::Table(&COMPLETE),
            "How we know that a file is whole; renamed when left out.",
        ),
        may(
            "after",
            Kind::Words(|| words(&AFTERS)),
            "What becomes of a file once we have it: delete, move or remember; remember when left out.",
        ),
        may("archive", Kind::Text, "The folder there that `move` moves it to."),
        may(
            "schedule",
            Kind::TextOrTable(&SCHEDULE),
            "When we call; every 15 minutes when left out.",
        ),
        may("blackouts", Kind::Tables(&BLACKOUT), "When we do not call."),
        may("retry", Kind::Table(&RETRY), "What we do when it does not work."),
    ],
};

pub(crate) const PROXY: Section = Section {
    name: "[drops.proxy]",
    keys: &[
        must("kind", Kind::Words(|| words(&PROXY_KINDS)), "socks5 or http."),
        must("host", Kind::Text, "Its name or address."),
        must("port", Kind::Count(65_535), "Its port."),
        may("user", Kind::Text, "Who we are there."),
        may("password", Kind::Form(SECRET_FORM), "The name of a secret."),
    ],
};

pub(crate) const COMPLETE: Section = Section {
    name: "complete",
    keys: &[
        must(
            "rule",
            Kind::Words(|| words(&RULES)),
            "renamed: as soon as it is there under its name; still: unchanged in so many looks; aged: unchanged for so long; announced: a second file says so.",
        ),
        may("looks", Kind::Count(100), "For still: how many, from 2 on; 3 when left out."),
        may("age", Kind::Form(TIME_FORM), "For aged: how long; 5m when left out."),
        may(
            "ending",
            Kind::Text,
            "For announced: what the second file's name has at its end; .done when left out.",
        ),
    ],
};

pub(crate) const RETRY: Section = Section {
    name: "[drops.retry]",
    keys: &[
        may("times", Kind::CountOrNone(100), "How often we try again; 8 when left out."),
        may(
            "first",
            Kind::Form(TIME_FORM),
            "How long we wait at first, and twice as long each time; 30s when left out.",
        ),
        may("longest", Kind::Form(TIME_FORM), "How long at the most; 1h when left out."),
        may(
            "pause_after",
            Kind::Count(100),
            "Runs in a row that failed, after which we stop calling until somebody says so; 5 when left out.",
        ),
    ],
};

/// A server of a partner that we call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpDrop {
    /// What we call it.
    pub name: String,
    /// Whether we call it for now.
    pub enabled: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are there.
    pub user: String,
    /// The keys it is known by: `SHA256:…`, or a key as in a `.pub` file.
    pub host_keys: Vec<String>,
    /// Where our private key is kept.
    pub key: Option<SecretName>,
    /// Where what opens that key is kept.
    pub passphrase: Option<SecretName>,
    /// Where our password is kept.
    pub password: Option<SecretName>,
    /// What we call it through.
    pub proxy: Option<Proxy>,
    /// The folder there that we put files into.
    pub push: Option<String>,
    /// What we take from there.
    pub pull: Option<Pull>,
    /// When we call.
    pub schedule: Schedule,
    /// When we do not.
    pub blackouts: Vec<Blackout>,
    /// What we do when it does not work.
    pub retry: Retry,
}

/// What we take from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The folder.
    pub folder: String,
    /// Which files.
    pub pattern: NamePattern,
    /// How we know that one is whole.
    pub complete: Complete,
    /// What becomes of it once we have it.
    pub after: After,
}

/// How a file is known to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complete {
    /// It is there under its name: whoever writes it renames it when it is whole.
    Renamed,
    /// Its size and time were the same in so many looks.
    Still {
        /// At least two.
        looks: u32,
    },
    /// It was not changed for so long.
    Aged {
        /// Seconds.
        seconds: u32,
    },
    /// A second file is there with its name and this at the end.
    Announced {
        /// E.g. `.done`.
        ending: String,
    },
}

/// What becomes of a file where it was taken from, once we keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It is deleted.
    Delete,
    /// It is moved to this folder.
    Move(String),
    /// It stays, and we remember that we have it.
    Remember,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Renamed,
    Still,
    Aged,
    Announced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterWord {
    Delete,
    Move,
    Remember,
}

/// What a server is called through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is spoken to.
    pub kind: ProxyKind,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are there.
    pub user: Option<String>,
    /// Where our password is kept.
    pub password: Option<SecretName>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5.
    Socks5,
    /// HTTP with CONNECT.
    HttpConnect,
}

/// What is done when a call does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it is tried again.
    pub times: u32,
    /// Seconds before the second try, and twice as many before each after it.
    pub first: u32,
    /// Seconds at the most.
    pub longest: u32,
    /// Runs in a row that failed, after which nobody calls until an operator says so.
    pub pause_after: u32,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { times: 8, first: 30, longest: 3_600, pause_after: 5 }
    }
}

pub(crate) fn read_drops(
    file: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Vec<SftpDrop> {
    let mut drops: Vec<SftpDrop> = Vec::new();
    for table in file.sections("drops", &DROP, faults) {
        let Some(drop) = read_drop(&table, usual, faults) else { continue };
        if drops.iter().any(|other| other.name == drop.name) {
            let span = table.value("name").unwrap_or(table.span);
            faults.at(span, "there is a drop of this name already");
        }
        drops.push(drop);
    }
    drops
}

fn read_drop(table: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Option<SftpDrop> {
    for key in ["name", "host", "user", "host_keys"] {
        table.require(key, faults);
    }
    let name = read_short_name(table, faults);
    let host = table.parsed("host", host, faults);
    let user = table.text("user", faults);
    let host_keys = table.many_parsed("host_keys", host_key, faults);
    let key = table.secret("key", faults);
    let password = table.secret("password", faults);
    if table.value("key").is_none() && table.value("password").is_none() {
        faults.at(table.span.clone(), "[[drops]] has neither a `key` nor a `password`");
    }
    if table.value("push").is_none() && table.value("pull").is_none() {
        faults.at(table.span.clone(), "[[drops]] has neither a `push` nor a `pull` folder");
    }
    let push = read_folder(table, "push", faults);
    let pull = read_pull(table, faults);
    let schedule = match table.value("schedule") {
        Some(_) => read_schedule(table, "schedule", usual, faults),
        None => Some(usual.every("*/15 * * * *")),
    };
    let proxy = table.section("proxy", &PROXY, faults).and_then(|it| read_proxy(&it, faults));
    let retry = table.section("retry", &RETRY, faults);
    Some(SftpDrop {
        enabled: table.flag("enabled", faults).unwrap_or(true),
        port: table.count("port", 65_535, faults).map_or(22, |at| at.value as u16),
        passphrase: table.secret("passphrase", faults),
        blackouts: read_blackouts(table, faults),
        retry: retry.map(|it| read_retry(&it, faults)).unwrap_or_default(),
        name: name?,
        host: host?.value,
        user: user?.value,
        host_keys: host_keys?,
        key,
        password,
        proxy,
        push,
        pull,
        schedule: schedule?,
    })
}

/// `name`: small letters, digits and hyphens.
pub(crate) fn read_short_name(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let at = table.text("name", faults)?;
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !at.value.bytes().all(good) || at.value.starts_with('-') || at.value.len() > 40 {
        faults.at(at.span, "`name` must be small letters, digits and hyphens, at most 40");
    }
    Some(at.value)
}

fn host(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:_".contains(&b);
    if text.contains("://") || text.contains('/') {
        return Err("give the name of the server alone, e.g. sftp.example.com");
    }
    match text.len() <= 253 && text.bytes().all(plain) && !text.starts_with('-') {
        true => Ok(text.to_string()),
        false => Err("this is no name of a server and no address"),
    }
}

/// A fingerprint, a key, or a line of a file of known hosts.
fn host_key(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "give a fingerprint such as SHA256:..., or the server's public key";
    if let Some(hash) = text.strip_prefix("SHA256:") {
        let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/".contains(&b);
        let hash = hash.trim_end_matches('=');
        return match hash.len() == 43 && hash.bytes().all(base64) {
            true => Ok(format!("SHA256:{hash}")),
            false => Err("a SHA256 fingerprint has 43 characters after SHA256:"),
        };
    }
    public_key(text).map_err(|_| WRONG)
}

fn read_folder(table: &Table<'_>, key: &str, faults: &mut Faults<'_>) -> Option<String> {
    let at = table.text(key, faults)?;
    if at.value.split('/').any(|part| part == "..") {
        faults.at(at.span, format!("`{key}` must be a folder without .. in it"));
        return None;
    }
    Some(at.value)
}

fn read_pull(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Pull> {
    let pattern = table.parsed("pattern", str::parse::<NamePattern>, faults);
    let complete = read_complete(table, faults);
    let after = read_after(table, AfterWord::Remember, faults);
    if table.value("pull").is_none() {
        for key in ["pattern", "complete", "after", "archive"] {
            if let Some(span) = table.value(key) {
                faults.at(span, format!("`{key}` is about what we take, and there is no `pull`"));
            }
        }
    }
    Some(Pull {
        folder: read_folder(table, "pull", faults)?,
        pattern: pattern.map_or_else(NamePattern::any, |at| at.value),
        complete,
        after,
    })
}

/// `complete`: how a file is known to be whole.
pub(crate) fn read_complete(table: &Table<'_>, faults: &mut Faults<'_>) -> Complete {
    let Some(inner) = table.section("complete", &COMPLETE, faults) else {
        return Complete::Renamed;
    };
    inner.require("rule", faults);
    let rule = inner.word("rule", &RULES, faults).unwrap_or(Rule::Renamed);
    let belongs = [("looks", Rule::Still), ("age", Rule::Aged), ("ending", Rule::Announced)];
    for (key, of) in belongs {
        if let Some(span) = inner.value(key).filter(|_| of != rule) {
            faults.at(span, format!("`{key}` says nothing under this rule"));
        }
    }
    match rule {
        Rule::Renamed => Complete::Renamed,
        Rule::Still => {
            let looks = inner.count("looks", 100, faults);
            if let Some(at) = looks.as_ref().filter(|at| at.value < 2) {
                faults.at(at.span.clone(), "one look shows nothing; `looks` must be from 2 to 100");
            }
            Complete::Still { looks: looks.map_or(3, |at| at.value) }
        }
        Rule::Aged => {
            let age = inner.parsed("age", amount::seconds, faults);
            Complete::Aged { seconds: age.map_or(300, |at| at.value) }
        }
        Rule::Announced => {
            let ending = inner.text("ending", faults);
            if let Some(at) = ending.as_ref().filter(|at| at.value.contains('/')) {
                faults.at(at.span.clone(), "`ending` is the end of a name, without a folder");
            }
            let ending = ending.map_or_else(|| ".done".to_string(), |at| at.value);
            Complete::Announced { ending }
        }
    }
}

/// `after` and `archive`: what becomes of a file that was taken.
pub(crate) fn read_after(table: &Table<'_>, usual: AfterWord, faults: &mut Faults<'_>) -> After {
    let word = table.word("after", &AFTERS, faults).unwrap_or(usual);
    let archive = read_folder(table, "archive", faults);
    match (word, archive) {
        (AfterWord::Move, Some(folder)) => return After::Move(folder),
        (AfterWord::Move, None) => {
            let span = table.value("after").unwrap_or(table.span.clone());
            faults.at(span, "`move` needs an `archive` folder");
        }
        (_, Some(_)) => {
            let span = table.value("archive").unwrap_or(table.span.clone());
            faults.at(span, "`archive` is where `after = \"move\"` moves files to");
        }
        (_, None) => {}
    }
    if word == AfterWord::Delete { After::Delete } else { After::Remember }
}

pub(crate) fn after_words() -> Vec<&'static str> {
    words(&AFTERS)
}

pub(crate) fn read_proxy(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Proxy> {
    for key in ["kind", "host", "port"] {
        table.require(key, faults);
    }
    let kind = table.word("kind", &PROXY_KINDS, faults);
    let host = table.parsed("host", host, faults);
    let port = table.count("port", 65_535, faults);
    let user = table.text("user", faults).map(|at: At<String>| at.value);
    let password = table.secret("password", faults);
    Some(Proxy { kind: kind?, host: host?.value, port: port?.value as u16, user, password })
}

pub(crate) fn read_retry(table: &Table<'_>, faults: &mut Faults<'_>) -> Retry {
    let usual = Retry::default();
    let first = table.parsed("first", amount::seconds, faults).map_or(usual.first, |at| at.value);
    let longest = table.parsed("longest", amount::seconds, faults);
    if let Some(at) = longest.as_ref().filter(|at| at.value < first) {
        faults.at(at.span.clone(), "`longest` is less than `first`");
    }
    Retry {
        times: table.count_or_none("times", 100, faults).unwrap_or(usual.times),
        first,
        longest: longest.map_or(usual.longest.max(first), |at| at.value),
        pause_after: table
            .count("pause_after", 100, faults)
            .map_or(usual.pause_after, |at| at.value),
    }
}
