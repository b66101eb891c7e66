//! The place in the quota that the stream of a client without a token takes.

use worker::Env;

use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::{Platform, SessionError, SessionId, WaitUntilDone};

use crate::host::Workers;
use crate::objects::anonymous_quota::stub as anonymous_quota;

/// A place in the quota, which is given back when the stream ends.
pub(crate) struct StreamPlace {
    env: Env,
    session: SessionId,
    after: Option<WaitUntilDone>,
}

impl StreamPlace {
    pub(crate) async fn take(
        host: &Workers,
        network: &RequestSource,
        session: &SessionId,
    ) -> Result<Self, SessionError> {
        anonymous_quota::take_stream(host.env(), network, session.as_str()).await?;
        Ok(Self { env: host.env().clone(), session: session.clone(), after: Some(WaitUntilDone::begin(host)) })
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let Some(after) = self.after.take() else { return };
        let (env, session) = (self.env.clone(), self.session.clone());
        after.run(async move { anonymous_quota::release_stream(&env, session.as_str()).await });
    }
}
