//! Documents to the model and back: a set that can be read can be written, also after our JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::plant_documents;
use tieline_mapping::document;
use tieline_mapping::options::Options;
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

fuzz_target!(init: plant_documents(), |data: &[u8]| {
    let document = Document::read(data, &Standard);
    let options = Options::default();
    for set in document.sets() {
        let Ok(record) = document::read(set, &options) else { continue };
        if !document.is_accepted() {
            // Of a wrong set something may be missing, and writing may refuse it; neither panics.
            let _ = document::write(&record, &options);
            continue;
        }
        let written = document::write(&record, &options).expect("what was read can be written");
        let json = serde_json::to_vec(&record).expect("a record is plain data");
        let again: tieline_model::record::Record =
            serde_json::from_slice(&json).expect("our own JSON can be read");
        let again = document::write(&again, &options).expect("what was read can be written");
        assert_eq!(written, again, "JSON has lost something");
    }
});
