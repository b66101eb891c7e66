//! A minimal OAuth 2.1 authorization server and the check of its bearer tokens, without a runtime.
//!
//! Authors of connectors use it through `mcp-connector`, and need nothing of this crate.
//!
//! # Examples
//!
//! A client may be sent only to a redirect URI that it registered (RFC 6749 §3.1.2.3). The port of a loopback URI does not matter
//! (RFC 8252 §7.3):
//!
//! ```
//! use mcp_connector_oauth::web::redirect_uri::{RedirectKind, RedirectPolicy, RedirectUri};
//!
//! let policy = RedirectPolicy::default();
//! let registered = RedirectUri::parse("http://127.0.0.1/callback", &policy)?;
//! let requested = RedirectUri::parse("http://127.0.0.1:49152/callback", &policy)?;
//! assert!(registered.admits(&requested));
//! assert_eq!(requested.kind(), RedirectKind::Loopback);
//! assert!(RedirectUri::parse("http://example.com/callback", &policy).is_err());
//! # Ok::<(), mcp_connector_oauth::web::redirect_uri::InvalidRedirectUri>(())
//! ```
//!
//! # Layout
//!
//! Each module uses only those above it:
//!
//! | Module | What |
//! | --- | --- |
//! | [`web`] | URLs, redirect URIs, forms, cookies, networks |
//! | [`crypto`] | keys, sealed values, the form of codes and refresh tokens |
//! | [`resource`] | the protected resource: metadata, access tokens, challenges (RFC 6750, RFC 9068, RFC 9728) |
//! | [`external_issuer`] | what other servers sign: access tokens, and assertions about people (RFC 7523) |
//! | [`clients`] | registered clients (RFC 7591), metadata documents, configured clients, client authentication |
//! | [`authorize`] | the authorization request, PKCE (RFC 7636), consent, the authorization response |
//! | [`login`] | the passphrase, identity providers, who may sign in |
//! | [`grants`] | authorization codes, refresh token rotation (RFC 9700), revocation |
//! | [`upstream`] | accounts of people at other services, for which this server is a client |
//! | [`token`] | the token endpoint and the revocation endpoint (RFC 7009) |
//!
//! No module reads a clock, draws randomness or knows Cloudflare Workers. The caller passes the time as a [`Timestamp`] and
//! randomness as a [`Random`], and implements traits such as [`Grants`] and [`Clients`].
//!
//! [`Timestamp`]: mcp_connector_base::timestamp::Timestamp
//! [`Random`]: mcp_connector_base::random::Random
//! [`Grants`]: grants::commands::Grants
//! [`Clients`]: token::client_authentication::Clients

#![allow(missing_docs, reason = "the API for authors is `mcp-connector`")]

pub mod authorize;
pub mod clients;
pub mod crypto;
pub mod external_issuer;
pub mod grants;
pub mod login;
pub mod resource;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod upstream;
pub mod web;
