//! The id of a legacy session ("Session Management", until 2025-11-25).
//!
//! `initialize` hands out an id and stores nothing. A call needs no session; storage is used only when there is something to
//! remember. Calls of a session may reach any isolate, so the id itself says what the client declared at the handshake. Its checksum
//! shows whether a server here made it. The id is not a credential and needs no key: an invented id gives access to nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::identifier::Subject;

/// The id of a session, with what the handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId {
    text: String,
    pub(crate) capabilities: ClientCapabilities,
    pub(crate) version: ProtocolVersion,
}

/// Number of unguessable bytes.
const RANDOM: usize = 14;

impl SessionId {
    /// The header that carries it.
    pub const HEADER: &'static str = "mcp-session-id";

    /// Parses an id that a client sends. Returns `None` if no server here made it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // 14 random bytes, the capabilities, the version, the checksum; two digits each.
        let (body, sum) = text.split_at_checked(2 * (RANDOM + 2))?;
        if !body.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) || sum != checksum(body) {
            return None;
        }
        let (_, said) = body.split_at_checked(2 * RANDOM)?;
        let said = u16::from_str_radix(said, 16).ok()?;
        let [capabilities, version] = said.to_be_bytes();
        Some(Self {
            text: text.to_owned(),
            capabilities: ClientCapabilities::from_byte(capabilities),
            version: ProtocolVersion::from_code(version)?,
        })
    }

    /// Returns a new id. `bits` must be unguessable; 112 of them are used.
    pub(crate) fn new(bits: u128, capabilities: ClientCapabilities, version: ProtocolVersion) -> Self {
        let mut text = format!("{:028x}{:02x}{:02x}", bits >> 16, capabilities.to_byte(), version.code());
        text.push_str(&checksum(&text));
        Self { text, capabilities, version }
    }

    /// Returns the id of a session of the transport of 2024-11-05. Its handshake comes later, so the id does not describe it. `bits`
    /// must be unguessable.
    #[must_use]
    pub fn of_http_sse(bits: u128) -> Self {
        Self::new(bits, ClientCapabilities::default(), ProtocolVersion::V2024_11_05)
    }

    /// Returns whether [`Self::of_http_sse`] made it.
    #[must_use]
    pub fn is_of_http_sse(&self) -> bool {
        self.version == ProtocolVersion::V2024_11_05
    }

    /// Returns what the handshake agreed on, as two bytes for [`Self::having_agreed`].
    #[must_use]
    pub fn agreed(&self) -> [u8; 2] {
        [self.capabilities.to_byte(), self.version.code()]
    }

    /// Returns the same session after its handshake.
    #[must_use]
    pub fn having_agreed(self, [capabilities, version]: [u8; 2]) -> Self {
        let capabilities = ClientCapabilities::from_byte(capabilities);
        Self { capabilities, version: ProtocolVersion::from_code(version).unwrap_or(self.version), ..self }
    }

    /// Returns an id for tests.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn sample(number: u128) -> Self {
        Self::new(number << 16, ClientCapabilities::default(), ProtocolVersion::NEWEST_LEGACY)
    }

    /// Returns the id as a string of hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The session that a message names, and whether state may be stored in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// The message names none.
    Unnamed,
    /// State may be stored in it.
    Stateful(SessionId),
    /// No state is stored in it, because its client has not signed in. The id only says what was negotiated.
    Stateless(SessionId),
}

impl Session {
    /// Returns its id, which says what the handshake agreed on.
    pub(crate) const fn id(&self) -> Option<&SessionId> {
        match self {
            Self::Unnamed => None,
            Self::Stateful(id) | Self::Stateless(id) => Some(id),
        }
    }

    /// Returns its id, if state may be stored in it.
    pub(crate) fn stateful(self) -> Option<SessionId> {
        match self {
            Self::Stateful(id) => Some(id),
            Self::Unnamed | Self::Stateless(_) => None,
        }
    }
}

/// The owner of a session: the first who used its storage. A client that signs in later keeps its session. From then on it belongs
/// to that person, and a caller without a token who knows the id has no access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOwner {
    /// Its storage was not used yet.
    #[default]
    Nobody,
    /// A caller without a token.
    Anonymous,
    /// A person.
    Subject(Subject),
}

impl SessionOwner {
    /// Returns the owner after a request of `subject`, or `None` if the session belongs to somebody else.
    #[must_use]
    pub fn after(&self, subject: Option<&Subject>) -> Option<Self> {
        match (self, subject) {
            (Self::Nobody | Self::Anonymous, None) => Some(Self::Anonymous),
            (Self::Nobody | Self::Anonymous, Some(subject)) => Some(Self::Subject(subject.clone())),
            (Self::Subject(owner), Some(subject)) if owner == subject => Some(self.clone()),
            (Self::Subject(_), _) => None,
        }
    }
}

/// Returns the error that goes with status 404: the client begins a new session.
pub(crate) fn no_such_session() -> RpcError {
    RpcError::new(ErrorCode::InvalidRequest, "There is no such session. Begin one with `initialize`.")
}

fn checksum(body: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    format!("{:08x}", digest.first_chunk().map_or(0, |first| u32::from_be_bytes(*first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::client_capabilities::ClientCapability;
    use serde_json::json;

    fn sample() -> SessionId {
        let declared = json!({"sampling": {}, "roots": {}});
        let capabilities = ClientCapabilities::declared(declared.as_object().unwrap());
        SessionId::new(u128::MAX / 7, capabilities, ProtocolVersion::V2025_06_18)
    }

    #[test]
    fn an_id_says_what_was_agreed_on() {
        let id = SessionId::parse(sample().as_str()).unwrap();
        assert_eq!(id, sample());
        assert!(id.capabilities.has(ClientCapability::Roots) && !id.capabilities.has(ClientCapability::Elicitation));
        assert_eq!(id.version, ProtocolVersion::V2025_06_18);
    }

    #[test]
    fn a_session_is_of_who_first_needed_it_and_an_anonymous_client_may_sign_in_once() {
        let (ada, eve) = (Subject::new("ada").unwrap(), Subject::new("eve").unwrap());
        let of_ada = SessionOwner::Subject(ada.clone());
        for (owner, who, after) in [
            (SessionOwner::Nobody, None, Some(SessionOwner::Anonymous)),
            (SessionOwner::Nobody, Some(&ada), Some(of_ada.clone())),
            (SessionOwner::Anonymous, None, Some(SessionOwner::Anonymous)),
            (SessionOwner::Anonymous, Some(&ada), Some(of_ada.clone())),
            (of_ada.clone(), Some(&ada), Some(of_ada.clone())),
            (of_ada.clone(), Some(&eve), None),
            (of_ada.clone(), None, None),
        ] {
            assert_eq!(owner.after(who), after, "{owner:?} and {who:?}");
        }
    }

    #[test]
    fn an_id_that_nobody_here_made_is_none() {
        let ours = sample().as_str().to_owned();
        let upper = ours.to_uppercase();
        let longer = format!("{ours}0");
        let other = ours.replacen(|digit: char| digit != '0', "0", 1);
        for text in ["", "x", "00000000000000000000000000000000", &ours[1..], &upper, &longer, &other, "ü"] {
            assert_eq!(SessionId::parse(text), None, "{text:?}");
        }
    }
}
