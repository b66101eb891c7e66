//! A message as one Server-Sent Event.

/// Returns `message` as an event. JSON has no line breaks of its own, so it is one `data` line.
pub(crate) fn sse_event(message: &[u8]) -> Vec<u8> {
    [b"event: message\ndata: ", message, b"\n\n"].concat()
}
