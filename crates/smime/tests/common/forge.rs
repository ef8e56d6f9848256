//! Signatures that are wrong in one way, which the crate itself does not write.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use tieline_smime::der::{self, tag};
use tieline_smime::mime::to_base64;
use tieline_smime::oid;

use crate::common::{Company, PARTNER};

/// The name of an attribute and its values.
pub(crate) type Attribute = (&'static [u8], Vec<Vec<u8>>);

/// A signature with everything that can be wrong in it.
pub(crate) struct Forgery {
    /// The signed attributes, each with its values; none for a signature without.
    pub(crate) attributes: Option<Vec<Attribute>>,
    /// Content inside of the signature.
    pub(crate) embedded: Option<Vec<u8>>,
    /// The type of the content.
    pub(crate) content_type: &'static [u8],
    /// Who signs, one after the other.
    pub(crate) signers: Vec<&'static Company>,
    /// Whose issuer and serial number stand there, if it is somebody else's.
    pub(crate) named: Option<&'static Company>,
    /// The certificates that come with it.
    pub(crate) certificates: Vec<Vec<u8>>,
}

impl Forgery {
    /// A signature of this content that is right.
    pub(crate) fn right(content: &[u8]) -> Self {
        Self {
            attributes: Some(vec![
                (oid::CONTENT_TYPE, vec![der::object_identifier(oid::DATA)]),
                (oid::MESSAGE_DIGEST, vec![digest_of(content)]),
            ]),
            embedded: None,
            content_type: oid::DATA,
            signers: vec![&PARTNER],
            named: None,
            certificates: vec![PARTNER.certificate().der().to_vec()],
        }
    }

    fn signer(&self, company: &Company, content: &[u8]) -> Vec<u8> {
        let attributes = self.attributes.as_ref().map(|attributes| {
            let written = attributes.iter().map(|(name, values)| {
                let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
                der::sequence(&[&der::object_identifier(name), &der::set_of(&values)])
            });
            written.collect::<Vec<_>>().concat()
        });
        let signed = match &attributes {
            Some(attributes) => der::element(tag::SET, attributes),
            None => content.to_vec(),
        };
        let pair = KeyPair::from_pkcs8(&company.pkcs8).expect("it is a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature)
            .expect("it signs");
        let named = self.named.unwrap_or(company).certificate();
        let sha256 = der::sequence(&[&der::object_identifier(oid::SHA256), &der::null()]);
        let rsa = der::sequence(&[&der::object_identifier(oid::RSA), &der::null()]);
        let attributes =
            attributes.map(|it| der::element(tag::context(0), &it)).unwrap_or_default();
        der::sequence(&[
            &der::small_integer(1),
            &der::sequence(&[named.issuer(), &der::element(tag::INTEGER, named.serial())]),
            &sha256,
            &attributes,
            &rsa,
            &der::element(tag::OCTET_STRING, &signature),
        ])
    }

    /// The SignedData.
    pub(crate) fn signed_data(&self, content: &[u8]) -> Vec<u8> {
        let signers: Vec<Vec<u8>> =
            self.signers.iter().map(|company| self.signer(company, content)).collect();
        let embedded = self.embedded.as_ref().map(|content| {
            der::element(tag::context(0), &der::element(tag::OCTET_STRING, content))
        });
        let data = der::sequence(&[
            &der::small_integer(1),
            &der::set_of(&[]),
            &der::sequence(&[
                &der::object_identifier(self.content_type),
                &embedded.unwrap_or_default(),
            ]),
            &der::element(tag::context(0), &self.certificates.concat()),
            &der::element(tag::SET, &signers.concat()),
        ]);
        der::sequence(&[
            &der::object_identifier(oid::SIGNED_DATA),
            &der::element(tag::context(0), &data),
        ])
    }
}

/// The digest of some content as the value of an attribute.
pub(crate) fn digest_of(content: &[u8]) -> Vec<u8> {
    der::element(tag::OCTET_STRING, digest(&SHA256, content).as_ref())
}

/// A part with a signature.
pub(crate) fn signature_part(signed_data: &[u8]) -> String {
    format!(
        "Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        to_base64(signed_data)
    )
}
