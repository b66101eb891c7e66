//! Who refreshes the token of an upstream account, and who waits for it: one refresh of each account at a time, however many calls ask.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::lock::Mutex;

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::upstream::name::UpstreamName;

use crate::objects::session::waiting::Waiting;

/// The service is not asked again for this long after it did not answer, in seconds: the calls that wait for one refresh would
/// otherwise ask it one after the other.
const ASK_AGAIN_AFTER: u64 = 3;

/// The refreshes of the upstream accounts of one subject.
#[derive(Default)]
pub(crate) struct UpstreamRefreshes {
    /// Held while a service is asked. There are as many as services.
    locks: RefCell<BTreeMap<UpstreamName, Rc<Mutex<LastFailure>>>>,
    /// The calls that wait for the person to connect an account.
    pub(crate) waiting: Waiting,
}

/// When the service last did not answer.
#[derive(Debug, Default)]
pub(crate) struct LastFailure(Option<Timestamp>);

impl UpstreamRefreshes {
    /// Returns the lock of an account.
    pub(crate) fn lock_of(&self, upstream: &UpstreamName) -> Rc<Mutex<LastFailure>> {
        Rc::clone(self.locks.borrow_mut().entry(upstream.clone()).or_default())
    }
}

impl LastFailure {
    /// Returns whether the service has failed just now.
    pub(crate) fn is_recent(&self, now: Timestamp) -> bool {
        self.0.is_some_and(|at| now.seconds_since(at) < ASK_AGAIN_AFTER)
    }

    /// Notes that the service has not answered.
    pub(crate) const fn note(&mut self, now: Timestamp) {
        self.0 = Some(now);
    }
}
