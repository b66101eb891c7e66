//! The official tests of JSON Schema 2020-12 (`tests/suite`). Every test is run. Those whose outcome differs from the expected one are
//! in [`EXCEPTIONS`] with the reason. An exception that is no longer one fails.

use serde_json::{Map, Value, json};

use crate::schema::Schema;

const SUITE: &str = include_str!("../tests/suite/draft2020-12.json");

/// File, group (or all of its groups), and why the outcome is different.
const EXCEPTIONS: &[(&str, Option<&str>, &str)] = &[
    ("vocabulary", Some("schema that uses custom metaschema with with no validation vocabulary"), DIALECT),
    ("vocabulary", Some("ignore unrecognized optional vocabulary"), DIALECT),
    ("dynamicRef", None, DYNAMIC),
    ("optional/dynamicRef", None, DYNAMIC),
    ("unevaluatedItems", Some("unevaluatedItems with $dynamicRef"), DYNAMIC),
    ("unevaluatedProperties", Some("unevaluatedProperties with $dynamicRef"), DYNAMIC),
    ("defs", Some("validate definition against metaschema"), META_SCHEMA),
    ("ref", Some("remote ref, containing refs itself"), META_SCHEMA),
];
const DIALECT: &str = "a dialect other than 2020-12 is refused, which the protocol asks for";
const DYNAMIC: &str = "`$dynamicRef` and `$dynamicAnchor` are refused: no MCP client or server sends them";
const META_SCHEMA: &str = "the meta-schema is not part of the document, and it uses `$dynamicRef`";

/// Bundles a schema with the documents that it refers to (Core §9.3), as the author of a schema has to.
fn bundled(schema: &Value, documents: &Map<String, Value>) -> Value {
    let Some(members) = schema.as_object().filter(|_| schema.to_string().contains("localhost:1234")) else {
        return schema.clone();
    };
    let usable = |document: &Value| {
        !document.to_string().contains("$dynamic") && document.get("$vocabulary").is_none() && document.is_object()
    };
    let documents: Map<String, Value> = documents
        .iter()
        .filter(|(_, document)| usable(document))
        .map(|(uri, document)| (uri.clone(), named(document, uri)))
        .collect();
    let mut schema = members.clone();
    let id = schema.entry("$id").or_insert_with(|| json!("https://example.com/schema")).clone();
    json!({"$id": "https://example.com/bundle", "$defs": {"schema": schema, "documents": {"$defs": documents}}, "$ref": id})
}

/// The document with `uri` as one of its identifiers.
fn named(document: &Value, uri: &str) -> Value {
    let mut document = document.clone();
    if document["$id"].is_null() {
        document["$id"] = json!(uri);
    }
    if document["$id"] == uri {
        document
    } else {
        json!({"$id": uri, "$ref": document["$id"], "$defs": {"own": document}})
    }
}

#[test]
fn every_test_of_the_official_suite_has_its_expected_outcome() {
    let suite: Value = serde_json::from_str(SUITE).unwrap();
    let documents = suite["documents"].as_object().unwrap();
    let (mut run, mut wrong) = (0, Vec::new());
    let mut used = vec![false; EXCEPTIONS.len()];
    for (file, groups) in suite["groups"].as_object().unwrap() {
        for group in groups.as_array().unwrap() {
            let title = group["description"].as_str().unwrap();
            let schema = Schema::compile(&bundled(&group["schema"], documents));
            let exception = EXCEPTIONS
                .iter()
                .position(|(in_file, only, _)| in_file == file && only.is_none_or(|only| only == title));
            for test in group["tests"].as_array().unwrap() {
                run += 1;
                let expected = test["valid"].as_bool().unwrap();
                let outcome = schema.as_ref().map(|schema| schema.validate(&test["data"]));
                if outcome.as_ref().is_ok_and(|outcome| outcome.is_ok() == expected) {
                    continue;
                }
                match exception {
                    Some(index) => used[index] = true,
                    None => wrong.push(format!(
                        "{file}: {title}: {}\n  schema {}\n  data {}\n  expected valid = {expected}, was {outcome:?}",
                        test["description"], group["schema"], test["data"]
                    )),
                }
            }
        }
    }
    for (exception, used) in EXCEPTIONS.iter().zip(used) {
        if !used {
            wrong.push(format!("no exception any more: {exception:?}"));
        }
    }
    assert!(run > 1_350, "only {run} tests were found");
    assert!(wrong.is_empty(), "{} of {run} tests:\n{}", wrong.len(), wrong.join("\n"));
}

/// The meta-schema as one document, with `$ref` in the place of `$dynamicRef`.
fn meta_schema(documents: &Map<String, Value>) -> Value {
    let of_dialect = documents.clone().into_iter().filter(|(uri, _)| uri.starts_with("https://json-schema.org/"));
    let bundle = json!({
        "$ref": "https://json-schema.org/draft/2020-12/schema",
        "$defs": of_dialect.collect::<Map<String, Value>>(),
    });
    let text = bundle.to_string().replace(r#""$dynamicAnchor":"meta","#, "");
    let text = text.replace(r##""$dynamicRef":"#meta""##, r#""$ref":"https://json-schema.org/draft/2020-12/schema""#);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_schema_of_the_suite_that_compiles_fits_the_meta_schema() {
    let suite: Value = serde_json::from_str(SUITE).unwrap();
    let meta_schema = Schema::compile(&meta_schema(suite["documents"].as_object().unwrap())).unwrap();
    for (file, groups) in suite["groups"].as_object().unwrap() {
        for group in groups.as_array().unwrap() {
            if Schema::compile(&group["schema"]).is_ok() {
                let outcome = meta_schema.validate(&group["schema"]);
                assert!(outcome.is_ok(), "{file}: {}: {}", group["description"], outcome.unwrap_err());
            }
        }
    }
}
