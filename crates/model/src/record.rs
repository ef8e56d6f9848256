//! A record: one thing of the model with its name around it, as our own JSON files hold it.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::advice::Advice;
use crate::authorization::Authorization;
use crate::bill::Bill;
use crate::envelope::{Group, Interchange};
use crate::meter::Meter;
use crate::payment::Payment;
use crate::rate::RateSchedule;
use crate::request::ServiceRequest;
use crate::usage::UsageReport;

/// One thing of the model: `{"bill": {…}}`. An envelope stands before the records that came in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// What stood around the records that follow.
    Interchange(Box<Interchange>),
    /// What stood around the records that follow, within the interchange.
    Group(Box<Group>),
    /// What was used.
    UsageReport(Box<UsageReport>),
    /// What is owed.
    Bill(Box<Bill>),
    /// What is paid.
    Payment(Box<Payment>),
    /// What is asked for.
    ServiceRequest(Box<ServiceRequest>),
    /// What became of a document.
    Advice(Box<Advice>),
    /// Who is supplied.
    Account(Box<Account>),
    /// What measures.
    Meter(Box<Meter>),
    /// What it costs.
    RateSchedule(Box<RateSchedule>),
    /// Who may see what.
    Authorization(Box<Authorization>),
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::generated::{self, Random};
    use serde_json::Value;

    const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/model.schema.json");

    fn schema() -> Value {
        let mut schema = schemars::schema_for!(Record).to_value();
        schema["title"] = "Tieline model".into();
        plain_descriptions(&mut schema);
        schema
    }

    /// The first paragraph of each description, on one line and without links into the code.
    pub(crate) fn plain_descriptions(schema: &mut Value) {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            let first = text.split("\n\n").next().unwrap_or_default();
            *text = first.replace('\n', " ").replace("[`", "`").replace("`]", "`");
        }
        match schema {
            Value::Object(members) => members.values_mut().for_each(plain_descriptions),
            Value::Array(items) => items.iter_mut().for_each(plain_descriptions),
            _ => {}
        }
    }

    /// `UPDATE_EXPECT=1` writes the schema anew.
    #[test]
    fn the_published_schema_is_that_of_the_model() {
        let mut text = serde_json::to_string_pretty(&schema()).expect("a schema is plain data");
        text.push('\n');
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(SCHEMA, &text).expect("the folder docs can be written");
        }
        let published = std::fs::read_to_string(SCHEMA).expect("the schema is published");
        assert!(published == text, "docs/model.schema.json is old: UPDATE_EXPECT=1 writes it anew");
    }

    #[test]
    fn every_record_is_as_the_schema_says() {
        let schema = schema();
        for seed in 0..600 {
            let record = generated::record(&mut Random::new(seed));
            let value = serde_json::to_value(&record).expect("the model is plain data");
            assert_eq!(fault(&schema, &value, &schema), None, "seed {seed}");
        }
    }

    /// Where a value is not as its schema says. Knows the keywords our schema uses.
    fn fault(schema: &Value, value: &Value, root: &Value) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str() {
            return fault(&root["$defs"][name.trim_start_matches("#/$defs/")], value, root);
        }
        for list in ["anyOf", "oneOf"] {
            let any = |all: &Vec<Value>| all.iter().any(|one| fault(one, value, root).is_none());
            if schema[list].as_array().is_some_and(|all| !any(all)) {
                return Some(format!("{value} is none of {}", schema[list]));
            }
        }
        let is = |kind: &Value| match kind.as_str().unwrap_or_default() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("the schema has a type `{other}`"),
        };
        let is_typed = match &schema["type"] {
            Value::Null => true,
            Value::Array(kinds) => kinds.iter().any(is),
            kind => is(kind),
        };
        let is_constant = schema.get("const").is_none_or(|constant| constant == value);
        let is_listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
        if !is_typed || !is_constant || !is_listed {
            return Some(format!("{value} is not as in {schema}"));
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            if value.get(required.as_str().expect("names are strings")).is_none() {
                return Some(format!("{value} has no {required}"));
            }
        }
        let items = value.as_array().into_iter().flatten().map(|item| (&schema["items"], item));
        let members = value.as_object().into_iter().flatten().map(|(name, member)| {
            let of_pattern = || schema["patternProperties"].as_object()?.values().next();
            let named = schema["properties"].get(name).or_else(of_pattern);
            (named.unwrap_or(&schema["additionalProperties"]), member)
        });
        items.chain(members).find_map(|(inner, value)| match inner {
            Value::Bool(false) => Some(format!("{value} is not in the schema")),
            inner => fault(inner, value, root),
        })
    }

    #[test]
    fn every_record_comes_back_from_json_as_it_was() {
        for seed in 0..600 {
            let record = generated::record(&mut Random::new(seed));
            let json = serde_json::to_string(&record).expect("the model is plain data");
            let back: Record = serde_json::from_str(&json).expect("we wrote it");
            assert_eq!(back, record, "seed {seed}");
            assert_eq!(serde_json::to_string(&back).expect("plain data"), json, "seed {seed}");
        }
    }

    #[test]
    fn unknown_members_are_refused_everywhere() {
        for seed in 0..200 {
            let record = generated::record(&mut Random::new(seed));
            let mut value = serde_json::to_value(&record).expect("the model is plain data");
            let mut refused = 0;
            for pointer in objects(&value, String::new()) {
                let object = value.pointer_mut(&pointer).and_then(|value| value.as_object_mut());
                let object = object.expect("the way was found in it");
                object.insert("no_such_member".to_string(), 1.into());
                assert!(serde_json::from_value::<Record>(value.clone()).is_err(), "{pointer}");
                let object = value.pointer_mut(&pointer).and_then(|value| value.as_object_mut());
                object.expect("it is still there").remove("no_such_member");
                refused += 1;
            }
            assert!(refused > 0);
        }
    }

    /// The ways to all objects in a value.
    fn objects(value: &Value, at: String) -> Vec<String> {
        let mut found = Vec::new();
        if value.is_object() {
            found.push(at.clone());
        }
        let members = value.as_object().into_iter().flatten();
        let members =
            members.map(|(name, member)| (name.replace('~', "~0").replace('/', "~1"), member));
        let items = value.as_array().into_iter().flatten().enumerate();
        let items = items.map(|(n, item)| (n.to_string(), item));
        for (name, inner) in members.chain(items) {
            found.extend(objects(inner, format!("{at}/{name}")));
        }
        found
    }
}
