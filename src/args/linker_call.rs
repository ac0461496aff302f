//! A linker's command line, as a compiler's driver makes it → the words of a driver that would make that line.
//!
//! The order of a line is that of `LINK_COMMAND_SPEC` in GCC's specs (GCC internals, "Driver") and of Clang's
//! `tools::gnutools::Linker`: options, start files, `-L` directories, inputs, the driver's own libraries, end files.

use super::ld_options::{self, Item, LdOption, LdRole};
use super::option_table::Role;
use super::{InputKind, lexer};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Why a linker's call is not the link of a program by a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoProgram {
    /// It prints something, or makes a shared object or a relocatable one.
    NotAnExecutable,
    /// It has a linker script or a format of its own.
    OwnLayout,
    /// It has no start file of a C library.
    NoStartFile,
    /// An input has the name of a source, which a driver would compile.
    NamedAsSource,
}

/// Start files of programs: they run `main`.
const STARTS: [&str; 6] = ["crt1.o", "Scrt1.o", "rcrt1.o", "gcrt1.o", "grcrt1.o", "Mcrt1.o"];

/// The other files that drivers add to every program.
const DRIVERS_OWN: [&str; 9] = [
    "crti.o",
    "crtn.o",
    "crtbegin.o",
    "crtbeginS.o",
    "crtbeginT.o",
    "crtend.o",
    "crtendS.o",
    "clang_rt.crtbegin-x86_64.o",
    "clang_rt.crtend-x86_64.o",
];

/// The libraries that a driver adds at the end, in the ways it writes them.
const TAILS: [&[&str]; 8] = [
    &["--push-state", "--as-needed", "-lgcc_s", "--pop-state"],
    &["--as-needed", "-lgcc_s", "--no-as-needed"],
    &["--start-group", "-lgcc", "-lgcc_eh", "-lc", "--end-group"],
    &["--start-group", "-lgcc", "-lc", "--end-group"],
    &["-lgcc_s"],
    &["-lgcc_eh"],
    &["-lgcc"],
    &["-lc"],
];

/// The words for a driver, without its name: `line` is the linker's arguments with `@file` expanded, `collected` the
/// driver's own options as GCC hands them to what it runs in `COLLECT_GCC_OPTIONS`, `linker` the name after
/// `-fuse-ld=`, if it is not the usual one.
///
/// # Errors
/// Why it is not the link of a program.
pub(crate) fn driver_words(
    line: &[OsString],
    collected: Option<&OsStr>,
    linker: Option<&str>,
) -> Result<Vec<OsString>, NoProgram> {
    let items: Vec<Item> = line.iter().map(|w| Item::word(w.clone())).collect();
    let options = ld_options::options(&items);
    judge(line, &options)?;
    let start = line.iter().position(|w| is_file(w, &STARTS)).ok_or(NoProgram::NoStartFile)?;
    let mut words: Vec<OsString> = collected.map(carried).unwrap_or_default();
    words.extend(linker.map(|name| format!("-fuse-ld={name}").into()));
    words.push(shape(line, start).into());
    let end = line.len() - drivers_libraries(line, start);
    if !line.iter().skip(end).any(|w| w == "-lc") {
        words.push("-nodefaultlibs".into());
    }
    let gcc_plugin = options.iter().any(|o| names_plugin(line, o));
    let mut options = options.iter().peekable();
    let mut at = 0;
    while let Some(word) = line.get(at).filter(|_| at < end) {
        // They are in the order of the line.
        let option = options.next_if(|o| o.at == at);
        let taken = 1 + usize::from(option.is_some_and(|o| o.value_at == Some(at + 1)));
        if !(is_drivers_own(word, option, at < start) || gcc_plugin && is_plugin(word)) {
            words.extend(as_typed(word, option, line.get(at + 1).filter(|_| taken == 2), at < start)?);
        }
        at += taken;
    }
    Ok(words)
}

fn judge(line: &[OsString], options: &[LdOption]) -> Result<(), NoProgram> {
    let says = |roles: &[LdRole]| options.iter().any(|o| roles.contains(&o.role));
    // `-v` and its like print; with inputs they link too, and the driver would show more.
    let prints = line.iter().any(|w| ["-v", "-V", "--verbose", "--print-map"].iter().any(|p| w == p));
    if prints || says(&[LdRole::Query, LdRole::Relocatable, LdRole::Shared]) {
        return Err(NoProgram::NotAnExecutable);
    }
    if says(&[LdRole::Layout, LdRole::Format]) {
        return Err(NoProgram::OwnLayout);
    }
    Ok(())
}

/// The driver's option for the shape of a program.
fn shape(line: &[OsString], start: usize) -> &'static str {
    let before = |name: &str| line.iter().take(start).any(|w| w == name);
    match (before("-static"), before("-pie")) {
        (true, true) => "-static-pie",
        // GCC's own static-pie says `-static -pie --no-dynamic-linker`, Clang's `-static -pie` too.
        (true, false) => "-static",
        (false, true) => "-pie",
        (false, false) => "-no-pie",
    }
}

/// How many words at the end are the driver's own libraries and end files.
fn drivers_libraries(line: &[OsString], start: usize) -> usize {
    let inputs = line.get(start + 1..).unwrap_or_default();
    let mut rest = inputs;
    while let Some((last, head)) = rest.split_last()
        && is_file(last, &DRIVERS_OWN)
    {
        rest = head;
    }
    while let Some(tail) = TAILS.iter().find(|t| rest.len() >= t.len() && rest[rest.len() - t.len()..] == ***t) {
        rest = &rest[..rest.len() - tail.len()];
    }
    inputs.len() - rest.len()
}

fn is_file(word: &OsStr, names: &[&str]) -> bool {
    let name = word.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    names.iter().any(|n| n.as_bytes() == name)
}

/// GCC's plugin for link-time optimisation, which each driver of GCC adds itself.
fn names_plugin(line: &[OsString], option: &LdOption) -> bool {
    let plugin = line.get(option.at).is_some_and(|w| is_word(w, "plugin"));
    plugin && option.value.as_ref().is_some_and(|v| is_file(v, &["liblto_plugin.so"]))
}

fn is_plugin(word: &OsStr) -> bool {
    let name = word.as_bytes();
    is_word(word, "plugin") || name.starts_with(b"-plugin-opt=") || name.starts_with(b"--plugin-opt=")
}

/// Whether a word is a long option of this name, with one dash or two, without a joined value.
fn is_word(word: &OsStr, name: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.strip_prefix(b"--").or_else(|| bytes.strip_prefix(b"-")).is_some_and(|n| n == name.as_bytes())
}

/// Whether a driver adds a word by itself; `early` are those before the start files.
fn is_drivers_own(word: &OsStr, option: Option<&LdOption>, early: bool) -> bool {
    if is_file(word, &STARTS) || is_file(word, &DRIVERS_OWN) {
        return true;
    }
    let emulation = word == "-m" || word.as_bytes().starts_with(b"-melf") || word.as_bytes().starts_with(b"-maarch64");
    let role = option.map(|o| o.role);
    let shape = ["-static", "-pie", "--no-dynamic-linker", "-no-pie"].iter().any(|w| word == *w);
    early
        && (emulation
            || shape
            || matches!(role, Some(LdRole::Interpreter | LdRole::AsNeeded | LdRole::Pie | LdRole::NoPie))
            || ["--build-id", "--eh-frame-hdr"].iter().any(|w| word == *w)
            || word.as_bytes().starts_with(b"--hash-style="))
}

/// One of the line's options or inputs as a driver takes it.
fn as_typed(
    word: &OsStr,
    option: Option<&LdOption>,
    value: Option<&OsString>,
    early: bool,
) -> Result<Vec<OsString>, NoProgram> {
    let joined = |name: &str, value: Option<&OsString>| {
        let mut word = OsString::from(name);
        word.push(value.map_or(OsStr::new(""), OsString::as_os_str));
        vec![word]
    };
    match option.map(|o| (o.role, o.value.as_ref())) {
        Some((LdRole::Library, value)) => return Ok(joined("-l", value)),
        Some((LdRole::LibraryDir, value)) => return Ok(joined("-L", value)),
        Some((LdRole::Output, Some(path))) => return Ok(vec!["-o".into(), path.clone()]),
        Some((LdRole::ExportDynamic, None)) if early => return Ok(vec!["-rdynamic".into()]),
        _ => {}
    }
    if option.is_none() && word.as_bytes().first() != Some(&b'-') {
        return match InputKind::of_name(word) {
            InputKind::Source | InputKind::Header | InputKind::Assembly | InputKind::Stdin => {
                Err(NoProgram::NamedAsSource)
            }
            _ => Ok(vec![word.to_owned()]),
        };
    }
    let items: Vec<Item> = std::iter::once(word.to_owned()).chain(value.cloned()).map(Item::word).collect();
    Ok(ld_options::join(&items))
}

/// The driver's own options that a link still depends on: those that choose the target and its files, and with
/// link-time optimisation those of the compiler.
fn carried(collected: &OsStr) -> Vec<OsString> {
    let words = quoted(collected);
    let args = lexer::lex(&words);
    let lto = args.iter().any(|a| a.role() == Some(Role::Lto));
    let compiles = |word: &OsStr| {
        let word = word.as_bytes();
        let begins = |with: &[&[u8]]| with.iter().any(|w| word.starts_with(w));
        begins(&[b"-O", b"-f", b"-g", b"-m"]) && !begins(&[b"-fplugin", b"-fuse-ld", b"-fresolution"])
    };
    let kept = args.iter().filter(|a| match a.role() {
        // Every 64-bit compiler's own.
        Some(Role::Abi) => a.word != "-m64",
        Some(Role::Lto) => true,
        _ => lto && compiles(&a.word),
    });
    kept.flat_map(lexer::Arg::words).cloned().collect()
}

/// The words of `COLLECT_GCC_OPTIONS`: each between single quotes, a quote in it as `'\''` (GCC's `set_collect_gcc_options`).
fn quoted(collected: &OsStr) -> Vec<OsString> {
    let words = shlex::bytes::split(collected.as_bytes()).unwrap_or_default();
    words.iter().map(|w| OsStr::from_bytes(w).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn made(line: &str, collected: Option<&str>) -> Result<String, NoProgram> {
        let made = driver_words(&words(line), collected.map(OsStr::new), None)?;
        Ok(made.iter().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" "))
    }

    const GCC: &str = "-plugin /g/liblto_plugin.so -plugin-opt=/g/lto-wrapper -plugin-opt=-fresolution=/t/c.res \
        -plugin-opt=-pass-through=-lc --build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu --as-needed \
        -dynamic-linker /lib64/ld-linux-x86-64.so.2";
    const TAIL: &str = "-lgcc_s -lgcc -lm -lz -lc -lgcc_s -lgcc /g/crtendS.o /l/crtn.o";

    #[test]
    fn a_line_of_gcc_s_is_a_call_of_its_driver() {
        let line = format!(
            "{GCC} -pie -o d -u main /l/Scrt1.o /l/crti.o /g/crtbeginS.o -L./ -L/g d.o -rpath /x --gc-sections -lgphobos {TAIL}"
        );
        assert_eq!(
            made(&line, Some("'-o' 'd' '-shared-libgcc' '-m64' '-B' '/b' '-O2'")).unwrap(),
            "-B /b -pie -o d -Wl,-u -Wl,main -L./ -L/g d.o -Wl,-rpath -Wl,/x -Wl,--gc-sections -lgphobos -lgcc_s -lgcc -lm -lz"
        );
    }

    #[test]
    fn clang_s_too() {
        let line = "-pie --hash-style=both --build-id --eh-frame-hdr -m elf_x86_64 -dynamic-linker /l/ld.so -export-dynamic -o 2 \
            /l/Scrt1.o /l/crti.o /g/crtbeginS.o -L/g h.o -lstdc++ -lm -lgcc --as-needed -lgcc_s --no-as-needed -lc -lgcc \
            --as-needed -lgcc_s --no-as-needed /g/crtendS.o /l/crtn.o";
        assert_eq!(made(line, None).unwrap(), "-pie -rdynamic -o 2 -L/g h.o -lstdc++ -lm");
    }

    #[test]
    fn shapes_and_libraries_of_their_own() {
        let line = "-m elf_x86_64 -static -o 1 /l/gcrt1.o /l/crti.o /g/crtbeginT.o a.o --start-group -lgcc -lgcc_eh -lc --end-group /g/crtend.o /l/crtn.o";
        assert_eq!(made(line, None).unwrap(), "-static -o 1 a.o");
        assert_eq!(
            made("-o 1 crt1.o crti.o crtbegin.o a.o -lx crtend.o crtn.o", None).unwrap(),
            "-no-pie -nodefaultlibs -o 1 a.o -lx"
        );
        assert_eq!(
            made("-static -pie --no-dynamic-linker -o 1 rcrt1.o a.o -lc", None).unwrap(),
            "-static-pie -o 1 a.o"
        );
        let lto =
            made("-pie -o 1 Scrt1.o a.o -lc", Some("'-flto' '-O2' '-march=native' '-fplugin=x' '-o' '1'")).unwrap();
        assert_eq!(lto, "-flto -O2 -march=native -pie -o 1 a.o");
    }

    #[test]
    fn what_is_no_program_of_a_driver_s() {
        for (line, why) in [
            ("--version", NoProgram::NotAnExecutable),
            ("-v", NoProgram::NotAnExecutable),
            ("--verbose crt1.o", NoProgram::NotAnExecutable),
            ("-r a.o -o b.o", NoProgram::NotAnExecutable),
            ("-shared -o l.so crti.o a.o", NoProgram::NotAnExecutable),
            ("-T k.ld crt1.o a.o", NoProgram::OwnLayout),
            ("--oformat=binary crt1.o a.o", NoProgram::OwnLayout),
            ("-o k start.o", NoProgram::NoStartFile),
            ("", NoProgram::NoStartFile),
            ("-o k crt1.o a.c -lc", NoProgram::NamedAsSource),
        ] {
            assert_eq!(made(line, None), Err(why), "{line}");
        }
    }

    #[test]
    fn quotes_of_gcc_are_undone() {
        assert_eq!(quoted(OsStr::new(r"'-o' 'a b' '-Dx='\''y'\'''")), ["-o", "a b", "-Dx='y'"]);
    }

    proptest! {
        #[test]
        fn any_line_is_read(words in proptest::collection::vec("(crt1.o|crtn.o|-l[a-z]{0,3}|-[-a-zA-Z=,()]{0,12}|[a-z.]{0,4})", 0..12)) {
            let line: Vec<OsString> = words.iter().map(OsString::from).collect();
            let _ = driver_words(&line, None, Some("gold"));
        }
    }
}
