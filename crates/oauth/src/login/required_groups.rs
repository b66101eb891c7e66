//! `REQUIRED_GROUPS`: the groups of which a person has to have one, for each endpoint.
//!
//! The setting is a JSON object: `{"/private/mcp": ["staff", "contractors"]}`. What counts are the groups that the identity provider has
//! named last. A person of whom no groups are known is in none.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::profile::Profile;

use crate::resource::protected_resource::{MCP_PATH, PRIVATE_MCP_PATH, Resource, SSE_PATH};
use crate::web::json_object::Object;

/// Maximum number of groups of one endpoint.
const MAX_GROUPS: usize = 64;
/// Maximum length of the name of a group, in bytes.
const MAX_GROUP: usize = 256;
/// The endpoints.
const PATHS: [&str; 3] = [MCP_PATH, PRIVATE_MCP_PATH, SSE_PATH];

/// The groups by the paths of endpoints. An endpoint that is not there is for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredGroups(Vec<(String, Vec<String>)>);

/// Why a text does not name groups by endpoints. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRequiredGroups {
    #[error("must be a JSON object that names each endpoint once, with a list of groups")]
    Json,
    #[error("must name endpoints only: /mcp, /private/mcp or /sse")]
    Endpoint,
    #[error("must list 1 to {MAX_GROUPS} groups for each endpoint, each with 1 to {MAX_GROUP} bytes")]
    Groups,
}

impl RequiredGroups {
    /// Requires no groups.
    pub const NONE: Self = Self(Vec::new());

    /// Parses the setting.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRequiredGroups::Json`] if the text is not a JSON object of lists of strings,
    /// [`InvalidRequiredGroups::Endpoint`] if a member is not the path of an endpoint, and
    /// [`InvalidRequiredGroups::Groups`] if a list is empty or has too many groups, or if a group is empty or too long.
    pub fn parse(json: &str) -> Result<Self, InvalidRequiredGroups> {
        let object = Object::parse(json.as_bytes()).map_err(|_| InvalidRequiredGroups::Json)?;
        let mut endpoints = Vec::new();
        for (path, groups) in object.members() {
            if !PATHS.contains(&path.as_str()) {
                return Err(InvalidRequiredGroups::Endpoint);
            }
            let groups = groups.as_array().ok_or(InvalidRequiredGroups::Json)?;
            let names: Option<Vec<String>> = groups.iter().map(|group| group.as_str().map(str::to_owned)).collect();
            let names = names.ok_or(InvalidRequiredGroups::Json)?;
            let is_good = |name: &String| (1..=MAX_GROUP).contains(&name.len());
            if !(1..=MAX_GROUPS).contains(&names.len()) || !names.iter().all(is_good) {
                return Err(InvalidRequiredGroups::Groups);
            }
            endpoints.push((path.clone(), names));
        }
        Ok(Self(endpoints))
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a person of whom this is known may use a resource.
    #[must_use]
    pub fn admits(&self, resource: &Resource, profile: Option<&Profile>) -> bool {
        let Some((_, required)) = self.0.iter().find(|(path, _)| path == resource.path()) else { return true };
        profile.is_some_and(|profile| profile.groups().iter().any(|group| required.contains(group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str) -> Resource {
        Resource::parse(&["https://mcp.example.com", path].concat()).unwrap()
    }

    #[test]
    fn a_person_needs_one_of_the_groups_of_an_endpoint() {
        let required = RequiredGroups::parse(r#"{"/private/mcp": ["staff", "Domain Admins"], "/sse": ["x"]}"#).unwrap();
        for (path, groups, is_admitted) in [
            ("/mcp", &[][..], true),
            ("/private/mcp", &["staff"][..], true),
            ("/private/mcp", &["sales", "Domain Admins"], true),
            ("/private/mcp", &["Staff"], false),
            ("/private/mcp", &["staff "], false),
            ("/private/mcp", &["staf"], false),
            ("/private/mcp", &["staffers"], false),
            ("/private/mcp", &[], false),
            ("/sse", &["staff"], false),
        ] {
            let profile = Profile::default().with_groups(groups.iter().copied());
            assert_eq!(required.admits(&resource(path), Some(&profile)), is_admitted, "{path} {groups:?}");
        }
        assert!(!required.admits(&resource("/private/mcp"), None), "a person of whom nothing is known");
        assert!(required.admits(&resource("/mcp"), None));
        assert!(RequiredGroups::NONE.admits(&resource("/private/mcp"), None));
    }

    #[test]
    fn the_name_of_the_host_does_not_matter() {
        let required = RequiredGroups::parse(r#"{"/mcp": ["staff"]}"#).unwrap();
        for text in ["https://mcp.example.com/mcp", "https://other.example:8443/mcp/", "http://localhost:8787/mcp"] {
            assert!(!required.admits(&Resource::parse(text).unwrap(), None), "{text}");
        }
    }

    #[test]
    fn an_unknown_endpoint_or_a_list_that_would_admit_nobody_is_an_error() {
        use InvalidRequiredGroups::{Endpoint, Groups, Json};
        let long = format!(r#"{{"/mcp": ["{}"]}}"#, "x".repeat(MAX_GROUP + 1));
        let many = format!(r#"{{"/mcp": [{}"x"]}}"#, "\"x\",".repeat(MAX_GROUPS));
        for (text, error) in [
            ("staff", Json),
            ("[]", Json),
            (r#"["staff"]"#, Json),
            (r#"{"/mcp": "staff"}"#, Json),
            (r#"{"/mcp": [1]}"#, Json),
            (r#"{"/mcp": ["a"], "/mcp": ["b"]}"#, Json),
            (r#"{"/private": ["staff"]}"#, Endpoint),
            (r#"{"/private/mcp/": ["staff"]}"#, Endpoint),
            (r#"{"https://mcp.example.com/mcp": ["staff"]}"#, Endpoint),
            (r#"{"/mcp": []}"#, Groups),
            (r#"{"/mcp": [""]}"#, Groups),
            (&long, Groups),
            (&many, Groups),
        ] {
            assert_eq!(RequiredGroups::parse(text), Err(error), "{text}");
        }
    }
}
