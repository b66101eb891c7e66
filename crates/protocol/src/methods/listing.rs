//! One page of a list whose items are written already: resources, templates, prompts and skills ("Pagination", "Caching").

use serde::ser::SerializeMap;
use serde_json::Value;

use crate::json_rpc::rpc_error::RpcError;
use crate::methods::pagination::Page;
use crate::types::result::{CacheHints, ResultFields};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// A page, with its items in the form of the client's revision.
pub(crate) struct Listing {
    name: &'static str,
    items: Vec<Value>,
    next_cursor: Option<String>,
    hints: Option<CacheHints>,
}

/// The form in which a client gets its lists.
#[derive(Clone, Copy)]
pub(crate) struct ListForm {
    pub(crate) page_size: usize,
    pub(crate) version: ProtocolVersion,
}

impl Listing {
    /// The page of `items` that `params` ask for; `name` is the member that holds it.
    pub(crate) fn of<I>(
        name: &'static str,
        items: &[I],
        params: &Object,
        form: ListForm,
        hints: CacheHints,
        write: impl Fn(&I, ProtocolVersion) -> Value,
    ) -> Result<Self, RpcError> {
        let page = Page::of(params, name, items.len(), form.page_size)?;
        let shown = items.get(page.start..page.end).unwrap_or_default();
        Ok(Self {
            name,
            items: shown.iter().map(|item| write(item, form.version)).collect(),
            next_cursor: page.next_cursor(name),
            hints: form.version.is_modern().then_some(hints),
        })
    }

    /// A page of `items` that were chosen before.
    pub(crate) fn chosen<I>(
        name: &'static str,
        items: &[I],
        next_cursor: Option<String>,
        form: ListForm,
        hints: CacheHints,
        write: impl Fn(&I, ProtocolVersion) -> Value,
    ) -> Self {
        let items = items.iter().map(|item| write(item, form.version)).collect();
        Self { name, items, next_cursor, hints: form.version.is_modern().then_some(hints) }
    }

    /// For a list whose result has no caching hints in the specification.
    pub(crate) fn without_hints(mut self) -> Self {
        self.hints = None;
        self
    }
}

impl ResultFields for Listing {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(self.name, &self.items)?;
        if let Some(cursor) = &self.next_cursor {
            map.serialize_entry("nextCursor", cursor)?;
        }
        self.hints.map_or(Ok(()), |hints| hints.write(map))
    }
}
