//! `openssl cms` reads the bytes that we put on the wire, and we read the bytes that it makes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tieline_smime::algorithm::{Cipher, Digest};
use tieline_transport::as2::client::{Destination, Length, Message, send};

use crate::house::{Company, DOCUMENT, PARTNER, UTILITY, message, start};
use crate::http::{Reply, borrowed, exchange, puppet, request, usual_fields};

/// Whether there is an openssl with CMS; `tests/run` installs it.
fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok_and(|it| it.status.success());
    if !found {
        eprintln!("SKIPPED: openssl is not installed; tests/run installs it");
    }
    found
}

/// Runs `openssl cms` with some input; gives its output.
fn cms(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .current_dir(folder)
        .arg("cms")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it was found");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    writing.join().expect("no panic").expect("it reads all");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl cms {arguments:?}: {words}");
    output.stdout
}

fn keys(folder: &Path) {
    let write = |name: &str, company: &Company| {
        let (chain, key) = company.pem();
        std::fs::write(folder.join(format!("{name}.crt")), chain).expect("it is written");
        std::fs::write(folder.join(format!("{name}.key")), key).expect("it is written");
    };
    write("utility", &UTILITY);
    write("partner", &PARTNER);
}

/// The body of a captured request, and what is in it.
fn body(captured: &[u8]) -> Vec<u8> {
    let end = captured.windows(4).position(|it| it == b"\r\n\r\n").expect("a head") + 4;
    captured[end..].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_reads_what_we_send() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    keys(folder.path());
    for cipher in [Cipher::Aes128Cbc, Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        for digest in [Digest::Sha256, Digest::Sha512] {
            let puppet = puppet(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
            let length = Length::Told { folder: folder.path().into() };
            let mut way = Message { length, ..message() };
            way.seals.sign.as_mut().expect("it is signed").digest = digest;
            way.seals.encrypt.as_mut().expect("it is encrypted").cipher = cipher;
            let to = Destination::new(puppet.url.clone());
            send(&to, &way, std::io::Cursor::new(DOCUMENT)).await;
            let captured = puppet.requests.lock().expect("no panic")[0].clone();
            let arguments = ["-decrypt", "-inform", "DER", "-inkey", "utility.key"];
            let signed = cms(folder.path(), &arguments, &body(&captured));
            let arguments =
                ["-verify", "-CAfile", "partner.crt", "-purpose", "any", "-inform", "SMIME"];
            let entity = cms(folder.path(), &arguments, &signed);
            assert_eq!(body(&entity), DOCUMENT, "{cipher:?} {digest:?}");
        }
    }
}

/// Indefinite lengths and segments, as the products on Java send them, in chunks of HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn what_openssl_streams_is_delivered() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    keys(folder.path());
    let running = start().await;
    let entity = [b"Content-Type: application/edi-x12\r\n\r\n", DOCUMENT].concat();
    for (number, cipher) in ["-aes128", "-aes192", "-aes256"].into_iter().enumerate() {
        let sign = [
            "-sign",
            "-binary",
            "-stream",
            "-md",
            "sha256",
            "-signer",
            "partner.crt",
            "-inkey",
            "partner.key",
            "-outform",
            "SMIME",
            "-crlfeol",
        ];
        let signed = cms(folder.path(), &sign, &entity);
        let encrypt = ["-encrypt", "-binary", "-stream", cipher, "-outform", "DER", "utility.crt"];
        let sealed = cms(folder.path(), &encrypt, &signed);
        assert_eq!(sealed[1], 0x80, "its length is not known beforehand");
        let mut fields = usual_fields(&format!("<{number}@openssl>"));
        let kind = "application/pkcs7-mime; smime-type=enveloped-data";
        fields.push(("Content-Type".into(), kind.into()));
        fields.push(("Transfer-Encoding".into(), "chunked".into()));
        let head = String::from_utf8(request(&borrowed(&fields), b"")).expect("text");
        let mut bytes = head.replace("Content-Length: 0\r\n", "").into_bytes();
        for chunk in sealed.chunks(777) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let Reply { status, body, .. } = exchange(running.address, &bytes).await;
        let events = running.house.events();
        assert!(status == 200 && body.contains("; processed\r\n"), "{status} {body} {events:?}");
        assert_eq!(running.house.messages()[number].bytes, DOCUMENT);
    }
}
