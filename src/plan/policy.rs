//! Which links are rewritten at all: a closed list of exceptions.

use crate::args::ld_options::{self, LdRole};
use crate::args::option_table::Role;
use crate::args::{Action, Input, InputKind, OutputKind, Request};
use crate::options;
use serde::{Deserialize, Serialize};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How a call is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Planned as the link of a static executable.
    Rewrite,
    /// Run unchanged.
    LeaveAlone(Reason),
    /// Refused: it can't be linked statically.
    Refuse(Reason),
}

/// Why a call is not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason", content = "argument")]
pub(crate) enum Reason {
    /// It does not link.
    NotALink,
    /// A wrapper that we ran called us again; the first call does the work.
    Nested,
    /// It links a shared object.
    SharedObject,
    /// It links a relocatable object.
    Relocatable,
    /// A cargo build script: it runs during the build and may load shared objects (bindgen's libclang).
    BuildScript,
    /// A shared object that rustc loads: a proc-macro or a Rust library with its metadata.
    RustMetadata,
    /// It has neither a C library nor the layout of a program: a kernel, a boot loader, firmware.
    Freestanding,
    /// Go's import file of a package, whose dynamic symbols the Go tool reads.
    CgoImports,
    /// A sanitizer whose run-time library must be a shared object or be loaded before libc: its name, or the option that
    /// names the library.
    Sanitizer(String),
    /// A link that came to our linker without a driver of ours: why it was not made static.
    StaticLinkFailed(String),
}

impl Reason {
    /// One line for messages.
    pub(crate) fn line(&self) -> String {
        match self {
            Reason::NotALink => "nothing is linked".into(),
            Reason::Nested => "called by the compiler that was run".into(),
            Reason::SharedObject => "a shared object is linked as requested".into(),
            Reason::Relocatable => "a relocatable object is linked as requested".into(),
            Reason::BuildScript => "a cargo build script runs during the build and may load shared objects".into(),
            Reason::RustMetadata => "rustc itself loads this shared object".into(),
            Reason::Freestanding => "it is linked without a C library and for no system: a kernel, firmware".into(),
            Reason::CgoImports => "Go reads the dynamic symbols of this file".into(),
            Reason::StaticLinkFailed(why) => format!("it could not be made static: {why}"),
            Reason::Sanitizer(name) => {
                format!("`{}` needs a dynamic program: its run-time library replaces parts of libc", option_of(name))
            }
        }
    }

    /// What the user can do, if anything.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Reason::Sanitizer(name) => Some(format!(
                "build without `{}`, or set {}=warn to link this program dynamically",
                option_of(name),
                options::CHECK.name
            )),
            _ => None,
        }
    }
}

/// Sanitizers that GCC and Clang refuse to link statically (GCC manual, `-static-libasan` and its kin still
/// need a dynamic libc; Clang: "-fsanitize=… is incompatible with -static").
const DYNAMIC_SANITIZERS: [&str; 8] =
    ["address", "dataflow", "hwaddress", "leak", "memory", "memtag-stack", "pointer-compare", "thread"];

/// Their run-time libraries as GCC names them.
const SANITIZER_LIBRARIES: [&str; 4] = ["asan", "hwasan", "lsan", "tsan"];

/// The word that asks for a sanitizer.
fn option_of(name: &str) -> String {
    if DYNAMIC_SANITIZERS.contains(&name) { format!("-fsanitize={name}") } else { name.to_owned() }
}

/// Decides by the call alone.
pub(crate) fn policy(request: &Request) -> Policy {
    match request.action {
        Action::Link(OutputKind::Executable) => {}
        Action::Link(OutputKind::SharedObject) if has_rust_metadata(request) => {
            return Policy::LeaveAlone(Reason::RustMetadata);
        }
        Action::Link(OutputKind::SharedObject) => return Policy::LeaveAlone(Reason::SharedObject),
        Action::Link(OutputKind::Relocatable) => return Policy::LeaveAlone(Reason::Relocatable),
        _ => return Policy::LeaveAlone(Reason::NotALink),
    }
    if request.output_path().file_name().is_some_and(|n| n == "_cgo_.o") {
        return Policy::LeaveAlone(Reason::CgoImports);
    }
    if is_build_script(request) {
        return Policy::LeaveAlone(Reason::BuildScript);
    }
    if is_freestanding(request) {
        return Policy::LeaveAlone(Reason::Freestanding);
    }
    match dynamic_sanitizer(request) {
        Some(name) => Policy::Refuse(Reason::Sanitizer(name)),
        None => Policy::Rewrite,
    }
}

/// cargo names the crate of a build script `build_script_` + file name, below a directory `build`, and rustc's objects
/// end in `.rcgu.o`. A project's own crates of such a name are in `deps` or `examples`.
fn is_build_script(request: &Request) -> bool {
    let output = request.output_path();
    let named = output.file_name().is_some_and(|n| n.as_bytes().starts_with(b"build_script_"));
    let below = |name: &str| output.parent().is_some_and(|d| d.components().any(|c| c.as_os_str() == name));
    let parent = output.parent().and_then(Path::file_name);
    named
        && below("build")
        && parent.is_none_or(|p| p != "deps" && p != "examples")
        && request.inputs.iter().any(|i| i.text.as_bytes().ends_with(b".rcgu.o"))
}

/// Whether the output is no ELF file, or has no C library and says where its sections lie or is for the 16 and 32 bits of a
/// processor that has 64. One that is named after all (rustc says `-nodefaultlibs` and then `-lc`) is a C library.
fn is_freestanding(request: &Request) -> bool {
    let items = ld_options::split(&request.args);
    let words = ld_options::options(&items);
    let is_elf = |format: &[u8]| format.starts_with(b"elf") || format == b"default";
    let format = words.iter().rev().filter(|o| o.role == LdRole::Format).find_map(|o| o.value.as_deref());
    if format.is_some_and(|format| !is_elf(format.as_bytes())) {
        return true;
    }
    let typed = |word: &str| request.args.iter().any(|a| a.word == word);
    let names_libc = |input: &Input| match input.kind {
        InputKind::Library => input.text == "c",
        _ => Path::new(&input.text).file_name().is_some_and(|n| {
            let name = n.as_bytes();
            name.ends_with(b"crt1.o") || name == b"libc.a" || name.starts_with(b"libc.so")
        }),
    };
    let without_libc = request.has(Role::NoStdlib) || request.has(Role::NoDefaultLibs) || typed("-ffreestanding");
    let placed = request.has(Role::LinkerScript)
        || words.iter().any(|o| o.role == LdRole::Layout)
        || request.args.iter().any(|a| a.word.as_bytes().starts_with(b"-Ttext"));
    let narrow = typed("-m16") || typed("-m32");
    without_libc && (placed || narrow) && !request.inputs.iter().any(names_libc)
}

/// Whether there are rustc objects with metadata, which rustc adds to what it will load itself.
fn has_rust_metadata(request: &Request) -> bool {
    let names = |end: &[u8]| request.inputs.iter().any(|i| i.text.as_bytes().ends_with(end));
    names(b".rcgu.o") && names(b"/rmeta.o")
}

/// Whether an output is a probe of a configuration step.
pub(crate) fn is_probe(output: &Path) -> bool {
    // autoconf and libtool; CMake's try_compile; Meson's sanity checks.
    const PROBES: [&[u8]; 5] = [b"conftest", b"libconftest", b"cmTC_", b"libcmTC_", b"sanitycheck"];
    let name = output.file_name().unwrap_or_default().as_bytes();
    let within = |name: &str| output.components().any(|c| c.as_os_str().as_bytes().starts_with(name.as_bytes()));
    // A project's outputs are never below CMakeFiles, only its objects and CMake's probes.
    let (meson, cmake) = (within("meson-private"), output.components().any(|c| c.as_os_str() == "CMakeFiles"));
    // `-o /dev/null` (cargo, Go); Go's linker probes with a one-line program in a directory of its own.
    let go = within("go-link-");
    let nowhere = output == Path::new("/dev/null");
    meson || cmake || go || nowhere || PROBES.iter().any(|p| name.starts_with(p))
}

/// The first such sanitizer that is enabled at the end of the command line.
fn dynamic_sanitizer(request: &Request) -> Option<String> {
    let mut on: Vec<String> = Vec::new();
    for arg in &request.args {
        let names = |list: &[u8]| {
            list.split(|b| *b == b',').map(|n| String::from_utf8_lossy(n).into_owned()).collect::<Vec<_>>()
        };
        if arg.role() == Some(Role::Sanitize) {
            on.extend(names(arg.value().unwrap_or_default().as_bytes()));
        } else if let Some(list) = arg.word.as_bytes().strip_prefix(b"-fno-sanitize=") {
            let off = names(list);
            on.retain(|n| !off.contains(n) && !off.iter().any(|o| o == "all"));
        }
    }
    on.into_iter()
        .find(|n| DYNAMIC_SANITIZERS.contains(&n.as_str()))
        .or_else(|| request.inputs.iter().find_map(sanitizer_library))
}

/// The word that names a sanitizer's run-time library: `-lasan`, `-l:libasan.so.8`, or a path.
fn sanitizer_library(input: &Input) -> Option<String> {
    let text = input.text.to_str()?;
    let of_file = |file: &str| {
        let (name, ending) = file.strip_prefix("lib")?.split_once('.')?;
        (ending == "a" || ending == "so" || ending.starts_with("so.")).then(|| SANITIZER_LIBRARIES.contains(&name))
    };
    let (is_one, word) = match (input.kind, text.strip_prefix(':')) {
        (InputKind::Library, Some(file)) => (of_file(file)?, format!("-l{text}")),
        (InputKind::Library, None) => (SANITIZER_LIBRARIES.contains(&text), format!("-l{text}")),
        _ => (of_file(Path::new(text).file_name()?.to_str()?)?, text.to_owned()),
    };
    is_one.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::super::testing::request;
    use super::*;

    #[test]
    fn only_executables_are_rewritten() {
        for (line, expected) in [
            ("x.o", Policy::Rewrite),
            ("-c x.c", Policy::LeaveAlone(Reason::NotALink)),
            ("-shared x.o", Policy::LeaveAlone(Reason::SharedObject)),
            ("-r x.o", Policy::LeaveAlone(Reason::Relocatable)),
            ("-o /w/b001/_cgo_.o x.o", Policy::LeaveAlone(Reason::CgoImports)),
            ("-o exe/a.out x.o", Policy::Rewrite),
            ("-o d/build/p-1/build_script_build-1 x.rcgu.o", Policy::LeaveAlone(Reason::BuildScript)),
            ("-o d/build/p-1/build_script_main-1 x.rcgu.o", Policy::LeaveAlone(Reason::BuildScript)),
            ("-o build/d/deps/build_script_build-1 x.rcgu.o", Policy::Rewrite),
            ("-o d/build/p-1/build_script_build-1 x.o", Policy::Rewrite),
            ("-o d/deps/app-1 x.rcgu.o", Policy::Rewrite),
            ("-shared -o libpm-1.so x.rcgu.o /t/rmeta.o", Policy::LeaveAlone(Reason::RustMetadata)),
            ("-shared -o libcd.so x.rcgu.o", Policy::LeaveAlone(Reason::SharedObject)),
        ] {
            assert_eq!(policy(&request(line)), expected, "{line}");
        }
    }

    #[test]
    fn kernels_and_firmware_are_left_alone() {
        for (line, alone) in [
            ("-nostdlib -T k.ld b.o -o kernel", true),
            ("-nostdlib -Tk.ld b.o", true),
            ("-nostdlib -Wl,-T,k.ld b.o", true),
            ("-nostdlib -Wl,--script=k.ld b.o", true),
            ("-ffreestanding -nostdlib -Wl,-Ttext=0x7c00 b.o", true),
            ("-nostdlib -Ttext=0x7c00 b.o", true),
            ("-nostdlib -Wl,--section-start=.text=0x100000 b.o", true),
            ("-nodefaultlibs -nostartfiles -T memory.x b.o -lgcc", true),
            ("-Wl,--oformat=binary b.o", true),
            ("-Wl,--oformat,binary b.o", true),
            ("-m32 -nostdlib b.o", true),
            ("-m16 -ffreestanding -nostdlib b.o", true),
            // A C library that the caller names is one.
            ("-nodefaultlibs -T x.ld x.rcgu.o -lc -lgcc_s", false),
            ("-nostdlib -T x.ld /l/crt1.o x.o /l/libc.a", false),
            ("-m32 x.o", false),
            ("-nostdlib start.o", false),
            ("-ffreestanding start.o", false),
            ("-T x.ld x.o", false),
            ("-Wl,--oformat=elf64-x86-64 x.o", false),
            ("-Wl,--oformat=default x.o", false),
        ] {
            assert_eq!(policy(&request(line)) == Policy::LeaveAlone(Reason::Freestanding), alone, "{line}");
        }
    }

    #[test]
    fn questions_are_no_programs() {
        for path in [
            "conftest",
            "/w/cmTC_1a2b3",
            "b/meson-private/tmpx/output.exe",
            "/dev/null",
            "/tmp/go-link-12/a.out",
            "b/meson-private/sanitycheckc.exe",
            "libconftest.so",
            "b/CMakeFiles/3.25.1/CompilerIdC/a.out",
            "b/CMakeFiles/3.25.1/CMakeDetermineCompilerABI_C.bin",
            "b/CMakeFiles/_CMakeLTOTest-C/bin/boo",
        ] {
            assert!(is_probe(Path::new(path)), "{path}");
        }
        for path in ["a.out", "test", "build/prog", "go-build1/b001/exe/a.out"] {
            assert!(!is_probe(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn sanitizers_with_a_shared_runtime_are_refused() {
        for (line, expected) in [
            ("-fsanitize=address x.o", Some("address")),
            ("-fsanitize=undefined x.o", None),
            ("-fsanitize=undefined,thread x.o", Some("thread")),
            ("-fsanitize=address -fno-sanitize=address x.o", None),
            ("-fsanitize=address -fno-sanitize=all x.o", None),
            ("x.o -lasan -lubsan", Some("-lasan")),
            ("-fsanitize=undefined x.o -lubsan", None),
            ("x.o -l:libtsan.so.2", Some("-l:libtsan.so.2")),
            ("x.o /usr/lib/libasan.so.8", Some("/usr/lib/libasan.so.8")),
            ("x.o lib/libhwasan.a", Some("lib/libhwasan.a")),
            ("x.o libasan.o libasan.sox asan.a libubsan.so -lasans -l:asan", None),
        ] {
            assert_eq!(dynamic_sanitizer(&request(line)).as_deref(), expected, "{line}");
        }
    }
}
