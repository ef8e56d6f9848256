//! 810.

mod broken;

mod generated;

mod partners;

mod unusual;

mod values;

use tieline_mapping::invoice_810;
use tieline_model::bill::Bill;
use tieline_sample::corpus::Request;
use tieline_sample::{Choices, Kind};

use crate::document::recipe;
use crate::mapping::Mapping;

const INVOICE: Mapping<Bill> =
    Mapping { kind: Kind::Invoice, read: invoice_810::read, write: invoice_810::write };

#[test]
fn samples_of_bills_are_read_as_beside_and_written_as_they_were() {
    INVOICE.assert_samples(6);
}

#[test]
fn what_the_recipe_of_bills_makes_is_written_as_it_was_read() {
    for seed in 0..40 {
        let charges = Some(seed as u16 * 4);
        let choices = Choices { charges, number: seed as u32 + 1, ..Choices::default() };
        let request = Request { seed, count: 3, choices, ..Request::of(Kind::Invoice) };
        INVOICE.assert_same_file(&recipe(&request), &format!("seed {seed}"));
    }
}
