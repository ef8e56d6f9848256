//! `scrub`: a file made safe to show.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tieline_x12::scrub::{ScrubError, Scrubber};

use crate::console::Console;
use crate::failure::Failure;
use crate::output::{write_file, write_out};
use crate::{exit, reading};

/// Where a key may stand instead of in a file.
const KEY_VARIABLE: &str = "TIELINE_SCRUB_KEY";
/// The least bytes of a key.
const SHORTEST_KEY: usize = 16;

/// Replace names, addresses, accounts, meters and texts, so that a file can be shown
///
/// Segments, lengths, codes, dates, quantities and amounts stay, so the standard judges the file as
/// before. The same value gets the same pseudonym everywhere, in every file scrubbed with the same
/// key. The key is the content of a file, or of the variable TIELINE_SCRUB_KEY, at least 16 bytes;
/// without one, a random key is made for this run. Amounts and quantities can still tell who it is
/// to those who know them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline scrub bill.edi -o bill-to-show.edi
  tieline scrub usage.edi --key-file scrub.key | tieline validate -")]
pub(crate) struct ScrubArgs {
    /// The file to scrub; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// The key: same key, same pseudonyms
    #[arg(long, value_name = "KEY", value_hint = clap::ValueHint::FilePath)]
    key_file: Option<PathBuf>,

    /// Replace control numbers too; those that were equal stay equal
    #[arg(long)]
    control_numbers: bool,

    /// Write to this file; it is there whole or not at all
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &ScrubArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let key = match given_key(args.key_file.as_deref())? {
        Some(key) => key,
        None => {
            console.say(format_args!(
                "no key was given, so another run gives other pseudonyms; --key-file keeps them"
            ));
            random_key()?
        }
    };
    let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(&key)?;
    let digest = |message: &[u8]| -> [u8; 32] {
        keyed.clone().chain_update(message).finalize().into_bytes().into()
    };
    let write = |out: &mut dyn Write| -> anyhow::Result<()> {
        scrub(&args.file, Scrubber::new(&digest, args.control_numbers), out)
    };
    match &args.output {
        Some(path) => write_file(path, write)?,
        None => write_out(console.out, write)?,
    }
    Ok(exit::ACCEPTED)
}

/// Scrubs a file window by window.
fn scrub(file: &Path, mut scrubber: Scrubber<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let name = reading::name(file);
    let unreadable = |error| Failure::no_input(&name, &error);
    let (mut source, _) = reading::open(file).map_err(unreadable)?;
    let mut buffer = vec![0; reading::WINDOW];
    let (mut held, mut scrubbed) = (0, Vec::new());
    loop {
        let last = reading::fill(&mut source, &mut buffer, &mut held).map_err(unreadable)?;
        let window = scrubber.window(&buffer[..held], last, &mut scrubbed);
        let used = window.map_err(|error| refused(&name, error))?;
        out.write_all(&scrubbed)?;
        scrubbed.clear();
        if last {
            return Ok(());
        }
        buffer.copy_within(used..held, 0);
        held -= used;
        if used == 0 {
            // A segment longer than the window; one longer than a mebibyte is refused.
            buffer.resize(buffer.len() * 2, 0);
        }
    }
}

fn refused(name: &str, error: ScrubError) -> Failure {
    let (code, help) = match error {
        ScrubError::NotX12 => (exit::NOT_EDI, "only X12 files can be scrubbed"),
        _ => (exit::FINDINGS, "mend it first: what cannot be told apart cannot be made safe"),
    };
    Failure { code, message: format!("{name}: {error}"), help: Some(help.to_string()) }
}

/// The key of the file, or of the environment.
fn given_key(file: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let (whence, key) = match (file, std::env::var_os(KEY_VARIABLE)) {
        (Some(file), _) => (reading::name(file), reading::whole(file)?),
        (None, Some(key)) => (KEY_VARIABLE.to_string(), key.into_encoded_bytes()),
        (None, None) => return Ok(None),
    };
    let key = key.trim_ascii();
    match key.len() {
        SHORTEST_KEY.. => Ok(Some(key.to_vec())),
        length => Err(Failure::usage(
            format!("{whence}: a key has at least {SHORTEST_KEY} bytes, and this has {length}"),
            Some("make one with `openssl rand -hex 32`".to_string()),
        )),
    }
}

/// A key nobody knows.
fn random_key() -> Result<Vec<u8>, Failure> {
    let source = "/dev/urandom";
    let mut key = vec![0; 32];
    let read = File::open(source).and_then(|mut random| random.read_exact(&mut key));
    read.map_err(|error| Failure::no_input(source, &error))?;
    Ok(key)
}
