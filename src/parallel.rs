//! The same work on many items, by one thread for each processor.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads run at the same time; 1 where that can't be known.
pub(crate) fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    // Each time it would read the files of all control groups.
    *COUNT.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Works on each item and returns the results in the order of the items. All threads have ended when this returns.
pub(crate) fn in_parallel<T: Sync, R: Send + Sync>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    let one_after_another = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((item, result)) = items.get(index).zip(results.get(index)) else { break };
            // Each index is handed out once, so that the slot is empty.
            let _ = result.set(work(item));
        }
    };
    let threads = processors().min(items.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more can be had, those that there are do it.
            if thread::Builder::new().spawn_scoped(scope, one_after_another).is_err() {
                break;
            }
        }
        one_after_another();
    });
    results.into_iter().filter_map(OnceLock::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 2, 1000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(in_parallel(&items, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
