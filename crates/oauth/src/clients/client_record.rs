//! The record of a client in KV. There is one for each client, registered or with a metadata document, that a person has allowed.
//!
//! A record is for the owner's list, and saves requests. No security decision depends on it: KV shows a write elsewhere up to a
//! minute late, has no compare-and-set, and expires records. Whether the owner has ended a client is decided by the `Directory`.
//! An identifier ([`client_id`](crate::clients::client_id)) is valid without its record.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{Client, ClientKind, ClientName};
use crate::clients::client_keys::ClientProof;
use crate::clients::client_summary::ClientSummary;
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::web::redirect_uri::{RedirectKind, RedirectPolicy, RedirectUri, destination_of};
use crate::web::web_url::WebUrl;

const DAY: u64 = 24 * 60 * 60;

/// How long a client is known after its last use, in seconds.
pub const CLIENT_LIFE: u64 = 90 * DAY;

/// Age of the last use from which on a record is written again, in seconds.
const REWRITE_AFTER: u64 = 30 * DAY;

/// Maximum length of a host in a summary, in bytes. A name has at most 253 (RFC 1035 §2.3.4), and a port may follow.
const MAX_HOST: usize = 259;

/// A use of a client, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUse {
    pub id: ClientId,
    pub name: Option<ClientName>,
    pub redirect_uris: KnownRedirects,
    /// When it registered, for a dynamically registered client.
    pub registered_at: Option<Timestamp>,
    /// What it has to prove itself with.
    pub proof: ClientProof,
}

/// The redirect URIs of a client, as far as a use shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownRedirects {
    /// All of them, from the registration or the metadata document.
    All(Vec<RedirectUri>),
    /// One of them, from the grant: for a token request of a client with a metadata document.
    One(String),
}

/// The record of a client, stored in KV as JSON. It has at most 6 KB: up to 5 KB of a document, and up to 2 KB of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRecord {
    pub id: ClientId,
    /// The name of the client: at most 64 characters, all of them visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ClientName>,
    /// The redirect URIs. Those that the current policy does not allow are ignored when the record is used.
    pub redirect_uris: Vec<String>,
    /// When it registered, for a dynamically registered client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// When a person first allowed the client, or when this server first recorded a use.
    pub first_allowed_at: Timestamp,
    /// The last use. The client may have been used up to thirty days later.
    pub last_used_at: Timestamp,
    /// When the owner ended the client for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What the client has to prove itself with.
    #[serde(default, skip_serializing_if = "is_secret_or_none")]
    pub proof: ClientProof,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_secret_or_none(proof: &ClientProof) -> bool {
    *proof == ClientProof::SecretOrNone
}

/// The value in KV under the key of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredClient {
    Record(ClientRecord),
    /// The time of a use, as earlier releases stored it for older registrations.
    LastUse(Timestamp),
}

impl StoredClient {
    /// Parses a value. Returns `None` for an unknown format.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        match value.parse() {
            Ok(seconds) => Some(Self::LastUse(Timestamp::from_seconds(seconds))),
            Err(_) => serde_json::from_str(value).ok().map(Self::Record),
        }
    }

    /// Returns whether the client was used within [`CLIENT_LIFE`]. KV expires a record after that time, but not to the second.
    #[must_use]
    pub const fn is_current(&self, now: Timestamp) -> bool {
        let last_used_at = match self {
            Self::Record(record) => record.last_used_at,
            Self::LastUse(at) => *at,
        };
        now.seconds_since(last_used_at) <= CLIENT_LIFE
    }

    /// Returns when the owner ended the client, if the record says so already.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Record(record) => record.ended_at,
            Self::LastUse(_) => None,
        }
    }

    /// Returns the client as a person allowed it, for when its metadata document cannot be fetched.
    #[must_use]
    pub fn document_client(&self, url: &ClientIdUrl, policy: &RedirectPolicy, now: Timestamp) -> Option<Client> {
        let Self::Record(record) = self else { return None };
        // The record has no keys. Without them, a client that has to prove itself would become one that need not.
        if record.id != *url.id() || !self.is_current(now) || record.proof == ClientProof::PrivateKeyJwt {
            return None;
        }
        let redirect_uris: Vec<RedirectUri> =
            record.redirect_uris.iter().filter_map(|uri| RedirectUri::parse_of_any_client(uri, policy).ok()).collect();
        (!redirect_uris.is_empty()).then(|| Client {
            id: record.id.clone(),
            kind: ClientKind::MetadataDocument,
            name: record.name.clone(),
            redirect_uris,
            secrets: Vec::new(),
            keys: None,
            own_scopes: ScopeSet::empty(),
        })
    }

    /// Returns the record to write after a use, or `None` if the stored one suffices: its last use is less than thirty days old,
    /// and it has the same redirect URIs.
    #[must_use]
    pub fn after_use(stored: Option<Self>, used: ClientUse, now: Timestamp) -> Option<ClientRecord> {
        let before = match stored {
            Some(Self::Record(record)) => Some(record),
            Some(Self::LastUse(_)) | None => None,
        };
        // A use that has not read the document knows what an earlier grant had to prove itself with, which may be less than today.
        let proof = match (&used.redirect_uris, &before) {
            (KnownRedirects::One(_), Some(before)) => before.proof.max(used.proof),
            (KnownRedirects::All(_), _) | (KnownRedirects::One(_), None) => used.proof,
        };
        let redirect_uris = match (used.redirect_uris, &before) {
            (KnownRedirects::All(all), _) => all.iter().map(|uri| uri.as_str().to_owned()).collect(),
            (KnownRedirects::One(_), Some(before)) => before.redirect_uris.clone(),
            (KnownRedirects::One(one), None) => vec![one],
        };
        match before {
            Some(before)
                if now.seconds_since(before.last_used_at) < REWRITE_AFTER
                    && before.redirect_uris == redirect_uris
                    && before.proof == proof =>
            {
                None
            }
            Some(before) => Some(ClientRecord {
                name: used.name.or(before.name),
                redirect_uris,
                last_used_at: now,
                proof,
                ..before
            }),
            None => Some(ClientRecord {
                id: used.id,
                name: used.name,
                redirect_uris,
                registered_at: used.registered_at,
                first_allowed_at: now,
                last_used_at: now,
                ended_at: None,
                proof,
            }),
        }
    }
}

/// Returns whether a client whose registration is old is still in use, according to KV or to the last use in the `Directory`.
///
/// # Errors
///
/// KV did not answer, and the `Directory` has no use. Uses from before there was a `Directory` are in KV only, so the answer is
/// unknown. It must not be "no": a client that is told it is unknown discards its credentials.
pub fn is_in_use<E>(
    stored: Result<Option<StoredClient>, E>,
    last_use: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, E> {
    if last_use.is_some_and(|at| now.seconds_since(at) <= CLIENT_LIFE) {
        return Ok(true);
    }
    Ok(stored?.is_some_and(|stored| stored.is_current(now)))
}

impl ClientRecord {
    /// Returns the seconds after which KV may expire the record: at least a minute, which KV requires.
    #[must_use]
    pub fn seconds_left(&self, now: Timestamp) -> u64 {
        self.last_used_at.plus(CLIENT_LIFE).seconds_since(now).max(60)
    }

    #[must_use]
    pub fn summary(&self) -> ClientSummary {
        let is_url = ClientIdUrl::is_url_form(&self.id);
        let publisher = is_url.then(|| WebUrl::parse(self.id.as_str()).ok()).flatten();
        let host = match (publisher, self.redirect_uris.first()) {
            (Some(url), _) => url.host.to_string(),
            (None, Some(uri)) => match destination_of(uri) {
                (RedirectKind::PrivateUse, scheme) => format!("{scheme}:"),
                (RedirectKind::Https | RedirectKind::Loopback, host) => host,
            },
            (None, None) => String::new(),
        };
        ClientSummary {
            name: self.name.clone(),
            host: host.chars().take(MAX_HOST).collect(),
            kind: if is_url { ClientKind::MetadataDocument } else { ClientKind::Registered },
            first_allowed_at: self.first_allowed_at,
            last_used_at: self.last_used_at,
            ended_at: self.ended_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::web::origin::Origin;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn id(text: &str) -> ClientId {
        ClientId::new(text).unwrap()
    }

    fn uris(texts: &[&str]) -> Vec<RedirectUri> {
        texts.iter().map(|text| RedirectUri::parse(text, &RedirectPolicy::default()).unwrap()).collect()
    }

    fn used(of: &str, redirect_uris: &[&str]) -> ClientUse {
        ClientUse {
            id: id(of),
            name: ClientName::clean("App"),
            redirect_uris: KnownRedirects::All(uris(redirect_uris)),
            registered_at: Some(NOW.minus(5)),
            proof: ClientProof::SecretOrNone,
        }
    }

    fn record(of: &str, redirect_uris: &[&str]) -> ClientRecord {
        StoredClient::after_use(None, used(of, redirect_uris), NOW).unwrap()
    }

    #[test]
    fn a_client_record_has_the_documented_members_and_no_null() {
        let value = serde_json::to_value(record("c1_x", &["https://a.example/cb"])).unwrap();
        assert_eq!(
            value,
            json!({
                "id": "c1_x", "name": "App", "redirect_uris": ["https://a.example/cb"], "registered_at": 1_799_999_995,
                "first_allowed_at": 1_800_000_000, "last_used_at": 1_800_000_000,
            })
        );
        let ended = ClientRecord { ended_at: Some(NOW), name: None, registered_at: None, ..record("c1_x", &[]) };
        let text = serde_json::to_string(&ended).unwrap();
        assert!(text.contains("\"ended_at\":1800000000") && !text.contains("null"), "{text}");
        assert_eq!(StoredClient::read(&text), Some(StoredClient::Record(ended)));
    }

    #[test]
    fn a_client_record_is_written_again_after_thirty_days_with_its_first_use() {
        let first = record("c1_x", &["https://a.example/cb"]);
        for (days, writes) in [(0, false), (1, false), (29, false), (30, true), (89, true)] {
            let now = NOW.plus(days * DAY);
            let next = StoredClient::after_use(
                Some(StoredClient::Record(first.clone())),
                used("c1_x", &["https://a.example/cb"]),
                now,
            );
            assert_eq!(next.is_some(), writes, "{days} days");
            if let Some(next) = next {
                assert_eq!((next.first_allowed_at, next.last_used_at), (NOW, now), "{days} days");
            }
        }
    }

    #[test]
    fn recording_a_use_leaves_a_revoked_client_revoked() {
        let ended = ClientRecord { ended_at: Some(NOW), ..record("c1_x", &["https://a.example/cb"]) };
        let later = NOW.plus(REWRITE_AFTER);
        let next = StoredClient::after_use(
            Some(StoredClient::Record(ended.clone())),
            used("c1_x", &["https://a.example/cb"]),
            later,
        );
        assert_eq!(next, Some(ClientRecord { last_used_at: later, ..ended }));
    }

    #[test]
    fn a_client_record_has_the_redirect_uris_of_the_latest_document() {
        let both = ["https://a.example/cb", "https://b.example/cb"];
        let before = Some(StoredClient::Record(record("https://a.example/c", &both)));
        let next =
            StoredClient::after_use(before.clone(), used("https://a.example/c", &both[..1]), NOW.plus(1)).unwrap();
        assert_eq!(next.redirect_uris, both[..1], "one was taken away");
        let refreshed = |of| ClientUse { redirect_uris: KnownRedirects::One(both[1].to_owned()), ..used(of, &[]) };
        let of = "https://a.example/c";
        assert_eq!(
            StoredClient::after_use(before.clone(), refreshed(of), NOW.plus(1)),
            None,
            "a refresh knows only one"
        );
        let next = StoredClient::after_use(before, refreshed(of), NOW.plus(REWRITE_AFTER)).unwrap();
        assert_eq!(next.redirect_uris, both);
        assert_eq!(StoredClient::after_use(None, refreshed(of), NOW).unwrap().redirect_uris, both[1..]);
    }

    #[test]
    fn a_use_that_has_not_read_the_document_never_lowers_what_a_client_has_to_prove() {
        let (of, uri) = ("https://a.example/c", "https://a.example/cb");
        let signs = |known| ClientUse { redirect_uris: known, proof: ClientProof::PrivateKeyJwt, ..used(of, &[uri]) };
        let asks_nothing = |known| ClientUse { redirect_uris: known, ..used(of, &[uri]) };
        let all = || KnownRedirects::All(uris(&[uri]));
        let one = || KnownRedirects::One(uri.to_owned());
        let before = StoredClient::after_use(None, signs(all()), NOW);
        let next = |used, at| StoredClient::after_use(before.clone().map(StoredClient::Record), used, at);
        assert_eq!(next(asks_nothing(one()), NOW.plus(1)), None, "an earlier grant writes nothing");
        for (rule, used, expected) in [
            ("an earlier grant", asks_nothing(one()), ClientProof::PrivateKeyJwt),
            ("the document says so", asks_nothing(all()), ClientProof::SecretOrNone),
        ] {
            assert_eq!(next(used, NOW.plus(REWRITE_AFTER)).unwrap().proof, expected, "{rule}");
        }
    }

    #[test]
    fn an_outage_of_kv_is_never_taken_for_an_unused_client() {
        let (used, long_ago) = (Some(NOW.minus(DAY)), Some(NOW.minus(CLIENT_LIFE + 1)));
        let mark = |at: Option<Timestamp>| at.map(StoredClient::LastUse);
        for (name, stored, last_use, answer) in [
            ("KV has it", Ok(mark(used)), None, Ok(true)),
            ("the Directory has it", Ok(None), used, Ok(true)),
            ("the Directory has it, KV is down", Err("down"), used, Ok(true)),
            ("both have an old use", Ok(mark(long_ago)), long_ago, Ok(false)),
            ("nobody has it", Ok(None), None, Ok(false)),
            ("the Directory does not have it, KV is down", Err("down"), None, Err("down")),
            ("the Directory has an old use, KV is down", Err("down"), long_ago, Err("down")),
        ] {
            assert_eq!(is_in_use(stored, last_use, NOW), answer, "{name}");
        }
    }

    #[test]
    fn a_client_is_known_for_ninety_days_after_its_last_use() {
        let record = record("c1_x", &[]);
        for stored in [StoredClient::Record(record.clone()), StoredClient::LastUse(NOW)] {
            assert!(stored.is_current(NOW.plus(CLIENT_LIFE)));
            assert!(!stored.is_current(NOW.plus(CLIENT_LIFE + 1)));
        }
        assert_eq!(record.seconds_left(NOW), CLIENT_LIFE);
        assert_eq!(record.seconds_left(NOW.plus(CLIENT_LIFE)), 60, "KV takes no less");
    }

    #[test]
    fn records_of_earlier_versions_are_read_and_unknown_bytes_are_no_record() {
        assert_eq!(StoredClient::read("1800000000"), Some(StoredClient::LastUse(NOW)));
        assert!(
            StoredClient::after_use(Some(StoredClient::LastUse(NOW)), used("c1_x", &[]), NOW).is_some(),
            "it becomes a record"
        );
        for text in ["", "x", "-1", "{}", "[]", "null", r#"{"id":""}"#] {
            assert_eq!(StoredClient::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_client_whose_document_cannot_be_fetched_is_the_one_that_a_person_allowed() {
        let own = Origin::of("https://mcp.example.org").unwrap();
        let url = |text: &str| ClientIdUrl::parse(&id(text), &own).unwrap();
        let policy = RedirectPolicy::default();
        let stored = StoredClient::Record(record("https://a.example/c", &["https://a.example/cb"]));
        let client = stored.document_client(&url("https://a.example/c"), &policy, NOW).unwrap();
        assert_eq!(
            (client.kind, client.redirect_uris),
            (ClientKind::MetadataDocument, uris(&["https://a.example/cb"]))
        );
        for (name, stored, now) in [
            ("lapsed", stored.clone(), NOW.plus(CLIENT_LIFE + 1)),
            ("of another client", StoredClient::Record(record("https://b.example/c", &["https://a.example/cb"])), NOW),
            ("with nowhere to go", StoredClient::Record(record("https://a.example/c", &[])), NOW),
            ("a mark", StoredClient::LastUse(NOW), NOW),
            (
                "with keys that are not in the record",
                StoredClient::Record(ClientRecord {
                    proof: ClientProof::PrivateKeyJwt,
                    ..record("https://a.example/c", &["https://a.example/cb"])
                }),
                NOW,
            ),
        ] {
            assert!(stored.document_client(&url("https://a.example/c"), &policy, now).is_none(), "{name}");
        }
    }

    #[test]
    fn a_client_summary_names_the_publisher_or_the_redirect_host() {
        for (of, uri, host, kind) in [
            ("https://claude.ai/c", "http://localhost/cb", "claude.ai", ClientKind::MetadataDocument),
            ("c1_x", "https://app.example:8443/cb", "app.example:8443", ClientKind::Registered),
            ("c1_x", "http://127.0.0.1:5000/cb", "127.0.0.1:5000", ClientKind::Registered),
            ("c1_x", "cursor://anysphere.cursor-mcp/oauth/callback", "cursor:", ClientKind::Registered),
        ] {
            let summary = record(of, &[uri]).summary();
            assert_eq!((summary.host.as_str(), summary.kind), (host, kind), "{of} {uri}");
        }
    }

    #[test]
    fn every_client_summary_fits_into_the_metadata_of_kv() {
        let long = format!("https://{}/c", ["x".repeat(60).as_str(); 4].join("."));
        for name in ["\u{1F980}".repeat(100), "\"\\".repeat(100), "ö".repeat(100)] {
            let of = ClientRecord {
                name: ClientName::clean(&name),
                ended_at: Some(NOW),
                redirect_uris: vec![format!("https://{}/cb", "y".repeat(3000))],
                ..record(&long, &[])
            };
            for record in [of.clone(), ClientRecord { id: id("c1_x"), ..of }] {
                let text = serde_json::to_string(&record.summary()).unwrap();
                assert!(text.len() <= 1024, "{}: {text}", text.len());
            }
        }
    }
}
