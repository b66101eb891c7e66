//! What a connector declares that has to be in the configuration of its Worker, too.

use crate::author::connector::Connector;

/// What the configuration of the Worker has to name for a connector.
#[derive(Debug, PartialEq, Eq)]
pub struct Declared<'a> {
    /// The binding of the bucket with files of people.
    pub files: Option<&'a str>,
    /// The expressions of the schedules that run a handler.
    pub crons: Vec<&'a str>,
    /// The names of the queues whose messages a handler gets.
    pub queues: Vec<&'a str>,
}

impl<H: 'static> Connector<H> {
    /// Returns what the configuration of the Worker has to name. Authors use `check_wrangler_toml`.
    #[doc(hidden)]
    #[must_use]
    pub fn declared(&self) -> Declared<'_> {
        Declared {
            files: self.files.as_deref(),
            crons: self.events.crons().collect(),
            queues: self.events.queues().collect(),
        }
    }
}
