//! `tieline cert`: keys made, partners' certificates imported and followed by new ones; openssl is the
//! counterpart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A house with one partner, and nobody on AS2.
fn house() -> TempDir {
    let folder = TempDir::new().expect("there is room for a folder");
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    let isa = |id: &str| format!("[x12]\nisa = [{{ qualifier = \"ZZ\", id = \"{id}\" }}]\n");
    write("partners/utility.toml", &format!("name = \"Prairie Rivers\"\n{}", isa("US")));
    let partner = "id = \"otter-valley\"\nname = \"Otter Valley\"\nstatus = \"testing\"\n";
    write("partners/otter-valley/partner.toml", &format!("{partner}{}", isa("OTTER")));
    folder
}

fn tieline(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(line.split(' '))
        .current_dir(folder)
        .env("P12_PASSWORD", "blue_heron")
        .output()
        .expect("it can be run")
}

/// What a command says when it ends well.
fn said(folder: &Path, line: &str) -> String {
    let output = tieline(folder, line);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {error}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// What a command says against what was asked.
fn refused(folder: &Path, line: &str) -> String {
    let output = tieline(folder, line);
    assert!(!output.status.success(), "{line}");
    String::from_utf8(output.stderr).expect("it is text")
}

fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
    let output = output.expect("openssl can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate of the partner as `NAME.pem`, and its fingerprint as openssl tells it.
fn theirs(folder: &Path, name: &str) -> String {
    let subject = "-subj /CN=OtterValley";
    openssl(
        folder,
        &format!(
            "req -x509 -newkey rsa:2048 -nodes {subject} -days 900 -keyout {name}.key -out {name}.pem"
        ),
    );
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in", &format!("{name}.pem")])
        .current_dir(folder)
        .output()
        .expect("openssl can be run");
    let text = String::from_utf8(output.stdout).expect("it is text");
    text.trim().rsplit('=').next().expect("there is a value").to_string()
}

/// We are on AS2 ourselves.
fn begin(folder: &Path) {
    said(folder, "cert new --key-out as2.key");
    let path = folder.join("partners/utility.toml");
    let text = fs::read_to_string(&path).expect("it is there");
    let key = folder.join("as2.key").display().to_string();
    let as2 = format!(
        "[as2]\nid = \"PRAIRIERIVERS\"\nkeys = [{{ certificate = \"as2.cer\", key = \"file:{key}\" }}]\n"
    );
    fs::write(path, text + &as2).expect("writable");
}

#[test]
fn a_key_is_made_that_only_we_read_and_openssl_understands() {
    let folder = house();
    let text = said(folder.path(), "cert new --key-out as2.key --bits 3072");
    assert!(text.contains("keys = [{ certificate = \"as2.cer\""), "{text}");
    let key = folder.path().join("as2.key");
    let mode = fs::metadata(&key).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    openssl(folder.path(), "rsa -in as2.key -check -noout");
    openssl(folder.path(), "verify -CAfile partners/utility/as2.cer partners/utility/as2.cer");
    let again = refused(folder.path(), "cert new --key-out as2.key --name other.cer");
    assert!(again.contains("never overwritten"), "{again}");
    let inside = refused(folder.path(), "cert new --key-out partners/as2.key --name other.cer");
    assert!(inside.contains("outside of the partners' folder"), "{inside}");
    assert!(!folder.path().join("partners/utility/other.cer").exists(), "nothing is half done");
}

#[test]
fn a_certificate_is_recognised_in_whichever_file_it_comes() {
    let folder = house();
    let folder = folder.path();
    begin(folder);
    let fingerprint = theirs(folder, "pem");
    openssl(folder, "x509 -in pem.pem -outform der -out der.cer");
    openssl(folder, "crl2pkcs7 -nocrl -certfile pem.pem -outform der -out p7b.p7b");
    openssl(
        folder,
        "pkcs12 -export -in pem.pem -inkey pem.key -out p12.p12 -passout pass:blue_heron",
    );
    let profile = folder.join("partners/otter-valley/partner.toml");
    let before = fs::read(&profile).expect("it is there");
    let import = "cert import otter-valley --as2-id OTTER --url https://otter.example/as2";
    for file in ["pem.pem", "der.cer", "p7b.p7b", "p12.p12"] {
        let text = said(folder, &format!("{import} {file} --password-env P12_PASSWORD"));
        assert!(text.contains(&fingerprint), "{file}: {text}");
        said(folder, "partner check --all");
        fs::write(&profile, &before).expect("writable");
        let stem = file.split('.').next().expect("it has a name");
        fs::remove_file(folder.join(format!("partners/otter-valley/{stem}.cer"))).expect("there");
    }
    let no_name = refused(folder, "cert import otter-valley pem.pem");
    assert!(no_name.contains("--as2-id"), "{no_name}");
    let key = refused(folder, "cert import otter-valley pem.key --as2-id OTTER");
    assert!(key.contains("there is no certificate in the file"), "{key}");
    assert_eq!(fs::read(&profile).expect("it is there"), before, "nothing is half done");
}

#[test]
fn a_certificate_follows_another_and_both_hold_for_a_while() {
    let folder = house();
    let folder = folder.path();
    begin(folder);
    theirs(folder, "old");
    let fingerprint = theirs(folder, "new");
    said(folder, "cert import otter-valley old.pem --as2-id OTTER");
    said(folder, "cert rollover otter-valley new.pem --from 2026-12-01 --overlap 14");
    let list = said(folder, "cert list --format json");
    let list: serde_json::Value = serde_json::from_str(&list).expect("it is JSON");
    let theirs: Vec<(&str, &str, &str)> = list
        .as_array()
        .expect("it is a list")
        .iter()
        .filter(|it| it["partner"] == "otter-valley")
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap_or_default();
            (text("file"), text("from"), text("until"))
        })
        .collect();
    assert_eq!((theirs[0].0, theirs[0].2), ("old.cer", "2026-12-15T00:00:00Z"));
    assert_eq!((theirs[1].0, theirs[1].1), ("new.cer", "2026-12-01T00:00:00Z"));
    assert_eq!(list[2]["sha256"], fingerprint);
    let twice = refused(folder, "cert import otter-valley new.pem --name third.cer");
    assert!(twice.contains("has this certificate already, as new.cer"), "{twice}");
}
