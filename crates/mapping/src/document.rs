//! A transaction set as a record of the model and back, whichever set it is.

use tieline_model::provenance::{Origin, Provenance};
use tieline_model::record::Record;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::tree::Tree;

use crate::error::MappingError;
use crate::options::Options;
use crate::{advice_824, enrollment_814, invoice_810, remittance_820, usage_867};

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
        "810" => Record::Bill(invoice_810::read(set, options)?.into()),
        "820" => Record::Payment(remittance_820::read(set, options)?.into()),
        "814" => Record::ServiceRequest(enrollment_814::read(set, options)?.into()),
        "824" => Record::Advice(advice_824::read(set, options)?.into()),
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
        Record::Bill(bill) => invoice_810::write(bill, options),
        Record::Payment(payment) => remittance_820::write(payment, options),
        Record::ServiceRequest(request) => enrollment_814::write(request, options),
        Record::Advice(advice) => advice_824::write(advice, options),
        _ => Err(MappingError::NoSet),
    }
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(record: &Record, options: &Options, body: &mut Body) -> Result<(), MappingError> {
    match record {
        Record::UsageReport(report) => usage_867::compose(report, options, body),
        Record::Bill(bill) => invoice_810::compose(bill, options, body),
        Record::Payment(payment) => remittance_820::compose(payment, options, body),
        Record::ServiceRequest(request) => enrollment_814::compose(request, options, body),
        Record::Advice(advice) => advice_824::compose(advice, options, body),
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

/// The document that a record was read from, if it was read from one.
pub fn origin(record: &Record) -> Option<&Origin> {
    let provenance = match record {
        Record::UsageReport(report) => &report.provenance,
        Record::Bill(bill) => &bill.provenance,
        Record::Payment(payment) => &payment.provenance,
        Record::ServiceRequest(request) => &request.provenance,
        Record::Advice(advice) => &advice.provenance,
        _ => return None,
    };
    provenance.0.as_ref()
}
