//! What the handler behind a task says about its progress: the status message of the task.

use std::cell::RefCell;
use std::rc::Rc;

/// Longest message that is kept of what a handler says, in characters.
const MAX_MESSAGE: usize = 500;

/// What a handler says about its progress while it runs.
#[derive(Clone, Debug, Default)]
pub struct StatusMessage(Rc<RefCell<Option<String>>>);

impl StatusMessage {
    /// What it said last.
    #[must_use]
    pub fn last(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn say(&self, message: &str) {
        self.0.replace(Some(message.chars().take(MAX_MESSAGE).collect()));
    }
}
