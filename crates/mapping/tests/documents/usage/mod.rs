//! 867.

mod generated;
mod lengths;

mod stamps;

mod unusual;

use tieline_mapping::usage_867;
use tieline_model::usage::UsageReport;
use tieline_sample::corpus::Request;
use tieline_sample::{Choices, IntervalLength, Kind};

use crate::document::recipe;
use crate::mapping::Mapping;

const USAGE: Mapping<UsageReport> =
    Mapping { kind: Kind::UsageMonthly, read: usage_867::read, write: usage_867::write };

#[test]
fn samples_of_usage_are_read_as_beside_and_written_as_they_were() {
    USAGE.assert_samples(18);
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
                USAGE.assert_same_file(&recipe(&request), &format!("{kind:?} {seed}"));
            }
        }
    }
}
