//! Our AS2 keys: read when the partners' files change, and the one that signs at a time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tieline_partner::PartnerBook;
use tieline_partner::profile::as2::OwnKey;
use tieline_partner::secret::Secrets;
use tieline_smime::{Certificate, Identity, import};

/// Our keys as they were read for one book.
#[derive(Default)]
pub(crate) struct OwnKeys(Mutex<Option<(Arc<PartnerBook>, Arc<Keys>)>>);

impl fmt::Debug for OwnKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OwnKeys")
    }
}

/// Our keys, each with the instant from which it signs; the latest first.
pub(crate) struct Keys(Vec<(Option<Timestamp>, Arc<Identity>)>);

impl OwnKeys {
    /// The keys that a book names. They are read once for each book; while one cannot be read, which is
    /// told in the log, they are read again each time.
    pub(crate) fn of(&self, book: &Arc<PartnerBook>, secrets: &Secrets) -> Arc<Keys> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, keys)) = &*held
            && Arc::ptr_eq(of, book)
        {
            return Arc::clone(keys);
        }
        let (mut keys, mut all) = (Vec::new(), true);
        for (key, certificate) in book.own_certificates() {
            match read(key, certificate, secrets) {
                Ok(identity) => keys.push((key.from, Arc::new(identity))),
                Err(error) => {
                    all = false;
                    tracing::error!(error, "a key of ours for AS2 cannot be used");
                }
            }
        }
        keys.sort_by_key(|(from, _)| std::cmp::Reverse(*from));
        let keys = Arc::new(Keys(keys));
        *held = all.then(|| (Arc::clone(book), Arc::clone(&keys)));
        keys
    }
}

/// A key with its certificate.
///
/// # Errors
///
/// In words, without anything of the key.
pub(crate) fn read(
    key: &OwnKey,
    certificate: &Certificate,
    secrets: &Secrets,
) -> Result<Identity, String> {
    let secret = secrets.resolve(&key.key).map_err(|error| error.to_string())?;
    let private =
        import::key(secret.expose(), "").map_err(|error| format!("{}: {error}", key.key))?;
    Identity::new(certificate.clone(), private)
        .map_err(|error| format!("{} and {}: {error}", key.key, key.certificate))
}

impl Keys {
    /// All of them, which partners may encrypt for.
    pub(crate) fn all(&self) -> Vec<Arc<Identity>> {
        self.0.iter().map(|(_, identity)| Arc::clone(identity)).collect()
    }

    /// The one that signs: the latest that is to be used by now.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<Arc<Identity>> {
        let ready = |from: &Option<Timestamp>| from.is_none_or(|from| from <= now);
        self.0.iter().find(|(from, _)| ready(from)).map(|(_, identity)| Arc::clone(identity))
    }
}
