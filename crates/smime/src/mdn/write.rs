//! A receipt written, and signed where it was asked for.

use std::io::Write;

use crate::cms::signed;
use crate::fault::Fault;
use crate::mdn::Disposition;
use crate::mic::{Hashes, Mic};
use crate::mime::{Headers, to_base64};
use crate::open::Randomness;
use crate::seal::{Signing, write_signature};

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mdn {
    /// Who wrote it: a product and its release.
    pub reporting_agent: String,
    /// The AS2 name the message was sent to, without quotes.
    pub recipient: String,
    /// The Message-ID of the message, with its angle brackets if it has them.
    pub original_message_id: String,
    /// What became of it.
    pub disposition: Disposition,
    /// The MIC of what arrived, if it could be opened.
    pub mic: Option<Mic>,
    /// The name of the MIC's digest as the sender spells it, where that is another way.
    pub mic_name: Option<String>,
    /// A sentence for people.
    pub text: String,
}

/// Writes a receipt: the fields above it, which HTTP sends, and its body.
///
/// # Errors
///
/// [`Fault`] if a value has a line end or another control character, or the key cannot sign.
pub fn write(
    mdn: &Mdn,
    sign: Option<&Signing>,
    randomness: &dyn Randomness,
) -> Result<(Headers, Vec<u8>), Fault> {
    let boundary = || {
        let mut bytes = [0; 15];
        randomness.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let inner = boundary();
    let body = report(mdn, &inner)?;
    let mut headers = Headers::new();
    let kind = "multipart/report; report-type=disposition-notification";
    headers.push("Content-Type", &format!("{kind}; boundary=\"{inner}\""))?;
    let Some(sign) = sign else { return Ok((headers, body)) };
    let entity = [headers.write(), body].concat();
    let mut hashes = Hashes::new([sign.digest]);
    hashes.update(&entity);
    let digest = hashes.finish_mic().ok_or(Fault::Digest)?.value;
    let signature = signed::sign(sign.identity, sign.scheme, sign.digest, &digest, sign.time)?;
    let outer = boundary();
    let mut out = Vec::new();
    write!(out, "--{outer}\r\n")?;
    out.write_all(&entity)?;
    write_signature(&mut out, &outer, &signature)?;
    let mut headers = Headers::new();
    let kind = "multipart/signed; protocol=\"application/pkcs7-signature\"";
    let value = format!("{kind}; micalg={}; boundary=\"{outer}\"", sign.digest);
    headers.push("Content-Type", &value)?;
    Ok((headers, out))
}

/// The two parts: a sentence, and the fields.
fn report(mdn: &Mdn, boundary: &str) -> Result<Vec<u8>, Fault> {
    let recipient = format!("rfc822; {}", quoted(&mdn.recipient));
    let mut fields = Headers::new();
    fields.push("Reporting-UA", &mdn.reporting_agent)?;
    fields.push("Original-Recipient", &recipient)?;
    fields.push("Final-Recipient", &recipient)?;
    fields.push("Original-Message-ID", &mdn.original_message_id)?;
    if let Some(mic) = &mdn.mic {
        // Base64 may have the letters of a name in it.
        let name = mdn.mic_name.as_deref().unwrap_or(mic.digest.name());
        fields.push("Received-Content-MIC", &format!("{}, {name}", to_base64(&mic.value)))?;
    }
    fields.push("Disposition", &mdn.disposition.to_string())?;
    let is_plain = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    let text: String = mdn.text.chars().map(|it| if is_plain(it) { it } else { '?' }).collect();
    let mut out = Vec::new();
    write!(
        out,
        "--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n{text}\r\n\r\n\
         --{boundary}\r\nContent-Type: message/disposition-notification\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n"
    )?;
    out.write_all(&fields.write())?;
    write!(out, "--{boundary}--\r\n")?;
    Ok(out)
}

/// An AS2 name in quotes where it needs them (RFC 4130, 6.2).
fn quoted(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | ';');
    if name.chars().all(is_plain) && !name.is_empty() {
        name.to_string()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
