//! How much work one validation may cost. The schema is bounded when it is compiled, the value by the size of a request;
//! their product is not, so every step is counted.

/// Steps of one validation. A step is some ten nanoseconds; a megabyte of JSON against a plain schema takes a tenth of it.
const STEPS: u32 = 4_000_000;

/// How many schemas may be applied inside each other. JSON nests at most 64 deep here, and a level takes a few schemas
/// (`$ref`, `allOf`); the limit keeps the stack small where a recursive schema meets a deep value.
const DEPTH: u16 = 400;

/// The budget is spent: whether the value is valid stays unknown, so it is refused.
#[derive(Debug)]
pub(crate) struct Exhausted;

/// What is left of the steps and the depth.
pub(crate) struct Budget {
    steps: u32,
    depth: u16,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { steps: STEPS, depth: DEPTH }
    }

    /// Counts `steps`.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        let steps = u32::try_from(steps).map_err(|_| Exhausted)?;
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }

    /// One schema deeper, and a step. Each `enter` has its `leave`.
    pub(crate) fn enter(&mut self) -> Result<(), Exhausted> {
        self.spend(1)?;
        self.depth = self.depth.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_add(1);
    }
}
