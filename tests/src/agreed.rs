//! What a sample is checked against: the standard alone, or the guides of its case.

use std::fs;
use std::sync::Arc;

use tieline_partner::{GuideFile, PartnerBook, builtin};
use tieline_x12::check::Plans;
use tieline_x12::guide::Guide;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::sets;
use tieline_x12::table::Release;

use crate::sample::Sample;

/// Guides for some sets; the others are checked against the standard alone.
#[derive(Debug, Default)]
pub struct Agreed {
    guides: Vec<Guide>,
}

impl Agreed {
    /// What a broken sample is checked against: the guide beside it, the built-in guide its folder
    /// is named for, or the standard alone.
    pub fn with_the_folder(sample: &Sample) -> Agreed {
        let beside = sample.beside("guide.toml");
        if let Ok(text) = fs::read_to_string(&beside) {
            let read = GuideFile::read(sample.name(), &beside.display().to_string(), &text);
            let file = read.unwrap_or_else(|errors| panic!("{}", errors[0]));
            return Agreed { guides: vec![file.guide] };
        }
        let guide = sample.case.strip_prefix("broken/guides/").and_then(|it| it.split_once('/'));
        match guide {
            Some((name, _)) => Agreed::with_utility(&[name]),
            None => Agreed::default(),
        }
    }

    /// The built-in guides a valid sample meets: the one of its set, and for an 867 the one that the
    /// first word of its name says.
    pub fn with_the_trade(sample: &Sample) -> Agreed {
        let usage = ["867-interval", "867-historical"]
            .into_iter()
            .find(|guide| sample.case.starts_with(&guide.replace('-', "/")));
        Agreed::with_utility(&[
            "810-commercial",
            "814-account-setup",
            "820-remittance",
            "824-advice",
            usage.unwrap_or("867-monthly"),
        ])
    }

    fn with_utility(names: &[&str]) -> Agreed {
        let guides = names.iter().map(|name| {
            let file = builtin::find(&format!("utility/{name}"));
            file.unwrap_or_else(|| panic!("no built-in guide utility/{name}")).guide.clone()
        });
        Agreed { guides: guides.collect() }
    }
}

impl Plans for Agreed {
    fn plan(&self, _: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let is_meant = |it: &&Guide| it.set.as_bytes() == set && it.release == release;
        compiled(release, set, self.guides.iter().find(is_meant))
    }
}

/// The guides of the partners in `partners/`, chosen by the ids of the interchange.
#[derive(Debug)]
pub struct Partners(pub PartnerBook);

impl Plans for Partners {
    fn plan(&self, header: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let partner = self.0.find_by_isa(header.sender(), header.receiver());
        let plan = partner.and_then(|(partner, way)| partner.plan(set, release, way));
        plan.cloned().or_else(|| Plan::standard(release, set))
    }
}

fn compiled(release: Release, set: &[u8], guide: Option<&Guide>) -> Option<Arc<Plan>> {
    let Some(guide) = guide else { return Plan::standard(release, set) };
    let table = sets::find(release, set)?;
    Some(Arc::new(Plan::compile(table, Some(guide)).expect("the guide fits its set")))
}
