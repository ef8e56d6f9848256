//! The composites: elements that are made of components.
//!
//! A composite stands once where both releases have the same form of it, otherwise once for each.

use crate::table::Syntax::P;
use crate::table::{Composite, ElementUse, Release, Releases};

/// The composite `id` as `release` has it; `None` when it has no such composite.
pub fn composite(release: Release, id: &str) -> Option<&'static Composite> {
    let first = COMPOSITES.partition_point(|composite| composite.id < id);
    COMPOSITES[first..]
        .iter()
        .take_while(|composite| composite.id == id)
        .find(|composite| composite.releases.has(release))
}

/// Every composite the segments use, by id and then by release.
pub const COMPOSITES: &[Composite] = &[
    Composite {
        id: "C001",
        name: "unit of measure composite",
        releases: Releases::All,
        components: &[
            must("355", "unit of measure"),
            may("1018", "exponent"),
            may("649", "multiplier"),
            may("355", "unit of measure"),
            may("1018", "exponent"),
            may("649", "multiplier"),
            may("355", "unit of measure"),
            may("1018", "exponent"),
            may("649", "multiplier"),
            may("355", "unit of measure"),
            may("1018", "exponent"),
            may("649", "multiplier"),
            may("355", "unit of measure"),
            may("1018", "exponent"),
            may("649", "multiplier"),
        ],
        syntax: &[],
    },
    Composite {
        id: "C002",
        name: "paperwork actions",
        releases: Releases::All,
        components: &[
            must("704", "paperwork action"),
            may("704", "paperwork action"),
            may("704", "paperwork action"),
            may("704", "paperwork action"),
            may("704", "paperwork action"),
        ],
        syntax: &[],
    },
    Composite {
        id: "C007",
        name: "amount qualifying description",
        releases: Releases::Only(Release::V005010),
        components: &[
            must("522", "amount qualifier"),
            may("522", "amount qualifier"),
            may("1638", "value detail"),
            may("935", "measurement significance"),
            may("344", "time period unit"),
            may("1637", "net or gross"),
            may("935", "measurement significance"),
            may("352", "description"),
            may("1271", "industry code"),
            may("1270", "code list qualifier"),
        ],
        syntax: &[P(&[9, 10])],
    },
    Composite {
        id: "C030",
        name: "position in segment",
        releases: Releases::Only(Release::V004010),
        components: &[
            must("722", "element position in segment"),
            may("1528", "component position"),
        ],
        syntax: &[],
    },
    Composite {
        id: "C030",
        name: "position in segment",
        releases: Releases::Only(Release::V005010),
        components: &[
            must("722", "element position in segment"),
            may("1528", "component position"),
            may("1686", "repetition position"),
        ],
        syntax: &[],
    },
    Composite {
        id: "C040",
        name: "reference identifiers",
        releases: Releases::All,
        components: &[
            must("128", "reference qualifier"),
            must("127", "reference id"),
            may("128", "reference qualifier"),
            may("127", "reference id"),
            may("128", "reference qualifier"),
            may("127", "reference id"),
        ],
        syntax: &[P(&[3, 4]), P(&[5, 6])],
    },
    Composite {
        id: "C056",
        name: "race or ethnicity composite",
        releases: Releases::Only(Release::V005010),
        components: &[
            may("1109", "race or ethnicity"),
            may("1270", "code list qualifier"),
            may("1271", "industry code"),
        ],
        syntax: &[P(&[2, 3])],
    },
    Composite {
        id: "C998",
        name: "context identification",
        releases: Releases::Only(Release::V005010),
        components: &[must("9999", "context name"), may("9998", "context reference")],
        syntax: &[],
    },
    Composite {
        id: "C999",
        name: "reference in segment",
        releases: Releases::Only(Release::V005010),
        components: &[
            must("725", "element reference number"),
            may("725", "element reference number"),
        ],
        syntax: &[],
    },
];

const fn must(element: &'static str, name: &'static str) -> ElementUse {
    ElementUse::must(element, name)
}

const fn may(element: &'static str, name: &'static str) -> ElementUse {
    ElementUse::may(element, name)
}
