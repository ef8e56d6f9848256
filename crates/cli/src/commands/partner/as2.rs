//! What holds with a partner on AS2, in lines: for ourselves, and for the partner.

use std::fmt::Display;

use tieline_model::time::{Timestamp, Zone};
use tieline_partner::profile::as2::{As2, WantedReceipt};
use tieline_partner::{Partner, PartnerBook};
use tieline_smime::{Certificate, Compress};

use crate::commands::cert::fingerprint;

/// What holds, as we see it.
pub(super) fn ours(as2: &As2) -> Vec<(String, String)> {
    let mut lines = vec![
        line("their name", as2.id.clone()),
        line("we send to", as2.url.clone().unwrap_or_else(|| "nowhere: they send".to_string())),
        line("we send", sealed(as2)),
        line("we take", taken(as2)),
    ];
    if !as2.enabled {
        lines.insert(0, line("state", "stopped".to_string()));
    }
    lines.extend(as2.our_id.iter().map(|id| line("our name", id.clone())));
    lines.extend(as2.login.iter().map(|it| line("login", it.user.clone())));
    lines.extend(as2.client.iter().map(|it| line("we show", it.certificate.clone())));
    lines.extend(as2.proxy.iter().map(|it| line("proxy", format!("{}:{}", it.host, it.port))));
    lines
}

/// What the partner has to know of it: names, addresses, certificates, seals.
pub(super) fn theirs(partner: &Partner, book: &PartnerBook) -> Vec<Vec<String>> {
    let Some(as2) = &partner.profile().as2 else { return Vec::new() };
    let own = book.utility().and_then(|it| it.as2.as_ref());
    let our_id = as2.our_id.clone().or_else(|| own.map(|it| it.id.clone())).unwrap_or_default();
    let url = own.and_then(|it| it.url.clone());
    let asked = || "ask us for the address".to_string();
    let mut rows = vec![
        line("our AS2 name", our_id),
        line("your AS2 name", as2.id.clone()),
        line("you send to", url.unwrap_or_else(asked)),
    ];
    rows.extend(as2.url.iter().map(|url| line("we send to", url.clone())));
    rows.push(line("we send", sealed(as2)));
    rows.push(line("you send", taken(as2)));
    for (key, certificate) in book.own_certificates() {
        let what = format!("our certificate {}", key.certificate);
        rows.push(line(&what, shown(certificate, key.from)));
    }
    for (file, certificate) in partner.certificates() {
        let what = format!("your certificate {}", file.file);
        rows.push(line(&what, shown(certificate, file.from)));
    }
    rows.into_iter().map(|(what, value)| vec![what, value]).collect()
}

fn line(what: &str, value: String) -> (String, String) {
    (what.to_string(), value)
}

/// `until 2029-11-21, SHA-256 0A:1B:...`.
fn shown(certificate: &Certificate, from: Option<Timestamp>) -> String {
    let day = |at: Timestamp| Zone::utc().local(at).date();
    let end = Timestamp::from_second(certificate.valid().1).unwrap_or(Timestamp::MAX);
    let from = from.map(|from| format!("from {} ", day(from))).unwrap_or_default();
    format!("{from}until {}, SHA-256 {}", day(end), fingerprint(certificate))
}

/// How we send.
fn sealed(as2: &As2) -> String {
    let send = &as2.send;
    let mut parts = Vec::new();
    parts.extend(send.sign.map(|digest| format!("signed with {digest}")));
    parts.extend(send.encrypt.map(|cipher| format!("encrypted with {cipher}")));
    match send.compress {
        Compress::No => {}
        Compress::BeforeSigning => parts.push("compressed before signing".to_string()),
        Compress::AfterSigning => parts.push("compressed after signing".to_string()),
    }
    let later = if send.receipt_later { " that comes later" } else { "" };
    parts.push(match send.receipt {
        WantedReceipt::Signed => format!("asking for a signed receipt{later}"),
        WantedReceipt::Unsigned => format!("asking for an unsigned receipt{later}"),
        WantedReceipt::None => "asking for no receipt".to_string(),
    });
    parts.join(", ")
}

/// What we take.
fn taken(as2: &As2) -> String {
    let receive = &as2.receive;
    let must = |is: bool, what: &str| if is { format!("{what}, ") } else { String::new() };
    format!(
        "{}{}with {} and {}, at most {} bytes",
        must(receive.signed, "signed"),
        must(receive.encrypted, "encrypted"),
        listed(&receive.digests),
        listed(&receive.ciphers),
        receive.largest
    )
}

fn listed(all: &[impl Display]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    if all.is_empty() { "nothing".to_string() } else { all.join(" or ") }
}
