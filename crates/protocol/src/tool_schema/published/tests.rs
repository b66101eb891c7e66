use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tool_schema::published::*;
use crate::tool_schema::refused::{RefusedSchema, refused_arguments, refused_results};
use crate::tool_schema::schema_of::schema_of;
use crate::tool_schema::schema_of::schema_of_result;
use mcp_connector_schema::Schema;

/// A box.
#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Inner {
    text: Option<String>,
    any: Value,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
#[serde(rename_all = "lowercase")]
enum Size {
    Small,
    Large,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
#[serde(rename_all = "lowercase")]
enum Colour {
    /// Like a rose.
    Red,
    /// Like the sea.
    Blue,
    Other,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    /// Round.
    Circle {
        r: f64,
    },
    Square {
        side: f64,
        turned: Option<bool>,
    },
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Fields {
    any: Value,
    maybe_any: Option<Value>,
    text: Option<String>,
    /// What is inside.
    inner: Option<Inner>,
    list: Vec<Inner>,
    anys: Vec<Value>,
    map: BTreeMap<String, Value>,
    inners: BTreeMap<String, Inner>,
    size: Option<Size>,
    /// Which one.
    colour: Option<Colour>,
    shape: Option<Shape>,
    pair: (u8, Option<Size>),
    triple: Option<[u8; 3]>,
    #[serde(default)]
    defaulted: Option<u8>,
    #[serde(default)]
    number: u8,
}

fn arguments<T: JsonSchema>() -> Value {
    published(&schema_of::<T>(), Direction::Arguments)
}

/// Returns whether the exact schema of `T` takes `value`.
fn takes<T: JsonSchema>(value: &Value) -> bool {
    Schema::compile(&schema_of::<T>()).unwrap().validate(value).is_ok()
}

#[test]
fn arguments_are_published_as_every_client_takes_them() {
    let byte = json!({"type": "integer", "minimum": 0, "maximum": 255});
    let inner = json!({
        "type": "object", "description": "A box.", "properties": {"text": {"type": "string"}, "any": {}}, "required": ["any"],
    });
    let size = json!({"type": "string", "enum": ["small", "large"]});
    let mut described = inner.clone();
    described["description"] = json!("What is inside.\nA box.");
    let schema = arguments::<Fields>();
    let properties = json!({
        "any": {},
        "maybe_any": {},
        "text": {"type": "string"},
        "inner": described,
        "list": {"type": "array", "items": inner},
        "anys": {"type": "array", "items": {}},
        "map": {"type": "object"},
        "inners": {"type": "object", "additionalProperties": inner},
        "size": size,
        "colour": {
            "type": "string",
            "enum": ["other", "red", "blue"],
            "description": "Which one.\n`red`: Like a rose.\n`blue`: Like the sea.",
        },
        "shape": {"anyOf": [
            {
                "type": "object", "description": "Round.", "required": ["kind", "r"],
                "properties": {"kind": {"type": "string", "const": "circle"}, "r": {"type": "number"}},
            },
            {
                "type": "object", "required": ["kind", "side"],
                "properties": {
                    "kind": {"type": "string", "const": "square"}, "side": {"type": "number"}, "turned": {"type": "boolean"},
                },
            },
        ]},
        "triple": {"type": "array", "items": byte, "minItems": 3, "maxItems": 3},
        "defaulted": byte,
        "number": {"type": "integer", "minimum": 0, "maximum": 255, "default": 0},
    });
    for (name, expected) in properties.as_object().unwrap() {
        assert_eq!(schema["properties"][name], *expected, "{name}");
    }
    assert_eq!(schema["required"], json!(["any", "list", "anys", "map", "inners", "pair"]));
    assert_eq!(schema.get("$defs"), None);
    // Null inside a tuple is what a type cannot publish.
    assert_eq!(refused_arguments(&schema), [RefusedSchema::NullItem("pair".to_owned())]);
}

#[test]
fn null_is_still_accepted_for_an_optional_argument() {
    let whole = json!({
        "any": null, "text": null, "inner": null, "list": [{"text": null, "any": null}], "anys": [null], "map": {"a": null},
        "inners": {"a": {"text": null, "any": null}}, "size": null, "colour": null, "shape": null, "pair": [1, null],
        "triple": null, "defaulted": null,
    });
    assert!(takes::<Fields>(&whole));
}

#[test]
fn a_tuple_says_what_its_items_are() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Pairs {
        same: (u8, u8),
        mixed: (bool, String),
        maybe: Option<(u8, u8)>,
    }
    let schema = arguments::<Pairs>();
    let byte = json!({"type": "integer", "minimum": 0, "maximum": 255});
    assert_eq!(schema["properties"]["maybe"]["items"], byte);
    assert_eq!(schema["properties"]["same"]["items"], byte);
    assert_eq!(schema["properties"]["mixed"]["items"], json!({"anyOf": [{"type": "boolean"}, {"type": "string"}]}));
    let fits = |value: Value| Schema::compile(&schema).unwrap().validate(&value).is_ok();
    assert!(fits(json!({"same": [1, 2], "mixed": [true, "a"]})));
    assert!(!fits(json!({"same": [1, 2], "mixed": ["a", true]})), "it is as exact as before");
    assert_eq!(refused_arguments(&schema), []);
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Draw {
    /// Where.
    at: u8,
    #[serde(flatten)]
    shape: Shape,
}

#[test]
fn an_enum_flattened_into_the_arguments_is_one_object() {
    let schema = arguments::<Draw>();
    let expected = json!({
        "type": "object",
        "properties": {
            "at": {"type": "integer", "minimum": 0, "maximum": 255, "description": "Where."},
            "kind": {
                "type": "string", "enum": ["circle", "square"],
                "description": "`circle`: Round. (with `r`)\n`square` (with `side`)",
            },
            "r": {"type": "number"},
            "side": {"type": "number"},
            "turned": {"type": "boolean"},
        },
        "required": ["at", "kind"],
    });
    assert_eq!(schema, expected);
    assert_eq!(refused_arguments(&schema), []);
    // At the call it is as exact as ever.
    assert!(takes::<Draw>(&json!({"at": 1, "kind": "circle", "r": 2})));
    assert!(takes::<Draw>(&json!({"at": 1, "kind": "square", "side": 2, "turned": null})));
    assert!(!takes::<Draw>(&json!({"at": 1, "kind": "circle", "side": 2})));
}

#[test]
fn arguments_that_are_an_enum_are_one_object() {
    let schema = arguments::<Shape>();
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["required"], json!(["kind"]));
    assert_eq!(refused_arguments(&schema), []);
}

#[test]
fn an_optional_flattened_enum_requires_nothing_of_its_own() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Optional {
        at: u8,
        #[serde(flatten)]
        shape: Option<Shape>,
    }
    let schema = arguments::<Optional>();
    assert_eq!(schema["required"], json!(["at"]));
    assert_eq!(schema["properties"]["kind"]["enum"], json!(["circle", "square"]));
    assert_eq!(refused_arguments(&schema), []);
}

#[test]
fn a_type_that_contains_itself_is_written_out_once() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Tree {
        label: Option<String>,
        children: Vec<Tree>,
    }
    let schema = arguments::<Tree>();
    let expected = json!({
        "type": "object",
        "properties": {"label": {"type": "string"}, "children": {"type": "array", "items": {"type": "object"}}},
        "required": ["children"],
    });
    assert_eq!(schema, expected);
    assert!(!takes::<Tree>(&json!({"children": [{"children": [7]}]})), "at the call all of it is checked");
}

#[test]
fn null_that_must_stay_is_reported_with_its_field() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Nulls {
        list: Vec<Option<String>>,
        inner: Below,
        must: (),
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Below {
        map: BTreeMap<String, Option<u8>>,
    }
    let expected = [
        RefusedSchema::NullItem("list".to_owned()),
        RefusedSchema::NullEntry("inner.map".to_owned()),
        RefusedSchema::NullField("must".to_owned()),
    ];
    let found = refused_arguments(&arguments::<Nulls>());
    assert!(expected.iter().all(|refused| found.contains(refused)) && found.len() == expected.len(), "{found:?}");
    // What is sent leaves `must` out where it is null.
    let results = refused_results(&published(&schema_of_result::<Nulls>(), Direction::Results));
    assert_eq!(results.len(), 2, "{results:?}");
}

#[test]
fn results_may_lack_what_is_an_option_and_keep_what_is_a_value() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Nothing {
        text: Option<String>,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Written {
        always: Option<Value>,
        #[serde(default)]
        number: u8,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        some: Vec<u8>,
    }
    let schema = published(&schema_of_result::<Inner>(), Direction::Results);
    let expected =
        json!({"type": "object", "properties": {"text": {"type": "string"}, "any": {}}, "required": ["any"]});
    assert_eq!(schema, expected);
    let nothing = published(&schema_of_result::<Nothing>(), Direction::Results);
    assert_eq!(nothing, json!({"type": "object", "properties": {"text": {"type": "string"}}}), "nothing is required");
    let schema = published(&schema_of_result::<Written>(), Direction::Results);
    assert_eq!(schema["required"], json!(["always", "number"]), "what is always sent");
}

#[test]
fn a_default_has_no_null_where_the_type_has_none() {
    #[derive(Deserialize, Serialize, JsonSchema, Default)]
    struct Filter {
        text: Option<String>,
        any: Value,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Search {
        #[serde(default)]
        filter: Filter,
    }
    assert_eq!(arguments::<Search>()["properties"]["filter"]["default"], json!({"any": null}));
}

#[test]
fn a_published_schema_is_valid_json_schema() {
    for schema in [arguments::<Fields>(), arguments::<Draw>(), arguments::<Shape>()] {
        assert!(Schema::compile(&schema).is_ok(), "{schema}");
    }
}
