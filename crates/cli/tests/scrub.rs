//! `tieline scrub`: what is personal is gone, and nothing else is.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tieline_cli::{Console, run};
use tieline_sample::corpus::{self, Request};
use tieline_sample::kind::Kind;
use tieline_x12::check::Standard;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

/// A directory of its own for one test; it is taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("tieline-scrub-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a new directory can be made");
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("writable");
        path.to_str().expect("it is text").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What came of a command: exit code, results, talk.
fn tieline(arguments: &[&str]) -> (u8, Vec<u8>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("tieline").chain(arguments.iter().copied());
    let code = run(arguments, &mut Console::plain(&mut out, &mut err));
    (code, out, String::from_utf8(err).expect("talk is text"))
}

/// A file scrubbed with a key.
fn scrubbed(file: &str, key: &str) -> Vec<u8> {
    let (code, out, err) = tieline(&["scrub", file, "--key-file", key]);
    assert_eq!((code, err.as_str()), (0, ""), "{file}");
    out
}

/// Every sample that has its separators and its end.
fn samples() -> Vec<String> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut files = Vec::new();
    for folder in ["810", "814", "820", "824", "867", "997", "broken"] {
        for entry in fs::read_dir(samples.join(folder)).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|ending| ending == "edi") {
                files.push(path.to_str().expect("it is text").to_string());
            }
        }
    }
    files.sort();
    assert!(files.len() > 100, "{}", files.len());
    files
}

/// What the standard finds: number, severity, place.
fn findings(bytes: &[u8]) -> Vec<String> {
    let document = Document::read(bytes, &Standard);
    let each = document.findings.iter();
    each.map(|it| format!("{} {} {}", it.code(), it.at.offset, it.path)).collect()
}

/// The segments of a file, cut into elements.
fn segments(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (element, segment) = (bytes[3], bytes[105]);
    let each = bytes.split(|b| *b == segment).map(<[u8]>::trim_ascii_start);
    each.map(|it| it.split(|b| *b == element).map(<[u8]>::to_vec).collect()).collect()
}

/// Where a person or an account stands, told without the product's own table.
fn personal(bytes: &[u8]) -> HashSet<Vec<u8>> {
    let mut values = HashSet::new();
    for segment in segments(bytes) {
        let element = |n: usize| segment.get(n).cloned().unwrap_or_default();
        let is = |codes: &[&str]| codes.iter().any(|code| code.as_bytes() == element(1));
        let places: &[usize] = match &segment[0][..] {
            b"ISA" => &[6, 8],
            b"GS" => &[2, 3],
            b"N1" => &[2, 4],
            b"N2" | b"N3" => &[1, 2],
            b"N4" => &[1, 3],
            b"PER" => &[2, 4, 6],
            b"REF" if is(&["11", "12", "45", "46", "MG", "Q5", "IV", "OI", "EM", "TN"]) => &[2],
            b"RMR" | b"BIG" | b"BPT" | b"BGN" | b"TRN" | b"NTE" => &[2],
            b"BPR" => &[7, 9, 10, 13, 15],
            b"NM1" => &[3, 9],
            b"MSG" => &[1],
            _ => &[],
        };
        values.extend(places.iter().map(|n| element(*n).trim_ascii_end().to_vec()));
    }
    values.retain(|value| value.len() >= 4);
    values
}

/// Digits, large and small letters told apart.
fn class(b: u8) -> u8 {
    match b {
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' => b'A',
        b'a'..=b'z' => b'a',
        0x80.. => 0x80,
        b => b,
    }
}

/// Whether a file is a good one to look into: some broken ones have no fixed separators.
fn is_regular(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ISA") && bytes.len() > 106 && bytes[103] == bytes[3]
}

#[test]
fn what_is_personal_is_gone_and_nothing_else() {
    let folder = Folder::new("samples");
    let key = folder.file("key", "a key for the tests, long enough");
    let mut scrubbed_files = 0;
    for file in samples() {
        let before = fs::read(&file).expect("it can be read");
        let (code, after, err) = tieline(&["scrub", &file, "--key-file", &key]);
        if code != 0 {
            assert!(file.contains("broken"), "{file}: {err}");
            assert!(after.is_empty(), "{file}");
            continue;
        }
        scrubbed_files += 1;
        assert_eq!(after.len(), before.len(), "{file}");
        assert_eq!(findings(&after), findings(&before), "{file}");
        if !is_regular(&before) {
            continue;
        }
        let (was, is) = (segments(&before), segments(&after));
        assert_eq!(was.len(), is.len(), "{file}");
        for (was, is) in was.iter().zip(&is) {
            assert_eq!(was[0], is[0], "{file}");
            let lengths = |it: &Vec<Vec<u8>>| it.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(lengths(was), lengths(is), "{file}");
            let is_mail = was.iter().any(|value| value == b"EM");
            let classes = |it: &[Vec<u8>]| it.concat().into_iter().map(class).collect::<Vec<_>>();
            assert!(is_mail || classes(was) == classes(is), "{file}");
        }
        let left: HashSet<&Vec<u8>> = is.iter().flatten().collect();
        for value in personal(&before) {
            let shown = String::from_utf8_lossy(&value);
            assert!(!left.contains(&value), "{file}: {shown}");
            let is_long = value.len() >= 8;
            assert!(
                !is_long || !after.windows(value.len()).any(|it| it == value),
                "{file}: {shown}"
            );
        }
    }
    assert!(scrubbed_files > 100, "{scrubbed_files}");
}

#[test]
fn one_key_gives_one_pseudonym() {
    let folder = Folder::new("keys");
    let [key, other] = ["the first key of two, long", "the second key of two, long"]
        .map(|text| folder.file(&text.len().to_string(), text));
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let sample = |name: &str| samples.join(name).to_str().expect("it is text").to_string();
    let (bill, payment) = (sample("810/commercial-three-phase.edi"), sample("820/adjustments.edi"));
    let account = |bytes: &[u8], id: &str| -> HashSet<Vec<u8>> {
        let all = segments(bytes).into_iter().filter(|it| it[0] == id.as_bytes() && it[1] == b"12");
        all.map(|it| it[2].clone()).collect()
    };
    let (first, second) = (scrubbed(&bill, &key), scrubbed(&payment, &key));
    assert_eq!(first, scrubbed(&bill, &key));
    assert_ne!(first, scrubbed(&bill, &other));
    // The bill's account is one of those that are paid.
    assert!(account(&first, "REF").is_subset(&account(&second, "RMR")));
    let lines = format!("{}\n", "the first key of two, long");
    assert_eq!(scrubbed(&bill, &folder.file("line", lines)), first, "a line end is no key");
}

#[test]
fn generated_documents_keep_their_verdict() {
    let folder = Folder::new("generated");
    let key = folder.file("key", "a key for the tests, long enough");
    for kind in Kind::ALL {
        let request = Request { count: 12, seed: 5, ..Request::of(kind) };
        let mut bytes = Vec::new();
        corpus::write_to(
            &request,
            &Delimiters { repetition: None, ..Delimiters::default() },
            &mut bytes,
        )
        .expect("a sample can be written");
        let file = folder.file("sample.edi", &bytes);
        for arguments in
            [&["scrub", &file, "--key-file", &key][..], &["scrub", &file, "--control-numbers"]]
        {
            let (code, after, _) = tieline(arguments);
            assert_eq!(code, 0);
            assert_eq!(findings(&after), findings(&bytes), "{}", kind.name());
            let control = |bytes: &[u8]| segments(bytes)[0][13].clone();
            assert_eq!(control(&after) == control(&bytes), arguments.len() == 4);
            let left: HashSet<Vec<u8>> = segments(&after).into_iter().flatten().collect();
            let gone = personal(&bytes);
            assert!(!gone.is_empty());
            assert!(gone.iter().all(|value| !left.contains(value)), "{}", kind.name());
        }
    }
}

#[test]
fn what_cannot_be_scrubbed_is_refused_and_nothing_is_written() {
    let folder = Folder::new("refused");
    let key = folder.file("key", "a key for the tests, long enough");
    let short = folder.file("short", "too short");
    let sample = folder.file("sample.edi", {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        fs::read(samples.join("820/check.edi")).expect("it can be read")
    });
    let pdf = folder.file("bill.pdf", "%PDF-1.7");
    let cut = folder.file("cut.edi", {
        let whole = fs::read(&sample).expect("it can be read");
        whole[..whole.len() / 2].to_vec()
    });
    let out = folder.0.join("out.edi");
    let out = out.to_str().expect("it is text");
    let missing = folder.0.join("none");
    let missing = missing.to_str().expect("it is text");
    for (file, key, expected) in [
        (&pdf[..], &key[..], 65),
        (&cut, &key, 1),
        (missing, &key, 66),
        (&sample, missing, 66),
        (&sample, &short, 2),
    ] {
        let (code, results, err) = tieline(&["scrub", file, "--key-file", key, "-o", out]);
        assert_eq!(code, expected, "{file}: {err}");
        assert!(err.starts_with("error: ") && err.contains("= help: ") || code == 66, "{err}");
        assert!(results.is_empty() && !Path::new(out).exists(), "{file}");
    }
    let (code, results, _) = tieline(&["scrub", &sample, "--key-file", &key, "-o", out]);
    assert_eq!((code, results.len()), (0, 0));
    assert_eq!(fs::read(out).expect("it was written"), scrubbed(&sample, &key));
}

#[test]
fn a_run_without_a_key_says_so() {
    let folder = Folder::new("random");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/820/check.edi");
    let key = folder.file("key", "a key for the tests, long enough");
    let once = |key: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.arg("scrub").arg(&sample).env_remove("TIELINE_SCRUB_KEY");
        if let Some(key) = key {
            command.env("TIELINE_SCRUB_KEY", key);
        }
        let output = command.output().expect("the binary was built");
        assert!(output.status.success());
        (output.stdout, String::from_utf8(output.stderr).expect("talk is text"))
    };
    let (first, second) = (once(None), once(None));
    assert!(first.1.starts_with("no key was given"), "{}", first.1);
    assert_ne!(first.0, second.0);
    let keyed = once(Some("a key for the tests, long enough"));
    assert_eq!(keyed.1, "");
    assert_eq!(keyed.0, scrubbed(sample.to_str().expect("it is text"), &key));
}

/// Numbers for mutations; the same each time.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*state >> 33) as usize % below
}

#[test]
fn damaged_files_are_scrubbed_or_refused() {
    let folder = Folder::new("damaged");
    let key = folder.file("key", "a key for the tests, long enough");
    let samples: Vec<String> = samples().into_iter().step_by(9).collect();
    let (mut state, mut scrubbed) = (11, 0);
    for file in &samples {
        let whole = fs::read(file).expect("it can be read");
        for _ in 0..6 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                if bytes.is_empty() {
                    break;
                }
                let at = random(&mut state, bytes.len());
                match random(&mut state, 3) {
                    0 => bytes[at] = random(&mut state, 256) as u8,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, b"*~:^\n Z9"[random(&mut state, 8)]),
                }
            }
            let damaged = folder.file("damaged.edi", &bytes);
            let (code, out, _) = tieline(&["scrub", &damaged, "--key-file", &key]);
            assert!([0, 1, 65].contains(&code), "{code}");
            assert!(code != 0 || out.len() == bytes.len(), "{file}");
            scrubbed += usize::from(code == 0);
            let (code, ..) = tieline(&["diff", file, &damaged]);
            assert!([0, 1, 65].contains(&code), "{code}");
        }
    }
    assert!(scrubbed > 20, "{scrubbed}");
}
