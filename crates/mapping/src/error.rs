//! Why a document cannot be read into the model, or a model not be written as the document.

use tieline_model::decimal::NumberError;
use tieline_model::identifier::IdentifierError;
use tieline_model::money::MoneyError;
use tieline_model::stamp::NoClockTime;
use tieline_model::time::TimeError;
use tieline_model::usage::SeriesError;
use tieline_x12::compose::ComposeError;
use tieline_x12::position::Position;

/// Why a mapping could not be done. It never carries what a document says of a customer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// Another transaction set, or a release without a table.
    #[error("this is not a set {expected} of a release we have a table of")]
    NotThisSet {
        /// The set that can be read.
        expected: &'static str,
    },
    /// A transaction set that is no business document.
    #[error("a {set} is no usage, bill, payment, request or advice: it answers or carries others")]
    NoRecord {
        /// The set.
        set: String,
    },
    /// A record that no transaction set carries.
    #[error("no transaction set carries this record: write it in another format, or leave it out")]
    NoSet,
    /// What the model cannot do without is not there.
    #[error("{at}: {what} must be here and is not")]
    Missing {
        /// Where it should be.
        at: Position,
        /// What is missing.
        what: &'static str,
    },
    /// The segment is not UTF-8.
    #[error("{at}: {segment} is not text in UTF-8")]
    NotText {
        /// Where it is.
        at: Position,
        /// The segment's id.
        segment: String,
    },
    /// A value is not what it must be.
    #[error("{at}: {segment}{element:02}: {fault}")]
    Value {
        /// Where it is.
        at: Position,
        /// The segment's id.
        segment: String,
        /// The element's number.
        element: u8,
        /// What is wrong with it.
        fault: ValueFault,
    },
    /// An interval does not fit into its series.
    #[error("{at}: {fault}")]
    Series {
        /// Where it is.
        at: Position,
        /// What is wrong with it.
        fault: SeriesError,
    },
    /// The segments of a loop cannot be told apart well enough to write them again.
    #[error("{at}: the {segment} segments of this loop could not be written again as they are")]
    NotRebuilt {
        /// The first segment of the loop.
        at: Position,
        /// The segment's id.
        segment: String,
    },
    /// A meaning for which the options have no code.
    #[error("the options have no code for {meaning} in `{table}`; add one")]
    NoCode {
        /// The table of the options.
        table: &'static str,
        /// The meaning.
        meaning: String,
    },
    /// Something of the model has no place in the document.
    #[error("{what} has no place in this document: {advice}")]
    NoPlace {
        /// What cannot be written.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A time that cannot be written.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A value that cannot be written with these separators.
    #[error(transparent)]
    Compose(#[from] ComposeError),
}

impl MappingError {
    /// Where in the document it is, if that is known.
    pub fn position(&self) -> Option<Position> {
        match self {
            MappingError::Missing { at, .. }
            | MappingError::NotText { at, .. }
            | MappingError::Value { at, .. }
            | MappingError::Series { at, .. }
            | MappingError::NotRebuilt { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// The message for those who show the position themselves.
    pub fn without_position(&self) -> String {
        let message = self.to_string();
        let position = self.position().map(|at| format!("{at}: "));
        let rest = position.and_then(|at| message.strip_prefix(&at).map(str::to_string));
        rest.unwrap_or(message)
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueFault {
    /// No number, or one that is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// No currency.
    #[error(transparent)]
    Currency(#[from] MoneyError),
    /// No day of the calendar.
    #[error("a date is a day of the calendar, written CCYYMMDD")]
    Date,
    /// No time of day.
    #[error(transparent)]
    Time(#[from] NoClockTime),
    /// A code that must be known.
    #[error("the options do not know this code; add it to `{0}`")]
    Code(&'static str),
    /// Nothing that could name something.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// A negative quantity that is not net.
    #[error(
        "a negative quantity must be net; if the partner sends net quantities with this QTY01, say so in `quantities`"
    )]
    Negative,
    /// A code whose meaning must be known, and the options do not know it.
    #[error("the options do not know this code; add it to `{table}`")]
    UnknownCode {
        /// The table of the options.
        table: &'static str,
    },
    /// A zone code that the options do not know.
    #[error("the options do not know this zone code; add it to `clocks`")]
    ZoneCode,
    /// A time that the clocks of the zone left out.
    #[error("the clocks of the zone never showed this time")]
    NeverShown,
}
