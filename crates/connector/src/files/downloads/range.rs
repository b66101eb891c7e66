//! Which part of a file a request asks for (RFC 9110 §14).

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    /// Where it begins.
    pub(crate) offset: u64,
    /// How many bytes it has; at least one.
    pub(crate) length: u64,
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// All of it: there is no range, or one that may be ignored (RFC 9110 §14.2).
    Whole,
    Part(ByteRange),
    /// A part that the file does not have: 416.
    Unsatisfiable,
}

impl ByteRange {
    /// Returns the header `Content-Range` of an answer with this part of a file of `size` bytes.
    pub(crate) fn content_range(self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.offset, self.offset + self.length - 1)
    }
}

/// Reads a `Range` header for a file of `size` bytes. Several ranges at once, and what is no range, are ignored.
pub(crate) fn requested(header: Option<&str>, size: u64) -> Requested {
    parse(header, size).unwrap_or(Requested::Whole)
}

fn parse(header: Option<&str>, size: u64) -> Option<Requested> {
    let (unit, range) = header?.trim().split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let (offset, end) = match (position(first).ok()?, position(last).ok()?) {
        (None, None) => return None,
        // The last so many bytes.
        (None, Some(length)) => (size.saturating_sub(length), if length == 0 { 0 } else { size }),
        (Some(first), None) => (first, size),
        (Some(first), Some(last)) if last < first => return None,
        (Some(first), Some(last)) => (first, last.saturating_add(1).min(size)),
    };
    Some(match end.checked_sub(offset) {
        None | Some(0) => Requested::Unsatisfiable,
        Some(length) => Requested::Part(ByteRange { offset, length }),
    })
}

/// A text that should be a position in a file, and is none.
struct NotAPosition;

/// Returns a position, or none where it is left out.
fn position(text: &str) -> Result<Option<u64>, NotAPosition> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > 15 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAPosition);
    }
    text.parse().map(Some).map_err(|_| NotAPosition)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_read_as_the_specification_says() {
        let part = |offset, length| Requested::Part(ByteRange { offset, length });
        for (header, expected) in [
            (None, Requested::Whole),
            (Some("bytes=0-9"), part(0, 10)),
            (Some("bytes=5-"), part(5, 95)),
            (Some("bytes=-5"), part(95, 5)),
            (Some("bytes=-500"), part(0, 100)),
            (Some("bytes=90-500"), part(90, 10)),
            (Some("Bytes = 0-0"), part(0, 1)),
            (Some("bytes=100-"), Requested::Unsatisfiable),
            (Some("bytes=100-200"), Requested::Unsatisfiable),
            (Some("bytes=-0"), Requested::Unsatisfiable),
            (Some("bytes=9-0"), Requested::Whole),
            (Some("bytes=-"), Requested::Whole),
            (Some("bytes=a-b"), Requested::Whole),
            (Some("bytes=0-1,5-6"), Requested::Whole),
            (Some("lines=0-1"), Requested::Whole),
            (Some("bytes=99999999999999999999-"), Requested::Whole),
            (Some(""), Requested::Whole),
        ] {
            assert_eq!(requested(header, 100), expected, "{header:?}");
        }
        for header in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(requested(Some(header), 0), Requested::Unsatisfiable, "{header} of an empty file");
        }
        assert_eq!(ByteRange { offset: 5, length: 10 }.content_range(100), "bytes 5-14/100");
    }

    proptest! {
        #[test]
        fn a_part_is_always_in_the_file(header in "bytes=[0-9]{0,20}-[0-9]{0,20}|\\PC{0,30}", size in 0_u64..1_000_000) {
            if let Requested::Part(part) = requested(Some(&header), size) {
                prop_assert!(part.length > 0 && part.offset + part.length <= size, "{header} of {size}: {part:?}");
            }
        }
    }
}
