//! Receipts of ours are written, so that they are finished before the message is kept.

use jiff::Timestamp;
use tieline_smime::algorithm::Digest;
use tieline_smime::mdn::{Disposition, Mdn, Receipt, Request, write};
use tieline_smime::mime::Headers;
use tieline_smime::{Fault, Layer, Mic, Signing, SystemRandomness};

use crate::as2::fields::{Addressed, quoted};
use crate::as2::keep::{Asked, FinishedReceipt};
use crate::as2::relation::Relation;
use crate::as2::spool::hex;
use crate::as2::wire::Url;

/// The version of AS2 we speak: 1.2 says that we know of features (RFC 6017).
pub(crate) const VERSION: &str = "1.2";
/// What we do beyond RFC 4130: a message that comes again gets its first receipt again.
pub(crate) const FEATURES: &str = "AS2-Reliability";

/// What a partner asked for, as far as it was agreed.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    request: Option<Request>,
    address: Option<Url>,
}

impl Wish {
    /// Reads what a message asks for, and refuses what is not agreed.
    pub(crate) fn read(headers: &Headers, relation: &Relation) -> Result<Self, &'static str> {
        let repeated = |_: Fault| "a header about the receipt is repeated";
        let request = Request::read(headers).map_err(repeated)?;
        let rules = &relation.receipts;
        let mut wish = Self { request, address: None };
        match &wish.request {
            None if !rules.none => return Err("a message without a receipt is not agreed"),
            Some(request) => {
                if request.receipt == Receipt::Unsigned && !rules.unsigned {
                    return Err("a receipt that is not signed is not agreed");
                }
                if let Some(address) = &request.address {
                    let unknown = "the address for the receipt is not agreed";
                    wish.address = Some(rules.listed(address).ok_or(unknown)?);
                }
            }
            None => {}
        }
        Ok(wish)
    }

    /// The digest of a message that is not signed.
    pub(crate) fn mic_digest(&self, relation: &Relation) -> Digest {
        let asked = self.request.as_ref().and_then(|it| it.digest(&relation.policy.digests));
        asked.map_or(Digest::Sha256, |it| it.0)
    }

    /// The receipt that was asked for, finished.
    pub(crate) fn write(&self, about: &About) -> Result<Asked, Fault> {
        let Some(request) = &self.request else { return Ok(Asked::None) };
        let receipt = about.finished(request)?;
        Ok(match &self.address {
            None => Asked::Now(receipt),
            Some(address) => Asked::Later { receipt, address: address.clone() },
        })
    }
}

/// What a receipt is about and what it says.
pub(crate) struct About<'a> {
    pub(crate) relation: &'a Relation,
    pub(crate) addressed: &'a Addressed,
    pub(crate) agent: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) disposition: Disposition,
    pub(crate) mic: Option<&'a Mic>,
    pub(crate) layers: &'a [Layer],
    pub(crate) text: &'a str,
}

impl About<'_> {
    fn finished(&self, request: &Request) -> Result<FinishedReceipt, Fault> {
        let spelled =
            request.digests.iter().find(|it| Some(it.0) == self.mic.map(|mic| mic.digest));
        let mic_name = spelled.filter(|_| self.relation.echoes_digest_names).map(|it| it.1.clone());
        let mdn = Mdn {
            reporting_agent: self.agent.to_string(),
            recipient: self.addressed.to.clone(),
            original_message_id: self.addressed.message_id.clone(),
            disposition: self.disposition.clone(),
            mic: self.mic.cloned(),
            mic_name,
            text: self.text.to_string(),
        };
        let signing = Signing {
            identity: &self.relation.signer,
            digest: self.digest(request),
            scheme: self.relation.scheme,
            time: Some(self.now.as_second()),
        };
        let sign = (request.receipt == Receipt::Signed).then_some(&signing);
        let (fields, body) = write(&mdn, sign, &SystemRandomness)?;
        let mut headers = Headers::new();
        headers.push("AS2-Version", VERSION)?;
        headers.push("AS2-From", &quoted(&self.addressed.to))?;
        headers.push("AS2-To", &quoted(&self.addressed.from))?;
        headers.push("Message-ID", &message_id()?)?;
        headers.push("Date", &date(self.now))?;
        headers.push("EDIINT-Features", FEATURES)?;
        headers.push("Mime-Version", "1.0")?;
        for (name, value) in fields.fields() {
            headers.push(name, value)?;
        }
        Ok(FinishedReceipt::new(&headers, &body))
    }

    /// The digest a receipt is signed with: one that was asked for, else that of the message.
    fn digest(&self, request: &Request) -> Digest {
        let strong: Vec<Digest> =
            self.relation.policy.digests.iter().copied().filter(|it| *it > Digest::Sha1).collect();
        let of_message = self.layers.iter().find_map(|layer| match layer {
            Layer::Signed { digest, .. } => Some(*digest),
            _ => None,
        });
        let asked = request.digest(&strong).map(|it| it.0);
        asked.or(of_message).unwrap_or(Digest::Sha256).max(Digest::Sha256)
    }
}

/// An instant as HTTP has it.
pub(crate) fn date(now: Timestamp) -> String {
    let written = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    written.unwrap_or_default()
}

/// A new Message-ID for a receipt.
fn message_id() -> Result<String, Fault> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Fault::Structure("no random numbers"))?;
    Ok(format!("<{}@tieline.invalid>", hex(&random)))
}
