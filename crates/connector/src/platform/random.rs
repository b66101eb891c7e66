//! Random numbers of the runtime, drawn in advance.

use std::cell::RefCell;

thread_local! {
    /// Random numbers that were not taken yet.
    static NUMBERS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that are drawn at once: enough for sixty-four requests. A call of the runtime costs more than the bytes.
const DRAWN: usize = 1536;

/// Returns unguessable numbers that are not zero, or `None` if the runtime's source of randomness fails.
pub(crate) fn numbers<const N: usize>() -> Option<[u64; N]> {
    NUMBERS.with_borrow_mut(|numbers| {
        if numbers.len() < N {
            let mut bytes = [0; DRAWN];
            getrandom::fill(&mut bytes).ok()?;
            let (drawn, _) = bytes.as_chunks();
            numbers.extend(drawn.iter().map(|number| u64::from_ne_bytes(*number)).filter(|number| *number != 0));
        }
        let first = numbers.len().checked_sub(N)?;
        numbers.split_off(first).try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique() {
        let mut numbers: Vec<u64> = (0..1000).flat_map(|_| numbers::<3>().unwrap()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 3000);
    }
}
