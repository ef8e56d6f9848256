//! `cert new`: a key of ours, and its certificate signed by itself.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tieline_model::time::{Date, Timestamp};
use tieline_smime::{Certificate, PrivateKey, Randomness, SystemRandomness};

use super::{as_pem, fingerprint};
use crate::commands::partner::DirectoryArg;
use crate::console::Console;
use crate::failure::Failure;
use crate::{clock, exit};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Make a key for AS2, and a certificate that partners get
///
/// The key goes into a file that only its owner can read, outside of the partners' folder. The
/// certificate goes into the folder `utility`; that is the file partners need.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline cert new --key-out /etc/tieline/as2.key
  tieline cert new --key-out /etc/tieline/as2-2027.key --name as2-2027.cer --from 2026-12-01")]
pub(crate) struct NewArgs {
    /// Where the private key goes
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key_out: PathBuf,

    /// What the certificate's file is called
    #[arg(long, value_name = "NAME", default_value = "as2.cer")]
    name: String,

    /// Whose it is; our name when not given
    #[arg(long, value_name = "NAME")]
    common_name: Option<String>,

    /// Its length in bits: 2048, 3072 or 4096
    #[arg(long, value_name = "BITS", default_value_t = 2048)]
    bits: usize,

    /// For how many days it is valid
    #[arg(long, value_name = "DAYS", default_value_t = 1095)]
    days: u32,

    /// We sign with it from this day on
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &NewArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let directory = args.directory.path();
    fs::read_dir(directory)
        .map_err(|error| Failure::no_input(&directory.display().to_string(), &error))?;
    let name = match &args.common_name {
        Some(name) => name.clone(),
        None => our_name(&args.directory)?,
    };
    if args.name.contains('/') || args.name.starts_with('.') {
        return Err(Failure::usage("--name is a name without a folder", None).into());
    }
    let folder = directory.join("utility");
    let path = folder.join(&args.name);
    let key_path = std::path::absolute(&args.key_out)?;
    if key_path.starts_with(std::path::absolute(directory)?) {
        let help = "e.g. --key-out /etc/tieline/as2.key".to_string();
        let message = "the key must lie outside of the partners' folder";
        return Err(Failure::usage(message, Some(help)).into());
    }
    if path.exists() {
        let help = "choose another with --name, e.g. as2-2027.cer".to_string();
        let message = format!("{} is there already", path.display());
        return Err(Failure::usage(message, Some(help)).into());
    }
    let key = PrivateKey::generate(args.bits)
        .map_err(|_| Failure::usage("a key has 2048, 3072 or 4096 bits", None))?;
    let certificate = made(args, &key, &name)?;
    write_key(&key_path, &key.to_pem()?)?;
    fs::create_dir_all(&folder)?;
    fs::write(&path, as_pem(&certificate))?;
    writeln!(console.out, "{}: the certificate, for partners", path.display())?;
    writeln!(console.out, "SHA-256 {}", fingerprint(&certificate))?;
    writeln!(console.out, "{}: the key, for nobody", key_path.display())?;
    let from = args.from.map_or_else(String::new, |from| format!(", from = {from}"));
    writeln!(
        console.out,
        "\nWrite into [as2] of {}:\n  keys = [{{ certificate = {:?}, key = \"file:{}\"{from} }}]",
        directory.join("utility.toml").display(),
        args.name,
        key_path.display(),
    )?;
    Ok(exit::ACCEPTED)
}

fn our_name(directory: &DirectoryArg) -> anyhow::Result<String> {
    let book = directory.book()?;
    let message = "there is no utility.toml that says our name";
    let help = "give it with --common-name".to_string();
    let utility = book.utility().ok_or_else(|| Failure::usage(message, Some(help)))?;
    Ok(utility.name.clone())
}

/// The certificate, valid from yesterday on, since clocks differ.
fn made(args: &NewArgs, key: &PrivateKey, name: &str) -> anyhow::Result<Certificate> {
    let plain = |it: char| !it.is_control();
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(Failure::usage("a common name has 1 to 64 bytes", None).into());
    }
    let mut serial = [0; 16];
    SystemRandomness.fill(&mut serial);
    // A serial number is positive and does not begin with zeros.
    serial[0] = serial[0] & 0x3f | 0x40;
    let now: Timestamp = clock::instant();
    let valid = (now.as_second() - DAY, now.as_second() + i64::from(args.days) * DAY);
    Ok(Certificate::self_signed(key, name, &serial, valid)?)
}

/// Writes a key that only its owner reads; what is there is never overwritten.
fn write_key(path: &Path, text: &str) -> Result<(), Failure> {
    let refuse = |error: std::io::Error| {
        let help = "a key is never overwritten; choose another file".to_string();
        Failure::usage(format!("{}: {error}", path.display()), Some(help))
    };
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(refuse)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(refuse)
}
