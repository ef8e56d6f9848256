//! EnvelopedData and AuthEnvelopedData (RFC 5652, 6; RFC 5083): content encrypted for a recipient.

use std::io::{self, Read, Write};

use crate::algorithm::{Cipher, KeyTransport};
use crate::ber::Reader;
use crate::certificate::{Certificate, Identifier};
use crate::cipher::{Decrypting, Encrypting};
use crate::cms::{self, Content};
use crate::der::{self, OctetsWriter, Parser, tag};
use crate::fault::Fault;
use crate::oid;

const WINDOW: usize = 32 * 1024;
/// The most recipients of one message; ours are among few.
const MOST_RECIPIENTS: usize = 32;

/// One recipient whose key is transported by RSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipient {
    pub(crate) identifier: Identifier,
    pub(crate) transport: KeyTransport,
    pub(crate) encrypted_key: Vec<u8>,
}

/// What stands in front of encrypted content.
pub(crate) struct Envelope<'a> {
    ber: Reader<&'a mut dyn Read>,
    kind: Content,
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) cipher: Cipher,
    start: Vec<u8>,
    tag_length: usize,
}

impl<'a> Envelope<'a> {
    /// Behind [`cms::enter`].
    pub(crate) fn read(mut ber: Reader<&'a mut dyn Read>, kind: Content) -> Result<Self, Fault> {
        cms::version(&mut ber)?;
        if ber.peek()? == Some(tag::context(0)) {
            ber.element(cms::LARGEST_ELEMENT)?;
        }
        let recipients = recipients(&mut ber)?;
        ber.enter(tag::SEQUENCE)?;
        let content = ber.element(cms::LARGEST_ELEMENT)?;
        if Parser::new(&content).take(tag::OBJECT_IDENTIFIER)? != oid::DATA {
            return Err(Fault::Structure("what is encrypted is not data"));
        }
        let algorithm = ber.element(cms::LARGEST_ELEMENT)?;
        let (cipher, start, tag_length) = Cipher::read(&mut Parser::new(&algorithm))?;
        if cipher.is_authenticated() != (kind == Content::AuthEnveloped) {
            return Err(Fault::Structure("the cipher does not belong to the kind of content"));
        }
        ber.open_octets(tag::context_primitive(0))?;
        Ok(Self { ber, kind, recipients, cipher, start, tag_length })
    }

    /// Reads the content with this key, which must have the cipher's length.
    pub(crate) fn decrypt(self, key: &[u8]) -> Result<EnvelopedReader<'a>, Fault> {
        Ok(EnvelopedReader {
            ber: self.ber,
            kind: self.kind,
            tag_length: self.tag_length,
            cipher: Some(Decrypting::new(self.cipher, key, &self.start)?),
            window: vec![0; WINDOW],
            plain: Vec::with_capacity(WINDOW + 32),
            at: 0,
        })
    }
}

fn recipients(ber: &mut Reader<&mut dyn Read>) -> Result<Vec<Recipient>, Fault> {
    let mut recipients = Vec::new();
    ber.enter(tag::SET)?;
    let mut count = 0;
    while let Some(kind) = ber.peek()? {
        let element = ber.element(cms::LARGEST_ELEMENT)?;
        count += 1;
        if count > MOST_RECIPIENTS {
            return Err(Fault::Structure("there are too many recipients"));
        }
        // Other kinds agree on a key or have a password; ours is never among those.
        if kind == tag::SEQUENCE {
            // Another one's way may be one that we do not know.
            match recipient(&element) {
                Ok(recipient) => recipients.push(recipient),
                Err(Fault::Unsupported(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    ber.leave()?;
    Ok(recipients)
}

fn recipient(element: &[u8]) -> Result<Recipient, Fault> {
    let mut inner = Parser::new(element).enter(tag::SEQUENCE)?;
    inner.small_integer()?;
    let identifier = Identifier::read(&mut inner)?;
    let transport = KeyTransport::read(&mut inner)?;
    let encrypted_key = inner.take(tag::OCTET_STRING)?.to_vec();
    inner.end()?;
    Ok(Recipient { identifier, transport, encrypted_key })
}

/// Reads what was encrypted. What it gives is not to be trusted before it was read to its end.
pub(crate) struct EnvelopedReader<'a> {
    ber: Reader<&'a mut dyn Read>,
    kind: Content,
    tag_length: usize,
    cipher: Option<Decrypting>,
    window: Vec<u8>,
    plain: Vec<u8>,
    at: usize,
}

impl EnvelopedReader<'_> {
    /// Decrypts the next piece, or ends; says whether it went on.
    fn decrypt(&mut self) -> Result<bool, Fault> {
        self.plain.clear();
        self.at = 0;
        let Some(mut cipher) = self.cipher.take() else { return Ok(false) };
        let read = self.ber.octets(&mut self.window)?;
        if read > 0 {
            cipher.update(&self.window[..read], &mut self.plain)?;
            self.cipher = Some(cipher);
        } else {
            let mac = self.end()?;
            cipher.finish(&mac, &mut self.plain)?;
        }
        Ok(true)
    }

    /// Reads what stands behind the content, and gives the tag.
    fn end(&mut self) -> Result<Vec<u8>, Fault> {
        self.ber.leave()?;
        let mut mac = Vec::new();
        if self.kind == Content::AuthEnveloped {
            if self.ber.peek()? == Some(tag::context(1)) {
                return Err(Fault::Unsupported("attributes beside encrypted content"));
            }
            let element = self.ber.element(cms::LARGEST_ELEMENT)?;
            mac = Parser::new(&element).take(tag::OCTET_STRING)?.to_vec();
            if mac.len() != self.tag_length {
                return Err(Fault::Decryption);
            }
        }
        // Attributes that nothing protects are not looked at.
        let attributes = if self.kind == Content::AuthEnveloped { 2 } else { 1 };
        if self.ber.peek()? == Some(tag::context(attributes)) {
            self.ber.element(cms::LARGEST_ELEMENT)?;
        }
        cms::leave(&mut self.ber)?;
        Ok(mac)
    }
}

impl Read for EnvelopedReader<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while self.at == self.plain.len() {
            if !self.decrypt()? {
                return Ok(0);
            }
        }
        let given = space.len().min(self.plain.len() - self.at);
        space[..given].copy_from_slice(&self.plain[self.at..][..given]);
        self.at += given;
        Ok(given)
    }
}

/// Encrypts what is written.
pub(crate) struct EnvelopedWriter<W> {
    octets: OctetsWriter<W>,
    cipher: Encrypting,
    encrypted: Vec<u8>,
}

impl<W: Write> EnvelopedWriter<W> {
    /// `key` and `start` are random and used for nothing else.
    pub(crate) fn new(
        out: W,
        certificate: &Certificate,
        transport: KeyTransport,
        cipher: Cipher,
        key: &[u8],
        start: &[u8],
    ) -> Result<Self, Fault> {
        let encrypting = Encrypting::new(cipher, key, start)?;
        let recipient = der::sequence(&[
            &der::small_integer(0),
            &certificate.issuer_and_serial(),
            &transport.write(),
            &der::element(tag::OCTET_STRING, &certificate.encrypt(transport, key)?),
        ]);
        let kind =
            if cipher.is_authenticated() { oid::AUTH_ENVELOPED_DATA } else { oid::ENVELOPED_DATA };
        let around = vec![
            (tag::SEQUENCE, der::object_identifier(kind)),
            (tag::context(0), Vec::new()),
            (tag::SEQUENCE, [der::small_integer(0), der::set_of(&[&recipient])].concat()),
            (tag::SEQUENCE, [der::object_identifier(oid::DATA), cipher.write(start)].concat()),
        ];
        let octets = OctetsWriter::new(out, around, tag::context_primitive(0));
        Ok(Self { octets, cipher: encrypting, encrypted: Vec::new() })
    }

    pub(crate) fn finish(mut self) -> Result<W, Fault> {
        self.encrypted.clear();
        let mac = self.cipher.finish(&mut self.encrypted)?;
        self.octets.write_all(&self.encrypted)?;
        let mac = mac.map(|mac| der::element(tag::OCTET_STRING, &mac));
        Ok(self.octets.finish(mac.as_ref().map(|mac| (2, &mac[..])))?)
    }
}

impl<W: Write> Write for EnvelopedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(WINDOW);
        self.encrypted.clear();
        self.cipher.update(&bytes[..taken], &mut self.encrypted)?;
        self.octets.write_all(&self.encrypted)?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
