//! Any bytes as MIME: fields that are read are the same when they are written; parts and base64 do not
//! depend on how the bytes come; names of files are never paths.

#![no_main]

use std::io::{BufReader, Read};

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::sealed::{Slow, receipts, seeds};
use tieline_fuzz::{random, write};
use tieline_smime::Fault;
use tieline_smime::mdn::Request;
use tieline_smime::mime::{
    Base64Reader, Base64Writer, FileName, Headers, Parts, Value, from_base64, to_base64,
};

fuzz_target!(init: plant(), |data: &[u8]| {
    let mut random = random(data);
    let step = 1 + random.index(50);
    let mut rest = data;
    let headers = Headers::read(&mut rest);
    let slowly = Headers::read(&mut BufReader::with_capacity(step, Slow(data, step)));
    assert_eq!(headers, slowly, "pieces tell something else");
    if let Ok(headers) = &headers {
        assert_eq!([headers.raw(), rest].concat(), data);
        fields(headers);
        if let Ok(Some(value)) = headers.content_type()
            && let Some(boundary) = value.parameter("boundary")
        {
            multipart(rest, &boundary, step);
        }
    }
    multipart(data, "b", step);
    base64(data, step);
});

fn fields(headers: &Headers) {
    let written = headers.write();
    let again = Headers::read(&mut &written[..]).expect("what was read can be written");
    assert!(again.fields().eq(headers.fields()), "writing has lost something");
    let _ = Request::read(headers);
    for (_, value) in headers.fields() {
        let _ = Value::read(value);
    }
    if let Ok(FileName::Plain(name)) = FileName::of(headers) {
        let is_wrong = |letter: char| letter.is_control() || "/\\:".contains(letter);
        assert!(!name.contains(is_wrong) && name.len() <= 255, "{name:?}");
        assert!(!name.chars().all(|letter| letter == '.'), "{name:?}");
    }
}

fn multipart(body: &[u8], boundary: &str, step: usize) {
    let whole = parts(body, boundary, body.len().max(1));
    assert_eq!(whole, parts(body, boundary, step), "pieces tell something else");
    // Parts that were found are found again when they are written with a boundary like it.
    let Ok(whole) = whole else { return };
    let line = format!("--{boundary}");
    let mut written = Vec::new();
    for part in &whole {
        written.extend_from_slice(format!("{line}\r\n").as_bytes());
        written.extend_from_slice(part);
        written.extend_from_slice(b"\r\n");
    }
    written.extend_from_slice(format!("{line}--\r\n").as_bytes());
    assert_eq!(parts(&written, boundary, step), Ok(whole));
}

fn parts(body: &[u8], boundary: &str, step: usize) -> Result<Vec<Vec<u8>>, Fault> {
    let mut parts = Parts::new(Slow(body, step), boundary)?;
    let mut found = Vec::new();
    while parts.next_part()? {
        let (mut part, mut space) = (Vec::new(), vec![0; step]);
        loop {
            match parts.read(&mut space)? {
                0 => break,
                read => part.extend_from_slice(&space[..read]),
            }
        }
        found.push(part);
    }
    parts.finish()?;
    Ok(found)
}

fn base64(data: &[u8], step: usize) {
    let whole = from_base64(data);
    let mut slowly = Vec::new();
    let read = Base64Reader::new(Slow(data, step)).read_to_end(&mut slowly);
    assert_eq!(whole.is_ok(), read.is_ok(), "pieces tell something else");
    if let Ok(bytes) = whole {
        assert_eq!(bytes, slowly);
    }
    assert_eq!(from_base64(to_base64(data).as_bytes()).as_deref(), Ok(data));
    let mut writer = Base64Writer::new(Vec::new());
    for piece in data.chunks(step) {
        std::io::Write::write_all(&mut writer, piece).expect("a vector takes all");
    }
    let lines = writer.finish().expect("a vector takes all");
    assert_eq!(from_base64(&lines).as_deref(), Ok(data));
}

/// Messages, receipts and fields in all their forms.
fn plant() {
    let mut planted: Vec<Vec<u8>> = seeds().into_iter().map(|seed| seed.bytes).collect();
    planted
        .extend(receipts(true).iter().map(|(headers, body)| [&headers.write()[..], body].concat()));
    planted.extend([
        b"--b\r\none\r\n--b \t\r\n--bb\r\n--b-\r\n --b\r\n--b--\t\r\nafter".to_vec(),
        b"--b\n\n--b\n--b--\n".to_vec(),
        b"VGllbGluZQ==\r\n".to_vec(),
        b"Content-Disposition: attachment; filename*0*=UTF-8''a%20; filename*1=\"b\\\"\"\r\n\r\n"
            .to_vec(),
        b"Content-Type: a/b;\r\n\tc=\"d;e\" ; name=..\\f\r\nDisposition-Notification-To: a\r\n\
          Disposition-Notification-Options: signed-receipt-protocol=optional, pkcs7-signature; \
          signed-receipt-micalg=optional, SHA256, sha1\r\n\r\n"
            .to_vec(),
    ]);
    write(&planted);
}
