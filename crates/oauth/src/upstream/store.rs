//! The upstream accounts of one subject. Each function is one transaction.

use mcp_connector_base::timestamp::Timestamp;

use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::upstream::connection::{ConnectedUpstream, ConnectionEnd, Refresh, TokenSet, TokenStep, UpstreamConnection};
use crate::upstream::name::UpstreamName;

/// What became of a refresh at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamRefreshOutcome {
    Refreshed(TokenSet),
    /// The service does not accept the refresh token.
    Refused,
    /// There was no answer, or one that says nothing about the refresh token. It is sent again the next time.
    Unknown,
}

impl<R: GrantRows> GrantStore<R> {
    /// Stores the account that the person has connected, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the earlier connection cannot be looked up, or the new one cannot be stored.
    pub fn connect_upstream(&mut self, connected: ConnectedUpstream, now: Timestamp) -> Result<(), R::Error> {
        let ConnectedUpstream { upstream, tokens, account } = connected;
        let earlier = self.rows.upstream(&upstream)?;
        let connection = UpstreamConnection::new(tokens, account, earlier.as_ref(), now);
        self.rows.put_upstream(&upstream, &connection)
    }

    /// Ends a connection for its person. Returns what was stored.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the connection cannot be looked up or deleted.
    pub fn disconnect_upstream(&mut self, upstream: &UpstreamName) -> Result<Option<UpstreamConnection>, R::Error> {
        let connection = self.rows.upstream(upstream)?;
        self.rows.delete_upstream(upstream)?;
        Ok(connection)
    }

    /// Returns what is to be done for a call that needs the access token. `refused` is the generation whose token the service has
    /// just refused.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the connection cannot be looked up, or its use or its end cannot be stored.
    pub fn upstream_token(
        &mut self,
        upstream: &UpstreamName,
        refused: Option<u64>,
        now: Timestamp,
    ) -> Result<TokenStep, R::Error> {
        let Some(connection) = self.rows.upstream(upstream)? else { return Ok(TokenStep::Connect(None)) };
        let step = connection.step(refused, now);
        match &step {
            TokenStep::Connect(Some(end)) if connection.tokens.is_ok() => {
                self.rows.put_upstream(upstream, &connection.ended(*end))?;
            }
            TokenStep::Use(_) => {
                if let Some(used) = connection.used(now) {
                    self.rows.put_upstream(upstream, &used)?;
                }
            }
            TokenStep::Connect(_) | TokenStep::Refresh { .. } => {}
        }
        Ok(step)
    }

    /// Takes the outcome of a refresh that began at `generation`. If the person has connected anew or disconnected meanwhile, it no
    /// longer counts. Returns tokens that have come for a connection that is no more: they are to be revoked.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the connection cannot be looked up, or its new tokens or its end cannot be
    /// stored.
    pub fn take_upstream_refresh(
        &mut self,
        upstream: &UpstreamName,
        generation: u64,
        outcome: UpstreamRefreshOutcome,
        now: Timestamp,
    ) -> Result<Option<TokenSet>, R::Error> {
        let Some(connection) = self.rows.upstream(upstream)? else {
            return Ok(match outcome {
                UpstreamRefreshOutcome::Refreshed(tokens) => Some(tokens),
                UpstreamRefreshOutcome::Refused | UpstreamRefreshOutcome::Unknown => None,
            });
        };
        // A new connection may be of the same grant at the service, so that a revocation would end it, too.
        if connection.generation != generation {
            return Ok(None);
        }
        let next = match outcome {
            UpstreamRefreshOutcome::Refreshed(tokens) => connection.refreshed(tokens, now),
            UpstreamRefreshOutcome::Refused => connection.ended(ConnectionEnd::RefreshRefused),
            UpstreamRefreshOutcome::Unknown => return Ok(None),
        };
        self.rows.put_upstream(upstream, &next)?;
        Ok(None)
    }

    /// Ends a connection that shares the refresh token of the sign-in, if there is no such token any more.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the connection cannot be looked up, or its end cannot be stored.
    pub fn end_shared_upstream(&mut self, upstream: &UpstreamName) -> Result<(), R::Error> {
        match self.rows.upstream(upstream)?.filter(is_shared) {
            Some(connection) => self.rows.put_upstream(upstream, &connection.ended(ConnectionEnd::RefreshRefused)),
            None => Ok(()),
        }
    }

    /// Takes an access token that the identity provider gave when the refresh token of the sign-in was exchanged, if the account of
    /// the person there is connected with that token.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if the connection cannot be looked up, or its new token cannot be stored.
    pub fn take_identity_tokens(
        &mut self,
        upstream: &UpstreamName,
        tokens: TokenSet,
        now: Timestamp,
    ) -> Result<(), R::Error> {
        let Some(connection) = self.rows.upstream(upstream)?.filter(is_shared) else { return Ok(()) };
        let tokens = TokenSet { refresh: Refresh::Identity, ..tokens };
        self.rows.put_upstream(upstream, &connection.refreshed(tokens, now))
    }
}

fn is_shared(connection: &UpstreamConnection) -> bool {
    connection.tokens.as_ref().is_ok_and(|tokens| tokens.refresh == Refresh::Identity)
}
