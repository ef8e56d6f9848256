//! A transaction set as a record of the model and back, whichever set it is.

use tieline_model::provenance::{Origin, Provenance};
use tieline_model::record::Record;
use tieline_x12::compose::Segment;
use tieline_x12::tree::Tree;

use crate::error::MappingError;
use crate::options::Options;
use crate::usage_867;

/// Reads what one transaction set says; its provenance holds its own control number.
///
/// # Errors
///
/// [`MappingError::NoRecord`] for a set that is no business document, such as a 997; otherwise the
/// errors of the set's own mapping.
pub fn read(set: Tree<'_>, options: &Options) -> Result<Record, MappingError> {
    let code = std::str::from_utf8(set.element(1)).unwrap_or_default();
    let mut record = match code {
        "867" => Record::UsageReport(usage_867::read(set, options)?.into()),
        _ => return Err(MappingError::NoRecord { set: code.to_string() }),
    };
    if let Some(provenance) = provenance(&mut record) {
        let text = |n| Some(String::from_utf8_lossy(set.element(n)).into_owned());
        let origin = Origin {
            format: Some(code.to_string()),
            set: text(2),
            convention: text(3).filter(|text| !text.is_empty()),
            ..Origin::default()
        };
        *provenance = Provenance(Some(origin));
    }
    Ok(record)
}

/// Writes a record as the segments between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError::NoSet`] for a record that no set carries; otherwise the errors of the set's own
/// mapping.
pub fn write(record: &Record, options: &Options) -> Result<Vec<Segment>, MappingError> {
    match record {
        Record::UsageReport(report) => usage_867::write(report, options),
        _ => Err(MappingError::NoSet),
    }
}

/// The transaction set that carries a record, and its functional group; `None` if none does.
pub fn set_of(record: &Record) -> Option<(&'static str, &'static str)> {
    match record {
        Record::UsageReport(_) => Some(("867", "PT")),
        Record::Bill(_) => Some(("810", "IN")),
        Record::Payment(_) => Some(("820", "RA")),
        Record::ServiceRequest(_) => Some(("814", "GE")),
        Record::Advice(_) => Some(("824", "AG")),
        _ => None,
    }
}

/// Where a record was read, if it is one of a document.
pub fn provenance(record: &mut Record) -> Option<&mut Provenance> {
    match record {
        Record::UsageReport(report) => Some(&mut report.provenance),
        Record::Bill(bill) => Some(&mut bill.provenance),
        Record::Payment(payment) => Some(&mut payment.provenance),
        Record::ServiceRequest(request) => Some(&mut request.provenance),
        Record::Advice(advice) => Some(&mut advice.provenance),
        _ => None,
    }
}
