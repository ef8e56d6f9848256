//! Records as Green Button, bulk XML and answers of SmartHub.

use std::io::Read;

use tieline_mapping::files::espi::{self, EspiOptions};
use tieline_mapping::files::smarthub::{self, SmartHubOptions};
use tieline_mapping::files::{FileError, FileFault, Losses, bulk_xml};
use tieline_mapping::options::FileOptions;
use tieline_model::time::{Timestamp, Zone};

use super::read::{Each, Unsaid};
use crate::exit;
use crate::failure::Failure;

/// A file that cannot be read or written.
pub(super) fn refused(name: &str, error: &FileError) -> Failure {
    match &error.fault {
        FileFault::Io(fault) => Failure::no_input(name, fault),
        _ => Failure { code: exit::FINDINGS, message: format!("{name}: {error}"), help: None },
    }
}

/// What Green Button is read and written with.
pub(super) fn espi_options(zone: Option<Zone>, now: Timestamp) -> EspiOptions {
    EspiOptions { zone, updated: now, ..EspiOptions::default() }
}

/// Reads Green Button; what of it the model has no place for.
pub(super) fn read_espi(
    input: &mut dyn Read,
    name: &str,
    unsaid: &Unsaid,
    each: Each<'_>,
) -> anyhow::Result<Losses> {
    let options = espi_options(unsaid.zone.clone(), Timestamp::UNIX_EPOCH);
    let wrong = |error: &FileError| refused(name, error);
    let mut reader = espi::Reader::new(input, &options).map_err(|error| wrong(&error))?;
    for record in &mut reader {
        each(record.map_err(|error| wrong(&error))?)?;
    }
    let mut losses = Losses::default();
    for (element, count) in reader.left_out().iter() {
        losses.count_many(format!("<{element}>"), count);
    }
    Ok(losses)
}

/// Reads bulk XML.
pub(super) fn read_xml(input: &mut dyn Read, name: &str, each: Each<'_>) -> anyhow::Result<()> {
    let wrong = |error: &FileError| refused(name, error);
    let reader = bulk_xml::Reader::new(input, &bulk_xml::BulkXmlOptions::default());
    for record in reader.map_err(|error| wrong(&error))? {
        each(record.map_err(|error| wrong(&error))?)?;
    }
    Ok(())
}

/// Reads an answer of SmartHub; what of it is left out.
pub(super) fn read_smarthub(
    input: &mut dyn Read,
    name: &str,
    options: &FileOptions,
    unsaid: &Unsaid,
    each: Each<'_>,
) -> anyhow::Result<Losses> {
    let Some((date, zone)) = unsaid.date.zip(unsaid.zone.clone()) else {
        let message = format!("{name}: an answer of SmartHub does not say its date and zone");
        return Err(Failure::usage(message, None).into());
    };
    let mut bytes = Vec::new();
    let most = smarthub::MAX_BYTES as u64 + 1;
    input.take(most).read_to_end(&mut bytes).map_err(|error| Failure::no_input(name, &error))?;
    let options = SmartHubOptions {
        number: unsaid.number.clone(),
        account: unsaid.account.clone(),
        meter: unsaid.meter.clone(),
        costs: options.smarthub_costs,
        ..SmartHubOptions::new(date, zone)
    };
    let import = smarthub::read(&bytes, &options).map_err(|error| refused(name, &error))?;
    let mut losses = Losses::default();
    for part in &import.left_out {
        losses.count_many(part.to_string(), 1);
    }
    each(import.record)?;
    Ok(losses)
}
