//! A part of a group that holds further charges: one `SLN` loop.

use tieline_model::bill::Subline;
use tieline_model::residue::Residue;
use tieline_x12::compose::Segment;
use tieline_x12::tree::Tree;

use super::group::{read_descriptions, write_description};
use super::{charge, tax};
use crate::branch::{Branch, Rows, left_over, segment};
use crate::common::{read_references, write_references};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;

pub(super) fn read(sln: Tree<'_>, options: &Options) -> Result<Subline, MappingError> {
    let given = Given::of(sln, &["SAC"])?;
    let charges = sln.all("SAC").filter(Tree::is_placed).map(|sac| charge::read(sac, options));
    let mut subline = Subline {
        number: given.text(1).unwrap_or_default(),
        relation: given.text(3).filter(|code| *code != options.invoice.subline),
        references: read_references(&given, options),
        descriptions: read_descriptions(&given, options),
        charges: charges.collect::<Result<_, _>>()?,
        taxes: tax::read_all(&given, options)?,
        at: given.ordinal(),
        residue: Residue::default(),
    };
    let (opener, children) = parts(&subline, options)?;
    left_over(&given, &opener, &children, &mut subline.residue)?;
    Ok(subline)
}

pub(super) fn write(
    subline: &Subline,
    options: &Options,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let (opener, mut children) = parts(subline, options)?;
    for one in &subline.charges {
        if !one.taxes.is_empty() {
            let (what, advice) = ("a tax on one charge of a sub-line", "tax the whole sub-line");
            return Err(MappingError::NoPlace { what, advice });
        }
        children.push(charge::write(one, options, &rows.within("SAC"))?);
    }
    Ok(Branch::record(opener, children, &subline.residue, rows))
}

fn parts(subline: &Subline, options: &Options) -> Result<(Segment, Vec<Branch>), MappingError> {
    let relation = subline.relation.as_ref().unwrap_or(&options.invoice.subline);
    let opener = segment("SLN", [Some(&subline.number), None, Some(relation)]);
    let mut body = write_references(&subline.references, options)?;
    body.extend(subline.descriptions.iter().map(|text| write_description(text, options)));
    for one in &subline.taxes {
        body.push(tax::write(one, options)?);
    }
    Ok((opener, body.into_iter().map(Branch::from).collect()))
}
