//! The option table: one row per option of the GCC and Clang drivers, sorted by name.
//!
//! Sources: the GCC manual (Option Index), `gcc --help=common,driver`, Clang's command line reference,
//! and `gcc -###`/`clang -###` for how each value attaches. An option that only one of the two
//! families knows is in the table too: the other rejects the call itself, with its own message.
//! Unknown options are kept and take no separate value.

use Form::{Flag, Joined, JoinedOrSeparate, Separate};
use Role::*;

/// How the value of an option attaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// No value; matches the whole word only.
    Flag,
    /// The rest of the word, possibly empty.
    Joined,
    /// The next word; matches the whole word only.
    Separate,
    /// The rest of the word, or the next word where nothing is left.
    JoinedOrSeparate,
}

/// What an option means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Prints something and does nothing else, whatever the inputs are.
    Query,
    /// Prints what would be run and runs nothing.
    DryRun,
    /// `-v`: prints what is run.
    Verbose,
    /// Stops after preprocessing.
    Preprocess,
    /// Stops after checking or another output that is never linked.
    CheckOnly,
    /// Stops after compiling.
    Compile,
    /// Stops after assembling.
    Assemble,
    /// Names the output.
    Output,
    /// Sets the language of the inputs that follow.
    Language,
    /// `-lNAME`.
    Library,
    /// `-LDIR`.
    LibraryDir,
    /// `-Wl,A,B`.
    LinkerWords,
    /// `-Xlinker WORD`.
    LinkerWord,
    /// Makes a shared object.
    Shared,
    /// Makes a relocatable object.
    Relocatable,
    /// `-static`.
    Static,
    /// `-static-pie`.
    StaticPie,
    /// `-pie`.
    Pie,
    /// `-no-pie`.
    NoPie,
    /// `-rdynamic`, and `-export-dynamic`, which the drivers hand on as an `-e` of ld's that ld reads as the same.
    ExportDynamic,
    /// `-R DIR`, GCC's driver spelling of `-rpath`.
    Rpath,
    /// `-shared-libgcc`, `-shared-libsan` and the like: asks for a shared run-time library.
    SharedRuntime,
    /// `-nostdlib`, `-nodefaultlibs`: the caller names its libraries.
    NoDefaultLibs,
    /// `-nostartfiles`: the caller names its crt objects.
    NoStartFiles,
    /// `-nostdlib`: both.
    NoStdlib,
    /// `-fsanitize=…`.
    Sanitize,
    /// `-fuse-ld=…`, `--ld-path=…`.
    UseLinker,
    /// Position independent code: `-fPIC`, `-fpie`, ….
    PicCode,
    /// Position dependent code: `-fno-pic`, `-fno-pie`, ….
    FixedCode,
    /// `-flto`, `-flto=…`.
    Lto,
    /// Changes the target or where the toolchain looks: `-m32`, `--sysroot=…`, `-B…`.
    Abi,
    /// `-T SCRIPT`: the caller's own linker script.
    LinkerScript,
    /// `-pthread`.
    Pthread,
    /// A value that names a file or option of no interest to us.
    Other,
}

/// One row.
#[derive(Debug)]
pub struct Opt {
    /// The name with its dashes and, where it has one, its `=`.
    pub name: &'static str,
    /// How a value attaches.
    pub form: Form,
    /// What it means.
    pub role: Role,
}

macro_rules! options {
    ($($name:literal $form:ident $role:ident)*) => {
        &[$(Opt { name: $name, form: $form, role: $role }),*]
    };
}

/// All rows, sorted bytewise by name.
pub static OPTIONS: &[Opt] = options! {
    "-###"                       Flag             DryRun
    "--CLASSPATH"                Separate         Other
    "--analyze"                  Flag             CheckOnly
    "--assemble"                 Flag             Compile
    "--assert"                   Separate         Other
    "--autocomplete="            Joined           Query
    "--bootclasspath"            Separate         Other
    "--compile"                  Flag             Assemble
    "--config"                   Separate         Abi
    "--config="                  Joined           Abi
    "--define-macro"             Separate         Other
    "--dependencies"             Flag             Preprocess
    "--driver-mode="             Joined           Abi
    "--dump"                     Separate         Other
    "--dumpbase"                 Separate         Other
    "--dumpdir"                  Separate         Other
    "--encoding"                 Separate         Other
    "--entry"                    Separate         Other
    "--extdirs"                  Separate         Other
    "--for-assembler"            Separate         Other
    "--for-linker"               Separate         LinkerWord
    "--for-linker="              Joined           LinkerWord
    "--force-link"               Separate         Other
    "--gcc-toolchain="           Joined           Abi
    "--help"                     Joined           Query
    "--imacros"                  Separate         Other
    "--include"                  Separate         Other
    "--include-directory"        Separate         Other
    "--include-directory-after"  Separate         Other
    "--include-prefix"           Separate         Other
    "--include-with-prefix"      Separate         Other
    "--include-with-prefix-after" Separate        Other
    "--include-with-prefix-before" Separate       Other
    "--language"                 Separate         Language
    "--language="                Joined           Language
    "--ld-path="                 Joined           UseLinker
    "--library"                  Separate         Library
    "--library-directory"        Separate         LibraryDir
    "--library-directory="       Joined           LibraryDir
    "--library="                 Joined           Library
    "--migrate"                  Flag             CheckOnly
    "--no-pie"                   Flag             NoPie
    "--no-standard-libraries"    Flag             NoStdlib
    "--output"                   Separate         Output
    "--output-class-directory"   Separate         Other
    "--output="                  Joined           Output
    "--param"                    Separate         Other
    "--pie"                      Flag             Pie
    "--precompile"               Flag             CheckOnly
    "--prefix"                   Separate         Abi
    "--prefix="                  Joined           Abi
    "--preprocess"               Flag             Preprocess
    "--print-"                   Joined           Query
    "--resource"                 Separate         Other
    "--serialize-diagnostics"    Separate         Other
    "--shared"                   Flag             Shared
    "--specs"                    Separate         Abi
    "--specs="                   Joined           Abi
    "--static"                   Flag             Static
    "--static-pie"               Flag             StaticPie
    "--std"                      Separate         Other
    "--stdlib"                   Separate         Other
    "--syntax-only"              Flag             CheckOnly
    "--sysroot"                  Separate         Abi
    "--sysroot="                 Joined           Abi
    "--target-help"              Flag             Query
    "--target="                  Joined           Abi
    "--undefine-macro"           Separate         Other
    "--user-dependencies"        Flag             Preprocess
    "--verbose"                  Flag             Verbose
    "--version"                  Flag             Query
    "-A"                         JoinedOrSeparate Other
    "-B"                         JoinedOrSeparate Abi
    "-D"                         JoinedOrSeparate Other
    "-E"                         Flag             Preprocess
    "-F"                         JoinedOrSeparate Other
    "-G"                         JoinedOrSeparate Other
    "-I"                         JoinedOrSeparate Other
    "-J"                         JoinedOrSeparate Other
    "-L"                         JoinedOrSeparate LibraryDir
    "-M"                         Flag             Preprocess
    "-MF"                        JoinedOrSeparate Other
    "-MJ"                        JoinedOrSeparate Other
    "-MM"                        Flag             Preprocess
    "-MQ"                        JoinedOrSeparate Other
    "-MT"                        JoinedOrSeparate Other
    "-R"                         JoinedOrSeparate Rpath
    "-Rpass"                     Joined           Other
    "-S"                         Flag             Compile
    "-T"                         JoinedOrSeparate LinkerScript
    "-Tbss"                      JoinedOrSeparate Other
    "-Tdata"                     JoinedOrSeparate Other
    "-Ttext"                     JoinedOrSeparate Other
    "-U"                         JoinedOrSeparate Other
    "-Wl,"                       Joined           LinkerWords
    "-Xanalyzer"                 Separate         Other
    "-Xarch_device"              Separate         Other
    "-Xarch_host"                Separate         Other
    "-Xassembler"                Separate         Other
    "-Xclang"                    Separate         Other
    "-Xcuda-fatbinary"           Separate         Other
    "-Xcuda-ptxas"               Separate         Other
    "-Xlinker"                   Separate         LinkerWord
    "-Xopenmp-target"            Separate         Other
    "-Xpreprocessor"             Separate         Other
    "-arch"                      Separate         Abi
    "-aux-info"                  Separate         Other
    "-b"                         JoinedOrSeparate Other
    "-bundle"                    Flag             Shared
    "-c"                         Flag             Assemble
    "-cc1"                       Joined           Query
    "-current_version"           JoinedOrSeparate Other
    "-dumpbase"                  Separate         Other
    "-dumpbase-ext"              Separate         Other
    "-dumpdir"                   Separate         Other
    "-dumpfullversion"           Flag             Query
    "-dumpmachine"               Flag             Query
    "-dumpspecs"                 Flag             Query
    "-dumpversion"               Flag             Query
    "-dynamiclib"                Flag             Shared
    "-e"                         JoinedOrSeparate Other
    "-emit-ast"                  Flag             CheckOnly
    "-emit-interface-stubs"      Flag             CheckOnly
    "-emit-llvm"                 Flag             Other
    "-export-dynamic"            Flag             ExportDynamic
    "-fPIC"                      Flag             PicCode
    "-fPIE"                      Flag             PicCode
    "-filelist"                  Separate         Other
    "-flto"                      Flag             Lto
    "-flto="                     Joined           Lto
    "-fno-PIC"                   Flag             FixedCode
    "-fno-PIE"                   Flag             FixedCode
    "-fno-lto"                   Flag             Other
    "-fno-pic"                   Flag             FixedCode
    "-fno-pie"                   Flag             FixedCode
    "-fpic"                      Flag             PicCode
    "-fpie"                      Flag             PicCode
    "-framework"                 Separate         Other
    "-fsanitize="                Joined           Sanitize
    "-fsyntax-only"              Flag             CheckOnly
    "-fuse-ld="                  Joined           UseLinker
    "-gcc-toolchain"             Separate         Abi
    "-h"                         JoinedOrSeparate Other
    "-idirafter"                 JoinedOrSeparate Other
    "-iframework"                JoinedOrSeparate Other
    "-imacros"                   JoinedOrSeparate Other
    "-imultiarch"                Separate         Abi
    "-imultilib"                 JoinedOrSeparate Abi
    "-include"                   JoinedOrSeparate Other
    "-include-pch"               Separate         Other
    "-install_name"              Separate         Other
    "-iprefix"                   JoinedOrSeparate Other
    "-iquote"                    JoinedOrSeparate Other
    "-isysroot"                  JoinedOrSeparate Abi
    "-isystem"                   JoinedOrSeparate Other
    "-isystem-after"             JoinedOrSeparate Other
    "-ivfsoverlay"               JoinedOrSeparate Other
    "-iwithprefix"               JoinedOrSeparate Other
    "-iwithprefixbefore"         JoinedOrSeparate Other
    "-iwithsysroot"              JoinedOrSeparate Other
    "-l"                         JoinedOrSeparate Library
    "-m16"                       Flag             Abi
    "-m32"                       Flag             Abi
    "-m64"                       Flag             Abi
    "-mabi="                     Joined           Abi
    "-march="                    Joined           Other
    "-mllvm"                     Separate         Other
    "-module-file-info"          Flag             CheckOnly
    "-mx32"                      Flag             Abi
    "-no-pie"                    Flag             NoPie
    "-nodefaultlibs"             Flag             NoDefaultLibs
    "-nopie"                     Flag             NoPie
    "-nostartfiles"              Flag             NoStartFiles
    "-nostdlib"                  Flag             NoStdlib
    "-o"                         JoinedOrSeparate Output
    "-pie"                       Flag             Pie
    "-print-file-name="          Joined           Query
    "-print-libgcc-file-name"    Flag             Query
    "-print-multi-directory"     Flag             Query
    "-print-multi-lib"           Flag             Query
    "-print-multi-os-directory"  Flag             Query
    "-print-multiarch"           Flag             Query
    "-print-prog-name="          Joined           Query
    "-print-resource-dir"        Flag             Query
    "-print-runtime-dir"         Flag             Query
    "-print-search-dirs"         Flag             Query
    "-print-supported-cpus"      Flag             Query
    "-print-sysroot"             Flag             Query
    "-print-sysroot-headers-suffix" Flag          Query
    "-print-target-triple"       Flag             Query
    "-print-targets"             Flag             Query
    "-pthread"                   Flag             Pthread
    "-r"                         Flag             Relocatable
    "-rdynamic"                  Flag             ExportDynamic
    "-resource-dir"              Separate         Abi
    "-resource-dir="             Joined           Abi
    "-rewrite-legacy-objc"       Flag             CheckOnly
    "-rewrite-objc"              Flag             CheckOnly
    "-rpath"                     Separate         Rpath
    "-serialize-diagnostics"     Separate         Other
    "-shared"                    Flag             Shared
    "-shared-libasan"            Flag             SharedRuntime
    "-shared-libgcc"             Flag             SharedRuntime
    "-shared-libsan"             Flag             SharedRuntime
    "-specs"                     Separate         Abi
    "-specs="                    Joined           Abi
    "-static"                    Flag             Static
    "-static-pie"                Flag             StaticPie
    "-target"                    Separate         Abi
    "-u"                         JoinedOrSeparate Other
    "-v"                         Flag             Verbose
    "-verify-pch"                Flag             CheckOnly
    "-weak_framework"            Separate         Other
    "-working-directory"         Separate         Other
    "-wrapper"                   Separate         Other
    "-x"                         JoinedOrSeparate Language
    "-z"                         JoinedOrSeparate Other
};

/// The row that a word matches, as the drivers choose it: the longest name that fits.
/// `word` is one argument, dashes included.
pub fn find(word: &[u8]) -> Option<&'static Opt> {
    // Names that are a prefix of the word sort at or before it, and longer ones sort later; walking back
    // over lengths keeps this a handful of binary searches.
    (1..=word.len().min(LONGEST)).rev().find_map(|len| {
        let head = word.get(..len)?;
        let row = OPTIONS.binary_search_by(|o| o.name.as_bytes().cmp(head)).ok()?;
        let opt = OPTIONS.get(row)?;
        let whole = len == word.len();
        match opt.form {
            Form::Flag | Form::Separate => whole,
            Form::Joined | Form::JoinedOrSeparate => true,
        }
        .then_some(opt)
    })
}

const LONGEST: usize = longest();

const fn longest() -> usize {
    let (mut i, mut max) = (0, 0);
    while i < OPTIONS.len() {
        if OPTIONS[i].name.len() > max {
            max = OPTIONS[i].name.len();
        }
        i += 1;
    }
    max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        for pair in OPTIONS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn every_row_is_a_legal_combination() {
        for o in OPTIONS {
            assert!(o.name.starts_with('-'), "{}", o.name);
            let equals = o.name.ends_with('=') || o.name.ends_with(',');
            assert!(!equals || o.form == Joined, "{}: a name that ends in its separator is joined", o.name);
            let valued = matches!(o.role, Output | Language | Library | LibraryDir | LinkerWord | LinkerWords);
            assert!(!valued || o.form != Flag, "{}: its role needs a value", o.name);
        }
    }

    #[test]
    fn the_longest_name_wins() {
        for (word, name) in [
            ("-static-pie", Some("-static-pie")),
            ("-static-libgcc", None),
            ("-rdynamic", Some("-rdynamic")),
            ("-r", Some("-r")),
            ("-loopopt=0", Some("-l")),
            ("-Wlogical-op", None),
            ("-Wl,-s", Some("-Wl,")),
            ("-eSYM", Some("-e")),
            ("-MD", None),
            ("-MFx", Some("-MF")),
            ("-ofoo", Some("-o")),
            ("-pg", None),
            ("-specs=x", Some("-specs=")),
            ("-emit-llvm", Some("-emit-llvm")),
            ("-Ttext=0x100", Some("-Ttext")),
            ("--print-search-dirs", Some("--print-")),
            ("-dumpdir", Some("-dumpdir")),
            ("-xc++", Some("-x")),
            ("-include-pch", Some("-include-pch")),
            ("-isystem/x", Some("-isystem")),
        ] {
            assert_eq!(find(word.as_bytes()).map(|o| o.name), name, "{word}");
        }
    }
}
