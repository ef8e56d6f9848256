//! The demonstration runs, comes out as it should, says the same each time and cleans up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of this test alone, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn demo(temporary: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tieline"))
        .arg("demo")
        .args(arguments)
        .env("TMPDIR", temporary)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("the folder can be listed").file_name().to_string_lossy().into_owned()
    };
    let mut files: Vec<String> = entries.map(name).collect();
    files.sort();
    files
}

#[test]
fn it_comes_out_the_same_each_time_and_leaves_nothing() {
    let temporary = folder("demo-twice");
    let first = demo(&temporary, &[]);
    let out = text(&first.stdout);
    assert_eq!(first.status.code(), Some(0), "{out}{}", text(&first.stderr));
    assert_eq!(text(&first.stderr), "");
    for line in [
        "  M2   out  prairie-power   867 x 3     queued    867-20260403-000000001.edi",
        "  M2   out  prairie-power   867 x 3     accepted  3 of 3 transaction sets accepted",
        "  M7   in   sheyenne-foods  820 x 1     posted    1 posted",
        "  M9   in   sheyenne-foods  820 x 1     rejected",
        "                 AK9*R*1*1*0",
        "  M12  in   sheyenne-foods  820 x 1     repeat    the same bytes came before, in I5; \
         answered again with 1 message",
        "everything came out as it should",
    ] {
        assert!(out.lines().any(|it| it == line), "{line} is not in\n{out}");
    }
    let proven = "redriver-bank   997 x 1     receipt   it tells the same MIC: ";
    assert!(out.contains(proven), "{proven} is not in\n{out}");
    assert_eq!(text(&demo(&temporary, &[]).stdout), out);
    assert_eq!(files(&temporary), [""; 0], "it cleans up");
}

#[test]
fn what_is_kept_can_be_looked_at() {
    let temporary = folder("demo-kept");
    let kept = temporary.join("month");
    let place = kept.display().to_string();
    let output = demo(&temporary, &["--keep", &place]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stderr).starts_with("kept in "));
    assert_eq!(files(&temporary), ["month"]);
    let customer = kept.join("at-partners/sheyenne-foods");
    assert_eq!(
        files(&customer.join("got")),
        [
            "810-20260403-000000001.edi",
            "997-000000002.edi",
            "997-000000003.edi",
            "broken.edi.M9.findings.txt"
        ]
    );
    let sent = customer.join("sent");
    let good = fs::read(sent.join("payment.edi")).expect("it was sent");
    assert_eq!(fs::read(sent.join("payment-again.edi")).expect("it was sent"), good);

    // A folder with something in it is left alone.
    let again = demo(&temporary, &["--keep", &place]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    assert!(text(&again.stderr).contains("something is in this folder"));
}
