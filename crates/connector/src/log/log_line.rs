//! The line that the log gets for a request: JSON without nesting, so that each member can be searched and counted. It holds
//! numbers, names of ours and identifiers; any other text is left out, or cut down to safe characters.

use std::borrow::Cow;

use serde::Serialize;

use mcp_connector_protocol::{Outcome, ProtocolVersion, TraceParent};

/// The longest text in a line, in bytes.
const MAX_TEXT: usize = 80;

/// What is known of a request when it has ended.
pub(crate) struct LogLine<'a> {
    pub(crate) id: &'a str,
    pub(crate) http: &'static str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) milliseconds: u32,
    pub(crate) method: Option<&'static str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) client: Option<&'a str>,
    /// The person, as `LOG_PERSON` has it.
    pub(crate) person: Option<&'a str>,
    pub(crate) outcome: Option<Outcome>,
    /// Why it was refused.
    pub(crate) reason: Option<&'a str>,
    pub(crate) trace: Option<TraceParent>,
    /// The span of this request in a trace, and a trace of its own if it is in none.
    pub(crate) span: Option<[u64; 3]>,
}

impl LogLine<'_> {
    /// Returns whether the request was refused or has failed.
    pub(crate) const fn is_failure(&self) -> bool {
        self.status >= 400 || matches!(self.outcome, Some(Outcome::Error(_) | Outcome::ToolError))
    }

    /// Returns the outcome in one word.
    pub(crate) const fn word(&self) -> &'static str {
        match (self.status, self.outcome) {
            (401, _) => "sign_in",
            (403, _) => "refused",
            (429, _) => "too_many",
            (500.., _) => "outage",
            (_, Some(Outcome::Error(_))) => "error",
            (400.., _) => "refused",
            (_, Some(Outcome::ToolError)) => "tool_error",
            (_, Some(Outcome::InputRequired)) => "input_required",
            (_, Some(Outcome::Cancelled)) => "cancelled",
            (_, Some(Outcome::Done) | None) => "ok",
        }
    }

    /// Returns the line.
    pub(crate) fn to_json(&self) -> String {
        let (route, name) = (plain(self.route), self.name.map(plain));
        let message = [Some(self.http), Some(&*route), self.method, name.as_deref(), Some(&self.status.to_string())];
        let (trace, parent) = match (self.span, self.trace) {
            (Some(_), Some(trace)) => (Some(hex(&trace.trace())), Some(hex(&[trace.parent()]))),
            (Some([_, high, low]), None) => (Some(hex(&[high, low])), None),
            (None, _) => (None, None),
        };
        let is_prompt = self.method == Some("prompts/get");
        let members = Members {
            message: message.into_iter().flatten().collect::<Vec<_>>().join(" "),
            status: self.status,
            ms: self.milliseconds,
            request_id: plain(self.id),
            http: self.http,
            rpc: self.method,
            prompt: name.clone().filter(|_| is_prompt),
            tool: name.filter(|_| !is_prompt),
            version: self.version.map(ProtocolVersion::as_str),
            era: self.version.map(|version| if version.is_modern() { "modern" } else { "legacy" }),
            client: self.client.map(plain),
            person: self.person.map(plain),
            outcome: self.word(),
            reason: self.reason.map(plain),
            code: if let Some(Outcome::Error(code)) = self.outcome { Some(code) } else { None },
            trace,
            parent,
            span: self.span.map(|[span, ..]| hex(&[span])),
            route,
        };
        serde_json::to_string(&members).unwrap_or_default()
    }
}

/// The id of the request in a [`LogLine::template`], which no id can be.
const ID: &str = "~id~";

impl LogLine<'_> {
    /// Returns the lines of requests that are answered alike, without what differs: the parts before, between and after the id of
    /// the request, the trace and the span, each on a line.
    pub(crate) fn template(&self) -> Option<String> {
        const NUMBER: u64 = u64::MAX;
        let line = LogLine { id: ID, milliseconds: 0, trace: None, span: Some([NUMBER; 3]), ..*self }.to_json();
        let template = line.replace(ID, "\n").replace(&hex(&[NUMBER, NUMBER]), "\n").replace(&hex(&[NUMBER]), "\n");
        (self.trace.is_none() && template.lines().count() == 4).then_some(template)
    }
}

/// The members of a line, in their order.
#[derive(Serialize)]
struct Members<'a> {
    message: String,
    status: u16,
    ms: u32,
    request_id: Cow<'a, str>,
    http: &'static str,
    route: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    era: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Cow<'a, str>>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<String>,
}

/// Returns a text whose characters mean nothing to JSON, to a terminal or to a page, cut to [`MAX_TEXT`].
fn plain(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
    if text.len() <= MAX_TEXT && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    text.bytes().take(MAX_TEXT).map(|byte| if is_plain(byte) { char::from(byte) } else { '_' }).collect()
}

/// Returns sixteen hexadecimal digits for each number.
pub(crate) fn hex(numbers: &[u64]) -> String {
    let mut digits = String::with_capacity(16 * numbers.len());
    for byte in numbers.iter().flat_map(|number| number.to_be_bytes()) {
        digits.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
    }
    digits
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line<'a>() -> LogLine<'a> {
        LogLine {
            id: "8f2a",
            http: "POST",
            route: "/mcp",
            status: 200,
            milliseconds: 12,
            method: Some("tools/call"),
            name: Some("echo"),
            version: Some(ProtocolVersion::V2025_11_25),
            client: Some("claude.ai"),
            person: None,
            outcome: Some(Outcome::Done),
            reason: None,
            trace: None,
            span: Some([1, 2, 3]),
        }
    }

    fn written(line: &LogLine<'_>) -> Value {
        serde_json::from_str(&line.to_json()).unwrap()
    }

    #[test]
    fn a_line_is_json_without_nesting() {
        assert_eq!(
            written(&line()),
            json!({
                "message": "POST /mcp tools/call echo 200", "request_id": "8f2a", "http": "POST", "route": "/mcp",
                "status": 200, "ms": 12, "rpc": "tools/call", "tool": "echo", "version": "2025-11-25", "era": "legacy",
                "client": "claude.ai", "outcome": "ok", "trace": "00000000000000020000000000000003",
                "span": "0000000000000001"
            })
        );
    }

    #[test]
    fn a_template_has_gaps_for_what_differs_between_requests_that_are_answered_alike() {
        let line = LogLine { milliseconds: 0, ..line() };
        let template = line.template().unwrap();
        let parts: Vec<&str> = template.lines().collect();
        let [first, second, third, last] = parts[..] else { panic!("{template}") };
        let filled =
            [first, "8f2a", second, "00000000000000020000000000000003", third, "0000000000000001", last].concat();
        assert_eq!(filled, line.to_json());
        let trace = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
        assert_eq!(LogLine { trace, ..line }.template(), None, "the line of a request in a trace of its own");
    }

    #[test]
    fn the_members_of_a_line_keep_their_order() {
        let first = r#"{"message":"POST /mcp tools/call echo 200","status":200,"ms":12,"request_id":"8f2a","http":"POST","route":"/mcp","#;
        let second = r#""rpc":"tools/call","tool":"echo","version":"2025-11-25","era":"legacy","client":"claude.ai","outcome":"ok","#;
        let third = r#""trace":"00000000000000020000000000000003","span":"0000000000000001"}"#;
        assert_eq!(line().to_json(), [first, second, third].concat());
    }

    #[test]
    fn a_trace_is_continued() {
        let trace = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
        let line = written(&LogLine { trace, ..line() });
        assert_eq!(line["trace"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["parent"], "00f067aa0ba902b7");
        assert_eq!(line["span"], "0000000000000001");
    }

    #[test]
    fn untrusted_text_neither_breaks_nor_lengthens_a_log_line() {
        let long = "x".repeat(5000);
        for text in ["\",\"status\":1,\"x\":\"", "a\\", "line\nbreak", "\u{1b}[31m", "größe", "<script>", &long] {
            let plain = LogLine { client: Some(text), reason: Some(text), name: Some(text), ..line() };
            let written = plain.to_json();
            assert!(written.len() < 1000 && written.is_ascii() && !written.contains('\n'), "{written}");
            let written: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(written["status"], 200, "{text}");
            assert!(written["client"].as_str().unwrap().len() <= MAX_TEXT, "{text}");
        }
    }

    #[test]
    fn an_outcome_is_one_word() {
        for (status, outcome, word, is_failure) in [
            (200, Some(Outcome::Done), "ok", false),
            (202, None, "ok", false),
            (303, None, "ok", false),
            (200, Some(Outcome::InputRequired), "input_required", false),
            (200, Some(Outcome::ToolError), "tool_error", true),
            (200, Some(Outcome::Cancelled), "cancelled", false),
            (200, Some(Outcome::Error(-32602)), "error", true),
            (404, Some(Outcome::Error(-32601)), "error", true),
            (401, None, "sign_in", true),
            (403, None, "refused", true),
            (429, Some(Outcome::Error(-32600)), "too_many", true),
            (403, Some(Outcome::Error(-32600)), "refused", true),
            (503, None, "outage", true),
        ] {
            let line = LogLine { status, outcome, ..line() };
            assert_eq!((line.word(), line.is_failure()), (word, is_failure), "{status} {outcome:?}");
        }
    }
}
