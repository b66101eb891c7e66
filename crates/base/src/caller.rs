//! Who is calling, and with which scopes: what the protocol and the authorization server share. A token is checked elsewhere.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use crate::identifier::{ClientId, GrantId, InvalidIdentifier, Subject};
use crate::profile::Profile;
pub use crate::scope::{InvalidScope, Scope, ScopeSet};

/// The person who is calling, and the client through which they call.
///
/// The subject, the client and the scopes are always known. What an identity provider says about the person (a name, an address,
/// groups, roles, claims) is known where one is configured and says it. With the passphrase there is one owner, of whom nothing
/// else is known.
///
/// What is known is that of the last sign-in, or of the last refresh if the provider gives refresh tokens.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, Scope, ToolError};
///
/// const NOTES_WRITE: Scope = Scope::new("notes:write", "Save and delete your notes");
///
/// async fn whoami(cx: Context) -> Result<String, ToolError> {
///     let Some(caller) = cx.caller() else { return Ok("Nobody has signed in.".to_owned()) };
///     let name = caller.name().or(caller.email()).unwrap_or(caller.subject.as_str());
///     let may = if caller.scopes.contains(NOTES_WRITE) { "may" } else { "may not" };
///     Ok(format!("{name} {may} write notes."))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The person or service on whose behalf the call is made.
    pub subject: Subject,
    /// The OAuth client that makes the call, or `key:` and the id of an access key.
    pub client_id: ClientId,
    /// The scopes that the person granted to the client and that the roles of the deployment allow today.
    pub scopes: ScopeSet,
    /// The name of the person in the token. [`name`](Self::name) may know a newer one.
    pub display_name: Option<Arc<str>>,
    /// The grant behind the token, or the access key. `None` for a client that acts for itself, and for tokens of an external issuer.
    pub grant: Option<GrantId>,
    /// What an identity provider says about the person, for the methods below.
    #[doc(hidden)]
    #[serde(default)]
    pub profile: Option<Arc<Profile>>,
    /// The scopes of the token that the roles of the deployment withhold at this moment. They are not among the scopes.
    #[doc(hidden)]
    #[serde(skip)]
    pub withheld: Option<ScopeSet>,
}

impl Caller {
    /// Creates a caller of whom nothing else is known, such as a test needs.
    #[must_use]
    pub const fn new(subject: Subject, client_id: ClientId, scopes: ScopeSet) -> Self {
        Self { subject, client_id, scopes, display_name: None, grant: None, profile: None, withheld: None }
    }

    /// Returns those of `required` that the caller was not granted.
    #[must_use]
    pub fn missing(&self, required: &ScopeSet) -> ScopeSet {
        required.difference(&self.scopes)
    }

    /// Returns the name of the person, for texts and pages: at most 100 characters. It is not an identifier: it may change, and two
    /// people may share it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.profile.as_ref().and_then(|profile| profile.name()).or(self.display_name.as_deref())
    }

    /// Returns the e-mail address of the person, if it is verified: the provider calls it so, or the owner trusts all addresses of
    /// the provider (`OPENID_TRUST_EMAIL`).
    ///
    /// An address may be given to another person one day. To store data of a person, use [`subject`](Self::subject) as the key.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::Caller;
    ///
    /// fn is_colleague(caller: &Caller) -> bool {
    ///     caller.email().is_some_and(|email| email.ends_with("@example.com"))
    /// }
    /// ```
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.profile.as_ref()?.email()
    }

    /// Returns the groups of the person at the identity provider, sorted: at GitHub the organizations (`acme`) and teams
    /// (`acme/tools`), elsewhere the claim `groups`. At most 256 and 8 KB are kept.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        self.profile.as_ref().map_or(&[], |profile| profile.groups())
    }

    /// Returns whether the person is in a group at the identity provider. Names are compared byte for byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn salaries(cx: Context) -> Result<String, ToolError> {
    ///     if !cx.caller().is_some_and(|caller| caller.is_in_group("finance")) {
    ///         return Err(ToolError::new("Only the group finance may see salaries."));
    ///     }
    ///     Ok("…".to_owned())
    /// }
    /// ```
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups().iter().any(|known| known == group)
    }

    /// Returns the roles of the person at the identity provider, sorted: its claim `roles`. They are not those of the setting
    /// `ROLES`, which become [`scopes`](Self::scopes). At most 256 and 8 KB are kept.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        self.profile.as_ref().map_or(&[], |profile| profile.roles())
    }

    /// Returns whether the person has a role at the identity provider. Names are compared byte for byte.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().iter().any(|known| known == role)
    }

    /// Returns a claim of the identity provider that the setting `IDENTITY_CLAIMS` names, if it is there and has the form of a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn department(cx: Context) -> Result<String, ToolError> {
    ///     let department: Option<String> = cx.caller().and_then(|caller| caller.claim("department"));
    ///     Ok(department.unwrap_or_else(|| "Your department is not known here.".to_owned()))
    /// }
    /// ```
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.profile.as_ref()?.claim(name)
    }

    /// Returns the URL of a picture of the person, which is always `https`.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.profile.as_ref()?.picture()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::EmailSource;

    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const WRITE: Scope = Scope::new("notes:write", "Change your notes");

    fn caller() -> Caller {
        Caller::new(Subject::new("owner").unwrap(), ClientId::new("c").unwrap(), ScopeSet::from(READ))
    }

    #[test]
    fn a_caller_lacks_exactly_the_scopes_it_was_not_granted() {
        let both: ScopeSet = [READ, WRITE].into_iter().collect();
        assert_eq!(caller().missing(&both), ScopeSet::from(WRITE));
        assert!(caller().missing(&ScopeSet::from(READ)).is_empty());
    }

    #[test]
    fn nothing_is_known_of_a_caller_without_an_identity_provider() {
        let caller = caller();
        assert_eq!((caller.name(), caller.email(), caller.picture()), (None, None, None));
        assert!(caller.groups().is_empty() && !caller.has_role("admin") && caller.claim::<String>("team").is_none());
    }

    #[test]
    fn the_name_of_the_profile_is_newer_than_that_of_the_token() {
        let named = Caller { display_name: Some("Jane Roe".into()), ..caller() };
        assert_eq!(named.name(), Some("Jane Roe"));
        let profile = Profile::default()
            .with_name(Some("Jane Doe"))
            .with_email(Some("jane@example.com"), EmailSource::Provider)
            .with_groups(["staff", "tools"])
            .with_roles(["admin"]);
        let known = Caller { profile: Some(Arc::new(profile)), ..named };
        assert_eq!((known.name(), known.email()), (Some("Jane Doe"), Some("jane@example.com")));
        assert!(known.is_in_group("staff") && !known.is_in_group("Staff") && known.has_role("admin"));
    }
}
