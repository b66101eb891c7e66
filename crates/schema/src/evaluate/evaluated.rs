//! Which properties or items of a value were evaluated: the annotations behind `unevaluatedProperties` and `unevaluatedItems`
//! (Core §11). They are only collected where one of the two keywords needs them.

use crate::budget::{Budget, Exhausted};

/// The children of one value that were evaluated, by their position in it.
#[derive(Default)]
pub(crate) struct Evaluated {
    all: bool,
    children: Vec<bool>,
}

impl Evaluated {
    pub(crate) fn insert(&mut self, index: usize) {
        if self.children.len() <= index {
            self.children.resize(index + 1, false);
        }
        if let Some(child) = self.children.get_mut(index) {
            *child = true;
        }
    }

    pub(crate) const fn insert_all(&mut self) {
        self.all = true;
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.all || self.children.get(index).is_some_and(|child| *child)
    }

    /// Adds the children that another schema has evaluated.
    pub(crate) fn extend(&mut self, other: &Self, budget: &mut Budget) -> Result<(), Exhausted> {
        budget.spend(other.children.len() / 8)?;
        self.all |= other.all;
        if self.children.len() < other.children.len() {
            self.children.resize(other.children.len(), false);
        }
        for (own, other) in self.children.iter_mut().zip(&other.children) {
            *own |= other;
        }
        Ok(())
    }
}
