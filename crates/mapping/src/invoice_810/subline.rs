//! A part of a group that holds further charges: one `SLN` loop.

use tieline_model::bill::Subline;
use tieline_model::residue::Residue;
use tieline_x12::tree::Tree;

use super::group::{read_descriptions, write_description};
use super::{charge, tax};
use crate::branch::{Rows, left_over};
use crate::common::{read_references, write_references};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

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
    subline.residue = left_over(&given, &mut |out| say(&subline, options, out))?;
    Ok(subline)
}

pub(super) fn write(
    subline: &Subline,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&subline.residue).into(), rows, &mut |out| {
        say(subline, options, out)?;
        for one in &subline.charges {
            if !one.taxes.is_empty() {
                let (what, advice) =
                    ("a tax on one charge of a sub-line", "tax the whole sub-line");
                return Err(MappingError::NoPlace { what, advice });
            }
            charge::write(one, options, rows.within("SAC"), out)?;
        }
        Ok(())
    })
}

fn say(subline: &Subline, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let relation = subline.relation.as_ref().unwrap_or(&options.invoice.subline);
    out.segment("SLN", &[Some(&subline.number), None, Some(relation)])?;
    write_references(&subline.references, options, out)?;
    subline.descriptions.iter().try_for_each(|text| write_description(text, options, out))?;
    subline.taxes.iter().try_for_each(|one| tax::write(one, options, out))
}
