//! `[as2]` is read.

use super::*;
use crate::amount;
use crate::profile::Usual;
use crate::profile::drop::{ProxyKind, read_proxy, read_retry};
use crate::toml_file::{Faults, Table};

/// The most characters of an address.
const LONGEST_URL: usize = 2_000;

pub(crate) fn read_as2(table: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Option<As2> {
    table.require("id", faults);
    table.require("certificates", faults);
    let id = table.parsed("id", as2_name, faults);
    let url = table.parsed("url", url, faults);
    let send = table.section("send", &SEND, faults);
    let send = send.map(|it| read_send(&it, faults)).unwrap_or_default();
    let receive = table.section("receive", &RECEIVE, faults);
    let receive = receive.map(|it| read_receive(&it, faults)).unwrap_or_default();
    let proxy = table.section("proxy", &PROXY, faults).and_then(|it| read_proxy(&it, faults));
    if let (Some(ProxyKind::Socks5), Some(span)) =
        (proxy.as_ref().map(|it| it.kind), table.value("proxy"))
    {
        faults.at(span, "AS2 goes through proxies of the kind http alone");
    }
    let login = table.section("login", &LOGIN, faults).and_then(|it| read_login(&it, faults));
    let client = table.section("client", &CLIENT, faults).and_then(|it| read_client(&it, faults));
    let retry = table.section("retry", &RETRY, faults);
    Some(As2 {
        enabled: table.flag("enabled", faults).unwrap_or(true),
        our_id: table.parsed("our_id", as2_name, faults).map(|at| at.value),
        url: url.map(|at| at.value),
        certificates: read_certificates(table, usual, faults),
        send,
        receive,
        roots: table.parsed("roots", file_name, faults).map(|at| at.value),
        login,
        client,
        proxy,
        retry: retry.map(|it| read_retry(&it, faults)).unwrap_or_default(),
        id: id?.value,
    })
}

pub(crate) fn read_own_as2(
    table: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Option<OwnAs2> {
    table.require("id", faults);
    table.require("keys", faults);
    let mut keys = Vec::new();
    for entry in table.sections("keys", &OWN_KEY, faults) {
        entry.require("certificate", faults);
        entry.require("key", faults);
        let certificate = entry.parsed("certificate", file_name, faults);
        let key = entry.secret("key", faults);
        let from = entry.instant("from", &usual.zone, faults);
        if let (Some(certificate), Some(key)) = (certificate, key) {
            keys.push(OwnKey { certificate: certificate.value, key, from });
        }
    }
    Some(OwnAs2 {
        url: table.parsed("url", url, faults).map(|at| at.value),
        keys,
        id: table.parsed("id", as2_name, faults)?.value,
    })
}

fn read_certificates(
    table: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Vec<CertificateFile> {
    let mut found: Vec<CertificateFile> = Vec::new();
    for entry in table.sections("certificates", &CERTIFICATE, faults) {
        entry.require("file", faults);
        let from = entry.instant("from", &usual.zone, faults);
        let until = entry.instant("until", &usual.zone, faults);
        if let (Some(from), Some(until), Some(span)) = (from, until, entry.value("until"))
            && until <= from
        {
            faults.at(span, "`until` is not after `from`");
        }
        let uses = entry.many_words("use", &USES, faults).filter(|uses| !uses.is_empty());
        let uses = uses.unwrap_or_else(|| USES.map(|(_, it)| it).to_vec());
        let Some(file) = entry.parsed("file", file_name, faults) else { continue };
        if found.iter().any(|other| other.file == file.value) {
            faults.at(file.span, "this file stands twice");
        }
        found.push(CertificateFile { file: file.value, uses, from, until });
    }
    if found.is_empty()
        && let Some(span) = table.value("certificates")
    {
        faults.at(span, "`certificates` must name at least one file");
    }
    found
}

fn read_send(table: &Table<'_>, faults: &mut Faults<'_>) -> Sending {
    let usual = Sending::default();
    let read = Sending {
        sign: table.word("sign", &SIGNS, faults).unwrap_or(usual.sign),
        scheme: table.word("scheme", &SCHEMES, faults).unwrap_or(usual.scheme),
        encrypt: table.word("encrypt", &ENCRYPTS, faults).unwrap_or(usual.encrypt),
        transport: table.word("transport", &TRANSPORTS, faults).unwrap_or(usual.transport),
        compress: table.word("compress", &COMPRESSES, faults).unwrap_or(usual.compress),
        encoding: table.word("encoding", &ENCODINGS, faults).unwrap_or(usual.encoding),
        receipt: table.word("receipt", &RECEIPTS, faults).unwrap_or(usual.receipt),
        receipt_later: table.flag("receipt_later", faults).unwrap_or(false),
        receipt_within: table
            .parsed("receipt_within", amount::seconds, faults)
            .map_or(usual.receipt_within, |at| at.value),
        chunked: table.flag("chunked", faults).unwrap_or(false),
        content_type: table
            .parsed("content_type", media_type, faults)
            .map_or(usual.content_type, |at| at.value),
        subject: table.parsed("subject", line, faults).map(|at| at.value),
        file_name: table.flag("file_name", faults).unwrap_or(true),
    };
    if read.receipt == WantedReceipt::None
        && read.receipt_later
        && let Some(span) = table.value("receipt_later")
    {
        faults.at(span, "there is no receipt that could come later");
    }
    if read.compress == Compress::AfterSigning
        && read.sign.is_none()
        && let Some(span) = table.value("compress")
    {
        faults.at(span, "nothing is signed; say before-signing");
    }
    read
}

fn read_receive(table: &Table<'_>, faults: &mut Faults<'_>) -> Receiving {
    let usual = Receiving::default();
    Receiving {
        signed: table.flag("signed", faults).unwrap_or(true),
        encrypted: table.flag("encrypted", faults).unwrap_or(true),
        digests: table.many_words("digests", &DIGESTS, faults).unwrap_or(usual.digests),
        ciphers: table.many_words("ciphers", &CIPHERS, faults).unwrap_or(usual.ciphers),
        largest: table
            .parsed("largest", amount::bytes, faults)
            .map_or(usual.largest, |at| at.value),
        receipt_addresses: table.many_parsed("receipt_addresses", url, faults).unwrap_or_default(),
    }
}

fn read_login(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<HttpLogin> {
    table.require("user", faults);
    table.require("password", faults);
    let user = table.parsed("user", line, faults)?.value;
    Some(HttpLogin { user, password: table.secret("password", faults)? })
}

fn read_client(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<HttpsClient> {
    table.require("certificate", faults);
    table.require("key", faults);
    let certificate = table.parsed("certificate", file_name, faults)?.value;
    Some(HttpsClient { certificate, key: table.secret("key", faults)? })
}

/// An AS2 name: printable ASCII (RFC 4130, 6.2). Quotes and backslashes are left out, since partners
/// write them in different ways.
fn as2_name(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| matches!(b, b' '..=b'~') && !b"\"\\".contains(&b);
    if !(1..=128).contains(&text.len()) || !text.bytes().all(plain) || text.trim() != text {
        return Err("an AS2 name has 1 to 128 printable characters, without quotes");
    }
    Ok(text.to_string())
}

/// An address, without a login in it.
fn url(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "give an address such as https://as2.example.com/as2";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.ok_or(WRONG)?.split(['/', '?']).next().unwrap_or_default();
    if host.contains('@') {
        return Err("a login does not belong into an address; use [as2.login]");
    }
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"#\"<>\\".contains(&b));
    match !host.is_empty() && plain && text.len() <= LONGEST_URL {
        true => Ok(text.to_string()),
        false => Err(WRONG),
    }
}

fn file_name(text: &str) -> Result<String, &'static str> {
    match text.is_empty() || text.contains('/') || text.starts_with('.') {
        true => Err("give the name of a file that lies in the folder"),
        false => Ok(text.to_string()),
    }
}

fn media_type(text: &str) -> Result<String, &'static str> {
    let plain = |part: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b".+-".contains(&b);
        !part.is_empty() && part.bytes().all(good)
    };
    match text.split_once('/') {
        Some((kind, name)) if plain(kind) && plain(name) => Ok(text.to_string()),
        _ => Err("give a type such as application/edi-x12"),
    }
}

fn line(text: &str) -> Result<String, &'static str> {
    match (1..=200).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        true => Ok(text.to_string()),
        false => Err("give a line of 1 to 200 printable characters"),
    }
}
