//! The valid documents of `samples/` and of the recipes: read into the model, written again as they
//! were.

#[path = "shared/samples.rs"]
mod shared;

use std::fs;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::{Mapped, recipe};
use tieline_mapping::{invoice_810, usage_867};
use tieline_model::bill::Bill;
use tieline_model::usage::UsageReport;
use tieline_sample::corpus::Request;
use tieline_sample::{Choices, IntervalLength, Kind};

const USAGE: Mapped<UsageReport> =
    Mapped { code: "867", read: usage_867::read, write: usage_867::write };

const INVOICE: Mapped<Bill> =
    Mapped { code: "810", read: invoice_810::read, write: invoice_810::write };

/// Every sample is read into the model beside it and written byte for byte as it was.
fn assert_samples<M>(set: &Mapped<M>, least: usize)
where
    M: std::fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    for path in set.samples(least) {
        let bytes = fs::read(&path).expect("a sample can be read");
        set.assert_same(&bytes, &path.display().to_string());
        set.assert_as_beside(&path);
    }
}

#[test]
fn samples_of_usage_are_read_as_beside_and_written_as_they_were() {
    assert_samples(&USAGE, 18);
}

#[test]
fn what_the_recipes_of_usage_make_is_written_as_it_was_read() {
    let kinds = [Kind::UsageMonthly, Kind::UsageInterval, Kind::UsageHistorical];
    let lengths = [IntervalLength::Minutes15, IntervalLength::Minutes30, IntervalLength::Minutes60];
    for kind in kinds {
        for (seed, interval) in (1..).zip(lengths) {
            let meters = Some(if kind == Kind::UsageInterval { 1 } else { 3 });
            for net_metering in [false, true] {
                let choices = Choices { interval, meters, net_metering, ..Choices::default() };
                let request = Request { seed, count: 2, choices, ..Request::of(kind) };
                USAGE.assert_same(&recipe(&request), &format!("{kind:?} {seed}"));
            }
        }
    }
}

#[test]
fn samples_of_bills_are_read_as_beside_and_written_as_they_were() {
    assert_samples(&INVOICE, 6);
}

#[test]
fn what_the_recipe_of_bills_makes_is_written_as_it_was_read() {
    for seed in 0..40 {
        let charges = Some(seed as u16 * 4);
        let choices = Choices { charges, number: seed as u32 + 1, ..Choices::default() };
        let request = Request { seed, count: 3, choices, ..Request::of(Kind::Invoice) };
        INVOICE.assert_same(&recipe(&request), &format!("seed {seed}"));
    }
}
