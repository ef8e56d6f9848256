//! Any bytes as messages of SFTP, as a server reads them and as a client does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::{random, windows};
use tieline_transport::sftp::fuzzing;

fuzz_target!(init: tieline_fuzz::write(&fuzzing::seeds()), |data: &[u8]| {
    fuzzing::read_anything(data);
    let mut random = random(data);
    fuzzing::cut_anywhere(data, &windows(&mut random, data));
});
