//! `config check`: whether a gateway with these settings could serve here.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use tieline_partner::{PartnerBook, suspicious};

use super::Given;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::inspection::{Inspection, Verdict};
use crate::looks;
use crate::station::{Settings, without_password};
use crate::text::count;

/// How long a program that listens at our address has to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Check that a gateway with these settings could serve here
///
/// Looks at the settings, the partners, the keys, the addresses, the folders and the secrets, as
/// whoever runs this. Nothing is made and nobody is called. Ends with 78 when something is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    given: Given,
}

pub(super) fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut seen = Inspection::default();
    match args.given.station.settings() {
        Ok(settings) => {
            seen.ok("settings", args.given.station.told());
            let sftp = args.given.sftp.or(settings.sftp.listen);
            look(&settings, sftp, args.given.as2.or(settings.as2.listen), &mut seen);
        }
        Err(failure) => {
            seen.fail("settings", failure.message, "correct the file and check it again");
        }
    }
    seen.write(args.given.format, console)?;
    if !args.given.format.is_json() {
        console.say(seen.sum());
    }
    Ok(if seen.worst() == Verdict::Fail { exit::CONFIGURATION } else { exit::ACCEPTED })
}

fn look(
    settings: &Settings,
    listen: Option<SocketAddr>,
    as2: Option<SocketAddr>,
    seen: &mut Inspection,
) {
    let book = partners(settings, seen);
    store(settings, seen);
    looks::writable("mailboxes", &settings.mailboxes(), seen);
    looks::host_keys(settings, seen);
    address(listen, seen);
    if let Err(failure) = settings.monitor() {
        seen.fail("monitor", failure.message, failure.help.as_deref().unwrap_or_default());
    }
    if let Some(book) = book {
        looks::secrets(&book, seen);
        looks::mail(settings, &book, seen);
        as2_address(settings, as2, &book, seen);
        looks::as2_keys(settings, &book, seen);
    }
}

fn partners(settings: &Settings, seen: &mut Inspection) -> Option<PartnerBook> {
    let folder = settings.partners();
    let shown = folder.display().to_string();
    if let Err(error) = fs::read_dir(&folder) {
        let failure = Failure::no_input(&shown, &error);
        seen.fail("partners", failure.message, "name their directory with --partners");
        return None;
    }
    let told = format!("tieline partner check --all --partners {shown} tells all of it");
    let suspicious = suspicious::secrets_in(&folder);
    if let Some(first) = suspicious.first() {
        let how = format!("what looks like a secret is in {}", first.file);
        seen.fail("partners", how, &told);
    }
    match PartnerBook::load(&folder) {
        Ok(book) => {
            if suspicious.is_empty() {
                seen.ok("partners", count(book.partners().len() as u64, "partner"));
            }
            if book.utility().is_none() {
                let fix = format!("write {}", folder.join("utility.toml").display());
                seen.warn("partners", "nothing says who we are", &fix);
            }
            Some(book)
        }
        Err(errors) => {
            let files = count(errors.len() as u64, "fault");
            let first = errors.first().map(|it| format!(", the first in {}", it.file));
            seen.fail("partners", format!("{files}{}", first.unwrap_or_default()), &told);
            None
        }
    }
}

/// The store's address, and its place if it is a file; whether it answers is `doctor`'s to say.
fn store(settings: &Settings, seen: &mut Inspection) {
    let address = settings.address();
    let shown = without_password(&address);
    match settings.store_file() {
        Some(path) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            match looks::can_write(folder) {
                Ok(()) if path.is_file() => seen.ok("store", shown),
                Ok(()) => seen.ok("store", format!("{shown}, which is made at the first start")),
                Err(why) => seen.fail("store", why, "choose another place, or give it to the user"),
            }
        }
        None if address.starts_with("postgres://") || address.starts_with("postgresql://") => {
            seen.ok("store", format!("{shown}; tieline doctor asks whether it answers"));
        }
        None => seen.fail(
            "store",
            "the address names no store",
            "write it as sqlite:PATH or postgres://USER@HOST/DATABASE",
        ),
    }
}

/// Whether the address is free, or a gateway of ours serves there already.
fn address(listen: Option<SocketAddr>, seen: &mut Inspection) {
    let Some(listen) = listen else {
        let fix = "name an address with --sftp, or as listen in [sftp], if partners are to come";
        seen.warn("address", "no mailboxes are served over SFTP", fix);
        return;
    };
    match TcpListener::bind(listen) {
        Ok(_) => seen.ok("address", format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match is_ours(listen) {
            true => seen.ok("address", format!("{listen}, where a gateway serves already")),
            false => {
                let how = format!("{listen} is another program's");
                seen.fail("address", how, "choose another, or end that program");
            }
        },
        Err(error) => {
            seen.fail("address", format!("{listen}: {error}"), "choose an address of this machine");
        }
    }
}

/// Whether the address of AS2 is free, where somebody is on AS2 or an address is named.
fn as2_address(
    settings: &Settings,
    listen: Option<SocketAddr>,
    book: &PartnerBook,
    seen: &mut Inspection,
) {
    let Some(listen) = listen else {
        if book.partners().iter().any(|it| it.profile().as2.as_ref().is_some_and(|it| it.enabled)) {
            let fix = "name an address with --as2, or as listen in [as2], if partners are to send";
            seen.warn("AS2 address", "partners are on AS2 and nobody is listened to", fix);
        }
        return;
    };
    let path = settings.as2.path();
    if !path.starts_with('/') {
        let how = format!("path in [as2] is {path:?}");
        seen.fail("AS2 address", how, "let it begin with a slash, e.g. /as2");
    }
    if let Err(failure) = settings.as2.unverified() {
        seen.fail("AS2 limits", failure.message, "write a number and B, kB, MB or GB");
    }
    let scheme = if settings.as2.certificate.is_some() { "HTTPS" } else { "plain HTTP" };
    match TcpListener::bind(listen) {
        Ok(_) => seen.ok("AS2 address", format!("{listen} is free, for {scheme} at {path}")),
        // What speaks HTTP there does not say whose it is.
        Err(error) if error.kind() == ErrorKind::AddrInUse => seen.warn(
            "AS2 address",
            format!("{listen} is in use"),
            "that is good if it is the gateway; else choose another, or end that program",
        ),
        Err(error) => {
            let how = format!("{listen}: {error}");
            seen.fail("AS2 address", how, "choose an address of this machine");
        }
    }
}

/// Whether the program that listens there greets as ours does.
fn is_ours(listen: SocketAddr) -> bool {
    let mut greeting = [0; 15];
    let mut place = listen;
    if place.ip().is_unspecified() {
        let local = if place.is_ipv4() { "127.0.0.1" } else { "::1" };
        place.set_ip(local.parse().unwrap_or(place.ip()));
    }
    TcpStream::connect_timeout(&place, PATIENCE).is_ok_and(|mut stream| {
        stream.set_read_timeout(Some(PATIENCE)).is_ok()
            && stream.read_exact(&mut greeting).is_ok()
            && &greeting == b"SSH-2.0-Tieline"
    })
}
