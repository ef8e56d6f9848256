//! Whatever a file holds, there is a clear finding and the right exit code.

use tieline_sample::kind::Kind;
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_x12::delimiters::LineEnd;

use crate::{Folder, WRONG, sample, tieline, tieline_with};

#[test]
fn what_is_no_edi_is_named() {
    let folder = Folder::new("no-edi");
    let utf_16: Vec<u8> = WRONG.bytes().flat_map(|b| [b, 0]).collect();
    for (name, bytes, says) in [
        ("empty", &b""[..], "the file is empty"),
        ("blank", b"\n \n", "the file is empty"),
        ("one-byte", b"I", "does not begin with ISA"),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        ("zip", b"PK\x03\x04\x14\0\0\0\x08\0", "ZIP"),
        ("xml", b"<?xml version=\"1.0\"?>\n<Invoice/>\n", "XML"),
        ("json", b"{\"invoice\": 1}\n", "JSON"),
        ("edifact", b"UNA:+.? 'UNB+UNOC:3+A:14+B:14+260301:0615+1'", "EDIFACT"),
        ("utf-16", &utf_16, "UTF-16"),
        ("nul", &[0; 5000], "binary data"),
        ("no-isa", b"GS*PT*A*B*20260301*0615*1*X*004010~ST*867*0001~", "the ISA segment"),
    ] {
        let file = folder.file(name, bytes);
        let ran = tieline(folder.path(), &["validate", file.to_str().expect("UTF-8")]);
        assert_eq!(ran.code, 65, "{name}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(says), "{name}: {}", ran.out);
        assert!(ran.out.len() < 4096, "{name}: {} bytes", ran.out.len());
        assert_eq!(ran.err, "", "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_no_input() {
    let folder = Folder::new("no-input");
    for (file, says) in [("nowhere.edi", "there is no such file"), (".", "it is a directory")] {
        let ran = tieline(folder.path(), &["validate", file]);
        assert_eq!((ran.code, ran.out.as_str()), (66, ""), "{file}");
        assert!(ran.err.starts_with(&format!("error: {file}: {says}")), "{}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn no_permission_is_no_input() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("no-permission");
    let file = folder.file("secret.edi", WRONG);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    if std::fs::File::open(&file).is_ok() {
        return; // The superuser may read everything.
    }
    let ran = tieline(folder.path(), &["validate", "secret.edi"]);
    assert_eq!(ran.code, 66);
    assert!(ran.err.contains("no permission to read it"), "{}", ran.err);
}

#[test]
fn an_interchange_cut_anywhere_is_refused_in_words() {
    let folder = Folder::new("cut");
    let whole = WRONG.replace("12x75", "12.75");
    let end = whole.trim_end().len();
    assert_eq!(
        tieline_with(folder.path(), &["validate", "--no-business", "-"], whole.as_bytes()).code,
        0
    );
    for at in [3, 4, 50, 105, 106, 107, 130, 163, 200, end - 20, end - 1] {
        let ran = tieline_with(
            folder.path(),
            &["validate", "--no-business", "-"],
            &whole.as_bytes()[..at],
        );
        assert_eq!(ran.code, 1, "{at}: {}{}", ran.out, ran.err);
        let says = ["the ISA segment cannot be read", "the data ends before"];
        assert!(says.iter().any(|says| ran.out.contains(says)), "{at}: {}", ran.out);
    }
}

#[test]
fn usage_errors_end_with_two_and_say_what_to_do() {
    let folder = Folder::new("usage");
    for (arguments, says) in [
        (&["validate"][..], "Usage: tieline validate"),
        (&["validte", "x.edi"], "'validate'"),
        (&["validate", "--format", "jsn", "x.edi"], "'json'"),
        (&["validate", "-", "-"], "standard input can be read only once"),
        (&["validate", "--guide", "utility/867-intervl", "x.edi"], "utility/867-interval"),
        (&["validate", "--partner", "nobody", "x.edi"], "there is no partner `nobody`"),
    ] {
        let ran = tieline(folder.path(), arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_bad_partner_file_ends_with_78_and_shows_its_line() {
    let folder = Folder::new("bad-partner");
    folder.file("partners/acme/partner.toml", "id = \"acme\"\nnam = \"Acme\"\n");
    folder.file("x.edi", WRONG);
    let ran = tieline(folder.path(), &["validate", "x.edi"]);
    assert_eq!((ran.code, ran.out.as_str()), (78, ""));
    assert!(ran.err.contains("2 | nam = \"Acme\""), "{}", ran.err);
    assert!(ran.err.contains("did you mean `name`?"), "{}", ran.err);
    assert_eq!(tieline(folder.path(), &["validate", "x.edi", "--guide", "base"]).code, 1);

    folder.file("867.guide.toml", "set = \"867\"\n[[row]]\nat = \"PTD/REG\"\nusage = \"must\"\n");
    let ran = tieline(folder.path(), &["validate", "x.edi", "--guide", "867.guide.toml"]);
    assert_eq!(ran.code, 78, "{}", ran.err);
    assert!(ran.err.contains("there is no REG in loop PTD"), "{}", ran.err);
}

#[test]
fn every_planted_mistake_is_told_in_four_kilobytes() {
    let folder = Folder::new("planted");
    for kind in Kind::ALL {
        let document = sample(kind, 3, LineEnd::None);
        for mistake in Mistake::ALL {
            let Some(planted) = plant(&document, *mistake, &mut Random::new(7)) else { continue };
            let file = folder.file(&format!("{mistake}.edi"), &planted.bytes);
            let file = file.to_str().expect("UTF-8");
            let mut out = Vec::new();
            let mut err = Vec::new();
            let mut console = tieline_cli::Console::plain(&mut out, &mut err);
            let arguments =
                ["tieline", "validate", "--guide", "base", "--max-errors", "3", "--color"];
            tieline_cli::run(arguments.iter().chain(&["always", file]), &mut console);
            drop(console);
            let text = String::from_utf8(out).expect("reports are UTF-8");
            assert!(text.contains(mistake.code()), "{kind:?} {mistake}: {text}");
            for finding in text.split("\n\n") {
                assert!(finding.len() < 4096, "{mistake}: {} bytes", finding.len());
            }
        }
    }
}

#[test]
fn a_finding_in_a_huge_line_fits_a_screen() {
    let folder = Folder::new("huge");
    let filler: String = "NTE*ADD*A LINE OF TEXT~".repeat(130_000);
    for (name, wrong) in [
        ("many-segments", format!("{filler}QTY*QD*12x75*KH~")),
        ("long-segment", format!("NTE*ADD*{}~", "x".repeat(900_000))),
        ("no-ascii", format!("NTE*ADD*{}~", "\u{e9}\u{1}".repeat(300_000))),
        ("endless-segment", format!("NTE*ADD*{}~", "x".repeat(3_000_000))),
        ("many-elements", format!("NTE{}~", "*".repeat(1_000_000))),
        ("many-components", format!("NTE*ADD*{}~", ":".repeat(1_000_000))),
    ] {
        let text = WRONG.replace('\n', "").replace("QTY*QD*12x75*KH~", &wrong);
        folder.file(name, &text);
        let ran = tieline(folder.path(), &["validate", name, "--color", "always"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.out, ran.err);
        let findings = ran.out.split("\n\n").filter(|finding| finding.contains("X12-"));
        let sizes: Vec<usize> = findings.map(str::len).collect();
        assert!(!sizes.is_empty(), "{name}");
        assert!(sizes.iter().all(|size| *size < 4096), "{name}: {sizes:?}");
    }
}

#[test]
fn long_names_and_notes_from_outside_are_cut() {
    let folder = Folder::new("long");
    let rule = format!(
        "id = \"{0}\"\nat = \"REF*ZZ\"\nusage = \"must\"\nnote = \"{0}\"\n",
        "\u{10348}".repeat(2_000)
    );
    folder.file("867.guide.toml", format!("set = \"867\"\n[[row]]\n{rule}"));
    let name = format!("{0}/{0}/{0}.edi", "\u{10348}".repeat(50));
    let noise = format!("NTE*ADD*{}~", "\u{e9}".repeat(100));
    folder.file(&name, WRONG.replace("SE*6", &format!("{noise}{noise}SE*8")));
    let ran = tieline(
        folder.path(),
        &["validate", "--guide", "867.guide.toml", "--color", "always", &name],
    );
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("X12-E0603"), "{}", ran.out);
    assert!(ran.out.split("\n\n").all(|finding| finding.len() < 4096), "{}", ran.out);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    use std::io::Read;
    let folder = Folder::new("pipe");
    let many = "QTY*QD*12x75*KH~".repeat(20_000);
    folder.file("many.edi", WRONG.replace("QTY*QD*12x75*KH~\n", &many));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(["validate", "--format", "jsonl", "many.edi", "many.edi"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary was built");
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut [0; 100]).expect("it writes something");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said() {
    let folder = Folder::new("full");
    folder.file("wrong.edi", WRONG);
    for arguments in [&["completions", "bash"][..], &["validate", "wrong.edi"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(full)
            .output()
            .expect("the binary was built");
        assert_eq!(output.status.code(), Some(74), "{arguments:?}");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.starts_with("error: the results cannot be written: "), "{err}");
    }
}
