//! Reads records from elements.

use std::io::Read;

use serde_json::{Map, Value};
use tieline_model::bill::{Bill, BillGroup, Charge, ChargeDirection, ChargeKind, Subline};
use tieline_model::common::{Address, Contact, Party, PartyRole, Purpose};
use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;
use tieline_model::record::Record;
use tieline_model::time::date;
use tieline_model::usage::{SectionKind, UsageReport, UsageSection};

use super::{BulkXmlFault, BulkXmlOptions, NUMBERS, RESIDUE, VERSION, item_name, series::Building};
use crate::files::error::FileError;
use crate::files::source::Documents;
use crate::files::xml::{Step, Xml};

/// How many values a record may have beside its intervals.
const MAX_VALUES: usize = 200_000;

/// Reads usage reports and bills. After an error there is nothing more.
#[derive(Debug)]
pub struct Reader<R> {
    documents: Documents<R>,
    xml: Option<Xml<R>>,
    is_over: bool,
}

impl<R: Read> Reader<R> {
    /// Begins to read; `source` is a document or a zip archive with documents in it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the source cannot be read, or is an archive that cannot be.
    pub fn new(source: R, options: &BulkXmlOptions) -> Result<Reader<R>, FileError> {
        let documents = Documents::new(source, options.archive)?;
        Ok(Reader { documents, xml: None, is_over: false })
    }

    fn next_record(&mut self) -> Result<Option<Record>, FileError> {
        loop {
            let xml = match &mut self.xml {
                Some(xml) => xml,
                None => match self.documents.next()? {
                    Some(bytes) => self.xml.insert(begin(Xml::new(bytes))?),
                    None => return Ok(None),
                },
            };
            match xml.step()? {
                Step::Open => return record(xml).map(Some),
                Step::Close => {}
                Step::End => self.xml = None,
            }
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Result<Record, FileError>> {
        if self.is_over {
            return None;
        }
        let record = self.next_record();
        self.is_over = !matches!(record, Ok(Some(_)));
        record.transpose()
    }
}

fn begin<R: Read>(mut xml: Xml<R>) -> Result<Xml<R>, FileError> {
    xml.root("a bulk file", &["tieline"])?;
    match xml.attribute("version")?.as_deref() {
        Some(VERSION) => Ok(xml),
        _ => Err(xml.fault(BulkXmlFault::Version)),
    }
}

fn record<R: Read>(xml: &mut Xml<R>) -> Result<Record, FileError> {
    let name: String = xml.name().chars().take(40).collect();
    let place = xml.place();
    let not_the_model = |why: String| BulkXmlFault::NotTheModel { element: name.clone(), why };
    if !matches!(name.as_str(), "usage_report" | "bill") {
        let why = "a record is a <usage_report> or a <bill>".to_string();
        return Err(xml.fault(not_the_model(why)));
    }
    let mut left = MAX_VALUES;
    let value = object(xml, &name, &mut left)?;
    let record = Value::Object(Map::from_iter([(name.clone(), value)]));
    serde_json::from_value(record)
        .map_err(|error| FileError::new(place, not_the_model(without_values(&error))))
}

/// What serde says, unless it would show a value of the file.
fn without_values(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let is_about_names = ["missing field", "unknown field", "duplicate field"];
    match is_about_names.iter().any(|words| said.starts_with(words)) {
        true => said,
        false => "a value is not one of its field, or a meaning has no `code`".to_string(),
    }
}

/// The element that began last as a value; `name` is its name.
fn value<R: Read>(xml: &mut Xml<R>, name: &str, left: &mut usize) -> Result<Value, FileError> {
    let Some(fewer) = left.checked_sub(1) else {
        let why = format!("it has more than {MAX_VALUES} values");
        return Err(xml.fault(BulkXmlFault::NotTheModel { element: name.to_string(), why }));
    };
    *left = fewer;
    let code = xml.attribute("code")?;
    let value = inner(xml, name, left)?;
    let Some(code) = code else { return Ok(value) };
    let raw = if code.is_empty() { Value::Null } else { Value::String(code) };
    Ok(Value::Object(Map::from_iter([("meaning".to_string(), value), ("raw".to_string(), raw)])))
}

fn inner<R: Read>(xml: &mut Xml<R>, name: &str, left: &mut usize) -> Result<Value, FileError> {
    if let Some(item) = item_name(name) {
        let mut items = Vec::new();
        let opened = xml.text_or_open()?;
        let mut is_open = opened.is_none();
        while is_open {
            let kind = xml.name().to_string();
            let value = value(xml, &kind, left)?;
            items.push(match item.is_empty() {
                true => Value::Object(Map::from_iter([(kind, value)])),
                false => value,
            });
            is_open = xml.step()? == Step::Open;
        }
        return Ok(Value::Array(items));
    }
    match xml.text_or_open()? {
        Some(text) if text.trim_ascii().is_empty() && has_members(name, &text) => {
            Ok(Value::Object(defaults(name)))
        }
        Some(text) => Ok(leaf(name, text, xml)?),
        None => members(xml, name, left),
    }
}

/// Whether an element without a value is one that may have members, and has none.
fn has_members(name: &str, text: &str) -> bool {
    matches!(name, "read" | "term" | "item" | "address" | "group" | "section")
        && (text.is_empty() || text.starts_with('\n'))
}

fn leaf<R: Read>(name: &str, text: String, xml: &Xml<R>) -> Result<Value, FileError> {
    let wrong = || {
        let why = "its value is not one of the model".to_string();
        xml.fault(BulkXmlFault::NotTheModel { element: name.to_string(), why })
    };
    Ok(match (name, text.as_str()) {
        (RESIDUE, _) => serde_json::from_str(&text).map_err(|_| wrong())?,
        ("seconds", "true") => Value::Bool(true),
        ("seconds", "false") => Value::Bool(false),
        _ if name == "seconds" || NUMBERS.contains(&name) => {
            Value::from(text.parse::<u32>().map_err(|_| wrong())?)
        }
        _ => Value::String(text),
    })
}

/// A record, whose element has just begun.
fn object<R: Read>(xml: &mut Xml<R>, name: &str, left: &mut usize) -> Result<Value, FileError> {
    match xml.text_or_open()? {
        Some(_) => Ok(Value::Object(defaults(name))),
        None => members(xml, name, left),
    }
}

/// The members of an element, the first of which has begun.
fn members<R: Read>(xml: &mut Xml<R>, name: &str, left: &mut usize) -> Result<Value, FileError> {
    let mut members = defaults(name);
    let mut series = (name == "series").then(Building::default);
    loop {
        let member = xml.name().to_string();
        match &mut series {
            Some(series) if member == "interval" => series.interval(xml, &members)?,
            _ => {
                let value = value(xml, &member, left)?;
                members.insert(member, value);
            }
        }
        if xml.step()? != Step::Open {
            break;
        }
    }
    match series {
        Some(series) => series.finish(&mut members, xml),
        None => Ok(Value::Object(members)),
    }
}

/// The lists that an element has even if they are left out, as the model begins it.
fn defaults(name: &str) -> Map<String, Value> {
    let day = date(2000, 1, 1);
    let begun = match name {
        "usage_report" => {
            serde_json::to_value(UsageReport::new(Purpose::Original.into(), None, day))
        }
        "section" => serde_json::to_value(UsageSection::new(SectionKind::Other.into())),
        "bill" => serde_json::to_value(Bill::new("", day, Currency::USD)),
        "group" => serde_json::to_value(BillGroup::default()),
        "subline" => serde_json::to_value(Subline::default()),
        "charge" => {
            let (direction, kind) = (ChargeDirection::Charge, ChargeKind::Other.into());
            serde_json::to_value(Charge::new(direction, kind, Decimal::ZERO))
        }
        "party" => serde_json::to_value(Party::new(PartyRole::Other.into(), None)),
        "address" => serde_json::to_value(Address::default()),
        "contact" => {
            let (function, numbers) = (String::new(), Vec::new());
            serde_json::to_value(Contact { function, name: None, numbers })
        }
        "quantity" => Ok(serde_json::json!({ "measurements": [], "basis": "measured" })),
        _ => return Map::new(),
    };
    let begun = begun.ok().and_then(|value| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    let is_default = |name: &str, value: &Value| {
        value.as_array().is_some_and(Vec::is_empty) || matches!(name, "arrangement" | "basis")
    };
    begun.unwrap_or_default().into_iter().filter(|(name, value)| is_default(name, value)).collect()
}
