//! Identifiers of dynamically registered clients. Such an identifier *is* the registration: it carries when and with what the
//! client registered, and a MAC by which this server knows its own work.
//!
//! So registering writes nothing, and every instance of the server knows a client from the moment it exists. A record in KV
//! could not do that: it takes a minute or more to be seen elsewhere, a miss is cached, and the write quota would be
//! everybody's to exhaust. A forged identifier costs one MAC. The secret of a confidential client is derived from its
//! identifier and is not kept either.
//!
//! A registration lives for 90 days after it was last used. The identifier alone proves the first 90; for longer there is a
//! mark in KV, which is written when a token is issued to a client in the second half of its life and read only for clients
//! of that age ([`Standing`]).
//!
//! What the identifier carries is no secret: it is what the client says in public.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::caller::{ClientId, ScopeSet};

use super::client::{AuthenticationMethod, Client, ClientKind, ClientName, ClientSecretHash, storage_name};
use super::keys::MacKey;
use super::redirect_uri::{RedirectPolicy, RedirectUri};
use super::registration::{IssuedSecret, Registration, RegistrationError, RegistrationResponse};
use super::timestamp::{Random, Timestamp};

/// What every such identifier begins with; the digit is the version of what follows.
const PREFIX: &str = "c1_";
/// What every client secret begins with, so that scanners recognise a leaked one.
const SECRET_PREFIX: &str = "cs1_";
/// Longest registration, packed, in bytes: the identifier then has 1,630 characters. Those of real clients have 100 to 200.
const MAX_PACKED: usize = 1200;
/// Bytes of the MAC that are kept.
const MAC_LENGTH: usize = 16;
/// What the key is used for, in front of everything that is tagged.
const ID: &[u8] = b"id";
const SECRET: &[u8] = b"secret";
/// How long a registration lives without being used, in seconds.
pub const REGISTRATION_LIFE: u64 = 90 * 24 * 60 * 60;

/// Common beginnings of redirect URIs, each written as one byte: its place in this list.
const BEGINNINGS: [&str; 5] = ["", "https://", "http://localhost", "http://127.0.0.1", "http://[::1]"];

/// An identifier that this server has not issued, or not with this key. The answer is that of any unknown client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the client is not known here")]
pub struct UnknownClient;

/// A client that registered itself.
#[derive(Clone, Debug)]
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// When it registered.
    pub registered_at: Timestamp,
}

/// Whether a registration still lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes, and nothing is to be done.
    Fresh,
    /// Yes; when a token is issued now, the mark should be written.
    RenewalDue,
    /// No: it is to be treated as unknown.
    Expired,
}

impl RegisteredClient {
    /// Whether the mark in KV matters: not in the first half of the client's life.
    #[must_use]
    pub const fn needs_mark(&self, now: Timestamp) -> bool {
        now.seconds_since(self.registered_at) > REGISTRATION_LIFE / 2
    }

    /// Whether the registration still lives, given when it was last marked.
    #[must_use]
    pub fn standing(&self, mark: Option<Timestamp>, now: Timestamp) -> Standing {
        let last_used = mark.map_or(self.registered_at, |mark| mark.max(self.registered_at));
        match now.seconds_since(last_used) {
            age if age > REGISTRATION_LIFE => Standing::Expired,
            age if age > REGISTRATION_LIFE / 2 => Standing::RenewalDue,
            _ => Standing::Fresh,
        }
    }

    /// Under which key the mark stands in KV. Its value is the moment in seconds, its life there [`REGISTRATION_LIFE`].
    #[must_use]
    pub fn mark_key(&self) -> String {
        format!("client:{}", storage_name(&self.client.id))
    }
}

/// Registers a client. The MAC is made with the newest key of `key`; identifiers made with its older ones stay good.
pub fn register(
    registration: Registration,
    now: Timestamp,
    random: &impl Random,
    key: &MacKey,
) -> Result<RegistrationResponse, RegistrationError> {
    let mut packed = pack(&registration, now, random)?;
    let mac = key.tag(&[ID, &packed]);
    packed.extend(mac.iter().take(MAC_LENGTH));
    let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(packed));
    let client_id = ClientId::new(&text).map_err(|_| RegistrationError::TooMuch)?;
    let secret = (registration.method != AuthenticationMethod::None).then(|| IssuedSecret {
        client_secret: secret(&key.tag(&[SECRET, text.as_bytes()])),
        client_secret_expires_at: 0,
    });
    Ok(RegistrationResponse {
        client_id,
        client_id_issued_at: now,
        client_name: registration.name,
        redirect_uris: registration.redirect_uris,
        grant_types: &["authorization_code", "refresh_token"],
        response_types: &["code"],
        token_endpoint_auth_method: registration.method.as_str(),
        secret,
    })
}

/// Whether an identifier has the form of a registered one. Says nothing of whether it is genuine.
#[must_use]
pub fn is_registered_form(id: &ClientId) -> bool {
    id.as_str().starts_with(PREFIX)
}

/// The client behind an identifier. Redirect URIs that the policy no longer admits are left out.
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
        own_scopes: ScopeSet::empty(),
    };
    Ok(RegisteredClient { client, registered_at })
}

fn secret(tag: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Method, moment, eight random bytes (so that nobody else gets the same identifier, and secret, by registering the same at
/// the same moment), name, redirect URIs.
fn pack(registration: &Registration, now: Timestamp, random: &impl Random) -> Result<Vec<u8>, RegistrationError> {
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
        let (place, rest) = beginnings.last().ok_or(RegistrationError::TooMuch)?;
        packed.push(place);
        pack_text(&mut packed, rest)?;
    }
    if packed.len() > MAX_PACKED { Err(RegistrationError::TooMuch) } else { Ok(packed) }
}

fn pack_text(packed: &mut Vec<u8>, text: &str) -> Result<(), RegistrationError> {
    let length = u16::try_from(text.len()).map_err(|_| RegistrationError::TooMuch)?;
    packed.extend_from_slice(&length.to_be_bytes());
    packed.extend_from_slice(text.as_bytes());
    Ok(())
}

fn unpack(packed: &[u8], policy: &RedirectPolicy) -> Option<(Registration, Timestamp)> {
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
    let registration = Registration { name: ClientName::clean(name), redirect_uris, method };
    Some((registration, Timestamp::from_seconds(u64::from_be_bytes(*moment))))
}

fn unpack_text(packed: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = packed.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::client_authentication::PresentedClient;
    use super::super::form::Parameters;
    use super::super::keys::{KeyRing, MasterKey};
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    /// The key that the master key of these bytes gives.
    fn key(current: u8, previous: &[u8]) -> MacKey {
        let master = |byte: u8| MasterKey::parse(&STANDARD.encode([byte; 32])).unwrap();
        let previous: Vec<MasterKey> = previous.iter().map(|byte| master(*byte)).collect();
        KeyRing::new(&master(current), &previous).client_id().clone()
    }

    /// Never the same bytes twice.
    struct Counter(Cell<u8>);

    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.get();
                self.0.set(self.0.get().wrapping_add(1));
            }
        }
    }

    fn registration(metadata: &Value) -> Registration {
        Registration::parse(metadata.to_string().as_bytes(), &RedirectPolicy::default()).unwrap()
    }

    fn register(metadata: &Value) -> Value {
        let response = super::register(registration(metadata), NOW, &Counter(Cell::new(0)), &key(7, &[])).unwrap();
        serde_json::to_value(response).unwrap()
    }

    fn known(id: &str) -> Result<RegisteredClient, UnknownClient> {
        registered_client(&ClientId::new(id).unwrap(), &RedirectPolicy::default(), &key(7, &[]))
    }

    fn cursor() -> Value {
        json!({"client_name": "Cursor", "token_endpoint_auth_method": "none", "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"]})
    }

    #[test]
    fn another_instance_knows_a_client_by_its_identifier_alone() {
        let response = register(&cursor());
        let id = ClientId::new(response["client_id"].as_str().unwrap()).unwrap();
        let RegisteredClient { client, registered_at } =
            registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap();
        assert_eq!(client.name.unwrap().as_str(), "Cursor");
        let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(json!(uris), cursor()["redirect_uris"]);
        assert_eq!((client.kind, registered_at, client.secrets.len()), (ClientKind::Registered, NOW, 0));
    }

    #[test]
    fn a_public_client_is_told_no_secret_and_nothing_is_null() {
        let response = register(&cursor());
        assert_eq!(
            response,
            json!({
                "client_id": response["client_id"],
                "client_id_issued_at": 1_800_000_000,
                "client_name": "Cursor",
                "redirect_uris": cursor()["redirect_uris"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            })
        );
        let nameless = register(&json!({"redirect_uris": ["https://a.example/cb"]}));
        assert!(nameless.get("client_name").is_none());
    }

    #[test]
    fn a_confidential_client_authenticates_with_the_secret_it_was_told() {
        for method in ["client_secret_basic", "client_secret_post"] {
            let metadata = json!({"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": method});
            let response = register(&metadata);
            assert_eq!(response["token_endpoint_auth_method"], method);
            assert_eq!(response["client_secret_expires_at"], 0);
            let id = response["client_id"].as_str().unwrap();
            let secret = response["client_secret"].as_str().unwrap();
            let client = known(id).unwrap().client;
            let body = format!("client_id={id}&client_secret={secret}");
            let presented = PresentedClient::parse(None, &Parameters::parse(body.as_bytes()).unwrap()).unwrap();
            assert_eq!(presented.authenticate(&client), Ok(()));
            let bare = Parameters::parse(format!("client_id={id}").as_bytes()).unwrap();
            assert!(PresentedClient::parse(None, &bare).unwrap().authenticate(&client).is_err());
        }
    }

    #[test]
    fn registering_the_same_twice_gives_two_clients() {
        let random = Counter(Cell::new(0));
        let metadata = json!({"redirect_uris": ["https://a.example/cb"]});
        let first = super::register(registration(&metadata), NOW, &random, &key(7, &[])).unwrap();
        let second = super::register(registration(&metadata), NOW, &random, &key(7, &[])).unwrap();
        assert_ne!(first.client_id, second.client_id);
        assert_ne!(first.secret.unwrap().client_secret, second.secret.unwrap().client_secret);
    }

    #[test]
    fn a_forged_identifier_is_unknown() {
        let genuine = register(&cursor())["client_id"].as_str().unwrap().to_owned();
        assert!(known(&genuine).is_ok());
        for (at, character) in genuine.char_indices() {
            let other = if character == 'A' { 'B' } else { 'A' };
            let forged = format!("{}{other}{}", &genuine[..at], &genuine[at + 1..]);
            assert!(known(&forged).is_err(), "character {at}");
        }
        for forged in ["c1_", "c1_AAAA", "c1_====", "c", &genuine[..genuine.len() - 1], &format!("{genuine}A")] {
            assert!(known(forged).is_err(), "{forged}");
        }
        let genuine = ClientId::new(&genuine).unwrap();
        assert!(registered_client(&genuine, &RedirectPolicy::default(), &key(8, &[])).is_err());
    }

    #[test]
    fn a_client_and_its_secret_stay_good_while_the_key_is_replaced() {
        let response = register(&json!({"redirect_uris": ["https://a.example/cb"]}));
        let id = ClientId::new(response["client_id"].as_str().unwrap()).unwrap();
        let client = registered_client(&id, &RedirectPolicy::default(), &key(8, &[7])).unwrap().client;
        assert!(client.has_secret(response["client_secret"].as_str().unwrap()));
        assert!(!client.has_secret(id.as_str()) && !client.has_secret(""));
    }

    #[test]
    fn a_registration_lives_for_90_days_after_its_last_use() {
        let client = known(register(&cursor())["client_id"].as_str().unwrap()).unwrap();
        let day = 24 * 60 * 60;
        for (age, marked, expected, looks) in [
            (0, None, Standing::Fresh, false),
            (45, None, Standing::Fresh, false),
            (46, None, Standing::RenewalDue, true),
            (90, None, Standing::RenewalDue, true),
            (91, None, Standing::Expired, true),
            (91, Some(60), Standing::Fresh, true),
            (130, Some(60), Standing::RenewalDue, true),
            (151, Some(60), Standing::Expired, true),
            (1000, Some(999), Standing::Fresh, true),
        ] {
            let now = NOW.plus(age * day);
            let mark = marked.map(|marked: u64| NOW.plus(marked * day));
            assert_eq!(client.standing(mark, now), expected, "{age} days, marked {marked:?}");
            assert_eq!(client.needs_mark(now), looks, "{age} days");
        }
        assert!(client.mark_key().len() <= 512);
    }

    #[test]
    fn a_redirect_uri_that_is_no_longer_allowed_is_left_out() {
        let policy = RedirectPolicy::with_private_use("myapp://cb").unwrap();
        let metadata = json!({"redirect_uris": ["myapp://cb", "https://a.example/cb"]}).to_string();
        let registration = Registration::parse(metadata.as_bytes(), &policy).unwrap();
        let id = super::register(registration, NOW, &Counter(Cell::new(0)), &key(7, &[])).unwrap().client_id;
        assert_eq!(registered_client(&id, &policy, &key(7, &[])).unwrap().client.redirect_uris.len(), 2);
        assert_eq!(
            registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap().client.redirect_uris.len(),
            1
        );
    }

    #[test]
    fn the_identifiers_of_real_clients_are_short() {
        let vs_code = json!({"client_name": "Visual Studio Code", "token_endpoint_auth_method": "none",
            "redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://localhost/",
                "http://127.0.0.1/", "http://localhost:33418/", "http://127.0.0.1:33418/"]});
        let claude = json!({"client_name": "Claude", "token_endpoint_auth_method": "none",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"]});
        for metadata in [cursor(), vs_code, claude] {
            let length = register(&metadata)["client_id"].as_str().unwrap().len();
            assert!(length < 256, "{metadata}: {length}");
        }
    }

    #[test]
    fn a_registration_too_large_for_an_identifier_is_refused() {
        let uris: Vec<String> = (0..4).map(|n| format!("https://a.example/{n}{}", "x".repeat(400))).collect();
        let error =
            super::register(registration(&json!({"redirect_uris": uris})), NOW, &Counter(Cell::new(0)), &key(7, &[]));
        assert_eq!(error.err(), Some(RegistrationError::TooMuch));
    }

    proptest! {
        #[test]
        fn every_registration_survives_its_identifier(
            name in any::<String>(),
            uris in proptest::collection::vec("(https://a|http://localhost|http://\\[::1\\]|http://127\\.0\\.0\\.1)(:[1-9][0-9]{1,3})?/[a-z]{0,9}", 1..8)
        ) {
            let before = registration(&json!({"client_name": name, "redirect_uris": uris}));
            let id = super::register(before.clone(), NOW, &Counter(Cell::new(0)), &key(7, &[])).unwrap().client_id;
            let after = registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap().client;
            prop_assert_eq!((after.name, after.redirect_uris), (before.name, before.redirect_uris));
        }

        #[test]
        fn any_identifier_is_known_or_not_without_a_panic(text in "c1_[A-Za-z0-9_-]{0,80}") {
            prop_assert!(known(&text).is_err());
        }

        #[test]
        fn any_packed_bytes_are_read_or_not_without_a_panic(packed in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = unpack(&packed, &RedirectPolicy::default());
        }
    }
}
