//! `staticctl size`: where the bytes of programs are from, and why.

use crate::support::{Dir, HELLO_C, HELLO_CXX, Run, STATICCC, STATICCTL, STATICCXX, here, text};
use serde_json::Value;
use std::fs;

const LEVELS: [&str; 4] = ["library", "member", "section", "symbol"];

/// A link whose record is kept in `sizes`.
fn link(dir: &Dir, driver: &str, line: &str) {
    Run::new(driver).dir(dir.path()).env("STATICCXX_SIZE", dir.join("sizes")).line(line).silent();
}

fn size(dir: &Dir, line: &str) -> Run {
    Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_SIZE", dir.join("sizes")).args(["size"]).line(line)
}

fn json(dir: &Dir, line: &str) -> Value {
    serde_json::from_str(&size(dir, &format!("{line} --json")).ok()).unwrap()
}

/// The rows, with the sum checked.
fn rows(dir: &Dir, program: &str, level: &str) -> Vec<(String, u64)> {
    let document = json(dir, &format!("{program} --by {level}"));
    let rows: Vec<(String, u64)> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap().to_owned(), row["bytes"].as_u64().unwrap()))
        .collect();
    let whole = fs::metadata(dir.join(program)).unwrap().len();
    assert_eq!(rows.iter().map(|(_, bytes)| bytes).sum::<u64>(), whole, "{program} by {level}: {rows:?}");
    assert_eq!(document["bytes"], whole);
    rows
}

fn bytes(rows: &[(String, u64)], name: &str) -> u64 {
    rows.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no `{name}` in {rows:?}")).1
}

/// `main` → `a` of `liba.a(x.o)`, whose other function → `b` of `libb.a(y.o)`; `libu.a` is not used.
fn chain() -> Dir {
    let dir = Dir::new();
    dir.file("main.c", "int a(void);\nint main(void) { return a() - 1; }\n");
    dir.file("x.c", "int b(void);\nint a(void) { return 1; }\nint other(void) { return b(); }\n");
    dir.file("y.c", "int table[1024] = {7};\nint b(void) { return table[0]; }\n");
    dir.file("u.c", "int u(void) { return 1; }\n");
    for (name, archive) in [("main", ""), ("x", "liba.a"), ("y", "libb.a"), ("u", "libu.a")] {
        Run::new("gcc").dir(dir.path()).line(&format!("-O1 -ffunction-sections -c {name}.c")).silent();
        if !archive.is_empty() {
            Run::new("ar").dir(dir.path()).line(&format!("rc {archive} {name}.o")).silent();
        }
    }
    dir
}

#[test]
fn each_byte_counts_once_with_every_linker() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cc", HELLO_CXX);
    Run::new("g++").dir(dir.path()).line("-g -c h.cc -o hcc.o").silent();
    for (at, line) in
        here(&["", "-static", "-static -fuse-ld=bfd", "-fuse-ld=gold", "-static-pie -fuse-ld=lld"]).iter().enumerate()
    {
        let program = format!("h{at}");
        link(&dir, STATICCC, &format!("-O2 h.c {line} -o {program}"));
        for level in LEVELS {
            rows(&dir, &program, level);
        }
        let libraries = rows(&dir, &program, "library");
        let whole = fs::metadata(dir.join(&program)).unwrap().len();
        assert!(bytes(&libraries, "libc.a") > whole / 2, "{line}: {libraries:?}");
        assert!((16..4096).contains(&bytes(&libraries, "h.c")), "{line}: {libraries:?}");
        // readelf is the judge of sections.
        let headers = Run::new("readelf").dir(dir.path()).args(["-SW", &program]).ok();
        let text = headers.lines().find(|l| l.contains(" .text ")).unwrap();
        let hex = text.split_whitespace().skip_while(|w| *w != "PROGBITS").nth(3).unwrap();
        assert_eq!(bytes(&rows(&dir, &program, "section"), ".text"), u64::from_str_radix(hex, 16).unwrap(), "{line}");
    }
    for line in ["", "-static -fuse-ld=bfd"] {
        link(&dir, STATICCXX, &format!("hcc.o {line} -o c"));
        let libraries = rows(&dir, "c", "library");
        let own = bytes(&libraries, "hcc.o");
        assert!(bytes(&libraries, "libstdc++.a") > 100 * own && own > 0, "{libraries:?}");
        // Debug information is a row for each section.
        assert!(bytes(&libraries, "[.debug_info]") > 0 && bytes(&libraries, "[.strtab]") > 0);
        let symbols = rows(&dir, "c", "symbol");
        let mangled: Vec<_> = symbols.iter().filter(|(name, _)| name.starts_with("_ZNSt")).collect();
        assert!(mangled.is_empty() && symbols.iter().any(|(name, _)| name.starts_with("std::")), "{mangled:?}");
    }
}

#[test]
fn the_chain_is_the_one_that_gnu_ld_has() {
    let dir = chain();
    for line in here(&["", "-static -fuse-ld=bfd", "-fuse-ld=gold", "-fuse-ld=lld"]) {
        link(&dir, STATICCC, &format!("main.o -L. -la -lb -lu {line} -o p"));
        let links = |name: &str| -> Vec<String> {
            let chain = &json(&dir, &format!("p --why {name}"))["why"]["chain"];
            let links = chain["links"].as_array().unwrap_or_else(|| panic!("{line}: {chain}")).iter();
            links.map(|l| [&l["from"], &l["symbol"], &l["to"]].map(|v| v.as_str().unwrap()).join(" ")).collect()
        };
        let whole = ["main.o a liba.a(x.o)", "liba.a(x.o) b libb.a(y.o)"];
        for name in ["b", "table", "y.o", "libb.a", "libb.a(y.o)"] {
            assert_eq!(links(name), whole, "{line}: {name}");
        }
        assert_eq!(links("liba"), whole[..1], "{line}");
        let said = size(&dir, "p --why libb.a").ok();
        assert!(
            said.contains("2 references from the program's own objects") && said.contains("linked in whole"),
            "{said}"
        );
        let said = size(&dir, "p --why u").fails(1);
        assert!(said.contains("nothing of `libu.a` is in `p`"), "{said}");
        let said = size(&dir, "p --why nothing").fails(1);
        assert!(said.contains("no library, package, member or symbol `nothing`"), "{said}");
    }
    // GNU ld's own word for it.
    let map = Run::new("gcc").dir(dir.path()).line("-static main.o -L. -la -lb -Wl,-M -o q").ok();
    let words: Vec<&str> = map.split("Discarded input").next().unwrap().split_whitespace().collect();
    for pulled in [["./liba.a(x.o)", "main.o", "(a)"], ["./libb.a(y.o)", "./liba.a(x.o)", "(b)"]] {
        assert!(words.windows(3).any(|w| w == pulled), "{pulled:?}");
    }
    // What unused sections were left out with: `other` is not there, and with it neither `b`.
    link(&dir, STATICCC, "main.o -L. -la -lb -Wl,--gc-sections -static -fuse-ld=bfd -o small");
    let said = size(&dir, "small --why other").fails(1);
    assert!(said.contains("symbol `other`"), "{said}");
    assert_eq!(json(&dir, "small --why a")["why"]["chain"]["exact"], true);
}

#[test]
fn a_record_is_found_for_its_program_alone_stripped_or_not() {
    let dir = chain();
    link(&dir, STATICCC, "main.o -L. -la -lb -o p");
    for tool in ["strip -s p -o stripped", "cp p copy", "objcopy --strip-debug p nodebug"] {
        let (program, words) = tool.split_once(' ').unwrap();
        Run::new(program).dir(dir.path()).line(words).silent();
        let made = words.rsplit(' ').next().unwrap();
        let members = rows(&dir, made, "member");
        assert!(bytes(&members, "libb.a(y.o)") > 4096, "{tool}: {members:?}");
    }
    // Another program with the same inputs but one byte.
    fs::write(dir.join("y.c"), "int table[1024] = {8};\nint b(void) { return table[0]; }\n").unwrap();
    Run::new("gcc").dir(dir.path()).line("-O1 -ffunction-sections -c y.c").silent();
    Run::new("ar").dir(dir.path()).line("rc libb.a y.o").silent();
    Run::new(STATICCC).dir(dir.path()).line("main.o -L. -la -lb -o q").silent();
    let out = size(&dir, "q").output();
    assert!(text(&out.stderr).contains("no record of the link of `q`") && text(&out.stderr).contains("run --size"));
    assert!(out.status.success() && text(&out.stdout).contains(".text"), "{}", text(&out.stdout));
    for level in ["section", "symbol"] {
        let rows = rows(&dir, "q", level);
        assert!(level == "section" || bytes(&rows, "table") == 4096, "{rows:?}");
    }
    let purls = json(&dir, "q")["parts"].to_string();
    assert!(purls.contains("pkg:deb/debian/libc6-dev@"), "{purls}");
    for asked in ["q --by member", "q --by library", "q --why b"] {
        let said = size(&dir, asked).fails(2);
        assert!(said.contains("no record of the link of `q`") && said.contains("STATICCXX_SIZE"), "{said}");
    }
    // Its name for another one's record, and a damaged one.
    let record = dir.join("sizes").join(&fs_names(&dir)[0]);
    link(&dir, STATICCC, "main.o -L. -la -lb -o q");
    let of_q = fs_names(&dir).into_iter().map(|n| dir.join("sizes").join(n)).find(|path| *path != record).unwrap();
    fs::copy(&record, &of_q).unwrap();
    let said = text(&size(&dir, "q").output().stderr);
    assert!(said.contains("is not used: it is of another program") && said.contains("no record"), "{said}");
    for damage in [&b"damaged"[..], b"", &fs::read(&record).unwrap()[..200]] {
        fs::write(&of_q, damage).unwrap();
        let said = text(&size(&dir, "q").output().stderr);
        assert!(said.contains("is not used: it is damaged"), "{said}");
        size(&dir, "q --why b").fails(2);
    }
}

/// The records.
fn fs_names(dir: &Dir) -> Vec<String> {
    fs::read_dir(dir.join("sizes")).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_changed_between_two_builds_adds_up() {
    let dir = chain();
    link(&dir, STATICCC, "main.o -L. -la -lb -o old");
    fs::write(dir.join("y.c"), "int table[2048] = {7};\nint b(void) { return table[0]; }\n").unwrap();
    Run::new("gcc").dir(dir.path()).line("-O1 -ffunction-sections -c y.c").silent();
    Run::new("ar").dir(dir.path()).line("rc libb.a y.o").silent();
    link(&dir, STATICCC, "main.o -L. -la -lb -o new");
    let of = |name: &str| i128::from(fs::metadata(dir.join(name)).unwrap().len());
    for level in LEVELS {
        let document = json(&dir, &format!("--diff old new --by {level}"));
        let change = |row: &Value| i128::from(row["new"].as_u64().unwrap()) - i128::from(row["old"].as_u64().unwrap());
        let rows = document["rows"].as_array().unwrap();
        assert_eq!(rows.iter().map(change).sum::<i128>(), of("new") - of("old"), "{level}");
        assert!(rows.iter().any(|row| change(row) == 4096), "{level}: {rows:?}");
    }
    let table = size(&dir, "--diff old new --by member").ok();
    assert!(table.contains("+4096") && table.contains("libb.a(y.o)") && !table.contains("libc.a"), "{table}");
    // Nothing changed.
    let same = size(&dir, "--diff new new").ok();
    assert_eq!(same.lines().count(), 2, "{same}");
    assert!(same.contains("+0"), "{same}");
}

#[test]
fn files_that_are_no_static_programs() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("text.txt", "no program");
    dir.file("cut", b"\x7fELF\x02\x01\x01");
    Run::new("gcc").dir(dir.path()).line("h.c -o dynamic").silent();
    for name in ["text.txt", "missing", ".", "cut"] {
        for more in ["", "--why main", "--json", "--html page.html"] {
            let said = size(&dir, &format!("{name} {more}")).fails(2);
            assert!(said.starts_with(&format!("staticcxx: error: `{name}`: ")), "{said}");
        }
    }
    rows(&dir, "dynamic", "section");
    let said = text(&size(&dir, "dynamic").output().stderr);
    assert!(said.contains("`dynamic` is a dynamic program"), "{said}");
    // A page in the program's place, and in none.
    let said = size(&dir, "dynamic --html dynamic").fails(2);
    assert!(said.contains("same as output file"), "{said}");
    size(&dir, "dynamic --html missing/page.html").fails(2);
    assert!(Run::new(dir.join("dynamic")).ok().starts_with("hello"));
}

#[test]
fn linkers_that_do_not_say_where_things_are() {
    let dir = chain();
    let said = |line: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_SIZE", dir.join("sizes")).line(line);
        text(&run.output().stderr)
    };
    for line in ["-fuse-ld=mold", "-fuse-ld=bfd -Wl,-Map=own.map"] {
        let said = said(&format!("main.o -L. -la -lb {line} -o p"));
        assert!(said.contains("STATICCXX_SIZE") && said.contains("`p`"), "{line}: {said}");
        assert!(dir.join("p").exists() && !dir.join("sizes").exists());
    }
    assert!(said("-flto -O2 main.c -L. -la -lb -o lto").is_empty());
    let out = size(&dir, "lto").output();
    assert!(text(&out.stderr).contains("LTO") && text(&out.stdout).contains("libc.a"), "{}", text(&out.stderr));
    rows(&dir, "lto", "member");
    // Without notes in the program.
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "off").env("STATICCXX_SIZE", dir.join("sizes"));
    run.line("main.o -L. -la -lb -o off").silent();
    assert!(bytes(&rows(&dir, "off", "library"), "libb.a") > 4096);
    assert!(!Run::new("readelf").dir(dir.path()).line("-SW off").ok().contains(".note.package"));
}

#[test]
fn a_page_has_names_as_text() {
    let dir = Dir::new();
    let name = "a\"<b>&'.cc";
    dir.file(
        name,
        "#include <map>\n#include <cstdio>\ntemplate <class T> [[gnu::noinline]] int f(T &&x) { return x.size(); }\n\
         int main() { std::map<int, int> m; return std::printf(\"x\") + f(m) < 0; }\n",
    );
    let run = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_SIZE", dir.join("sizes"));
    run.args([name, "-O1", "-o", "p\"<i>&"]).silent();
    let run = Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_SIZE", dir.join("sizes"));
    run.args(["size", "p\"<i>&", "--html", "page.html"]).silent();
    let page = fs::read_to_string(dir.join("page.html")).unwrap();
    assert!(page.contains("<title>p&quot;&lt;i&gt;&amp;</title>"));
    for raw in ["<b>", "<i>", "std::map<", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(raw), "{raw}");
    }
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    let libraries = data["libraries"].as_array().unwrap();
    assert!(libraries.iter().any(|l| l["name"] == name && l["own"] == true));
    assert!(data.to_string().contains("int f<std::map<int, int"), "C++ names are shown");
    let sum: u64 = libraries.iter().map(|l| l["bytes"].as_u64().unwrap()).sum();
    assert_eq!(sum, fs::metadata(dir.join("p\"<i>&")).unwrap().len());
}

#[test]
fn a_build_tells_the_sizes_of_its_programs() {
    let dir = chain();
    let cache = dir.join("cache");
    let run = || Run::new(STATICCTL).dir(dir.path()).env("XDG_CACHE_HOME", &cache);
    let out = run().line("run --size --report r.json -- gcc main.o -L. -la -lb -o p").output();
    assert!(out.status.success() && text(&out.stderr).contains("`p` is libc.a "), "{}", text(&out.stderr));
    let report: Value = serde_json::from_str(&fs::read_to_string(dir.join("r.json")).unwrap()).unwrap();
    let sizes = report["programs"][0]["sizes"].as_array().unwrap();
    let sum: u64 = sizes.iter().map(|row| row["bytes"].as_u64().unwrap()).sum();
    assert_eq!(sum, fs::metadata(dir.join("p")).unwrap().len());
    // It is found again without a word of where.
    assert!(run().line("size p").ok().contains("libb.a"));
    let plain = run().line("run --report r.json -- gcc main.o -L. -la -lb -o q").output();
    assert!(plain.status.success());
    let report = fs::read_to_string(dir.join("r.json")).unwrap();
    assert!(!report.contains("\"sizes\""), "{report}");
    // A directory that can't be made is no error of the link.
    dir.file("file", "");
    let kept = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_SIZE", dir.join("file/sizes"));
    let out = kept.line("main.o -L. -la -lb -o r").output();
    assert!(out.status.success() && text(&out.stderr).contains("warning: the sizes of `r` can't be kept"));
}
