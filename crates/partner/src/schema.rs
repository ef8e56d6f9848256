//! The JSON Schema of `partner.toml` and `utility.toml`, for editors that complete and check TOML.
//!
//! It is made of the lists of keys that reading goes by. It cannot say all that reading checks; a file
//! that fits it may still be refused, and one that does not is refused for certain.

use serde_json::{Map, Value, json};

use crate::profile::{PARTNER, UTILITY};
use crate::shape::{Key, Kind, Section};

/// The schema of `partner.toml`, as the text of `docs/partner.schema.json`.
pub fn partner() -> String {
    text(&PARTNER, "A trading partner of Tieline: partners/<id>/partner.toml")
}

/// The schema of `utility.toml`.
pub fn utility() -> String {
    text(&UTILITY, "Ourselves, for Tieline: partners/utility.toml")
}

fn text(section: &Section, title: &str) -> String {
    let mut schema = table(section);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".into(), json!(title));
    }
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

fn table(section: &Section) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        properties.insert(key.name.to_string(), property(key));
    }
    let required: Vec<&str> =
        section.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut value = kind(&key.kind);
    if let Some(value) = value.as_object_mut() {
        value.insert("description".into(), json!(key.about));
    }
    value
}

fn kind(kind: &Kind) -> Value {
    let strings = |items: Value| json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true });
    match kind {
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::Form(form) => json!({ "type": "string", "pattern": form }),
        Kind::Words(words) => json!({ "enum": words() }),
        Kind::Texts => strings(json!({ "type": "string", "minLength": 1 })),
        Kind::ManyWords(words) => strings(json!({ "enum": words() })),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        Kind::CountOrNone(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        // Validators of TOML take dates for strings of these forms.
        Kind::Instant => {
            json!({ "type": "string", "anyOf": [{ "format": "date" }, { "format": "date-time" }] })
        }
        Kind::Table(section) => table(section),
        Kind::TextOrTable(section) => {
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, table(section)] })
        }
        Kind::Tables(section) => json!({ "type": "array", "items": table(section) }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::Profile;

    #[test]
    fn the_published_schema_is_that_of_the_program() {
        for (name, schema) in [("partner", partner()), ("utility", utility())] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
            let path = root.join(format!("{name}.schema.json"));
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::write(&path, &schema).expect("documents can be written");
            }
            let published = std::fs::read_to_string(&path).expect("it is published");
            assert!(published == schema, "run with UPDATE_EXPECT=1 to write {}", path.display());
        }
    }

    /// A value for each kind that fits the schema, and that reading must take for one of its kind.
    fn sample(kind: &Kind) -> String {
        match kind {
            Kind::Words(words) => format!("{:?}", words()[0]),
            Kind::Texts => "[\"x\"]".to_string(),
            Kind::ManyWords(words) => format!("[{:?}]", words()[0]),
            Kind::Flag => "true".to_string(),
            Kind::Count(_) => "1".to_string(),
            Kind::CountOrNone(_) => "0".to_string(),
            Kind::Instant => "2026-11-22".to_string(),
            Kind::Text | Kind::Form(_) | Kind::TextOrTable(_) => "\"x\"".to_string(),
            Kind::Table(section) => inline(section),
            Kind::Tables(section) => format!("[{}]", inline(section)),
        }
    }

    fn inline(section: &Section) -> String {
        let keys: Vec<String> = section
            .keys
            .iter()
            .map(|key| format!("{} = {}", key.name, sample(&key.kind)))
            .collect();
        format!("{{ {} }}", keys.join(", "))
    }

    /// A file with every key: whatever is wrong with its values, their kinds and names are right, and
    /// every key is asked for by reading.
    #[test]
    fn every_key_of_the_schema_is_read_as_its_kind() {
        let lines: Vec<String> = PARTNER
            .keys
            .iter()
            .map(|key| format!("{} = {}\n", key.name, sample(&key.kind)))
            .collect();
        let errors = Profile::read("x", "partner.toml", &lines.concat()).expect_err("all is x");
        for error in &errors {
            for wrong in ["unknown key", "must be a", "must be true", "must be strings", "has no `"]
            {
                assert!(!error.message.contains(wrong), "{error}");
            }
        }
        // A wrong kind under each key is noticed, so each is read.
        every_key(&PARTNER, &mut Vec::new());
    }

    fn every_key(section: &'static Section, path: &mut Vec<(&'static Section, &'static str)>) {
        for key in section.keys {
            path.push((section, key.name));
            let wrong = match key.kind {
                Kind::Instant => "true",
                _ => "2026-01-01",
            };
            let mut value = wrong.to_string();
            for (n, (section, name)) in path.iter().enumerate().rev() {
                let others = section.keys.iter().filter(|key| key.name != *name).filter(|_| n > 0);
                let mut keys: Vec<String> =
                    others.map(|key| format!("{} = {}", key.name, sample(&key.kind))).collect();
                keys.push(format!("{name} = {value}"));
                value = match n {
                    0 => keys.join("\n"),
                    _ => {
                        let (outer, outer_name) = path[n - 1];
                        let outer = outer.keys.iter().find(|key| key.name == outer_name);
                        let many = outer.is_some_and(|key| matches!(key.kind, Kind::Tables(_)));
                        let inline = format!("{{ {} }}", keys.join(", "));
                        if many { format!("[{inline}]") } else { inline }
                    }
                };
            }
            let errors = Profile::read("x", "partner.toml", &value).expect_err("a wrong kind");
            let noticed = errors.iter().any(|error| {
                let message = &error.message;
                let named = message.contains(&format!("`{}`", key.name))
                    || message.contains("must be a table")
                    || message.contains(" for each, not ");
                named && !message.contains("unknown key")
            });
            assert!(noticed, "{value}\nis read without {}: {errors:?}", key.name);
            match key.kind {
                Kind::Table(inner) | Kind::Tables(inner) | Kind::TextOrTable(inner) => {
                    every_key(inner, path)
                }
                _ => {}
            }
            path.pop();
        }
    }
}
