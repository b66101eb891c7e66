//! Lists in pages: an opaque cursor says where the next one starts ("Pagination").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use thiserror::Error;

use crate::json_rpc::rpc_error::RpcError;
use mcp_connector_base::json::Object;

/// A page of a list. Only a cursor that this server could have made for this list leads to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) start: usize,
    pub(crate) end: usize,
    length: usize,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("`cursor` is not one that this list gave out; start again without it.")]
pub(crate) struct InvalidCursor;

impl From<InvalidCursor> for RpcError {
    fn from(error: InvalidCursor) -> Self {
        Self::invalid_params(error.to_string())
    }
}

/// The parameters of a request for a page of a list.
pub(crate) struct PaginatedRequestParams {
    cursor: Option<Value>,
}

impl PaginatedRequestParams {
    pub(crate) fn parse(mut params: Object) -> Self {
        Self { cursor: params.remove("cursor") }
    }

    /// Returns the page that is asked for, of at most `size` of the `length` items of the list called `list`.
    pub(crate) fn page(&self, list: &str, length: usize, size: usize) -> Result<Page, InvalidCursor> {
        let size = size.max(1);
        let start = match &self.cursor {
            None => 0,
            Some(cursor) => {
                let start = cursor.as_str().and_then(|cursor| decode(cursor, list)).ok_or(InvalidCursor)?;
                if start == 0 || start >= length || !start.is_multiple_of(size) {
                    return Err(InvalidCursor);
                }
                start
            }
        };
        Ok(Page { start, end: (start + size).min(length), length })
    }

    /// Returns the position that a cursor of [`TemplatePosition::cursor`] names, or `None` for another cursor.
    pub(crate) fn template_position(&self, list: &str) -> Option<TemplatePosition> {
        let cursor = self.cursor.as_ref()?.as_str()?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (template, after) = text.strip_prefix(list)?.strip_prefix(" template ")?.split_once(' ')?;
        let position = TemplatePosition { template: template.parse().ok()?, after: after.parse().ok()? };
        (position.cursor(list) == cursor).then_some(position)
    }
}

impl Page {
    /// Returns those of `items` that are on the page.
    pub(crate) fn of<I>(self, items: &[I]) -> &[I] {
        items.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns the cursor of the next page, or `None` after the last.
    pub(crate) fn next_cursor(self, list: &str) -> Option<String> {
        (self.end < self.length).then(|| URL_SAFE_NO_PAD.encode(format!("{list} {}", self.end)))
    }
}

/// A position in what a template lists page by page: the number of the template, and where its next page begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TemplatePosition {
    pub(crate) template: usize,
    pub(crate) after: u64,
}

impl TemplatePosition {
    /// Returns the cursor that leads here.
    pub(crate) fn cursor(self, list: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{list} template {} {}", self.template, self.after))
    }
}

fn decode(cursor: &str, list: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (name, start) = text.split_once(' ')?;
    // `+7` and `007` are numbers too, but not ours.
    start.parse::<usize>().ok().filter(|number| name == list && number.to_string() == start)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(cursor: Option<&str>) -> Result<Page, InvalidCursor> {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        PaginatedRequestParams::parse(params.as_object().unwrap().clone()).page("tools", 5, 2)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let first = page(None).unwrap();
        assert_eq!((first.start, first.end), (0, 2));
        let second = page(first.next_cursor("tools").as_deref()).unwrap();
        assert_eq!((second.start, second.end), (2, 4));
        let third = page(second.next_cursor("tools").as_deref()).unwrap();
        assert_eq!((third.start, third.end, third.next_cursor("tools")), (4, 5, None));
    }

    #[test]
    fn another_cursor_is_refused() {
        let of_another_list = page(None).unwrap().next_cursor("prompts").unwrap();
        let made_up = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for cursor in [
            &of_another_list,
            "",
            "x",
            "%",
            &made_up("tools 0"),
            &made_up("tools 3"),
            &made_up("tools 6"),
            &made_up("tools +2"),
        ] {
            assert_eq!(page(Some(cursor)), Err(InvalidCursor), "{cursor}");
        }
    }

    #[test]
    fn a_position_in_a_template_is_read_as_it_was_written() {
        let position = TemplatePosition { template: 2, after: u64::MAX };
        let of = |cursor: String| {
            let params = json!({ "cursor": cursor }).as_object().unwrap().clone();
            PaginatedRequestParams::parse(params).template_position("resources")
        };
        assert_eq!(of(position.cursor("resources")), Some(position));
        for text in [
            "resources 2",
            "resources template 2",
            "resources template +2 1",
            "resources template 2 01",
            "tools template 2 1",
        ] {
            assert_eq!(of(URL_SAFE_NO_PAD.encode(text)), None, "{text}");
        }
    }

    #[test]
    fn a_list_without_items_is_one_empty_page() {
        let page = PaginatedRequestParams::parse(Object::new()).page("tools", 0, 2).unwrap();
        assert_eq!((page.start, page.end, page.next_cursor("tools")), (0, 0, None));
    }
}
