//! What a bill says but for its parties, groups and charges: the heading and the summary.

use tieline_model::bill::{Balance, BalanceKind, BalancePhase, Bill, BillKind, Terms};
use tieline_model::common::Purpose;
use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;

use super::tax;
use crate::account::{self, read_service_point, write_service_point};
use crate::common::{
    read_amounts, read_events, read_notes, read_references, write_amounts, write_events,
    write_notes, write_references,
};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::party::{read_contact, write_contact};
use crate::service_period::{read_whole, write_whole};
use crate::sink::Sink;

/// Reads it, but for the account's numbers.
pub(super) fn read(given: &Given<'_>, options: &Options) -> Result<Bill, MappingError> {
    let missing = |what| MappingError::Missing { at: given.position(), what };
    let first = |id, what| given.all(id).next().ok_or_else(|| missing(what));
    let big = first("BIG", "BIG")?;
    let date = big.date(1)?.ok_or_else(|| missing("BIG01, the date of the bill,"))?;
    let number = big.text(2).ok_or_else(|| missing("BIG02, the number of the bill,"))?;
    let tds = first("TDS", "TDS")?;

    let mut bill = Bill::new(number, date, options.invoice.currency);
    bill.usage_report = big.text(5);
    bill.kind = big.value(7).map(|code| options.invoice.kinds.read(code, BillKind::Other));
    bill.purpose = big.value(8).map(|code| options.common.purposes.read(code, Purpose::Other));
    bill.notes = read_notes(given);
    if let Some(cur) = given.all("CUR").next().filter(|cur| cur.value(2).is_some()) {
        bill.currency = cur.parse(2, Currency::new)?.unwrap_or(options.invoice.currency);
        bill.currency_entity = Some(cur.text(1).unwrap_or_default());
    }
    bill.service_point = read_service_point(given, &options.common);
    bill.references = read_references(given, options);
    bill.contacts = given.all("PER").filter_map(|per| read_contact(per, options)).collect();
    bill.terms = given.all("ITD").map(read_terms).collect::<Result<_, _>>()?;
    let (start, end) = (&options.common.period_start, &options.common.period_end);
    bill.period = read_whole(given, start, end)?;
    let (start, end) = (&options.invoice.invoice_start, &options.invoice.invoice_end);
    bill.invoice_period = read_whole(given, start, end)?;
    bill.events = read_events(given, options)?;
    for bal in given.all("BAL") {
        bill.balances.extend(read_balance(bal, options)?);
    }
    bill.total = tds.cents(1)?.ok_or_else(|| missing("TDS01, the total of the bill,"))?;
    bill.taxes = tax::read_all(given, options)?;
    bill.amounts = read_amounts(given, options)?;
    bill.stated_count = given.all("CTT").next().map(|ctt| ctt.decimal(1)).transpose()?.flatten();
    Ok(bill)
}

/// Writes it; with the account's numbers if they stand in no party's loop.
pub(super) fn write(
    bill: &Bill,
    with_account: bool,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    write_beginning(bill, options, out)?;
    write_notes(&bill.notes, out)?;
    if bill.currency_entity.is_some() || bill.currency != options.invoice.currency {
        let entity = bill.currency_entity.as_ref().unwrap_or(&options.invoice.currency_entity);
        out.segment("CUR", &[Some(entity), Some(bill.currency.code())])?;
    }
    if with_account {
        account::write(numbers(bill), &options.common, out)?;
    }
    if let Some(point) = &bill.service_point {
        write_service_point(point, &options.common, out)?;
    }
    write_references(&bill.references, options, out)?;
    bill.contacts.iter().try_for_each(|contact| write_contact(contact, options, out))?;
    bill.terms.iter().try_for_each(|terms| write_terms(terms, out))?;
    if let Some(period) = bill.period {
        write_whole(period, &options.common.period_start, &options.common.period_end, out)?;
    }
    if let Some(period) = bill.invoice_period {
        write_whole(period, &options.invoice.invoice_start, &options.invoice.invoice_end, out)?;
    }
    write_events(&bill.events, options, out)?;
    bill.balances.iter().try_for_each(|balance| write_balance(balance, options, out))?;
    out.segment("TDS", &[Some(&cents(&bill.total)?)])?;
    bill.taxes.iter().try_for_each(|one| tax::write(one, options, out))?;
    write_amounts(&bill.amounts, options, out)?;
    match Figure::number(&bill.stated_count) {
        Some(count) => out.segment("CTT", &[Some(&count)]),
        None => Ok(()),
    }
}

fn write_beginning(bill: &Bill, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let purpose = bill.purpose.as_ref();
    let purpose =
        purpose.map(|it| options.common.purposes.write(it, Some(Purpose::Other), "purposes"));
    let kind = bill.kind.as_ref();
    let kind = kind.map(|it| options.invoice.kinds.write(it, Some(BillKind::Other), "kinds"));
    out.segment(
        "BIG",
        &[
            Some(&Figure::date(bill.date)),
            Some(&bill.number),
            None,
            None,
            bill.usage_report.as_deref(),
            None,
            kind.transpose()?,
            purpose.transpose()?,
        ],
    )
}

pub(super) fn read_account(given: &Given<'_>, bill: &mut Bill, options: &Options) {
    [bill.account, bill.former_account, bill.supplier_account] =
        account::read(given, &options.common);
}

pub(super) fn numbers(bill: &Bill) -> account::Numbers<'_> {
    [&bill.account, &bill.former_account, &bill.supplier_account].map(Option::as_ref)
}

fn read_terms(itd: &Given<'_>) -> Result<Terms, MappingError> {
    Ok(Terms {
        code: itd.text(1),
        basis: itd.text(2),
        discount_percent: itd.decimal(3)?,
        discount_date: itd.date(4)?,
        discount_days: itd.decimal(5)?,
        due_date: itd.date(6)?,
        net_days: itd.decimal(7)?,
        discount_amount: itd.cents(8)?,
        text: itd.text(12),
        late_percent: itd.decimal(15)?,
    })
}

fn write_terms(terms: &Terms, out: &mut dyn Sink) -> Result<(), MappingError> {
    let discount = terms.discount_amount.as_ref().map(cents);
    out.segment(
        "ITD",
        &[
            terms.code.as_deref(),
            terms.basis.as_deref(),
            Figure::number(&terms.discount_percent).as_deref(),
            terms.discount_date.map(Figure::date).as_deref(),
            Figure::number(&terms.discount_days).as_deref(),
            terms.due_date.map(Figure::date).as_deref(),
            Figure::number(&terms.net_days).as_deref(),
            discount.transpose()?.as_deref(),
            None,
            None,
            None,
            terms.text.as_deref(),
            None,
            None,
            Figure::number(&terms.late_percent).as_deref(),
        ],
    )
}

fn read_balance(bal: &Given<'_>, options: &Options) -> Result<Option<Balance>, MappingError> {
    let (Some(phase), Some(kind), Some(amount)) = (bal.value(1), bal.value(2), bal.decimal(3)?)
    else {
        return Ok(None);
    };
    let phase = options.invoice.balance_phases.read(phase, BalancePhase::Other);
    let kind = options.invoice.balances.read(kind, BalanceKind::Other);
    Ok(Some(Balance { phase, kind, amount }))
}

fn write_balance(
    balance: &Balance,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let Balance { phase, kind, amount } = balance;
    let other = Some(BalancePhase::Other);
    let phase = options.invoice.balance_phases.write(phase, other, "balance_phases")?;
    let kind = options.invoice.balances.write(kind, Some(BalanceKind::Other), "balances")?;
    out.segment("BAL", &[Some(phase), Some(kind), Some(&Figure::decimal(amount))])
}

/// An amount in cents, without a point.
pub(super) fn cents(amount: &Decimal) -> Result<String, MappingError> {
    let (what, advice) = ("a part of a cent", "round the amount to cents");
    amount.implied(2).map_err(|_| MappingError::NoPlace { what, advice })
}
