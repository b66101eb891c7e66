//! The identifiers of dynamically registered clients. Such an identifier contains the registration: its time, the client
//! metadata, and a MAC by which this server recognises it.
//!
//! So a registration writes nothing, and every isolate knows the client at once. A record in KV could not do that: it takes a
//! minute or more to appear elsewhere, a miss is cached, and anybody could use up the quota of writes. A forged identifier costs
//! one MAC. The secret of a confidential client is derived from its identifier and is not stored either.
//!
//! A registration is valid for 90 days after its last use. For the first 90 days the identifier proves that
//! ([`RegisteredClient::is_young`]). After that its record in KV does, which is written when a person allows the client
//! ([`client_record`](crate::clients::client_record)), or, if KV is late or refuses, the last use in the `Directory`.
//!
//! An identifier contains nothing secret: only what the client says in public.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::random::Random;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{AuthenticationMethod, Client, ClientKind, ClientName, ClientSecretHash};
use crate::clients::client_record::CLIENT_LIFE;
use crate::clients::registration::{
    ClientInformationResponse, ClientMetadata, ClientRegistrationError, IssuedSecret, UnstoredMetadata,
};
use crate::crypto::keys::mac::MacKey;
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};

/// The prefix of every such identifier. The digit is the version of the format.
pub const PREFIX: &str = "c1_";
/// The prefix of every client secret, by which scanners recognise a leaked one.
const SECRET_PREFIX: &str = "cs1_";
/// Maximum length of a packed registration, in bytes. The identifier then has 1,630 characters; those of real clients have 100 to
/// 200.
const MAX_PACKED: usize = 1200;
/// Length of the MAC, in bytes.
const MAC_LENGTH: usize = 16;
/// What a MAC is for. It comes before everything else.
const ID: &[u8] = b"id";
const SECRET: &[u8] = b"secret";

/// Common prefixes of redirect URIs. One byte, the index in this list, replaces each.
const BEGINNINGS: [&str; 5] = ["", "https://", "http://localhost", "http://127.0.0.1", "http://[::1]"];

/// An identifier that this server has not issued with any of its keys. The response is that for any unknown client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the client is not known here")]
pub struct UnknownClient;

/// A dynamically registered client.
#[derive(Clone, Debug)]
pub struct RegisteredClient {
    pub client: Client,
    pub registered_at: Timestamp,
}

impl RegisteredClient {
    /// Returns whether the registration is valid even if it was never used.
    #[must_use]
    pub const fn is_young(&self, now: Timestamp) -> bool {
        now.seconds_since(self.registered_at) <= CLIENT_LIFE
    }
}

/// Registers a client with the newest key of `key`. Identifiers that were made with older keys stay valid.
///
/// The response says what an authorization request with the client's `scope` asks for, according to `scopes`.
///
/// # Errors
///
/// Returns [`ClientRegistrationError::TooMuch`] if the name and the redirect URIs are too long for an identifier.
pub fn register(
    registration: ClientMetadata,
    now: Timestamp,
    random: &impl Random,
    key: &MacKey,
    scopes: &ScopeCatalogue,
) -> Result<ClientInformationResponse, ClientRegistrationError> {
    let mut packed = pack(&registration, now, random)?;
    let mac = key.tag(&[ID, &packed]);
    packed.extend(mac.iter().take(MAC_LENGTH));
    let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(packed));
    let client_id = ClientId::new(&text).map_err(|_| ClientRegistrationError::TooMuch)?;
    let secret = (registration.method != AuthenticationMethod::None).then(|| IssuedSecret {
        client_secret: secret(&key.tag(&[SECRET, text.as_bytes()])),
        client_secret_expires_at: 0,
    });
    Ok(ClientInformationResponse {
        client_id,
        client_id_issued_at: now,
        client_name: registration.name,
        redirect_uris: registration.redirect_uris,
        refused_redirect_uris: registration.unstored.refused,
        // A malformed scope means the default, as in an authorization request.
        scope: scopes.requested(registration.unstored.scope.as_deref()).unwrap_or_else(|_| scopes.sign_in().clone()),
        grant_types: &["authorization_code", "refresh_token"],
        response_types: &["code"],
        token_endpoint_auth_method: registration.method.as_str(),
        secret,
    })
}

/// Returns whether an identifier has the form of a registered one. It may still be forged.
#[must_use]
pub fn is_registered_form(id: &ClientId) -> bool {
    id.as_str().starts_with(PREFIX)
}

/// Returns the client of an identifier, without the redirect URIs that the policy no longer allows.
///
/// # Errors
///
/// Returns [`UnknownClient`] if the identifier is not one that [`register`] made with one of these keys.
pub fn registered_client(
    id: &ClientId,
    policy: &RedirectPolicy,
    key: &MacKey,
) -> Result<RegisteredClient, UnknownClient> {
    let encoded = id.as_str().strip_prefix(PREFIX).ok_or(UnknownClient)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| UnknownClient)?;
    let (packed, mac) = bytes.split_last_chunk::<MAC_LENGTH>().ok_or(UnknownClient)?;
    if !key.verify(&[ID, packed], mac) {
        return Err(UnknownClient);
    }
    let (registration, registered_at) = unpack(packed, policy).ok_or(UnknownClient)?;
    let secrets = match registration.method {
        AuthenticationMethod::None => Vec::new(),
        AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost => {
            let tags = key.tags(&[SECRET, id.as_str().as_bytes()]);
            tags.iter().map(|tag| ClientSecretHash::of(&secret(tag))).collect()
        }
    };
    let client = Client {
        id: id.clone(),
        kind: ClientKind::Registered,
        name: registration.name,
        redirect_uris: registration.redirect_uris,
        secrets,
        keys: None,
        own_scopes: ScopeSet::empty(),
    };
    Ok(RegisteredClient { client, registered_at })
}

fn secret(tag: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Packs method, time, eight random bytes, name and redirect URIs. The random bytes make sure that two clients which register
/// alike in the same second have different identifiers and secrets.
fn pack(
    registration: &ClientMetadata,
    now: Timestamp,
    random: &impl Random,
) -> Result<Vec<u8>, ClientRegistrationError> {
    let mut nonce = [0; 8];
    random.fill(&mut nonce);
    let mut packed = vec![match registration.method {
        AuthenticationMethod::None => 0,
        AuthenticationMethod::ClientSecretBasic => 1,
        AuthenticationMethod::ClientSecretPost => 2,
    }];
    packed.extend_from_slice(&now.as_seconds().to_be_bytes());
    packed.extend_from_slice(&nonce);
    pack_text(&mut packed, registration.name.as_ref().map_or("", ClientName::as_str))?;
    for uri in &registration.redirect_uris {
        let beginnings =
            (0..).zip(BEGINNINGS).filter_map(|(place, text)| Some((place, uri.as_str().strip_prefix(text)?)));
        let (place, rest) = beginnings.last().ok_or(ClientRegistrationError::TooMuch)?;
        packed.push(place);
        pack_text(&mut packed, rest)?;
    }
    if packed.len() > MAX_PACKED { Err(ClientRegistrationError::TooMuch) } else { Ok(packed) }
}

fn pack_text(packed: &mut Vec<u8>, text: &str) -> Result<(), ClientRegistrationError> {
    let length = u16::try_from(text.len()).map_err(|_| ClientRegistrationError::TooMuch)?;
    packed.extend_from_slice(&length.to_be_bytes());
    packed.extend_from_slice(text.as_bytes());
    Ok(())
}

fn unpack(packed: &[u8], policy: &RedirectPolicy) -> Option<(ClientMetadata, Timestamp)> {
    let (method, rest) = packed.split_first()?;
    let method = match method {
        0 => AuthenticationMethod::None,
        1 => AuthenticationMethod::ClientSecretBasic,
        2 => AuthenticationMethod::ClientSecretPost,
        _ => return None,
    };
    let (moment, rest) = rest.split_first_chunk::<8>()?;
    let (_nonce, rest) = rest.split_first_chunk::<8>()?;
    let (name, mut rest) = unpack_text(rest)?;
    let mut redirect_uris = Vec::new();
    while let Some((place, after)) = rest.split_first() {
        let (text, after) = unpack_text(after)?;
        let raw = format!("{}{text}", BEGINNINGS.get(usize::from(*place))?);
        redirect_uris.extend(RedirectUri::parse(&raw, policy).ok());
        rest = after;
    }
    let registration =
        ClientMetadata { name: ClientName::clean(name), redirect_uris, method, unstored: UnstoredMetadata::default() };
    Some((registration, Timestamp::from_seconds(u64::from_be_bytes(*moment))))
}

fn unpack_text(packed: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = packed.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests;
