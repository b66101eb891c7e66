//! What a request says before its body: its number, method and URL, and the headers that most requests are asked for.

use worker::web_sys::Request;

use crate::platform::crossing::{head, names};
use crate::platform::instance::{self, RequestNumber};

/// The headers that come with every request.
const OF_ALL: [&str; 3] = ["cf-ray", "origin", "accept"];
/// The headers that come with a POST, after the others.
const OF_POSTS: [&str; 9] = [
    "authorization",
    "x-api-key",
    "content-type",
    "content-length",
    "content-encoding",
    "mcp-protocol-version",
    "mcp-session-id",
    "mcp-method",
    "mcp-name",
];

/// The lines before those of the headers: number, method, URL.
const FIRST_LINES: usize = 3;
const LINES: usize = FIRST_LINES + OF_ALL.len() + OF_POSTS.len();

/// The head of a request, as JavaScript has handed it over.
pub(crate) struct RequestHead {
    text: String,
    /// Where each line ends. The lines of headers that were not handed over end where the text does.
    ends: [usize; LINES],
    lines: usize,
    number: RequestNumber,
    is_again: bool,
    entry_point: EntryPoint,
}

/// By which entry point of the Worker a request came. The guard says so; nothing in a request can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryPoint {
    /// The default one, to which the runtime sends what comes from outside.
    Default,
    /// `Internal`: a Service Binding of another Worker of the account, which calls as whoever it says.
    Internal,
    /// `Introspection`: the same of a connector whose sign-in this Worker keeps.
    Introspection,
}

/// A header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderValue<'a> {
    Present(&'a str),
    Absent,
    /// It is none of those that were handed over.
    Unknown,
}

thread_local! {
    /// JavaScript learns the names once.
    static NAMED: () = names(&OF_ALL.join(" "), &OF_POSTS.join(" "));
}

impl RequestHead {
    /// Takes the head of a request as the runtime has passed it, and has the guard number it.
    pub(crate) fn of(request: &Request) -> Self {
        instance::ready();
        NAMED.with(|()| ());
        Self::parse(head(request))
    }

    fn parse(text: String) -> Self {
        let mut ends = [text.len(); LINES];
        let mut lines = 1;
        for (end, (at, _)) in ends.iter_mut().zip(text.match_indices('\n')) {
            *end = at;
            lines += 1;
        }
        let lines = lines.min(LINES);
        let number = RequestNumber::default();
        let mut head = Self { text, ends, lines, number, is_again: false, entry_point: EntryPoint::Default };
        let first = head.line(0).unwrap_or_default();
        let (first, entry_point) = match (first.strip_suffix('@'), first.strip_suffix('%')) {
            (Some(rest), _) => (rest, EntryPoint::Internal),
            (None, Some(rest)) => (rest, EntryPoint::Introspection),
            (None, None) => (first, EntryPoint::Default),
        };
        let (digits, is_again) = first.strip_suffix('!').map_or((first, false), |digits| (digits, true));
        (head.number, head.is_again, head.entry_point) = (RequestNumber::parse(digits), is_again, entry_point);
        head
    }

    /// Returns its number in the guard of the instance.
    pub(crate) const fn number(&self) -> RequestNumber {
        self.number
    }

    /// Returns whether an earlier instance has died of it, or while it had it.
    pub(crate) const fn is_again(&self) -> bool {
        self.is_again
    }

    /// Returns by which entry point it came.
    pub(crate) const fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    pub(crate) fn method(&self) -> &str {
        self.line(1).unwrap_or_default()
    }

    pub(crate) fn url(&self) -> &str {
        self.line(2).unwrap_or_default()
    }

    /// Returns the header `name`, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> HeaderValue<'_> {
        let position = OF_ALL.iter().chain(&OF_POSTS).position(|known| *known == name);
        match position.and_then(|position| self.line(FIRST_LINES + position)) {
            None => HeaderValue::Unknown,
            Some(line) => line.strip_prefix('=').map_or(HeaderValue::Absent, HeaderValue::Present),
        }
    }

    fn line(&self, number: usize) -> Option<&str> {
        if number >= self.lines {
            return None;
        }
        let start = match number.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before)? + 1,
        };
        self.text.get(start..*self.ends.get(number)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> RequestHead {
        RequestHead::parse(lines.join("\n"))
    }

    #[test]
    fn a_head_is_read_line_by_line() {
        let post = head(&[
            "17",
            "POST",
            "https://h/mcp",
            "",
            "=https://claude.ai",
            "=*/*",
            "=Bearer x",
            "",
            "=application/json",
            "=2",
            "",
            "",
            "=",
            "=tools/call",
            "=größe",
        ]);
        assert_eq!((post.method(), post.url(), post.is_again()), ("POST", "https://h/mcp", false));
        assert_eq!(post.number(), RequestNumber::parse("17"));
        for (name, value) in [
            ("cf-ray", HeaderValue::Absent),
            ("origin", HeaderValue::Present("https://claude.ai")),
            ("authorization", HeaderValue::Present("Bearer x")),
            ("mcp-protocol-version", HeaderValue::Absent),
            ("mcp-session-id", HeaderValue::Present("")),
            ("mcp-name", HeaderValue::Present("größe")),
            ("cookie", HeaderValue::Unknown),
        ] {
            assert_eq!(post.header(name), value, "{name}");
        }
    }

    #[test]
    fn a_request_without_a_body_has_fewer_lines() {
        let get = head(&["3!", "GET", "https://h/", "=8f3a2b1c4d5e6f70", "", ""]);
        assert!(get.is_again());
        assert_eq!(get.header("cf-ray"), HeaderValue::Present("8f3a2b1c4d5e6f70"));
        assert_eq!(get.header("accept"), HeaderValue::Absent);
        assert_eq!(get.header("authorization"), HeaderValue::Unknown);
        assert_eq!(head(&[""]).header("accept"), HeaderValue::Unknown);
    }

    #[test]
    fn the_guard_alone_says_by_which_entry_point_a_request_came() {
        use EntryPoint::{Default, Internal, Introspection};
        for (first, is_again, entry_point) in [
            ("7", false, Default),
            ("7!", true, Default),
            ("7@", false, Internal),
            ("7!@", true, Internal),
            ("7%", false, Introspection),
            ("7!%", true, Introspection),
        ] {
            let head = head(&[first, "GET", "https://h/@", "=7@", "=7%", ""]);
            assert_eq!(head.number(), RequestNumber::parse("7"), "{first}");
            assert_eq!((head.is_again(), head.entry_point()), (is_again, entry_point), "{first}");
        }
    }
}
