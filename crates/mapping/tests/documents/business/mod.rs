//! Business findings: none in what is right, one for one mistake, and the advice that tells them.

mod advice;

mod bills;

mod usage;

use tieline_mapping::business::{BusinessFinding, BusinessOptions, Judge, Severity};
use tieline_mapping::options::Options;
use tieline_sample::corpus::Request;
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

use crate::document::recipe;

/// What a judge finds in the sets of a file.
fn judged(bytes: &[u8], mapping: &Options, options: &BusinessOptions) -> Vec<BusinessFinding> {
    let document = Document::read(bytes, &Standard);
    let mut judge = Judge::new(mapping.clone(), options.clone());
    document.sets().flat_map(|set| judge.judge(set, "one sender")).collect()
}

fn assert_right(request: &Request) {
    let bytes = recipe(request);
    let mut found = judged(&bytes, &Options::default(), &BusinessOptions::default());
    found.retain(|finding| finding.severity > Severity::Info);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{:?} {}: {told:?}", request.kind, request.seed);
}

#[test]
fn what_the_recipes_make_is_right() {
    let kinds = [Kind::UsageMonthly, Kind::UsageInterval, Kind::UsageHistorical];
    let lengths = [IntervalLength::Minutes15, IntervalLength::Minutes30, IntervalLength::Minutes60];
    for kind in kinds {
        for (seed, interval) in (1..).zip(lengths) {
            for net_metering in [false, true] {
                let choices = Choices { interval, net_metering, ..Choices::default() };
                assert_right(&Request { seed, count: 3, choices, ..Request::of(kind) });
            }
        }
    }
    for seed in 0..100 {
        let charges = Some(seed as u16 % 60).filter(|charges| *charges > 0);
        let choices = Choices { charges, payments: seed as u32 % 40 + 1, ..Choices::default() };
        for kind in [Kind::Invoice, Kind::Remittance] {
            let choices = choices.clone();
            assert_right(&Request { seed, count: 3, choices, ..Request::of(kind) });
        }
    }
}
