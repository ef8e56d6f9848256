//! Accepted documents: written with other separators they read back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::{delimiters, plant_documents, random};
use tieline_x12::check::Standard;
use tieline_x12::compose;
use tieline_x12::document::Document;

fuzz_target!(init: plant_documents(), |data: &[u8]| {
    let document = Document::read(data, &Standard);
    assert_eq!(document.write(), data);
    if !document.is_accepted() {
        return;
    }
    let mut random = random(data);
    for interchange in &document.interchanges {
        let Some(draft) = document.draft(interchange) else { continue };
        let Ok(bytes) = compose::write(&draft, &delimiters(&mut random)) else { continue };
        let again = Document::read(&bytes, &Standard);
        assert!(again.is_accepted(), "{:?}", again.findings);
        let mut draft = draft;
        tidy(&mut draft);
        let mut read = again.draft(&again.interchanges[0]).expect("what was written is text");
        tidy(&mut read);
        assert_eq!(draft, read);
    }
});

/// What is empty at the end of a segment or of a composite is not written.
fn tidy(interchange: &mut compose::Interchange) {
    let sets = interchange.groups.iter_mut().flat_map(|group| &mut group.sets);
    let bodies = sets.flat_map(|set| &mut set.segments);
    for segment in bodies.chain(&mut interchange.acknowledgments) {
        for element in &mut segment.elements {
            match element {
                compose::Element::Simple(_) => {}
                compose::Element::Composite(components) => {
                    trim(components);
                    if let [] | [_] = components[..] {
                        let value = components.pop().unwrap_or_default();
                        *element = compose::Element::Simple(value);
                    }
                }
                compose::Element::Repeated(repetitions) => repetitions.iter_mut().for_each(trim),
            }
        }
        while segment
            .elements
            .pop_if(|last| *last == compose::Element::Simple(String::new()))
            .is_some()
        {}
    }
}

fn trim(components: &mut Vec<String>) {
    while components.pop_if(|last| last.is_empty()).is_some() {}
}
