//! The variables: their values, what is said of bad ones and of misspelt names, and their documentation.

use crate::support::*;
use staticcxx::front_end;
use staticcxx::options::render;
use std::fs;
use std::path::Path;

const MAIN: &str = "int main(void) { return 0; }\n";

fn explained(dir: &Dir, name: &str, value: &str) -> (String, String) {
    let run = Run::new(STATICCTL).dir(dir.path()).env(name, value);
    let out = run.line("explain -- cc t.c -o t").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    (text(&out.stdout), text(&out.stderr))
}

#[test]
fn switches_take_the_usual_spellings() {
    let dir = Dir::new();
    dir.file("t.c", MAIN);
    for (value, on) in [("on", true), ("yes", true), ("1", true), ("no", false), ("off", false), ("False", false)] {
        let (said, warned) = explained(&dir, "STATICCXX_SMALL", value);
        assert_eq!((said.contains("gc-sections"), warned.as_str()), (on, ""), "{value}");
    }
    let (said, warned) = explained(&dir, "STATICCXX_SMALL", "maybe");
    assert!(!said.contains("gc-sections"), "{said}");
    assert_eq!(
        warned,
        "staticcxx: warning: STATICCXX_SMALL=maybe is not one of `on`, `off`: using the default, `off`\n"
    );
}

#[test]
fn no_fixes_of_glibc_are_none() {
    let dir = Dir::new();
    dir.file("t.c", MAIN);
    for (value, offered) in [("all", true), ("locale", true), ("none", false), ("off", false), ("nss", false)] {
        let (said, warned) = explained(&dir, "STATICCXX_GLIBC_FIXES", value);
        assert_eq!((said.contains("locale.ar"), warned.as_str()), (offered, ""), "{value}: {said}");
    }
    let (said, warned) = explained(&dir, "STATICCXX_GLIBC_FIXES", "locales");
    assert!(said.contains("locale.ar"), "{said}");
    assert!(
        warned.contains("=locales is not one of `all`, `off`, `locale`, `nss`, `iconv`: using the default, `all`"),
        "{warned}"
    );
}

#[test]
fn shared_objects_that_are_to_carry_nothing_carry_nothing() {
    let dir = Dir::new();
    dir.file("b.c", "int b(void) { return 7; }\n");
    let link = |value: &str| Run::new(STATICCC).dir(dir.path()).env("STATICCXX_FAT_SHARED", value);
    let carries = || Run::new("readelf").dir(dir.path()).line("-SW b.so").ok().contains("staticcxx");
    for (value, expected) in [("yes", true), ("no", false), ("none", false)] {
        link(value).line("-shared -fPIC b.c -o b.so").silent();
        assert_eq!(carries(), expected, "{value}");
    }
    let out = link("thin").line("-shared -fPIC b.c -o b.so").output();
    assert!(out.status.success() && carries());
    assert_eq!(
        text(&out.stderr),
        "staticcxx: warning: STATICCXX_FAT_SHARED=thin is not one of `on`, `off`: using the default, `on`\n"
    );
}

#[test]
fn to_convert_none_is_no_library() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 7; }\n");
    dir.file("t.c", "int q(void);\nint main(void) { return q() != 7; }\n");
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    let link =
        |value: &str| Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", value).line("t.c -L. -lq -o t");
    link("auto").silent();
    let off = link("off").fails(1);
    assert!(off.contains("`-lq` has no archive"), "{off}");
    for none in ["none", "no", "0"] {
        assert_eq!(link(none).fails(1), off, "{none}");
    }
    let out = link("yes").output();
    assert!(out.status.success() && is_static(&dir.join("t")));
    assert_eq!(
        text(&out.stderr),
        "staticcxx: warning: STATICCXX_CONVERT=yes is not `auto`, `off`, `prefer` or names of libraries: using the default, `auto`\n"
    );
}

/// A run whose cache is its own, so that nothing is known of earlier builds.
fn alone(dir: &Dir, program: &str) -> Run {
    Run::new(program).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"))
}

const CHEK: &str = "staticcxx: warning: STATICCXX_CHEK is not a variable of staticcxx: did you mean STATICCXX_CHECK?\n";
const TOOLCHIAN: &str =
    "staticcxx: warning: STATICCXX_TOOLCHIAN is not a variable of staticcxx: did you mean STATICCXX_TOOLCHAIN?\n";

#[test]
fn a_misspelt_name_is_said_once_a_build() {
    let dir = Dir::new();
    dir.file("t.c", MAIN);
    dir.script("build.sh", &format!("{STATICCC} t.c -o one & {STATICCC} t.c -o two; wait"));
    let misspelt = |run: Run| run.env("STATICCXX_CHEK", "off").env("STATICCXX_TOOLCHIAN", "musl");
    // What only compiles or asks is as the compiler itself.
    misspelt(alone(&dir, STATICCC)).line("-c t.c -o t.o").silent();
    misspelt(alone(&dir, STATICCC)).line("t.c -o conftest").silent();
    let asked = misspelt(alone(&dir, STATICCC)).line("-### t.c -o t").output();
    assert!(asked.status.success() && !text(&asked.stderr).contains("STATICCXX_CHEK"));
    let version = misspelt(alone(&dir, STATICCC)).line("-dumpversion").output();
    assert_eq!((text(&version.stderr), version.status.success()), (String::new(), true));
    // A session of its own: what it runs first is the build.
    let build = |command: &str| {
        let run = misspelt(alone(&dir, "setsid")).args(["-w", "sh", "-c", command]);
        let out = run.output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        text(&out.stderr)
    };
    for _ in 0..2 {
        let said = build("./build.sh; :");
        let told = (said.matches(CHEK).count(), said.matches(TOOLCHIAN).count(), said.lines().count());
        assert_eq!(told, (1, 1, 2), "once by each of two builds: {said}");
    }
    for fat in ["on", "off"] {
        let said = build(&format!("STATICCXX_FAT_SHARED={fat} {STATICCC} -shared -fPIC t.c -o t.so; :"));
        assert_eq!(said, format!("{CHEK}{TOOLCHIAN}"), "{fat}");
    }
    let twice = build(&format!("{STATICCC} t.c -o t; {STATICCC} t.c -o t"));
    assert_eq!(twice.matches(CHEK).count(), 2, "two commands are two builds: {twice}");
    fs::remove_dir_all(dir.join("cache/staticcxx/told")).unwrap();
    fs::write(dir.join("cache/staticcxx/told"), "").unwrap();
    assert_eq!(build("./build.sh; :").matches(CHEK).count(), 2, "what can't be noted is said with each link");
}

#[test]
fn run_says_a_misspelt_name_before_the_build_and_the_build_no_more() {
    let dir = Dir::new();
    dir.file("t.c", MAIN);
    dir.script("build.sh", "export STATICCXX_LINKERS=bfd\n$CC t.c -o one\n$CC t.c -o two");
    let out = alone(&dir, STATICCTL).env("STATICCXX_CHEK", "off").line("run -- ./build.sh").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.starts_with(CHEK), "{said}");
    assert_eq!(said.matches("STATICCXX_CHEK").count(), 1, "{said}");
    let own = "STATICCXX_LINKERS is not a variable of staticcxx: did you mean STATICCXX_LINKER?";
    assert_eq!(said.matches(own).count(), 1, "the build's own mistake is said too: {said}");
}

#[test]
fn doctor_and_explain_say_what_is_misspelt() {
    let dir = Dir::new();
    dir.file("t.c", MAIN);
    let (_, warned) = explained(&dir, "STATICXX_CHECK", "off");
    assert!(
        warned.contains("STATICXX_CHECK is not a variable of staticcxx: did you mean STATICCXX_CHECK?"),
        "{warned}"
    );
    let (_, warned) = explained(&dir, "STATICCXX_FROBNICATION", "on");
    assert!(warned.contains("STATICCXX_FROBNICATION is not a variable of staticcxx: `staticctl help"), "{warned}");
    let said = Run::new(STATICCTL).env("STATICCXX_LOG", "loud").env("STATICCXX_CHEK", "off").line("doctor").ok();
    assert!(said.contains("STATICCXX_LOG=loud is not `off`, `info`") && said.contains("did you mean"), "{said}");
}

#[test]
fn help_prints_tables_and_the_help_of_commands() {
    let help = |line: &str| Run::new(STATICCTL).line(line).ok();
    assert_eq!(help("help environment"), render::environment());
    assert_eq!(help("help exit-codes"), render::exit_codes());
    assert!(help("help").contains("Usage: staticctl <COMMAND>"));
    for command in ["check", "run", "toolchain install"] {
        assert_eq!(help(&format!("help {command}")), help(&format!("{command} --help")));
    }
    assert!(help("toolchain help list").contains("Usage: staticctl toolchain list"));
    let said = Run::new(STATICCTL).line("help frobnicate").fails(2);
    assert!(said.contains("frobnicate"), "{said}");
}

#[test]
fn the_man_page_of_the_drivers_has_every_variable() {
    let dir = Dir::new();
    Run::new(STATICCTL).args(["man".as_ref(), dir.path().as_os_str()]).ok();
    let page = fs::read_to_string(dir.join("staticcxx.1")).unwrap();
    assert!(page.contains(&render::environment_roff()), "{page}");
    assert!(page.find(".SH ENVIRONMENT") < page.find(".SH EXIT STATUS"), "{page}");
    assert!(page.find(".SH EXIT STATUS") < page.find(".SH SEE ALSO"), "{page}");
}

/// What stands between the markers of a page of the manual is what the table says. `UPDATE_DOCS=1` writes it.
#[test]
fn the_manual_has_the_tables() {
    let pages = [
        ("reference/environment", render::environment_markdown()),
        ("reference/exit-codes", render::exit_codes_markdown()),
        ("languages", front_end::front_ends_markdown()),
    ];
    for (page, table) in pages {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/src/{page}.md"));
        let name = page.rsplit('/').next().unwrap();
        let page = fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(&format!("<!-- generated: {name} -->\n")).expect("the first marker");
        let (_, after) = rest.split_once("<!-- end -->").expect("the last marker");
        let right = format!("{before}<!-- generated: {name} -->\n\n{table}\n<!-- end -->{after}");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &right).unwrap();
        } else {
            assert_eq!(
                page,
                right,
                "UPDATE_DOCS=1 cargo test --test it quick::environment:: writes {}",
                path.display()
            );
        }
    }
}
