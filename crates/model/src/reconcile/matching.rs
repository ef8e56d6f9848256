//! Reports, bills and payments that stand, laid side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::billed::Billed;
use super::entry::{Entry, Netted, net};
use super::outcome::{
    Allotment, Document, Fate, Matched, Outcome, PaymentSum, Reconciliation, Side, TakenOut,
    Unmatched, WhyUnmatched,
};
use super::paid::{Paid, PaidLine};
use super::standing::{BilledPeriods, Standing};
use super::used::Used;
use super::{Ledger, ReconcileError, Rules};
use crate::decimal::Decimal;
use crate::identifier::AccountNumber;
use crate::money::Currency;
use crate::payment::AdjustmentReason;
use crate::period::Period;

pub(super) fn reconcile(ledger: Ledger, rules: &Rules) -> Result<Reconciliation, ReconcileError> {
    let mut found = Reconciliation::default();
    let mut board = Board { former: current(&ledger.former), ..Board::default() };
    let Netted { standing: bills, taken_out, successors } = net(ledger.bills, Document::Bill);
    found.taken_out.extend(taken_out);
    board.successors = successors;
    for bill in bills {
        board.bill(bill)?;
    }
    let Netted { standing: usage, taken_out, .. } = net(ledger.usage, Document::Usage);
    found.taken_out.extend(taken_out);
    for report in usage {
        board.usage(report)?;
    }
    board.settle_order();
    let payments = distinct(ledger.payments, &mut found.taken_out);
    // What names its bill comes first, so that what names none finds what is still open.
    for names_bill in [true, false] {
        for payment in &payments {
            for line in payment.lines.iter().filter(|line| line.bill.is_some() == names_bill) {
                found.unmatched.extend(board.pay(payment, line)?);
            }
        }
    }
    for payment in payments.iter().filter(|payment| payment.amount != payment.sum) {
        found.payment_sums.push(PaymentSum {
            source: payment.source.clone(),
            amount: payment.amount,
            lines: payment.sum,
            currency: payment.currency,
        });
    }
    found.unmatched.sort_by(|a, b| (&a.account, &a.source).cmp(&(&b.account, &b.source)));
    found.matched =
        board.rows.into_iter().map(|row| row.judged(rules)).collect::<Result<_, _>>()?;
    Ok(found)
}

/// Payments in the order of their settlement, each once.
fn distinct(mut payments: Vec<Paid>, taken_out: &mut Vec<TakenOut>) -> Vec<Paid> {
    payments.sort_by(|a, b| (a.settlement, &a.source).cmp(&(b.settlement, &b.source)));
    let mut first: BTreeMap<(Option<String>, Option<String>), usize> = BTreeMap::new();
    let mut kept: Vec<Paid> = Vec::new();
    for payment in payments {
        let key = (payment.source.number.clone(), payment.originator.clone());
        let before = first.get(&key).map(|at| &kept[*at]).filter(|it| payment.repeats(it));
        let Some(before) = before else {
            first.insert(key, kept.len());
            kept.push(payment);
            continue;
        };
        let fate = if payment.says_what(before) { Fate::Repeats } else { Fate::Contradicts };
        let (document, source) = (Document::Payment, payment.source);
        taken_out.push(TakenOut { document, account: None, source, fate });
    }
    kept
}

/// What a row is found by.
type Key = (Option<AccountNumber>, Option<Period>, Option<Currency>);

/// The rows, and by what they are found.
#[derive(Default)]
struct Board {
    rows: Vec<Row>,
    former: BTreeMap<AccountNumber, AccountNumber>,
    successors: BTreeMap<String, String>,
    by_key: BTreeMap<KeyOrder, usize>,
    by_account: BTreeMap<AccountNumber, Vec<usize>>,
    by_bill: BTreeMap<String, usize>,
    by_report: BTreeMap<String, usize>,
    /// The rows of each account that have a bill, by their periods.
    billed: BTreeMap<AccountNumber, BilledPeriods>,
    /// What is open of each account and currency, once the order of rows is settled.
    standing: BTreeMap<(AccountNumber, Currency), Standing>,
    accounts: BTreeSet<String>,
}

/// A key in the order of rows: account, start, end, currency.
type KeyOrder = (Option<AccountNumber>, Option<(Date, Date)>, Option<Currency>);

fn order((account, period, currency): Key) -> KeyOrder {
    (account, period.map(|period| (period.start(), period.end())), currency)
}

impl Board {
    /// The number an account has now.
    fn current(&self, account: Option<AccountNumber>) -> Option<AccountNumber> {
        let account = account?;
        Some(self.former.get(&account).cloned().unwrap_or(account))
    }

    fn row(&mut self, key: Key) -> usize {
        if let Some(at) = self.by_key.get(&order(key.clone())) {
            return *at;
        }
        let at = self.rows.len();
        let (account, period, currency) = key.clone();
        if let Some(account) = &account {
            self.by_account.entry(account.clone()).or_default().push(at);
            self.accounts.insert(account.as_str().to_string());
        }
        self.rows.push(Row::new(account, period, currency));
        self.by_key.insert(order(key), at);
        at
    }

    fn bill(&mut self, bill: Entry<Billed>) -> Result<(), ReconcileError> {
        let account = self.current(bill.account.clone());
        let at = self.row((account.clone(), bill.period, Some(bill.figures.currency)));
        if let Some((account, period)) = account.zip(bill.period) {
            self.billed.entry(account).or_default().add(period, at);
        }
        self.by_bill.extend(bill.source.number.clone().map(|number| (number, at)));
        self.by_report.extend(bill.figures.usage_report.clone().map(|number| (number, at)));
        self.rows[at].bill(bill)
    }

    fn usage(&mut self, report: Entry<Used>) -> Result<(), ReconcileError> {
        let account = self.current(report.account.clone());
        let at = match self.billed_row(&account, &report) {
            Some(at) => at,
            None => self.row((account, report.period, None)),
        };
        self.rows[at].usage(report)
    }

    /// The row of the bill that a report is for.
    fn billed_row(&self, account: &Option<AccountNumber>, report: &Entry<Used>) -> Option<usize> {
        let named = report.source.number.as_ref().and_then(|number| self.by_report.get(number));
        if let Some(at) = named
            && (account.is_none() || self.rows[*at].account == *account)
        {
            return Some(*at);
        }
        self.billed.get(account.as_ref()?)?.nearest(report.period?)
    }

    /// Lays the rows in the order in which they are told.
    fn settle_order(&mut self) {
        let mut rows: Vec<(KeyOrder, Row)> = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            rows.push((order((row.account.clone(), row.period, row.currency)), row));
        }
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.rows = rows.into_iter().map(|(_, row)| row).collect();
        self.by_bill.clear();
        self.by_account.clear();
        for (at, row) in self.rows.iter().enumerate() {
            let numbers = row.bills.iter().filter_map(|bill| bill.source.number.clone());
            self.by_bill.extend(numbers.map(|number| (number, at)));
            if let (Some(account), false) = (&row.account, row.bills.is_empty()) {
                self.by_account.entry(account.clone()).or_default().push(at);
                if let (Some(currency), Ok(open)) = (row.currency, row.open()) {
                    let key = (account.clone(), currency);
                    self.standing.entry(key).or_default().add(at, open);
                }
            }
        }
    }

    /// Pays a row, and notes what is open of it after that.
    fn allot(
        &mut self,
        at: usize,
        payment: &Paid,
        line: &PaidLine,
        (amount, with_adjustments): (Decimal, bool),
    ) -> Result<(), ReconcileError> {
        let row = &mut self.rows[at];
        let before = row.open()?;
        row.pay(payment, line, amount, with_adjustments)?;
        let after = row.open()?;
        if let (Some(account), Some(currency)) = (&row.account, row.currency)
            && let Some(standing) = self.standing.get_mut(&(account.clone(), currency))
        {
            standing.paid(at, before, after);
        }
        Ok(())
    }

    /// Allots one line of a payment; what of it belongs to no bill.
    fn pay(
        &mut self,
        payment: &Paid,
        line: &PaidLine,
    ) -> Result<Option<Unmatched>, ReconcileError> {
        let named = line.account.clone().and_then(|account| AccountNumber::new(account).ok());
        let account = self.current(named);
        let found = match (&line.bill, &account) {
            (Some(bill), _) => self.row_of_bill(bill, account.as_ref(), payment.currency),
            (None, Some(account)) => return self.pay_account(payment, line, account),
            (None, None) if line.is_line => Err(WhyUnmatched::NoName),
            (None, None) => Err(WhyUnmatched::Adjustment),
        };
        match found {
            Ok(at) => self.allot(at, payment, line, (line.paid, true)).map(|()| None),
            Err(why) => Ok(Some(unmatched(payment, line, why))),
        }
    }

    fn row_of_bill(
        &self,
        bill: &str,
        account: Option<&AccountNumber>,
        currency: Currency,
    ) -> Result<usize, WhyUnmatched> {
        let number = self.successors.get(bill).map_or(bill, String::as_str);
        let Some(at) = self.by_bill.get(number) else {
            return Err(match account {
                Some(account) if !self.accounts.contains(account.as_str()) => {
                    WhyUnmatched::UnknownAccount
                }
                _ => WhyUnmatched::UnknownBill,
            });
        };
        let row = &self.rows[*at];
        match account {
            Some(account) if row.account.as_ref().is_some_and(|its| its != account) => {
                Err(WhyUnmatched::OtherAccount)
            }
            _ if row.currency != Some(currency) => Err(WhyUnmatched::OtherCurrency),
            _ => Ok(*at),
        }
    }

    /// Pays what is open of an account: the bill of the amount the line names, else the oldest ones.
    fn pay_account(
        &mut self,
        payment: &Paid,
        line: &PaidLine,
        account: &AccountNumber,
    ) -> Result<Option<Unmatched>, ReconcileError> {
        let Some(standing) = self.standing.get(&(account.clone(), payment.currency)) else {
            let has_bills = self.by_account.contains_key(account);
            let why = match (has_bills, self.accounts.contains(account.as_str())) {
                (true, _) => WhyUnmatched::OtherCurrency,
                (false, true) => WhyUnmatched::NoBill,
                (false, false) => WhyUnmatched::UnknownAccount,
            };
            return Ok(Some(unmatched(payment, line, why)));
        };
        let wanted = [line.billed, Some(line.paid)].into_iter().flatten();
        let mut whole = wanted.filter_map(|amount| standing.first_of(amount));
        if let Some(at) = whole.next() {
            return self.allot(at, payment, line, (line.paid, true)).map(|()| None);
        }
        if line.paid.is_negative() || line.paid.is_zero() {
            let at = standing.last_paid();
            return self.allot(at, payment, line, (line.paid, true)).map(|()| None);
        }
        self.pay_oldest(payment, line, account).map(|()| None)
    }

    /// Pays the oldest bills of an account that are open; the last one gets what is left.
    fn pay_oldest(
        &mut self,
        payment: &Paid,
        line: &PaidLine,
        account: &AccountNumber,
    ) -> Result<(), ReconcileError> {
        let key = (account.clone(), payment.currency);
        let (mut left, mut is_first) = (line.paid, true);
        while let Some(at) =
            self.standing.get(&key).map(Standing::oldest).filter(|_| !left.is_zero())
        {
            let is_last = self.standing.get(&key).is_some_and(|standing| standing.last() == at);
            let part = if is_last { left } else { left.min(self.rows[at].open()?) };
            self.allot(at, payment, line, (part, is_first))?;
            (left, is_first) = (left.checked_sub(&part)?, false);
        }
        Ok(())
    }
}

fn unmatched(payment: &Paid, line: &PaidLine, why: WhyUnmatched) -> Unmatched {
    Unmatched {
        account: line.account.clone(),
        bill: line.bill.clone(),
        amount: line.paid,
        currency: payment.currency,
        why,
        source: payment.place(line),
    }
}

/// For each number an account had, the one it has now. Of numbers that follow each other in a circle,
/// the least stands for all.
fn current(
    former: &BTreeMap<AccountNumber, AccountNumber>,
) -> BTreeMap<AccountNumber, AccountNumber> {
    let mut found: BTreeMap<AccountNumber, AccountNumber> = BTreeMap::new();
    for start in former.keys() {
        let (mut way, mut seen, mut at) = (Vec::new(), BTreeSet::new(), start);
        let now = loop {
            if let Some(now) = found.get(at) {
                break now.clone();
            }
            if !seen.insert(at) {
                let circle = way.iter().skip_while(|it| **it != at);
                break circle.min().map_or(at, |least| *least).clone();
            }
            way.push(at);
            match former.get(at) {
                Some(next) => at = next,
                None => break at.clone(),
            }
        };
        found.extend(way.into_iter().map(|it| (it.clone(), now.clone())));
    }
    found
}

/// One account and period, before it is judged.
struct Row {
    account: Option<AccountNumber>,
    period: Option<Period>,
    currency: Option<Currency>,
    usage: Vec<Entry<Used>>,
    bills: Vec<Entry<Billed>>,
    payments: Vec<Allotment>,
    billed: Option<Decimal>,
    paid: Option<Decimal>,
    adjusted: Decimal,
    is_disputed: bool,
}

impl Row {
    fn new(
        account: Option<AccountNumber>,
        period: Option<Period>,
        currency: Option<Currency>,
    ) -> Row {
        Row {
            account,
            period,
            currency,
            usage: Vec::new(),
            bills: Vec::new(),
            payments: Vec::new(),
            billed: None,
            paid: None,
            adjusted: Decimal::ZERO,
            is_disputed: false,
        }
    }

    fn usage(&mut self, report: Entry<Used>) -> Result<(), ReconcileError> {
        self.period = self.period.or(report.period);
        self.usage.push(report);
        Ok(())
    }

    fn bill(&mut self, bill: Entry<Billed>) -> Result<(), ReconcileError> {
        self.billed = Some(added(self.billed, bill.figures.total)?);
        self.bills.push(bill);
        Ok(())
    }

    fn pay(
        &mut self,
        payment: &Paid,
        line: &PaidLine,
        amount: Decimal,
        with_adjustments: bool,
    ) -> Result<(), ReconcileError> {
        self.paid = Some(added(self.paid, amount)?);
        let adjustments = if with_adjustments { line.adjustments.clone() } else { Vec::new() };
        for (reason, amount) in &adjustments {
            self.adjusted = self.adjusted.checked_add(amount)?;
            self.is_disputed |= *reason == AdjustmentReason::Disputed;
        }
        self.payments.push(Allotment { source: payment.place(line), amount, adjustments });
        Ok(())
    }

    /// What is not yet paid.
    fn open(&self) -> Result<Decimal, ReconcileError> {
        Ok(self.billed.unwrap_or_default().checked_sub(&self.paid.unwrap_or_default())?)
    }

    fn judged(self, rules: &Rules) -> Result<Matched, ReconcileError> {
        let used: Vec<_> = self.usage.iter().map(|report| report.figures.energy).collect();
        let billed: Vec<_> = self.bills.iter().filter_map(|bill| bill.figures.energy).collect();
        let used_kwh = match used.iter().copied().collect::<Option<Vec<Decimal>>>() {
            Some(told) if !told.is_empty() => Some(Decimal::sum(&told)?),
            _ => None,
        };
        let billed_kwh = if billed.is_empty() { None } else { Some(Decimal::sum(&billed)?) };
        let used_kw = only(self.usage.iter().map(|report| report.figures.demand));
        let billed_kw = only(self.bills.iter().map(|bill| bill.figures.demand));
        let received = summed(self.usage.iter().map(|report| report.figures.received))?;
        let credited = summed(self.bills.iter().map(|bill| bill.figures.credited))?;
        let mut matched = Matched {
            account: self.account.clone(),
            period: self.period,
            usage: self.usage.iter().map(|report| report.source.clone()).collect(),
            bills: self.bills.iter().map(|bill| bill.source.clone()).collect(),
            payments: Vec::new(),
            used_kwh,
            billed_kwh,
            received_kwh: received,
            credited_kwh: credited,
            used_kw,
            billed_kw,
            currency: self.currency,
            billed: self.billed,
            paid: self.paid,
            adjusted: self.adjusted,
            outcomes: Vec::new(),
        };
        if rules.sides.usage() {
            matched.outcomes.extend(energy(&matched, rules.tolerance_kwh)?);
            matched.outcomes.extend(received_energy(&matched, rules.tolerance_kwh)?);
            matched.outcomes.extend(demand(&matched)?);
        }
        if rules.sides.payments() {
            matched.outcomes.extend(self.money()?);
        }
        matched.payments = self.payments;
        Ok(matched)
    }

    fn money(&self) -> Result<Option<Outcome>, ReconcileError> {
        let Some(billed) = self.billed else { return Ok(None) };
        let Some(paid) = self.paid else {
            let is_owed = !billed.is_negative() && !billed.is_zero();
            return Ok(is_owed.then_some(Outcome::Unpaid { amount: billed }));
        };
        let by = paid.checked_sub(&billed)?;
        let unexplained = by.checked_sub(&self.adjusted)?;
        Ok(match (by.is_zero(), unexplained.is_zero()) {
            (true, _) => None,
            (false, true) if self.is_disputed => Some(Outcome::Disputed { by }),
            (false, true) => Some(Outcome::Adjusted { by }),
            (false, false) if unexplained.is_negative() => {
                Some(Outcome::Underpaid { by: unexplained.negated() })
            }
            (false, false) => Some(Outcome::Overpaid { by: unexplained }),
        })
    }
}

fn energy(matched: &Matched, tolerance: Decimal) -> Result<Option<Outcome>, ReconcileError> {
    let is_some = |amount: Option<Decimal>| amount.is_some_and(|amount| !amount.is_zero());
    Ok(match (matched.used_kwh, matched.billed_kwh) {
        _ if matched.bills.is_empty() => Some(Outcome::MissingBill),
        (_, billed) if matched.usage.is_empty() => is_some(billed).then_some(Outcome::MissingUsage),
        (None, _) => Some(Outcome::EnergyNotTold { side: Side::Usage }),
        (used, None) => is_some(used).then_some(Outcome::EnergyNotTold { side: Side::Bill }),
        (Some(used), Some(billed)) => {
            let by_kwh = billed.checked_sub(&used)?;
            match by_kwh.is_zero() {
                true => None,
                false if by_kwh.abs() <= tolerance => Some(Outcome::EnergyTolerated { by_kwh }),
                false => Some(Outcome::EnergyDiffers { by_kwh }),
            }
        }
    })
}

/// Energy from the customer is compared where both sides tell it: not every bill credits it.
fn received_energy(
    matched: &Matched,
    tolerance: Decimal,
) -> Result<Option<Outcome>, ReconcileError> {
    let (Some(received), Some(credited)) = (matched.received_kwh, matched.credited_kwh) else {
        return Ok(None);
    };
    let by_kwh = credited.checked_sub(&received)?;
    Ok((by_kwh.abs() > tolerance).then_some(Outcome::ReceivedDiffers { by_kwh }))
}

fn demand(matched: &Matched) -> Result<Option<Outcome>, ReconcileError> {
    let (Some(used), Some(billed)) = (matched.used_kw, matched.billed_kw) else {
        return Ok(None);
    };
    let by_kw = billed.checked_sub(&used)?;
    Ok((!by_kw.is_zero()).then_some(Outcome::DemandDiffers { by_kw }))
}

/// The sum of what is told; `None` if nothing is.
fn summed(told: impl Iterator<Item = Option<Decimal>>) -> Result<Option<Decimal>, ReconcileError> {
    let told: Vec<Decimal> = told.flatten().collect();
    if told.is_empty() { Ok(None) } else { Ok(Some(Decimal::sum(&told)?)) }
}

/// The only value there is. Demands do not add up.
fn only(told: impl Iterator<Item = Option<Decimal>>) -> Option<Decimal> {
    let mut told = told.flatten();
    match (told.next(), told.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn added(sum: Option<Decimal>, amount: Decimal) -> Result<Decimal, ReconcileError> {
    Ok(sum.unwrap_or_default().checked_add(&amount)?)
}
