//! Each format on a small file, word for word.

use serde_json::Value;
use tieline_sample::kind::Kind;
use tieline_x12::catalogue;
use tieline_x12::delimiters::LineEnd;

use crate::{Folder, Ran, WRONG, sample, tieline, tieline_with, timeless};

fn wrong(format: &str) -> Ran {
    let folder = Folder::new(&format!("wrong-{format}"));
    folder.file("wrong.edi", WRONG);
    let ran = tieline(folder.path(), &["validate", "--format", format, "wrong.edi"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    ran
}

#[test]
fn text_shows_the_place_what_was_expected_and_what_to_do() {
    let help = catalogue::entry(406).expect("the catalogue has it").remedy;
    assert_eq!(
        timeless(&wrong("text").out).replace(help, "HELP"),
        "\
error[X12-E0406]: QTY02 (quantity) is not a decimal number
   --> wrong.edi  segment 5, byte 230 (line 7)   ISA 000000905 / GS 905 / ST 0001
    |  ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[1]/QTY02
  3 | PTD*BQ~
  4 | REF*MG*88-4412~
  5 | QTY*QD*12x75*KH~
    |        ^^^^^ expected R 1..15 (e.g. 12.75), found \"12x75\"
  6 | SE*6*0001~
    | GE*1*905~
    = ack: AK3*QTY*5**8, AK4*2*380*6*12x75, AK5*R*5
    = help: HELP
    = more: tieline explain X12-E0406

wrong.edi: not accepted, 1 error and 0 warnings in 1 of 1 transaction set (0 ms)     997 would be: R (rejected)
"
    );
}

#[test]
fn short_is_one_line_for_each_finding() {
    assert_eq!(
        wrong("short").out,
        "wrong.edi:5:2: X12-E0406 QTY02 (quantity) is not a decimal number\n"
    );
}

#[test]
fn json_is_the_contract() {
    let report: Value = serde_json::from_str(&wrong("json").out).expect("it is JSON");
    let file = &report["files"][0];
    assert_eq!(report["tool"]["name"], "tieline");
    assert_eq!((&file["file"], &file["accepted"]), (&"wrong.edi".into(), &false.into()));
    assert_eq!((&file["sets"], &file["segments"]), (&1.into(), &10.into()));
    assert_eq!(file["bytes"], WRONG.len());
    let mut finding = file["findings"][0].clone();
    finding["help"] = Value::Null;
    let expected = serde_json::json!({
        "code": "X12-E0406", "severity": "error",
        "message": "QTY02 (quantity) is not a decimal number", "help": null,
        "set_index": 1, "segment": 5, "segment_id": "QTY",
        "element": 2, "component": null, "repetition": null,
        "offset": WRONG.find("12x75"), "length": 5, "line": 7,
        "path": "ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[1]/QTY02",
        "ack": { "ta105": null, "ak304": "8", "ak403": "6", "ak502": "5", "ak905": null },
    });
    assert_eq!(finding, expected);
}

#[test]
fn jsonl_has_a_line_for_each_finding_and_each_file() {
    let out = wrong("jsonl").out;
    let lines: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("each is JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["file"], &lines[0]["code"]), (&"wrong.edi".into(), &"X12-E0406".into()));
    assert_eq!((&lines[1]["accepted"], &lines[1]["errors"]), (&false.into(), &1.into()));
}

#[test]
fn sarif_has_bytes_and_the_way_down() {
    let log: Value = serde_json::from_str(&wrong("sarif").out).expect("it is JSON");
    let run = &log["runs"][0];
    assert_eq!(log["version"], "2.1.0");
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "X12-E0406");
    let location = &result["locations"][0];
    let region = serde_json::json!({ "startLine": 7, "byteOffset": 230, "byteLength": 5 });
    assert_eq!(location["physicalLocation"]["region"], region);
    let path = &location["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(path, "ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[1]/QTY02");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "X12-E0406");
    assert_eq!(run["artifacts"][0]["length"], WRONG.len());
}

#[test]
fn junit_has_a_case_for_each_set_and_the_envelope() {
    let out = wrong("junit").out;
    let start = out.find("time=").expect("it says how long it took");
    let end = start + out[start..].find('>').expect("the tag ends");
    assert_eq!(
        format!("{}{}", &out[..start], &out[end..]),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"tieline\">\n \
         <testsuite name=\"wrong.edi\" tests=\"2\" failures=\"1\" errors=\"0\" >\n  \
         <testcase name=\"ISA 000000905 / GS 905 / ST 0001 (867)\" classname=\"wrong.edi\">\
         <failure type=\"X12-E0406\" message=\"QTY02 (quantity) is not a decimal number\">\
         wrong.edi:5:2: X12-E0406 QTY02 (quantity) is not a decimal number\n</failure></testcase>\n  \
         <testcase name=\"envelope\" classname=\"wrong.edi\"></testcase>\n \
         </testsuite>\n\
         </testsuites>\n"
    );
}

#[test]
fn html_is_one_page_that_marks_the_place() {
    let out = wrong("html").out;
    for part in [
        "<html lang=\"en\">",
        "<caption>What was found in wrong.edi</caption>",
        "<th scope=\"col\">Code</th>",
        "QTY*QD*<mark>12x75</mark>*KH~",
        "997 would be R (rejected)",
    ] {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    assert!(!out.contains("<script") && !out.contains("http:") && !out.contains("https:"));
}

#[test]
fn nothing_of_a_document_is_markup() {
    let folder = Folder::new("markup");
    let text = WRONG.replace("12x75", "<b>'1'&\"").replace("88-4412", "<script>");
    folder.file("a&b.edi", text);
    for format in ["html", "junit"] {
        let ran = tieline(folder.path(), &["validate", "--format", format, "a&b.edi"]);
        assert!(!ran.out.contains("<b>") && !ran.out.contains("<script>"), "{}", ran.out);
        assert!(ran.out.contains("a&amp;b.edi"), "{}", ran.out);
    }
}

#[test]
fn machine_formats_hold_no_data_of_the_document() {
    let folder = Folder::new("private");
    folder.file("wrong.edi", WRONG.replace("12x75", "SECRET"));
    for format in ["short", "json", "jsonl", "sarif", "junit"] {
        let ran = tieline(folder.path(), &["validate", "--format", format, "wrong.edi"]);
        assert_eq!(ran.code, 1);
        assert!(!ran.out.contains("SECRET"), "{format}: {}", ran.out);
    }
}

#[test]
fn several_files_come_in_the_order_given_and_the_worst_decides() {
    let folder = Folder::new("several");
    let good = WRONG.replace("12x75", "12.75");
    let mut names = Vec::new();
    for n in 0..12 {
        let name = format!("{n}.edi");
        folder.file(&name, if n == 5 { WRONG } else { &good });
        names.push(name);
    }
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = |extra: &[&'static str]| {
        let arguments: Vec<&str> =
            ["validate", "--no-business"].iter().chain(extra).chain(&files).copied().collect();
        tieline(folder.path(), &arguments)
    };
    let ran = all(&["--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    let order: Vec<&str> = report["files"]
        .as_array()
        .expect("there are files")
        .iter()
        .filter_map(|file| file["file"].as_str())
        .collect();
    assert_eq!(order, files);
    let ran = all(&["--quiet"]);
    assert!(ran.out.starts_with("error[") && ran.out.contains("5.edi: not accepted"));
    assert!(!ran.out.contains(" accepted, 0"), "{}", ran.out);
    assert!(all(&[]).out.ends_with("11 of 12 files accepted\n"));
    assert_eq!(all(&["nowhere.edi"]).code, 66);
    for format in ["json", "sarif"] {
        let ran = all(&["--format", format, "nowhere.edi"]);
        let report: Value = serde_json::from_str(&ran.out).expect("it is JSON");
        assert!(report.to_string().contains("there is no such file"), "{format}");
    }
}

#[test]
fn warnings_are_accepted_unless_they_are_denied() {
    let folder = Folder::new("deny");
    folder.file("warning.edi", WRONG.replace("12x75", "12.75").replace("PTD*BQ~", "PTD*BQ*~"));
    let ran = tieline(folder.path(), &["validate", "--no-business", "warning.edi"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.starts_with("warning[X12-W0414]"), "{}", ran.out);
    assert!(!ran.out.contains("= ack:"), "{}", ran.out);
    let ran =
        tieline(folder.path(), &["validate", "--no-business", "warning.edi", "--deny", "warnings"]);
    assert_eq!(ran.code, 1);
}

#[test]
fn what_is_left_out_is_counted() {
    let folder = Folder::new("most");
    let many = "QTY*QD*12x75*KH~".repeat(300);
    let text = WRONG.replace("QTY*QD*12x75*KH~\n", &many).replace("SE*6*", "SE*305*");
    folder.file("many.edi", text);
    let ran = tieline(folder.path(), &["validate", "many.edi"]);
    assert_eq!(ran.out.matches("error[").count(), 50);
    assert!(ran.out.contains("and 250 errors more"), "{}", ran.out);
    assert!(ran.out.contains("300 errors and 0 warnings in 1 of 1"), "{}", ran.out);
    let ran =
        tieline(folder.path(), &["validate", "--format", "json", "--max-errors", "7", "many.edi"]);
    let report: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    let file = &report["files"][0];
    assert_eq!(file["findings"].as_array().map(Vec::len), Some(7));
    assert_eq!((&file["errors"], &file["suppressed"]["errors"]), (&300.into(), &293.into()));
}

#[test]
fn output_goes_to_a_file_whole_or_not_at_all() {
    let folder = Folder::new("output");
    folder.file("wrong.edi", WRONG);
    let ran = tieline(folder.path(), &["validate", "wrong.edi", "-o", "report.txt"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let report = std::fs::read_to_string(folder.path().join("report.txt")).expect("it is there");
    assert!(report.contains("error[X12-E0406]"));
    let names = std::fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(names, 2, "nothing is left aside");
    let ran = tieline(folder.path(), &["validate", "wrong.edi", "-o", "no/such/report.txt"]);
    assert_eq!(ran.code, 74, "{}", ran.err);
}

#[test]
fn the_partner_is_found_by_the_ids_or_named() {
    let folder = Folder::new("partner");
    folder.file("wrong.edi", WRONG.replace("12x75", "12.75"));
    folder.file(
        "partners/lake-country/partner.toml",
        "id = \"lake-country\"\nname = \"Lake Country\"\nstatus = \"live\"\n[x12]\n\
         isa = [{ qualifier = \"ZZ\", id = \"LAKECOUNTRY\" }]\n\
         [[documents]]\nset = \"867\"\ndirection = \"out\"\nguide = \"867.guide.toml\"\n",
    );
    folder.file(
        "partners/lake-country/867.guide.toml",
        "set = \"867\"\n[[row]]\nid = \"power\"\nat = \"PTD/QTY/03-1\"\ncodes = [\"K1\"]\n\
         note = \"send kilowatts\"\n",
    );
    for extra in [
        &[][..],
        &["--partner", "lake-country"],
        &["--partners", "partners"],
        &["--guide", "partners/lake-country/867.guide.toml"],
    ] {
        let arguments: Vec<&str> =
            ["validate", "--no-business", "wrong.edi"].iter().chain(extra).copied().collect();
        let ran = tieline(folder.path(), &arguments);
        assert_eq!(ran.code, 1, "{extra:?}: {}{}", ran.out, ran.err);
        for part in [
            "error[X12-E0617]",
            "= guide: lake-country/867 rule power",
            "= help: send kilowatts",
            "expected K1, found \"KH\"",
            "\n  by lake-country/867\n",
        ] {
            assert!(ran.out.contains(part), "{part} is not in:\n{}", ran.out);
        }
    }
    assert_eq!(
        tieline(folder.path(), &["validate", "--no-business", "wrong.edi", "--guide", "base"]).code,
        0
    );
}

#[test]
fn standard_input_is_read_and_quiet_is_quiet() {
    let folder = Folder::new("input");
    for kind in Kind::ALL {
        let document = sample(kind, 20, LineEnd::Lf);
        let ran = tieline_with(folder.path(), &["validate", "-"], &document);
        assert_eq!(ran.code, 0, "{kind:?}: {}", ran.out);
        assert!(ran.out.starts_with("<stdin>: accepted"), "{}", ran.out);
        let ran = tieline_with(folder.path(), &["validate", "-q", "-"], &document);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{kind:?}");
    }
}

#[test]
fn colours_come_only_when_asked_for() {
    let folder = Folder::new("colours");
    folder.file("wrong.edi", WRONG);
    let plain = tieline(folder.path(), &["validate", "wrong.edi"]).out;
    assert!(!plain.contains('\u{1b}'));
    let colours = tieline(folder.path(), &["validate", "--color", "always", "wrong.edi"]).out;
    assert!(colours.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut is_code = false;
    for c in colours.chars() {
        match c {
            '\u{1b}' => is_code = true,
            'm' if is_code => is_code = false,
            c if !is_code => stripped.push(c),
            _ => {}
        }
    }
    assert_eq!(timeless(&stripped), timeless(&plain));
}

#[test]
fn completions_and_manual_pages_are_written() {
    let folder = Folder::new("man");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = tieline(folder.path(), &["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("validate"), "{shell}");
    }
    assert!(tieline(folder.path(), &["man"]).out.contains(".TH tieline"));
    assert_eq!(tieline(folder.path(), &["man", "pages"]).code, 0);
    assert!(folder.path().join("pages/tieline-validate.1").exists());
}

#[test]
fn an_answer_shown_ends_with_its_last_value() {
    let folder = Folder::new("answer-shown");
    let file = folder.file("usage.edi", WRONG.replace("QTY*QD*12x75", "QTY**12.75"));
    let ran = tieline(folder.path(), &["validate", &file.display().to_string()]);
    assert!(ran.out.contains("AK4*1*673*1, AK5*R*5"), "{}", ran.out);
}

#[test]
fn a_guide_for_another_set_is_not_taken_for_a_judgement() {
    let folder = Folder::new("guide-unused");
    let file = folder.file("usage.edi", WRONG.replace("12x75", "12.75"));
    let file = file.display().to_string();
    let ran = tieline(
        folder.path(),
        &["validate", "--no-business", &file, "--guide", "utility/810-commercial"],
    );
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("utility/810-commercial is for the 810"), "{}", ran.err);
    let ran = tieline(folder.path(), &["validate", "--no-business", &file, "--guide", "base"]);
    assert_eq!(ran.err, "");
}
