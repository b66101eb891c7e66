//! What a legacy session remembers, in a Durable Object that exists from the first thing there is to remember.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use crate::mcp::{LogLevel, SessionId, Unavailable};

use super::durable;

/// A session is forgotten this long after something was remembered for it.
const LIFETIME: Duration = Duration::from_hours(24);

const LOG_LEVEL: &str = "log_level";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    LogLevel,
    SetLogLevel(String),
}

/// The level a session asked for.
pub(super) async fn log_level(env: &Env, session: &SessionId) -> Result<Option<LogLevel>, Unavailable> {
    let stub = durable::object(env, "SESSION", session.as_str())?;
    let level: Option<String> = durable::ask(&stub, &Command::LogLevel).await?;
    Ok(level.as_deref().and_then(LogLevel::parse))
}

/// Remembers the level a session asks for.
pub(super) async fn set_log_level(env: &Env, session: &SessionId, level: LogLevel) -> Result<(), Unavailable> {
    let stub = durable::object(env, "SESSION", session.as_str())?;
    durable::ask::<_, Option<String>>(&stub, &Command::SetLogLevel(level.as_str().to_owned())).await.map(|_| ())
}

/// One session.
#[durable_object(alarm)]
pub struct Session {
    state: State,
}

impl DurableObject for Session {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        durable::answer(request, async |command: Command| {
            let storage = self.state.storage();
            match command {
                Command::LogLevel => storage.get::<String>(LOG_LEVEL).await,
                Command::SetLogLevel(level) => {
                    storage.put(LOG_LEVEL, &level).await?;
                    storage.set_alarm(LIFETIME).await?;
                    Ok(Some(level))
                }
            }
        })
        .await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}
