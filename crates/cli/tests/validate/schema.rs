//! What `--format json` writes is what the published schema says, and nothing else.

use serde_json::Value;
use tieline_sample::kind::Kind;
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_x12::delimiters::LineEnd;

use crate::{Folder, sample, tieline};

const SCHEMA: &str = include_str!("../../../../docs/report.schema.json");

/// Notes where a value is not as its schema says. Knows the keywords our schema uses; a member that
/// the schema does not name is noted too.
fn check(schema: &Value, value: &Value, root: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let named = &root["$defs"][name.trim_start_matches("#/$defs/")];
        return check(named, value, root, at, faults);
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema has a type `{other}`"),
    };
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut unless = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{at}: {value} {what}"));
        }
    };
    unless(kinds.is_empty() || kinds.iter().any(|kind| is(kind)), "has another type");
    unless(schema["const"].is_null() || &schema["const"] == value, "is not the constant");
    unless(schema["enum"].as_array().is_none_or(|all| all.contains(value)), "is not in the list");
    let least = schema["minimum"].as_i64();
    unless(least.is_none() || value.is_null() || value.as_i64() >= least, "is too small");
    if let Some(pattern) = schema["pattern"].as_str() {
        assert_eq!(pattern, "^(X12-[EW][0-9]{4}|UTL-[0-9]{3})$");
        let code = value.as_str().unwrap_or_default();
        let is_number = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
        };
        let standard = code.strip_prefix("X12-E").or(code.strip_prefix("X12-W"));
        let business = code.strip_prefix("UTL-");
        let fits = standard.is_some_and(|number| is_number(number, 4))
            || business.is_some_and(|number| is_number(number, 3));
        unless(fits, "does not fit the pattern");
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().expect("names are strings");
        unless(value.get(name).is_some(), &format!("has no {name}"));
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => check(schema, member, root, &format!("{at}/{name}"), faults),
            None => faults.push(format!("{at}: {name} is not in the schema")),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(&schema["items"], item, root, &format!("{at}[]"), faults);
    }
}

fn samples() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

#[test]
fn every_report_is_as_the_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let folder = Folder::new("schema");
    let mut arguments = vec!["validate".to_string(), "--format".into(), "json".into()];
    for kind in [Kind::UsageMonthly, Kind::Invoice, Kind::Remittance] {
        let document = sample(kind, 2, LineEnd::CrLf);
        for mistake in Mistake::ALL {
            let Some(planted) = plant(&document, *mistake, &mut Random::new(3)) else { continue };
            let name = format!("{}-{mistake}.edi", kind.name());
            folder.file(&name, &planted.bytes);
            arguments.push(name);
        }
    }
    let usage = std::fs::read_to_string(samples().join("867/interval-15-minute-autumn-day.edi"));
    let usage = usage.expect("the sample is there").replace("0030*CD", "0015*CD");
    let gaps = std::fs::read(samples().join("867/interval-net-metering-with-gaps.edi"));
    folder.file("gaps.edi", gaps.expect("the sample is there"));
    folder.file("repeated.edi", usage.as_bytes());
    arguments.extend(["gaps.edi".to_string(), "repeated.edi".to_string()]);
    for (name, bytes) in [("empty", &b""[..]), ("pdf", b"%PDF-1.7"), ("cut", b"ISA*00*")] {
        folder.file(name, bytes);
        arguments.push(name.to_string());
    }
    arguments.extend(["nowhere.edi".to_string(), "--max-errors".into(), "1".into()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = tieline(folder.path(), &arguments);
    assert_eq!(ran.code, 66);
    let report: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert!(report["files"].as_array().is_some_and(|files| files.len() > 100));
    assert!(ran.out.contains("\"code\":\"UTL-103\"") && ran.out.contains("\"severity\":\"info\""));
    let mut faults = Vec::new();
    check(&schema, &report, &schema, "", &mut faults);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
