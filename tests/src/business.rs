//! The business findings of a file.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use tieline_mapping::business::{BusinessFinding, Judge, is_unsure_after};
use tieline_partner::{PartnerBook, RateBook};
use tieline_x12::check::Plans;
use tieline_x12::document::Document;

use crate::sample::root;

/// A business finding and the byte at which its segment starts.
pub type Placed = (BusinessFinding, u64);

/// The business findings of a file, in its order; our own bills are compared with our rates.
pub fn business_findings(bytes: &[u8], plans: &dyn Plans) -> Vec<Placed> {
    let document = Document::read(bytes, plans);
    let unsure = document.findings.iter().filter(|finding| is_unsure_after(finding));
    let unsure: HashSet<u64> = unsure.map(|finding| finding.at.set).collect();
    let ours = root().join("partners");
    let partners = PartnerBook::load(&ours).expect("the partners are in order");
    let rates = RateBook::load(&ours.join("utility/rates")).expect("the rates are in order");
    let schedules = Arc::new(rates.to_compare());
    let mut judge = Judge::default();
    let mut found = Vec::new();
    for interchange in &document.interchanges {
        let is_ours = partners.is_utility(interchange.header.sender());
        judge.bill_by(is_ours.then(|| Arc::clone(&schedules)));
        let sender = format!("{:?}", interchange.header.sender());
        for set in interchange.groups.iter().flat_map(|group| &group.sets) {
            let number = set.outcome.as_ref().map(|outcome| outcome.number);
            if number.is_none_or(|number| unsure.contains(&number)) {
                continue;
            }
            let root = document.root(set);
            for finding in judge.judge(root, &sender) {
                let segment = root.walk().nth(finding.at.0.max(1) as usize - 1);
                let offset = segment.expect("a finding is at a segment of its set").offset();
                found.push((finding, offset));
            }
        }
    }
    found
}

/// Business findings as `.findings.txt` has them: code, severity, position and message; a line each.
pub fn business_text(found: &[Placed]) -> String {
    let mut text = String::new();
    for (finding, offset) in found {
        let (code, severity, at) = (finding.code, finding.severity.as_str(), finding.at.0);
        let _ = writeln!(text, "{code} {severity} segment {at} (byte {offset}): {}", finding.what);
    }
    text
}
