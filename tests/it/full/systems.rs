//! Build systems under `staticctl run`, each with a project that has a shared library of its own, libraries of the
//! system's and questions at configure time; what comes out runs in an empty root and says what its dynamic twin says.

use crate::quick::run::{built, names};
use crate::support::*;
use std::fs;
use std::path::Path;

const OWN: &str = "#include <zlib.h>\nint own(void) { gzFile g = gzopen(\"/proc/none/x\", \"rb\"); if (g) gzprintf(g, \"x\"); return zlibVersion()[0]; }\n";

/// Builds with the host's compiler and no word of ours: what a user has without us.
fn twin(dir: &Dir, commands: &[&str]) {
    for command in commands {
        Run::new("sh").dir(dir.path()).args(["-ec", command]).ok();
    }
}

/// Each command under a run of its own; gives the report of the last one.
fn ours(dir: &Dir, commands: &[&str]) -> serde_json::Value {
    let mut report = serde_json::Value::Null;
    for command in commands {
        report = built(dir, &["sh", "-ec", command]).1;
    }
    report
}

fn same(twin: &Path, ours: &Path) {
    let dynamic = Run::new(twin).ok();
    assert!(!dynamic.is_empty() && !is_static(twin));
    assert_eq!(says_in_empty_root(ours, &[]), dynamic);
}

#[test]
fn cmake_with_both_generators() {
    let dir = Dir::new();
    dir.file(
        "CMakeLists.txt",
        r#"cmake_minimum_required(VERSION 3.16)
project(p C CXX)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckSymbolExists)
include(CheckIPOSupported)
check_symbol_exists(getaddrinfo "sys/types.h;sys/socket.h;netdb.h" HAVE_GETADDRINFO)
check_symbol_exists(strlcpy string.h HAVE_STRLCPY)
try_compile(HAVE_THREAD ${CMAKE_BINARY_DIR}/t ${CMAKE_SOURCE_DIR}/try.cpp)
check_ipo_supported(RESULT HAVE_IPO)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost REQUIRED COMPONENTS filesystem)
find_library(ONLY_SHARED onlyshared PATHS ${CMAKE_SOURCE_DIR}/libs NO_DEFAULT_PATH REQUIRED)
find_library(BOTH both PATHS ${CMAKE_SOURCE_DIR}/libs NO_DEFAULT_PATH REQUIRED)
file(WRITE ${CMAKE_BINARY_DIR}/found "${ONLY_SHARED}\n${BOTH}\n${ZLIB_LIBRARIES}\n")
add_library(own SHARED own.c)
target_link_libraries(own PRIVATE ZLIB::ZLIB)
add_executable(prog prog.cpp)
set_property(TARGET prog PROPERTY INTERPROCEDURAL_OPTIMIZATION ${HAVE_IPO})
target_compile_definitions(prog PRIVATE HAS_ADDR=${HAVE_GETADDRINFO} HAS_THREAD=${HAVE_THREAD} HAS_IPO=${HAVE_IPO} HAS_LCPY="${HAVE_STRLCPY}")
target_link_libraries(prog own OpenSSL::SSL Threads::Threads Boost::filesystem)
"#,
    );
    dir.file("try.cpp", "#include <thread>\nint main() { std::thread([] {}).join(); }\n");
    dir.file("own.c", OWN);
    dir.file("prog.cpp", fixture!("systems/prog.cc"));
    fs::create_dir(dir.join("libs")).unwrap();
    for name in ["onlyshared", "both"] {
        Run::new("cc").dir(dir.path()).args(["-shared", "-fPIC", "own.c", "-o", &format!("libs/lib{name}.so")]).ok();
    }
    Run::new("ar").dir(dir.path()).line("rc libs/libboth.a").ok();
    for generator in ["Ninja", "Unix Makefiles"] {
        let configure = |into: &str| format!("cmake -B '{into}' -G '{generator}'");
        let build = |into: &str| format!("cmake --build '{into}'");
        let [plain, static_] = ["plain", "static"].map(|d| format!("{d} {generator}").replace(' ', "-"));
        twin(&dir, &[&configure(&plain), &build(&plain)]);
        let report = ours(&dir, &[&configure(&static_), &build(&static_)]);
        same(&dir.join(&plain).join("prog"), &dir.join(&static_).join("prog"));
        assert_eq!(names(&report, "programs"), [format!("{static_}/prog")]);
        assert_eq!(names(&report, "foreign"), Vec::<String>::new());
        let found = fs::read_to_string(dir.join(&static_).join("found")).unwrap();
        let found: Vec<&str> = found.lines().map(|l| l.rsplit('/').next().unwrap()).collect();
        assert_eq!(found, ["libonlyshared.so", "libboth.a", "libz.a"]);
    }
    // Configured under a run, built again without one.
    fs::remove_file(dir.join("static-Ninja/prog")).unwrap();
    Run::new("cmake").dir(dir.path()).line("--build static-Ninja").ok();
    assert!(is_static(&dir.join("static-Ninja/prog")));
}

#[test]
fn cmake_with_the_file_alone() {
    let dir = Dir::new();
    dir.file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nfind_package(ZLIB REQUIRED)\nmessage(STATUS \"FOUND ${ZLIB_LIBRARIES} ${MINE}\")\nadd_executable(prog own.c main.c)\ntarget_link_libraries(prog ZLIB::ZLIB)\n");
    dir.file("own.c", OWN);
    dir.file("main.c", "#include <stdio.h>\nint own(void);\nint main(void) { printf(\"%c\\n\", own()); return 0; }\n");
    dir.file("static.cmake", Run::new(STATICCTL).line("cmake-toolchain").ok());
    let said = Run::new("cmake").dir(dir.path()).line("-B build -DCMAKE_TOOLCHAIN_FILE=static.cmake").ok();
    assert!(said.contains("libz.a"), "{said}");
    Run::new("cmake").dir(dir.path()).line("--build build").ok();
    assert_eq!(says_in_empty_root(&dir.join("build/prog"), &[]), "1\n");
    // A toolchain file of the user's own is read first.
    dir.file("mine.cmake", "set(MINE mine)\n");
    let run = Run::new(STATICCTL).dir(dir.path()).env("CMAKE_TOOLCHAIN_FILE", "mine.cmake");
    let said = run.line("run -- cmake -B second").ok();
    assert!(said.contains("libz.a mine"), "{said}");
}

#[test]
fn a_file_remembers_its_toolchain() {
    let dir = Dir::new();
    dir.file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nadd_executable(prog main.c)\n");
    dir.file("meson.build", "project('p', 'c')\nexecutable('prog', 'main.c')\n");
    dir.file("main.c", HELLO_C);
    let musl = |program: &str| {
        assert_eq!(says_in_empty_root(&dir.join(program), &[]), "hello\n");
        let json = Run::new(STATICCTL).args(["check", "--json", program]).dir(dir.path()).ok();
        assert!(json.contains("\"musl\":true"), "{json}");
    };
    let cmake = Run::new(STATICCTL).line("cmake-toolchain --toolchain musl-gcc").ok();
    assert!(!cmake.contains("CMAKE_SYSTEM_NAME"), "{cmake}");
    dir.file("static.cmake", cmake);
    Run::new("cmake").dir(dir.path()).line("-B cmake -DCMAKE_TOOLCHAIN_FILE=static.cmake").ok();
    Run::new("cmake").dir(dir.path()).line("--build cmake").ok();
    musl("cmake/prog");
    dir.file("static.ini", Run::new(STATICCTL).line("meson-file --toolchain musl-gcc").ok());
    twin(&dir, &["meson setup meson --native-file static.ini && ninja -C meson"]);
    musl("meson/prog");
    // Configured under a run with a toolchain, built again without one.
    Run::new(STATICCTL).dir(dir.path()).line("run --toolchain musl-gcc -- cmake -B later").ok();
    Run::new("cmake").dir(dir.path()).line("--build later").ok();
    musl("later/prog");
}

#[test]
fn meson_with_dependencies_and_both_kinds_of_libraries() {
    let dir = Dir::new();
    dir.file(
        "meson.build",
        r#"project('p', 'c', 'cpp', default_options: ['b_lto=true'])
cc = meson.get_compiler('c')
z = dependency('zlib')
m = cc.find_library('m')
conf = [cc.has_function('getaddrinfo').to_int(), cc.has_function('nosuchfunction').to_int(), cc.sizeof('long')]
both = both_libraries('own', 'own.c', dependencies: z)
args = '-DASKED="@0@@1@@2@"'.format(conf[0], conf[1], conf[2])
executable('prog', 'prog.cpp', cpp_args: args, link_with: both, dependencies: [dependency('openssl'), dependency('threads'), m])
executable('second', 'second.c', link_with: both.get_shared_lib(), dependencies: dependency('libcrypto', static: true))
"#,
    );
    dir.file("own.c", OWN);
    dir.file("prog.cpp", fixture!("systems/meson.cc"));
    dir.file("second.c", "#include <openssl/crypto.h>\n#include <stdio.h>\nint own(void);\nint main(void) { printf(\"%c%d\\n\", own(), OpenSSL_version_num() != 0); return 0; }\n");
    // Named, since Meson puts sccache in front of compilers that it finds by itself.
    twin(&dir, &["CC=cc CXX=c++ meson setup plain && ninja -C plain"]);
    let report = ours(&dir, &["meson setup static", "meson compile -C static"]);
    for name in ["prog", "second"] {
        same(&dir.join("plain").join(name), &dir.join("static").join(name));
    }
    assert_eq!(names(&report, "programs"), ["static/prog", "static/second"]);
    assert_eq!(names(&report, "foreign"), Vec::<String>::new());
    // The file alone.
    dir.file("static.ini", Run::new(STATICCTL).line("meson-file").ok());
    twin(&dir, &["meson setup file --native-file static.ini && ninja -C file"]);
    assert!(is_static(&dir.join("file/prog")));
}

#[test]
fn autotools_with_libtool() {
    let dir = Dir::new();
    dir.file(
        "configure.ac",
        "AC_INIT([p],[1])\nAM_INIT_AUTOMAKE([foreign subdir-objects])\nAC_CONFIG_HEADERS([config.h])\nAC_PROG_CC\nAM_PROG_AR\nLT_INIT\nAC_CHECK_FUNCS([getaddrinfo strlcpy dlopen])\n\
         AC_CHECK_LIB([z],[deflate])\nAC_SEARCH_LIBS([cos],[m])\nAC_CHECK_SIZEOF([long])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
    );
    dir.file(
        "Makefile.am",
        "ACLOCAL_AMFLAGS = -I m4\nlib_LTLIBRARIES = libown.la\nlibown_la_SOURCES = own.c\nbin_PROGRAMS = prog\nprog_SOURCES = prog.c\nprog_LDADD = libown.la\n",
    );
    fs::create_dir(dir.join("m4")).unwrap();
    dir.file("own.c", OWN);
    dir.file("prog.c", fixture!("systems/autotools.c"));
    Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    let configure = |into: &str| format!("mkdir {into} && cd {into} && ../configure --prefix=/usr");
    let make = |into: &str| format!("make -C {into} -j2 && make -C {into} install DESTDIR=$PWD/{into}/dest");
    twin(&dir, &[&configure("plain"), &make("plain")]);
    let report = ours(&dir, &[&configure("static"), &make("static")]);
    // Before it is installed, libtool's program is a script that sets the library path.
    let dynamic = Run::new(dir.join("plain/prog")).ok();
    assert_eq!(says_in_empty_root(&dir.join("static/dest/usr/bin/prog"), &[]), dynamic);
    let prog = report["programs"].as_array().unwrap();
    assert_eq!(prog.len(), 1, "{report:#}");
    assert!(report.to_string().contains("dest/usr/bin/prog"), "{report:#}");
    assert_eq!(names(&report, "foreign"), Vec::<String>::new());
}

#[test]
fn make_with_a_shared_library_of_its_own() {
    let dir = Dir::new();
    dir.file("own.c", OWN);
    dir.file("prog.c", "#include <stdio.h>\nint own(void);\nint main(void) { printf(\"%c\\n\", own()); return 0; }\n");
    dir.file(
        "Makefile",
        "prog: prog.c libown.so\n\tgcc prog.c -o $@ -L. -lown -Wl,-rpath,'$$ORIGIN' -rdynamic\nlibown.so: own.c\n\tgcc -shared -fPIC own.c -o $@ -lz\nclean:\n\trm -f prog twin *.so\n",
    );
    twin(&dir, &["make && mkdir twin && mv prog libown.so twin"]);
    ours(&dir, &["make -j2"]);
    same(&dir.join("twin/prog"), &dir.join("prog"));
}

#[test]
fn an_archive_for_programs_only_gives_way_in_a_shared_object() {
    let dir = Dir::new();
    dir.file("own.c", "int below(void);\nint own(void) { return below() + 1; }\n");
    dir.file("below.c", "int value = 40;\nint below(void) { return ++value; }\n");
    dir.file("position.c", "int value; int get(void) { return value; }\n");
    dir.file("prog.c", "#include <stdio.h>\nint own(void);\nint main(void) { printf(\"%d\\n\", own()); return 0; }\n");
    let at = dir.path().display().to_string();
    for line in ["-shared -fPIC below.c -Wl,-soname,libbelow.so.1 -o libbelow.so.1", "-fno-pic -c below.c"] {
        Run::new("cc").dir(&at).line(line).ok();
    }
    std::os::unix::fs::symlink("libbelow.so.1", dir.join("libbelow.so")).unwrap();
    Run::new("ar").dir(&at).line("rc libbelow.a below.o").ok();
    Run::new(STATICCC).dir(&at).line(&format!("-shared -fPIC own.c {at}/libbelow.a -o libown.so")).silent();
    let dynamic = Run::new("readelf").args(["-dW", "libown.so"]).dir(&at).ok();
    assert!(dynamic.contains("[libbelow.so.1]"), "{dynamic}");
    Run::new(STATICCC).dir(&at).line("prog.c -o prog -L. -lown").ok();
    assert_eq!(says_in_empty_root(&dir.join("prog"), &[]), "42\n");
    // One that can go in goes in; one that can't and has no twin is the linker's to refuse.
    for (flags, taken) in [("-fPIC", true), ("-fno-pic", false)] {
        Run::new("cc").dir(dir.path()).args([flags, "-c", "position.c"]).ok();
        let _ = fs::remove_file(dir.join("libposition.a"));
        Run::new("ar").dir(dir.path()).line("rc libposition.a position.o").ok();
        let run = Run::new(STATICCC).dir(dir.path());
        let out = run.line("-shared -Wl,--whole-archive libposition.a -Wl,--no-whole-archive -o libp.so").output();
        assert_eq!(out.status.success(), taken, "{flags}: {}", text(&out.stderr));
    }
}

/// A part that is configured for another system finds that system's compiler, as without us; the parts for this one find
/// ours. gzip's package for all architectures configures itself for Windows.
#[test]
fn autoconf_for_another_system_finds_its_own_compiler() {
    let dir = Dir::new();
    let parts = "AC_PROG_CC\nAC_CHECK_TOOL([AR],[ar])\nAC_CONFIG_FILES([found])\n";
    dir.file("configure.ac", format!("AC_INIT([p],[1])\n{parts}AC_CONFIG_SUBDIRS([sub])\nAC_OUTPUT\n"));
    dir.file("sub/configure.ac", format!("AC_INIT([q],[1])\n{parts}AC_OUTPUT\n"));
    let found = "@CC@ @AR@ @CFLAGS@\n";
    dir.file("found.in", found);
    dir.file("sub/found.in", found);
    // A bare machine's compiler, which makes what this one's tests can look at.
    for (name, real) in [("sparc-none-elf-gcc", "gcc -static"), ("sparc-none-elf-ar", "ar"), ("mine", "gcc -DMINE")] {
        dir.script(format!("tools/{name}"), &format!("exec /usr/bin/{real} \"$@\""));
    }
    dir.file("usr/share/config.site", "CFLAGS=-DUSUAL\n");
    dir.file("my.site", "CFLAGS=-DASKED\n");
    Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    let configured = |name: &str, host: &str, env: &[(&str, &str)], ours: bool| {
        let build = dir.join(name);
        fs::create_dir(&build).unwrap();
        let configure = format!("../configure {host} --prefix={}", dir.join("usr").display());
        let run = if ours { Run::new(STATICCTL).args(["run", "--"]) } else { Run::new("env") };
        let run = run.dir(&build).args(["sh", "-ec", &configure]);
        let path = format!("{}:{}", dir.join("tools").display(), std::env::var("PATH").unwrap());
        env.iter().fold(run.env("PATH", path), |run, (name, value)| run.env(name, value)).ok();
        let [top, sub] = ["found", "sub/found"].map(|f| fs::read_to_string(build.join(f)).unwrap());
        assert_eq!(top, sub, "{name}");
        top
    };
    let site = dir.join("my.site").to_string_lossy().into_owned();
    for (n, (host, env)) in [
        ("--host=sparc-none-elf", &[][..]),
        ("--build=x86_64-linux-gnu --host=sparc-none-elf", &[("CONFIG_SITE", site.as_str())]),
        ("--host=sparc-none-elf", &[("CC", "mine"), ("AR", "ar")]),
        ("", &[("CONFIG_SITE", &site)]),
        ("--build=x86_64-linux-gnu", &[]),
        ("--build=x86_64-redhat-linux-gnu --host=x86_64-redhat-linux-gnu", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let plain = configured(&format!("plain{n}"), host, env, false);
        let ours = configured(&format!("ours{n}"), host, env, true);
        let [plain, ours] = [&plain, &ours].map(|f| f.split_whitespace().collect::<Vec<_>>());
        if host.contains("sparc") && env.iter().all(|(name, _)| *name != "CC") {
            assert_eq!(plain[0], "sparc-none-elf-gcc");
            assert_eq!(plain, ours, "{host}");
        } else {
            // By the name of the compiler behind it, where it has one that tools know.
            let driver = if env.contains(&("CC", "mine")) { "/staticcc" } else { "/bin/gcc" };
            assert!(ours[0].ends_with(driver), "{host}: {ours:?}");
            assert_eq!(plain[2..], ours[2..], "{host}");
        }
    }
}
