//! The guides that ship with the program: what electric utilities usually ask for.
//!
//! They hold what the published guides of electric utilities have in common, and narrow the standard no
//! further than that. A partner's guide starts from one by naming it as its `base`.

use std::sync::LazyLock;

use crate::guide_file::{self, GuideFile};
use crate::toml_file::Source;

macro_rules! guides {
    ($($name:literal),* $(,)?) => {
        [$((
            concat!("utility/", $name),
            concat!("guides/", $name, ".guide.toml"),
            include_str!(concat!("../guides/", $name, ".guide.toml")),
        )),*]
    };
}

/// The name, the file and the text of each.
const GUIDES: [(&str, &str, &str); 7] = guides![
    "810-commercial",
    "814-account-setup",
    "820-remittance",
    "824-advice",
    "867-monthly",
    "867-interval",
    "867-historical",
];

static ALL: LazyLock<Vec<GuideFile>> = LazyLock::new(|| {
    let read = |(name, file, text): &(&str, &str, &str)| {
        let source = Source { file: file.to_string(), text: text.to_string() };
        guide_file::read(name, &source, &[]).expect("a test reads every built-in guide")
    };
    GUIDES.iter().map(read).collect()
});

/// Every built-in guide, set by set.
pub fn all() -> &'static [GuideFile] {
    &ALL
}

/// The built-in guide of that name, e.g. `utility/867-interval`.
pub fn find(name: &str) -> Option<&'static GuideFile> {
    all().iter().find(|file| file.guide.name == name)
}

#[cfg(test)]
mod tests {
    use tieline_x12::sets;
    use tieline_x12::table::Release;

    use super::*;

    #[test]
    fn every_built_in_guide_reads() {
        for (name, file, text) in GUIDES {
            let source = Source { file: file.to_string(), text: text.to_string() };
            if let Err(errors) = guide_file::read(name, &source, &[]) {
                let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
                panic!("{}", shown.join("\n\n"));
            }
        }
    }

    #[test]
    fn every_built_in_guide_fits_both_releases() {
        for file in all() {
            for release in Release::ALL {
                if sets::find(release, file.guide.set.as_bytes()).is_none() {
                    continue;
                }
                if let Err(errors) = file.plan(release) {
                    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
                    panic!("{release}\n{}", shown.join("\n\n"));
                }
            }
        }
    }

    #[test]
    fn every_rule_says_what_to_send_instead() {
        for file in all() {
            let guide = &file.guide;
            assert!(!guide.title.is_empty(), "{}", guide.name);
            assert!((6..=16).contains(&guide.rules.len()), "{}", guide.name);
            for rule in &guide.rules {
                let place = format!("{} {}", guide.name, rule.id);
                assert!(rule.note.is_some(), "{place} has no note");
                let short = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
                assert!(short, "{place} is no id of small letters");
            }
        }
    }

    #[test]
    fn a_guide_is_found_by_its_name() {
        let guide = &find("utility/867-interval").expect("it is built in").guide;
        assert_eq!((guide.set.as_str(), guide.name.as_str()), ("867", "utility/867-interval"));
        assert!(find("utility/850").is_none());
    }
}
