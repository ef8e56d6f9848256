//! Payments as a table: a row is an account or bill that is paid, as a billing system posts it.
//!
//! Rows that follow each other and agree in trace number and settlement date are one payment, and
//! must agree in all that is said of the payment. Numbers of banks and of their accounts are neither
//! written nor read.

use std::io::{Read, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tieline_model::coded::Coded;
use tieline_model::common::{Reference, ReferenceKind};
use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;
use tieline_model::payment::*;
use tieline_model::record::Record;

use super::error::{FileError, FileFault};
use super::loss::Holds;
use super::table::documents::{DocumentReader, RowDocument};
use super::table::reader::TableReader;
use super::table::writer::{CellSink, TableWriter};
use super::table::{TableFault, TableOptions, cells, columns};

/// One partner's habits in a table of payments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentCsvOptions {
    /// How the table looks.
    pub table: TableOptions,
    /// The currency of payments, where no column tells it; US dollars if it is not told here
    /// either.
    pub currency: Option<Currency>,
}

/// The fields of the model that a table of payments holds.
pub const HOLDS: Holds = Holds(&[
    "payment.handling",
    "payment.amount",
    "payment.currency",
    "payment.flow",
    "payment.method",
    "payment.format",
    "payment.settlement",
    "payment.trace.code",
    "payment.trace.number",
    "payment.entities.number",
    "payment.entities.role",
    "payment.entities.adjustments.amount",
    "payment.entities.adjustments.reason",
    "payment.entities.adjustments.subject",
    "payment.entities.lines.kind",
    "payment.entities.lines.id",
    "payment.entities.lines.action",
    "payment.entities.lines.paid",
    "payment.entities.lines.billed",
    "payment.entities.lines.discount",
    "payment.entities.lines.adjustment_reason",
    "payment.entities.lines.adjustment",
    "payment.entities.lines.references",
    "payment.entities.lines.adjustments.amount",
    "payment.entities.lines.adjustments.reason",
    "payment.entities.lines.adjustments.subject",
]);

columns! {
    /// The columns of a table of payments.
    pub COLUMNS, Columns behind 0;
    TRACE_CODE May "trace_code", "1", [],
        "What kind of number the trace number is, by the code of the document; 1 if empty.";
    TRACE May "trace", "091000010004417", ["trace number", "payment reference", "check number"],
        "The number by which money and advice find each other.";
    SETTLEMENT May "settlement_date", "2026-04-22", ["payment date", "effective date", "deposit date"],
        "When the money is there.";
    HANDLING May "handling", "payment_with_advice", [],
        "payment_with_advice, payment_only or advice_only; payment_with_advice if empty.";
    FLOW May "flow", "credit", [],
        "Whether the receiver gets money (credit, also if empty) or gives it (debit).";
    METHOD May "method", "ach", ["payment method", "tender"],
        "ach, check, wire, book_transfer or non_payment; ach if empty.";
    FORMAT May "format", "ctx", [],
        "How the advice travels with the money: ctx, ccd_plus, ccd, ppd_plus or ppd.";
    PAYMENT_AMOUNT Must "payment_amount", "1148.50", ["total paid", "payment total"],
        "How much is paid in all.";
    CURRENCY May "currency", "USD", [],
        "The currency of all amounts.";
    ENTITY May "entity", "1", [],
        "Which lines belong together in the payment.";
    ENTITY_NUMBER May "entity_number", "1", [],
        "The number of that part.";
    ENTITY_ROLE May "entity_role", "payer", [],
        "Whose items are paid in that part: payer, customer …";
    LINE May "line", "remittance", ["line type", "record type"],
        "What the row is: remittance, reference (a further number of the line before it), adjustment \
         (of the line before it), entity_adjustment, entity or payment (nothing more of it is told); \
         remittance if empty.";
    ACCOUNT May "account", "4410027718", ["account number", "acct", "acct no", "customer account"],
        "The account that is paid. Read only if there is no column number.";
    BILL May "bill_number", "20260403B0001188", ["invoice", "invoice number"],
        "The bill that is paid. Read only if there is no column number.";
    NUMBER_KIND May "number_kind", "account", [],
        "What the number is the number of: account, bill …; with a colon and its code if it has one.";
    NUMBER May "number", "4410027718", [],
        "The number of the account or bill, or of what a reference leads to.";
    TEXT May "text", "April", [],
        "A text beside or instead of the number of a reference.";
    ACTION May "action", "full", [],
        "full, partial, on_account or adjustment.";
    PAID May "paid", "296.00", ["amount", "amount paid", "payment"],
        "What is paid; less than zero when money is taken back.";
    BILLED May "billed", "300.00", ["amount billed", "invoice amount"],
        "What was billed.";
    DISCOUNT May "discount", "1.50", [],
        "What was taken off for paying early.";
    REASON May "adjustment_reason", "disputed", ["reason"],
        "Why it is not what was billed.";
    ADJUSTMENT May "adjustment", "-4.00", ["adjustment amount"],
        "How much of it that is, with its sign.";
}

/// Reads payments from a table, one after the other.
///
/// A wrong row is an error with its place; the next call goes on behind it. The payment around it
/// is given without it, so whoever wants whole payments only refuses a file that has an error. Of a
/// payment of which the first row is wrong, nothing more is told.
pub struct Reader<R>(DocumentReader<R, OpenPayment>);

impl<R: Read> Reader<R> {
    /// Reads the header of a table.
    ///
    /// # Errors
    ///
    /// [`FileError`] if there is none, a column that must be there is not, or one is there twice.
    pub fn new(source: R, options: &PaymentCsvOptions) -> Result<Reader<R>, FileError> {
        let currency = options.currency.unwrap_or(Currency::USD);
        DocumentReader::new(source, COLUMNS, &options.table, currency).map(Reader)
    }

    /// Headers of columns that the format does not have, and which are not read.
    pub fn unknown_columns(&self) -> &[String] {
        self.0.unknown()
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Result<Record, FileError>> {
        self.0.next()
    }
}

/// A payment to which rows are added.
struct OpenPayment {
    payment: Payment,
    /// What the rows of the last entity say of it.
    entity: Vec<String>,
}

const OF_ENTITY: Range<usize> = ENTITY..LINE;

impl RowDocument for OpenPayment {
    type Options = Currency;

    const HEAD: Range<usize> = TRACE_CODE..ENTITY;

    const NAME: &'static [usize] = &[TRACE, SETTLEMENT];

    fn begin<R: Read>(table: &TableReader<R>, currency: &Currency) -> Result<Self, FileError> {
        let empty = |column| table.fault(column, TableFault::CellEmpty);
        let trace = table.text(TRACE).map(|number| Trace {
            code: table.text(TRACE_CODE).unwrap_or_else(|| "1".to_string()),
            number,
            originator: None,
            further: None,
        });
        let payment = Payment {
            handling: table.coded(HANDLING)?.unwrap_or(Handling::PaymentWithAdvice.into()),
            amount: table.number(PAYMENT_AMOUNT)?.ok_or_else(|| empty(PAYMENT_AMOUNT))?,
            currency: table.currency(CURRENCY)?.unwrap_or(*currency),
            flow: table.coded(FLOW)?.unwrap_or(Flow::Credit.into()),
            method: table.coded(METHOD)?.unwrap_or(PaymentMethod::Ach.into()),
            format: table.coded(FORMAT)?,
            from: None,
            originator: None,
            originator_part: None,
            to: None,
            currency_of: None,
            settlement: table.date(SETTLEMENT)?,
            trace,
            notes: Vec::new(),
            references: Vec::new(),
            events: Vec::new(),
            parties: Vec::new(),
            entities: Vec::new(),
            provenance: Default::default(),
            residue: Default::default(),
        };
        Ok(OpenPayment { payment, entity: Vec::new() })
    }

    fn add<R: Read>(&mut self, table: &TableReader<R>, _: &Currency) -> Result<(), FileError> {
        let line = table.cell(LINE).trim().to_ascii_lowercase();
        let no_line = || table.fault(LINE, TableFault::NoLineBefore);
        match line.as_str() {
            "payment" => {}
            "entity" => _ = self.entity(table)?,
            "" | "remittance" => {
                let line = remittance(table)?;
                self.entity(table)?.lines.push(line);
            }
            "entity_adjustment" => {
                let adjustment = adjustment(table)?;
                self.entity(table)?.adjustments.push(adjustment);
            }
            "adjustment" => {
                let adjustment = adjustment(table)?;
                let line = self.entity(table)?.lines.last_mut().ok_or_else(no_line)?;
                line.adjustments.push(adjustment);
            }
            "reference" => {
                let found = reference(table)?;
                let found = found.ok_or_else(|| table.fault(NUMBER_KIND, TableFault::CellEmpty))?;
                let line = self.entity(table)?.lines.last_mut().ok_or_else(no_line)?;
                line.references.push(found);
            }
            _ => {
                let words = "remittance, reference, adjustment, entity_adjustment, entity, payment";
                return Err(table.fault(LINE, TableFault::NotAWord(words.to_string())));
            }
        }
        Ok(())
    }

    fn finish(self) -> Record {
        Record::Payment(Box::new(self.payment))
    }
}

impl OpenPayment {
    /// The part of the payment that the row is in.
    fn entity<R: Read>(
        &mut self,
        table: &TableReader<R>,
    ) -> Result<&mut RemittanceEntity, FileError> {
        let cells: Vec<String> = OF_ENTITY.map(|column| table.cell(column).to_string()).collect();
        let entities = &mut self.payment.entities;
        if entities.is_empty() || cells != self.entity {
            entities.push(RemittanceEntity {
                number: table.text(ENTITY_NUMBER),
                role: table.coded(ENTITY_ROLE)?,
                at: table.ordinal(),
                ..RemittanceEntity::default()
            });
            self.entity = cells;
        }
        entities.last_mut().ok_or_else(|| table.fault(ENTITY, TableFault::CellEmpty))
    }
}

fn remittance<R: Read>(table: &TableReader<R>) -> Result<RemittanceLine, FileError> {
    let mut line = RemittanceLine {
        kind: kind(table)?,
        id: table.text(NUMBER),
        action: table.coded(ACTION)?,
        paid: table.number(PAID)?,
        billed: table.number(BILLED)?,
        discount: table.number(DISCOUNT)?,
        adjustment_reason: table.coded(REASON)?,
        adjustment: table.number(ADJUSTMENT)?,
        at: table.ordinal(),
        ..RemittanceLine::default()
    };
    if !table.has(NUMBER) {
        let (account, bill) = (table.text(ACCOUNT), table.text(BILL));
        let bill_kind = Coded::new(ReferenceKind::Bill);
        match (account, bill) {
            (Some(account), bill) => {
                line.kind = Some(ReferenceKind::Account.into());
                line.id = Some(account);
                line.references.extend(bill.map(|bill| Reference::new(bill_kind, bill)));
            }
            (None, Some(bill)) => (line.kind, line.id) = (Some(bill_kind), Some(bill)),
            (None, None) => return Err(table.fault(ACCOUNT, TableFault::CellEmpty)),
        }
    }
    Ok(line)
}

/// What the number of the row is the number of; its code is kept, as it tells the number apart
/// from others of one kind.
fn kind<R: Read>(table: &TableReader<R>) -> Result<Option<Coded<ReferenceKind>>, FileError> {
    table.maybe(NUMBER_KIND, |cell| {
        let (word, raw) =
            cell.split_once(':').map_or((cell, None), |(word, raw)| (word, Some(raw)));
        Ok(Coded { meaning: cells::word(word)?, raw: raw.map(str::to_string) })
    })
}

fn reference<R: Read>(table: &TableReader<R>) -> Result<Option<Reference>, FileError> {
    let made = |kind| Reference { kind, value: table.text(NUMBER), text: table.text(TEXT) };
    Ok(kind(table)?.map(made))
}

fn adjustment<R: Read>(table: &TableReader<R>) -> Result<Adjustment, FileError> {
    let empty = |column| table.fault(column, TableFault::CellEmpty);
    Ok(Adjustment {
        amount: table.number(ADJUSTMENT)?.ok_or_else(|| empty(ADJUSTMENT))?,
        reason: table.coded(REASON)?.ok_or_else(|| empty(REASON))?,
        subject: reference(table)?,
        notes: Vec::new(),
        references: Vec::new(),
        events: Vec::new(),
        at: table.ordinal(),
        residue: Default::default(),
    })
}

/// Writes payments as a table.
pub struct Writer<W>(Rows<TableWriter<W>>);

impl<W: Write> Writer<W> {
    /// Begins a table with its header.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the options name columns that there are not.
    pub fn new(sink: W, options: &PaymentCsvOptions) -> Result<Writer<W>, FileError> {
        TableWriter::new(sink, COLUMNS, &options.table).map(|table| Writer(Rows(table)))
    }

    /// Writes one record.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for a record that is no payment, [`FileFault::Io`].
    pub fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.0.write(record)
    }

    /// Writes what is left, and gives the sink back.
    ///
    /// # Errors
    ///
    /// [`FileFault::Io`].
    pub fn finish(self) -> Result<W, FileError> {
        self.0.0.finish()
    }
}

/// The rows of payments.
pub(crate) struct Rows<T>(pub(crate) T);

impl<T: CellSink> Rows<T> {
    pub(crate) fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.0.next_record();
        let Record::Payment(payment) = record else {
            return Err(self.0.fault(FileFault::NotHeld("record other than a payment")));
        };
        self.head(payment);
        if payment.entities.is_empty() {
            self.line("payment")?;
        }
        (1..).zip(&payment.entities).try_for_each(|(number, entity)| self.entity(entity, number))
    }

    fn head(&mut self, payment: &Payment) {
        let table = &mut self.0;
        table.clear_from(0);
        if let Some(trace) = &payment.trace {
            table.text(TRACE_CODE, &trace.code);
            table.text(TRACE, &trace.number);
        }
        table.maybe_plain(SETTLEMENT, payment.settlement);
        table.coded(HANDLING, Some(&payment.handling));
        table.coded(FLOW, Some(&payment.flow));
        table.coded(METHOD, Some(&payment.method));
        table.coded(FORMAT, payment.format.as_ref());
        table.number(PAYMENT_AMOUNT, Some(&payment.amount));
        table.plain(CURRENCY, payment.currency);
    }

    /// Ends a row of this kind, and empties its cells.
    fn line(&mut self, kind: &str) -> Result<(), FileError> {
        self.0.plain(LINE, kind);
        self.0.end_row(COLUMNS.len())?;
        self.0.clear_from(LINE);
        Ok(())
    }

    fn entity(&mut self, entity: &RemittanceEntity, number: u32) -> Result<(), FileError> {
        let table = &mut self.0;
        table.clear_from(ENTITY);
        table.count(ENTITY, number);
        table.maybe_text(ENTITY_NUMBER, entity.number.as_deref());
        table.coded(ENTITY_ROLE, entity.role.as_ref());
        if entity.adjustments.is_empty() && entity.lines.is_empty() {
            self.line("entity")?;
        }
        for adjustment in &entity.adjustments {
            self.adjustment(adjustment, "entity_adjustment")?;
        }
        entity.lines.iter().try_for_each(|line| self.remittance(line))
    }

    fn remittance(&mut self, line: &RemittanceLine) -> Result<(), FileError> {
        let table = &mut self.0;
        table.maybe_text(ACCOUNT, line.account());
        table.maybe_text(BILL, line.bill());
        if let Some(kind) = &line.kind {
            self.kind(kind);
        }
        let table = &mut self.0;
        table.maybe_text(NUMBER, line.id.as_deref());
        table.coded(ACTION, line.action.as_ref());
        let numbers = [&line.paid, &line.billed, &line.discount, &line.adjustment];
        for (column, number) in [PAID, BILLED, DISCOUNT, ADJUSTMENT].iter().zip(numbers) {
            table.number(*column, Option::<&Decimal>::from(number));
        }
        table.coded(REASON, line.adjustment_reason.as_ref());
        self.line("remittance")?;
        for reference in &line.references {
            self.reference(reference);
            self.line("reference")?;
        }
        line.adjustments.iter().try_for_each(|it| self.adjustment(it, "adjustment"))
    }

    fn adjustment(&mut self, adjustment: &Adjustment, line: &str) -> Result<(), FileError> {
        self.0.number(ADJUSTMENT, Some(&adjustment.amount));
        self.0.coded(REASON, Some(&adjustment.reason));
        if let Some(subject) = &adjustment.subject {
            self.reference(subject);
        }
        self.line(line)
    }

    fn reference(&mut self, reference: &Reference) {
        self.kind(&reference.kind);
        self.0.maybe_text(NUMBER, reference.value.as_deref());
        self.0.maybe_text(TEXT, reference.text.as_deref());
    }

    fn kind(&mut self, kind: &Coded<ReferenceKind>) {
        let word = cells::word_text(&kind.meaning);
        match &kind.raw {
            Some(raw) => self.0.text(NUMBER_KIND, &format!("{word}:{raw}")),
            None => self.0.text(NUMBER_KIND, &word),
        }
    }
}
