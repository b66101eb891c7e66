//! Answers that JavaScript gives again without a call into the module: those that every request like an earlier one gets. Such a call
//! costs more than making them. `reused.js` beside this file is the other side.
//!
//! Two requests are alike if they have the same method and URL, and neither has any of the headers that were read for the answer.
//! [`ReadHeaders`] notes which ones were, so that a check that reads another one counts by itself.

use std::cell::Cell;

use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::web_sys::Request;

#[wasm_bindgen(module = "/src/platform/crossing/reused.js")]
extern "C" {
    fn keep(request: &Request, absent: &str, status: u16, head: &str, body: &[u8], id_at: u32, line: &str);
}

/// The headers that may be read for an answer that is given again. Clients send them seldom, or never twice with the same value.
const RECORDED: [&str; 4] = ["origin", "authorization", "x-api-key", "traceparent"];

/// Longest URL of such an answer, in bytes. Anybody can choose the host and the query.
const MAX_URL: usize = 256;
/// Longest body of such an answer, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// What was read of a request beside its method and URL.
#[derive(Default)]
pub(crate) struct ReadHeaders {
    /// One bit for each of [`RECORDED`] that was read.
    absent: Cell<u8>,
    /// Whether anything else was read: another header, one that the request has, or the body.
    is_more: Cell<bool>,
}

impl ReadHeaders {
    /// Notes that the header `name` was read.
    pub(crate) fn note(&self, name: &str, value: Option<&str>) {
        if self.is_more.get() {
            return;
        }
        match RECORDED.iter().position(|known| *known == name).filter(|_| value.is_none()) {
            Some(position) => self.absent.set(self.absent.get() | 1 << position),
            None => self.is_more.set(true),
        }
    }

    /// Notes that something else was read.
    pub(crate) fn note_more(&self) {
        self.is_more.set(true);
    }

    /// Returns the names of the headers that were read, each with a comma after it. None if one of them was there, or anything
    /// else was read.
    fn absent(&self) -> Option<String> {
        let is_read = |position: usize| self.absent.get() & 1 << position != 0;
        let names = RECORDED.iter().enumerate().filter(|(position, _)| is_read(*position));
        (!self.is_more.get()).then(|| names.flat_map(|(_, name)| [*name, ","]).collect())
    }
}

/// An answer that is given again.
pub(crate) struct ReusedAnswer<'a> {
    pub(crate) status: u16,
    /// A line with a name and one with a value for each header.
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
    /// Where the id of the request is put into the body.
    pub(crate) id_at: Option<usize>,
    /// The parts of the log line between the id of the request, the trace and the span, each on a line. Empty if none is written.
    pub(crate) line: &'a str,
}

/// Has JavaScript give the answer to each request that is like this one.
pub(crate) fn reuse(request: &Request, url: &str, read: &ReadHeaders, answer: &ReusedAnswer<'_>) {
    let ReusedAnswer { status, head, body, id_at, line } = *answer;
    if url.len() > MAX_URL || url.contains('?') || body.len() > MAX_BODY {
        return;
    }
    let Some(absent) = read.absent() else { return };
    let id_at = id_at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX);
    keep(request, &absent, status, head, body, id_at, line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_only_if_nothing_that_a_request_has_was_read_for_it() {
        for (name, read, absent) in [
            ("nothing", &[][..], Some("")),
            ("headers that are not there", &[("authorization", None), ("origin", None)], Some("origin,authorization,")),
            ("the same header twice", &[("origin", None), ("origin", None)], Some("origin,")),
            ("a header that is there", &[("origin", Some("https://claude.ai"))], None),
            ("an empty header", &[("authorization", Some(""))], None),
            ("another header", &[("cf-connecting-ip", None)], None),
            (
                "one that is there among others",
                &[("origin", None), ("traceparent", Some("00")), ("origin", None)],
                None,
            ),
        ] {
            let headers = ReadHeaders::default();
            for (name, value) in read {
                headers.note(name, *value);
            }
            assert_eq!(headers.absent().as_deref(), absent, "{name}");
        }
        let body = ReadHeaders::default();
        body.note_more();
        assert_eq!(body.absent(), None, "the body");
    }
}
