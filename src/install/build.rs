//! GCC's run-time libraries, configured and compiled for musl.
//!
//! Each is configured as a cross build, so that no configure script runs what it compiles, with compilers that see
//! nothing but the sysroot.

use super::build_context::{BuildContext, InstallError};
use super::sysroot::{self, Sysroot};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The libraries besides libstdc++, each in its own directory of the sources.
const OTHERS: [&str; 2] = ["libgomp", "libatomic"];

/// Archives that some versions have beside libstdc++: `<experimental/filesystem>`; from GCC 13 on, what is not yet stable,
/// such as `<stacktrace>`; GCC 12's own place for that.
const BESIDE: [&str; 3] = ["libstdc++fs", "libstdc++exp", "libstdc++_libbacktrace"];

/// How the libraries are compiled: small, in pieces that a linker can leave out, fit for a PIE, and without the
/// unique symbols that only a dynamic linker has a use for.
const FLAGS: &str = "-Os -ffunction-sections -fdata-sections -fPIE -fno-gnu-unique";

/// What configure must have found, where it looks for it: GCC 10 knows no `openat`. Its tests fail silently if a header or
/// a library is missing.
const FOUND: [&str; 6] = [
    "_GLIBCXX_HAS_GTHREADS",
    "_GLIBCXX_HAVE_OPENAT",
    "_GLIBCXX_USE_GET_NPROCS",
    "_GLIBCXX_USE_CLOCK_MONOTONIC",
    "_GLIBCXX_USE_NANOSLEEP",
    "_GLIBCXX_HAVE_DIRENT_H",
];

/// Parts of libstdc++, in the order in which they are made: the rest is documentation and tests.
const PARTS: [&str; 3] = ["include", "libsupc++", "src"];

/// Where libstdc++ is built.
pub(crate) fn libstdcxx(context: &BuildContext<'_>) -> PathBuf {
    context.work.join("b").join(context.inputs.triple()).join("libstdc++-v3")
}

fn installed(context: &BuildContext<'_>) -> PathBuf {
    context.work.join("inst")
}

/// Compilers that see nothing but the sysroot, for configure and make.
fn compilers(context: &BuildContext<'_>, tree: &Sysroot) -> std::io::Result<[PathBuf; 3]> {
    let dir = context.work.join("bin");
    fs::create_dir_all(&dir)?;
    let make = |name: &str, program: &Path, more: &str| {
        let path = dir.join(name);
        let quoted = crate::run::shell_line(&[program.as_os_str().to_owned()]);
        let text = format!("#!/bin/sh\nexec {quoted} \"$@\" -specs={} -static{more}\n", tree.specs().display());
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map(|()| path)
    };
    let triple = context.inputs.triple();
    Ok([
        make(&format!("{triple}-gcc"), &context.inputs.cc, "")?,
        // libstdc++ names its own headers itself, half of them not yet installed.
        make(&format!("{triple}-g++-bootstrap"), &context.inputs.cxx, " -nostdinc++")?,
        make(&format!("{triple}-g++"), &context.inputs.cxx, "")?,
    ])
}

/// A rule for each library that runs its configure script.
fn configure_makefile(
    context: &BuildContext<'_>,
    tree: &Sysroot,
    sources: &Path,
    [cc, bootstrap, cxx]: &[PathBuf; 3],
) -> String {
    let inputs = context.inputs;
    let base = context.work.join("b").join(inputs.triple());
    // What the sources say of themselves (`__FILE__`) is the same wherever it is built.
    let flags = format!("{FLAGS} -ffile-prefix-map={}=.", context.work.display());
    let common = format!(
        "--build={} --host={} --prefix={} --disable-shared --enable-static --disable-multilib --disable-nls --disable-werror \
         CC={} CFLAGS='{flags}' CXXFLAGS='{flags}' AR={} RANLIB={} NM={} STRIP={} OBJDUMP={}",
        inputs.build,
        inputs.triple(),
        installed(context).display(),
        cc.display(),
        inputs.tool("ar"),
        inputs.tool("ranlib"),
        inputs.tool("nm"),
        inputs.tool("strip"),
        inputs.tool("objdump"),
    );
    let mut rules = String::from("all:");
    let mut bodies = String::new();
    let mut rule = |name: &str, more: &str| {
        rules.push_str(&format!(" {name}"));
        let script = sources.join(name).join("configure");
        bodies.push_str(&format!(
            "{name}:\n\tmkdir -p {0} && cd {0} && /bin/sh {1} {common} {more}\n",
            base.join(name).display(),
            script.display()
        ));
    };
    rule(
        "libstdc++-v3",
        &format!(
            "CXX={} --with-gxx-include-dir={} --disable-libstdcxx-pch --disable-libstdcxx-debug --disable-cet --enable-libstdcxx-time=yes --enable-libstdcxx-backtrace=yes",
            bootstrap.display(),
            tree.cxx().display()
        ),
    );
    for name in OTHERS.iter().filter(|n| sources.join(n).join("configure").is_file()) {
        rule(name, &format!("CXX={} FC=no", cxx.display()));
    }
    format!("{rules}\n{bodies}")
}

/// Configures everything, side by side.
///
/// # Errors
/// A configure script's failure, or something that it did not find.
pub(crate) fn configure(context: &BuildContext<'_>, tree: &Sysroot, sources: &Path) -> Result<(), InstallError> {
    let io = |e| InstallError::io("preparing the build", e);
    let inputs = context.inputs;
    let compilers = compilers(context, tree).map_err(io)?;
    let base = context.work.join("b").join(inputs.triple());
    let _ = fs::remove_dir_all(&base);
    fs::create_dir_all(base.join("libgcc")).map_err(io)?;
    // GCC 16's libatomic puts itself where the compiler's own build would look for it.
    fs::create_dir_all(context.work.join("b/gcc")).map_err(io)?;
    // Where the thread model is looked for. Without it std::thread is silently missing.
    symlink(sources.join("libgcc/gthr-posix.h"), base.join("libgcc/gthr-default.h")).map_err(io)?;
    // The link tests of configure want a C++ library to be there, whichever.
    let any = sysroot::compiler_file(inputs, "libstdc++.a").map_err(io)?;
    let any = any.ok_or_else(|| InstallError::Unfit("the compiler has no libstdc++.a of its own".into()))?;
    fs::copy(any, tree.lib().join("libstdc++.a")).map_err(io)?;
    let makefile = configure_makefile(context, tree, sources, &compilers);
    fs::write(context.work.join("configure.mk"), makefile).map_err(io)?;
    context.make(&context.work, &["-f", "configure.mk"])?;
    let config = fs::read_to_string(libstdcxx(context).join("config.h")).map_err(io)?;
    let header = libstdcxx(context).join("include").join(inputs.triple()).join("bits/c++config.h");
    let all = config + &fs::read_to_string(header).unwrap_or_default();
    let template = fs::read_to_string(sources.join("libstdc++-v3/config.h.in")).map_err(io)?;
    match FOUND.iter().find(|name| is_tested(&template, name) && !all.contains(&format!("define {name} 1"))) {
        None => Ok(()),
        Some(name) => {
            let why = format!("configure did not find {name}, which musl has");
            Err(InstallError::Command { what: "configure".into(), line: why, log: context.log.clone() })
        }
    }
}

/// Whether configure defines a macro of `<bits/c++config.h>`, by the template of its `config.h`: there, `_GLIBCXX_` is not
/// yet in front of autoconf's own.
fn is_tested(template: &str, name: &str) -> bool {
    let plain = name.strip_prefix("_GLIBCXX_").unwrap_or(name);
    template.lines().filter_map(|l| l.strip_prefix("#undef ")).any(|defined| defined == name || defined == plain)
}

/// Compiles and installs everything into the tree; gives the names of the libraries, one per line.
///
/// # Errors
/// A compiler's failure.
pub(crate) fn compile(context: &BuildContext<'_>, tree: &Sysroot) -> Result<String, InstallError> {
    let base = context.work.join("b").join(context.inputs.triple());
    let others: Vec<&str> = OTHERS.into_iter().filter(|n| base.join(n).join("Makefile").is_file()).collect();
    // One make for all of them, so that no core is idle at the end of one. libstdc++'s output goes to its own file: it
    // tells how each object is compiled.
    let mut text = String::from("all: libstdcxx");
    let mut rules = String::from("\nlibstdcxx:\n");
    for part in PARTS {
        rules.push_str(&format!("\t+$(MAKE) -C {0}/libstdc++-v3/{part} >> {0}/libstdc++-v3/make.log 2>&1 || {{ tail -n 30 {0}/libstdc++-v3/make.log; exit 1; }}\n", base.display()));
    }
    for part in PARTS {
        rules.push_str(&format!("\t$(MAKE) -C {}/libstdc++-v3/{part} install\n", base.display()));
    }
    for name in &others {
        text.push_str(&format!(" {name}"));
        rules
            .push_str(&format!("{name}:\n\t+$(MAKE) -C {0}/{name}\n\t$(MAKE) -C {0}/{name} install\n", base.display()));
    }
    let io = |e| InstallError::io("preparing the build", e);
    fs::write(context.work.join("compile.mk"), text + &rules).map_err(io)?;
    context.make(&context.work, &["-f", "compile.mk"])?;
    let io = |e| InstallError::io("installing the libraries", e);
    let mut libraries = vec!["libstdc++", "libsupc++"];
    plain(context, tree)?;
    install(context, &installed(context).join("lib/libsupc++.a"), &tree.lib().join("libsupc++.a"))?;
    for name in BESIDE {
        let archive = format!("{name}.a");
        let from = installed(context).join("lib").join(&archive);
        if from.is_file() {
            install(context, &from, &tree.lib().join(&archive))?;
            libraries.push(name);
        }
    }
    for name in others {
        let dirs = [installed(context).join("lib"), installed(context).join("lib64")];
        let archive = format!("{name}.a");
        if let Some(from) = dirs.iter().map(|d| d.join(&archive)).find(|p| p.is_file()) {
            install(context, &from, &tree.lib().join(&archive))?;
            libraries.push(name);
            if name == "libatomic" {
                let script = format!("/* The same for every link of GCC 16 and newer. */\nGROUP ( {archive} )\n");
                fs::write(tree.lib().join(sysroot::ATOMIC_AS_NEEDED), script).map_err(io)?;
            }
        }
        for spec in dirs.iter().map(|d| d.join(format!("{name}.spec"))).filter(|p| p.is_file()) {
            fs::copy(spec, tree.lib().join(format!("{name}.spec"))).map_err(io)?;
        }
    }
    // omp.h is installed among the compiler's own headers.
    let headers = installed(context).join("lib/gcc");
    for header in ["omp.h", "openacc.h", "acc_prof.h"] {
        if let Some(from) = find_file(&headers, header) {
            fs::copy(from, tree.include().join(header)).map_err(io)?;
        }
    }
    Ok(libraries.join("\n"))
}

/// Puts libstdc++ into the tree as it was built.
///
/// # Errors
/// A file that can't be written.
pub(crate) fn plain(context: &BuildContext<'_>, tree: &Sysroot) -> Result<(), InstallError> {
    install(context, &installed(context).join("lib/libstdc++.a"), &tree.lib().join("libstdc++.a"))
}

/// libstdc++'s archive as it was built.
pub(crate) fn archive(context: &BuildContext<'_>) -> PathBuf {
    installed(context).join("lib/libstdc++.a")
}

/// Copies an archive without debugging information.
fn install(context: &BuildContext<'_>, from: &Path, to: &Path) -> Result<(), InstallError> {
    fs::copy(from, to).map_err(|e| InstallError::io(format!("copying `{}`", from.display()), e))?;
    context.quick(&[&context.inputs.tool("strip"), "-g"], [to.to_owned()])
}

fn find_file(dir: &Path, name: &str) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(dir).ok()?.flatten().map(|e| e.path()).collect();
    let here = entries.iter().find(|p| p.is_file() && p.file_name().is_some_and(|n| n == name)).cloned();
    here.or_else(|| entries.iter().filter(|p| p.is_dir()).find_map(|d| find_file(d, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_configure_does_not_look_for_is_not_expected() {
        let template = "/* Define to 1 if you have it. */\n#undef HAVE_DIRENT_H\n#undef _GLIBCXX_USE_NANOSLEEP\n";
        for (name, tested) in [
            ("_GLIBCXX_HAVE_DIRENT_H", true),
            ("_GLIBCXX_USE_NANOSLEEP", true),
            ("_GLIBCXX_HAVE_OPENAT", false),
            ("_GLIBCXX_HAVE_DIRENT", false),
        ] {
            assert_eq!(is_tested(template, name), tested, "{name}");
        }
    }
}
