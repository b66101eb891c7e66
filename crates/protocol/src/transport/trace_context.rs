//! The position of a request in a trace of its client (W3C Trace Context §3.2; MCP "_meta"). Only
//! `traceparent` is read. `tracestate` and `baggage` are for the systems that wrote them, and may hold what must not be repeated.

use serde::{Deserialize, Serialize};

/// A valid `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceParent {
    trace: [u64; 2],
    parent: u64,
}

impl TraceParent {
    /// The name of the member of `_meta`, and of the header.
    pub const NAME: &'static str = "traceparent";

    /// Parses `00-<trace-id>-<parent-id>-<flags>`. Returns `None` if it is malformed: the specification then requires a new trace.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let version = hex(bytes.get(..2)?)?;
        // A later version may have further fields.
        let ends = match (version, bytes.get(55)) {
            (0xff, _) => false,
            (_, None) => true,
            (version, Some(more)) => version != 0 && *more == b'-',
        };
        let dashes = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        if !ends || !dashes {
            return None;
        }
        let trace = [hex(bytes.get(3..19)?)?, hex(bytes.get(19..35)?)?];
        let parent = hex(bytes.get(36..52)?)?;
        hex(bytes.get(53..55)?)?;
        (trace != [0, 0] && parent != 0).then_some(Self { trace, parent })
    }

    /// Returns the id of the trace, a number of 32 hexadecimal digits, in two halves.
    #[must_use]
    pub const fn trace(&self) -> [u64; 2] {
        self.trace
    }

    /// Returns the id of the span in which the request was sent, a number of 16 hexadecimal digits.
    #[must_use]
    pub const fn parent(&self) -> u64 {
        self.parent
    }
}

/// Parses lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_only_if_it_is_in_order() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        let parsed = TraceParent::parse(good).unwrap();
        assert_eq!(parsed.trace(), [0x0af7_6519_16cd_43dd, 0x8448_eb21_1c80_319c]);
        assert_eq!(parsed.parent(), 0x00f0_67aa_0ba9_02b7);
        for (name, text, is_good) in [
            ("not sampled", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00".to_owned(), true),
            ("a later version", good.replacen("00", "cc", 1), true),
            ("a later version with more", format!("{}-what-else", good.replacen("00", "cc", 1)), true),
            ("a later version with more, and no dash", format!("{}.", good.replacen("00", "cc", 1)), false),
            ("this version with more", format!("{good}-01"), false),
            ("the version that never is", good.replacen("00", "ff", 1), false),
            ("capitals", good.to_uppercase(), false),
            ("no trace", good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)), false),
            ("no parent", good.replace("00f067aa0ba902b7", &"0".repeat(16)), false),
            ("short", good[..54].to_owned(), false),
            ("twice", format!("{good}, {good}"), false),
            ("spaces", format!(" {good}"), false),
            ("another digit", good.replace("0af", "0ag"), false),
            ("other dashes", good.replace('-', "_"), false),
            ("not ASCII", good.replace("0a", "ä"), false),
            ("nothing", String::new(), false),
        ] {
            assert_eq!(TraceParent::parse(&text).is_some(), is_good, "{name}: {text}");
        }
    }
}
