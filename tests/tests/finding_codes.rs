//! `docs/finding-codes.md` is both catalogues, written out. `UPDATE_EXPECT=1` writes it anew.

use std::fmt::Write;

use tieline_mapping::business::{self, BusinessOptions};
use tieline_x12::catalogue::CATALOGUE;
use tieline_x12::table::Release;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/finding-codes.md");

/// The first two digits of a number, and what they are about.
const LEVELS: &[(u16, &str)] = &[
    (0, "The file"),
    (1, "The interchange"),
    (2, "The functional group"),
    (3, "Segments and the transaction set"),
    (4, "Elements"),
    (5, "The rules between elements"),
    (6, "The partner's guide"),
];

fn page() -> String {
    let mut page = "# Finding codes\n\n\
        What a report can say about a document, by code. `E` is an error, which rejects the set, \
        group or\ninterchange it is in; `W` is a warning, which rejects nothing. `tieline explain \
        X12-E0406` shows one of\nthem. Business findings stand at the end. This page is written from \
        the catalogues in\n`crates/x12/src/catalogue.rs` and `crates/mapping/src/business/catalogue.rs`.\n"
        .to_string();
    for (level, heading) in LEVELS {
        let _ = writeln!(page, "\n## {heading}");
        for entry in CATALOGUE.iter().filter(|entry| entry.number / 100 == *level) {
            let _ = writeln!(page, "\n### {}: {}\n", entry.code(), entry.title);
            let mut lines = entry.meaning.lines();
            let _ = writeln!(page, "{}", lines.next().unwrap_or_default());
            for line in lines {
                let (wrong, right) = line.split_once(" -> ").expect("an example has two sides");
                let _ = writeln!(page, "\n```text\nwrong  {wrong}\nright  {right}\n```");
            }
            let _ = writeln!(page, "\nHelp: {}.", entry.remedy);
        }
    }
    page + &business_page()
}

/// The first digit of a business finding, and what it is about.
const DOCUMENTS: &[(u16, &str)] =
    &[(1, "Business: usage"), (2, "Business: bills"), (3, "Business: payments")];

fn business_page() -> String {
    let options = BusinessOptions::default();
    let mut page = String::new();
    for (level, heading) in DOCUMENTS {
        let _ = writeln!(page, "\n## {heading}");
        if *level == 1 {
            page += "\nWhat is wrong with a document that keeps the standard. No acknowledgment refuses \
                anything for it: an\napplication advice (824) answers it, with the code named below \
                unless the partner has another.\nHow bad each finding is, and whether it is looked for, \
                is a partner's option.\n";
        }
        for entry in business::CATALOGUE.iter().filter(|it| it.code.number() / 100 == *level) {
            let _ = writeln!(page, "\n### {}: {}\n\n{}", entry.code, entry.title, entry.meaning);
            let reason = options.reason(entry.code);
            let severity = entry.severity.as_str();
            let _ =
                writeln!(page, "\nSeverity: {severity}. Advice: {} {}.", reason.code, reason.text);
            let _ = writeln!(page, "\nHelp: {}.", entry.remedy);
        }
    }
    page
}

#[test]
fn the_page_is_the_catalogue() {
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(PAGE).expect("the page is there");
    assert!(kept == page, "docs/finding-codes.md differs; UPDATE_EXPECT=1 writes it anew");
}

#[test]
fn every_level_has_a_heading() {
    for entry in CATALOGUE {
        assert!(LEVELS.iter().any(|(level, _)| *level == entry.number / 100), "{}", entry.number);
        assert!(Release::ALL.iter().all(|release| entry.ack(*release).count() > 0));
    }
    for entry in business::CATALOGUE {
        let level = entry.code.number() / 100;
        assert!(DOCUMENTS.iter().any(|(known, _)| *known == level), "{}", entry.code);
    }
}
