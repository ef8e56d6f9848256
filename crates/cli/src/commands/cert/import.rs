//! `cert import`: a partner's certificate into its folder, whatever kind of file it came in; and
//! `cert rollover`: a new one that follows the old one without an outage.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_model::time::{Date, Timestamp, Zone};
use tieline_partner::profile::as2::{CertificateFile, CertificateUse};
use tieline_smime::certificate::CertificateError;
use tieline_smime::import::{LARGEST_FILE, p7b, p12};
use tieline_smime::{Certificate, pem};

use super::{as_pem, fingerprint, set_all, written};
use crate::commands::partner::{DirectoryArg, find};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// Import a partner's certificate: PEM, DER, P7B or P12
///
/// Of several certificates in a file the first is taken, which is the partner's own and not that of an
/// authority. Compare the fingerprint with the partner before anything is exchanged.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline cert import otter-valley otter.cer
  tieline cert import otter-valley otter.p7b --as2-id OTTERVALLEY --url https://as2.otter.example/as2
  tieline cert import otter-valley signing.cer --use sign")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    given: GivenArgs,

    /// Its AS2 name, when it is not on AS2 yet
    #[arg(long, value_name = "NAME")]
    as2_id: Option<String>,

    /// Where we send to
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// What it is for; both when not given
    #[arg(long = "use", value_enum, value_name = "USE")]
    uses: Option<Use>,

    /// It holds from this day on; as long as it is valid when not given
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
}

/// Let a new certificate of a partner follow the one it has
///
/// The new one holds from a day on, and the old one until some days after it, so that both hold
/// while the partner changes over.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline cert rollover otter-valley otter-2027.cer --from 2026-12-01
  tieline cert rollover otter-valley otter-2027.cer --from 2026-12-01 --overlap 7")]
pub(crate) struct RolloverArgs {
    #[command(flatten)]
    given: GivenArgs,

    /// The first day of the new one
    #[arg(long, value_name = "DATE")]
    from: Date,

    /// How many days the old one still holds after that
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    overlap: u32,
}

#[derive(Debug, clap::Args)]
struct GivenArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// The file it gave us
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// What the file is called in the partner's folder; as it is called now when not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The environment variable that holds the password of a P12 file
    #[arg(long, value_name = "VARIABLE")]
    password_env: Option<String>,

    #[command(flatten)]
    directory: DirectoryArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Use {
    /// The partner signs with it
    Sign,
    /// We encrypt for it
    Encrypt,
}

pub(super) fn run(args: &ImportArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut begin = Vec::new();
    begin.extend(args.as2_id.as_ref().map(|id| ("id", format!("{id:?}"))));
    begin.extend(args.url.as_ref().map(|url| ("url", format!("{url:?}"))));
    add(&args.given, args.uses, args.from, begin, |_| {}, console)
}

pub(super) fn run_rollover(args: &RolloverArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let end = (0..args.overlap).try_fold(args.from, |day, _| day.tomorrow());
    let end = end.map_err(|_| Failure::usage("that is too many days", None))?;
    let end = midnight(end)?;
    let shorten = |old: &mut CertificateFile| {
        old.until = Some(old.until.map_or(end, |until| until.min(end)));
    };
    add(&args.given, None, Some(args.from), Vec::new(), shorten, console)
}

/// Adds a certificate to those a partner has, which are changed before.
fn add(
    given: &GivenArgs,
    uses: Option<Use>,
    from: Option<Date>,
    mut values: Vec<(&str, String)>,
    change: impl Fn(&mut CertificateFile),
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let book = given.directory.book()?;
    let partner = find(&book, &given.id)?;
    let certificate = read(given)?;
    let folder = given.directory.path().join(&given.id);
    if let Some((file, _)) = partner.certificates().find(|(_, it)| **it == certificate) {
        let message = format!("{} has this certificate already, as {}", given.id, file.file);
        return Err(Failure::usage(message, None).into());
    }
    let name = file_name(given)?;
    let path = folder.join(&name);
    if path.exists() {
        let help = "give it another name with --name, e.g. as2-2027.cer".to_string();
        let message = format!("{} is there already", path.display());
        return Err(Failure::usage(message, Some(help)).into());
    }
    let as2 = partner.profile().as2.as_ref();
    if as2.is_none() && !values.iter().any(|(key, _)| *key == "id") {
        let message = format!("{} is not on AS2 yet", given.id);
        let help = "say its AS2 name with --as2-id".to_string();
        return Err(Failure::usage(message, Some(help)).into());
    }
    let mut all = as2.map_or_else(Vec::new, |it| it.certificates.clone());
    all.iter_mut().for_each(change);
    all.push(CertificateFile {
        file: name,
        uses: match uses {
            None => vec![CertificateUse::Sign, CertificateUse::Encrypt],
            Some(Use::Sign) => vec![CertificateUse::Sign],
            Some(Use::Encrypt) => vec![CertificateUse::Encrypt],
        },
        from: from.map(midnight).transpose()?,
        until: None,
    });
    values.push(("certificates", written(&all)));
    fs::write(&path, as_pem(&certificate))?;
    if let Err(error) = set_all(&given.directory, &folder.join("partner.toml"), &values) {
        fs::remove_file(&path)?;
        return Err(error);
    }
    tell(&path, &certificate, console)?;
    Ok(exit::ACCEPTED)
}

/// The first moment of a day, UTC.
fn midnight(day: Date) -> Result<Timestamp, Failure> {
    let day = Zone::utc().day(day);
    Ok(day.map_err(|_| Failure::usage("there is no such day", None))?.start())
}

fn file_name(given: &GivenArgs) -> Result<String, Failure> {
    let stem = given.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = given.name.clone().unwrap_or_else(|| format!("{stem}.cer"));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    match name.bytes().all(plain) && !name.starts_with('.') && !name.ends_with(".toml") {
        true => Ok(name),
        false => Err(Failure::usage(
            format!("{name} is no good name of a certificate's file"),
            Some("give one with --name, e.g. as2-2026.cer".to_string()),
        )),
    }
}

/// The certificate of a file of whichever kind.
fn read(given: &GivenArgs) -> Result<Certificate, Failure> {
    let shown = given.file.display().to_string();
    let bytes = read_small(&given.file)?;
    let refuse = |error: String| Failure {
        code: exit::NOT_EDI,
        message: format!("{shown}: {error}"),
        help: Some("give a certificate with an RSA key as PEM, DER, P7B or P12".to_string()),
    };
    // A certificate first: most files are one, and what it says against others is about keys.
    let plain = match Certificate::from_file(&bytes) {
        Ok(mut found) => return Ok(found.swap_remove(0)),
        Err(error) => error,
    };
    if let Ok(mut found) = p7b(&bytes) {
        return Ok(found.swap_remove(0));
    }
    if is_wrapped(&bytes) {
        let password = match &given.password_env {
            Some(name) => std::env::var(name).map_err(|_| refuse(format!("${name} is not set")))?,
            None => String::new(),
        };
        let mut found = p12(&bytes, &password).map_err(|error| refuse(error.to_string()))?;
        return Ok(found.certificates.swap_remove(0));
    }
    Err(refuse(match plain {
        CertificateError::Malformed(_) => "this is no certificate".to_string(),
        other => other.to_string(),
    }))
}

/// Whether it may be a P12 file: DER, and neither a certificate nor P7B.
fn is_wrapped(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30) && pem::read(bytes).map_or(true, |blocks| blocks.is_empty())
}

fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Failure::no_input(&shown, &error))?;
    match bytes.len() <= LARGEST_FILE {
        true => Ok(bytes),
        false => Err(Failure::usage(format!("{shown} is too large for a certificate"), None)),
    }
}

fn tell(path: &Path, certificate: &Certificate, console: &mut Console<'_>) -> anyhow::Result<()> {
    let name = certificate.common_name().unwrap_or("a certificate without a name");
    writeln!(console.out, "{}: {name}, {} bits", path.display(), certificate.bits())?;
    writeln!(console.out, "SHA-256 {}", fingerprint(certificate))?;
    console.say("compare the fingerprint with the partner before anything is exchanged");
    Ok(())
}
