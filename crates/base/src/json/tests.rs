use serde_json::json;

use crate::json::*;

fn read_text(text: &str) -> Result<Value, String> {
    read(text.as_bytes(), MemoryLimit::of_text(1024 * 1024)).map_err(|error| error.to_string())
}

#[test]
fn a_value_is_read_as_serde_json_reads_it() {
    for text in ["null", "true", "-3", "18446744073709551615", "1.5", r#""é\n""#, r#"{"a":[1,{"b":null}]}"#] {
        assert_eq!(read_text(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
    }
}

#[test]
fn a_whole_float_is_an_integer() {
    for (text, expected) in [("1.0", "1"), ("-2e3", "-2000"), ("1.5", "1.5"), ("1e300", "1e300")] {
        assert_eq!(read_text(text).unwrap(), serde_json::from_str::<Value>(expected).unwrap(), "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_beginning_only() {
    assert_eq!(read_text("\u{feff}{\"a\":1}").unwrap(), json!({"a": 1}));
    assert!(read_text("{\u{feff}\"a\":1}").is_err());
    assert!(read_text("\u{feff}\u{feff}1").is_err());
}

#[test]
fn a_member_named_twice_is_refused_at_any_depth() {
    for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
        assert!(read_text(text).unwrap_err().contains("twice"), "{text}");
    }
}

#[test]
fn the_depth_of_json_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_text(&nested(64)).is_ok());
    assert!(read_text(&nested(65)).unwrap_err().contains("64 levels"));
    assert!(read_text(&"[".repeat(1_000_000)).is_err());
}

#[test]
fn an_error_says_what_is_wrong_and_where() {
    for (text, expected) in [
        ("{\"a\":", "it ends too early (line 1, column 5)"),
        ("{'a':1}", "syntax error (line 1, column 2)"),
        ("{\"a\":1}x", "syntax error (line 1, column 8)"),
        ("[\n1e999999]", "a number is out of range (line 2, column 8)"),
        (
            r#"["\ud83d\ude00","\udead"]"#,
            "a string holds half of a surrogate pair, which is no character (line 1, column 23)",
        ),
    ] {
        assert_eq!(read_text(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn half_a_surrogate_pair_is_told_from_a_broken_text() {
    for text in
        [r#""\ud800""#, r#""\ud800\u0041""#, r#""\ude00\ud83d""#, r#"{"\ud800":1}"#, r#""\ud800\n""#, r#""\\\ud800x""#]
    {
        assert!(read_text(text).unwrap_err().contains("surrogate"), "{text}");
    }
    for text in [r#""\ud800"#, r#""\ud8""#, r#""\ud83d\ude00"x"#] {
        assert!(!read_text(text).unwrap_err().contains("surrogate"), "{text}");
    }
    assert_eq!(read_text(r#""\\ud800 \ud83d\ude00""#).unwrap(), json!("\\ud800 \u{1F600}"));
}

#[test]
fn a_member_of_a_refused_text_is_found_once_or_not_at_all() {
    let id = |text: &str| find_member::<Value>(text.as_bytes(), "id");
    assert_eq!(id(r#"{"id":7,"a":"\ud800"}"#), Some(json!(7)));
    assert_eq!(id("\u{feff}{\"\\ud800\":1,\"i\\u0064\":\"x\"}"), Some(json!("x")));
    for text in [r#"{"id":7,"id":8}"#, r#"{"a":{"id":7}}"#, r#"[{"id":7}]"#, r#"{"id":7"#, r#"{"id":7}x"#] {
        assert_eq!(id(text), None, "{text}");
    }
}

#[test]
fn null_counts_as_absent_except_inside_exempt_members() {
    let mut object = json!({
        "a": null, "b": {"c": null, "d": [null, {"e": null}]}, "arguments": {"f": null, "g": [{"h": null}]},
        "i": {"arguments": null},
    });
    remove_nulls(object.as_object_mut().unwrap(), &["arguments"]);
    assert_eq!(
        object,
        json!({"b": {"d": [null, {}]}, "arguments": {"f": null, "g": [{"h": null}]}, "i": {}}),
        "an item of a list keeps its place"
    );
    assert_eq!(read_object(br#"{"a":null,"b":1}"#, MemoryLimit::SMALL).unwrap(), *json!({"b": 1}).as_object().unwrap());
    assert!(read_object(b"[]", MemoryLimit::SMALL).unwrap_err().to_string().starts_with("it is not an object"));
}

#[test]
fn the_memory_of_json_values_is_limited_before_they_are_built() {
    const MIB: usize = 1024 * 1024;
    let filled = |item: &str| {
        let count = (MIB - 10) / (item.len() + 1);
        format!("[{}]", vec![item; count].join(","))
    };
    // Each would take more than 32 MB.
    for item in [r#"{"":0}"#, r#"{"a":[]}"#, "[0]", "[[0]]", r#"{"":{"":""}}"#] {
        let error = read(filled(item).as_bytes(), MemoryLimit::of_text(MIB)).unwrap_err();
        assert!(error.is_too_much(), "{item}: {error}");
    }
    // Like real calls.
    let record = r#"{"id":12345,"name":"a name","price":1.25,"tags":["a"],"ok":true}"#;
    for item in [record, "0.123456789", r#""a short text""#, "[1.5,2.5,3.5,4.5,5.5]"] {
        assert!(read(filled(item).as_bytes(), MemoryLimit::of_text(MIB)).is_ok(), "{item}");
    }
    let text = format!("\"{}\"", "x".repeat(MIB - 2));
    assert!(read(text.as_bytes(), MemoryLimit::of_text(MIB)).is_ok());
    let many_names: Vec<String> = (0..60_000).map(|number| format!("\"name {number}\":0")).collect();
    assert!(read(format!("{{{}}}", many_names.join(",")).as_bytes(), MemoryLimit::of_text(MIB)).is_ok());
}
