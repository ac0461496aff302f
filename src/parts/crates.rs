//! The crates of a program by Rust, as `cargo auditable` writes them into it: JSON, compressed, in a section of its own
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>). Our own programs have it too.

use super::linked_parts::Part;
use flate2::read::ZlibDecoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Read;

/// The section.
pub(super) const CRATES_SECTION: &str = ".dep-v0";
/// No more is unpacked: what the format's own documentation takes for enough.
const MOST: u64 = 8 << 20;

#[derive(Deserialize)]
struct CrateList {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// Where it is from: `crates.io`, `git`, `local`, `registry`, or another word.
    #[serde(default)]
    source: String,
    /// `build` for what only compiles, `runtime` or nothing for what is linked.
    #[serde(default)]
    kind: String,
    /// It is the program itself.
    #[serde(default)]
    root: bool,
}

/// The crates that a section lists: those that are linked, without the program's own.
///
/// # Errors
/// It is damaged.
pub(super) fn crates(section: &[u8]) -> Result<Vec<Part>, String> {
    let list = read(section)?;
    let linked = list.packages.into_iter().filter(|of| !of.root && of.kind != "build");
    let purls: BTreeSet<String> = linked.filter_map(|of| purl(&of)).collect();
    Ok(purls.into_iter().map(|purl| Part { purl: Some(purl), files: Vec::new() }).collect())
}

/// The crate that the program is of: name and version; none if the list names none.
pub(super) fn own_crate(section: &[u8]) -> Option<(String, String)> {
    read(section).ok()?.packages.into_iter().find(|of| of.root).map(|of| (of.name, of.version))
}

fn read(section: &[u8]) -> Result<CrateList, String> {
    let damaged = || "its list of crates is damaged".to_owned();
    let mut text = Vec::new();
    ZlibDecoder::new(section).take(MOST).read_to_end(&mut text).map_err(|_| damaged())?;
    serde_json::from_slice(&text).map_err(|_| damaged())
}

/// The package URL; a crate of no registry says where it is from.
fn purl(of: &Crate) -> Option<String> {
    if of.name.is_empty() || of.version.is_empty() {
        return None;
    }
    let from = match of.source.as_str() {
        "crates.io" | "registry" | "" => String::new(),
        other => format!("?source={}", escaped(other)),
    };
    Some(format!("pkg:cargo/{}@{}{from}", escaped(&of.name), escaped(&of.version)))
}

const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, &ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;
    use std::io::Write;

    fn section(json: &str) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(json.as_bytes()).unwrap();
        packed.finish().unwrap()
    }

    const LIST: &str = r#"{"packages":[
        {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1,2]},
        {"name":"cc","version":"1.2.3","source":"crates.io","kind":"build"},
        {"name":"serde","version":"1.0.0+x","source":"crates.io","kind":"runtime"},
        {"name":"own","version":"0.2.0","source":"git"},{"name":"own","version":"0.2.0","source":"git"}],
        "format":8,"new":{}}"#;

    #[test]
    fn what_is_linked_is_listed() {
        let purls: Vec<String> = crates(&section(LIST)).unwrap().into_iter().filter_map(|part| part.purl).collect();
        assert_eq!(purls, ["pkg:cargo/own@0.2.0?source=git", "pkg:cargo/serde@1.0.0%2Bx"]);
        // Linkers fill a section up.
        assert_eq!(crates(&[section(LIST), vec![0; 7]].concat()).unwrap().len(), 2);
        assert_eq!(crates(&section("{\"packages\":[]}")), Ok(Vec::new()));
    }

    #[test]
    fn other_contents_are_errors() {
        for json in
            ["", "[]", "{}", "{\"packages\":[{}]}", "{\"packages\":[{\"name\":1,\"version\":\"1\"}]}", "{\"packages\""]
        {
            assert!(crates(&section(json)).is_err(), "{json}");
        }
        assert!(crates(b"").is_err() && crates(b"text").is_err());
        // What unpacks to very much is cut off, and is then no JSON.
        assert!(crates(&section(&" ".repeat(9 << 20))).is_err());
    }

    proptest! {
        #[test]
        fn damaged_sections_are_errors_or_lists(cut in 0usize..200, at in 0usize..200, byte in any::<u8>()) {
            let mut bytes = section(LIST);
            bytes.truncate(cut);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = crates(&bytes);
        }
    }
}
