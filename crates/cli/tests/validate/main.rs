//! `tieline validate` as a person, an editor or a build server runs it.

mod bad_input;
mod business;
mod reports;
mod schema;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tieline_sample::corpus::{self, Request};
use tieline_sample::kind::Kind;
use tieline_x12::delimiters::{Delimiters, LineEnd};

/// A directory of its own for one test; it is taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tieline-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a new directory can be made");
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("writable");
        std::fs::write(&path, bytes).expect("writable");
        path
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came of a command.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs `tieline` in a directory.
fn tieline(directory: &Path, arguments: &[&str]) -> Ran {
    tieline_with(directory, arguments, b"")
}

/// Runs `tieline` with something on its standard input.
fn tieline_with(directory: &Path, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("TIELINE_PARTNERS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let writing = std::thread::spawn(move || {
        // Who has seen enough does not read on.
        let _ = stdin.write_all(&input);
    });
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    writing.join().expect("it does not panic");
    Ran {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).expect("reports are UTF-8"),
        err: String::from_utf8(stderr).expect("talk is UTF-8"),
    }
}

/// A valid document of so many sets, with line ends or in one line.
fn sample(kind: Kind, count: u32, line_end: LineEnd) -> Vec<u8> {
    let request = Request { count, ..Request::of(kind) };
    let delimiters = Delimiters { line_end, repetition: None, ..Delimiters::default() };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &delimiters, &mut bytes).expect("a sample can be written");
    bytes
}

/// A small 867 with a wrong quantity.
const WRONG: &str = "\
ISA*00*          *00*          *01*001234567      *ZZ*LAKECOUNTRY    *260301*0615*U*00401*000000905*0*T*:~
GS*PT*001234567*LAKECOUNTRY*20260301*0615*905*X*004010~
ST*867*0001~
BPT*00*R1*20260301*DR~
PTD*BQ~
REF*MG*88-4412~
QTY*QD*12x75*KH~
SE*6*0001~
GE*1*905~
IEA*1*000000905~
";

/// The text with every time that something took put to 0.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(end) = rest.find(" ms)") {
        let start = rest[..end].rfind('(').map_or(end, |open| open + 1);
        out += &rest[..start];
        out.push('0');
        out += " ms)";
        rest = &rest[end + 4..];
    }
    out + rest
}
