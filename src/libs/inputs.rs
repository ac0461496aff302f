//! Reading the inputs of a link, with one thread per processor if there are many.

use crate::parallel::processors;
use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

/// The fewest files for which a thread pays off.
const FEW: usize = 64;

/// The first file for which `test` holds.
pub(crate) fn first<'a>(files: &[&'a Path], test: impl Fn(&Path) -> bool + Sync) -> Option<&'a Path> {
    let threads = processors().min(files.len() / FEW + 1);
    if threads < 2 {
        return files.iter().copied().find(|f| test(f));
    }
    let size = files.len().div_ceil(threads);
    thread::scope(|scope| {
        let test = &test;
        let parts: Vec<_> =
            files.chunks(size).map(|part| scope.spawn(move || part.iter().copied().find(|f| test(f)))).collect();
        parts.into_iter().find_map(|p| p.join().ok().flatten())
    })
}

/// Up to this many bytes, reading a file is cheaper than mapping it.
const SMALL: u64 = 256 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Passes the bytes of a regular file to `at`; none for anything else.
pub(crate) fn look<T>(path: &Path, at: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    if length > SMALL {
        // SAFETY: an input of the link that follows, which maps it in the same way; a build that changes its inputs
        // while it links them is broken anyway.
        return unsafe { memmap2::Mmap::map(&file) }.ok().map(|data| at(&data));
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        file.read_to_end(buffer).ok()?;
        Some(at(buffer))
    })
}

pub(crate) fn borrowed(files: &[PathBuf]) -> Vec<&Path> {
    files.iter().map(PathBuf::as_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_whatever_the_number_of_threads() {
        for count in [0usize, 1, 63, 64, 1000] {
            let names: Vec<PathBuf> = (0..count).map(|i| PathBuf::from(format!("{i}"))).collect();
            let files = borrowed(&names);
            let after = |n: usize| first(&files, |f| f.to_str().unwrap().parse::<usize>().unwrap() >= n);
            assert_eq!(after(0), files.first().copied());
            assert_eq!(after(count / 2), files.get(count / 2).copied());
            assert_eq!(after(count), None);
        }
    }
}
