//! What a connector gets from Workers: bindings, a timer, random ids, and what a session remembers.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::caller::Subject;
use crate::mcp::{self, ClientResponse, Host, LogLevel, NotOpened, NotSealed, SessionId, Unavailable};

use super::app::App;
use super::request_state;
use super::session_object;
use super::timer::Timer;

/// The surroundings of a handler that runs on Workers.
#[derive(Clone)]
pub struct Workers {
    env: worker::Env,
    app: Rc<App>,
}

/// What a handler knows about the call it serves. `cx.env()` has the bindings, variables and secrets.
pub type Context = mcp::Context<Workers>;

impl Workers {
    pub(crate) fn new(env: worker::Env, app: Rc<App>) -> Self {
        Self { env, app }
    }
}

impl Host for Workers {
    type Env = worker::Env;

    fn env(&self) -> &worker::Env {
        &self.env
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        Timer::new(duration)
    }

    fn random_bits(&self) -> u128 {
        u128::from_be_bytes(random())
    }

    async fn log_level(&self, session: &SessionId) -> Result<Option<LogLevel>, Unavailable> {
        session_object::log_level(&self.env, session).await
    }

    async fn set_log_level(&self, session: &SessionId, level: LogLevel) -> Result<(), Unavailable> {
        session_object::set_log_level(&self.env, session, level).await
    }

    async fn client_response(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
    ) -> Result<ClientResponse, Unavailable> {
        Err(Unavailable)
    }

    async fn respond(
        &self,
        _session: &SessionId,
        _owner: Option<&Subject>,
        _id: &str,
        _response: &ClientResponse,
    ) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn seal(&self, plain: &[u8], binding: &[u8]) -> Result<String, NotSealed> {
        request_state::seal(plain, binding, &*self.app.authority(&self.env).await?)
    }

    async fn open(&self, sealed: &str, binding: &[u8]) -> Result<Vec<u8>, NotOpened> {
        request_state::open(sealed, binding, &*self.app.authority(&self.env).await?)
    }
}

/// Random bytes from the runtime.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The runtime's source does not fail; without it an id would be guessable, which a session id may be.
    let _ = getrandom::fill(&mut bytes);
    bytes
}
