//! Bulk XML: usage and bills of many accounts in one file of our own, whose elements are the fields
//! of the model.
//!
//! The file is `<tieline version="1">` with a `<usage_report>` or `<bill>` for each record;
//! `docs/formats-xml.md` describes it for people. An element is a field under its name in JSON, a
//! list an element with one for each item. A meaning that came with a code has it in `code`, which
//! is empty where none came. Numbers are decimal text with the digits they came with. Instants are
//! RFC 3339 with the offset of the zone that stands beside them. A field that says nothing may be
//! left out.

mod read;

mod series;

mod write;

use super::loss::Holds;
use super::source::ArchiveLimits;

pub use read::Reader;
pub use write::Writer;

/// The fields of the model that the format holds: all of usage reports and bills.
pub const HOLDS: Holds = Holds(&["usage_report", "bill"]);

/// The version of the format.
const VERSION: &str = "1";

/// How bulk XML is read and written.
#[derive(Debug, Clone, Default)]
pub struct BulkXmlOptions {
    /// What an archive may take.
    pub archive: ArchiveLimits,
    /// The name of the document in an archive; `None` writes no archive.
    pub archive_name: Option<String>,
}

/// Why a bulk file cannot be read, or a record not be written to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BulkXmlFault {
    /// Another version.
    #[error("<tieline> has no version=\"{VERSION}\", the only one there is")]
    Version,
    /// A record or a field that is not in the model, or a value that is not one of it.
    #[error("<{element}> is not as the model has it: {why}")]
    NotTheModel {
        /// The record.
        element: String,
        /// What is wrong, without the value.
        why: String,
    },
    /// An attribute or element of a series that is missing or wrong.
    #[error("<{element}> needs {what}")]
    Series {
        /// The element.
        element: &'static str,
        /// What it needs.
        what: &'static str,
    },
    /// An interval that does not fit into its series.
    #[error(transparent)]
    Interval(#[from] tieline_model::usage::SeriesError),
    /// A text that XML has no form for.
    #[error("a text has a character that cannot be written in XML")]
    Text,
}

/// Lists, and the name of an item; items without a name say themselves what they are.
const LISTS: &[(&str, &str)] = &[
    ("balances", "balance"),
    ("charges", "charge"),
    ("contacts", "contact"),
    ("descriptions", "description"),
    ("events", "event"),
    ("groups", "group"),
    ("items", ""),
    ("lines", "line"),
    ("measurements", ""),
    ("more_names", "name"),
    ("notes", "note"),
    ("numbers", "number"),
    ("parties", "party"),
    ("references", "reference"),
    ("sections", "section"),
    ("sublines", "subline"),
    ("taxes", "tax"),
    ("terms", "term"),
    ("usage", ""),
];

/// The name of an item, if this is a list.
fn item_name(list: &str) -> Option<&'static str> {
    LISTS.iter().find(|(name, _)| *name == list).map(|(_, item)| *item)
}

/// Fields that are numbers in JSON; all other numbers are decimals, which are text there.
const NUMBERS: [&str; 3] = ["decimals", "minutes", "whole"];

/// What is left over of a document, which is kept as it stands in JSON.
const RESIDUE: &str = "residue";

/// Where something was read, which is not written.
const PLACES: [&str; 2] = ["at", "provenance"];
