//! How many notifications a call sends: a loop that reports each of a million steps does not flood its client ("Progress ›
//! Implementation Notes", "Logging › Security").

use std::cell::Cell;
use std::time::Duration;

/// So many leave at once.
const BURST: f64 = 100.0;
/// After that, so many a second.
const PER_SECOND: f64 = 20.0;

/// What a call may still send.
pub(crate) struct NotificationLimit {
    left: Cell<f64>,
    /// When `left` was true. `None` before the first notification.
    counted_at: Cell<Option<Duration>>,
}

impl NotificationLimit {
    pub(crate) fn new() -> Self {
        Self { left: Cell::new(BURST), counted_at: Cell::default() }
    }

    /// Counts a notification at `now`. Returns whether it may be sent; otherwise it is skipped.
    pub(crate) fn admits(&self, now: Duration) -> bool {
        let since = self.counted_at.replace(Some(now)).map_or(Duration::ZERO, |before| now.saturating_sub(before));
        let left = PER_SECOND.mul_add(since.as_secs_f64(), self.left.get()).min(BURST);
        let admits = left >= 1.0;
        self.left.set(if admits { left - 1.0 } else { left });
        admits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limit: &NotificationLimit, asked: usize, at_ms: u64) -> usize {
        (0..asked).filter(|_| limit.admits(Duration::from_millis(at_ms))).count()
    }

    #[test]
    fn a_hundred_leave_at_once_and_twenty_a_second_after_that() {
        let limit = NotificationLimit::new();
        assert_eq!(admitted(&limit, 1_000_000, 5_000), 100);
        assert_eq!(admitted(&limit, 1000, 5_500), 10);
        assert_eq!(admitted(&limit, 1000, 6_500), 20);
        assert_eq!(admitted(&limit, 1000, 3_600_000), 100, "what is not used is not saved up");
    }

    #[test]
    fn a_clock_that_goes_back_admits_no_more_and_no_less() {
        let limit = NotificationLimit::new();
        assert_eq!(admitted(&limit, 60, 5_000), 60);
        assert_eq!(admitted(&limit, 60, 1_000), 40);
        assert_eq!(admitted(&limit, 60, 2_000), 20);
    }

    #[test]
    fn a_report_every_fifty_milliseconds_is_never_skipped() {
        let limit = NotificationLimit::new();
        assert!((0..10_000).all(|step| limit.admits(Duration::from_millis(50 * step))));
    }
}
