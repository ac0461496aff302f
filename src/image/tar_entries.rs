//! The entries of a tar archive that somebody else made. Long names are read here, not by the crate, which would take any
//! length of them into memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use tar::{Entries, Entry, EntryType, PaxExtensions};

/// The longest name, and the longest header that brings one.
const NAME: u64 = 64 << 10;

/// An entry, with its name in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TarName {
    pub kind: EntryType,
    /// Relative, without `.` and double slashes; empty for the root.
    pub path: Vec<u8>,
    /// What a link leads to, as it is there.
    pub link: Option<Vec<u8>>,
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// A name in an archive, relative to its root.
///
/// # Errors
/// One that leaves the root.
pub(super) fn relative(name: &[u8]) -> io::Result<Vec<u8>> {
    let parts: Vec<&[u8]> = name.split(|b| *b == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    if parts.iter().any(|part| *part == b".." || part.contains(&0)) {
        return Err(bad("a name in it leaves its root"));
    }
    Ok(parts.join(&b'/'))
}

/// Calls `with` for each entry; `entries` are raw.
///
/// # Errors
/// What can't be read, and what `with` says.
pub(super) fn each<R: Read>(
    entries: Entries<'_, R>,
    mut with: impl FnMut(&TarName, &mut Entry<'_, R>) -> io::Result<()>,
) -> io::Result<()> {
    let mut long: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for entry in entries {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => drop(long.insert("path", text(&mut entry)?)),
            EntryType::GNULongLink => drop(long.insert("linkpath", text(&mut entry)?)),
            EntryType::XHeader => {
                let records = text(&mut entry)?;
                for record in PaxExtensions::new(&records) {
                    let record = record?;
                    match record.key().unwrap_or_default() {
                        "path" => drop(long.insert("path", record.value_bytes().to_vec())),
                        "linkpath" => drop(long.insert("linkpath", record.value_bytes().to_vec())),
                        "size" => drop(long.insert("size", record.value_bytes().to_vec())),
                        _ => {}
                    }
                }
            }
            EntryType::XGlobalHeader => {}
            _ => {
                let path = long.remove("path").unwrap_or_else(|| entry.path_bytes().into_owned());
                let link = long.remove("linkpath").or_else(|| Some(entry.link_name_bytes()?.into_owned()));
                // The crate reads on by the header, which has no room for 8 GiB.
                if long.remove("size").is_some_and(|size| size != entry.size().to_string().into_bytes()) {
                    return Err(bad("a file in it is larger than its header says"));
                }
                let name = TarName { kind, path: relative(&path)?, link };
                with(&name, &mut entry)?;
            }
        }
    }
    Ok(())
}

/// The content of an entry that is a name, without the NUL at its end.
fn text<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Vec<u8>> {
    if entry.size() > NAME {
        return Err(bad("a name in it is longer than 64 KiB"));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Archive, Builder, Header};

    fn names(archive: &[u8]) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        each(Archive::new(archive).entries()?.raw(true), |name, _| {
            found.push(String::from_utf8_lossy(&name.path).into_owned());
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn long_names_of_both_kinds_and_none_that_leaves() {
        let long = "d/".repeat(150) + "file";
        let mut gnu = Builder::new(Vec::new());
        for path in [long.as_str(), "./a//b"] {
            let mut header = Header::new_gnu();
            header.set_size(1);
            gnu.append_data(&mut header, path, &b"x"[..]).unwrap();
        }
        assert_eq!(names(&gnu.into_inner().unwrap()).unwrap(), [long.as_str(), "a/b"]);
        let mut pax = Builder::new(Vec::new());
        pax.append_pax_extensions([("path", long.as_bytes()), ("size", b"1")]).unwrap();
        let mut header = Header::new_ustar();
        header.set_size(1);
        header.set_path("short").unwrap();
        header.set_cksum();
        pax.append(&header, &b"x"[..]).unwrap();
        assert_eq!(names(&pax.into_inner().unwrap()).unwrap(), [long.as_str()]);
        for (key, value) in [("path", "../../etc/passwd"), ("size", "4000000000000")] {
            let mut bad = Builder::new(Vec::new());
            bad.append_pax_extensions([(key, value.as_bytes())]).unwrap();
            bad.append(&header, &b"x"[..]).unwrap();
            assert!(names(&bad.into_inner().unwrap()).is_err(), "{key}");
        }
        let mut endless = Header::new_gnu();
        endless.set_entry_type(EntryType::GNULongName);
        endless.set_size(1 << 40);
        endless.set_cksum();
        assert!(names(endless.as_bytes()).is_err());
        assert!(names(b"no archive").is_err());
    }
}
