//! Messages to and from the command `openssl cms`, which nobody here wrote.
//!
//! Where the command is missing, these tests say so and check nothing; `tests/run` installs it.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::{DOCUMENT, Message, PARTNER, UTILITY, encryption, lax, receive, seal, signing, usual};
use tempfile::TempDir;
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mime::{Headers, Parts};
use tieline_smime::{Compress, Encoding, Layer, Opened, Policy, PrivateKey, Sealing, pem};

/// A folder with the keys of both companies.
struct Folder(TempDir);

impl Folder {
    /// None where there is no `openssl`.
    fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("SKIPPED: the command openssl is missing, so nothing is checked against it");
            return None;
        }
        let folder = Self(tempfile::tempdir().expect("a temporary directory"));
        for (name, company) in [("utility", &UTILITY), ("partner", &PARTNER)] {
            let certificate = pem::write("CERTIFICATE", company.certificate().der());
            folder.put(&format!("{name}.crt"), certificate.as_bytes());
            let key = pem::write("PRIVATE KEY", &company.pkcs8);
            folder.put(&format!("{name}.key"), key.as_bytes());
        }
        Some(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("the disk is well");
    }

    fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file was written")
    }

    /// Runs `openssl` with these words.
    fn run(&self, words: &str) {
        let output = Command::new("openssl")
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {words}: {said}");
    }

    /// Has the partner make a message of the file `entity`, which is then opened.
    fn make(&self, words: &str, policy: &Policy) -> Result<Opened<Vec<u8>>, String> {
        self.run(&format!("cms -binary -in entity -out message {words}"));
        self.open("message", policy)
    }

    fn open(&self, name: &str, policy: &Policy) -> Result<Opened<Vec<u8>>, String> {
        let bytes = self.get(name);
        let mut body = &bytes[..];
        let headers = Headers::read(&mut body).expect("openssl writes headers");
        receive(&headers, body, policy).map_err(|error| error.reason.to_string())
    }
}

fn entity() -> Vec<u8> {
    [&b"Content-Type: application/edi-x12\r\n\r\n"[..], DOCUMENT].concat()
}

fn payload(opened: Opened<Vec<u8>>) -> Vec<u8> {
    opened.payload.verified().expect("it is signed").into_payload()
}

#[test]
fn signatures_of_openssl_are_verified() {
    let Some(folder) = Folder::new() else { return };
    folder.put("entity", &entity());
    let sign = "-sign -signer partner.crt -inkey partner.key";
    for (digest, name) in
        [(Digest::Sha256, "sha256"), (Digest::Sha384, "sha384"), (Digest::Sha512, "sha512")]
    {
        for (scheme, option) in [
            (Scheme::Pkcs1, ""),
            (Scheme::Pss, "-keyopt rsa_padding_mode:pss"),
            (Scheme::Pss, "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1"),
        ] {
            for more in ["", "-stream", "-keyid", "-nocerts"] {
                let opened = folder
                    .make(&format!("{sign} -md {name} {option} {more}"), &lax())
                    .unwrap_or_else(|reason| panic!("{name} {option} {more}: {reason}"));
                let Layer::Signed { digest: found, scheme: way, time } = opened.layers[0] else {
                    panic!("it is signed")
                };
                assert_eq!((found, way), (digest, scheme));
                assert!(time.is_some());
                assert_eq!(opened.mic.digest, digest);
                assert_eq!(payload(opened), DOCUMENT);
            }
        }
    }
    let old = format!("{sign} -md sha1");
    assert!(folder.make(&old, &lax()).is_ok());
    let policy = Policy { is_encrypted: false, ..Policy::default() };
    assert!(folder.make(&old, &policy).is_err());
}

#[test]
fn what_openssl_signs_in_other_ways_is_refused() {
    let Some(folder) = Folder::new() else { return };
    folder.put("entity", &entity());
    let sign = "-sign -signer partner.crt -inkey partner.key";
    for (words, expected) in [
        (format!("{sign} -noattr"), "no signed attributes"),
        (format!("{sign} -nodetach"), "this smime-type is not supported"),
        (format!("{sign} -md md5"), "digest"),
        ("-sign -signer utility.crt -inkey utility.key".to_string(), "not among those agreed"),
        (format!("{sign} -signer utility.crt -inkey utility.key"), "more than one signer"),
        ("-data_create -outform SMIME".to_string(), "this kind of CMS content"),
    ] {
        match folder.make(&words, &lax()) {
            Ok(_) => panic!("{words} is accepted"),
            Err(reason) => assert!(reason.contains(expected), "{words}: {reason}"),
        }
    }
}

#[test]
fn what_openssl_encrypts_is_decrypted() {
    let Some(folder) = Folder::new() else { return };
    folder.put("entity", &entity());
    folder.run(
        "cms -sign -binary -in entity -out signed -signer partner.crt -inkey partner.key -md sha256",
    );
    let large = [entity(), b"REF*MG*1~".repeat(100_000)].concat();
    folder.put("large", &large);
    for (cipher, name) in [
        (Cipher::Aes128Cbc, "-aes-128-cbc"),
        (Cipher::Aes192Cbc, "-aes-192-cbc"),
        (Cipher::Aes256Cbc, "-aes-256-cbc"),
        (Cipher::Aes128Gcm, "-aes-128-gcm"),
        (Cipher::Aes256Gcm, "-aes-256-gcm"),
        (Cipher::TripleDesCbc, "-des3"),
    ] {
        for (transport, option) in [
            (KeyTransport::Pkcs1, ""),
            (KeyTransport::Oaep(Digest::Sha1), "-keyopt rsa_padding_mode:oaep"),
            (
                KeyTransport::Oaep(Digest::Sha256),
                "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256",
            ),
        ] {
            for (input, more) in
                [("signed", ""), ("signed", "-stream"), ("large", "-stream -indef")]
            {
                let words = format!(
                    "cms -encrypt -binary -in {input} -out message {name} {more} -recip utility.crt {option}"
                );
                folder.run(&words);
                let opened = folder
                    .open("message", &lax())
                    .unwrap_or_else(|reason| panic!("{words}: {reason}"));
                assert_eq!(opened.layers[0], Layer::Encrypted { cipher, transport });
                if input == "signed" {
                    assert_eq!(payload(opened), DOCUMENT);
                } else {
                    assert_eq!(opened.size, large.len() as u64 - 37);
                }
            }
        }
    }
    folder.run("cms -encrypt -binary -in signed -out message -des3 utility.crt");
    let reason = folder.open("message", &Policy::default()).expect_err("it is not agreed");
    assert!(reason.contains("a cipher, which is not agreed"), "{reason}");
    // For two, of whom we are the second, and known by the key's identifier.
    folder.run(
        "cms -encrypt -binary -in signed -out message -aes-256-cbc -keyid partner.crt utility.crt",
    );
    assert_eq!(folder.open("message", &Policy::default()).map(payload).as_deref(), Ok(DOCUMENT));
    // For somebody else.
    folder.run("cms -encrypt -binary -in signed -out message -aes-256-cbc partner.crt");
    assert!(folder.open("message", &lax()).is_err());
}

fn part(message: &[u8], headers: &Headers, number: usize) -> Vec<u8> {
    let value = headers.content_type().expect("well formed").expect("a type");
    let boundary = value.parameter("boundary").expect("a boundary");
    let mut parts = Parts::new(message, &boundary).expect("a boundary");
    for _ in 0..=number {
        assert!(parts.next_part().expect("well formed"));
    }
    let mut part = Vec::new();
    std::io::Read::read_to_end(&mut parts, &mut part).expect("well formed");
    part
}

#[test]
fn openssl_reads_what_is_sealed_here() {
    let Some(folder) = Folder::new() else { return };
    let long = b"DTM*582****RTS*202611220815~\r\n".repeat(10_000);
    let mut sealings = Vec::new();
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        for scheme in [Scheme::Pkcs1, Scheme::Pss] {
            sealings.push(Sealing { sign: Some(signing(digest, scheme)), ..usual() });
        }
    }
    for cipher in [Cipher::Aes128Cbc, Cipher::Aes192Cbc, Cipher::Aes128Gcm, Cipher::Aes256Gcm] {
        let encrypt = Some(encryption(cipher, KeyTransport::Pkcs1));
        sealings.push(Sealing { encrypt, ..usual() });
    }
    for digest in Digest::ALL {
        let encrypt = Some(encryption(Cipher::Aes256Cbc, KeyTransport::Oaep(digest)));
        sealings.push(Sealing { encrypt, ..usual() });
    }
    sealings.push(Sealing { encoding: Encoding::Base64, ..usual() });
    sealings.push(Sealing { compress: Compress::BeforeSigning, ..usual() });
    for sealing in sealings {
        for payload in [DOCUMENT, &long] {
            let Message { body, mic, .. } = seal(sealing, payload);
            folder.put("body", &body);
            folder.run(
                "cms -decrypt -inform DER -in body -out plain -binary -recip utility.crt -inkey utility.key",
            );
            let plain = folder.get("plain");
            let mut rest = &plain[..];
            let headers = Headers::read(&mut rest).expect("it is an entity");
            let signed = part(rest, &headers, 0);
            folder.put("content", &signed);
            folder.put("plain", &plain);
            folder.run(
                "cms -verify -inform SMIME -in plain -content content -binary -noverify -out verified",
            );
            assert!(folder.get("verified") == signed);
            folder.run(&format!(
                "dgst -{} -binary -out digest content",
                mic.digest.name().replace('-', "")
            ));
            assert_eq!(folder.get("digest"), mic.value, "{sealing:?}");
        }
    }
}

#[test]
fn keys_are_read_in_the_forms_of_openssl() {
    let Some(folder) = Folder::new() else { return };
    folder.run("rsa -in partner.key -traditional -out pkcs1.key");
    let key = PrivateKey::from_pem(&folder.get("pkcs1.key")).expect("it is a key");
    assert_eq!(key.public_key(), PARTNER.certificate().public_key());
    folder.run("genrsa -out weak.key 1024");
    let weak = PrivateKey::from_pem(&folder.get("weak.key"));
    assert_eq!(
        weak.expect_err("it is short").to_string(),
        "the key has 1024 bits; at least 2048 are needed"
    );
    folder.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key");
    assert!(PrivateKey::from_pem(&folder.get("ec.key")).is_err());
    let both = [folder.get("partner.key"), folder.get("utility.key")].concat();
    assert!(PrivateKey::from_pem(&both).is_err());
    assert!(PrivateKey::from_pem(&folder.get("partner.crt")).is_err());
}

#[test]
fn certificates_of_openssl_are_read() {
    use tieline_smime::Certificate;
    let Some(folder) = Folder::new() else { return };
    folder.run(
        "req -x509 -newkey rsa:3072 -nodes -keyout a.key -out a.crt -days 30 -subj /C=US/O=Wheat\\,Land/CN=as2.example",
    );
    let certificate = &Certificate::from_file(&folder.get("a.crt")).expect("it is one")[0];
    assert_eq!((certificate.common_name(), certificate.bits()), (Some("as2.example"), 3072));
    let (from, until) = certificate.valid();
    assert_eq!(until - from, 30 * 86_400);
    folder.run("x509 -in a.crt -outform DER -out a.der");
    assert_eq!(
        Certificate::from_file(&folder.get("a.der")).as_deref(),
        Ok(&[certificate.clone()][..])
    );
    folder.run("req -x509 -newkey rsa:1024 -nodes -keyout b.key -out b.crt -subj /CN=b");
    let weak = Certificate::from_file(&folder.get("b.crt"));
    assert_eq!(weak, Err(tieline_smime::certificate::CertificateError::KeySize(1024)));
    folder.run("verify -CAfile partner.crt -no_check_time partner.crt");
}

#[test]
fn files_with_keys_and_passwords_are_imported() {
    use tieline_smime::import::{self, ImportError};
    let Some(folder) = Folder::new() else { return };
    let password = "Wheat & \u{e9}t\u{e9}";
    folder.put("password", password.as_bytes());
    for more in [
        "",
        "-macalg sha512 -iter 5000",
        "-nomac",
        "-keypbe NONE -certpbe AES-128-CBC",
        "-keypbe AES-192-CBC -certpbe NONE -certfile utility.crt",
    ] {
        folder.run(&format!(
            "pkcs12 -export -in partner.crt -inkey partner.key -out a.p12 -passout file:password {more}"
        ));
        let imported = import::p12(&folder.get("a.p12"), password);
        let imported = imported.unwrap_or_else(|error| panic!("{more}: {error}"));
        assert_eq!(&imported.certificates[0], PARTNER.certificate());
        assert_eq!(imported.key.public_key(), PARTNER.certificate().public_key());
        let wrong = import::p12(&folder.get("a.p12"), "wrong");
        assert!(wrong.is_err() || more.contains("NONE"), "{more}");
    }
    folder.run(
        "pkcs12 -export -in partner.crt -inkey partner.key -out old.p12 -passout file:password \
         -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES",
    );
    assert_eq!(import::p12(&folder.get("old.p12"), password).err(), Some(ImportError::Old));
    assert_eq!(import::p12(&folder.get("old.p12"), "x").err(), Some(ImportError::Password));

    folder.run("pkcs8 -topk8 -v2 aes-256-cbc -in partner.key -out b.key -passout file:password");
    let key = import::key(&folder.get("b.key"), password).expect("it opens");
    assert_eq!(key.public_key(), PARTNER.certificate().public_key());
    assert_eq!(import::key(&folder.get("b.key"), "x").err(), Some(ImportError::Password));
    assert!(import::key(&folder.get("partner.key"), "").is_ok());

    for form in ["PEM", "DER"] {
        folder.run(&format!(
            "crl2pkcs7 -nocrl -certfile partner.crt -certfile utility.crt -outform {form} -out c.p7b"
        ));
        let found = import::p7b(&folder.get("c.p7b")).expect("it is one");
        assert_eq!(found.len(), 2);
        assert!(found.contains(PARTNER.certificate()) && found.contains(UTILITY.certificate()));
    }
    let bytes = folder.get("a.p12");
    for at in (0..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x11;
        let _ = import::p12(&changed, password);
        let _ = import::p12(&bytes[..at], password);
        let _ = import::p7b(&changed);
    }
}
