//! The one line that the log gets for a request: JSON without nesting, so that each field can be searched and counted. What
//! stands in it are numbers, names of ours and identifiers; whatever else came in is left out or cut down to a safe text.

use mcp_connector_protocol::{Outcome, ProtocolVersion, TraceParent};

/// Longest text in a line.
const MAX_TEXT: usize = 80;

/// What is known of a request when it is over.
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
    pub(crate) outcome: Option<Outcome>,
    /// In words, why it was refused.
    pub(crate) reason: Option<&'a str>,
    pub(crate) trace: Option<TraceParent>,
    /// Names this request in a trace, and the trace if it has none.
    pub(crate) span: Option<[u64; 3]>,
}

impl LogLine<'_> {
    /// Whether somebody should look at it.
    pub(crate) const fn is_failure(&self) -> bool {
        self.status >= 400 || matches!(self.outcome, Some(Outcome::Error(_) | Outcome::ToolError))
    }

    /// In one word.
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

    /// The line. Put together by hand: this is on the way of every request.
    pub(crate) fn to_json(&self) -> String {
        let mut line = String::with_capacity(384);
        line.push_str(r#"{"message":""#);
        line.push_str(self.http);
        line.push(' ');
        push_text(&mut line, self.route);
        if let Some(method) = self.method {
            line.push(' ');
            line.push_str(method);
        }
        if let Some(name) = self.name {
            line.push(' ');
            push_text(&mut line, name);
        }
        line.push(' ');
        push_number(&mut line, self.status.into());
        line.push_str(r#"","status":"#);
        push_number(&mut line, self.status.into());
        line.push_str(r#","ms":"#);
        push_number(&mut line, self.milliseconds);
        push_member(&mut line, "request_id", Some(self.id));
        push_own(&mut line, "http", Some(self.http));
        push_member(&mut line, "route", Some(self.route));
        push_own(&mut line, "rpc", self.method);
        push_member(&mut line, if self.method == Some("prompts/get") { "prompt" } else { "tool" }, self.name);
        push_own(&mut line, "version", self.version.map(ProtocolVersion::as_str));
        push_own(&mut line, "era", self.version.map(|version| if version.is_modern() { "modern" } else { "legacy" }));
        push_member(&mut line, "client", self.client);
        push_own(&mut line, "outcome", Some(self.word()));
        push_member(&mut line, "reason", self.reason);
        if let Some(Outcome::Error(code)) = self.outcome {
            line.push_str(r#","code":"#);
            if code < 0 {
                line.push('-');
            }
            push_number(&mut line, code.unsigned_abs());
        }
        if let Some([span, high, low]) = self.span {
            line.push_str(r#","trace":""#);
            match &self.trace {
                Some(trace) => {
                    trace.trace().into_iter().for_each(|half| push_digits(&mut line, half));
                    line.push_str(r#"","parent":""#);
                    push_digits(&mut line, trace.parent());
                }
                None => [high, low].into_iter().for_each(|half| push_digits(&mut line, half)),
            }
            line.push_str(r#"","span":""#);
            push_digits(&mut line, span);
            line.push('"');
        }
        line.push('}');
        line
    }
}

/// `,"name":"text"`, if there is a text.
fn push_member(line: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        push_name(line, name);
        push_text(line, text);
        line.push('"');
    }
}

/// The same with words of this program, which need no look.
fn push_own(line: &mut String, name: &str, text: Option<&'static str>) {
    if let Some(text) = text {
        push_name(line, name);
        line.push_str(text);
        line.push('"');
    }
}

fn push_name(line: &mut String, name: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":\"");
}

/// Only characters that mean nothing to JSON, to a terminal or to a page, and not many.
fn push_text(line: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
    if text.len() <= MAX_TEXT && text.bytes().all(is_plain) {
        line.push_str(text);
        return;
    }
    for byte in text.bytes().take(MAX_TEXT) {
        line.push(if is_plain(byte) { char::from(byte) } else { '_' });
    }
}

fn push_number(line: &mut String, number: u32) {
    if number >= 10 {
        push_number(line, number.wrapping_div(10));
    }
    push_digit(line, number.wrapping_rem(10));
}

/// The sixteen hexadecimal digits.
pub(crate) fn push_digits(line: &mut String, number: u64) {
    for place in (0..16_u32).rev() {
        let digit = number.wrapping_shr(place.wrapping_mul(4)) & 0xf;
        push_digit(line, u32::try_from(digit).unwrap_or_default());
    }
}

fn push_digit(line: &mut String, digit: u32) {
    line.push(char::from_digit(digit, 16).unwrap_or('?'));
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
    fn a_trace_is_continued() {
        let trace = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
        let line = written(&LogLine { trace, ..line() });
        assert_eq!(line["trace"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["parent"], "00f067aa0ba902b7");
        assert_eq!(line["span"], "0000000000000001");
    }

    #[test]
    fn no_text_breaks_out_of_a_line_or_makes_it_long() {
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
