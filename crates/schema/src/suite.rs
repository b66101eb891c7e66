//! The official tests of JSON Schema 2020-12 (`tests/schema/suite`). Each one is run; the few whose outcome differs from
//! what the suite expects stand in [`EXCEPTIONS`] with the reason, and one that no longer differs fails, too.

use serde_json::{Value, json};

use crate::report::Violations;
use crate::validator::Schema;

const SUITE: &str = include_str!("../tests/suite/draft2020-12.json");

/// File, group, test (or all of its tests), and why it is different here.
const EXCEPTIONS: &[(&str, &str, Option<&str>, &str)] = &[
    ("vocabulary", "schema that uses custom metaschema with with no validation vocabulary", None, OWN_DIALECT),
    ("vocabulary", "ignore unrecognized optional vocabulary", None, OWN_DIALECT),
    ("optional/ecmascript-regex", "pattern with non-ASCII digits", None, NO_TABLE),
    ("optional/ecmascript-regex", "patternProperties with non-ASCII digits", None, NO_TABLE),
];
const OWN_DIALECT: &str = "a dialect other than 2020-12 is refused, which the protocol asks for";
const NO_TABLE: &str = r"`\p{digit}` would need a table of Unicode, so it is refused when the schema is compiled";

/// The documents the tests refer to.
fn documents(suite: &Value) -> Vec<(String, Value)> {
    let documents = suite["documents"].as_object().unwrap();
    documents.iter().map(|(uri, document)| (uri.clone(), document.clone())).collect()
}

fn outcome(schema: &Value, documents: &[(String, Value)], data: &Value) -> Result<Result<(), Violations>, String> {
    Schema::compile_with(schema, documents).map(|schema| schema.validate(data)).map_err(|error| error.to_string())
}

#[test]
fn every_test_of_the_official_suite_has_its_expected_outcome() {
    let suite: Value = serde_json::from_str(SUITE).unwrap();
    let documents = documents(&suite);
    let (mut run, mut wrong) = (0, Vec::new());
    let mut used = vec![false; EXCEPTIONS.len()];
    for (file, groups) in suite["groups"].as_object().unwrap() {
        for group in groups.as_array().unwrap() {
            let about = group["description"].as_str().unwrap();
            for test in group["tests"].as_array().unwrap() {
                run += 1;
                let name = test["description"].as_str().unwrap();
                let expected = test["valid"].as_bool().unwrap();
                let outcome = outcome(&group["schema"], &documents, &test["data"]);
                let as_expected = matches!(&outcome, Ok(result) if result.is_ok() == expected);
                let exception = EXCEPTIONS.iter().position(|(in_file, in_group, only, _)| {
                    in_file == file && *in_group == about && only.is_none_or(|only| only == name)
                });
                match exception {
                    Some(index) if !as_expected => used[index] = true,
                    None if !as_expected => wrong.push(format!(
                        "{file}: {about}: {name}\n  schema {}\n  data {}\n  expected valid = {expected}, was {outcome:?}",
                        group["schema"], test["data"]
                    )),
                    _ => {}
                }
            }
        }
    }
    for (exception, used) in EXCEPTIONS.iter().zip(used) {
        if !used {
            wrong.push(format!("not different any more: {exception:?}"));
        }
    }
    assert!(run > 1_350, "only {run} tests were found");
    assert!(wrong.is_empty(), "{} of {run} tests:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_schema_of_the_suite_that_compiles_fits_the_meta_schema() {
    let suite: Value = serde_json::from_str(SUITE).unwrap();
    let documents = documents(&suite);
    let meta =
        Schema::compile_with(&json!({"$ref": "https://json-schema.org/draft/2020-12/schema"}), &documents).unwrap();
    for (file, groups) in suite["groups"].as_object().unwrap() {
        for group in groups.as_array().unwrap() {
            let compiles = Schema::compile_with(&group["schema"], &documents).is_ok();
            if compiles && let Err(violations) = meta.validate(&group["schema"]) {
                panic!("{file}: {}: {violations}", group["description"]);
            }
        }
    }
}
