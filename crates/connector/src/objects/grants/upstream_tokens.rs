//! The tokens of upstream accounts, as calls ask for them: refreshed before they end, once at a time.

use std::time::Duration;

use worker::console_error;
use worker::wasm_bindgen_futures::spawn_local;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::grants::identity::renewal::DueRenewal;
use mcp_connector_oauth::grants::revoked::Revoked;
use mcp_connector_oauth::grants::rows::GrantRows as _;
use mcp_connector_oauth::upstream::commands::{ConnectUpstream, GetUpstreamToken, UpstreamTokenAnswer};
use mcp_connector_oauth::upstream::connection::{Refresh, TokenStep};
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::upstream::store::UpstreamRefreshOutcome;

use crate::oauth::upstream::refresh;
use crate::oauth::upstream::revocation;
use crate::objects::grants::object::Grants;
use crate::objects::session::waiting::Check;
use crate::platform::clock::now;

/// The longest that a call may wait here for its person, in seconds.
const MAX_WAIT: u32 = 20;
/// Maximum number of calls that wait for one person.
const MAX_WAITING: usize = 64;

impl Grants {
    /// Returns the token of an account, after it was refreshed if that is due.
    pub(super) async fn upstream_token(&self, command: GetUpstreamToken) -> worker::Result<UpstreamTokenAnswer> {
        let answer = self.upstream_token_now(&command).await?;
        if command.wait_seconds == 0 || !matches!(answer, UpstreamTokenAnswer::Connect(_)) {
            return Ok(answer);
        }
        let patience = Duration::from_secs(command.wait_seconds.min(MAX_WAIT).into());
        let is_connected = || match self.upstream_step(&command.upstream, None) {
            Ok(TokenStep::Use(_) | TokenStep::Refresh { .. }) => Check::Found(()),
            Ok(TokenStep::Connect(_)) => Check::NotYet,
            Err(_) => Check::Never,
        };
        match self.upstream_refreshes.waiting.until(patience, MAX_WAITING, is_connected).await? {
            Some(()) => self.upstream_token_now(&GetUpstreamToken { refused: None, ..command }).await,
            None => Ok(answer),
        }
    }

    /// Stores an account that the person has connected, and wakes the calls that wait for it.
    pub(super) async fn connect_upstream(&self, command: ConnectUpstream) -> worker::Result<Option<()>> {
        let connected = self.carry_out(command)?;
        self.upstream_refreshes.waiting.wake();
        self.sweep_later().await?;
        Ok(connected)
    }

    /// Has the tokens of accounts that have ended revoked at their services, behind the answer. It happens here, where the accounts
    /// were stored: a caller who does not get the answer could not repeat it.
    pub(super) fn revoke_upstreams(&self, subject: Option<&Subject>, ended: &Revoked) {
        if ended.upstreams.is_empty() {
            return;
        }
        match subject {
            Some(subject) => {
                spawn_local(revocation::revoke_all(self.env.clone(), subject.clone(), ended.upstreams.clone()));
            }
            // Without their name, the tokens cannot be decrypted.
            None => {
                console_error!("upstream: the tokens of a person who has ended here are not revoked at the services");
            }
        }
    }

    async fn upstream_token_now(&self, command: &GetUpstreamToken) -> worker::Result<UpstreamTokenAnswer> {
        match self.upstream_step(&command.upstream, command.refused)? {
            TokenStep::Use(token) => return Ok(UpstreamTokenAnswer::Token(token)),
            TokenStep::Connect(end) => return Ok(UpstreamTokenAnswer::Connect(end)),
            TokenStep::Refresh { .. } => {}
        }
        let lock = self.upstream_refreshes.lock_of(&command.upstream);
        let mut last_failure = lock.lock().await;
        // Another call may have refreshed it meanwhile.
        match self.upstream_step(&command.upstream, command.refused)? {
            TokenStep::Use(token) => return Ok(UpstreamTokenAnswer::Token(token)),
            TokenStep::Connect(end) => return Ok(UpstreamTokenAnswer::Connect(end)),
            TokenStep::Refresh { tokens, generation, .. } if !last_failure.is_recent(now()) => {
                let is_answered = match &tokens.refresh {
                    Refresh::Identity => self.refresh_with_identity(command).await?,
                    Refresh::Token(_) | Refresh::None => {
                        let outcome = refresh::refresh(&self.env, command, &tokens).await;
                        let is_answered = outcome != UpstreamRefreshOutcome::Unknown;
                        let upstream = command.upstream.clone();
                        let unwanted = self.with_store(move |store| {
                            store.take_upstream_refresh(&upstream, generation, outcome, now())
                        })?;
                        if let Some(tokens) = unwanted {
                            refresh::revoke(&self.env, command, &tokens).await;
                        }
                        is_answered
                    }
                };
                if !is_answered {
                    last_failure.note(now());
                }
            }
            TokenStep::Refresh { .. } => {}
        }
        Ok(match self.upstream_step(&command.upstream, command.refused)? {
            TokenStep::Use(token) | TokenStep::Refresh { usable: Some(token), .. } => UpstreamTokenAnswer::Token(token),
            TokenStep::Connect(end) => UpstreamTokenAnswer::Connect(end),
            TokenStep::Refresh { usable: None, .. } => UpstreamTokenAnswer::Outage,
        })
    }

    /// Exchanges the refresh token of the sign-in, which the account shares. Returns whether the provider has answered.
    async fn refresh_with_identity(&self, command: &GetUpstreamToken) -> worker::Result<bool> {
        let _renewing = self.renewing.lock().await;
        let identity = self.with_store(|store| store.rows().identity())?;
        let Some(identity) = identity.filter(|identity| identity.refresh_token.is_some()) else {
            // The sign-in has no refresh token any more: the person connects, or signs in again.
            let upstream = command.upstream.clone();
            self.with_store(move |store| store.end_shared_upstream(&upstream))?;
            return Ok(true);
        };
        let due = DueRenewal { subject: command.subject.clone(), grant: None, identity };
        self.renew(due).await
    }

    fn upstream_step(&self, upstream: &UpstreamName, refused: Option<u64>) -> worker::Result<TokenStep> {
        let (upstream, at): (_, Timestamp) = (upstream.clone(), now());
        self.with_store(move |store| store.upstream_token(&upstream, refused, at))
    }
}
