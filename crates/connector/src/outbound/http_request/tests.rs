//! How a request is built. That it is sent so is tested in the real runtime (`tests/mcp/outgoing-requests.test.mjs`).

use mcp_connector_protocol::Hosts;

use super::*;
use crate::outbound::HttpClient;

fn client() -> HttpClient {
    HttpClient::new(Hosts::of(["api.example.com"]), "notes/1.0.0".to_owned())
}

fn url(request: HttpRequest) -> String {
    request.draft.unwrap_or_else(|error| panic!("{error}")).url.into()
}

fn error(request: HttpRequest) -> String {
    let draft = request.draft.and_then(|draft| draft.admitted_by(&request.client));
    draft.expect_err("nothing is sent").to_string()
}

fn headers(request: HttpRequest) -> Vec<(String, String)> {
    request.draft.unwrap_or_else(|error| panic!("{error}")).headers
}

#[derive(Serialize)]
struct Search<'a> {
    q: &'a str,
    page: Option<u32>,
}

#[test]
fn parameters_are_escaped_once_and_none_is_left_out() {
    let get = |url: &str| client().get(url);
    let search = Search { q: "50% + ä&b=c", page: None };
    assert_eq!(
        url(get("https://api.example.com/s").query(&search)),
        "https://api.example.com/s?q=50%25+%2B+%C3%A4%26b%3Dc"
    );
    let search = Search { q: "x", page: Some(2) };
    assert_eq!(
        url(get("https://api.example.com/s?a=%20b#top").query(&search)),
        "https://api.example.com/s?a=%20b&q=x&page=2#top"
    );
    assert_eq!(
        url(get("https://api.example.com/s").query(&[("id", 1), ("id", 2)])),
        "https://api.example.com/s?id=1&id=2"
    );
    assert_eq!(
        url(get("https://api.example.com/s").query(&Search { q: "", page: None }).query(&())),
        "https://api.example.com/s?q="
    );
    let nested = get("https://api.example.com/s").query(&[("a", [1, 2])]);
    assert!(error(nested).contains("its query has to be a struct or pairs of plain values"));
}

#[test]
fn a_segment_stays_one_segment() {
    let pages = || client().get("https://api.example.com/v1/pages/");
    assert_eq!(
        url(pages().path("a/../b?c#d%2f").path(7)),
        "https://api.example.com/v1/pages/a%2F..%2Fb%3Fc%23d%252f/7"
    );
    for segment in ["", ".", "..", "\t", ".\t", ".\t.", ".\n.", "..\r", "a\nb"] {
        assert!(error(pages().path(segment)).contains("a segment of its path is empty, `.` or `..`"), "{segment}");
    }
}

#[test]
fn a_request_goes_to_a_declared_host_or_nowhere() {
    for (address, expected) in [
        ("https://evil.example/", "The connector does not send requests to evil.example."),
        ("http://api.example.com/", "The connector does not send requests to api.example.com."),
        ("mailto:a@b", "The connector does not send requests to a URL without a host."),
        ("/pages", "A request could not be sent: its URL is not valid: relative URL without a base."),
        (
            "https://key:s3cret@api.example.com/?token=s3cret",
            "The connector does not send requests to api.example.com.",
        ),
    ] {
        let text = error(client().get(address));
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(
        client()
            .get("https://api.example.com/")
            .draft
            .is_ok_and(|draft| draft.admitted_by(&client().get("").client).is_ok())
    );
}

#[test]
fn headers_are_set_once_and_cannot_hold_another_one() {
    let post = || client().post("https://api.example.com/");
    let sent = headers(post().bearer("one").bearer("two").header("X-Api-Key", "k").form(&[("a", "b c")]));
    let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "user-agent", "authorization", "x-api-key", "content-type"]);
    assert_eq!(sent[1].1, "notes/1.0.0");
    assert_eq!(sent[2].1, "Bearer two");
    assert_eq!(sent[4].1, "application/x-www-form-urlencoded");
    for (name, value) in
        [("x-a", "b\r\nx-c: d"), ("x a", "b"), ("", "b"), ("Host", "evil.example"), ("Content-Length", "0")]
    {
        assert!(error(post().header(name, value)).contains("cannot be sent"), "{name}");
    }
    assert_eq!(headers(client().with_bearer("mine").get("https://api.example.com/"))[2].1, "Bearer mine");
}

#[test]
fn a_body_has_its_media_type_and_a_get_has_none() {
    let draft = client().post("https://api.example.com/").body_json(&Search { q: "x", page: None }).draft;
    let draft = draft.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(draft.body.as_deref(), Some(&br#"{"q":"x","page":null}"#[..]));
    assert!(draft.headers.contains(&("content-type".to_owned(), "application/json".to_owned())));
    assert!(error(client().get("https://api.example.com/").body("text/plain", "x")).contains("a GET has no body"));
}

#[test]
fn what_an_error_must_not_repeat_is_known() {
    let request =
        client().get("https://api.example.com/?q=word&api_key=k1&X-Signature=s1").bearer("t1").header("x-key", "k2");
    let draft = request.draft.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(draft.secrets(), ["t1", "k2", "k1", "s1"]);
}

#[test]
fn limits_have_limits() {
    let get = || client().get("https://api.example.com/");
    assert_eq!(get().timeout, Duration::from_secs(10));
    assert_eq!(get().timeout_seconds(0).timeout, Duration::from_secs(1));
    assert_eq!(get().timeout_seconds(9999).timeout, Duration::from_mins(5));
    assert_eq!(get().max_bytes(usize::MAX).max_bytes, 32 << 20);
}
