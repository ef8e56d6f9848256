//! Any bytes as a connection of AS2, and as the texts in its fields.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::{random, windows};
use tieline_transport::as2::fuzzing;

fuzz_target!(init: tieline_fuzz::write(&fuzzing::seeds()), |data: &[u8]| {
    fuzzing::read_anything(data);
    let mut random = random(data);
    fuzzing::follow(data, &windows(&mut random, data));
});
