//! The status message of a task, which its handler sets while it runs.

use std::cell::RefCell;
use std::rc::Rc;

/// Maximum length of a status message in characters. The rest is cut off.
const MAX_MESSAGE: usize = 500;

/// The status message of a task while its handler runs.
#[derive(Clone, Debug, Default)]
pub struct StatusMessage(Rc<RefCell<Option<String>>>);

impl StatusMessage {
    /// Returns the last message.
    #[must_use]
    pub fn last(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn set(&self, message: &str) {
        self.0.replace(Some(message.chars().take(MAX_MESSAGE).collect()));
    }
}
