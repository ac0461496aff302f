//! The linker wild as one function.
//!
//! A crate of its own since the whole linker is compiled where it is first used with a kind of files: five megabytes of code,
//! which is neither repeated at each change of the drivers nor made for size, as most of theirs is.

use libwild::{Args, FileSystem, FileType, Linker, OsFileSystem, OutputOptions, error};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a link went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WildLink {
    /// It had something to say.
    pub warned: bool,
}

/// Links. `words` are a linker's arguments without its name, `threads` is how many work at the same time. Where each input
/// is in the output is written to `layout`, if it
/// is wanted, in the format of the crate `linker-layout`. `version` is what the linker writes of itself into the output.
///
/// # Errors
/// The linker's error.
pub fn link(words: &[String], threads: usize, layout: Option<&Path>, version: &str) -> Result<WildLink, String> {
    // Without a number wild takes threads from make's job server, by descriptors that MAKEFLAGS names. make closes them
    // for what is no make; here they are ours, and each byte of such a file would be a thread.
    let threads = format!("--threads={threads}");
    let wanted = layout.map(|_| "--write-layout");
    let argv = || ["ld", &threads].into_iter().chain(wanted).chain(words.iter().map(String::as_str));
    let said = |e: error::Error| e.to_string();
    let warned = Arc::new(AtomicBool::new(false));
    let mut args = Args::new(argv).map_err(said)?;
    args.set_version(version);
    let note = Arc::clone(&warned);
    args.on_warning(Box::new(move |_| note.store(true, Ordering::Relaxed)));
    args.parse(argv).map_err(said)?;
    // Always the same kind of files, for which the linker is compiled once.
    let files = FilesWithLayout { files: OsFileSystem::new(), layout: layout.map(Path::to_owned) };
    Linker::with_file_system(files).run(&args).map(drop).map_err(said)?;
    Ok(WildLink { warned: warned.load(Ordering::Relaxed) })
}

/// The machine's files, with another place for what the linker says of its output: beside that, where it would be written
/// otherwise, a file of the user's may be.
struct FilesWithLayout {
    files: OsFileSystem,
    layout: Option<PathBuf>,
}

impl FileSystem for FilesWithLayout {
    type Input = <OsFileSystem as FileSystem>::Input;
    type Output = <OsFileSystem as FileSystem>::Output;

    fn open_input(&self, path: &Path, prepopulate_maps: bool) -> error::Result<(Self::Input, Option<Arc<File>>)> {
        self.files.open_input(path, prepopulate_maps)
    }

    fn file_type(&self, path: &Path) -> error::Result<FileType> {
        self.files.file_type(path)
    }

    fn canonicalize(&self, path: &Path) -> error::Result<PathBuf> {
        self.files.canonicalize(path)
    }

    fn remove_file(&self, path: &Path) -> error::Result<()> {
        self.files.remove_file(path)
    }

    fn rename_file(&self, path: &Path, new_path: &Path) -> error::Result<()> {
        self.files.rename_file(path, new_path)
    }

    fn create_output(&self, path: Arc<Path>, options: OutputOptions) -> error::Result<Self::Output> {
        self.files.create_output(path, options)
    }

    fn write_auxiliary(&self, path: &Path, bytes: &[u8]) -> error::Result {
        let layout = self.layout.as_deref().filter(|_| path.extension().is_some_and(|end| end == "layout"));
        self.files.write_auxiliary(layout.unwrap_or(path), bytes)
    }
}
