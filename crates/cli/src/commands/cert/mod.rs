//! `cert`: the certificates of AS2, ours and those of partners.

mod import;
mod list;
mod new;

use std::fs;
use std::path::Path;

use tieline_partner::edit;
use tieline_partner::profile::as2::{CertificateFile, CertificateUse};
use tieline_smime::{Certificate, pem};

use super::partner::{DirectoryArg, write_checked};
use crate::console::Console;
use crate::failure::Failure;

/// List, import and make the certificates of AS2
///
/// A partner's certificates are files of its folder, named in the section [as2] of its partner.toml.
/// Nobody else vouches for them: compare the fingerprint with the partner, by phone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline cert new --key-out /etc/tieline/as2.key
  tieline cert import otter-valley otter.p7b --as2-id OTTERVALLEY --url https://as2.otter.example/as2
  tieline cert rollover otter-valley otter-2027.cer --from 2026-12-01
  tieline cert list")]
pub(crate) struct CertCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    List(list::ListArgs),
    Import(import::ImportArgs),
    Rollover(import::RolloverArgs),
    New(new::NewArgs),
}

pub(crate) fn run(command: &CertCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &command.step {
        Step::List(args) => list::run(args, console),
        Step::Import(args) => import::run(args, console),
        Step::Rollover(args) => import::run_rollover(args, console),
        Step::New(args) => new::run(args, console),
    }
}

/// The fingerprint as people compare it: pairs of hexadecimal digits.
pub(crate) fn fingerprint(certificate: &Certificate) -> String {
    let pairs = certificate.fingerprint().map(|byte| format!("{byte:02X}"));
    pairs.join(":")
}

/// A certificate as a file.
fn as_pem(certificate: &Certificate) -> String {
    pem::write("CERTIFICATE", certificate.der())
}

/// The certificates of a partner as `partner.toml` says them.
fn written(certificates: &[CertificateFile]) -> String {
    let tables = certificates.iter().map(|it| {
        let mut keys = vec![format!("file = {:?}", it.file)];
        if let [only] = it.uses[..] {
            let word = if only == CertificateUse::Sign { "sign" } else { "encrypt" };
            keys.push(format!("use = [{word:?}]"));
        }
        keys.extend(it.from.map(|from| format!("from = {from}")));
        keys.extend(it.until.map(|until| format!("until = {until}")));
        format!("{{ {} }}", keys.join(", "))
    });
    format!("[{}]", tables.collect::<Vec<_>>().join(", "))
}

/// Sets keys of the section [as2] in a file of partners.
fn set_all(directory: &DirectoryArg, path: &Path, values: &[(&str, String)]) -> anyhow::Result<()> {
    let shown = path.display().to_string();
    let mut text = fs::read_to_string(path).map_err(|error| Failure::no_input(&shown, &error))?;
    for (key, value) in values {
        text = edit::set(&text, &format!("as2.{key}"), value)
            .map_err(|error| Failure::usage(format!("{shown}: {error}"), None))?;
    }
    write_checked(directory, path, &text)
}
