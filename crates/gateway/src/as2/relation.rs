//! What was agreed with a partner on AS2, as the server and the client need it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tieline_partner::profile::as2::{As2, CertificateUse, WantedReceipt};
use tieline_partner::profile::drop::Proxy;
use tieline_partner::profile::{Profile, Status};
use tieline_partner::secret::{SecretName, Secrets};
use tieline_partner::{Partner, PartnerBook};
use tieline_smime::algorithm::Digest;
use tieline_smime::mdn::Receipt;
use tieline_smime::{Certificate, Limits, Pinned, PinnedCertificates, Policy};
use tieline_transport::Refusal;
use tieline_transport::as2::client::{
    self, ClientTls, Destination, Encrypt, Length, Message, ReceiptWish, Roots, Seals, Sign,
    TlsIdentity,
};
use tieline_transport::as2::{ReceiptRules, Relation, Relations, Url};

use super::As2Host;
use super::keys::Keys;

/// How many bytes of a message that could not be opened are kept.
const QUARANTINE: u64 = 64 << 20;

impl Relations for As2Host {
    async fn relation(&self, from: &str, to: &str) -> Result<Option<Arc<Relation>>, Refusal> {
        let book = self.house.book();
        let is_it = |partner: &&Partner| {
            let profile = partner.profile();
            let trades = matches!(profile.status, Status::Testing | Status::Live);
            trades && agreed(profile).is_some_and(|it| it.id == from)
        };
        let partner = book.partners().iter().find(is_it);
        let Some((partner, as2)) = partner.and_then(|it| Some((it, agreed(it.profile())?))) else {
            return Ok(None);
        };
        if our_id(&book, as2) != Some(to) {
            return Ok(None);
        }
        let keys = self.house.keys.of(&book, &self.house.secrets);
        let none = || Refusal::new("no key of ours for AS2 can be used; see the log");
        Ok(Some(Arc::new(Relation {
            partner: partner.profile().id.clone(),
            identities: keys.all(),
            signer: keys.signer(Timestamp::now()).ok_or_else(none)?,
            signers: signers(partner),
            policy: policy(as2),
            receipts: ReceiptRules { unsigned: true, none: true, addresses: addresses(as2) },
            scheme: as2.send.scheme,
            echoes_digest_names: true,
            quarantine: QUARANTINE.min(as2.receive.largest),
        })))
    }
}

/// How a partner exchanges over AS2, if it does for now.
pub(crate) fn agreed(profile: &Profile) -> Option<&As2> {
    profile.as2.as_ref().filter(|it| it.enabled)
}

/// Our AS2 name towards a partner.
pub(crate) fn our_id<'b>(book: &'b PartnerBook, as2: &'b As2) -> Option<&'b str> {
    let own = book.utility().and_then(|it| it.as2.as_ref()).map(|it| it.id.as_str());
    as2.our_id.as_deref().or(own)
}

fn addresses(as2: &As2) -> Vec<Url> {
    as2.receive.receipt_addresses.iter().filter_map(|it| it.parse().ok()).collect()
}

fn policy(as2: &As2) -> Policy {
    let agreed = &as2.receive;
    Policy {
        is_signed: agreed.signed,
        is_encrypted: agreed.encrypted,
        digests: agreed.digests.clone(),
        ciphers: agreed.ciphers.clone(),
        limits: Limits { message: agreed.largest, payload: agreed.largest, ..Limits::default() },
    }
}

/// The certificates that a partner signs with.
pub(crate) fn signers(partner: &Partner) -> PinnedCertificates {
    let signing =
        partner.certificates().filter(|(file, _)| file.uses.contains(&CertificateUse::Sign));
    let pinned = signing.map(|(file, certificate)| {
        let (first, last) = certificate.valid();
        Pinned {
            certificate: certificate.clone(),
            from: file.from.map_or(first, Timestamp::as_second),
            // The last second before the instant from which it holds no more.
            until: file.until.map_or(last, |until| until.as_second() - 1),
        }
    });
    // Which belong together was looked at when the profile was read.
    PinnedCertificates::new(pinned.collect()).unwrap_or_default()
}

/// The certificate that we encrypt with at a time: of those that hold, the one that holds since last.
fn recipient(partner: &Partner, now: Timestamp) -> Option<&Certificate> {
    let holds =
        |(file, certificate): &(&tieline_partner::profile::as2::CertificateFile, &Certificate)| {
            let (first, last) = certificate.valid();
            file.uses.contains(&CertificateUse::Encrypt)
                && file.from.is_none_or(|from| from <= now)
                && file.until.is_none_or(|until| now < until)
                && (first..=last).contains(&now.as_second())
        };
    let since =
        |(file, certificate): &(&tieline_partner::profile::as2::CertificateFile, &Certificate)| {
            (file.from.map(Timestamp::as_second), certificate.valid().0)
        };
    partner.certificates().filter(holds).max_by_key(since).map(|(_, certificate)| certificate)
}

/// Why nothing can be sent to a partner as its profile is.
pub(crate) type Unusable = String;

/// Where a partner takes messages.
///
/// # Errors
///
/// What is missing or cannot be read.
pub(crate) fn destination(
    secrets: &Secrets,
    partner: &Partner,
    url: Url,
) -> Result<Destination, Unusable> {
    let as2 = agreed(partner.profile()).ok_or("the partner is not on AS2")?;
    let secret = |name: &SecretName| password(secrets, name);
    let tls = match url.is_tls {
        false => None,
        true => Some(tls(secrets, partner, as2)?),
    };
    let login =
        as2.login.as_ref().filter(|_| as2.url.as_deref().is_some_and(|own| is_server(own, &url)));
    Ok(Destination {
        tls,
        login: login
            .map(|it| Ok::<_, Unusable>((it.user.clone(), secret(&it.password)?)))
            .transpose()?,
        proxy: as2.proxy.as_ref().map(|it| proxy(it, &secret)).transpose()?,
        // The profile names the address, and whoever wrote it meant it.
        reach: client::Reach::Anywhere,
        ..Destination::new(url)
    })
}

/// How an HTTPS server of a partner is known, and what we show to it.
fn tls(secrets: &Secrets, partner: &Partner, as2: &As2) -> Result<ClientTls, Unusable> {
    let roots = match partner.roots() {
        None if as2.client.is_none() => return system_roots(),
        None => Roots::System,
        Some(pem) => Roots::from_pem(pem).map_err(|error| error.to_string())?,
    };
    let identity = match (&as2.client, partner.client_certificate()) {
        (Some(named), Some(chain)) => {
            let key = secrets.resolve(&named.key).map_err(|error| error.to_string())?;
            let identity = TlsIdentity::from_pem(chain, key.expose());
            Some(identity.map_err(|error| format!("[as2.client]: {error}"))?)
        }
        _ => None,
    };
    ClientTls::new(&roots, identity.as_ref()).map_err(|error| match identity {
        Some(_) => format!("[as2.client]: {error}"),
        None => error.to_string(),
    })
}

/// Whether an address is on the server that the profile names. Its login is for no other, e.g. one that
/// receipts go to.
fn is_server(own: &str, url: &Url) -> bool {
    own.parse::<Url>()
        .is_ok_and(|own| (own.is_tls, &own.host, own.port) == (url.is_tls, &url.host, url.port))
}

fn password(secrets: &Secrets, name: &SecretName) -> Result<client::Secret, Unusable> {
    let secret = secrets.resolve(name).map_err(|error| error.to_string())?;
    let text = secret.expose_text().ok_or_else(|| format!("{name} is no text"))?;
    Ok(client::Secret::new(text.trim_end_matches(['\r', '\n'])))
}

fn proxy(
    proxy: &Proxy,
    secret: &impl Fn(&SecretName) -> Result<client::Secret, Unusable>,
) -> Result<client::Proxy, Unusable> {
    let password = proxy.password.as_ref().map(secret).transpose()?;
    Ok(client::Proxy {
        kind: client::ProxyKind::HttpConnect,
        host: proxy.host.clone(),
        port: proxy.port,
        login: proxy.user.clone().zip(password),
    })
}

/// The authorities that the system knows, read once.
fn system_roots() -> Result<ClientTls, Unusable> {
    static ROOTS: OnceLock<Result<ClientTls, Unusable>> = OnceLock::new();
    let read = || ClientTls::new(&Roots::System, None).map_err(|error| error.to_string());
    ROOTS.get_or_init(read).clone()
}

/// A message to a partner, as it was agreed.
pub(crate) struct Letter<'l> {
    pub(crate) message_id: String,
    pub(crate) file_name: &'l str,
    pub(crate) now: Timestamp,
    /// The folder for messages whose length is told.
    pub(crate) folder: &'l Path,
}

/// How a message to a partner is sealed, and which receipt is asked for.
///
/// # Errors
///
/// What is missing: our key, the partner's certificate, our address for receipts that come later.
pub(crate) fn message(
    book: &PartnerBook,
    partner: &Partner,
    keys: &Keys,
    letter: Letter<'_>,
) -> Result<Message, Unusable> {
    let as2 = agreed(partner.profile()).ok_or("the partner is not on AS2")?;
    let send = &as2.send;
    let from = our_id(book, as2).ok_or("utility.toml says no AS2 name of ours")?;
    let now = letter.now;
    let sign = match send.sign {
        None => None,
        Some(digest) => {
            let identity = keys.signer(now).ok_or("no key of ours can sign; see the log")?;
            Some(Sign { identity, digest, scheme: send.scheme })
        }
    };
    let encrypt = match send.encrypt {
        None => None,
        Some(cipher) => {
            let none = "no certificate of the partner holds now that we could encrypt with";
            let certificate = recipient(partner, now).ok_or(none)?.clone();
            Some(Encrypt { certificate, cipher, transport: send.transport })
        }
    };
    let kind = match send.receipt {
        WantedReceipt::None => None,
        WantedReceipt::Signed => Some(Receipt::Signed),
        WantedReceipt::Unsigned => Some(Receipt::Unsigned),
    };
    let address = match send.receipt_later {
        false => None,
        true => {
            let none = "utility.toml says no `url` of ours that a receipt could come to";
            let own = book.utility().and_then(|it| it.as2.as_ref()?.url.as_deref()).ok_or(none)?;
            Some(own.parse().map_err(|_| none)?)
        }
    };
    let digests = as2.receive.digests.clone();
    Ok(Message {
        from: from.to_string(),
        to: as2.id.clone(),
        message_id: letter.message_id,
        subject: Some(send.subject.clone().unwrap_or_else(|| letter.file_name.to_string())),
        content_type: send.content_type.clone(),
        file_name: send.file_name.then(|| letter.file_name.to_string()),
        seals: Seals {
            sign,
            encrypt,
            compress: send.compress,
            encoding: send.encoding,
            mic: Digest::Sha256,
        },
        receipt: kind.map(|kind| ReceiptWish { kind, address, signers: signers(partner), digests }),
        length: match send.chunked {
            true => Length::Chunked,
            false => Length::Told { folder: letter.folder.to_path_buf() },
        },
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_the_partners_own_server() {
        let own = "https://as2.bank.example/in";
        let to = |text: &str| is_server(own, &text.parse().expect("an address"));
        assert!(to("https://as2.bank.example/in") && to("https://as2.bank.example:443/receipts?a"));
        assert!(!to("http://as2.bank.example/in"), "everybody could read it");
        assert!(!to("https://receipts.bank.example/in") && !to("https://as2.bank.example:8443/in"));
    }
}
