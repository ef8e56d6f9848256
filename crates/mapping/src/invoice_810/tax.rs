//! A tax: one `TXI`, of the bill, a group, a sub-line or a charge.

use tieline_model::bill::{Jurisdiction, Tax, TaxKind, TaxRelation};

use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

pub(super) fn read_all(given: &Given<'_>, options: &Options) -> Result<Vec<Tax>, MappingError> {
    given.all("TXI").map(|txi| read(txi, options)).collect()
}

fn read(txi: &Given<'_>, options: &Options) -> Result<Tax, MappingError> {
    let jurisdiction = txi.text(4).zip(txi.text(5));
    let relation = |code| options.invoice.tax_relations.read(code, TaxRelation::Other);
    Ok(Tax {
        kind: options.invoice.taxes.read(txi.value(1).unwrap_or_default(), TaxKind::Other),
        amount: txi.decimal(2)?,
        rate: txi.decimal(3)?,
        jurisdiction: jurisdiction.map(|(qualifier, code)| Jurisdiction { qualifier, code }),
        exempt: txi.text(6),
        relation: txi.value(7).map(relation),
        base: txi.decimal(8)?,
        taxpayer: txi.text(9),
    })
}

pub(super) fn write(tax: &Tax, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let other = Some(TaxRelation::Other);
    let relation = tax.relation.as_ref();
    let relation =
        relation.map(|it| options.invoice.tax_relations.write(it, other, "tax_relations"));
    let jurisdiction = tax.jurisdiction.as_ref();
    out.segment(
        "TXI",
        &[
            Some(options.invoice.taxes.write(&tax.kind, Some(TaxKind::Other), "taxes")?),
            Figure::number(&tax.amount).as_deref(),
            Figure::number(&tax.rate).as_deref(),
            jurisdiction.map(|it| it.qualifier.as_str()),
            jurisdiction.map(|it| it.code.as_str()),
            tax.exempt.as_deref(),
            relation.transpose()?,
            Figure::number(&tax.base).as_deref(),
            tax.taxpayer.as_deref(),
        ],
    )
}
