//! `sarif`: SARIF 2.1.0, which code scanners and editors read.
//!
//! An interchange is often one line, so that a line says nothing: regions are in bytes, and the way
//! down to the element is a logical location. Messages hold no data of the document.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use tieline_mapping::business;
use tieline_x12::catalogue;
use tieline_x12::finding::{Severity, code};

use crate::report::{self, FileReport, Report, Told, Verdict};

/// A SARIF log with one run.
pub(super) struct Sarif;

struct SarifFile<'w>(Box<dyn Write + 'w>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: String,
    level: &'static str,
    message: Text<'a>,
    locations: [Location<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'a>; 1]>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    byte_offset: u64,
    byte_length: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    name: String,
    fully_qualified_name: &'a str,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text<'static>,
    full_description: Text<'static>,
    help: Text<'static>,
    default_configuration: Level,
}

#[derive(Debug, Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Debug, Serialize)]
struct Artifact {
    location: ArtifactLocation,
    length: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Debug, Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Text<'a>,
    locations: [Location<'a>; 1],
}

impl Report for Sarif {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(
            b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\
              \"version\":\"2.1.0\",\"runs\":[{\"results\":[",
        )
    }

    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(SarifFile(out))
    }

    fn joint(&self) -> &'static str {
        ","
    }

    fn end(&self, out: &mut dyn Write, verdicts: &[Verdict]) -> io::Result<()> {
        let tool = serde_json::to_string(&tool(verdicts))?;
        let artifacts: Vec<Artifact> = verdicts
            .iter()
            .map(|verdict| Artifact {
                location: ArtifactLocation { uri: uri(&verdict.file) },
                length: verdict.totals.bytes,
            })
            .collect();
        let artifacts = serde_json::to_string(&artifacts)?;
        let invocation = serde_json::to_string(&invocation(verdicts))?;
        writeln!(
            out,
            "],\"tool\":{tool},\"artifacts\":{artifacts},\"invocations\":[{invocation}]}}]}}"
        )
    }
}

impl FileReport for SarifFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        let (found, at) = (told.found, told.found.at());
        let message = found.message();
        let region = Region {
            start_line: at.line.max(1),
            byte_offset: at.offset,
            byte_length: found.length(),
        };
        let logical = LogicalLocation {
            name: found.element_name(),
            fully_qualified_name: found.path(),
            kind: if at.element > 0 { "element" } else { "segment" },
        };
        let result = Finding {
            rule_id: found.code(),
            level: found.level().in_sarif(),
            message: Text { text: &message },
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: ArtifactLocation { uri: uri(told.file) },
                    region: Some(region),
                },
                logical_locations: (!found.path().is_empty()).then_some([logical]),
            }],
        };
        self.0.write_all(b",")?;
        serde_json::to_writer(&mut self.0, &result)?;
        Ok(())
    }

    fn end(&mut self, _: &Verdict) -> io::Result<()> {
        self.0.flush()
    }
}

/// The tool with a rule for each kind of finding there was.
fn tool(verdicts: &[Verdict]) -> Tool {
    let mut kinds: Vec<(Severity, u16)> =
        verdicts.iter().flat_map(|verdict| verdict.codes.iter().copied()).collect();
    kinds.sort_by_key(|(severity, number)| (*number, *severity));
    kinds.dedup();
    let rule = |(severity, number): (Severity, u16)| {
        let entry = catalogue::entry(number)?;
        Some(Rule {
            id: code(severity, number),
            short_description: Text { text: entry.title },
            full_description: Text { text: entry.meaning },
            help: Text { text: entry.remedy },
            default_configuration: Level { level: severity.as_str() },
        })
    };
    Tool {
        driver: Driver {
            name: "tieline",
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: kinds.into_iter().filter_map(rule).chain(business_rules(verdicts)).collect(),
        },
    }
}

/// A rule for each kind of business finding there was.
fn business_rules(verdicts: &[Verdict]) -> Vec<Rule> {
    let kinds: BTreeSet<_> = verdicts.iter().flat_map(|verdict| &verdict.business_codes).collect();
    let rule = |(code, severity): &(business::Code, business::Severity)| Rule {
        id: code.to_string(),
        short_description: Text { text: code.entry().title },
        full_description: Text { text: code.entry().meaning },
        help: Text { text: code.entry().remedy },
        default_configuration: Level { level: report::Level::from(*severity).in_sarif() },
    };
    kinds.into_iter().map(rule).collect()
}

fn invocation(verdicts: &[Verdict]) -> Invocation<'_> {
    let unread = verdicts.iter().filter_map(|verdict| Some((verdict, verdict.failure.as_ref()?)));
    let notifications: Vec<Notification<'_>> = unread
        .map(|(verdict, failure)| Notification {
            level: "error",
            message: Text { text: &failure.message },
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: ArtifactLocation { uri: uri(&verdict.file) },
                    region: None,
                },
                logical_locations: None,
            }],
        })
        .collect();
    Invocation {
        execution_successful: notifications.is_empty(),
        tool_execution_notifications: notifications,
    }
}

/// A path as a relative or absolute reference.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for b in file.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(b));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => uri += &format!("%{b:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("in box/b\u{e9}.edi"), "in%20box/b%C3%A9.edi");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
