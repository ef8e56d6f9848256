//! `tieline chart`: curves beside the ones that were looked at (`tests/charts`, `UPDATE_EXPECT=1`
//! writes them anew), and what must hold of every curve.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tieline_cli::{Console, exit};

fn sample(name: &str) -> String {
    format!("{}/../../samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, the results and the talk.
fn chart(file: &str, more: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let line = ["tieline", "chart", file].into_iter().chain(more.iter().copied());
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (code, text(out), text(err))
}

fn drawn(file: &str, more: &[&str]) -> String {
    let (code, out, err) = chart(file, more);
    assert_eq!((code, err.as_str()), (exit::ACCEPTED, ""), "{file}");
    out
}

/// The shape of a class, its path alone.
fn paths<'s>(svg: &'s str, class: &str) -> Vec<&'s str> {
    let start = format!("<path class=\"{class}\" d=\"");
    svg.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn curves_are_those_that_were_looked_at() {
    let mut wrong = Vec::new();
    for (name, file, more) in [
        ("autumn-day", "867/interval-15-minute-autumn-day.edi", &[][..]),
        ("net-metering-with-gaps", "867/interval-net-metering-with-gaps.edi", &[]),
        (
            "three-days-in-spring",
            "867/interval-15-minute-spring-month.edi",
            &["--since", "2026-03-07", "--until", "2026-03-09"],
        ),
        ("spring-month", "867/interval-15-minute-spring-month.edi", &[]),
    ] {
        let found = drawn(&sample(file), more);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts");
        let beside = folder.join(format!("{name}.svg"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&beside, &found).expect("the charts can be written");
        }
        if fs::read_to_string(&beside).unwrap_or_default() != found {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "other than beside: {wrong:?}");
}

#[test]
fn a_curve_needs_nothing_from_elsewhere_and_has_words() {
    let html = drawn(&sample("867/interval-net-metering-with-gaps.edi"), &["--format", "html"]);
    let svg = drawn(&sample("867/interval-net-metering-with-gaps.edi"), &[]);
    assert!(html.contains(&svg) && html.contains("Content-Security-Policy"));
    for page in [&html, &svg] {
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        for reference in
            ["http:", "https:", "<script", "@import", "href", "url(\"", "onload", "<image"]
        {
            assert!(!elsewhere.contains(reference), "{reference}");
        }
    }
    assert!(svg.contains("role=\"img\" aria-labelledby=\"tieline-title tieline-words\""));
    assert!(svg.contains("<title id=\"tieline-title\">Load curve, 20 Jun 2026</title>"));
    assert!(svg.contains("546.992 kWh in all") && svg.contains("1 missing \u{b7} 1 estimated"));
    assert!(svg.contains("prefers-color-scheme: dark"));
    for class in ["guess", "hole"] {
        assert_eq!(paths(&svg, class).len(), 3, "{class}: two curves and the legend");
    }
}

#[test]
fn each_interval_of_a_day_is_a_step_of_its_height() {
    let svg = drawn(&sample("867/interval-15-minute-autumn-day.edi"), &[]);
    let line = paths(&svg, "line")[0];
    assert_eq!(line.matches('h').count(), 100, "{line}");
    let model = fs::read_to_string(sample("867/interval-15-minute-autumn-day.model.json"));
    let model: Value = serde_json::from_str(&model.expect("it is there")).expect("it is JSON");
    let values = &model[0]["sections"][1]["items"][0]["series"]["quantities"];
    let values = values.as_array().expect("a list").iter().map(|it| it.as_str().expect("text"));
    // From 0 to 60 kWh in 300 pixels: five for each, in tenths half of each hundredth, cut off.
    let hundredths = values.map(|it| it.replace('.', "").parse::<i64>().expect("a number"));
    let expected: Vec<i64> = hundredths.map(|it| 1140 + (6_000 - it) * 3_000 / 6_000).collect();
    let tenths = |text: &str| -> i64 {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let whole = whole.trim_start_matches('-');
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().expect("pixels") };
        sign * (whole * 10 + rest.parse::<i64>().expect("tenths"))
    };
    let mut y = tenths(line.split(['M', ' ', 'v', 'h']).nth(2).expect("a start"));
    let mut found = Vec::new();
    for part in line.split_inclusive(['v', 'h']).collect::<Vec<_>>().windows(2) {
        let number = part[1].trim_end_matches(['v', 'h']);
        match part[0].ends_with('v') {
            true => y += tenths(number),
            false => found.push(y),
        }
    }
    assert_eq!(found, expected);
}

/// A file of its own for one test; it is taken away at the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Reports of so many meters with a year of quarter hours each, every seventh missing and every
/// fifth estimated.
fn year(name: &str, meters: usize) -> Scratch {
    let model = fs::read_to_string(sample("867/interval-15-minute-autumn-day.model.json"));
    let mut report =
        serde_json::from_str::<Value>(&model.expect("it is there")).expect("JSON")[0].take();
    let (points, zone) = (35_040_usize, "America/Chicago");
    let quality = |n: usize| match n {
        n if n % 7 == 3 => Value::Null,
        n if n % 5 == 0 => json!({"meaning": "estimated", "raw": "KA"}),
        _ => json!({"meaning": "actual", "raw": "QD"}),
    };
    let qualities: Vec<Value> =
        (0..points).map(|n| json!({"points": 1, "quality": quality(n)})).collect();
    let value = |n: usize| (n % 7 != 3).then(|| format!("{}.{}", n * 7_919 % 97, n % 10));
    let quantities: Vec<Option<String>> = (0..points).map(value).collect();
    let mut series = report["sections"][1]["items"][0]["series"].take();
    series["start"] = json!("2026-01-01T06:00:00Z");
    (series["zone"], series["quality"]) = (json!(zone), json!(qualities));
    series["quantities"] = json!(quantities);
    let mut section = report["sections"][1].take();
    section["items"] = json!([{ "series": series }]);
    let sections = (0..meters).map(|meter| {
        let mut section = section.clone();
        section["meter"] = json!(format!("8840{meter:04}"));
        section
    });
    report["sections"] = sections.collect();
    let path = std::env::temp_dir().join(format!("tieline-{}-{name}.json", std::process::id()));
    fs::write(&path, json!([{ "usage_report": report }]).to_string()).expect("it can be written");
    Scratch(path)
}

#[test]
fn the_worst_chart_there_can_be_is_small_and_a_ninth_series_is_refused() {
    let eight = year("eight", 8);
    let svg = drawn(eight.0.to_str().expect("it is text"), &[]);
    assert!(svg.len() < 300_000, "{} bytes", svg.len());
    assert!(svg.contains("8 Mar: 23 hours, 92 intervals") && svg.contains("100 intervals"));
    let nine = year("nine", 9);
    let nine = nine.0.to_str().expect("it is text");
    let (code, out, err) = chart(nine, &[]);
    assert_eq!((code, out.as_str()), (exit::FINDINGS, ""));
    assert!(err.contains("more than 8 series") && err.contains("--meter"), "{err}");
    let one = drawn(
        nine,
        &["--meter", "88400008", "--since", "2026-11-01", "--until", "2026-11-01", "--table"],
    );
    // 5000 intervals or so of the day of 25 hours: every seventh of the hundred is missing.
    let day = one.lines().last().expect("a day");
    assert!(day.starts_with("2026-11-01     25"), "{one}");
    let numbers: Vec<u32> =
        day.split_whitespace().skip(5).map(|it| it.parse().expect("a count")).collect();
    assert_eq!((numbers[0] + numbers[3], numbers[1]), (100, 100), "{one}");
}

#[test]
fn what_has_no_intervals_is_refused() {
    let (code, _, err) = chart(&sample("867/monthly-two-meters.edi"), &[]);
    assert_eq!(code, exit::FINDINGS);
    assert!(err.contains("there are no intervals in it"), "{err}");
    let autumn = sample("867/interval-15-minute-autumn-day.edi");
    assert_eq!(chart(&autumn, &["--meter", "1"]).0, exit::FINDINGS);
    assert_eq!(chart(&autumn, &["--since", "2026-11-02"]).0, exit::FINDINGS);
    let days = ["--since", "2026-11-02", "--until", "2026-11-01"];
    assert_eq!(chart(&autumn, &days).0, exit::USAGE);
}
