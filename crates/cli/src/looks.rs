//! What both `config check` and `doctor` look at: folders, files of keys, secrets.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tieline_gateway::connection;
use tieline_model::time::{Date, Timestamp, Zone};
use tieline_partner::Expiry;
use tieline_partner::PartnerBook;
use tieline_partner::secret::SecretName;
use tieline_smime::Certificate;
use tieline_transport::sftp::HostKey;

use crate::failure::Failure;
use crate::inspection::Inspection;
use crate::station::{self, Settings};
use crate::text::count;

/// Whether files can be made in a folder, or the folder itself; why not. Nothing stays.
pub(crate) fn can_write(folder: &Path) -> Result<(), String> {
    let there = folder.ancestors().find(|it| it.as_os_str().is_empty() || it.exists());
    let there = match there {
        Some(it) if !it.as_os_str().is_empty() => it,
        _ => Path::new("."),
    };
    let shown = there.display();
    if !there.is_dir() {
        return Err(format!("{shown} is not a directory"));
    }
    let probe = there.join(format!(".tieline-probe-{}", std::process::id()));
    let made = File::create_new(&probe);
    let removed = made.and_then(|_| fs::remove_file(&probe));
    removed.map_err(|error| format!("{shown}: nothing can be written there: {error}"))
}

/// Whether others than its owner may read or change a file.
pub(crate) fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

/// Whether files can be made in a folder.
pub(crate) fn writable(what: &'static str, folder: &Path, seen: &mut Inspection) {
    match can_write(folder) {
        Ok(()) => seen.ok(what, folder.display().to_string()),
        Err(why) => seen.fail(what, why, "choose another place, or give it to the user"),
    }
}

/// The keys the SFTP server is known by; without any named, one is made at the first start.
pub(crate) fn host_keys(settings: &Settings, seen: &mut Inspection) {
    let named = &settings.sftp.host_keys;
    let own = [settings.own_host_key()];
    let keys: &[PathBuf] = match (named.is_empty(), own[0].exists()) {
        (false, _) => named,
        (true, true) => &own,
        (true, false) => {
            seen.ok("host key", format!("made at the first start, as {}", own[0].display()));
            return;
        }
    };
    for path in keys {
        let shown = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let failure = Failure::no_input(&shown, &error);
                seen.fail("host key", failure.message, "name another, or none to have one made");
                continue;
            }
        };
        match HostKey::read(&text) {
            Err(error) => {
                seen.fail("host key", format!("{shown}: {error}"), "make one with ssh-keygen");
            }
            Ok(_) if is_open(path) => {
                let fix = format!("chmod 600 {shown}");
                seen.fail("host key", format!("{shown}: others can read it"), &fix);
            }
            Ok(key) => seen.ok("host key", format!("{shown} {}", key.fingerprint())),
        }
    }
}

/// Whether mail can be sent to the addresses that profiles name.
pub(crate) fn mail(settings: &Settings, book: &PartnerBook, seen: &mut Inspection) {
    let partners = book.partners().iter().map(|it| &it.profile().alerts);
    let mut all = partners.chain(book.utility().map(|us| &us.alerts));
    let server = match settings.mail_server() {
        Ok(server) => server,
        Err(failure) => {
            return seen.fail("mail", failure.message, failure.help.as_deref().unwrap_or_default());
        }
    };
    match server {
        Some(server) => match server.login.map(|(_, name)| station::secrets().resolve(&name)) {
            Some(Err(error)) => {
                let fix = "put it where [mail] says, for the gateway's user";
                seen.fail("mail", error.to_string(), fix);
            }
            _ => seen.ok("mail", format!("handed in at {}", server.host)),
        },
        None if all.any(|alerts| !alerts.email.is_empty()) => {
            let fix = "write [mail] into tieline.toml";
            seen.warn("mail", "[alerts] names mail addresses and no server takes our mail", fix);
        }
        None => {}
    }
}

/// Our keys for AS2, and the certificate and key of our HTTPS server.
pub(crate) fn as2_keys(settings: &Settings, book: &PartnerBook, seen: &mut Inspection) {
    let secrets = station::secrets();
    for (key, certificate) in book.own_certificates() {
        match connection::check_own_key(&secrets, key, certificate) {
            Ok(()) => {
                let name = certificate.common_name().unwrap_or("a certificate without a name");
                let how = format!("{} of {name}, {} bits", key.certificate, certificate.bits());
                seen.ok("AS2 key", how);
            }
            Err(error) => seen.fail(
                "AS2 key",
                error.to_string(),
                "name the key that belongs to the certificate, readable by the gateway's user alone",
            ),
        }
    }
    let tls = &settings.as2;
    match tls.tls() {
        Ok(None) => {}
        Ok(Some(_)) => match tls.key.as_deref().filter(|path| is_open(path)) {
            Some(path) => {
                let shown = path.display();
                let fix = format!("chmod 600 {shown}");
                seen.fail("HTTPS key", format!("{shown}: others can read it"), &fix);
            }
            None => seen.ok("HTTPS key", "belongs to the certificate of [as2]"),
        },
        Err(failure) => {
            let fix = "name both as PEM files, the server's own certificate first";
            seen.fail("HTTPS key", failure.message, fix);
        }
    }
}

/// The certificate of our HTTPS server, as something that ends. One whose key is not RSA is not
/// looked into.
pub(crate) fn https_expiry(settings: &Settings, on: Date) -> Option<Expiry> {
    let path = settings.as2.certificate.as_ref()?;
    let certificates = Certificate::from_file(&fs::read(path).ok()?).ok()?;
    let end = Timestamp::from_second(certificates.first()?.valid().1).ok()?;
    let last = Zone::utc().local(end).date().yesterday().ok()?;
    Some(Expiry::of(format!("the HTTPS certificate {}", path.display()), last, on))
}

/// Whether every secret that a partner's profile names is there, and every key can be read.
pub(crate) fn secrets(book: &PartnerBook, seen: &mut Inspection) {
    let secrets = station::secrets();
    let mut named: BTreeSet<&SecretName> = BTreeSet::new();
    let mut is_good = true;
    for partner in book.partners() {
        let profile = partner.profile();
        for drop in profile.drops.iter().filter(|drop| drop.enabled) {
            let proxy = drop.proxy.as_ref().and_then(|proxy| proxy.password.as_ref());
            let names =
                [drop.key.as_ref(), drop.passphrase.as_ref(), drop.password.as_ref(), proxy];
            named.extend(names.into_iter().flatten());
            if let Err(error) = connection::check(&secrets, drop) {
                is_good = false;
                let how = format!("{}/drop {}: {error}", profile.id, drop.name);
                seen.fail("secrets", how, "put it where the profile says, for the gateway's user");
            }
        }
        if let Some(name) = &profile.alerts.webhook {
            named.insert(name);
            if let Err(error) = secrets.resolve(name) {
                is_good = false;
                let how = format!("{}/alerts: {error}", profile.id);
                seen.fail("secrets", how, "put it where the profile says, for the gateway's user");
            }
        }
        if let Some(as2) = profile.as2.as_ref().filter(|it| it.enabled && it.url.is_some()) {
            let proxy = as2.proxy.as_ref().and_then(|proxy| proxy.password.as_ref());
            let client = as2.client.iter().map(|it| &it.key);
            let mut names = as2.login.iter().map(|it| &it.password).chain(proxy).chain(client);
            named.extend(names.clone());
            if let Some(error) = names.find_map(|name| secrets.resolve(name).err()) {
                is_good = false;
                let how = format!("{}/as2: {error}", profile.id);
                seen.fail("secrets", how, "put it where the profile says, for the gateway's user");
            }
        }
        let password = profile.mailbox.as_ref().and_then(|mailbox| mailbox.password.as_ref());
        if let Some(name) = password {
            named.insert(name);
            if let Err(error) = secrets.resolve(name) {
                is_good = false;
                let how = format!("{}/mailbox: {error}", profile.id);
                seen.fail("secrets", how, "put it where the profile says, for the gateway's user");
            }
        }
    }
    if is_good {
        seen.ok(
            "secrets",
            format!("{} of partners, all there", count(named.len() as u64, "secret")),
        );
    }
}
