//! The allocator of musl programs: mimalloc, compiled from the sources that come with a crate.
//!
//! It is one object in an archive, with all its symbols weak, so that the program's own allocator takes precedence.
//! The archive's index names only the functions by which a program's own code allocates: see the rule `musl-allocator`.

use super::build_context::{BuildContext, InstallError};
use super::symbol_binding;
use super::sysroot::Sysroot;
use crate::archive;
use crate::embedded::EmbeddedFiles;
use std::fs;
use std::io;

/// mimalloc's sources and license.
static SOURCES: EmbeddedFiles = EmbeddedFiles(include_bytes!(concat!(env!("OUT_DIR"), "/mimalloc.tar.xz")));

/// The archive's file name.
pub(crate) const ARCHIVE: &str = "libmimalloc-offered.a";

/// The object's file name, to be linked whatever is called.
pub(crate) const OBJECT: &str = "mimalloc.o";

/// What a program's own code calls that allocates: malloc and its relatives, and the forms of operator new (Itanium C++ ABI
/// names), which every container comes down to. The functions of libstdc++ and libc that allocate are not among them:
/// a program that only prints, puts strings together and starts threads allocates in there.
const CALLED: [&str; 17] = [
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
    "valloc",
    "strdup",
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
];

/// How it is compiled. In a static program every thread-local variable is at a fixed offset.
const FLAGS: [&str; 14] = [
    "-std=gnu11",
    "-O2",
    "-DNDEBUG",
    "-DMI_MALLOC_OVERRIDE=1",
    "-DMI_LIBC_MUSL=1",
    "-DMI_BUILD_RELEASE",
    "-DMI_DEBUG=0",
    "-fPIE",
    "-ftls-model=local-exec",
    "-fno-builtin-malloc",
    "-ffunction-sections",
    "-fdata-sections",
    "-fvisibility=hidden",
    "-w",
];

/// Builds it into the tree.
///
/// # Errors
/// The compiler's failure.
pub(crate) fn build(context: &BuildContext<'_>, tree: &Sysroot) -> Result<(), InstallError> {
    let dir = context.unpacked("mimalloc", SOURCES)?;
    let object = dir.join(OBJECT);
    let compiler = [context.inputs.cc.to_string_lossy().into_owned(), format!("-specs={}", tree.specs().display())];
    let words: Vec<&str> = compiler.iter().map(String::as_str).chain(FLAGS).collect();
    let include = format!("-I{}", dir.join("include").display());
    let words: Vec<&str> = words.into_iter().chain([include.as_str(), "-c", "-o"]).collect();
    context.quick(&words, [object.clone(), dir.join("src/static.c")])?;
    // operator new stays libstdc++'s, which calls malloc: a program may replace any of them.
    let objcopy = context.inputs.tool("objcopy");
    context.quick(&[&objcopy, "--strip-debug", "--wildcard", "--localize-symbol=_Z*"], [object.clone()])?;
    let io = |e: io::Error| InstallError::io("writing the allocator's archive", e);
    let mut bytes = fs::read(&object).map_err(io)?;
    symbol_binding::weaken_defined(&mut bytes)
        .map_err(|e| InstallError::Unfit(format!("the allocator's object: {e}")))?;
    fs::write(tree.lib().join(OBJECT), &bytes).map_err(io)?;
    let offered = archive::with_index(&bytes, &CALLED).unwrap_or_default();
    fs::write(tree.lib().join(ARCHIVE), offered).map_err(io)?;
    fs::copy(dir.join("LICENSE"), tree.lib().join("mimalloc.LICENSE")).map_err(io)?;
    Ok(())
}
