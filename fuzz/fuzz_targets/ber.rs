//! Any bytes as BER: refused, or turned into DER that reads as itself; strings of octets are the same
//! however they are read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::sealed::{PARTNER, Slow, seeds};
use tieline_fuzz::{random, write};
use tieline_smime::ber::Reader;
use tieline_smime::der::{Parser, tag};
use tieline_smime::{Certificate, Fault, import};

/// The most bytes of an element.
const LIMIT: usize = 2048;

fuzz_target!(init: plant(), |data: &[u8]| {
    let element = element(data, data.len());
    let mut random = random(data);
    let step = 1 + random.index(40);
    assert_eq!(element, self::element(data, step), "pieces tell something else");
    if let Ok(der) = &element {
        assert!(der.len() <= LIMIT + 10, "an element is longer than is taken");
        assert_eq!(self::element(der, step).as_ref(), Ok(der));
    }
    let octets = octets(data, step);
    if let Ok(der) = element
        && let Ok(content) = Parser::new(&der).take(tag::OCTET_STRING)
    {
        assert_eq!(octets.as_deref(), Ok(content));
    } else if let Ok(octets) = octets {
        assert!(octets.len() > LIMIT, "a string of octets is no element");
    }
    let _ = import::p7b(data);
    for certificate in Certificate::from_file(data).unwrap_or_default() {
        assert_eq!(Certificate::from_der(certificate.der()), Ok(certificate));
    }
});

fn element(data: &[u8], step: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(Slow(data, step));
    let element = reader.element(LIMIT)?;
    reader.finish()?;
    Ok(element)
}

fn octets(data: &[u8], step: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(data);
    reader.open_octets(tag::OCTET_STRING)?;
    let mut whole = Vec::new();
    let mut space = vec![0; step];
    loop {
        let read = reader.octets(&mut space)?;
        if read == 0 {
            break;
        }
        whole.extend_from_slice(&space[..read]);
    }
    reader.finish()?;
    Ok(whole)
}

/// Bodies of messages, certificates, and short forms of everything.
fn plant() {
    let body = |bytes: Vec<u8>| {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").map_or(0, |at| at + 4);
        bytes[end..].to_vec()
    };
    let mut planted: Vec<Vec<u8>> = seeds().into_iter().map(|seed| body(seed.bytes)).collect();
    planted.extend([
        PARTNER.identity.certificate().der().to_vec(),
        b"\x30\x80\x02\x01\x05\x24\x80\x04\x01a\x04\x01b\0\0\0\0\r\n".to_vec(),
        b"\x24\x0e\x24\x07\x04\x01a\x04\x02bc\x04\x03def".to_vec(),
        b"\x24\x80\x24\x80\x04\x03abc\0\0\x04\x81\x03def\0\0".to_vec(),
    ]);
    write(&planted);
}
