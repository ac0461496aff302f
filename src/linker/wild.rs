//! The built-in linker: wild's library, called in a forked child process.
//!
//! In a child, not in the driver itself: its output can be dropped when the compiler's linker has to repeat the link, a
//! crash is only a failed link, and its memory is freed at once. Forking the small driver takes a tenth of a
//! millisecond; running a separate program would take longer.

use super::section_headers;
use libwild::{Args, FileSystem, FileType, Linker, OsFileSystem, OutputOptions};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Links. `words` are a linker's arguments without its name, among them `output`. Where each input is in the output is
/// written to `layout`, if it is wanted, in the format of the crate `linker-layout`.
///
/// # Errors
/// The linker's error; a warning counts as one, since the compiler's linker would print another text.
pub(crate) fn link(words: &[String], output: &Path, layout: Option<&Path>) -> Result<(), String> {
    // wild chooses the output format by its name.
    // Without a number wild takes threads from make's job server, by descriptors that MAKEFLAGS names. make closes them
    // for what is no make; here they are ours, and each byte of such a file would be a thread.
    let threads = format!("--threads={}", std::thread::available_parallelism().map_or(1, usize::from));
    let wanted = layout.map(|_| "--write-layout");
    let argv = || ["ld", &threads].into_iter().chain(wanted).chain(words.iter().map(String::as_str));
    let said = |e: libwild::error::Error| e.to_string();
    let warned = Arc::new(AtomicBool::new(false));
    let mut args = Args::new(argv).map_err(said)?;
    args.set_version(env!("CARGO_PKG_VERSION"));
    let note = Arc::clone(&warned);
    args.on_warning(Box::new(move |_| note.store(true, Ordering::Relaxed)));
    args.parse(argv).map_err(said)?;
    match layout {
        // The linker would write it beside the output, where a file of the user's may be.
        Some(layout) => {
            let files = FilesWithLayout { files: OsFileSystem::new(), layout: layout.to_owned() };
            Linker::with_file_system(files).run(&args).map(drop).map_err(said)?;
        }
        None => libwild::run(args).map_err(said)?,
    }
    section_headers::mend(output).map_err(|e| e.to_string())?;
    if warned.load(Ordering::Relaxed) { Err("it printed a warning".into()) } else { Ok(()) }
}

/// The machine's files, with another place for what the linker says of its output.
struct FilesWithLayout {
    files: OsFileSystem,
    layout: PathBuf,
}

impl FileSystem for FilesWithLayout {
    type Input = <OsFileSystem as FileSystem>::Input;
    type Output = <OsFileSystem as FileSystem>::Output;

    fn open_input(
        &self,
        path: &Path,
        prepopulate_maps: bool,
    ) -> libwild::error::Result<(Self::Input, Option<Arc<File>>)> {
        self.files.open_input(path, prepopulate_maps)
    }

    fn file_type(&self, path: &Path) -> libwild::error::Result<FileType> {
        self.files.file_type(path)
    }

    fn canonicalize(&self, path: &Path) -> libwild::error::Result<PathBuf> {
        self.files.canonicalize(path)
    }

    fn remove_file(&self, path: &Path) -> libwild::error::Result<()> {
        self.files.remove_file(path)
    }

    fn rename_file(&self, path: &Path, new_path: &Path) -> libwild::error::Result<()> {
        self.files.rename_file(path, new_path)
    }

    fn create_output(&self, path: Arc<Path>, options: OutputOptions) -> libwild::error::Result<Self::Output> {
        self.files.create_output(path, options)
    }

    fn write_auxiliary(&self, path: &Path, bytes: &[u8]) -> libwild::error::Result {
        let is_layout = path.extension().is_some_and(|end| end == "layout");
        self.files.write_auxiliary(if is_layout { &self.layout } else { path }, bytes)
    }
}
