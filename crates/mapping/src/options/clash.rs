//! Codes that cannot mean two things: fields that stand in the same part of a document.

use super::Options;

/// Two fields that a partner's options give one code, so that a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The segment whose first element the code is: `REF` or `DTM`.
    pub segment: &'static str,
    /// The code.
    pub code: String,
    /// Both fields, by section and name: `common.account`.
    pub fields: [&'static str; 2],
}

impl Options {
    /// Two fields with one code where they stand beside each other; `None` if all can be told apart.
    /// A code that is left empty is none.
    pub fn clash(&self) -> Option<Clash> {
        let (common, usage, invoice) = (&self.common, &self.usage, &self.invoice);
        let meter = ("common.meter", &common.meter);
        let service_point = ("common.service_point", &common.service_point);
        let period = [
            ("common.period_start", &common.period_start),
            ("common.period_end", &common.period_end),
        ];
        let whose = [
            ("common.account", &common.account),
            ("common.former_account", &common.former_account),
            ("common.supplier_account", &common.supplier_account),
            service_point,
            meter,
        ];
        let of_section = [
            meter,
            service_point,
            ("usage.role", &usage.role),
            ("usage.dials", &usage.dials),
            ("usage.meter_type", &usage.meter_type),
            ("usage.channel", &usage.channel),
        ];
        let of_group = [meter, service_point, ("invoice.rate", &invoice.rate)];
        let days = [
            period[0],
            period[1],
            ("common.exchange", &common.exchange),
            ("usage.read_date", &usage.read_date),
        ];
        let of_bill = [
            period[0],
            period[1],
            ("invoice.invoice_start", &invoice.invoice_start),
            ("invoice.invoice_end", &invoice.invoice_end),
        ];
        let references = [&whose[..], &of_section, &of_group].into_iter().map(|it| ("REF", it));
        let dates = [&days[..], &of_bill].into_iter().map(|it| ("DTM", it));
        references.chain(dates).find_map(|(segment, fields)| clash_of(segment, fields))
    }
}

fn clash_of(segment: &'static str, fields: &[(&'static str, &String)]) -> Option<Clash> {
    fields.iter().enumerate().find_map(|(n, (field, code))| {
        let before = fields[..n].iter().find(|(_, other)| other == code && !code.is_empty())?;
        Some(Clash { segment, code: code.to_string(), fields: [before.0, field] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_codes_can_be_told_apart() {
        assert_eq!(Options::default().clash(), None);
    }

    #[test]
    fn the_fields_and_the_code_are_named() {
        let mut options = Options::default();
        options.usage.dials = options.common.service_point.clone();
        let fields = ["common.service_point", "usage.dials"];
        let clash = Clash { segment: "REF", code: "Q5".to_string(), fields };
        assert_eq!(options.clash(), Some(clash));
    }
}
