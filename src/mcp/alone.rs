//! Surroundings for the fuzzer: nothing waits and nothing is kept.

use std::future::{Future, ready};
use std::time::Duration;

use super::announce::Change;
use super::host::{Host, NotOpened, NotSealed, SessionError, Unavailable};
use super::jsonrpc::ClientResponse;
use super::log::LogLevel;
use super::replay::Event;
use super::session::SessionId;
use super::tasks::{Command, Reply, TaskId};
use super::watch::{NotWatched, Watch};
use crate::caller::Subject;

/// The surroundings.
#[derive(Clone)]
pub(crate) struct Alone;

impl Host for Alone {
    type Env = ();

    fn env(&self) -> &() {
        &()
    }

    fn sleep(&self, _duration: Duration) -> impl Future<Output = ()> + 'static {
        ready(())
    }

    fn random_bits(&self) -> u128 {
        1
    }

    async fn log_level(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
    ) -> Result<Option<LogLevel>, SessionError> {
        Ok(None)
    }

    async fn set_log_level(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _level: LogLevel,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn client_response(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
    ) -> Result<ClientResponse, SessionError> {
        Err(Unavailable.into())
    }

    async fn respond(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
        _response: &ClientResponse,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn publish(&self, _change: &Change, _by: Option<&Subject>) {}

    async fn watch(&self, _watch: &Watch, _owner: Option<&Subject>) -> Result<(), NotWatched> {
        Ok(())
    }

    async fn keep_events(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _stream: &str,
        _events: &[Event],
        _is_lost: bool,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    async fn send(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _message: Vec<u8>,
        _agreed: Option<[u8; 2]>,
    ) -> Result<(), SessionError> {
        Ok(())
    }

    fn run_on(&self, _work: impl Future<Output = ()> + 'static) {}

    async fn task(&self, _id: &TaskId, _command: Command) -> Result<Reply, Unavailable> {
        Ok(Reply::Unknown)
    }

    async fn seal(&self, _plain: &[u8], _binding: &[u8]) -> Result<String, NotSealed> {
        Err(NotSealed::TooLarge)
    }

    async fn open(&self, _sealed: &str, _binding: &[u8]) -> Result<Vec<u8>, NotOpened> {
        Err(NotOpened::Forged)
    }
}
