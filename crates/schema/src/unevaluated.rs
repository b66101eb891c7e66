//! Which properties or items of one value a schema has looked at: the annotations behind `unevaluatedProperties` and
//! `unevaluatedItems` (JSON Schema Core 2020-12 §11). They are only collected where one of the two keywords asks.

use crate::budget::{Budget, Exhausted};

/// Marks on the children of one value, by their position in it.
pub(crate) struct Marks {
    all: bool,
    children: Vec<bool>,
}

impl Marks {
    pub(crate) const fn new() -> Self {
        Self { all: false, children: Vec::new() }
    }

    pub(crate) fn mark(&mut self, index: usize) {
        if self.children.len() <= index {
            self.children.resize(index.saturating_add(1), false);
        }
        if let Some(child) = self.children.get_mut(index) {
            *child = true;
        }
    }

    pub(crate) const fn mark_all(&mut self) {
        self.all = true;
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.all || self.children.get(index).copied().unwrap_or(false)
    }

    /// Takes over what a schema that fits has marked.
    pub(crate) fn merge(&mut self, other: &Self, budget: &mut Budget) -> Result<(), Exhausted> {
        budget.spend(other.children.len() >> 3)?;
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
