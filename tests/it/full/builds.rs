//! Build systems with the drivers as compilers: make, autoconf, CMake, Meson, libtool.

use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/hello-cpp");

/// A copy of the example.
fn example() -> Dir {
    let dir = Dir::new();
    for entry in fs::read_dir(EXAMPLE).unwrap().flatten() {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
        }
    }
    dir
}

fn tool(name: &str, dir: &Path) -> Run {
    Run::new(which(name)).dir(dir).with_our_compilers()
}

#[test]
fn the_example_with_make() {
    let dir = example();
    tool("make", dir.path()).ok();
    assert!(says_in_empty_root(&dir.join("hello"), &[]).to_lowercase().contains("hello"));
}

#[test]
fn the_example_with_cmake_and_both_generators() {
    for generator in ["Unix Makefiles", "Ninja"] {
        let dir = example();
        tool("cmake", dir.path()).args(["-B", "build", "-G", generator]).ok();
        tool("cmake", dir.path()).args(["--build", "build"]).ok();
        assert!(says_in_empty_root(&dir.join("build/hello"), &[]).to_lowercase().contains("hello"), "{generator}");
    }
}

/// Lines of a file that a build system wrote about what it found, without those that name the compiler.
fn features(path: &Path, without: &[&str]) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .filter(|l| !l.starts_with(['#', '/']) || l.starts_with("#define"))
        .filter_map(|l| l.split_once('=').or_else(|| l.strip_prefix("#define ")?.split_once(' ')))
        .filter(|(name, _)| !without.iter().any(|w| name.contains(w)))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[test]
fn autoconf_detects_the_same_features() {
    let dir = Dir::new();
    dir.file(
        "configure.ac",
        "AC_INIT([probe],[1])\nAC_CONFIG_HEADERS([config.h])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAC_PROG_CXX\nAC_USE_SYSTEM_EXTENSIONS\nAC_SYS_LARGEFILE\nAC_C_BIGENDIAN\nAC_C_INLINE\n\
         AC_CHECK_SIZEOF([long])\nAC_CHECK_HEADERS([zlib.h sys/epoll.h nosuch.h])\n\
         AC_CHECK_FUNCS([strlcpy strlcat getaddrinfo dlopen fork iconv setproctitle pthread_create nosuchfunction mremap])\n\
         AC_CHECK_LIB([m],[cos])\nAC_CHECK_LIB([z],[deflate])\nAC_CHECK_LIB([dl],[dlopen])\nAC_CHECK_LIB([nosuch],[x])\n\
         AC_SEARCH_LIBS([tgetent],[tinfo ncurses])\nAC_SEARCH_LIBS([clock_gettime],[rt])\n\
         AC_FUNC_MALLOC\nAC_FUNC_MMAP\nAC_FUNC_STRERROR_R\nAC_RUN_IFELSE([AC_LANG_PROGRAM([],[return 0;])],[AC_DEFINE([RUNS],[1],[x])])\n\
         AC_LANG_PUSH([C++])\nAC_CHECK_HEADERS([filesystem])\nAC_LANG_POP\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
    );
    dir.file("Makefile.am", "bin_PROGRAMS = prog\nprog_SOURCES = prog.c\n");
    dir.file(
        "prog.c",
        "#include \"config.h\"\n#include <stdio.h>\n#include <zlib.h>\nint main(void) { printf(\"zlib %d\\n\", zlibVersion()[0] == '1'); return 0; }\n",
    );
    Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    let configured = |name: &str, ours: bool| {
        fs::create_dir(dir.join(name)).unwrap();
        let run = Run::new("sh").dir(dir.join(name)).line("../configure -C");
        if ours {
            run.with_our_compilers().ok()
        } else {
            run.env("CC", "gcc").env("CXX", "g++").ok()
        };
        let names = ["CC", "CXX", "ac_cv_env", "_prog_", "am_cv_", "ac_cv_path"];
        (features(&dir.join(name).join("config.h"), &[]), features(&dir.join(name).join("config.cache"), &names))
    };
    let (plain, ours) = (configured("plain", false), configured("ours", true));
    assert!(plain.0.len() > 30, "{plain:?}");
    assert_eq!(plain, ours);
    tool("make", &dir.join("ours")).ok();
    assert_eq!(says_in_empty_root(&dir.join("ours/prog"), &[]), "zlib 1\n");
}

#[test]
fn cmake_detects_the_same_compiler_and_features() {
    let dir = Dir::new();
    dir.file("CMakeLists.txt", fixture!("builds/CMakeLists.txt"));
    dir.file("prog.cpp", "#include <zlib.h>\n#include <thread>\n#include <cstdio>\nint main() { int v = 0; std::thread t([&] { v = zlibVersion()[0]; }); t.join(); std::printf(\"%c\\n\", v); }\n");
    let plain = Run::new("cmake").dir(dir.path()).line("-B plain").env("CC", "gcc").env("CXX", "g++");
    plain.ok();
    tool("cmake", dir.path()).line("-B ours").ok();
    let [plain, ours] = ["plain", "ours"].map(|d| features(&dir.join(d).join("features.txt"), &[]));
    assert!(plain.len() > 10 && plain["id"] == "GNU", "{plain:?}");
    assert_eq!(plain, ours);
    tool("cmake", dir.path()).line("--build ours").ok();
    assert_eq!(says_in_empty_root(&dir.join("ours/prog"), &[]), "1\n");
}

/// CMake replaces the run path of what it installs, and stops where there is none. In a static program nothing reads it, and
/// glibc's start-up code ends a static-pie that has one where ld.so would look.
#[test]
fn cmake_installs_programs_that_asked_for_a_run_path() {
    let dir = Dir::new();
    dir.file(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.10)\nproject(x C)\nadd_executable(changed m.c)\nadd_executable(removed m.c)\n\
         set_target_properties(changed PROPERTIES INSTALL_RPATH \"$ORIGIN/../lib:/opt/lib\")\n\
         set_target_properties(removed PROPERTIES BUILD_RPATH /nowhere/lib)\ninstall(TARGETS changed removed DESTINATION bin)\n",
    );
    dir.file("m.c", "#include <stdio.h>\nint main(void) { puts(\"runs\"); return 0; }\n");
    let text = |program: &Path| String::from_utf8_lossy(&fs::read(program).unwrap()).into_owned();
    for (linker, flags) in [("auto", ""), ("auto", "-static"), ("bfd", ""), ("bfd", "-static"), ("bfd", "-Wl,-s")] {
        let build = dir.join(format!("{linker}{flags}"));
        let cmake = || tool("cmake", dir.path()).env("STATICCXX_LINKER", linker);
        cmake().args(["-B".as_ref(), build.as_os_str()]).args([format!("-DCMAKE_EXE_LINKER_FLAGS={flags}")]).ok();
        cmake().args(["--build".as_ref(), build.as_os_str()]).ok();
        assert!(text(&build.join("removed")).contains("/nowhere/lib"), "{linker} {flags}");
        let prefix = build.join("installed");
        cmake().args(["--install".as_ref(), build.as_os_str(), "--prefix".as_ref(), prefix.as_os_str()]).ok();
        for name in ["changed", "removed"] {
            let program = prefix.join("bin").join(name);
            assert_eq!(says_in_empty_root(&program, &[]), "runs\n");
            assert_eq!(text(&program).contains("$ORIGIN/../lib:/opt/lib\0"), name == "changed");
            let shown = Run::new("readelf").args(["-dW".as_ref(), program.as_os_str()]).ok();
            assert!(!shown.contains("PATH"), "{shown}");
        }
        tool("strip", dir.path()).args([prefix.join("bin/changed")]).ok();
        assert_eq!(says_in_empty_root(&prefix.join("bin/changed"), &[]), "runs\n");
    }
}

#[test]
fn cmake_finds_nothing_of_ours_in_what_links_say() {
    let dir = Dir::new();
    dir.file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.10)\nproject(x C CXX)\nadd_executable(a m.cpp c.c)\n");
    dir.file("c.c", "int c(void) { return 1; }\n");
    dir.file(
        "m.cpp",
        "#include <iostream>\n#include <locale>\nextern \"C\" int c(void);\n\
         int main() { std::locale l(\"\"); std::cout << c() << \"\\n\"; }\n",
    );
    for (linker, generator) in [("bfd", "Unix Makefiles"), ("bfd", "Ninja"), ("auto", "Ninja")] {
        let build = dir.join(format!("{linker} {generator}"));
        let cmake = || tool("cmake", dir.path()).env("STATICCXX_LINKER", linker);
        cmake().args(["-B".as_ref(), build.as_os_str()]).args(["-G", generator]).ok();
        cmake().args(["--build".as_ref(), build.as_os_str()]).ok();
        assert_eq!(says_in_empty_root(&build.join("a"), &[]), "1\n");
        let kept = fs::read_dir(build.join("CMakeFiles")).unwrap().flatten().find_map(|version| {
            let file = |name: &str| fs::read_to_string(version.path().join(name)).ok();
            Some([file("CMakeCCompiler.cmake")?, file("CMakeCXXCompiler.cmake")?])
        });
        for text in kept.unwrap() {
            let row = text.lines().find(|l| l.contains("IMPLICIT_LINK_LIBRARIES")).unwrap();
            assert!(row.contains("gcc;") && row.ends_with(";c\")") && !row.contains('/'), "{row}");
        }
    }
}

#[test]
fn meson_takes_the_drivers_for_gcc() {
    let dir = Dir::new();
    dir.file("meson.build", fixture!("builds/meson.build"));
    dir.file(
        "prog.c",
        "#include <zlib.h>\n#include <stdio.h>\nint main(void) { printf(\"%c\\n\", zlibVersion()[0]); return 0; }\n",
    );
    let features = |out: String| out.lines().find(|l| l.contains("FEATURES")).map(str::to_owned).unwrap();
    let plain = Run::new(which("meson")).dir(dir.path()).line("setup plain").env("CC", "gcc").env("CXX", "g++");
    let plain = features(plain.ok());
    let ours = features(tool("meson", dir.path()).line("setup ours").ok());
    assert_eq!(plain, ours);
    // glibc has strlcpy since 2.38.
    assert!(ours.contains("gcc") && ours.contains("ld.bfd") && ours.contains("nosuchfunction=false"), "{ours}");
    tool("ninja", dir.path()).line("-C ours").ok();
    assert_eq!(says_in_empty_root(&dir.join("ours/prog"), &[]), "1\n");
}

#[test]
fn make_with_a_jobserver_and_many_links() {
    let dir = Dir::new();
    let mut makefile = String::from("all:");
    for i in 0..12 {
        makefile.push_str(&format!(" p{i}"));
    }
    makefile.push_str("\np%: h.c\n\t+$(CC) -DN=$* h.c -o $@\n");
    dir.file("Makefile", makefile);
    dir.file("h.c", "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", N); return 0; }\n");
    let out = tool("make", dir.path()).line("-j4 -s").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!((text(&out.stdout), text(&out.stderr)), (String::new(), String::new()));
    for i in [0, 11] {
        assert_eq!(says_in_empty_root(&dir.join(format!("p{i}")), &[]), format!("{i}\n"));
    }
}
