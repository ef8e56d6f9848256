//! Usage, bills and payments out of files.

use tieline_mapping::files::Losses;
use tieline_model::reconcile::{Document, Ledger};
use tieline_model::record::Record;

use super::{ReconcileArgs, unsummed, word};
use crate::console::Console;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::records::{Reader, Source, Unsaid};
use crate::{exit, reading};

/// Enters each document; of each no more than a few numbers are kept.
pub(super) fn read(args: &ReconcileArgs, console: &mut Console<'_>) -> anyhow::Result<Ledger> {
    let guides = args.partners.load()?;
    let files = args.usage.iter().chain(&args.bill).chain(&args.payment);
    let size = files.map(|file| reading::size(file)).sum::<Option<u64>>();
    let progress = Progress::new(console.shows_progress(), size);
    let reader = Reader { guides: &guides, progress: &progress };
    let mut ledger = Ledger::default();
    let documents = [
        (&args.usage, Document::Usage),
        (&args.bill, Document::Bill),
        (&args.payment, Document::Payment),
    ];
    for (files, document) in documents {
        for file in files {
            let unsaid = Unsaid { zone: args.zone.clone(), ..Unsaid::default() };
            let source = Source { file: file.clone(), from: None, unsaid };
            let left_out = enter(&reader, &source, document, &mut ledger)?;
            if !left_out.is_empty() {
                progress.clear();
                let names: Vec<&str> = left_out.iter().map(|(name, _)| name).collect();
                let name = reading::name(file);
                console.say(format_args!("{name}: not looked at: {}", names.join(", ")));
            }
        }
    }
    progress.clear();
    Ok(ledger)
}

/// Enters the documents of one kind that are in a file; says what of the file no record holds.
fn enter(
    reader: &Reader<'_>,
    source: &Source,
    document: Document,
    ledger: &mut Ledger,
) -> anyhow::Result<Losses> {
    let mut entered = 0_u64;
    let file = &source.file;
    let left_out = reader.read(source, &mut |record| {
        let done = match (document, &record) {
            (Document::Usage, Record::UsageReport(report)) => ledger.usage(report),
            (Document::Bill, Record::Bill(bill)) => ledger.bill(bill),
            (Document::Payment, Record::Payment(payment)) => ledger.payment(payment),
            _ => return Ok(()),
        };
        entered += 1;
        let name = reading::name(file);
        Ok(done.map_err(|error| unsummed(&format!("{name}: {error}")))?)
    })?;
    if entered == 0 {
        let message = format!("{}: there is no {} in it", reading::name(file), word(document));
        return Err(Failure { code: exit::FINDINGS, message, help: None }.into());
    }
    Ok(left_out)
}
