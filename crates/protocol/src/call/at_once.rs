//! Several pieces of work at once, for a few: every wake-up looks at each that is not done. `join_all` of `futures` is ready for
//! thousands, which takes ten kilobytes of code.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use futures::future::{FutureExt, maybe_done};

/// What each piece of work gives, in the order of `work`.
pub async fn at_once<F: Future>(work: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut work: Vec<_> = work.map(|future| maybe_done(Box::pin(future))).collect();
    poll_fn(|task| {
        let waiting = work.iter_mut().map(|one| one.poll_unpin(task)).filter(Poll::is_pending).count();
        if waiting == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    work.iter_mut().filter_map(|one| Pin::new(one).take_output()).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn all_begin_before_one_is_done_and_answer_in_order() {
        let begun = Cell::new(0);
        let work = ["a", "b", "c"].into_iter().map(|name| {
            let mut is_new = true;
            let begun = &begun;
            poll_fn(move |_| {
                begun.set(begun.get() + usize::from(std::mem::take(&mut is_new)));
                if begun.get() == 3 { Poll::Ready(name) } else { Poll::Pending }
            })
        });
        let mut outcome = Box::pin(at_once(work));
        assert_eq!(outcome.as_mut().now_or_never(), None, "the first waits for the last");
        assert_eq!(outcome.as_mut().now_or_never(), Some(vec!["a", "b", "c"]));
    }

    #[test]
    fn nothing_is_done_at_once() {
        assert_eq!(at_once(std::iter::empty::<std::future::Ready<()>>()).now_or_never(), Some(vec![]));
    }
}
