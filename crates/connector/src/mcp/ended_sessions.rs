//! The sessions that have ended in this isolate. A request that asks the session's object learns it from there. A plain
//! call asks no object, so other isolates answer it as before; it needs nothing of the session.

use std::cell::RefCell;
use std::collections::VecDeque;

use mcp_connector_protocol::{Era, RequestHeaders, SessionId, era};

/// Maximum number of sessions that are remembered.
const MAX: usize = 1000;

thread_local! {
    static ENDED: RefCell<VecDeque<String>> = const { RefCell::new(VecDeque::new()) };
}

/// Remembers that a session has ended.
pub(crate) fn remember(session: &SessionId) {
    ENDED.with_borrow_mut(|ended| {
        if ended.len() >= MAX {
            ended.pop_front();
        }
        ended.push_back(session.as_str().to_owned());
    });
}

/// Returns whether a message names a session that has ended here. If none has, no header is read. From 2026-07-28 on,
/// there are no sessions, and the header says nothing.
pub(crate) fn is_named(headers: &impl RequestHeaders) -> bool {
    ENDED.with_borrow(|ended| {
        !ended.is_empty()
            && headers.get(SessionId::HEADER).is_some_and(|named| ended.iter().any(|id| id == named.trim()))
            && !matches!(era(headers), Ok(Era::Modern))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ended_sessions_are_remembered() {
        // Any text that a server here would give.
        let ids: Vec<SessionId> = (0..=MAX).map(|number| SessionId::sample(number as u128)).collect();
        let named = |id: &SessionId| format!(" {}", id.as_str());
        let is_named =
            |id: &SessionId| super::is_named(&|header: &str| (header == SessionId::HEADER).then(|| named(id)));
        assert!(!is_named(&ids[1]));
        ids.iter().for_each(remember);
        assert!(!is_named(&ids[0]));
        assert!(is_named(&ids[1]) && is_named(&ids[MAX]));
    }
}
