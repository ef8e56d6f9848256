//! The frames that a partner usually has, set by set.

use crate::profile::{AcknowledgmentKind, Direction, Profile};

/// The frames that a partner usually has, as files of its folder `frames`: the worksheet, the
/// connection, each set with what is special about it, the acknowledgments.
pub fn usual(profile: &Profile) -> Vec<(String, String)> {
    let mut files = vec![
        ("0-worksheet.toml".to_string(), WORKSHEET.to_string()),
        ("1-connection.toml".to_string(), CONNECTION.to_string()),
    ];
    let mut acknowledged = String::new();
    for (n, document) in profile.documents.iter().enumerate() {
        let (set, direction) = (document.set.as_str(), document.direction.as_str());
        if matches!(set, "997" | "999") {
            continue;
        }
        let mut text = format!("title = \"{set} {direction}\"\nneeds = [\"1-connection\"]\n");
        for (id, title, more) in scenarios(set, document.direction) {
            text += &format!(
                "\n[[scenarios]]\nid = \"{id}\"\ntitle = \"{title}\"\nset = \"{set}\"\n\
                 direction = \"{direction}\"\n{more}"
            );
        }
        files.push((format!("{}-{set}-{direction}.toml", n + 2), text));
        let (answer, way) = match document.direction {
            Direction::Out => (profile.envelope.acknowledge.expect, "in"),
            Direction::In => (profile.envelope.acknowledge.send, "out"),
        };
        let answer = match document.acknowledgment.unwrap_or(answer) {
            AcknowledgmentKind::Functional => "997",
            AcknowledgmentKind::Implementation => "999",
            AcknowledgmentKind::None => continue,
        };
        acknowledged += &format!(
            "\n[[scenarios]]\nid = \"{set}-{direction}\"\ntitle = \"the {set} is answered with a {answer}\"\n\
             set = \"{answer}\"\ndirection = \"{way}\"\ncontains = [\"AK2*{set}\"]\n"
        );
    }
    if !acknowledged.is_empty() {
        let head = "title = \"acknowledgments\"\nneeds = [\"1-connection\"]\n";
        let name = format!("{}-acknowledgments.toml", profile.documents.len() + 2);
        files.push((name, format!("{head}{acknowledged}")));
    }
    files
}

const WORKSHEET: &str = "\
title = \"worksheet and authorization\"

[[scenarios]]
id = \"worksheet\"
title = \"the profile says all that is needed\"
about = \"worksheet\"

[[scenarios]]
id = \"authorization\"
title = \"a customer's authorization is in force, where one is needed\"
about = \"authorization\"
";

const CONNECTION: &str = "\
title = \"connection\"
needs = [\"0-worksheet\"]

[[scenarios]]
id = \"round-trip\"
title = \"files went both ways\"
about = \"connection\"
";

/// What is special about a set: an id, a title, and the lines that ask for it.
fn scenarios(set: &str, direction: Direction) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = match set {
        "867" => vec![
            ("usual", "a report without an error", "contains = [\"PTD/QTY\"]\n"),
            ("cancel", "a report that takes one back", "contains = [\"BPT*01\"]\n"),
        ],
        "810" => vec![
            ("usual", "a bill without an error", "contains = [\"IT1\"]\n"),
            ("cancel", "a bill that takes one back", "contains = [\"BIG[08=01]\"]\n"),
        ],
        "820" => vec![
            ("usual", "a payment of several accounts", "contains = [\"ENT/RMR\"]\n"),
            ("adjustment", "a payment of less than was billed", "contains = [\"ENT/RMR/ADX\"]\n"),
        ],
        _ => vec![("usual", "a document without an error", "")],
    };
    if direction == Direction::In {
        all.push(("wrong", "one with an error, which we reject", "outcome = \"rejected\"\n"));
    }
    all
}
