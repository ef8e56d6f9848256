//! Bills as a table: a row is a charge, a credit, a tax or a balance, and says again whose bill it
//! is on.
//!
//! Rows that follow each other and agree in bill number and account are one bill, and must agree in
//! all that is said of the bill. Charges of one group follow each other. Nothing is summed up here:
//! the total is what the bill says.

use std::io::{Read, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tieline_model::bill::*;
use tieline_model::coded::Coded;
use tieline_model::money::Currency;
use tieline_model::record::Record;

use super::error::{FileError, FileFault};
use super::loss::Holds;
use super::table::documents::{DocumentReader, RowDocument};
use super::table::reader::{TableReader, section_period_cells};
use super::table::writer::{CellSink, TableWriter};
use super::table::{TableFault, TableOptions, cells, columns};

/// One partner's habits in a table of bills.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BillingCsvOptions {
    /// How the table looks.
    pub table: TableOptions,
    /// The currency of bills, where no column tells it; US dollars if it is not told here either.
    pub currency: Option<Currency>,
}

/// The fields of the model that a table of bills holds.
pub const HOLDS: Holds = Holds(&[
    "bill.number",
    "bill.date",
    "bill.purpose",
    "bill.kind",
    "bill.usage_report",
    "bill.currency",
    "bill.account",
    "bill.former_account",
    "bill.supplier_account",
    "bill.terms.due_date",
    "bill.period",
    "bill.balances",
    "bill.groups.number",
    "bill.groups.item",
    "bill.groups.commodity",
    "bill.groups.level",
    "bill.groups.taxes",
    "bill.groups.meter",
    "bill.groups.rate",
    "bill.groups.period",
    "bill.groups.charges.direction",
    "bill.groups.charges.kind",
    "bill.groups.charges.agency",
    "bill.groups.charges.standard_code",
    "bill.groups.charges.amount",
    "bill.groups.charges.rate",
    "bill.groups.charges.unit",
    "bill.groups.charges.quantity",
    "bill.groups.charges.description",
    "bill.groups.charges.taxes",
    "bill.groups.sublines.number",
    "bill.groups.sublines.taxes",
    "bill.groups.sublines.charges.direction",
    "bill.groups.sublines.charges.kind",
    "bill.groups.sublines.charges.agency",
    "bill.groups.sublines.charges.standard_code",
    "bill.groups.sublines.charges.amount",
    "bill.groups.sublines.charges.rate",
    "bill.groups.sublines.charges.unit",
    "bill.groups.sublines.charges.quantity",
    "bill.groups.sublines.charges.description",
    "bill.groups.sublines.charges.taxes",
    "bill.total",
    "bill.taxes",
    "bill.charges.direction",
    "bill.charges.kind",
    "bill.charges.agency",
    "bill.charges.standard_code",
    "bill.charges.amount",
    "bill.charges.rate",
    "bill.charges.unit",
    "bill.charges.quantity",
    "bill.charges.description",
    "bill.charges.taxes",
]);

columns! {
    /// The columns of a table of bills.
    pub COLUMNS, Columns behind 0;
    BILL_NUMBER Must "bill_number", "20260403B0001188", ["invoice number", "invoice", "bill id", "bill no"],
        "The number of the bill.";
    BILL_DATE Must "bill_date", "2026-04-03", ["invoice date", "issue date", "statement date"],
        "When it was issued.";
    PURPOSE May "purpose", "original", [],
        "What it does to an earlier bill: original, cancel, replace …";
    BILL_KIND May "bill_kind", "debit_invoice", [],
        "debit_invoice, credit, consolidated, final …";
    USAGE_REPORT May "usage_report", "20260403M0001188", [],
        "The number of the usage report it is made from.";
    CURRENCY May "currency", "USD", [],
        "The currency of all amounts.";
    ACCOUNT May "account", "4410027718", ["account number", "account id", "acct", "acct no"],
        "The utility's number of the account.";
    FORMER_ACCOUNT May "former_account", "88210", ["old account"],
        "The number the account had before.";
    SUPPLIER_ACCOUNT May "supplier_account", "S-5510", [],
        "The number a supplier keeps it under.";
    BILL_START May "bill_start", "2026-03-02", ["period start", "billing period start"],
        "The first date of the period it is for.";
    BILL_END May "bill_end", "2026-04-01", ["period end", "billing period end"],
        "The last date of the period it is for.";
    DUE_DATE May "due_date", "2026-04-24", ["due", "payment due"],
        "Until when it is to be paid.";
    TOTAL_DUE Must "total_due", "296.00", ["amount due", "total", "invoice total"],
        "What is to be paid for it, as the bill says.";
    GROUP May "group", "1", [],
        "Which lines are about one thing; empty for a line on the bill as a whole.";
    GROUP_NUMBER May "group_number", "1", [],
        "The number of the group on the bill.";
    GROUP_LEVEL May "group_level", "meter", [],
        "What the group stands for: account, rate, meter or unmetered.";
    COMMODITY May "commodity", "electricity", ["service type"],
        "electricity, gas, water, sewer or other.";
    METER May "meter", "50118822", ["meter number", "meter id", "meter no"],
        "The number of the meter.";
    RATE_SCHEDULE May "rate_schedule", "100", ["rate code", "tariff", "schedule"],
        "The rate schedule.";
    SERVICE_START May "service_start", "2026-03-02", ["from date", "previous read date"],
        "The first date of the service period.";
    SERVICE_END May "service_end", "2026-04-01", ["to date", "current read date"],
        "The last date of the service period.";
    METER_EXCHANGE May "meter_exchange", "start", [],
        "start or end where the meter was changed at that end of the service period; only where \
         service_start is the day of the exchange and nothing else is told.";
    SUBLINE May "subline", "1", [],
        "Which charges of the group are in one part of it.";
    SUBLINE_NUMBER May "subline_number", "1", [],
        "The number of that part.";
    LINE May "line", "charge", ["line type", "record type"],
        "What the row is: charge, credit, no_charge, tax, charge_tax (of the charge before it), \
         balance, item (sold by number and price), group, subline or bill (nothing more of it is \
         told); charge if empty.";
    KIND May "kind", "energy", ["charge type"],
        "What a charge, tax or balance is: energy, demand, sales, due …";
    CODE May "code", "ENC001", ["charge code"],
        "The utility's code for it.";
    AGENCY May "agency", "EU", [],
        "Who gave the code of a charge.";
    STANDARD_CODE May "standard_code", "C310", [],
        "The code of the standard for a charge, instead of the utility's.";
    DESCRIPTION May "description", "Energy charge", ["line description", "text"],
        "What a charge is, for people.";
    QUANTITY May "quantity", "2914", ["usage", "units billed"],
        "How many units.";
    UNIT May "unit", "kWh", ["uom", "unit of measure"],
        "The unit.";
    RATE May "rate", "0.089", ["unit price", "price"],
        "The price of a unit; the rate of a tax.";
    AMOUNT May "amount", "259.35", ["line amount", "charge amount"],
        "How much.";
    BALANCE_PHASE May "balance_phase", "prior", [],
        "Of which time a balance is: prior, current, to_date or arrangement.";
    TAX_RELATION May "tax_relation", "added", [],
        "added, included or information.";
    TAX_BASE May "tax_base", "259.35", [],
        "What a tax is taken of.";
    JURISDICTION_LIST May "jurisdiction_list", "SP", [],
        "Whose list the code of the jurisdiction is from.";
    JURISDICTION May "jurisdiction", "38", [],
        "Who takes a tax.";
    EXEMPT May "exempt", "2", [],
        "Whether a tax need not be paid, by the code of the document it came with.";
    TAXPAYER May "taxpayer", "45-0000000", [],
        "The number of the taxpayer.";
}

/// Reads bills from a table, one after the other.
///
/// A wrong row is an error with its place; the next call goes on behind it. The bill around it is
/// given without it, so whoever wants whole bills only refuses a file that has an error. Of a bill
/// of which the first row is wrong, nothing more is told.
pub struct Reader<R>(DocumentReader<R, OpenBill>);

impl<R: Read> Reader<R> {
    /// Reads the header of a table.
    ///
    /// # Errors
    ///
    /// [`FileError`] if there is none, a column that must be there is not, or one is there twice.
    pub fn new(source: R, options: &BillingCsvOptions) -> Result<Reader<R>, FileError> {
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

/// A bill to which rows are added.
struct OpenBill {
    bill: Bill,
    /// What the rows of the last group, and of its last subline, say of them.
    group: Vec<String>,
    subline: Vec<String>,
}

const OF_GROUP: Range<usize> = GROUP..SUBLINE;
const OF_SUBLINE: Range<usize> = SUBLINE..LINE;

impl RowDocument for OpenBill {
    type Options = Currency;

    const HEAD: Range<usize> = BILL_NUMBER..GROUP;

    const NAME: &'static [usize] = &[BILL_NUMBER, ACCOUNT];

    fn begin<R: Read>(table: &TableReader<R>, currency: &Currency) -> Result<Self, FileError> {
        let empty = |column| table.fault(column, TableFault::CellEmpty);
        let number = table.text(BILL_NUMBER).ok_or_else(|| empty(BILL_NUMBER))?;
        let date = table.date(BILL_DATE)?.ok_or_else(|| empty(BILL_DATE))?;
        let currency = table.currency(CURRENCY)?.unwrap_or(*currency);
        let mut bill = Bill::new(number, date, currency);
        bill.purpose = table.coded(PURPOSE)?;
        bill.kind = table.coded(BILL_KIND)?;
        bill.usage_report = table.text(USAGE_REPORT);
        bill.account = table.identifier(ACCOUNT)?;
        bill.former_account = table.identifier(FORMER_ACCOUNT)?;
        bill.supplier_account = table.identifier(SUPPLIER_ACCOUNT)?;
        bill.period = table.period(BILL_START, BILL_END)?;
        let due_date = table.date(DUE_DATE)?;
        bill.terms.extend(due_date.map(|_| Terms { due_date, ..Terms::default() }));
        bill.total = table.number(TOTAL_DUE)?.ok_or_else(|| empty(TOTAL_DUE))?;
        Ok(OpenBill { bill, group: Vec::new(), subline: Vec::new() })
    }

    fn add<R: Read>(&mut self, table: &TableReader<R>, _: &Currency) -> Result<(), FileError> {
        let line = table.cell(LINE).trim().to_ascii_lowercase();
        let words =
            "charge, credit, no_charge, tax, charge_tax, balance, item, group, subline, bill";
        if !line.is_empty() && !words.split(", ").any(|word| word == line) {
            return Err(table.fault(LINE, TableFault::NotAWord(words.to_string())));
        }
        match line.as_str() {
            "bill" => return Ok(()),
            "balance" => {
                let balance = balance(table)?;
                self.bill.balances.push(balance);
                return Ok(());
            }
            _ => {}
        }
        let tax = if line.ends_with("tax") { Some(tax(table)?) } else { None };
        let charge = match line.as_str() {
            "" | "charge" => Some(charge(table, ChargeDirection::Charge)?),
            "credit" => Some(charge(table, ChargeDirection::Credit)?),
            "no_charge" => Some(charge(table, ChargeDirection::NoCharge)?),
            _ => None,
        };
        self.find_group(table)?;
        let is_in_group = !self.group.is_empty();
        let Bill { groups, taxes, charges, .. } = &mut self.bill;
        let (taxes, charges) = match groups.last_mut().filter(|_| is_in_group) {
            Some(group) if line == "item" => {
                group.item = Some(item(table)?);
                return Ok(());
            }
            Some(group) => match group.sublines.last_mut().filter(|_| !self.subline.is_empty()) {
                Some(subline) => (&mut subline.taxes, &mut subline.charges),
                None => (&mut group.taxes, &mut group.charges),
            },
            None => (taxes, charges),
        };
        match (tax, charges.last_mut().filter(|_| line == "charge_tax")) {
            (Some(tax), Some(charge)) => charge.taxes.push(tax),
            (Some(_), None) if line == "charge_tax" => {
                return Err(table.fault(LINE, TableFault::NoChargeBefore));
            }
            (Some(tax), None) => taxes.push(tax),
            (None, _) => charges.extend(charge),
        }
        Ok(())
    }

    fn finish(self) -> Record {
        Record::Bill(Box::new(self.bill))
    }
}

impl OpenBill {
    /// Begins a group or a subline where the row is about another one than the row before it.
    fn find_group<R: Read>(&mut self, table: &TableReader<R>) -> Result<(), FileError> {
        let cells = |columns: Range<usize>| -> Vec<String> {
            match columns.clone().all(|column| table.cell(column).is_empty()) {
                true => Vec::new(),
                false => columns.map(|column| table.cell(column).to_string()).collect(),
            }
        };
        let (group, subline) = (cells(OF_GROUP), cells(OF_SUBLINE));
        if group != self.group {
            (self.group, self.subline) = (Vec::new(), Vec::new());
            if !group.is_empty() {
                self.bill.groups.push(BillGroup {
                    number: table.text(GROUP_NUMBER),
                    level: table.coded(GROUP_LEVEL)?,
                    commodity: table.coded(COMMODITY)?,
                    meter: table.identifier(METER)?,
                    rate: table.text(RATE_SCHEDULE),
                    period: table.section_period(SERVICE_START, SERVICE_END, METER_EXCHANGE)?,
                    at: table.ordinal(),
                    ..BillGroup::default()
                });
            }
            self.group = group;
        }
        if subline != self.subline {
            if let Some(group) = self.bill.groups.last_mut().filter(|_| !subline.is_empty()) {
                group.sublines.push(Subline {
                    number: table.text(SUBLINE_NUMBER).unwrap_or_default(),
                    at: table.ordinal(),
                    ..Subline::default()
                });
            }
            self.subline = subline;
        }
        Ok(())
    }
}

/// A meaning in one column with its code in another.
fn with_code<R: Read, T: serde::de::DeserializeOwned>(
    table: &TableReader<R>,
) -> Result<Option<Coded<T>>, FileError> {
    let raw = table.text(CODE);
    match table.maybe(KIND, cells::word)? {
        Some(meaning) => Ok(Some(Coded { meaning, raw })),
        None if raw.is_some() => {
            let other = cells::word("other").map_err(|fault| table.fault(KIND, fault))?;
            Ok(Some(Coded { meaning: other, raw }))
        }
        None => Ok(None),
    }
}

fn charge<R: Read>(
    table: &TableReader<R>,
    direction: ChargeDirection,
) -> Result<Charge, FileError> {
    Ok(Charge {
        direction: direction.into(),
        kind: with_code(table)?,
        agency: table.text(AGENCY),
        standard_code: table.text(STANDARD_CODE),
        amount: table.number(AMOUNT)?,
        rate: table.number(RATE)?,
        unit: table.maybe(UNIT, cells::unit)?,
        quantity: table.number(QUANTITY)?,
        description: table.text(DESCRIPTION),
        taxes: Vec::new(),
        at: table.ordinal(),
        residue: Default::default(),
    })
}

fn tax<R: Read>(table: &TableReader<R>) -> Result<Tax, FileError> {
    let kind = with_code(table)?.ok_or_else(|| table.fault(KIND, TableFault::CellEmpty))?;
    let jurisdiction = match (table.text(JURISDICTION_LIST), table.text(JURISDICTION)) {
        (None, None) => None,
        (qualifier, code) => Some(Jurisdiction {
            qualifier: qualifier.unwrap_or_default(),
            code: code.unwrap_or_default(),
        }),
    };
    Ok(Tax {
        kind,
        amount: table.number(AMOUNT)?,
        rate: table.number(RATE)?,
        jurisdiction,
        exempt: table.text(EXEMPT),
        relation: table.coded(TAX_RELATION)?,
        base: table.number(TAX_BASE)?,
        taxpayer: table.text(TAXPAYER),
    })
}

fn balance<R: Read>(table: &TableReader<R>) -> Result<Balance, FileError> {
    let empty = |column| table.fault(column, TableFault::CellEmpty);
    Ok(Balance {
        phase: table.coded(BALANCE_PHASE)?.ok_or_else(|| empty(BALANCE_PHASE))?,
        kind: with_code(table)?.ok_or_else(|| empty(KIND))?,
        amount: table.number(AMOUNT)?.ok_or_else(|| empty(AMOUNT))?,
    })
}

fn item<R: Read>(table: &TableReader<R>) -> Result<PricedItem, FileError> {
    Ok(PricedItem {
        quantity: table.number(QUANTITY)?,
        unit: table.maybe(UNIT, cells::unit)?,
        price: table.number(RATE)?,
    })
}

/// Writes bills as a table.
pub struct Writer<W>(Rows<TableWriter<W>>);

impl<W: Write> Writer<W> {
    /// Begins a table with its header.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the options name columns that there are not.
    pub fn new(sink: W, options: &BillingCsvOptions) -> Result<Writer<W>, FileError> {
        TableWriter::new(sink, COLUMNS, &options.table).map(|table| Writer(Rows(table)))
    }

    /// Writes one record.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for a record that is no bill, [`FileFault::Io`].
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

/// The rows of bills.
pub(crate) struct Rows<T>(pub(crate) T);

impl<T: CellSink> Rows<T> {
    pub(crate) fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.0.next_record();
        let Record::Bill(bill) = record else {
            return Err(self.0.fault(FileFault::NotHeld("record other than a bill")));
        };
        self.head(bill);
        let is_empty = bill.balances.is_empty()
            && bill.groups.is_empty()
            && bill.taxes.is_empty()
            && bill.charges.is_empty();
        if is_empty {
            self.line("bill")?;
        }
        bill.balances.iter().try_for_each(|balance| self.balance(balance))?;
        (1..).zip(&bill.groups).try_for_each(|(number, group)| self.group(group, number))?;
        self.0.clear_from(GROUP);
        self.lines(&bill.taxes, &bill.charges)
    }

    fn head(&mut self, bill: &Bill) {
        let table = &mut self.0;
        table.clear_from(0);
        table.text(BILL_NUMBER, &bill.number);
        table.plain(BILL_DATE, bill.date);
        table.coded(PURPOSE, bill.purpose.as_ref());
        table.coded(BILL_KIND, bill.kind.as_ref());
        table.maybe_text(USAGE_REPORT, bill.usage_report.as_deref());
        table.plain(CURRENCY, bill.currency);
        let accounts = [&bill.account, &bill.former_account, &bill.supplier_account];
        for (column, account) in [ACCOUNT, FORMER_ACCOUNT, SUPPLIER_ACCOUNT].iter().zip(accounts) {
            table.maybe_text(*column, account.as_ref().map(|account| account.as_str()));
        }
        table.maybe_plain(BILL_START, bill.period.map(|period| period.start()));
        table.maybe_plain(BILL_END, bill.period.map(|period| period.end()));
        table.maybe_plain(DUE_DATE, bill.due_date());
        table.number(TOTAL_DUE, Some(&bill.total));
    }

    /// Ends a row of this kind, and empties its cells.
    fn line(&mut self, kind: &str) -> Result<(), FileError> {
        self.0.plain(LINE, kind);
        self.0.end_row(COLUMNS.len())?;
        self.0.clear_from(LINE);
        Ok(())
    }

    fn balance(&mut self, balance: &Balance) -> Result<(), FileError> {
        self.0.coded(BALANCE_PHASE, Some(&balance.phase));
        self.with_code(&balance.kind);
        self.0.number(AMOUNT, Some(&balance.amount));
        self.line("balance")
    }

    fn group(&mut self, group: &BillGroup, number: u32) -> Result<(), FileError> {
        let table = &mut self.0;
        table.clear_from(GROUP);
        table.count(GROUP, number);
        table.maybe_text(GROUP_NUMBER, group.number.as_deref());
        table.coded(GROUP_LEVEL, group.level.as_ref());
        table.coded(COMMODITY, group.commodity.as_ref());
        table.maybe_text(METER, group.meter.as_ref().map(|meter| meter.as_str()));
        table.maybe_text(RATE_SCHEDULE, group.rate.as_deref());
        if let Some(period) = &group.period {
            let (start, end, exchange) = section_period_cells(period);
            table.maybe_plain(SERVICE_START, start);
            table.maybe_plain(SERVICE_END, end);
            table.plain(METER_EXCHANGE, exchange);
        }
        let has_lines = !(group.taxes.is_empty() && group.charges.is_empty());
        match &group.item {
            Some(item) => {
                self.0.number(QUANTITY, item.quantity.as_ref());
                self.0.coded(UNIT, item.unit.as_ref());
                self.0.number(RATE, item.price.as_ref());
                self.line("item")?;
            }
            None if has_lines || !group.sublines.is_empty() => {}
            None => self.line("group")?,
        }
        self.lines(&group.taxes, &group.charges)?;
        for (number, subline) in (1..).zip(&group.sublines) {
            self.0.count(SUBLINE, number);
            self.0.text(SUBLINE_NUMBER, &subline.number);
            if subline.taxes.is_empty() && subline.charges.is_empty() {
                self.line("subline")?;
            }
            self.lines(&subline.taxes, &subline.charges)?;
        }
        Ok(())
    }

    fn lines(&mut self, taxes: &[Tax], charges: &[Charge]) -> Result<(), FileError> {
        taxes.iter().try_for_each(|tax| self.tax(tax, "tax"))?;
        for charge in charges {
            if let Some(kind) = &charge.kind {
                self.with_code(kind);
            }
            let table = &mut self.0;
            table.maybe_text(AGENCY, charge.agency.as_deref());
            table.maybe_text(STANDARD_CODE, charge.standard_code.as_deref());
            table.maybe_text(DESCRIPTION, charge.description.as_deref());
            table.number(QUANTITY, charge.quantity.as_ref());
            table.coded(UNIT, charge.unit.as_ref());
            table.number(RATE, charge.rate.as_ref());
            table.number(AMOUNT, charge.amount.as_ref());
            self.line(match charge.direction.meaning {
                ChargeDirection::Charge => "charge",
                ChargeDirection::Credit => "credit",
                ChargeDirection::NoCharge => "no_charge",
            })?;
            charge.taxes.iter().try_for_each(|tax| self.tax(tax, "charge_tax"))?;
        }
        Ok(())
    }

    fn tax(&mut self, tax: &Tax, line: &str) -> Result<(), FileError> {
        self.with_code(&tax.kind);
        let table = &mut self.0;
        table.number(AMOUNT, tax.amount.as_ref());
        table.number(RATE, tax.rate.as_ref());
        table.coded(TAX_RELATION, tax.relation.as_ref());
        table.number(TAX_BASE, tax.base.as_ref());
        if let Some(jurisdiction) = &tax.jurisdiction {
            table.text(JURISDICTION_LIST, &jurisdiction.qualifier);
            table.text(JURISDICTION, &jurisdiction.code);
        }
        table.maybe_text(EXEMPT, tax.exempt.as_deref());
        table.maybe_text(TAXPAYER, tax.taxpayer.as_deref());
        self.line(line)
    }

    fn with_code<C: Serialize>(&mut self, code: &Coded<C>) {
        self.0.word(KIND, &code.meaning);
        self.0.maybe_text(CODE, code.raw.as_deref());
    }
}
