//! What a sender asks of the receipt: whether it is signed, with which digests, and where it goes.

use crate::algorithm::Digest;
use crate::fault::Fault;
use crate::mime::Headers;

/// How a receipt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Signed.
    Signed,
    /// Not signed.
    Unsigned,
}

/// The wish for a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whether it should be signed.
    pub receipt: Receipt,
    /// The digests that the sender knows, best first, each as it spells it. Others are left out.
    pub digests: Vec<(Digest, String)>,
    /// The address for a receipt that comes later; without it the receipt is the answer.
    pub address: Option<String>,
}

impl Request {
    /// Reads what the fields of a message ask for, none if it is no receipt.
    ///
    /// # Errors
    ///
    /// [`Fault`] if one of the fields is repeated.
    pub fn read(headers: &Headers) -> Result<Option<Self>, Fault> {
        if headers.get("Disposition-Notification-To")?.is_none() {
            return Ok(None);
        }
        let options = headers.get("Disposition-Notification-Options")?.unwrap_or_default();
        let mut request = Self { receipt: Receipt::Unsigned, digests: Vec::new(), address: None };
        for option in options.split(';') {
            let (name, values) = option.split_once('=').unwrap_or((option, ""));
            // The first word says whether the option is required or optional.
            let values = values.split(',').map(|it| it.trim().trim_matches('"')).skip(1);
            match name.trim().to_ascii_lowercase().as_str() {
                "signed-receipt-protocol" => {
                    let mut names = values;
                    if names.any(|it| it.to_ascii_lowercase().ends_with("pkcs7-signature")) {
                        request.receipt = Receipt::Signed;
                    }
                }
                "signed-receipt-micalg" => {
                    let known = values.filter_map(|it| Some((Digest::from_name(it)?, it.into())));
                    request.digests.extend(known);
                }
                _ => {}
            }
        }
        request.address = headers.get("Receipt-Delivery-Option")?.map(str::to_string);
        Ok(Some(request))
    }

    /// The first digest asked for that is among these, as the sender spells it.
    pub fn digest(&self, accepted: &[Digest]) -> Option<(Digest, &str)> {
        let first = self.digests.iter().find(|it| accepted.contains(&it.0))?;
        Some((first.0, &first.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read() {
        let mut headers = Headers::new();
        let mut push = |name, value| headers.push(name, value).expect("a plain header");
        push("Disposition-Notification-To", "edi@partner.example");
        push(
            "disposition-notification-options",
            "signed-receipt-protocol=optional, pkcs7-signature; \
             signed-receipt-micalg=optional, md5, SHA256, sha1",
        );
        let request = Request::read(&headers).expect("well formed").expect("a request");
        assert_eq!(request.receipt, Receipt::Signed);
        assert_eq!(request.address, None);
        assert_eq!(request.digest(&Digest::ALL), Some((Digest::Sha256, "SHA256")));
        assert_eq!(request.digest(&[Digest::Sha1]), Some((Digest::Sha1, "sha1")));
        headers.push("Receipt-Delivery-Option", "https://partner.example/mdn").expect("plain");
        let request = Request::read(&headers).expect("well formed").expect("a request");
        assert_eq!(request.address.as_deref(), Some("https://partner.example/mdn"));
        headers.push("Receipt-Delivery-Option", "https://evil.example/").expect("plain");
        assert!(Request::read(&headers).is_err());
        assert_eq!(Request::read(&Headers::new()), Ok(None));
    }
}
