//! The connection of a person to an upstream service, as it is stored: its tokens, encrypted, and what becomes of them.

use serde::{Deserialize, Serialize};

use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::at_rest::EncryptedSecret;
use crate::upstream::name::UpstreamName;

/// How long before its end a token is refreshed, in seconds. Of a token that lives shortly it is a quarter.
const REFRESH_BEFORE: u64 = 60;
/// Lifetime that is believed, in seconds: a year.
const MAX_LIFETIME: u64 = 365 * 24 * 3600;
/// How long a connection is stored that is not used, in seconds.
const FORGET_AFTER: u64 = 90 * 24 * 3600;
/// The use of a connection is noted no more often than this, in seconds.
const NOTE_USE_AFTER: u64 = 30 * 24 * 3600;

/// The tokens of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSet {
    /// The access token, or the key that the person has typed.
    pub access_token: EncryptedSecret,
    /// When the access token ends, and when it is to be refreshed, if the service says it.
    pub ends: Option<TokenEnd>,
    pub refresh: Refresh,
    /// The scopes that the service has granted, separated by spaces.
    pub scope: Option<String>,
}

/// The end of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEnd {
    pub expires: Timestamp,
    pub refresh_at: Timestamp,
}

/// How the next access token is got (RFC 6749 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresh {
    /// Not at all.
    None,
    /// With a refresh token.
    Token(EncryptedSecret),
    /// With the refresh token of the sign-in: the identity provider is the service, and both came with one answer. A provider that
    /// rotates refresh tokens takes it from one place only.
    Identity,
}

impl TokenSet {
    /// Creates the tokens of an answer that came at `now`.
    #[must_use]
    pub fn new(
        access_token: EncryptedSecret,
        refresh: Refresh,
        expires_in: Option<u64>,
        scope: Option<String>,
        now: Timestamp,
    ) -> Self {
        let ends = expires_in.map(|seconds| {
            let seconds = seconds.min(MAX_LIFETIME);
            let expires = now.plus(seconds);
            TokenEnd { expires, refresh_at: expires.minus(REFRESH_BEFORE.min(seconds / 4)) }
        });
        Self { access_token, ends, refresh, scope }
    }

    /// Returns the tokens after a refresh. A service that gives no new refresh token means that the old one stays valid, and one that
    /// names no scopes that they are the same (RFC 6749 §6).
    #[must_use]
    pub fn refreshed_by(&self, next: Self) -> Self {
        let refresh = if next.refresh == Refresh::None { self.refresh.clone() } else { next.refresh };
        Self { refresh, scope: next.scope.or_else(|| self.scope.clone()), ..next }
    }
}

/// What a person has connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedUpstream {
    pub upstream: UpstreamName,
    pub tokens: TokenSet,
    /// What the person is called at the service, if it is known.
    pub account: Option<String>,
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamConnection {
    /// Grows with each access token that is stored under the name of the service.
    pub generation: u64,
    /// The tokens, or why there are none any more.
    pub tokens: Result<TokenSet, ConnectionEnd>,
    /// What the person is called at the service, if it is known.
    pub account: Option<String>,
    pub connected_at: Timestamp,
    /// When the row was last known to be used. Notes one use a month.
    pub used_at: Timestamp,
}

/// Why a connection has ended that the person has not ended here. They have to connect again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionEnd {
    /// The service does not accept the refresh token: the person has withdrawn it there, or it has expired (RFC 6749 §5.2).
    RefreshRefused,
    /// The service does not accept the access token or the key, and there is no refresh token.
    TokenRefused,
    /// The access token has expired, and there is no refresh token.
    Expired,
}

impl Row for UpstreamConnection {
    const VERSION: u8 = 1;
}

/// An access token as an isolate gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    pub access_token: EncryptedSecret,
    pub generation: u64,
    /// When it is to be asked for again.
    pub refresh_at: Option<Timestamp>,
}

/// What is to be done for a call that needs the access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenStep {
    Use(StoredToken),
    /// Refresh the token first. `usable` is the present one, as long as it is valid.
    Refresh {
        tokens: TokenSet,
        generation: u64,
        usable: Option<StoredToken>,
    },
    /// The person has to connect.
    Connect(Option<ConnectionEnd>),
}

impl UpstreamConnection {
    /// Creates the connection that replaces `earlier`.
    #[must_use]
    pub fn new(tokens: TokenSet, account: Option<String>, earlier: Option<&Self>, now: Timestamp) -> Self {
        Self {
            generation: next_generation(earlier.map(|earlier| earlier.generation), now),
            tokens: Ok(tokens),
            account,
            connected_at: now,
            used_at: now,
        }
    }

    /// Returns what is to be done for a call. `refused` is the generation whose access token the service has just refused.
    #[must_use]
    pub fn step(&self, refused: Option<u64>, now: Timestamp) -> TokenStep {
        let tokens = match &self.tokens {
            Ok(tokens) => tokens,
            Err(end) => return TokenStep::Connect(Some(*end)),
        };
        let is_refused = refused == Some(self.generation);
        let has_expired = tokens.ends.is_some_and(|end| now >= end.expires);
        let is_due = tokens.ends.is_some_and(|end| now >= end.refresh_at);
        let token = StoredToken {
            access_token: tokens.access_token.clone(),
            generation: self.generation,
            refresh_at: tokens.ends.map(|end| end.refresh_at),
        };
        match tokens.refresh {
            Refresh::Token(_) | Refresh::Identity if is_refused || is_due => {
                let usable = (!is_refused && !has_expired).then_some(token);
                TokenStep::Refresh { tokens: tokens.clone(), generation: self.generation, usable }
            }
            Refresh::None if is_refused => TokenStep::Connect(Some(ConnectionEnd::TokenRefused)),
            Refresh::None if has_expired => TokenStep::Connect(Some(ConnectionEnd::Expired)),
            // It is not asked for again before it ends: there is no other.
            Refresh::None => TokenStep::Use(StoredToken { refresh_at: tokens.ends.map(|end| end.expires), ..token }),
            Refresh::Token(_) | Refresh::Identity => TokenStep::Use(token),
        }
    }

    /// Returns the connection with the tokens of a refresh.
    #[must_use]
    pub fn refreshed(self, next: TokenSet, now: Timestamp) -> Self {
        let tokens = self.tokens.map(|tokens| tokens.refreshed_by(next));
        Self { generation: next_generation(Some(self.generation), now), tokens, used_at: now, ..self }
    }

    /// Returns the connection without its tokens.
    #[must_use]
    pub fn ended(self, end: ConnectionEnd) -> Self {
        Self { tokens: self.tokens.and(Err(end)), ..self }
    }

    /// Returns the connection with its use noted, if that is due.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        let is_due = now.seconds_since(self.used_at) >= NOTE_USE_AFTER;
        is_due.then(|| Self { used_at: now, ..self.clone() })
    }

    /// Returns when the row may be deleted.
    #[must_use]
    pub const fn forget_at(&self) -> Timestamp {
        self.used_at.plus(FORGET_AFTER)
    }
}

/// Generations of one name never repeat, also when a connection was deleted in between: they begin at the time.
fn next_generation(earlier: Option<u64>, now: Timestamp) -> u64 {
    earlier.map_or(0, |earlier| earlier.saturating_add(1)).max(now.as_seconds())
}
