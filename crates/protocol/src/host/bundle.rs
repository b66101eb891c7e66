//! All that a connector needs from the place it runs in.

use crate::host::changes::Changes;
use crate::host::deliveries::Deliveries;
use crate::host::event_store::EventStore;
use crate::host::files::Files;
use crate::host::platform::Platform;
use crate::host::request_observer::RequestObserver;
use crate::host::request_state::RequestStateSeal;
use crate::host::sessions::Sessions;
use crate::host::tasks::Tasks;
use crate::host::upstream_accounts::UpstreamAccounts;

/// All that a connector needs from the place it runs in. Every type that has its parts implements it.
pub trait Host:
    Platform
    + Sessions
    + EventStore
    + Changes
    + Deliveries
    + Tasks
    + Files
    + UpstreamAccounts
    + RequestStateSeal
    + RequestObserver
    + Clone
    + 'static
{
}

impl<H> Host for H where
    H: Platform
        + Sessions
        + EventStore
        + Changes
        + Deliveries
        + Tasks
        + Files
        + UpstreamAccounts
        + RequestStateSeal
        + RequestObserver
        + Clone
        + 'static
{
}
