//! A payload is sealed: compressed, signed and encrypted on its way out, in one pass.
//!
//! A [`Seal`] knows its fields before the payload is read, since HTTP sends them first. What is short
//! becomes DER; of long content the length is not known, and it goes out in segments.

use std::io::{self, Read, Write};

use crate::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use crate::certificate::{Certificate, Identity};
use crate::cms::compressed::CompressedWriter;
use crate::cms::enveloped::EnvelopedWriter;
use crate::cms::signed;
use crate::fault::Fault;
use crate::mic::{Hashes, HashingWriter, Mic};
use crate::mime::{Base64Writer, Headers, attachment, to_base64};
use crate::open::Randomness;

/// Whether and where a message is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compress {
    /// Nowhere.
    #[default]
    No,
    /// The payload, before it is signed.
    BeforeSigning,
    /// The signed message.
    AfterSigning,
}

/// How entities inside the message are written; HTTP carries the outermost as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As bytes.
    #[default]
    Binary,
    /// As lines of base64, for partners that cannot keep bytes.
    Base64,
}

/// How to sign.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Who signs.
    pub identity: &'a Identity,
    /// SHA-256, or a stronger one.
    pub digest: Digest,
    /// How RSA is used.
    pub scheme: Scheme,
    /// The time now in seconds since 1970, UTC, if it should be told.
    pub time: Option<i64>,
}

/// For whom to encrypt.
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'a> {
    /// The partner's certificate.
    pub certificate: &'a Certificate,
    /// A cipher that the partner reads.
    pub cipher: Cipher,
    /// How the key of the content is encrypted.
    pub transport: KeyTransport,
}

/// What becomes of a payload.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// The type of the payload, e.g. `application/edi-x12`.
    pub content_type: &'a str,
    /// The name to tell the partner.
    pub file_name: Option<&'a str>,
    /// Whether it is compressed.
    pub compress: Compress,
    /// How it is signed, if it is.
    pub sign: Option<Signing<'a>>,
    /// How it is encrypted, if it is.
    pub encrypt: Option<Encryption<'a>>,
    /// How entities inside are written.
    pub encoding: Encoding,
    /// The digest for the MIC of a message that is not signed.
    pub mic: Digest,
}

#[derive(Debug, Clone)]
enum Step<'a> {
    Encrypt { with: Encryption<'a>, key: Vec<u8>, start: Vec<u8> },
    Compress,
    Sign { with: Signing<'a>, boundary: String },
}

/// A message whose payload is still to come.
#[derive(Debug)]
pub struct Seal<'a> {
    sealing: Sealing<'a>,
    /// From the outermost.
    steps: Vec<Step<'a>>,
    headers: Headers,
}

impl<'a> Seal<'a> {
    /// Prepares a message.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the type has characters that a header may not have.
    pub fn new(sealing: Sealing<'a>, randomness: &dyn Randomness) -> Result<Self, Fault> {
        let random = |length: usize| {
            let mut bytes = vec![0; length];
            randomness.fill(&mut bytes);
            bytes
        };
        let encrypt = sealing.encrypt.map(|with| Step::Encrypt {
            with,
            key: random(with.cipher.key_length()),
            start: random(with.cipher.start_length()),
        });
        let sign = sealing.sign.map(|with| {
            let boundary = random(15).iter().map(|byte| format!("{byte:02x}")).collect();
            Step::Sign { with, boundary }
        });
        let compress = |place| (sealing.compress == place).then_some(Step::Compress);
        let steps =
            [encrypt, compress(Compress::AfterSigning), sign, compress(Compress::BeforeSigning)];
        let steps: Vec<Step> = steps.into_iter().flatten().collect();
        let mut seal = Self { sealing, steps, headers: Headers::new() };
        seal.headers = seal.headers_of(&seal.steps, true)?;
        Ok(seal)
    }

    /// The fields of the outermost entity, which HTTP sends.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Reads the payload and writes the body of the message. Gives the MIC that the receipt must
    /// tell. The keys in a seal are for one message, so it is used up.
    ///
    /// # Errors
    ///
    /// [`Fault`] if a key cannot be used; [`Fault::Read`] if reading or writing failed.
    pub fn write(self, payload: &mut dyn Read, out: &mut dyn Write) -> Result<Mic, Fault> {
        let mic = self.body(&self.steps, payload, out, true)?;
        out.flush()?;
        mic.ok_or(Fault::Structure("a message without a MIC"))
    }

    fn headers_of(&self, steps: &[Step], is_outermost: bool) -> Result<Headers, Fault> {
        let mut headers = Headers::new();
        let encoding = match self.sealing.encoding {
            Encoding::Base64 => "base64",
            Encoding::Binary => "binary",
        };
        // Without an encoding it is binary, and HTTP knows no such field.
        let encode = |headers: &mut Headers| match is_outermost {
            true => Ok(()),
            false => headers.push("Content-Transfer-Encoding", encoding),
        };
        let sealed = |headers: &mut Headers, kind: &str, file: &str| {
            let value = format!("application/pkcs7-mime; smime-type={kind}; name=\"{file}\"");
            headers.push("Content-Type", &value)?;
            encode(headers)?;
            headers.push("Content-Disposition", &attachment(file))
        };
        match steps.first() {
            Some(Step::Encrypt { with, .. }) if with.cipher.is_authenticated() => {
                sealed(&mut headers, "authEnveloped-data", "smime.p7m")?;
            }
            Some(Step::Encrypt { .. }) => sealed(&mut headers, "enveloped-data", "smime.p7m")?,
            Some(Step::Compress) => sealed(&mut headers, "compressed-data", "smime.p7z")?,
            Some(Step::Sign { with, boundary }) => {
                let value = format!(
                    "multipart/signed; protocol=\"application/pkcs7-signature\"; \
                     micalg={}; boundary=\"{boundary}\"",
                    with.digest
                );
                headers.push("Content-Type", &value)?;
            }
            None => {
                headers.push("Content-Type", self.sealing.content_type)?;
                encode(&mut headers)?;
                if let Some(name) = self.sealing.file_name {
                    headers.push("Content-Disposition", &attachment(name))?;
                }
            }
        }
        Ok(headers)
    }

    /// An entity inside another: its fields and its body.
    fn entity(
        &self,
        steps: &[Step],
        payload: &mut dyn Read,
        out: &mut dyn Write,
    ) -> Result<Option<Mic>, Fault> {
        out.write_all(&self.headers_of(steps, false)?.write())?;
        self.body(steps, payload, out, false)
    }

    fn body(
        &self,
        steps: &[Step],
        payload: &mut dyn Read,
        out: &mut dyn Write,
        is_outermost: bool,
    ) -> Result<Option<Mic>, Fault> {
        let is_encoded = self.sealing.encoding == Encoding::Base64 && !is_outermost;
        let is_multipart = matches!(steps.first(), Some(Step::Sign { .. }));
        if is_encoded && !is_multipart {
            let mut lines = Base64Writer::new(out);
            let mic = self.bare_body(steps, payload, &mut lines)?;
            lines.finish()?;
            return Ok(mic);
        }
        self.bare_body(steps, payload, out)
    }

    fn bare_body(
        &self,
        steps: &[Step],
        payload: &mut dyn Read,
        out: &mut dyn Write,
    ) -> Result<Option<Mic>, Fault> {
        let Some((step, inner)) = steps.split_first() else {
            return self.payload(payload, out);
        };
        match step {
            Step::Encrypt { with, key, start } => {
                let Encryption { certificate, cipher, transport } = *with;
                let mut sealed =
                    EnvelopedWriter::new(out, certificate, transport, cipher, key, start)?;
                let mic = self.inside(inner, payload, &mut sealed)?;
                sealed.finish()?;
                Ok(mic)
            }
            Step::Compress => {
                let mut sealed = CompressedWriter::new(out);
                let mic = self.inside(inner, payload, &mut sealed)?;
                sealed.finish()?;
                Ok(mic)
            }
            Step::Sign { with, boundary } => {
                write!(out, "--{boundary}\r\n")?;
                let mut hashes = Hashes::new([with.digest]);
                let mut content = HashingWriter { out: &mut *out, hashes: &mut hashes };
                self.entity(inner, payload, &mut content)?;
                let mic = hashes.finish_mic().ok_or(Fault::Digest)?;
                let signature =
                    signed::sign(with.identity, with.scheme, mic.digest, &mic.value, with.time)?;
                write_signature(out, boundary, &signature)?;
                Ok(Some(mic))
            }
        }
    }

    /// What lies in an encrypted or a compressed entity. If it is the innermost and not signed, the
    /// MIC is that of all of it where it is encrypted.
    fn inside(
        &self,
        steps: &[Step],
        payload: &mut dyn Read,
        out: &mut dyn Write,
    ) -> Result<Option<Mic>, Fault> {
        if !steps.is_empty() || self.sealing.sign.is_some() || self.sealing.encrypt.is_none() {
            return self.entity(steps, payload, out);
        }
        let mut hashes = Hashes::new([self.sealing.mic]);
        let mut content = HashingWriter { out, hashes: &mut hashes };
        self.entity(steps, payload, &mut content)?;
        Ok(hashes.finish_mic())
    }

    /// The payload itself, and the MIC of its bytes.
    fn payload(&self, from: &mut dyn Read, out: &mut dyn Write) -> Result<Option<Mic>, Fault> {
        let is_bare = self.sealing.sign.is_none() && self.sealing.encrypt.is_none();
        let mut hashes = Hashes::new(is_bare.then_some(self.sealing.mic));
        copy(from, &mut HashingWriter { out, hashes: &mut hashes })?;
        Ok(hashes.finish_mic())
    }
}

/// The end of a signed message.
pub(crate) fn write_signature(
    out: &mut dyn Write,
    boundary: &str,
    signature: &[u8],
) -> io::Result<()> {
    write!(
        out,
        "\r\n--{boundary}\r\n\
         Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"
    )?;
    for line in signature.chunks(57) {
        write!(out, "{}\r\n", to_base64(line))?;
    }
    write!(out, "--{boundary}--\r\n")
}

fn copy(from: &mut dyn Read, to: &mut dyn Write) -> Result<(), Fault> {
    let mut space = vec![0; 32 * 1024];
    loop {
        match from.read(&mut space) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&space[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
