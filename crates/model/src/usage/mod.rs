//! Usage: what meters measured, as one document reports it.
//!
//! A report has sections, one for each meter or summary; a section has quantities, and series of
//! intervals. Readings stand beside the quantity they led to and are never recomputed: what a
//! multiplier has to do with them is the sender's habit.

mod point;

mod quality;

mod quantity;

mod report;

mod section;

mod interval;

mod series;

mod series_record;

pub use interval::{Gap, IntervalException, IntervalPoint, PointValue};
pub use quality::Quality;
pub use quantity::{
    Basis, Factor, FactorKind, Measurement, NegativeQuantity, ReadPair, RegisterRead, UsageQuantity,
};
pub use report::{UsageAction, UsageKind, UsageReport};
pub use section::{Arrangement, MeterType, SectionKind, SectionPeriod, UsageItem, UsageSection};
pub use series::{CodeNumber, IntervalSeries, SeriesError};
