//! `IDENTITY_CLAIMS`: which claims of an identity provider are kept, and which of them are groups and roles. The others are those
//! that OpenID Connect Core §5.1 defines: `name`, `email`, `picture`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use mcp_connector_base::json::Object;
use mcp_connector_base::profile::{EmailSource, MAX_CLAIMS, Profile};

/// Maximum length of the name of a claim, in bytes.
const MAX_NAME: usize = 256;

/// Which claims are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityClaims {
    groups: ClaimSource,
    roles: ClaimSource,
    kept: Vec<String>,
}

/// Which setting a profile was read by: a hash of the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsVersion([u8; 32]);

/// That of a server without the setting.
impl Default for ClaimsVersion {
    fn default() -> Self {
        IdentityClaims::default().version()
    }
}

/// The claim that holds the groups, or the roles.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ClaimSource {
    /// The usual one, if it is there.
    Usual(&'static str),
    /// One that the owner has named, so that it is looked for.
    Named(String),
}

impl ClaimSource {
    fn name(&self) -> &str {
        match self {
            Self::Usual(name) => name,
            Self::Named(name) => name,
        }
    }
}

impl Default for IdentityClaims {
    fn default() -> Self {
        Self { groups: ClaimSource::Usual("groups"), roles: ClaimSource::Usual("roles"), kept: Vec::new() }
    }
}

/// When the claim `email` is an address of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailClaim {
    /// If `email_verified` is true.
    IfVerified,
    /// Always: the issuer has checked each address, as Cloudflare Access does.
    Always,
}

/// Why a text does not name claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidIdentityClaims {
    #[error(
        "name claims, separated by spaces, each of 1 to {MAX_NAME} visible characters, or groups=CLAIM or roles=CLAIM"
    )]
    Malformed,
    #[error("name at most {MAX_CLAIMS} claims")]
    TooMany,
    #[error("name the claim of the groups, and that of the roles, once")]
    Repeated,
}

impl IdentityClaims {
    /// Parses names that are separated by spaces or commas. `groups=CLAIM` and `roles=CLAIM` say where groups and roles are, if not in
    /// the claims of these names.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidIdentityClaims::Malformed`] if an entry is not a name of visible ASCII or is too long,
    /// [`InvalidIdentityClaims::Repeated`] if the claim of the groups or of the roles is named twice, and
    /// [`InvalidIdentityClaims::TooMany`] for more than 16 other claims.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentityClaims> {
        let mut claims = Self::default();
        for entry in text.split([' ', ',', '\n', '\t', '\r']).filter(|entry| !entry.is_empty()) {
            let (target, name) = match entry.split_once('=') {
                Some(("groups", name)) => (Some(&mut claims.groups), name),
                Some(("roles", name)) => (Some(&mut claims.roles), name),
                Some(_) => return Err(InvalidIdentityClaims::Malformed),
                None if entry == "groups" => (Some(&mut claims.groups), entry),
                None if entry == "roles" => (Some(&mut claims.roles), entry),
                None => (None, entry),
            };
            if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(InvalidIdentityClaims::Malformed);
            }
            match target {
                Some(ClaimSource::Named(_)) => return Err(InvalidIdentityClaims::Repeated),
                Some(source) => *source = ClaimSource::Named(name.to_owned()),
                None if claims.kept.iter().any(|kept| kept == name) => {}
                None => claims.kept.push(name.to_owned()),
            }
        }
        if claims.kept.len() > MAX_CLAIMS { Err(InvalidIdentityClaims::TooMany) } else { Ok(claims) }
    }

    /// Returns the version of the setting. The order of the names does not count.
    #[must_use]
    pub fn version(&self) -> ClaimsVersion {
        let mut kept: Vec<&str> = self.kept.iter().map(String::as_str).collect();
        kept.sort_unstable();
        let mut hash = Sha256::new();
        for source in [&self.groups, &self.roles] {
            let mark = match source {
                ClaimSource::Usual(_) => " ",
                ClaimSource::Named(_) => "=",
            };
            hash.update(format!("{mark}{}\n", source.name()));
        }
        hash.update(kept.join("\n"));
        ClaimsVersion(hash.finalize().into())
    }

    /// Returns whether a claim that the owner has named is missing, so that another document of the provider may have it.
    #[must_use]
    pub fn are_missing_in(&self, claims: &Object) -> bool {
        let is_missing = |source: &ClaimSource| match source {
            ClaimSource::Usual(_) => false,
            ClaimSource::Named(name) => find(claims, name).is_none(),
        };
        is_missing(&self.groups) || is_missing(&self.roles) || self.kept.iter().any(|name| find(claims, name).is_none())
    }

    /// Returns whether a profile lacks something that the owner has named.
    #[must_use]
    pub fn are_missing_from(&self, profile: &Profile) -> bool {
        let is_named = |source: &ClaimSource| matches!(source, ClaimSource::Named(_));
        (is_named(&self.groups) && profile.groups().is_empty())
            || (is_named(&self.roles) && profile.roles().is_empty())
            || self.kept.iter().any(|name| !profile.has_claim(name))
    }

    /// Returns whether a claim is kept under this name.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| kept == name)
    }

    /// Reads a profile of claims that a signature has proven.
    pub(crate) fn verified_profile(&self, claims: &Object, email: EmailClaim) -> Profile {
        let is_verified = match email {
            EmailClaim::Always => true,
            EmailClaim::IfVerified => claims.get("email_verified").is_some_and(|is| *is == true || *is == "true"),
        };
        let address = claims.get("email").and_then(Value::as_str).filter(|_| is_verified);
        self.profile(claims, address.map(|address| (address, EmailSource::Provider)))
    }

    /// Reads a profile. The address is given apart, because whether it counts is decided elsewhere.
    #[must_use]
    pub fn profile(&self, claims: &Object, email: Option<(&str, EmailSource)>) -> Profile {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let (address, source) =
            email.map_or((None, EmailSource::Provider), |(address, source)| (Some(address), source));
        Profile::default()
            .with_name(text("name"))
            .with_email(address, source)
            .with_picture(text("picture"))
            .with_groups(names(find(claims, self.groups.name())))
            .with_roles(names(find(claims, self.roles.name())))
            .with_claims(self.kept.iter().filter_map(|name| Some((name.as_str(), find(claims, name)?))))
    }
}

/// Returns a claim by its name, or else by its path: Keycloak has roles at `realm_access.roles`.
fn find<'a>(claims: &'a Object, name: &str) -> Option<&'a Value> {
    let found = claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, part| value.get(part))
    });
    found.filter(|value| !value.is_null())
}

/// Returns the names in a claim: a text, or a list of texts or of objects with a `name`, as Cloudflare Access writes them.
fn names(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(list)) => {
            list.iter().filter_map(|one| one.as_str().or_else(|| one.get("name").and_then(Value::as_str))).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(claims: Value) -> Object {
        let Value::Object(claims) = claims else { panic!("an object") };
        claims
    }

    #[test]
    fn claims_are_named_by_their_names_and_groups_and_roles_by_where_they_are() {
        let claims = object(json!({
            "name": "Jane", "picture": "https://p.example/j.png", "groups": ["staff"], "cognito:groups": ["c"],
            "realm_access": {"roles": ["admin", "user"]}, "https://acme.example/team": "tools", "department": 7, "secret": "s",
        }));
        for (setting, groups, roles, kept) in [
            ("", &["staff"][..], &[][..], &[][..]),
            ("groups=cognito:groups roles=realm_access.roles", &["c"], &["admin", "user"], &[]),
            ("department, https://acme.example/team", &["staff"], &[], &["department", "https://acme.example/team"]),
            ("groups nothing", &["staff"], &[], &[]),
        ] {
            let profile = IdentityClaims::parse(setting).unwrap().profile(&claims, None);
            assert_eq!((profile.groups(), profile.roles()), (&*texts(groups), &*texts(roles)), "{setting}");
            for name in ["department", "https://acme.example/team", "secret"] {
                assert_eq!(profile.claim::<Value>(name).is_some(), kept.contains(&name), "{setting}: {name}");
            }
            assert_eq!((profile.name(), profile.picture()), (Some("Jane"), Some("https://p.example/j.png")));
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn groups_are_texts_or_objects_with_a_name_and_nothing_else() {
        for (groups, read) in [
            (json!("staff"), &["staff"][..]),
            (json!(["b", "a", "b"]), &["a", "b"]),
            (json!([{"id": "1", "name": "staff"}, {"id": "2"}, 3, null, ["x"]]), &["staff"]),
            (json!({"staff": true}), &[]),
            (json!(null), &[]),
        ] {
            let profile = IdentityClaims::default().profile(&object(json!({ "groups": groups })), None);
            assert_eq!(profile.groups(), texts(read), "{groups}");
        }
    }

    #[test]
    fn only_a_claim_that_the_owner_named_is_looked_for_elsewhere() {
        let claims = object(json!({"sub": "x", "team": null}));
        for (setting, missing) in [("", false), ("sub", false), ("team", true), ("groups", true), ("roles=sub", false)]
        {
            assert_eq!(IdentityClaims::parse(setting).unwrap().are_missing_in(&claims), missing, "{setting}");
        }
    }

    #[test]
    fn a_text_that_names_no_claims_is_refused() {
        use InvalidIdentityClaims::{Malformed, Repeated, TooMany};
        let many: String = (0..=MAX_CLAIMS).map(|n| format!("c{n}")).collect::<Vec<_>>().join(" ");
        for (text, error) in [
            ("group=x", Malformed),
            ("groups=", Malformed),
            ("zo\u{eb}", Malformed),
            (&*"x".repeat(MAX_NAME + 1), Malformed),
            ("groups=a groups=b", Repeated),
            (&*many, TooMany),
        ] {
            assert_eq!(IdentityClaims::parse(text), Err(error), "{text}");
        }
    }
}
