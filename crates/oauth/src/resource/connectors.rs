//! `CONNECTORS`: the other connectors for which this server issues tokens. Each is a resource server of its own (RFC 9728) that asks
//! this server about the tokens it gets ([`introspection`](crate::resource::introspection)).
//!
//! The setting is a JSON list:
//!
//! ```json
//! [{"url": "https://wiki.example.com", "name": "Wiki", "scopes": {"pages:read": "Read the pages"}, "sign_in": "pages:read"}]
//! ```

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use mcp_connector_base::scope::{InvalidScope, Scope, ScopeSet};

use crate::resource::protected_resource::{Resource, ResourceServer};
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::web::origin::{InvalidIssuer, Issuer, Origin};

/// Maximum number of connectors. Each token request names them to the object of its person.
const MAX_CONNECTORS: usize = 32;
/// Maximum number of scopes of a connector.
const MAX_SCOPES: usize = 64;
/// Maximum length of a connector's name, in characters.
const MAX_NAME: usize = 100;
/// Maximum length of the description of a scope, in characters.
const MAX_DESCRIPTION: usize = 500;

/// The other connectors.
#[derive(Clone, Debug, Default)]
pub struct Connectors(Vec<OtherConnector>);

/// A connector of another Worker whose people sign in here.
#[derive(Clone, Debug)]
pub struct OtherConnector {
    origin: Origin,
    name: String,
    resources: ResourceServer,
    scopes: ScopeCatalogue,
}

/// Why a text does not name connectors. It never repeats the text, except for the name of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidConnectors {
    #[error("must be a JSON list of objects with url, name, scopes and sign_in: line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("must name at most {MAX_CONNECTORS} connectors")]
    TooMany,
    /// One connector is invalid. `number` counts from one.
    #[error("has an error in connector number {number}: {error}")]
    Connector { number: usize, error: ConnectorError },
}

/// What is wrong with a connector.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectorError {
    #[error("url must be an origin such as https://wiki.example.com: {0}")]
    Url(#[from] InvalidIssuer),
    #[error("url must be https, or http on this machine")]
    Insecure,
    #[error("the url is listed twice")]
    Repeated,
    #[error("the url is that of this server, which needs no entry")]
    Own,
    #[error("name must have 1 to {MAX_NAME} visible characters")]
    Name,
    #[error("scopes: {0}")]
    Scopes(#[from] InvalidScope),
    #[error("each scope needs a description of 1 to {MAX_DESCRIPTION} visible characters, for the consent page")]
    Description,
    /// A misspelled one would never be asked for, and nobody would see why.
    #[error("sign_in names {0}, which is not in scopes")]
    UnknownScope(String),
    #[error("sign_in must name the scopes that a first sign-in asks for")]
    NoSignIn,
}

/// An item of the list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    name: String,
    #[serde(default)]
    scopes: DescribedScopes,
    #[serde(default)]
    sign_in: String,
}

/// Scopes with their descriptions, in the order in which they are written: people read them in that order.
#[derive(Default)]
struct DescribedScopes(Vec<(String, String)>);

impl Serialize for DescribedScopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, description)| (name, description)))
    }
}

impl<'de> Deserialize<'de> for DescribedScopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = DescribedScopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of scopes and their descriptions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DescribedScopes, A::Error> {
                let mut scopes = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    scopes.push(entry);
                }
                Ok(DescribedScopes(scopes))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Returns the item of a connector, as its owner pastes it into the list of the connector that keeps its sign-in.
#[must_use]
pub fn item(origin: &Origin, name: &str, scopes: &ScopeCatalogue) -> String {
    let described = scopes.described(scopes.all());
    let entry = Entry {
        url: origin.as_str().to_owned(),
        name: name.to_owned(),
        scopes: DescribedScopes(
            described.map(|scope| (scope.name().to_owned(), scope.description().to_owned())).collect(),
        ),
        sign_in: scopes.sign_in().as_str().to_owned(),
    };
    // It has texts only.
    serde_json::to_string_pretty(&entry).unwrap_or_default()
}

impl Connectors {
    /// Parses the setting. An empty text names no connectors. It is read once: the texts of its scopes are never freed.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidConnectors::Json`] if the text is not a JSON list of connectors, [`InvalidConnectors::TooMany`]
    /// if it has more than 32, and [`InvalidConnectors::Connector`] for the first that is invalid or has the URL of an
    /// earlier one.
    pub fn parse(json: &str) -> Result<Self, InvalidConnectors> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries: Vec<Entry> = serde_json::from_slice(json.as_bytes())
            .map_err(|error| InvalidConnectors::Json { line: error.line(), column: error.column() })?;
        if entries.len() > MAX_CONNECTORS {
            return Err(InvalidConnectors::TooMany);
        }
        let mut connectors: Vec<OtherConnector> = Vec::with_capacity(entries.len());
        for (number, entry) in (1..).zip(entries) {
            let at = |error| InvalidConnectors::Connector { number, error };
            let connector = entry.connector().map_err(at)?;
            if connectors.iter().any(|other| other.origin == connector.origin) {
                return Err(at(ConnectorError::Repeated));
            }
            connectors.push(connector);
        }
        Ok(Self(connectors))
    }

    /// Checks that this server is not one of them.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidConnectors::Connector`] with [`ConnectorError::Own`] if one has the origin of this server.
    pub fn check(&self, own: &Issuer) -> Result<(), InvalidConnectors> {
        match self.0.iter().position(|connector| connector.origin == *own.origin()) {
            None => Ok(()),
            Some(at) => Err(InvalidConnectors::Connector { number: at + 1, error: ConnectorError::Own }),
        }
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &OtherConnector> {
        self.0.iter()
    }

    /// Returns the connector that has a resource.
    #[must_use]
    pub fn of(&self, resource: &Resource) -> Option<&OtherConnector> {
        self.0.iter().find(|connector| connector.resources.has(resource))
    }

    /// Returns the scopes of all of them.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.0.iter().fold(ScopeSet::empty(), |scopes, connector| scopes.union(connector.scopes.all()))
    }
}

impl OtherConnector {
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub const fn resources(&self) -> &ResourceServer {
        &self.resources
    }

    #[must_use]
    pub const fn scopes(&self) -> &ScopeCatalogue {
        &self.scopes
    }
}

impl Entry {
    fn connector(self) -> Result<OtherConnector, ConnectorError> {
        let is_shown = |text: &str, most: usize| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
        };
        let issuer = Issuer::parse(&self.url)?;
        if !issuer.origin().is_loopback() && !issuer.as_str().starts_with("https://") {
            return Err(ConnectorError::Insecure);
        }
        if !is_shown(&self.name, MAX_NAME) {
            return Err(ConnectorError::Name);
        }
        let DescribedScopes(described) = self.scopes;
        if described.len() > MAX_SCOPES {
            return Err(InvalidScope::TooMany.into());
        }
        let mut scopes: Vec<Scope> = Vec::with_capacity(described.len());
        for (name, description) in &described {
            if !is_shown(description, MAX_DESCRIPTION) {
                return Err(ConnectorError::Description);
            }
            if scopes.iter().any(|other| other.name() == name) {
                return Err(InvalidScope::Malformed.into());
            }
            scopes.push(Scope::configured(name, description)?);
        }
        let sign_in = ScopeSet::parse(&self.sign_in)?;
        if let Some(unknown) = sign_in.difference(&scopes.iter().copied().collect()).iter().next() {
            return Err(ConnectorError::UnknownScope(unknown.to_owned()));
        }
        if sign_in.is_empty() && !scopes.is_empty() {
            return Err(ConnectorError::NoSignIn);
        }
        let origin = issuer.origin().clone();
        Ok(OtherConnector {
            name: self.name,
            resources: ResourceServer::new(&origin),
            origin,
            scopes: ScopeCatalogue::new(scopes, &sign_in),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(list: &Value) -> Result<Connectors, InvalidConnectors> {
        Connectors::parse(&list.to_string())
    }

    fn wiki(changes: &Value) -> Value {
        let scopes = json!({"pages:read": "Read the pages", "pages:write": "Change the pages"});
        let mut entry =
            json!({"url": "https://wiki.example", "name": "Wiki", "scopes": scopes, "sign_in": "pages:read"});
        for (member, value) in changes.as_object().unwrap() {
            entry[member] = value.clone();
        }
        entry
    }

    fn resource(text: &str) -> Resource {
        Resource::parse(text).unwrap()
    }

    #[test]
    fn connectors_come_from_the_configuration() {
        let public = json!({"url": "https://news.example", "name": "News"});
        let connectors = parse(&json!([wiki(&json!({"url": "https://Wiki.example/"})), public])).unwrap();
        for path in ["/mcp", "/private/mcp", "/sse"] {
            let found = connectors.of(&resource(&format!("https://wiki.example{path}"))).unwrap();
            assert_eq!((found.name(), found.origin().as_str()), ("Wiki", "https://wiki.example"));
            assert_eq!(found.scopes().sign_in().as_str(), "pages:read");
        }
        for other in ["https://wiki.example", "https://wiki.example/x", "https://wiki.example:8443/mcp"] {
            assert!(connectors.of(&resource(other)).is_none(), "{other}");
        }
        assert_eq!(connectors.scopes().as_str(), "pages:read pages:write");
        assert!(connectors.of(&resource("https://news.example/mcp")).unwrap().scopes().all().is_empty());
        for text in ["", " ", "[]"] {
            assert!(Connectors::parse(text).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn scopes_are_read_in_the_order_in_which_they_are_written() {
        let text = r#"[{"url": "https://a.example", "name": "A", "scopes": {"z": "Last letter", "a": "First"}, "sign_in": "a"}]"#;
        let connectors = Connectors::parse(text).unwrap();
        let all = connectors.scopes();
        let scopes = connectors.iter().next().unwrap().scopes();
        assert_eq!(scopes.described(&all).map(|scope| scope.name()).collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn the_item_of_a_connector_is_read_back_as_the_connector() {
        let scopes = [Scope::new("z", "Last \"letter\""), Scope::new("a", "First")];
        let catalogue = ScopeCatalogue::new(scopes, &ScopeSet::parse("a z").unwrap());
        let origin = Origin::of("https://wiki.example:8443").unwrap();
        let item = item(&origin, "Wiki", &catalogue);
        let parsed = Connectors::parse(&format!("[{item}]")).unwrap();
        let found = parsed.iter().next().unwrap();
        assert_eq!((found.name(), found.origin(), found.scopes().sign_in()), ("Wiki", &origin, catalogue.sign_in()));
        assert_eq!(found.scopes().described(catalogue.all()).collect::<Vec<_>>(), scopes);
    }

    #[test]
    fn a_connector_that_is_wrong_is_named_by_its_number() {
        use ConnectorError as E;
        let many: serde_json::Map<String, Value> = (0..65).map(|n| (format!("s{n}"), json!("A scope"))).collect();
        for (changes, error) in [
            (json!({"url": "http://wiki.example"}), E::Insecure),
            (json!({"url": "https://wiki.example/mcp"}), E::Url(InvalidIssuer::NotBare)),
            (json!({"url": "https://notes.example"}), E::Repeated),
            (json!({"name": " "}), E::Name),
            (json!({"name": "a\nb"}), E::Name),
            (json!({"name": "x".repeat(101)}), E::Name),
            (json!({"scopes": {"pages:read": ""}}), E::Description),
            (json!({"scopes": {"pages:read": "x".repeat(501)}}), E::Description),
            (json!({"scopes": {"pages read": "Read"}}), E::Scopes(InvalidScope::Malformed)),
            (json!({"scopes": many}), E::Scopes(InvalidScope::TooMany)),
            (json!({"sign_in": "pages:raed"}), E::UnknownScope("pages:raed".to_owned())),
            (json!({"sign_in": ""}), E::NoSignIn),
        ] {
            let notes = json!({"url": "https://notes.example", "name": "Notes"});
            let refused = parse(&json!([notes, wiki(&changes)])).unwrap_err();
            assert_eq!(refused, InvalidConnectors::Connector { number: 2, error }, "{changes}");
        }
        let own = parse(&json!([wiki(&json!({}))])).unwrap().check(&Issuer::parse("https://wiki.example").unwrap());
        assert_eq!(own, Err(InvalidConnectors::Connector { number: 1, error: E::Own }));
    }

    #[test]
    fn what_is_no_list_of_connectors_is_refused_without_an_echo() {
        let many: Vec<Value> = (0..33).map(|n| wiki(&json!({"url": format!("https://w{n}.example")}))).collect();
        assert_eq!(parse(&json!(many)).unwrap_err(), InvalidConnectors::TooMany);
        for text in
            ["{}", "wiki", r#"[{"url": "https://a.example"}]"#, r#"[{"url":"https://a.example","name":"A","x":1}]"#]
        {
            let error = Connectors::parse(text).unwrap_err();
            assert!(matches!(error, InvalidConnectors::Json { .. }), "{text}: {error}");
        }
        let twice =
            r#"[{"url": "https://a.example", "name": "A", "scopes": {"a": "One", "a": "Two"}, "sign_in": "a"}]"#;
        assert!(Connectors::parse(twice).is_err());
    }
}
