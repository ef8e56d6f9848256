//! Who may send to whom, and what was agreed between the two.

use std::fmt;
use std::sync::Arc;

use tieline_smime::algorithm::Scheme;
use tieline_smime::{Identity, PinnedCertificates, Policy};

use crate::as2::wire::Url;
use crate::file_drop::Refusal;

/// Knows the relations. The gateway implements it.
pub trait Relations: Send + Sync + 'static {
    /// What was agreed between the partner of this AS2 name and us under that one, or none. Both
    /// come without quotes and are compared exactly, capitals too. Asked anew for each message, so
    /// that a change counts at once.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if it cannot be said now, e.g. because our key cannot be read. The partner hears
    /// 503 and tries again, where one that is told of no relation gives up.
    fn relation(
        &self,
        from: &str,
        to: &str,
    ) -> impl Future<Output = Result<Option<Arc<Relation>>, Refusal>> + Send;
}

/// What was agreed with a partner under one pair of AS2 names.
#[derive(Clone)]
pub struct Relation {
    /// The partner, as the gateway calls it.
    pub partner: String,
    /// Our keys that the partner may encrypt for: the new one and the old one while it changes over.
    pub identities: Vec<Arc<Identity>>,
    /// The key that signs our receipts.
    pub signer: Arc<Identity>,
    /// The certificates that the partner signs with. One that comes with a message counts for nothing.
    pub signers: PinnedCertificates,
    /// The security that is asked of a message, and the largest sizes.
    pub policy: Policy,
    /// The receipts that the partner may ask for.
    pub receipts: ReceiptRules,
    /// How RSA signs our receipts.
    pub scheme: Scheme,
    /// Whether a receipt spells a digest as the partner did. Some old products compare the spelling.
    pub echoes_digest_names: bool,
    /// The most sealed bytes that are kept of a message that could not be opened; 0 keeps none.
    pub quarantine: u64,
}

impl Relation {
    /// The usual agreement: signed and encrypted messages, receipts in the answer, and 64 MiB of a
    /// message that could not be opened.
    pub fn new(
        partner: impl Into<String>,
        identity: Arc<Identity>,
        signers: PinnedCertificates,
    ) -> Self {
        Self {
            partner: partner.into(),
            identities: vec![Arc::clone(&identity)],
            signer: identity,
            signers,
            policy: Policy::default(),
            receipts: ReceiptRules::default(),
            scheme: Scheme::Pkcs1,
            echoes_digest_names: true,
            quarantine: 64 << 20,
        }
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Relation").field("partner", &self.partner).finish_non_exhaustive()
    }
}

/// Which receipts a partner may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRules {
    /// Receipts that are not signed.
    pub unsigned: bool,
    /// Messages without any receipt.
    pub none: bool,
    /// The addresses to which receipts may be sent later. A query at the end of an address is free.
    pub addresses: Vec<Url>,
}

impl Default for ReceiptRules {
    /// Signed, unsigned or none, and only in the answer itself.
    fn default() -> Self {
        Self { unsigned: true, none: true, addresses: Vec::new() }
    }
}

impl ReceiptRules {
    /// The listed address that a partner means, with the query it gave.
    pub(crate) fn listed(&self, address: &str) -> Option<Url> {
        let url: Url = address.trim().parse().ok()?;
        self.addresses.iter().any(|listed| listed.is_same_but_query(&url)).then_some(url)
    }
}
