//! What an identity provider says about a person, within limits: everything here comes from outside, and is stored and remembered.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 100;
/// Maximum length of an e-mail address or a login, in bytes (RFC 5321 §4.5.3.1).
const MAX_ADDRESS: usize = 320;
/// Maximum length of the URL of a picture, in bytes.
const MAX_PICTURE: usize = 1024;
/// Maximum number of groups, and of roles.
const MAX_GROUPS: usize = 256;
/// Maximum length of the name of a group or role, in bytes.
const MAX_GROUP: usize = 256;
/// Maximum length of all groups together, and of all roles, in bytes.
const MAX_GROUP_BYTES: usize = 8 * 1024;
/// Maximum number of claims that a deployment may choose.
pub const MAX_CLAIMS: usize = 16;
/// Maximum length of a claim, in bytes of JSON.
const MAX_CLAIM: usize = 1024;
/// Maximum length of all claims together, in bytes of JSON.
const MAX_CLAIM_BYTES: usize = 4 * 1024;

/// Who says that an address belongs to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailSource {
    /// The identity provider calls the address verified.
    Provider,
    /// The provider does not say so, and the owner of this server trusts all its addresses.
    Owner,
}

/// What an identity provider says about a person. What is longer than a limit is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: Option<String>,
    email: Option<(String, EmailSource)>,
    login: Option<String>,
    picture: Option<String>,
    groups: Vec<String>,
    roles: Vec<String>,
    /// Each by its name, as JSON.
    claims: Vec<(String, String)>,
}

impl Profile {
    /// Returns the profile with a name, cut to 100 characters.
    #[must_use]
    pub fn with_name(self, name: Option<&str>) -> Self {
        let clean = |name: &str| -> String { name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect() };
        Self { name: name.map(clean).filter(|name| !name.trim().is_empty()), ..self }
    }

    /// Returns the profile with an e-mail address.
    #[must_use]
    pub fn with_email(self, email: Option<&str>, source: EmailSource) -> Self {
        let is_address = |email: &&str| is_short_word(email) && email.contains('@');
        Self { email: email.filter(is_address).map(|email| (email.to_owned(), source)), ..self }
    }

    /// Returns the profile with the name by which the person signs in at the provider, if nobody else can have it.
    #[must_use]
    pub fn with_login(self, login: Option<&str>) -> Self {
        Self { login: login.filter(is_short_word).map(str::to_owned), ..self }
    }

    /// Returns the profile with the URL of a picture. Only `https` is taken.
    #[must_use]
    pub fn with_picture(self, picture: Option<&str>) -> Self {
        let is_url = |url: &&str| {
            url.starts_with("https://") && url.len() <= MAX_PICTURE && url.bytes().all(|byte| byte.is_ascii_graphic())
        };
        Self { picture: picture.filter(is_url).map(str::to_owned), ..self }
    }

    /// Returns the profile with groups: at most 256, and 8 KB.
    #[must_use]
    pub fn with_groups<'a>(self, groups: impl IntoIterator<Item = &'a str>) -> Self {
        Self { groups: limited(groups), ..self }
    }

    /// Returns the profile with roles: at most 256, and 8 KB.
    #[must_use]
    pub fn with_roles<'a>(self, roles: impl IntoIterator<Item = &'a str>) -> Self {
        Self { roles: limited(roles), ..self }
    }

    /// Returns the profile with claims: at most 16, each with 1 KB of JSON at most, and 4 KB together.
    #[must_use]
    pub fn with_claims<'a>(self, claims: impl IntoIterator<Item = (&'a str, &'a serde_json::Value)>) -> Self {
        let mut room = MAX_CLAIM_BYTES;
        let mut taken = Vec::new();
        for (name, value) in claims {
            let json = value.to_string();
            if json.len() <= MAX_CLAIM && json.len() <= room && taken.len() < MAX_CLAIMS {
                room -= json.len();
                taken.push((name.to_owned(), json));
            }
        }
        Self { claims: taken, ..self }
    }

    /// Returns the profile with what is missing in it from another one.
    #[must_use]
    pub fn completed_by(mut self, other: Self) -> Self {
        let either = |one: Vec<String>, other: Vec<String>| if one.is_empty() { other } else { one };
        let known: Vec<String> = self.claims.iter().map(|(name, _)| name.clone()).collect();
        let more = other.claims.into_iter().filter(|(name, _)| !known.contains(name));
        self.claims.extend(more.take(MAX_CLAIMS.saturating_sub(known.len())));
        Self {
            name: self.name.or(other.name),
            email: self.email.or(other.email),
            login: self.login.or(other.login),
            picture: self.picture.or(other.picture),
            groups: either(self.groups, other.groups),
            roles: either(self.roles, other.roles),
            claims: self.claims,
        }
    }

    /// Returns the profile without an address that only the owner's trust makes one.
    #[must_use]
    pub fn without_trusted_email(self) -> Self {
        Self { email: self.email.filter(|(_, source)| *source == EmailSource::Provider), ..self }
    }

    /// Returns about how many bytes of text it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        let texts = [&self.name, &self.login, &self.picture].into_iter().flatten().map(String::len);
        let lists = self.groups.iter().chain(&self.roles).map(|name| name.len() + size_of::<String>());
        let claims = self.claims.iter().map(|(name, json)| name.len() + json.len() + 2 * size_of::<String>());
        texts.chain(self.email().map(str::len)).chain(lists).chain(claims).sum()
    }

    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_ref().map(|(email, _)| email.as_str())
    }

    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.picture.as_deref()
    }

    /// Returns the groups, sorted.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Returns the roles, sorted.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Returns the claims by their names, each as JSON.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &str)> {
        self.claims.iter().map(|(name, json)| (name.as_str(), json.as_str()))
    }

    /// Returns whether the provider itself calls the address verified.
    #[must_use]
    pub fn is_email_verified(&self) -> bool {
        self.email.as_ref().is_some_and(|(_, source)| *source == EmailSource::Provider)
    }

    /// Returns whether there is a claim of this name.
    #[must_use]
    pub fn has_claim(&self, name: &str) -> bool {
        self.claims.iter().any(|(known, _)| known == name)
    }

    /// Returns a claim, if there is one of this name and it has the form of a `T`.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let (_, json) = self.claims.iter().find(|(known, _)| known == name)?;
        serde_json::from_str(json).ok()
    }
}

fn is_short_word(text: &&str) -> bool {
    !text.is_empty() && text.len() <= MAX_ADDRESS && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Returns names without repetitions, sorted, as many as fit.
fn limited<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut room = MAX_GROUP_BYTES;
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let fits = !name.is_empty() && name.len() <= MAX_GROUP.min(room) && !name.chars().any(char::is_control);
        if fits && taken.len() < MAX_GROUPS && !taken.iter().any(|known| known == name) {
            room -= name.len();
            taken.push(name.to_owned());
        }
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_provider_says_is_limited() {
        let long = "x".repeat(20_000);
        let names: Vec<String> = (0..1000).map(|n| format!("group-{n}")).collect();
        let claims: Vec<(String, serde_json::Value)> =
            (0..40).map(|n| (format!("c{n}"), json!("y".repeat(900)))).collect();
        let profile = Profile::default()
            .with_name(Some(&long))
            .with_email(Some(&format!("{long}@example.com")), EmailSource::Provider)
            .with_login(Some(&long))
            .with_picture(Some(&format!("https://{long}")))
            .with_groups(names.iter().map(String::as_str))
            .with_roles([long.as_str(), "", "a\nb", "admin"])
            .with_claims(claims.iter().map(|(name, value)| (name.as_str(), value)));
        assert_eq!(profile.name().map(str::len), Some(100));
        assert_eq!((profile.email(), profile.login(), profile.picture()), (None, None, None));
        assert_eq!(profile.groups().len(), 256);
        assert_eq!(profile.roles(), ["admin"]);
        assert_eq!(profile.claim::<String>("c3").map(|claim| claim.len()), Some(900));
        assert_eq!(profile.claim::<String>("c4"), None, "four of 900 bytes fit into 4 KB");
        assert!(crate::codec::encode(&profile).unwrap().len() < 16 * 1024);
    }

    #[test]
    fn a_claim_is_read_as_the_type_that_it_has() {
        let (team, level) = (json!("tools"), json!(3));
        let profile = Profile::default().with_claims([("team", &team), ("level", &level)]);
        assert_eq!(profile.claim::<String>("team").as_deref(), Some("tools"));
        assert_eq!(profile.claim::<u8>("level"), Some(3));
        assert_eq!(profile.claim::<u8>("team"), None);
        assert_eq!(profile.claim::<String>("Team"), None, "names are compared byte for byte");
    }

    #[test]
    fn texts_that_are_no_name_address_or_picture_are_left_out() {
        for (email, taken) in
            [("jane@example.com", true), ("jane", false), ("a b@example.com", false), ("a@b\r\n", false)]
        {
            let profile = Profile::default().with_email(Some(email), EmailSource::Provider);
            assert_eq!(profile.email().is_some(), taken, "{email:?}");
        }
        for (url, taken) in
            [("https://p.example/a.png", true), ("http://p.example/a.png", false), ("javascript:x", false)]
        {
            assert_eq!(Profile::default().with_picture(Some(url)).picture().is_some(), taken, "{url}");
        }
        assert_eq!(Profile::default().with_name(Some(" \u{1b} ")).name(), None);
        assert_eq!(Profile::default().with_name(Some("Zo\u{eb}\u{7}")).name(), Some("Zo\u{eb}"));
    }

    #[test]
    fn an_address_that_the_owner_trusts_goes_with_the_trust() {
        for (source, stays) in [(EmailSource::Provider, true), (EmailSource::Owner, false)] {
            let profile = Profile::default().with_email(Some("jane@example.com"), source);
            assert_eq!(profile.without_trusted_email().email().is_some(), stays, "{source:?}");
        }
    }
}
