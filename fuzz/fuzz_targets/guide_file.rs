//! Any text as a guide file: it is read or refused, laid over its set or refused, and checks.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::{plant_guides, samples, table};
use tieline_partner::GuideFile;
use tieline_x12::check::{Plans, check};
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::table::Release;

static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| samples().collect());

/// One plan for its set and release, none for the others.
struct One(Arc<Plan>);

impl Plans for One {
    fn plan(&self, _: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let table = self.0.set();
        let is_it = table.release == release && table.code.as_bytes() == set;
        is_it.then(|| Arc::clone(&self.0))
    }
}

fuzz_target!(init: plant_guides(), |text: &str| {
    let file = match GuideFile::read("fuzz/guide", "fuzz.guide.toml", text) {
        Ok(file) => file,
        Err(errors) => {
            assert!(!errors.is_empty());
            errors.iter().for_each(|error| assert!(!error.to_string().is_empty()));
            return;
        }
    };
    assert_eq!(file.text(), text);
    let guide = &file.guide;
    let Some(table) = table(guide.set.as_bytes(), guide.release) else { return };
    match Plan::compile(table, Some(guide)) {
        Ok(plan) => {
            let plans = One(Arc::new(plan));
            SAMPLES.iter().for_each(|sample| {
                check(sample, &plans, &mut ());
            });
        }
        Err(faults) => {
            for fault in &faults {
                let suggestion = fault.suggestion.as_deref();
                let error = file.fault(fault.rule, fault.key, &fault.message, suggestion);
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
