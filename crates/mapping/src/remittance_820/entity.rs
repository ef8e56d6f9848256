//! Whose items are paid: one `ENT` loop.

use tieline_model::common::{PartyId, PartyIdKind, PartyRole};
use tieline_model::payment::RemittanceEntity;
use tieline_x12::tree::Tree;

use super::{adjustment, line};
use crate::branch::{Rows, left_over};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

pub(super) fn read(ent: Tree<'_>, options: &Options) -> Result<RemittanceEntity, MappingError> {
    let given = Given::of(ent, &["ADX", "RMR"])?;
    let mut entity = RemittanceEntity {
        number: given.text(1),
        role: given.value(2).map(|code| options.common.parties.read(code, PartyRole::Other)),
        at: given.ordinal(),
        ..RemittanceEntity::default()
    };
    if let (Some(kind), Some(id)) = (given.value(3), given.text(4)) {
        let kind = options.common.party_ids.read(kind, PartyIdKind::Other);
        entity.id = Some(PartyId { kind, id });
    }
    for adx in ent.all("ADX").filter(Tree::is_placed) {
        entity.adjustments.push(adjustment::read(adx, options)?);
    }
    for rmr in ent.all("RMR").filter(Tree::is_placed) {
        entity.lines.push(line::read(rmr, options)?);
    }
    entity.residue = left_over(&given, &mut |out| write_opener(&entity, options, out))?;
    Ok(entity)
}

pub(super) fn write(
    entity: &RemittanceEntity,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&entity.residue).into(), rows, &mut |out| {
        write_opener(entity, options, out)?;
        for adjustment in &entity.adjustments {
            adjustment::write(adjustment, options, rows.within("ADX"), out)?;
        }
        let rows = rows.within("RMR");
        entity.lines.iter().try_for_each(|line| line::write(line, options, rows, out))
    })
}

fn write_opener(
    entity: &RemittanceEntity,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let (role, id) = (entity.role.as_ref(), entity.id.as_ref());
    let role = role.map(|it| options.common.parties.write(it, Some(PartyRole::Other), "parties"));
    let kind = id
        .map(|id| options.common.party_ids.write(&id.kind, Some(PartyIdKind::Other), "party_ids"));
    out.segment(
        "ENT",
        &[
            entity.number.as_deref(),
            role.transpose()?,
            kind.transpose()?,
            id.map(|id| id.id.as_str()),
        ],
    )
}
