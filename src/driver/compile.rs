//! How a compiler is called, and what we add to what it is told when it compiles.

use crate::args::Request;
use crate::args::option_table::Role;
use crate::run::Command;
use crate::settings::Settings;
use crate::toolchain::Selected;
use nix::unistd::{AccessFlags, access};
use std::ffi::OsString;
use std::path::Path;

/// The call with nothing but the toolchain's own words in front.
pub(super) fn as_it_is(selected: &Selected, words: &[OsString]) -> Command {
    let front = selected.launcher.iter().chain(&selected.compiler).chain(&selected.compile_args);
    let mut command = Command::new(front.chain(words).cloned());
    command.env.clone_from(&selected.env);
    command
}

/// What makes functions and data collectable one by one, where that is asked for.
pub(super) fn small(settings: &Settings) -> impl Iterator<Item = OsString> {
    let words: &[&str] = if settings.small { &["-ffunction-sections", "-fdata-sections"] } else { &[] };
    words.iter().map(OsString::from)
}

/// `-pipe`, with which GCC's compiler and the assembler run side by side, and no file lies between them: a fifth of the
/// time of a small compilation. The object is the same, byte for byte. Not where the user wants to see the driver's
/// steps or their files (GCC then says that it ignores `-pipe`), and only for programs with GCC's names: others have
/// no assembler to wait for.
pub(super) fn pipe(request: &Request, selected: &Selected) -> Option<OsString> {
    const SEEN: [&str; 5] = ["-save-temps", "--save-temps", "-time", "-wrapper", "-pipe"];
    let seen = |word: &[u8]| SEEN.iter().any(|s| word.starts_with(s.as_bytes()));
    let shown = request.dry_run
        || request.verbose
        || request.args.iter().any(|a| a.role() == Some(Role::Verbose) || seen(a.word.as_encoded_bytes()));
    (!shown && selected.is_gcc_by_name() && can_be_written(request)).then(|| "-pipe".into())
}

/// Whether the assembler can make its output: if it can't even begin, the compiler before it dies of a broken pipe, and
/// the driver's status is another one than without `-pipe`.
fn can_be_written(request: &Request) -> bool {
    let writable = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    let Some(output) = request.output.as_deref().map(Path::new) else { return writable(Path::new(".")) };
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    writable(parent) && (!output.exists() || writable(output))
}
