//! A result as it goes over the wire: its own members, and from 2026-07-28 on `resultType` and the server's name in `_meta`
//! ("Result", "`_meta`").

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::json::Object;

/// The member of `_meta` that holds the server's name in a modern result.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// The result of a method. What is serialized are its own members, without those that every result of an era has.
pub(crate) trait ServerResult: Serialize {
    /// `resultType`, for clients that know it.
    const RESULT_TYPE: &'static str = "complete";

    /// Returns what the result itself puts into `_meta`.
    fn meta(&self) -> Option<&Object> {
        None
    }
}

/// The result without members: `{}`.
#[derive(Serialize)]
pub(crate) struct EmptyResult {}

impl ServerResult for EmptyResult {}

/// A result in the form of an era.
#[derive(Serialize)]
pub(crate) struct WireResult<'a, R: Serialize> {
    #[serde(rename = "resultType", skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(flatten)]
    result: &'a R,
    #[serde(rename = "_meta", skip_serializing_if = "ResultMeta::is_empty")]
    meta: ResultMeta<'a>,
}

impl<'a, R: ServerResult> WireResult<'a, R> {
    /// Returns the result in the form of the era of `version`. `server_info` is the server's name and version as JSON.
    pub(crate) fn new(result: &'a R, version: ProtocolVersion, server_info: &'a RawValue) -> Self {
        match version.era() {
            Era::Legacy => Self::bare(result),
            Era::Modern => Self {
                result_type: Some(R::RESULT_TYPE),
                result,
                meta: ResultMeta { own: result.meta(), server_info: Some(server_info) },
            },
        }
    }

    /// Returns the result with its own members only.
    pub(crate) fn bare(result: &'a R) -> Self {
        Self { result_type: None, result, meta: ResultMeta { own: result.meta(), server_info: None } }
    }
}

/// The `_meta` of a result.
struct ResultMeta<'a> {
    own: Option<&'a Object>,
    server_info: Option<&'a RawValue>,
}

impl ResultMeta<'_> {
    fn is_empty(&self) -> bool {
        self.own.is_none() && self.server_info.is_none()
    }
}

impl Serialize for ResultMeta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(server_info) = self.server_info {
            map.serialize_entry(SERVER_INFO, server_info)?;
        }
        let is_taken = |name: &str| self.server_info.is_some() && name == SERVER_INFO;
        for (name, value) in self.own.into_iter().flatten().filter(|(name, _)| !is_taken(name)) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// How long and by whom a result may be kept, from 2026-07-28 on ("Caching"; `CacheableResult`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheHints {
    pub(crate) ttl_ms: u32,
    pub(crate) cache_scope: CacheScope,
}

/// Who may share a cached result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CacheScope {
    /// Everybody gets the same.
    Public,
    /// It is this caller's.
    Private,
}

impl CacheHints {
    /// Everybody gets the same until the next deployment.
    const PUBLIC: Self = Self { ttl_ms: 300_000, cache_scope: CacheScope::Public };

    /// It is this caller's, and may be another the next time.
    const PRIVATE: Self = Self { ttl_ms: 0, cache_scope: CacheScope::Private };

    /// Returns the hints of what everybody gets until the next deployment, or `None` where `version` has no hints.
    pub(crate) fn public(version: ProtocolVersion) -> Option<Self> {
        Self::PUBLIC.in_version(version)
    }

    /// Returns the hints of what is this caller's and may be another the next time, or `None` where `version` has no hints.
    pub(crate) fn private(version: ProtocolVersion) -> Option<Self> {
        Self::PRIVATE.in_version(version)
    }

    /// Returns the hints, or `None` where `version` has none.
    pub(crate) fn in_version(self, version: ProtocolVersion) -> Option<Self> {
        version.is_modern().then_some(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "a test has no other use for it")]
    pub(crate) fn to_value(result: impl ServerResult) -> Value {
        serde_json::to_value(WireResult::bare(&result)).unwrap()
    }

    #[derive(Serialize)]
    struct One {
        a: u8,
        #[serde(flatten)]
        cache: Option<CacheHints>,
    }

    impl ServerResult for One {}

    #[test]
    fn a_legacy_result_has_its_own_members_only() {
        assert_eq!(to_value(EmptyResult {}), json!({}));
        let cache = CacheHints::public(ProtocolVersion::V2025_11_25);
        assert_eq!(to_value(One { a: 1, cache }), json!({"a": 1}));
    }

    #[test]
    fn a_modern_result_says_that_it_is_complete_and_who_made_it() {
        let info = RawValue::from_string(r#"{"name":"n","version":"1"}"#.to_owned()).unwrap();
        let modern = ProtocolVersion::V2026_07_28;
        assert_eq!(
            serde_json::to_value(WireResult::new(&EmptyResult {}, modern, &info)).unwrap(),
            json!({"resultType": "complete", "_meta": {SERVER_INFO: {"name": "n", "version": "1"}}})
        );
        let cached =
            serde_json::to_value(WireResult::new(&One { a: 1, cache: CacheHints::public(modern) }, modern, &info));
        assert_eq!(
            (&cached.as_ref().unwrap()["ttlMs"], &cached.as_ref().unwrap()["cacheScope"]),
            (&json!(300_000), &json!("public"))
        );
    }
}
