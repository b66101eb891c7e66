//! What is the same for all clients of a version of the protocol.

use std::cell::RefCell;
use std::rc::Rc;

use crate::types::version::ProtocolVersion;

/// A value for each version, made when a client first speaks that version.
pub(crate) struct PerVersion<T>(RefCell<Vec<(ProtocolVersion, Rc<T>)>>);

impl<T> Default for PerVersion<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> PerVersion<T> {
    /// Returns the value for `version`. It is made if there is none; if that fails, the next client causes another attempt.
    pub(crate) fn get_or_make<E>(
        &self,
        version: ProtocolVersion,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Rc<T>, E> {
        if let Some((_, value)) = self.0.borrow().iter().find(|(known, _)| *known == version) {
            return Ok(Rc::clone(value));
        }
        let value = Rc::new(make()?);
        self.0.borrow_mut().push((version, Rc::clone(&value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_version() {
        let values = PerVersion::default();
        let newest = ProtocolVersion::NEWEST_LEGACY;
        assert_eq!(values.get_or_make(newest, || Err("not now")), Err("not now"));
        assert_eq!(*values.get_or_make(newest, || Ok::<_, &str>(1)).unwrap(), 1);
        assert_eq!(*values.get_or_make(newest, || Ok::<_, &str>(2)).unwrap(), 1);
        assert_eq!(*values.get_or_make(ProtocolVersion::UNNAMED, || Ok::<_, &str>(3)).unwrap(), 3);
    }
}
