//! A value of the same length and the same classes of characters, told by the value and a key alone.
//!
//! Digits stay digits, letters letters of the same case, and everything else stays, so that what was
//! a good value is one again. The hash is the caller's: with a keyed one, nobody without the key can
//! try values out.

use super::Digest;

/// The least length of a host's name that is given one that can belong to nobody.
const SHORTEST_HOST: usize = HOST.len() + 1;
/// A top level domain that is kept for examples.
const HOST: &str = ".example";

/// How often another pseudonym is tried when one is the value itself.
const TRIED: u8 = 32;

/// A pseudonym; blanks around the value stay. The same letters, large or small, give the same.
pub(super) fn pseudonym(digest: &Digest<'_>, value: &[u8], out: &mut Vec<u8>) {
    let core = value.trim_ascii();
    let before = value.len() - value.trim_ascii_start().len();
    out.extend(&value[..before]);
    let start = out.len();
    for attempt in 0..TRIED {
        out.truncate(start);
        replace(&mut Stream::new(digest, core, attempt), core, out);
        if out[start..] != *core {
            break;
        }
    }
    out.extend(&value[before + core.len()..]);
}

/// A pseudonym of a text: each long number in it gets the pseudonym it has elsewhere.
pub(super) fn text(digest: &Digest<'_>, value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    pseudonym(digest, value, out);
    let mut at = 0;
    for word in value.split(|b| !(b.is_ascii_alphanumeric() || *b == b'-')) {
        if digits(word) >= super::personal::LINE_DIGITS {
            let mut number = Vec::with_capacity(word.len());
            pseudonym(digest, word, &mut number);
            out[start + at..][..word.len()].copy_from_slice(&number);
        }
        at += word.len() + 1;
    }
}

/// A telephone number in the same form. One of ten digits becomes a number that is kept for films:
/// an area, 555, 01 and two digits.
pub(super) fn telephone(digest: &Digest<'_>, value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    pseudonym(digest, value, out);
    let places: Vec<usize> = (start..out.len()).filter(|n| out[*n].is_ascii_digit()).collect();
    let number = match places.len() {
        10 => &places[..],
        11 if value.contains(&b'1') => &places[1..],
        _ => return,
    };
    for (n, digit) in [
        (0, None),
        (3, Some(b'5')),
        (4, Some(b'5')),
        (5, Some(b'5')),
        (6, Some(b'0')),
        (7, Some(b'1')),
    ] {
        let place = number[n];
        out[place] = digit.unwrap_or(b'2' + (out[place] - b'0') % 8);
    }
    if out[start..] == *value {
        let last = number[9];
        out[last] = b'0' + (out[last] - b'0' + 1) % 10;
    }
}

/// An e-mail address in the same form, at a host that can be nobody's.
pub(super) fn mail(digest: &Digest<'_>, value: &[u8], out: &mut Vec<u8>) {
    let at = value.iter().position(|b| *b == b'@').map(|at| (at, 1));
    // The basic character set has no other sign for it.
    let sign = at.or_else(|| Some((value.windows(3).position(|part| part == b"(A)")?, 3)));
    let Some((at, length)) = sign else { return pseudonym(digest, value, out) };
    pseudonym(digest, &value[..at], out);
    out.extend(&value[at..at + length]);
    let host = &value[at + length..];
    if host.len() < SHORTEST_HOST || !host.is_ascii() || host.contains(&b' ') {
        return pseudonym(digest, host, out);
    }
    let is_small = host.iter().any(u8::is_ascii_lowercase);
    let mut stream = Stream::new(digest, host, 0);
    let letter = if is_small { b'a' } else { b'A' };
    out.extend((HOST.len()..host.len()).map(|_| letter + stream.below(26)));
    match is_small {
        true => out.extend(HOST.bytes()),
        false => out.extend(HOST.bytes().map(|b| b.to_ascii_uppercase())),
    }
}

/// A control number moved along by as much as every other of its length, so that different ones stay
/// different, follow one another, and zero stays zero.
pub(super) fn control_number(digest: &Digest<'_>, value: &[u8], out: &mut Vec<u8>) {
    let length = value.len();
    if value.is_empty() || length > 18 || !value.iter().all(u8::is_ascii_digit) {
        return pseudonym(digest, value, out);
    }
    let number = value.iter().fold(0_u64, |number, b| number * 10 + u64::from(b - b'0'));
    if number == 0 {
        return out.extend(value);
    }
    let numbers = 10_u64.pow(length as u32) - 1;
    let hash = digest(format!("control number of {length}").as_bytes());
    let hash = hash[..8].iter().fold(0_u64, |hash, b| hash << 8 | u64::from(*b));
    let shift = 1 + hash % (numbers - 1);
    let moved = (number - 1 + shift) % numbers + 1;
    out.extend(format!("{moved:0length$}").bytes());
}

/// How many digits a value has.
pub(super) fn digits(value: &[u8]) -> usize {
    value.iter().filter(|b| b.is_ascii_digit()).count()
}

fn replace(stream: &mut Stream<'_>, value: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(value) {
        Ok(text) => text.chars().for_each(|c| {
            let other = character(stream, c);
            out.extend(other.encode_utf8(&mut [0; 4]).bytes());
        }),
        // A text in Latin-1: the letters above 0xbf.
        Err(_) => out.extend(value.iter().map(|b| match b {
            0xc0..=0xdf => 0xc0 + stream.below(23),
            0xe0..=0xff => 0xe0 + stream.below(23),
            b if b.is_ascii() => ascii(stream, *b),
            b => *b,
        })),
    }
}

fn ascii(stream: &mut Stream<'_>, b: u8) -> u8 {
    match b {
        b'0'..=b'9' => b'0' + stream.below(10),
        b'A'..=b'Z' => b'A' + stream.below(26),
        b'a'..=b'z' => b'a' + stream.below(26),
        b => b,
    }
}

/// A character as long as this one in UTF-8.
fn character(stream: &mut Stream<'_>, c: char) -> char {
    if c.is_ascii() {
        return ascii(stream, c as u8) as char;
    }
    if !c.is_alphanumeric() {
        return c;
    }
    let first = match c.len_utf8() {
        2 if c.is_uppercase() => 'À',
        2 => 'à',
        3 => '一',
        _ => '𠀀',
    };
    char::from_u32(first as u32 + u32::from(stream.below(23))).unwrap_or(first)
}

/// Numbers told by a value and the key.
struct Stream<'d> {
    digest: &'d Digest<'d>,
    message: Vec<u8>,
    block: [u8; 32],
    at: usize,
}

impl<'d> Stream<'d> {
    fn new(digest: &'d Digest<'d>, value: &[u8], attempt: u8) -> Stream<'d> {
        let mut message = vec![0, 0, attempt];
        message.extend(value.iter().map(u8::to_ascii_uppercase));
        Stream { digest, message, block: [0; 32], at: 32 }
    }

    /// A number below this one, each as likely as the others.
    fn below(&mut self, most: u8) -> u8 {
        let even = u8::MAX - u8::MAX % most;
        loop {
            if self.at == self.block.len() {
                self.block = (self.digest)(&self.message);
                self.at = 0;
                let [high, low] = [self.message[0], self.message[1]];
                let next = u16::from_be_bytes([high, low]).wrapping_add(1);
                self.message[..2].copy_from_slice(&next.to_be_bytes());
            }
            let byte = self.block[self.at];
            self.at += 1;
            if byte < even {
                return byte % most;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something that looks random enough; not a keyed hash.
    fn digest(message: &[u8]) -> [u8; 32] {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        message.iter().for_each(|b| state = (state ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
        std::array::from_fn(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
    }

    fn made(with: impl Fn(&Digest<'_>, &[u8], &mut Vec<u8>), value: &str) -> String {
        let mut out = Vec::new();
        with(&digest, value.as_bytes(), &mut out);
        String::from_utf8(out).expect("text stays text")
    }

    #[test]
    fn length_and_classes_stay() {
        for value in ["North Coulee #4-B", "1170094406", " a ", "", "-", "é Ünï ß", "日本 𠀋", "7"]
        {
            let other = made(pseudonym, value);
            assert_eq!(other.len(), value.len(), "{value} {other}");
            for (a, b) in value.chars().zip(other.chars()) {
                assert_eq!(a.is_numeric(), b.is_numeric(), "{value} {other}");
                assert_eq!(a.is_alphabetic(), b.is_alphabetic(), "{value} {other}");
                assert_eq!(a.is_uppercase(), b.is_uppercase(), "{value} {other}");
                assert!(a.is_alphanumeric() || a == b, "{value} {other}");
            }
            assert!(other != value || !value.chars().any(char::is_alphanumeric), "{value}");
            assert_eq!(made(pseudonym, value), other);
        }
        assert_eq!(made(pseudonym, "abc").to_uppercase(), made(pseudonym, "ABC"));
        let mut latin1 = Vec::new();
        pseudonym(&digest, b"caf\xe9", &mut latin1);
        assert!(latin1.len() == 4 && latin1[3] >= 0xe0);
    }

    #[test]
    fn a_number_in_a_text_is_the_one_it_is_elsewhere() {
        let other = made(text, "ACCT 1170094406, 4 DAYS");
        assert_eq!(other[5..15], made(pseudonym, "1170094406"));
        assert_eq!(other.len(), 23);
    }

    #[test]
    fn addresses_and_numbers_of_nobody() {
        for value in ["jane.doe@prairie.coop", "DATA(A)PRAIRIEPOWER.COM", "a@b.c", "no address"] {
            let other = made(mail, value);
            assert_eq!(other.len(), value.len());
            assert_ne!(other, value);
            assert!(value.len() < 20 || other.to_lowercase().ends_with(".example"), "{other}");
        }
        let other = made(telephone, "(701) 555-0142 ");
        assert!(other.starts_with('(') && other[4..].starts_with(") 555-01"), "{other}");
        assert_eq!(made(telephone, "17015550142").len(), 11);
        assert_eq!(made(telephone, "123").len(), 3);
    }

    #[test]
    fn different_control_numbers_stay_different() {
        for length in 1..=3 {
            let all = 0..10_u32.pow(length);
            let others: std::collections::HashSet<String> = all
                .clone()
                .map(|n| made(control_number, &format!("{n:0w$}", w = length as usize)))
                .collect();
            assert_eq!(others.len(), all.len());
            assert!(others.iter().all(|other| other.len() == length as usize));
        }
        assert_eq!(made(control_number, "0000"), "0000");
        assert_ne!(made(control_number, "000000905"), "000000905");
    }
}
