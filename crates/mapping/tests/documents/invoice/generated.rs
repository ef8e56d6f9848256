//! Bills made of numbers: written and read again they are the same, and so is what no field means.

use tieline_mapping::options::{Options, Sign};
use tieline_x12::compose::{Element, Segment};

use super::INVOICE;
use crate::shared::random::Random;

#[test]
fn a_bill_that_was_written_is_read_as_it_was() {
    for credits in [Sign::Same, Sign::Opposite] {
        let mut options = Options::default();
        options.invoice.credits = credits;
        for seed in 0..400 {
            let bill = Random(seed).bill();
            let segments = INVOICE.write_with(&bill, &options);
            let back = INVOICE
                .read_with(&segments, &options)
                .unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(back, bill, "seed {seed}");
            let again = INVOICE.write_with(&back, &options);
            assert_eq!(again, segments, "seed {seed}");
        }
    }
}

impl Random {
    /// The document with things in it that no field means.
    fn with_more(&mut self, document: Vec<Segment>) -> Vec<Segment> {
        let mut more = Vec::new();
        for mut segment in document {
            let unknown = match segment.id.as_str() {
                "REF" => Some("REF*ZZ*7"),
                "DTM" => Some("DTM*405*20260404"),
                "PID" => Some("PID*S**AB*1"),
                "BAL" => Some("BAL*M*PB"),
                _ => None,
            };
            let element = match segment.id.as_str() {
                "BIG" => 10,
                "CTT" => 2,
                "DTM" => 6,
                "ITD" => 13,
                "PID" => 2,
                "QTY" => 4,
                "SAC" => 16,
                "SLN" => 4,
                "TXI" => 10,
                _ => 0,
            };
            if element > 0 && self.below(3) == 0 {
                let length = segment.elements.len().max(element);
                segment.elements.resize(length, Element::Simple(String::new()));
                segment.elements[element - 1] = Element::Simple("9".to_string());
            }
            let extra = unknown.map(Segment::shorthand);
            let (before, after) = (self.below(4) == 0, self.below(4) == 0);
            more.extend(extra.clone().filter(|_| before));
            more.push(segment);
            more.extend(extra.filter(|_| after));
        }
        more
    }
}

#[test]
fn what_no_field_means_is_written_where_it_was() {
    let options = Options::default();
    let mut left = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let bill = random.bill();
        let segments = INVOICE.write_with(&bill, &options);
        let document = random.with_more(segments);
        let back = INVOICE.assert_same(&document, &options);
        left += back.residue.places().count();
        let again = INVOICE.read_with(&document, &options);
        assert_eq!(again.as_ref(), Ok(&back), "seed {seed}");
    }
    assert!(left > 1_000, "{left}");
}
