//! Documents that are the same for everybody who asks one site. Each is written once, with its entity tag.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::http::route::Route;

/// How many bytes of the hash are in a tag.
const TAG_BYTES: usize = 16;

/// A document as it is sent.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    /// Its strong entity tag (RFC 9110 §8.8.3).
    pub(crate) tag: String,
}

/// The documents of a site that were asked for. There are as many as routes at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct DocumentCache(RefCell<Vec<(Route, Rc<Document>)>>);

impl DocumentCache {
    /// Returns the document of a route, which `write` writes the first time.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub(crate) fn of(
        &self,
        route: Route,
        write: impl FnOnce() -> serde_json::Result<Vec<u8>>,
    ) -> serde_json::Result<Rc<Document>> {
        if let Some((_, known)) = self.0.borrow().iter().find(|(known, _)| *known == route) {
            return Ok(Rc::clone(known));
        }
        let body = write()?;
        let document = Rc::new(Document { tag: tag_of(&body), body });
        self.0.borrow_mut().push((route, Rc::clone(&document)));
        Ok(document)
    }
}

/// Returns a strong tag: equal documents have equal tags, and no others.
pub(crate) fn tag_of(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(hash.get(..TAG_BYTES).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_once_for_each_route() {
        let documents = DocumentCache::default();
        for (route, text, body) in [
            (Route::AiCatalog, "one", "one"),
            (Route::Home, "two", "two"),
            (Route::AiCatalog, "three", "one"),
            (Route::Home, "four", "two"),
        ] {
            let document = documents.of(route, || Ok(text.as_bytes().to_vec())).unwrap();
            assert_eq!((&*document.body, &document.tag), (body.as_bytes(), &tag_of(body.as_bytes())), "{text}");
        }
    }
}
