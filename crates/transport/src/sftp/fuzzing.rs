//! What the fuzz targets reach of the codec. Built for fuzzing and for tests alone.

use crate::sftp::wire::{
    self, Answer, Attributes, Code, Entry, Framer, OpenFlags, Request, Space, WireError,
};

/// Messages of each kind, without their lengths, and streams of them.
pub fn seeds() -> Vec<Vec<u8>> {
    let (handle, path) = (&b"\0\x01"[..], &b"inbound/867.edi"[..]);
    let attributes =
        Attributes { size: Some(9), owner: None, permissions: Some(0o644), times: Some((1, 2)) };
    let requests = [
        Request::Open { path, flags: OpenFlags::NEW },
        Request::Close { handle },
        Request::Read { handle, offset: 1 << 33, length: 261_120 },
        Request::Write { handle, offset: 0, data: b"ISA*00" },
        Request::SetStat { path, attributes },
        Request::SetStatHandle { handle, attributes },
        Request::OpenFolder { path },
        Request::ReadFolder { handle },
        Request::MakeFolder { path },
        Request::Rename { from: path, to: b"b", replace: false },
        Request::Rename { from: path, to: b"b", replace: true },
        Request::Sync { handle },
        Request::Limits,
        Request::Space { path },
    ];
    let entry = Entry { name: path.to_vec(), line: b"-rw-r--r--".to_vec(), attributes };
    let space = Space {
        bytes: 1 << 30,
        bytes_free: 1 << 20,
        files: 10,
        files_free: 9,
        longest_name: 255,
        is_read_only: false,
    };
    let mut framed: Vec<Vec<u8>> = requests.iter().map(|request| request.write(7)).collect();
    framed.extend([
        wire::init(),
        wire::version(),
        wire::status(7, Code::Failure, "the folder is full"),
        wire::handle(7, handle),
        wire::attributes(7, &attributes),
        wire::names(7, &[entry.clone(), entry]),
        wire::limits(7, 64),
        wire::space(7, &space),
        wire::check_file(7, wire::CHECK_FILE, handle, (0, 9), 65_536),
    ]);
    let bare: Vec<Vec<u8>> = framed.iter().map(|message| message[4..].to_vec()).collect();
    let streams = framed.chunks(5).map(|some| some.concat());
    bare.iter().cloned().chain(streams).collect()
}

/// Reads bytes as each kind of message: they are refused, or what is read is the same when it is
/// written and read again.
pub fn read_anything(message: &[u8]) {
    if let Ok((id, request)) = wire::read_request(message)
        && !matches!(request, Request::Link | Request::Unknown { .. })
    {
        let written = request.write(id);
        assert_eq!(wire::read_request(&written[4..]), Ok((id, request)));
    }
    if let Ok((id, answer)) = wire::read_answer(message) {
        assert_eq!(wire::answered(message), Ok(id));
        let again = match &answer {
            Answer::Handle(handle) => Some(wire::handle(id, handle)),
            Answer::Attributes(attributes) => Some(wire::attributes(id, attributes)),
            Answer::Names(entries) => Some(wire::names(id, entries)),
            Answer::Extended(body) => {
                let _ = (wire::read_limits(body), wire::read_space(body), wire::read_check(body));
                None
            }
            Answer::Status { .. } | Answer::Data(_) => None,
        };
        if let Some(again) = again {
            assert_eq!(wire::read_answer(&again[4..]), Ok((id, answer)));
        }
    }
    let _ = (wire::read_init(message), wire::read_version(message));
}

/// Cuts bytes into messages, in one piece and in these: it comes to the same.
pub fn cut_anywhere(whole: &[u8], pieces: &[&[u8]]) {
    for framer in [Framer::of_requests, Framer::of_answers] {
        assert_eq!(cut(framer(), &[whole]), cut(framer(), pieces));
    }
}

fn cut(mut framer: Framer, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<WireError>) {
    let mut messages = Vec::new();
    for piece in pieces {
        let pushed = framer.push(piece, |message| {
            messages.push(message);
            Ok(())
        });
        if let Err(error) = pushed {
            return (messages, Some(error));
        }
    }
    (messages, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the fuzz target does for hours, for a moment.
    #[test]
    fn seeds_and_what_becomes_of_them_by_chance_are_read_or_refused() {
        let mut state = 17_usize;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            (state >> 33) % end
        };
        for seed in seeds() {
            read_anything(&seed);
            for _ in 0..2_000 {
                let mut bytes = seed.clone();
                for _ in 0..=below(3) {
                    let at = below(bytes.len());
                    bytes[at] = [0, 1, 0x7f, 0xff, 101, 200][below(6)];
                }
                bytes.truncate(1 + below(2 * bytes.len()));
                read_anything(&bytes);
                let (first, second) = bytes.split_at(below(bytes.len()));
                cut_anywhere(&bytes, &[first, second]);
            }
        }
    }
}
