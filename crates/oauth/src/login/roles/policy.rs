//! What the roles of a deployment allow a person.
//!
//! A scope that no role names is open to everybody who may sign in. A scope that a role names is only for the people of such a
//! role. So without roles nothing is withheld.
//!
//! A grant stores what its person allowed. The roles are applied whenever it is used, so that whoever loses a role loses its scopes,
//! and whoever gets it back has them again.

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::scope::ScopeSet;

use crate::external_issuer::identity_claims::IdentityClaims;
use crate::login::roles::condition::{Member, Term};
use crate::login::roles::parse::{InvalidRoles, Role, RoleProblem, parse};
use crate::web::discovery::ExternalIssuer;

/// The roles of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    roles: Vec<Role>,
}

impl Roles {
    /// Parses the setting. [`parse`](crate::login::roles::parse) has the grammar.
    ///
    /// # Errors
    ///
    /// The error says in which role and at which word.
    pub fn parse(text: &str) -> Result<Self, InvalidRoles> {
        parse(text).map(|roles| Self { roles })
    }

    /// Checks the roles against the scopes of the connector, and the claims that are kept. A role with a misspelled scope would
    /// leave the one that was meant open to everybody.
    ///
    /// # Errors
    ///
    /// A role names a scope that the connector does not have, or a claim that is not kept.
    pub fn check(&self, known: &ScopeSet, claims: &IdentityClaims) -> Result<(), InvalidRoles> {
        for (role, number) in self.roles.iter().zip(1..) {
            let unknown = role.scopes.difference(known);
            if let Some(scope) = unknown.iter().next() {
                let problem = RoleProblem::UnknownScope(scope.to_owned());
                return Err(InvalidRoles::Role { number, problem });
            }
            let is_unknown = |term: &Term| matches!(term, Term::Claim { name, .. } if !claims.keeps(name));
            if role.condition.terms().any(is_unknown) {
                return Err(InvalidRoles::Role { number, problem: RoleProblem::UnknownClaim });
            }
        }
        Ok(())
    }

    /// Returns the scopes that the roles withhold from a person.
    #[must_use]
    pub fn withheld(&self, member: Member<'_>) -> ScopeSet {
        let scopes = |included: bool| {
            let roles = self.roles.iter().filter(|role| role.condition.includes(member) == included);
            roles.fold(ScopeSet::empty(), |scopes, role| scopes.union(&role.scopes))
        };
        if self.roles.is_empty() { ScopeSet::empty() } else { scopes(false).difference(&scopes(true)) }
    }
}

/// How the subjects of clients that act for themselves begin. No person has such a subject.
pub const CLIENT_SUBJECT: &str = "client:";

/// The roles, and the provider whose identifiers they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePolicy {
    pub roles: Roles,
    pub issuer: Option<ExternalIssuer>,
}

impl RolePolicy {
    /// Returns whether there are no roles, so that nothing is withheld from anybody.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.roles.roles.is_empty()
    }

    /// Returns the scopes that the roles withhold from a person. From a client that acts for itself they withhold none, because the
    /// configuration says for each client what it may.
    #[must_use]
    pub fn withheld(&self, subject: &Subject, profile: Option<&Profile>) -> ScopeSet {
        if subject.as_str().starts_with(CLIENT_SUBJECT) {
            return ScopeSet::empty();
        }
        self.roles.withheld(Member { subject, profile, issuer: self.issuer.as_ref() })
    }

    /// Returns those of some scopes that a person may have.
    #[must_use]
    pub fn allowed(&self, scopes: &ScopeSet, subject: &Subject, profile: Option<&Profile>) -> ScopeSet {
        let withheld = self.withheld(subject, profile);
        if withheld.is_empty() { scopes.clone() } else { scopes.difference(&withheld) }
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::profile::EmailSource;
    use serde_json::json;

    use super::*;
    use crate::external_issuer::token::subject_of;

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse("https://id.example").unwrap()
    }

    fn jane() -> Profile {
        let (team, level) = (json!(["tools", "web"]), json!(3));
        Profile::default()
            .with_email(Some("Jane@example.com"), EmailSource::Provider)
            .with_login(Some("jane"))
            .with_groups(["staff", "Domain Admins"])
            .with_roles(["editor"])
            .with_claims([("https://acme.example/team", &team), ("level", &level)])
    }

    fn withheld(roles: &str, profile: Option<&Profile>) -> String {
        let policy = RolePolicy { roles: Roles::parse(roles).unwrap(), issuer: Some(issuer()) };
        policy.withheld(&subject_of(&issuer(), "248289").unwrap(), profile).as_str().to_owned()
    }

    #[test]
    fn a_role_gives_its_scopes_to_whom_its_condition_includes_and_withholds_them_from_all_others() {
        for (condition, is_included) in [
            ("group:staff", true),
            ("group:Staff", false),
            ("group:\"Domain Admins\"", true),
            ("role:editor", true),
            ("role:staff", false),
            ("group:editor", false),
            ("claim:https://acme.example/team=web", true),
            ("claim:https://acme.example/team=sales", false),
            ("claim:level=3", true),
            ("jane@example.com", true),
            ("bob@example.com", false),
            ("@example.com", true),
            ("@ample.com", false),
            ("248289", true),
            ("id:248289", true),
            ("24828", false),
            ("Jane", true),
            ("*", true),
            ("group:sales or jane@example.com", true),
            ("group:sales and jane@example.com", false),
            ("group:staff and @example.com", true),
            ("group:sales and @example.com or group:staff", true),
            ("group:sales or group:staff and @other.example", false),
        ] {
            let roles = format!("admin = notes:write if {condition}");
            assert_eq!(withheld(&roles, Some(&jane())).is_empty(), is_included, "{condition}");
        }
        assert_eq!(withheld("admin = notes:write if jane@example.com", None), "notes:write", "nothing is known");
    }

    #[test]
    fn a_scope_that_no_role_names_is_for_everybody_and_several_roles_add_up() {
        let roles = "admin = a b if group:admins; staff = b if group:staff\nall = c";
        assert_eq!(withheld(roles, Some(&jane())), "a");
        assert_eq!(withheld(roles, None), "a b");
        let policy = RolePolicy { roles: Roles::parse(roles).unwrap(), issuer: None };
        let (owner, asked) = (Subject::new("owner").unwrap(), ScopeSet::parse("a c other").unwrap());
        assert_eq!(policy.allowed(&asked, &owner, None).as_str(), "c other");
        assert_eq!(RolePolicy::default().allowed(&asked, &owner, None), asked, "without roles nothing changes");
    }

    #[test]
    fn the_owner_of_a_passphrase_is_named_by_their_subject() {
        let policy = RolePolicy { roles: Roles::parse("admin = a if owner").unwrap(), issuer: None };
        assert!(policy.withheld(&Subject::new("owner").unwrap(), None).is_empty());
        assert_eq!(policy.withheld(&Subject::new("another").unwrap(), None).as_str(), "a");
    }

    #[test]
    fn a_list_of_texts_is_read_like_lines() {
        let lines = Roles::parse("admin = a if group:x\nstaff = b if group:y or z@example.com\n").unwrap();
        assert_eq!(Roles::parse("admin = a if group:x staff = b if group:y or z@example.com").unwrap(), lines);
        assert_eq!(Roles::parse(" ;admin = a if group:x;\r\n;staff = b if group:y or z@example.com;").unwrap(), lines);
    }

    #[test]
    fn an_error_names_the_role_and_the_word_and_no_address() {
        for (roles, error) in [
            ("", "it names no role"),
            ("admin = a if group:\"x", "a quotation mark is not closed"),
            ("admin", "in role 1: write NAME = SCOPES"),
            ("admin=a", "in role 1: write NAME = SCOPES"),
            ("a = x; admin: b if c", "in role 2: write NAME = SCOPES"),
            ("ad.min = a", "in role 1: the name must have"),
            ("a = x; a = y", "in role 2: another role has the same name"),
            ("admin =", "in role 1: there is no scope"),
            ("admin = if group:x", "in role 1: there is no scope"),
            ("admin = notes:\\write", "in role 1: word 3 is not the name of a scope"),
            ("admin = a b if", "in role 1: there is no condition after word 5"),
            ("admin = a if group:x or", "in role 1: there is no condition after word 6"),
            ("admin = a if or group:x", "in role 1: there is no condition after word 4"),
            ("admin = a if jane@example.com group:x", "in role 1: word 6 must be or, or and"),
            ("admin = a if team:x", "in role 1: word 5 must be group:"),
            ("admin = a if group:", "in role 1: word 5 must be group:"),
            ("admin = a if claim:x", "in role 1: word 5 must be claim:NAME=VALUE"),
        ] {
            let text = Roles::parse(roles).unwrap_err().to_string();
            assert!(text.starts_with(error), "{roles}: {text}");
            assert!(!text.contains('@') || text.contains("@domain"), "{text}");
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'), "{text}");
        }
        let many = |count| (0..count).map(|n| format!("r{n} = a")).collect::<Vec<_>>().join("\n");
        assert!(Roles::parse(&many(32)).is_ok());
        assert_eq!(Roles::parse(&many(33)), Err(InvalidRoles::TooMany));
        let terms = format!("r = a if {}x", "x or ".repeat(64));
        assert!(Roles::parse(&terms).unwrap_err().to_string().contains("more than 64"));
    }

    #[test]
    fn a_role_with_an_unknown_scope_or_claim_is_refused() {
        let (known, claims) = (ScopeSet::parse("a b").unwrap(), IdentityClaims::parse("team").unwrap());
        for (roles, error) in [
            ("x = a if claim:team=tools", None),
            ("x = a; y = notes:wrte", Some("in role 2: this connector has no scope notes:wrte")),
            ("x = a if claim:level=3", Some("in role 1: IDENTITY_CLAIMS does not name the claim")),
        ] {
            let checked = Roles::parse(roles).unwrap().check(&known, &claims);
            match (checked, error) {
                (Ok(()), None) => {}
                (Err(problem), Some(error)) => assert!(problem.to_string().starts_with(error), "{problem}"),
                (checked, _) => panic!("{roles}: {checked:?}"),
            }
        }
    }
}
