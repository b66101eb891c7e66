//! How much work one validation may do. Compilation bounds the schema and the size of a request bounds the value, but nothing bounds
//! their product, so every step is counted.

use thiserror::Error;

/// Steps of one validation. A step takes about ten nanoseconds. A megabyte of JSON takes a tenth of them with a plain schema.
const STEPS: usize = 4_000_000;

/// How many schemas may be applied inside each other. A request nests at most 64 levels deep, and a level applies a few schemas
/// (`$ref`, `allOf`). The limit bounds the stack where a recursive schema meets a deep value.
const DEPTH: usize = 400;

/// The budget is spent, so it is not known whether the value is valid.
#[derive(Debug, Error)]
#[error("the budget of a validation is spent")]
pub(crate) struct Exhausted;

/// The steps and the depth that are left.
pub(crate) struct Budget {
    steps: usize,
    depth: usize,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { steps: STEPS, depth: DEPTH }
    }

    /// Counts steps.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }

    /// Counts a step and goes one schema deeper. Each call is followed by one of [`Self::leave`].
    pub(crate) fn enter(&mut self) -> Result<(), Exhausted> {
        self.spend(1)?;
        self.depth = self.depth.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }

    pub(crate) const fn leave(&mut self) {
        self.depth += 1;
    }
}
