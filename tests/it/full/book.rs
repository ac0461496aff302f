//! The book is built by mdBook, and every link in it, and in the texts beside it, leads somewhere.

use crate::full::blocks::{Page, pages};
use crate::support::*;
use crate::world;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// mdBook: where cargo installs programs, or along PATH.
fn mdbook() -> PathBuf {
    let installed = Some(world::cargo_home().join("bin/mdbook")).filter(|p| p.is_file());
    installed.unwrap_or_else(|| which("mdbook"))
}

/// The book in HTML, in a directory of its own.
fn built() -> Dir {
    let dir = Dir::new();
    let out = Run::new(mdbook())
        .args(["build".as_ref(), "docs".as_ref(), "--dest-dir".as_ref(), dir.path()])
        .dir(ROOT)
        .output();
    let said = text(&out.stdout) + &text(&out.stderr);
    assert!(out.status.success() && !said.contains("ERROR") && !said.contains("WARN"), "{said}");
    dir
}

/// The values of an attribute, in any element.
fn values(html: &str, attribute: &str) -> Vec<String> {
    let start = format!(" {attribute}=\"");
    let parts = html.split(&start).skip(1);
    parts.filter_map(|p| p.split_once('"')).map(|(value, _)| value.replace("&amp;", "&")).collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{} leaves the root", path.display()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

fn is_elsewhere(link: &str) -> bool {
    ["https:", "http:", "mailto:", "data:", "javascript:"].iter().any(|scheme| link.starts_with(scheme))
}

/// The links of files that lead to no file, or to no anchor of one. Gives their number too.
fn broken(files: &BTreeMap<PathBuf, Linked>, is_there: impl Fn(&Path) -> bool) -> (usize, Vec<String>) {
    let mut broken = Vec::new();
    let mut count = 0;
    for (path, linked) in files {
        for link in linked.links.iter().filter(|l| !is_elsewhere(l)) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let base = if linked.from_the_root { Path::new("") } else { path.parent().unwrap() };
            let target = if file.is_empty() { path.clone() } else { plain(&base.join(file)) };
            let has_anchor = || files.get(&target).is_some_and(|t| t.anchors.contains(anchor));
            if !is_there(&target) || !(anchor.is_empty() || has_anchor()) {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    (count, broken)
}

/// What a file has to do with links.
struct Linked {
    links: Vec<String>,
    anchors: BTreeSet<String>,
    /// Links count from the root: the page for errors is shown under any path.
    from_the_root: bool,
}

/// The pages of a built book.
fn html_pages(dir: &Path) -> BTreeMap<PathBuf, Linked> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(dir) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|e| e == "html") {
            let html = fs::read_to_string(&path).unwrap();
            let mut links = values(&html, "href");
            links.extend(values(&html, "src"));
            let from_the_root = links.iter().any(|l| l == "/");
            links.retain(|l| l != "/");
            let linked = Linked { links, anchors: values(&html, "id").into_iter().collect(), from_the_root };
            found.insert(path.strip_prefix(dir).unwrap().to_owned(), linked);
        }
    }
    found
}

/// A text without its fenced blocks and code in a line.
fn without_code(text: &str) -> String {
    let outside = text.split("\n```").step_by(2);
    let prose: String = outside.map(|t| t.split_once('\n').map_or("", |(_, rest)| rest).to_owned() + "\n").collect();
    prose.split('`').step_by(2).collect()
}

/// The links of Markdown, and the anchors that its headings make.
fn of_markdown(text: &str) -> Linked {
    let prose = without_code(&format!("\n{text}"));
    let mut links: Vec<String> =
        prose.split("](").skip(1).filter_map(|p| p.split_once(')')).map(|(link, _)| link.to_owned()).collect();
    let named = prose.lines().filter_map(|l| l.strip_prefix('[')?.split_once("]: "));
    links.extend(named.map(|(_, link)| link.to_owned()));
    let headings = text.lines().filter(|l| l.starts_with('#')).map(|l| l.trim_start_matches('#').trim());
    let slug = |h: &str| {
        let kept = h.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect::<String>()
    };
    Linked { links, anchors: headings.map(slug).collect(), from_the_root: false }
}

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let dir = built();
    let pages = html_pages(dir.path());
    let (count, broken) = broken(&pages, |p| dir.join(p).is_file());
    assert_eq!(broken, [""; 0]);
    assert!(count > 400, "{count} links");
}

#[test]
fn every_chapter_is_in_the_summary() {
    let dir = built();
    for page in pages().iter().filter(|p| p.path.starts_with("docs/src") && !p.path.ends_with("SUMMARY.md")) {
        let html = page.path.strip_prefix("docs/src").unwrap().with_extension("html");
        assert!(dir.join(&html).is_file(), "{} is not in SUMMARY.md", page.path.display());
    }
}

#[test]
fn every_link_of_a_text_leads_somewhere() {
    let files = pages().into_iter().map(|Page { path, text }| (path, of_markdown(&text))).collect();
    let (count, broken) = broken(&files, |p| Path::new(ROOT).join(p).exists());
    assert_eq!(broken, [""; 0]);
    assert!(count > 50, "{count} links");
}

#[test]
fn files_that_texts_name_are_there() {
    let rooms = ["src/", "shims/", "benches/", "toolchains/", "examples/", "tests/"];
    let mut count = 0;
    for Page { path, text } in pages().iter().filter(|p| !p.path.ends_with("CHANGELOG.md")) {
        for word in text.split('`').skip(1).step_by(2) {
            let name = word.split_whitespace().next().unwrap_or_default();
            let is_a_path =
                rooms.iter().any(|r| name.starts_with(r)) && !name.contains(['*', '…']) && !name.contains("NAME");
            if is_a_path {
                count += 1;
                assert!(Path::new(ROOT).join(name).exists(), "{}: `{name}` is not there", path.display());
            }
        }
    }
    assert!(count > 10, "{count} names");
}

/// The commands whose help has a sentence on exit status stand in the page on it, with those numbers.
#[test]
fn exit_codes_are_those_of_the_help() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/src/reference/exit-codes.md")).unwrap();
    let commands = ["run", "try", "check", "convert", "deb", "doctor", "image", "plugins", "toolchain test"];
    for command in commands {
        let help = Run::new(STATICCTL).line(command).args(["--help"]).ok();
        let status = help.split("Exit status:").nth(1).unwrap_or_else(|| panic!("{command}: {help}"));
        let status = status.split("\n\n").next().unwrap();
        let said = numbers(status);
        let name = format!("`staticctl {command}`");
        let rows: Vec<&str> = page.lines().filter(|l| l.starts_with('|') && l.contains(&name)).collect();
        let documented: BTreeSet<String> = rows.iter().flat_map(|row| row_codes(row)).collect();
        assert!(!rows.is_empty() && said == documented, "{command}: {said:?} in the help, {documented:?} in the page");
    }
}

/// The code that a row of the page is about: program, code, meaning. `N` is another program's.
fn row_codes(row: &str) -> BTreeSet<String> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    assert_eq!(cells.len(), 3, "{row}");
    numbers(cells[1])
}

fn numbers(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_readme_is_short() {
    let readme = include_str!("../../../README.md");
    let words = readme.split_whitespace().count();
    assert!(words <= 1200, "{words} words");
}

#[test]
fn what_leads_nowhere_is_found() {
    let text = "# A title\n[x](b.md) `[no](code.md)`\n\n```sh\n[no](block.md)\n```\n\n[y](#a-title) [z](#other)\n\n[w]: c.md\n";
    let files = BTreeMap::from([(PathBuf::from("d/a.md"), of_markdown(text))]);
    let (count, found) = broken(&files, |p| p == Path::new("d/a.md") || p == Path::new("d/b.md"));
    assert_eq!((count, found), (4, vec!["d/a.md: #other".to_owned(), "d/a.md: c.md".to_owned()]));
    let dir = Dir::new();
    dir.file("a.html", "<a id=\"one\" href=\"b/c.html#two\"> <a href=\"b/c.html#three\"> <img src=\"d.png\">");
    dir.file("b/c.html", "<h2 id=\"two\"> <a href=\"../a.html#one\"> <a href=\"https://example.org/x\">");
    let (count, found) = broken(&html_pages(dir.path()), |p| dir.join(p).is_file());
    assert_eq!((count, found), (4, vec!["a.html: b/c.html#three".to_owned(), "a.html: d.png".to_owned()]));
}
