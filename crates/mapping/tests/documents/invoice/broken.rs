//! Bills with mistakes: read or refused, and never more than that.

use std::fs;

use tieline_mapping::invoice_810;
use tieline_mapping::options::Options;
use tieline_sample::Kind;
use tieline_x12::check::Standard;
use tieline_x12::compose::{Element, Segment};
use tieline_x12::document::Document;

use super::unusual::UNUSUAL;
use crate::document::{lines, read_set, segments};
use crate::shared::samples;

/// The unusual bill without what the standard does not let it have.
fn valid() -> String {
    let wrong = [
        ("QTY*QD*7*KH*X", "QTY*QD*7*KH"),
        ("TXI*LS***CD***I", "TXI*LS*1**CD*X**I"),
        ("*975**4", "*975"),
        ("IT1**0*EA", "IT1**0*EA*1"),
        ("CAD*M\n", "\n"),
    ];
    let mut text = UNUSUAL.replace("LM*LB", "LM*EU");
    for (from, to) in wrong {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Every segment of a bill left out, doubled or moved; every element emptied or replaced. What the
/// check finds nothing wrong with is written as it was, or refused for what the options can mend.
#[test]
fn a_bill_that_was_changed_is_read_and_written_as_it_is_or_refused() {
    let options = Options::default();
    let document = segments(&valid());
    let (mut refused, mut same) = (0, 0);
    let mut try_it = |broken: Vec<Segment>| {
        let (errors, bill) = read_set(Kind::Invoice, &broken, |set| {
            let errors = set.outcome().map(|outcome| outcome.errors);
            (errors, invoice_810::read(set, &options))
        });
        let Ok(bill) = bill else {
            refused += 1;
            return;
        };
        let written = invoice_810::write(&bill, &options);
        if errors == Some(0) {
            assert_eq!(lines(&written.expect("it can be written")), lines(&broken));
            same += 1;
        }
    };
    for n in 0..document.len() {
        let mut broken = document.clone();
        let segment = broken.remove(n);
        try_it(broken.clone());
        broken.insert((n + 3).min(broken.len()), segment.clone());
        try_it(broken);
        let mut broken = document.clone();
        broken.insert(n, segment);
        try_it(broken);
        for element in 0..document[n].elements.len() {
            let long = "9".repeat(40);
            for text in ["", "ZZ", "-", &long, "\u{df}"].map(|it| Element::Simple(it.into())) {
                let mut broken = document.clone();
                broken[n].elements[element] = text;
                try_it(broken);
            }
            let mut broken = document.clone();
            broken[n].elements[element] = Element::Composite(vec!["A".into(), "B".into()]);
            try_it(broken);
        }
    }
    assert!(refused > 100 && same > 300, "{refused} {same}");
}

#[test]
fn the_broken_samples_do_no_harm() {
    let (mut sets, mut read) = (0, 0);
    for path in samples::files("broken", |name| name.ends_with(".edi")) {
        let bytes = fs::read(path).expect("a sample can be read");
        let document = Document::read(&bytes, &Standard);
        for set in document.sets().filter(|set| set.element(1) == b"810") {
            sets += 1;
            read += usize::from(invoice_810::read(set, &Options::default()).is_ok());
        }
    }
    assert!(sets >= 10 && read >= 5, "{sets} {read}");
}
