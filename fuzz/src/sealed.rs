//! Two companies with keys that never change, and messages and receipts between them.
//!
//! The keys are for fuzzing alone and lie open beside the targets: with others, an input that was kept
//! could not be opened again.

use std::io::{self, Read, Write};
use std::sync::LazyLock;

use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mdn::{self, Disposition, Mdn};
use tieline_smime::mime::Headers;
use tieline_smime::{
    Certificate, Compress, Encoding, Encryption, Identity, Limits, Mic, Opening, Pinned,
    PinnedCertificates, Policy, PrivateKey, Randomness, Seal, Sealing, Signing, Spool,
};

/// The time in all messages, 2026-11-22.
pub const NOW: i64 = 1_795_305_600;
/// The message that receipts are about.
pub const MESSAGE_ID: &str = "<2026-11-22.17@prairie-rivers.example>";
/// The largest payload, and how many times larger than it was compressed content may become.
const LIMITS: Limits = Limits { message: 1 << 20, payload: 3 << 20, ratio: 50 };

/// A company.
pub struct Company {
    /// Its key and its certificate.
    pub identity: Identity,
    /// Its certificate, pinned.
    pub pinned: PinnedCertificates,
}

impl Company {
    fn new(name: &str, pem: &[u8], serial: u8) -> Self {
        let key = PrivateKey::from_pem(pem).expect("it is a key");
        let valid = (NOW - 86_400, NOW + 86_400);
        let certificate = Certificate::self_signed(&key, name, &[serial; 16], valid)
            .expect("a certificate can be made");
        let pinned = PinnedCertificates::new(vec![Pinned::always(certificate.clone())])
            .expect("one is not ambiguous");
        let identity = Identity::new(certificate, key).expect("they belong together");
        Self { identity, pinned }
    }
}

/// We.
pub static UTILITY: LazyLock<Company> = LazyLock::new(|| {
    Company::new("Prairie Rivers Electric Cooperative", include_bytes!("../keys/utility.pem"), 1)
});
/// Our partner.
pub static PARTNER: LazyLock<Company> =
    LazyLock::new(|| Company::new("Wheatland Supply", include_bytes!("../keys/partner.pem"), 2));

/// Bytes that depend on the input alone.
pub struct Dice(std::cell::RefCell<tieline_sample::random::Random>);

impl Dice {
    /// For this input.
    pub fn new(data: &[u8]) -> Self {
        Self(crate::random(data).into())
    }
}

impl Randomness for Dice {
    fn fill(&self, space: &mut [u8]) {
        let mut random = self.0.borrow_mut();
        space.iter_mut().for_each(|byte| *byte = random.index(256) as u8);
    }
}

/// What the partner signs with.
pub fn signing() -> Signing<'static> {
    Signing {
        identity: &PARTNER.identity,
        digest: Digest::Sha256,
        scheme: Scheme::Pkcs1,
        time: Some(NOW),
    }
}

/// What the partner encrypts with.
pub fn encryption(cipher: Cipher) -> Encryption<'static> {
    let certificate = UTILITY.identity.certificate();
    Encryption { certificate, cipher, transport: KeyTransport::Pkcs1 }
}

/// What was agreed: all that is safe, or that anything goes.
pub fn policy(is_lax: bool) -> Policy {
    let strict = Policy { limits: LIMITS, ..Policy::default() };
    if !is_lax {
        return strict;
    }
    Policy {
        is_signed: false,
        is_encrypted: false,
        digests: Digest::ALL.to_vec(),
        ciphers: Cipher::ALL.to_vec(),
        ..strict
    }
}

/// What messages are opened with.
pub fn opening<'a>(policy: &'a Policy, dice: &'a Dice, ours: &'a [&'a Identity]) -> Opening<'a> {
    Opening {
        identities: ours,
        signers: &PARTNER.pinned,
        policy,
        now: NOW,
        mic: Digest::Sha256,
        randomness: dice,
    }
}

/// Keeps a payload, which is never larger than was agreed.
#[derive(Default)]
pub struct Watched(Vec<u8>);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        assert!(self.0.len() as u64 <= LIMITS.payload, "the payload is larger than agreed");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Watched {
    type Payload = Vec<u8>;

    fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// Gives at most so many bytes at once.
pub struct Slow<'a>(pub &'a [u8], pub usize);

impl Read for Slow<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(space.len());
        self.0.read(&mut space[..most])
    }
}

/// A sealed message and its MIC, if the partner signed it.
pub struct Seed {
    /// Fields, an empty line, and the body.
    pub bytes: Vec<u8>,
    /// The digest of what is signed.
    pub signed: Option<Mic>,
}

/// Messages in each combination of layers. Those without encryption are the same in each run.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for compress in [Compress::No, Compress::BeforeSigning, Compress::AfterSigning] {
        for sign in [None, Some(signing())] {
            for encrypt in [None, Some(Cipher::Aes256Cbc), Some(Cipher::Aes128Gcm)] {
                for encoding in [Encoding::Binary, Encoding::Base64] {
                    seeds.push(seed(Sealing {
                        content_type: "application/edi-x12",
                        file_name: Some("usage.edi"),
                        compress,
                        sign,
                        encrypt: encrypt.map(encryption),
                        encoding,
                        mic: Digest::Sha256,
                    }));
                }
            }
        }
    }
    seeds
}

fn seed(sealing: Sealing) -> Seed {
    let dice = Dice::new(format!("{:?}", (sealing.compress, sealing.encoding)).as_bytes());
    let seal = Seal::new(sealing, &dice).expect("the fields are plain");
    let mut bytes = seal.headers().write();
    let payload = b"ISA*00*          *00*          *ZZ*PARTNER~\r\n--0\r\n";
    let mic = seal.write(&mut &payload[..], &mut bytes).expect("it can be sealed");
    Seed { bytes, signed: sealing.sign.map(|_| mic) }
}

/// The MIC that receipts have to tell.
pub fn mic() -> Mic {
    Mic { digest: Digest::Sha256, value: vec![7; 32] }
}

/// Receipts of several kinds, first without a signature and then with one.
pub fn receipts(is_signed: bool) -> Vec<(Headers, Vec<u8>)> {
    let processed = Mdn {
        reporting_agent: "Tieline 0.1".into(),
        recipient: "Wheatland \"AS2\" Supply".into(),
        original_message_id: MESSAGE_ID.into(),
        disposition: Disposition::processed(),
        mic: Some(mic()),
        mic_name: Some("SHA256".into()),
        text: "The message was received.".into(),
    };
    let mut all = vec![processed.clone()];
    for disposition in [
        Disposition::error("decryption-failed"),
        Disposition::failure("unsupported format"),
        Disposition::warning("duplicate-document"),
    ] {
        all.push(Mdn { disposition, mic: None, ..processed.clone() });
    }
    let sign = is_signed.then(signing);
    all.iter()
        .map(|it| {
            let dice = Dice::new(it.disposition.to_string().as_bytes());
            mdn::write(it, sign.as_ref(), &dice).expect("it can be written")
        })
        .collect()
}
