//! A result as it goes over the wire: its own members, and from 2026-07-28 on `resultType` and the server's name in `_meta`
//! ("Result", "`_meta`").

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use mcp_connector_base::json::Object;

/// Where the server's name stands in the `_meta` of a modern result.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// The members of a result, without those that every result of an era has.
pub(crate) trait ResultFields {
    /// `resultType`, for clients that know it.
    const RESULT_TYPE: &'static str = "complete";

    /// Writes the members.
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;

    /// What the result itself puts into `_meta`.
    fn meta(&self) -> Option<&Object> {
        None
    }
}

/// The result without members: `{}`.
pub(crate) struct Empty;

impl ResultFields for Empty {
    fn fields<M: SerializeMap>(&self, _map: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

/// A result in the form of its era.
pub(crate) enum WireResult<'a, R> {
    /// Before 2026-07-28: the members alone.
    Legacy(R),
    /// From 2026-07-28 on.
    Modern {
        /// The members.
        result: R,
        /// The server's name and version, already JSON.
        server_info: &'a RawValue,
    },
}

impl<R: ResultFields> Serialize for WireResult<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Legacy(result) => {
                result.fields(&mut map)?;
                if let Some(meta) = result.meta() {
                    map.serialize_entry("_meta", meta)?;
                }
            }
            Self::Modern { result, server_info } => {
                map.serialize_entry("resultType", R::RESULT_TYPE)?;
                result.fields(&mut map)?;
                map.serialize_entry("_meta", &ModernMeta { own: result.meta(), server_info })?;
            }
        }
        map.end()
    }
}

struct ModernMeta<'a> {
    own: Option<&'a Object>,
    server_info: &'a RawValue,
}

impl Serialize for ModernMeta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(SERVER_INFO, self.server_info)?;
        for (name, value) in self.own.into_iter().flatten().filter(|(name, _)| *name != SERVER_INFO) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// How long and by whom an answer may be kept ("Caching").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheHints {
    pub(crate) ttl_ms: u32,
    pub(crate) scope: CacheScope,
}

/// Who may share a cached answer.
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
    pub(crate) const DEPLOYED: Self = Self { ttl_ms: 300_000, scope: CacheScope::Public };

    /// It is this caller's, and may be another the next time.
    pub(crate) const OF_THE_CALLER: Self = Self { ttl_ms: 0, scope: CacheScope::Private };

    pub(crate) fn write<M: SerializeMap>(self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("ttlMs", &self.ttl_ms)?;
        map.serialize_entry("cacheScope", &self.scope)
    }
}

/// A result that is small or rare enough to be built as JSON values.
pub(crate) struct Members {
    members: Vec<(&'static str, Value)>,
    cached: Option<CacheHints>,
}

impl Members {
    pub(crate) fn new(members: Vec<(&'static str, Value)>) -> Self {
        Self { members, cached: None }
    }

    /// A result that clients may keep.
    pub(crate) fn cached(members: Vec<(&'static str, Value)>, hints: CacheHints) -> Self {
        Self { members, cached: Some(hints) }
    }
}

impl ResultFields for Members {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.members.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        self.cached.map_or(Ok(()), |hints| hints.write(map))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn to_value(result: impl ResultFields) -> Value {
        serde_json::to_value(WireResult::Legacy(result)).unwrap()
    }

    #[test]
    fn a_legacy_result_has_its_own_members_only() {
        assert_eq!(to_value(Empty), json!({}));
        assert_eq!(to_value(Members::new(vec![("a", json!(1))])), json!({"a": 1}));
    }

    #[test]
    fn a_modern_result_says_that_it_is_complete_and_who_made_it() {
        let info = RawValue::from_string(r#"{"name":"n","version":"1"}"#.to_owned()).unwrap();
        assert_eq!(
            serde_json::to_value(WireResult::Modern { result: Empty, server_info: &info }).unwrap(),
            json!({"resultType": "complete", "_meta": {SERVER_INFO: {"name": "n", "version": "1"}}})
        );
    }
}
