//! `tieline diff`: what is different is told, and nothing else is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tieline_cli::{Console, run};

const SCHEMA: &str = include_str!("../../../docs/diff.schema.json");

/// A directory of its own for one test; it is taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("tieline-diff-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a new directory can be made");
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("writable");
        path.to_str().expect("it is text").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What came of a command: exit code, results, talk.
fn tieline(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("tieline").chain(arguments.iter().copied());
    let code = run(arguments, &mut Console::plain(&mut out, &mut err));
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (code, text(out), text(err))
}

/// Two files compared; what JSON says.
fn compared(before: &str, after: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["diff", "--format", "json", before, after];
    arguments.extend(more);
    let (code, out, err) = tieline(&arguments);
    let report: Value = serde_json::from_str(&out).expect(&err);
    assert_eq!(code, if report["same"] == true { 0 } else { 1 });
    report
}

fn counts(report: &Value) -> [u64; 4] {
    ["changed", "added", "removed", "moved"].map(|name| report[name].as_u64().expect("a count"))
}

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    samples.join(name).to_str().expect("it is text").to_string()
}

/// The samples of a folder.
fn samples(folder: &str) -> Vec<String> {
    let files = fs::read_dir(sample(folder)).expect("the folder is there");
    let files = files.map(|entry| entry.expect("it can be read").path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "edi"));
    let mut files: Vec<String> =
        files.map(|path| path.to_str().expect("it is text").to_string()).collect();
    files.sort();
    files
}

#[test]
fn a_file_is_the_same_as_itself_however_it_is_set_out() {
    let folder = Folder::new("same");
    for kind in ["810", "814", "820", "824", "867", "997", "broken"] {
        for file in samples(kind) {
            let (code, _, err) = tieline(&["diff", "--strict", &file, &file]);
            let bytes = fs::read(&file).expect("it can be read");
            let is_x12 = bytes.trim_ascii_start().starts_with(b"ISA");
            assert!(code == 0 || (code == 65 && kind == "broken"), "{file}: {code} {err}");
            if let (0, true, (0, lines, _)) = (code, is_x12, tieline(&["fmt", &file])) {
                let lines = folder.file("lines.edi", lines);
                assert_eq!(tieline(&["diff", &file, &lines]).0, 0, "{file}");
            }
        }
    }
}

#[test]
fn two_different_samples_are_different() {
    for kind in ["810", "820", "867"] {
        let files = samples(kind);
        for (n, before) in files.iter().enumerate() {
            for after in &files[n + 1..] {
                let report = compared(before, after, &[]);
                let swapped = compared(after, before, &[]);
                assert!(report["same"] == false && swapped["same"] == false, "{before} {after}");
            }
        }
    }
}

#[test]
fn each_value_that_changes_is_told_once() {
    let folder = Folder::new("values");
    for file in ["867/interval-15-minute-autumn-day.edi", "810/commercial-three-phase.edi"] {
        let file = sample(file);
        let text = fs::read_to_string(&file).expect("it is text");
        let places = text.match_indices("*KH").map(|(at, _)| at).step_by(3);
        let mut tried = 0;
        for at in places {
            let (mut other, digit) = (text.clone().into_bytes(), at - 1);
            other[digit] = if other[digit] == b'7' { b'3' } else { b'7' };
            let report = compared(&file, &folder.file("other.edi", other), &[]);
            assert_eq!(counts(&report), [1, 0, 0, 0], "{at} {report}");
            assert_eq!(report["changes"][0]["elements"].as_array().map(Vec::len), Some(1));
            tried += 1;
        }
        assert!(tried > 0, "{file}");
    }
}

#[test]
fn an_interval_less_or_elsewhere_is_one_loop() {
    let folder = Folder::new("intervals");
    let file = sample("867/interval-15-minute-spring-month.edi");
    let text = fs::read_to_string(&file).expect("it is text");
    let terminator = char::from(text.as_bytes()[105]);
    let segments: Vec<&str> = text.split_inclusive(terminator).collect();
    let id = |n: usize| segments[n].trim_start().split(['*', '|']).next().unwrap_or_default();
    let is_interval = |n: &usize| id(*n) == "QTY" && id(n + 1) == "DTM" && id(n + 2) != "DTM";
    let intervals: Vec<usize> = (0..segments.len() - 2).filter(is_interval).collect();
    assert!(intervals.len() > 2_000, "{}", intervals.len());
    for at in intervals.iter().copied().step_by(400) {
        let mut others = segments.clone();
        let taken: Vec<&str> = others.splice(at..at + 2, []).collect();
        let without = folder.file("without.edi", others.concat());
        let report = compared(&file, &without, &["--ignore", "control"]);
        assert_eq!(counts(&report), [0, 0, 1, 0], "{at}");
        let report = compared(&without, &file, &["--ignore", "control"]);
        assert_eq!(counts(&report), [0, 1, 0, 0], "{at}");
        let elsewhere = intervals[intervals.len() / 2 + 7];
        others.splice(elsewhere..elsewhere, taken);
        let moved = folder.file("moved.edi", others.concat());
        assert_eq!(counts(&compared(&file, &moved, &[])), [0, 0, 0, 1], "{at}");
    }
}

#[test]
fn numbers_dates_and_separators_can_be_left_out() {
    let folder = Folder::new("ignored");
    let file = sample("820/adjustments.edi");
    let text = fs::read_to_string(&file).expect("it is text");
    let other = text.replace("000000104", "000000105").replace("*260317*", "*260318*");
    let other = folder.file("other.edi", other);
    assert_eq!(counts(&compared(&file, &other, &[]))[0], 2);
    assert_eq!(counts(&compared(&file, &other, &["--ignore", "control"]))[0], 1);
    assert_eq!(compared(&file, &other, &["--ignore", "control,dates"])["same"], true);
    let bars = folder.file("bars.edi", text.replace('*', "|").replace("~\n", "~"));
    assert_eq!(compared(&file, &bars, &[])["same"], true);
    assert_eq!(compared(&file, &bars, &["--strict"])["same"], false);
}

#[test]
fn what_cannot_be_compared_has_its_exit_code() {
    let folder = Folder::new("refused");
    let pdf = folder.file("bill.pdf", "%PDF-1.7");
    let file = sample("820/check.edi");
    for (arguments, expected) in [
        ([&pdf[..], &file[..]], 65),
        ([&file, &pdf], 65),
        ([&file, "no-such-file.edi"], 66),
        (["-", "-"], 2),
        ([&file, &sample("820")], 66),
    ] {
        let (code, out, err) = tieline(&["diff", arguments[0], arguments[1]]);
        assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn a_page_needs_nothing_else_and_holds_no_markup_of_a_file() {
    let folder = Folder::new("html");
    let file = sample("820/check.edi");
    let text = fs::read_to_string(&file).expect("it is text");
    let other = text.replacen("PRAIRIE RIVERS", "<script>&</p>", 1);
    let other = folder.file("other.edi", other);
    let (code, page, _) = tieline(&["diff", "--format", "html", &file, &other]);
    assert_eq!(code, 1);
    assert!(page.contains("&lt;script&gt;&amp;&lt;/p&gt;") && !page.contains("<script"), "{page}");
    for outside in ["http:", "https:", "src=", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for tag in ["table", "tbody", "tr", "td", "dl", "main", "html"] {
        let count = |tag: String| page.matches(&tag).count();
        let opened = count(format!("<{tag}>")) + count(format!("<{tag} "));
        assert_eq!(opened, count(format!("</{tag}>")), "{tag}");
    }
}

/// Notes where a value is not as its schema says: its type, and which members it has.
fn check(schema: &Value, value: &Value, root: &Value, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let named = &root["$defs"][name.trim_start_matches("#/$defs/")];
        return check(named, value, root, faults);
    }
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("the schema has a type {other:?}"),
    };
    let fits = match &schema["type"] {
        Value::Null => {
            schema["const"] == *value
                || schema["enum"].as_array().is_some_and(|all| all.contains(value))
        }
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if !fits {
        faults.push(format!("{value} is not {schema}"));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                faults.push(format!("{value} has no {name}"));
            }
        }
        for (name, member) in object {
            match schema["properties"].get(name) {
                Some(schema) => check(schema, member, root, faults),
                None => faults.push(format!("{name} is not in the schema")),
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(&schema["items"], item, root, faults);
    }
}

#[test]
fn json_is_as_the_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut kinds = std::collections::BTreeSet::new();
    for kind in ["810", "820", "867"] {
        let files = samples(kind);
        for pair in files.windows(2) {
            for more in [&[][..], &["--strict"]] {
                let report = compared(&pair[0], &pair[1], more);
                let mut faults = Vec::new();
                check(&schema, &report, &schema, &mut faults);
                assert!(faults.is_empty(), "{pair:?}: {faults:?}");
                let changes = report["changes"].as_array().expect("it is a list");
                kinds.extend(
                    changes.iter().filter_map(|it| it["change"].as_str().map(String::from)),
                );
            }
        }
    }
    assert!(["added", "changed", "removed"].iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}
