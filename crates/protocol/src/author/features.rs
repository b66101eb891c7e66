//! The features of one kind, as they are served: in their order, by their keys, and with what is the same for every caller worked out
//! once. So a call costs the same with five tools and with five thousand.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::rc::Rc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::author::feature::Hideable;
use crate::methods::pagination::Page;
use crate::types::version::{PerVersion, ProtocolVersion};

/// The features of one kind.
pub(crate) struct Features<F> {
    items: Vec<Rc<F>>,
    by_key: HashMap<String, usize>,
    /// Whether some are shown to some people only.
    have_audience: bool,
    /// The entries of each page as a JSON array, if the list is the same for everybody.
    pages: PerVersion<RefCell<WrittenPages>>,
}

/// Pages by where they begin and end.
type WrittenPages = BTreeMap<(usize, usize), Rc<RawValue>>;

impl<F: Hideable> Features<F> {
    /// Returns the features in this order. No two have the same key.
    pub(crate) fn new(items: Vec<Rc<F>>) -> Self {
        let by_key = items.iter().enumerate().map(|(index, item)| (item.key().to_owned(), index)).collect();
        let have_audience = items.iter().any(|item| item.access().has_audience());
        Self { items, by_key, have_audience, pages: PerVersion::default() }
    }

    /// Returns the feature with this key, whoever sees it.
    pub(crate) fn find(&self, key: &str) -> Option<&Rc<F>> {
        self.items.get(*self.by_key.get(key)?)
    }

    /// Returns whether some are shown to some people only.
    pub(crate) fn have_audience(&self) -> bool {
        self.have_audience
    }

    /// Returns the entries of a page that is the same for everybody, written once per isolate. `entry` returns what stands in the list
    /// for a feature.
    ///
    /// # Errors
    ///
    /// Fails if an entry cannot be written, because a list without it would look complete.
    pub(crate) fn page<'a, E: Serialize>(
        &'a self,
        page: Page,
        version: ProtocolVersion,
        entry: impl Fn(&'a F) -> serde_json::Result<E>,
    ) -> serde_json::Result<Rc<RawValue>> {
        let pages = self.pages.of(version);
        if let Some(written) = pages.borrow().get(&(page.start, page.end)) {
            return Ok(Rc::clone(written));
        }
        let written = entries(page.of(&self.items), entry)?;
        pages.borrow_mut().insert((page.start, page.end), Rc::clone(&written));
        Ok(written)
    }
}

/// Returns the entries of features as a JSON array.
///
/// # Errors
///
/// Fails if an entry cannot be written, because a list without it would look complete.
pub(crate) fn entries<'a, F, E: Serialize>(
    features: &'a [Rc<F>],
    entry: impl Fn(&'a F) -> serde_json::Result<E>,
) -> serde_json::Result<Rc<RawValue>> {
    let entries = features.iter().map(|feature| entry(feature)).collect::<serde_json::Result<Vec<E>>>()?;
    to_raw_value(&entries).map(Rc::from)
}

impl<F> Deref for Features<F> {
    type Target = [Rc<F>];

    fn deref(&self) -> &[Rc<F>] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::author::visibility::audience::Access;
    use crate::methods::pagination::PaginatedRequestParams;

    struct Item {
        key: String,
        access: Access,
    }

    impl Hideable for Item {
        fn key(&self) -> &str {
            &self.key
        }

        fn access(&self) -> &Access {
            &self.access
        }
    }

    fn features(count: usize) -> Features<Item> {
        let item = |number| Rc::new(Item { key: format!("item {number}"), access: Access::default() });
        Features::new((0..count).map(item).collect())
    }

    fn page(number: usize, size: usize, of: usize) -> Page {
        let mut cursor = None;
        for _ in 0..number {
            let params = json!({ "cursor": cursor }).as_object().unwrap().clone();
            let params = if cursor.is_some() { params } else { serde_json::Map::new() };
            cursor = PaginatedRequestParams::parse(params).page("items", of, size).unwrap().next_cursor("items");
        }
        let params =
            cursor.map_or_else(serde_json::Map::new, |cursor| json!({ "cursor": cursor }).as_object().unwrap().clone());
        PaginatedRequestParams::parse(params).page("items", of, size).unwrap()
    }

    #[test]
    fn a_feature_is_found_by_its_whole_key_among_many() {
        let features = features(5000);
        for number in [0, 1, 4999] {
            assert_eq!(features.find(&format!("item {number}")).unwrap().key, format!("item {number}"));
        }
        assert!(features.find("item").is_none() && features.find("item 5000").is_none());
    }

    #[test]
    fn a_page_is_written_once_for_each_revision() {
        let features = features(5);
        let written = RefCell::new(0);
        let list = |page: Page, version| {
            let entry = |item: &Item| {
                *written.borrow_mut() += 1;
                Ok(item.key.clone())
            };
            features.page(page, version, entry).unwrap().get().to_owned()
        };
        let (begin, end) = (page(0, 2, 5), page(2, 2, 5));
        for _ in 0..3 {
            assert_eq!(list(begin, ProtocolVersion::V2025_11_25), r#"["item 0","item 1"]"#);
            assert_eq!(list(end, ProtocolVersion::V2025_11_25), r#"["item 4"]"#);
        }
        assert_eq!(*written.borrow(), 3);
        assert_eq!(list(begin, ProtocolVersion::V2026_07_28), r#"["item 0","item 1"]"#);
        assert_eq!(*written.borrow(), 5, "the entries of another revision are others");
    }
}
