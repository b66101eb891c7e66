//! A decoder of bytes from outside, as one plain function that a fuzzer can call with anything.

/// A decoder under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its wrapper in `fuzz/`.
    pub name: &'static str,
    /// Calls it. Panics where it breaks its word; gives whether it got to its end, which is where it has taken the input.
    pub run: fn(&[u8]) -> bool,
    /// Inputs to begin with, of which the first one gets to the end.
    pub seeds: &'static [&'static [u8]],
}
