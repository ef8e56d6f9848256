//! A partner that exchanges over AS2: `[as2]` of `partner.toml`, and of `utility.toml` for ourselves.
//!
//! ```toml
//! [as2]
//! id = "OTTERVALLEY"                          # AS2-From of what they send, AS2-To of what we send
//! url = "https://as2.ottervalley.example/as2" # left out: they only send
//! certificates = [
//!     { file = "as2-2026.cer" },              # of this folder
//!     { file = "as2-2027.cer", from = 2026-12-01 },
//! ]
//! ```
//!
//! What is left out is what new partners should agree on: signed with SHA-256, encrypted with AES, a
//! signed receipt at once.

mod read;

use tieline_model::time::Timestamp;
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::{Compress, Encoding};

use super::drop::{PROXY, Proxy, RETRY, Retry};
use crate::secret::SecretName;
use crate::shape::{Kind, SECRET_FORM, SIZE_FORM, Section, TIME_FORM, may, must, words};

pub(crate) use read::{read_as2, read_own_as2};

const USES: [(&str, CertificateUse); 2] =
    [("sign", CertificateUse::Sign), ("encrypt", CertificateUse::Encrypt)];
const SIGNS: [(&str, Option<Digest>); 4] = [
    ("none", None),
    ("sha256", Some(Digest::Sha256)),
    ("sha384", Some(Digest::Sha384)),
    ("sha512", Some(Digest::Sha512)),
];
const DIGESTS: [(&str, Digest); 4] = [
    ("sha1", Digest::Sha1),
    ("sha256", Digest::Sha256),
    ("sha384", Digest::Sha384),
    ("sha512", Digest::Sha512),
];
const SCHEMES: [(&str, Scheme); 2] = [("pkcs1", Scheme::Pkcs1), ("pss", Scheme::Pss)];
const ENCRYPTS: [(&str, Option<Cipher>); 6] = [
    ("none", None),
    ("aes128-cbc", Some(Cipher::Aes128Cbc)),
    ("aes192-cbc", Some(Cipher::Aes192Cbc)),
    ("aes256-cbc", Some(Cipher::Aes256Cbc)),
    ("aes128-gcm", Some(Cipher::Aes128Gcm)),
    ("aes256-gcm", Some(Cipher::Aes256Gcm)),
];
const CIPHERS: [(&str, Cipher); 6] = [
    ("3des-cbc", Cipher::TripleDesCbc),
    ("aes128-cbc", Cipher::Aes128Cbc),
    ("aes192-cbc", Cipher::Aes192Cbc),
    ("aes256-cbc", Cipher::Aes256Cbc),
    ("aes128-gcm", Cipher::Aes128Gcm),
    ("aes256-gcm", Cipher::Aes256Gcm),
];
const TRANSPORTS: [(&str, KeyTransport); 3] = [
    ("pkcs1", KeyTransport::Pkcs1),
    ("oaep-sha1", KeyTransport::Oaep(Digest::Sha1)),
    ("oaep-sha256", KeyTransport::Oaep(Digest::Sha256)),
];
const COMPRESSES: [(&str, Compress); 3] = [
    ("no", Compress::No),
    ("before-signing", Compress::BeforeSigning),
    ("after-signing", Compress::AfterSigning),
];
const ENCODINGS: [(&str, Encoding); 2] =
    [("binary", Encoding::Binary), ("base64", Encoding::Base64)];
const RECEIPTS: [(&str, WantedReceipt); 3] = [
    ("signed", WantedReceipt::Signed),
    ("unsigned", WantedReceipt::Unsigned),
    ("none", WantedReceipt::None),
];

pub(crate) const AS2: Section = Section {
    name: "[as2]",
    keys: &[
        must("id", Kind::Form(ID_FORM), "Its AS2 name, without quotes."),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        may(
            "our_id",
            Kind::Form(ID_FORM),
            "Our own AS2 name towards this partner, where it is not that of utility.toml.",
        ),
        may(
            "url",
            Kind::Form(URL_FORM),
            "Where we send to; it only sends to us when this is left out.",
        ),
        must(
            "certificates",
            Kind::Tables(&CERTIFICATE),
            "Its certificates: files of this folder. Two hold at once while one follows another.",
        ),
        may("send", Kind::Table(&SEND), "How we send to it."),
        may("receive", Kind::Table(&RECEIVE), "What we take from it."),
        may(
            "roots",
            Kind::Text,
            "A PEM file of this folder: the certificates, or authorities, that its HTTPS server is known by; those of the system when left out.",
        ),
        may("login", Kind::Table(&LOGIN), "Who we are for its HTTP server, where it asks."),
        may("client", Kind::Table(&CLIENT), "What we show to its HTTPS server, where it asks."),
        may(
            "proxy",
            Kind::Table(&PROXY),
            "What we call it through, only of the kind http; nothing when left out.",
        ),
        may("retry", Kind::Table(&RETRY), "What we do when it does not work."),
    ],
};

/// `[as2]` of `utility.toml`.
pub(crate) const OWN_AS2: Section = Section {
    name: "[as2]",
    keys: &[
        must("id", Kind::Form(ID_FORM), "Our AS2 name, without quotes."),
        may(
            "url",
            Kind::Form(URL_FORM),
            "Where partners find our server; they are told it for receipts that come later.",
        ),
        must(
            "keys",
            Kind::Tables(&OWN_KEY),
            "Our keys with their certificates; several while partners change over to a new one.",
        ),
    ],
};

const ID_FORM: &str = r#"^[ !#-\[\]-~]{1,128}$"#;
const URL_FORM: &str = "^https?://[^/@#? ]+[^@# ]*$";

const CERTIFICATE: Section = Section {
    name: "{ file, use, from, until }",
    keys: &[
        must("file", Kind::Text, "A file of the partner's folder: PEM or DER."),
        may(
            "use",
            Kind::ManyWords(|| words(&USES)),
            "What it is for: sign, encrypt; both when left out.",
        ),
        may(
            "from",
            Kind::Instant,
            "Holds from this day or instant on; as long as it is valid when left out.",
        ),
        may(
            "until",
            Kind::Instant,
            "Holds until just before this day or instant; as long as it is valid when left out.",
        ),
    ],
};

const OWN_KEY: Section = Section {
    name: "{ certificate, key, from }",
    keys: &[
        must("certificate", Kind::Text, "A file of the folder utility: PEM or DER."),
        must("key", Kind::Form(SECRET_FORM), "The name of a secret: the private key, as PEM."),
        may(
            "from",
            Kind::Instant,
            "We sign with it from this day or instant on, and read what is encrypted for it always; from its first day when left out.",
        ),
    ],
};

const SEND: Section = Section {
    name: "[as2.send]",
    keys: &[
        may(
            "sign",
            Kind::Words(|| words(&SIGNS)),
            "none, sha256, sha384 or sha512; sha256 when left out.",
        ),
        may(
            "scheme",
            Kind::Words(|| words(&SCHEMES)),
            "How RSA signs: pkcs1 or pss; pkcs1 when left out.",
        ),
        may(
            "encrypt",
            Kind::Words(|| words(&ENCRYPTS)),
            "none, or a cipher; aes128-cbc when left out.",
        ),
        may(
            "transport",
            Kind::Words(|| words(&TRANSPORTS)),
            "How the key of the content is encrypted: pkcs1, oaep-sha1 or oaep-sha256; pkcs1 when left out.",
        ),
        may(
            "compress",
            Kind::Words(|| words(&COMPRESSES)),
            "no, before-signing or after-signing; no when left out.",
        ),
        may(
            "encoding",
            Kind::Words(|| words(&ENCODINGS)),
            "binary or base64; binary when left out.",
        ),
        may(
            "receipt",
            Kind::Words(|| words(&RECEIPTS)),
            "signed, unsigned or none; signed when left out. Without one nothing proves a delivery.",
        ),
        may(
            "receipt_later",
            Kind::Flag,
            "Whether the receipt comes by itself to our url, and not as the answer; false when left out.",
        ),
        may(
            "receipt_within",
            Kind::Form(TIME_FORM),
            "When a receipt that comes later is overdue; 4h when left out.",
        ),
        may(
            "chunked",
            Kind::Flag,
            "Whether messages go in chunks without a Content-Length; false when left out.",
        ),
        may(
            "content_type",
            Kind::Form("^[a-z0-9.+-]+/[a-zA-Z0-9.+-]+$"),
            "Of the documents; application/edi-x12 when left out.",
        ),
        may(
            "subject",
            Kind::Form("^[ -~]{1,200}$"),
            "A line for people; the name of the file when left out.",
        ),
        may("file_name", Kind::Flag, "Whether the name of the file is told; true when left out."),
    ],
};

const RECEIVE: Section = Section {
    name: "[as2.receive]",
    keys: &[
        may("signed", Kind::Flag, "Whether everything must be signed; true when left out."),
        may("encrypted", Kind::Flag, "Whether everything must be encrypted; true when left out."),
        may(
            "digests",
            Kind::ManyWords(|| words(&DIGESTS)),
            "What signatures may use; all but sha1 when left out.",
        ),
        may(
            "ciphers",
            Kind::ManyWords(|| words(&CIPHERS)),
            "What may be encrypted with; all but 3des-cbc when left out.",
        ),
        may(
            "largest",
            Kind::Form(SIZE_FORM),
            "The largest message and the largest payload; 1GB when left out.",
        ),
        may(
            "receipt_addresses",
            Kind::Texts,
            "The addresses that its receipts may be sent to later; what stands behind a ? is free. None when left out.",
        ),
    ],
};

const LOGIN: Section = Section {
    name: "[as2.login]",
    keys: &[
        must("user", Kind::Text, "The user name."),
        must("password", Kind::Form(SECRET_FORM), "The name of a secret: the password."),
    ],
};

const CLIENT: Section = Section {
    name: "[as2.client]",
    keys: &[
        must(
            "certificate",
            Kind::Text,
            "A PEM file of this folder: our certificate for its server, and the chain behind it.",
        ),
        must("key", Kind::Form(SECRET_FORM), "The name of a secret: the private key, as PEM."),
    ],
};

/// A partner that exchanges over AS2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct As2 {
    /// Its AS2 name, without quotes.
    pub id: String,
    /// Whether we exchange for now.
    pub enabled: bool,
    /// Our own AS2 name towards it; `None` when that of `utility.toml` holds.
    pub our_id: Option<String>,
    /// Where we send to; `None` when it only sends.
    pub url: Option<String>,
    /// Its certificates, at least one.
    pub certificates: Vec<CertificateFile>,
    /// How we send.
    pub send: Sending,
    /// What we take.
    pub receive: Receiving,
    /// The file of the certificates that its HTTPS server is known by.
    pub roots: Option<String>,
    /// Who we are for its HTTP server.
    pub login: Option<HttpLogin>,
    /// What we show to its HTTPS server.
    pub client: Option<HttpsClient>,
    /// What it is called through.
    pub proxy: Option<Proxy>,
    /// What we do when it does not work.
    pub retry: Retry,
}

/// A certificate of a partner, and when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    /// A file of the partner's folder.
    pub file: String,
    /// What it is for; at least one.
    pub uses: Vec<CertificateUse>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateUse {
    /// The partner signs with it.
    Sign,
    /// We encrypt for it.
    Encrypt,
}

/// How we send to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The digest of our signature; `None` when nothing is signed.
    pub sign: Option<Digest>,
    /// How RSA signs.
    pub scheme: Scheme,
    /// The cipher; `None` when nothing is encrypted.
    pub encrypt: Option<Cipher>,
    /// How the key of the content is encrypted.
    pub transport: KeyTransport,
    /// Whether and where it is compressed.
    pub compress: Compress,
    /// How entities inside are written.
    pub encoding: Encoding,
    /// The receipt that we ask for.
    pub receipt: WantedReceipt,
    /// Whether it comes by itself later.
    pub receipt_later: bool,
    /// Seconds after which such a receipt is overdue.
    pub receipt_within: u32,
    /// Whether it goes in chunks without a length.
    pub chunked: bool,
    /// The type of the documents.
    pub content_type: String,
    /// A line for people; the name of the file when `None`.
    pub subject: Option<String>,
    /// Whether the name of the file is told.
    pub file_name: bool,
}

impl Default for Sending {
    fn default() -> Sending {
        Sending {
            sign: Some(Digest::Sha256),
            scheme: Scheme::Pkcs1,
            encrypt: Some(Cipher::Aes128Cbc),
            transport: KeyTransport::Pkcs1,
            compress: Compress::No,
            encoding: Encoding::Binary,
            receipt: WantedReceipt::Signed,
            receipt_later: false,
            receipt_within: 4 * 3_600,
            chunked: false,
            content_type: "application/edi-x12".to_string(),
            subject: None,
            file_name: true,
        }
    }
}

/// The receipt that we ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedReceipt {
    /// Signed: proves that the partner has the message.
    Signed,
    /// Not signed.
    Unsigned,
    /// None: a message counts as delivered when the server took it.
    None,
}

/// What we take from a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiving {
    /// Whether everything must be signed.
    pub signed: bool,
    /// Whether everything must be encrypted.
    pub encrypted: bool,
    /// What signatures may use.
    pub digests: Vec<Digest>,
    /// What may be encrypted with.
    pub ciphers: Vec<Cipher>,
    /// Bytes of the largest message, and of the largest payload.
    pub largest: u64,
    /// The addresses that receipts may be sent to later; what stands behind a `?` is free.
    pub receipt_addresses: Vec<String>,
}

impl Default for Receiving {
    fn default() -> Receiving {
        Receiving {
            signed: true,
            encrypted: true,
            digests: vec![Digest::Sha256, Digest::Sha384, Digest::Sha512],
            ciphers: CIPHERS[1..].iter().map(|(_, cipher)| *cipher).collect(),
            largest: 1_000_000_000,
            receipt_addresses: Vec::new(),
        }
    }
}

/// Who we are for an HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLogin {
    /// The user name.
    pub user: String,
    /// Where the password is kept.
    pub password: SecretName,
}

/// What we show to an HTTPS server that asks for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsClient {
    /// The file of our certificate and its chain, in the partner's folder.
    pub certificate: String,
    /// Where the private key is kept.
    pub key: SecretName,
}

/// Ourselves on AS2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAs2 {
    /// Our AS2 name, without quotes.
    pub id: String,
    /// Where partners find our server.
    pub url: Option<String>,
    /// Our keys, at least one.
    pub keys: Vec<OwnKey>,
}

/// A key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKey {
    /// The file of its certificate, in the folder `utility`.
    pub certificate: String,
    /// Where the private key is kept.
    pub key: SecretName,
    /// We sign with it from this instant on.
    pub from: Option<Timestamp>,
}
