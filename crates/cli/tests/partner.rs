//! The commands for partners, as far as `docs/add-a-partner.md` does not show them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the partners of this repository, for one test.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Copy {
        let root = std::env::temp_dir().join(format!("tieline-cli-{}-{name}", std::process::id()));
        let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners");
        copy(&partners, &root.join("partners"));
        Copy { root }
    }

    /// Runs `tieline partner` there: the exit status, and all that it said.
    fn partner(&self, args: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .arg("partner")
            .args(args)
            .current_dir(&self.root)
            .env("NO_COLOR", "1")
            .env_remove("TIELINE_PARTNERS")
            .output()
            .expect("the binary runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join("partners").join(file)).expect("it is there")
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.root.join("partners").join(file), text).expect("writable");
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("it is listed").path();
        let to = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("writable");
        }
    }
}

#[test]
fn a_partner_is_made_after_another_without_what_is_its_own() {
    let there = Copy::new("from");
    let from = ["new", "river-foods", "--from", "sheyenne-foods"];
    let (status, said) = there.partner(&[&from[..], &["--isa", "12:7015550177"]].concat());
    assert_eq!(status, 0, "{said}");
    let profile = there.read("river-foods/partner.toml");
    assert!(profile.contains("guide = \"810.guide.toml\""), "{profile}");
    for own in ["7015550142", "payables", "mailbox", "Sheyenne"] {
        assert!(!profile.contains(own), "{own} is in\n{profile}");
    }
    let guide = there.read("river-foods/810.guide.toml");
    assert_eq!(guide, there.read("sheyenne-foods/810.guide.toml"));
    // The id of another partner is refused, and nothing is left behind.
    let taken = ["new", "second", "--isa", "12:7015550142", "--set", "810 out"];
    let (status, said) = there.partner(&taken);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("12:7015550142 is that of sheyenne-foods already"), "{said}");
    assert!(!there.root.join("partners/second").exists());
}

#[test]
fn a_change_that_is_wrong_is_taken_back() {
    let there = Copy::new("set");
    let before = there.read("prairie-power/partner.toml");
    for (key, value) in [
        ("drops.data-desk.retry.longest", "soon"),
        ("zone", "America/Fargo"),
        ("documents.867-out.guide", "866.guide.toml"),
        ("status", "live"),
        ("drops.nightly.port", "22"),
    ] {
        let (status, said) = there.partner(&["set", "prairie-power", key, value]);
        assert!(matches!(status, 2 | 78), "{key}: {said}");
        assert_eq!(there.read("prairie-power/partner.toml"), before, "{key}");
    }
    let (status, said) = there.partner(&["set", "prairie-power", "drops.data-desk.port", "2222"]);
    assert_eq!(status, 0, "{said}");
    let after = there.read("prairie-power/partner.toml");
    assert!(after.contains("# the name of a secret, never the secret"));
    assert_eq!(after.lines().count(), before.lines().count() + 1);
}

#[test]
fn a_key_in_a_folder_fails_the_check_and_is_not_shown() {
    let there = Copy::new("check");
    let key =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA\n-----END OPENSSH PRIVATE KEY-----\n";
    there.write("redriver-bank/id_ed25519", key);
    let (status, said) = there.partner(&["check", "redriver-bank"]);
    assert_eq!(status, 78, "{said}");
    assert!(said.contains("this looks like a private key in line 1"), "{said}");
    assert!(!said.contains("b3BlbnNzaA"), "{said}");
    assert_eq!(there.partner(&["check", "--all"]).0, 78);
    assert_eq!(there.partner(&["check", "prairie-power"]).0, 0);
}

#[test]
fn going_live_with_an_open_frame_takes_a_reason_that_stays() {
    let there = Copy::new("promote");
    let live = ["promote", "sheyenne-foods", "--by", "J. Berg"];
    let (status, said) = there.partner(&live);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("there are no frames"), "{said}");
    assert_eq!(there.partner(&[&live[..], &["--override"]].concat()).0, 2);
    let although = ["--override", "--reason", "in production since 2019", "--on", "2026-11-22"];
    let (status, said) = there.partner(&[&live[..], &although].concat());
    assert_eq!(status, 0, "{said}");
    assert!(there.read("sheyenne-foods/partner.toml").contains("status = \"live\""));
    let written = there.read("sheyenne-foods/frames/signatures.toml");
    assert!(written.contains("by = \"J. Berg\"\non = 2026-11-22"), "{written}");
    assert!(written.contains("reason = \"in production since 2019\""), "{written}");
}

#[test]
fn documents_of_another_partner_are_no_evidence_and_a_changed_frame_is_unsigned() {
    let there = Copy::new("frames");
    let new = ["new", "lake-country", "--isa", "ZZ:LAKECOUNTRY", "--set", "820 in"];
    assert_eq!(there.partner(&new).0, 0);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/820");
    let arrived = there.root.join("tests/in");
    fs::create_dir_all(&arrived).expect("writable");
    let text = fs::read_to_string(samples.join("adjustments.edi")).expect("it is there");
    let frames = ["frames", "lake-country", "--evidence", "tests"];
    fs::write(arrived.join("a.edi"), &text).expect("writable");
    let (_, said) = there.partner(&frames);
    assert!(said.contains("a payment of less than was billed: 0 of 1 seen"), "{said}");
    let theirs = text.replace("12*7015550142  ", "ZZ*LAKECOUNTRY ");
    fs::write(arrived.join("a.edi"), theirs).expect("writable");
    let (_, said) = there.partner(&frames);
    assert!(!said.contains("a payment of less than was billed: 0 of 1 seen"), "{said}");

    let frame =
        "title = \"t\"\n[[scenarios]]\nid = \"a\"\ntitle = \"a\"\nabout = \"authorization\"\n";
    there.write("lake-country/frames/5-more.toml", frame);
    let sign = ["sign", "lake-country", "5-more", "--by", "J. Berg"];
    assert_eq!(there.partner(&sign).0, 0);
    let row = |said: &str| {
        let row = said.lines().find(|line| line.starts_with("5-more"));
        row.expect("it is listed").to_string()
    };
    assert!(row(&there.partner(&frames).1).contains("J. Berg"));
    there.write("lake-country/frames/5-more.toml", &format!("# A remark is no change.\n{frame}"));
    assert!(row(&there.partner(&frames).1).contains("J. Berg"));
    there.write("lake-country/frames/5-more.toml", &frame.replace("\"t\"", "\"u\""));
    assert!(!row(&there.partner(&frames).1).contains("J. Berg"));
}
