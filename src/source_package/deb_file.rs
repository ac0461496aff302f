//! Binary packages as files (deb(5)): an `ar` archive of `debian-binary`, the control files and the installed files. Only
//! the control files are written anew: owners and modes of the installed ones stay what they were, whoever we are.

use object::read::archive::ArchiveFile;
use std::io::{self, Read};
use std::path::Path;

/// The first bytes of every archive.
const MAGIC: &[u8] = b"!<arch>\n";

/// A package with another `control` file. `control_tar` is the uncompressed archive of its control files, `edit` gives the
/// new text.
///
/// # Errors
/// It is not a package, or has no `control`.
pub(super) fn with_control(deb: &[u8], control_tar: &[u8], edit: impl Fn(&str) -> String) -> io::Result<Vec<u8>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let archive = ArchiveFile::parse(deb).map_err(|e| invalid(&e.to_string()))?;
    let control = edited(control_tar, edit)?.ok_or_else(|| invalid("it has no control file"))?;
    let mut written = MAGIC.to_vec();
    let mut replaced = false;
    for member in archive.members() {
        let member = member.map_err(|e| invalid(&e.to_string()))?;
        let (name, data) = (member.name(), member.data(deb).map_err(|e| invalid(&e.to_string()))?);
        let date = member.date().unwrap_or(0);
        if name.starts_with(b"control.tar") {
            add_member(&mut written, b"control.tar", date, &control);
            replaced = true;
        } else {
            add_member(&mut written, name, date, data);
        }
    }
    if replaced { Ok(written) } else { Err(invalid("it has no control files")) }
}

/// As dpkg-deb(1) writes it: names without a slash at the end.
fn add_member(archive: &mut Vec<u8>, name: &[u8], date: u64, data: &[u8]) {
    let name = String::from_utf8_lossy(name);
    let header = format!("{name:<16}{date:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", data.len());
    archive.extend_from_slice(header.as_bytes());
    archive.extend_from_slice(data);
    if data.len() % 2 == 1 {
        archive.push(b'\n');
    }
}

/// The archive of control files with another text of `control`; none if it has none.
fn edited(control_tar: &[u8], edit: impl Fn(&str) -> String) -> io::Result<Option<Vec<u8>>> {
    let mut edited = tar::Builder::new(Vec::new());
    let mut found = false;
    for entry in tar::Archive::new(control_tar).entries()? {
        let mut entry = entry?;
        let mut header = entry.header().clone();
        let mut data = Vec::new();
        entry.read_to_end(&mut data)?;
        // `./control`, as dpkg-deb writes it.
        let is_control = |path: &Path| path.strip_prefix(".").unwrap_or(path) == Path::new("control");
        if is_control(&entry.path()?) {
            data = edit(&String::from_utf8_lossy(&data)).into_bytes();
            header.set_size(data.len() as u64);
            header.set_cksum();
            found = true;
        }
        edited.append(&header, &*data)?;
    }
    Ok(found.then_some(edited.into_inner()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_control_file_stays_as_it_was() {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in [("./control", "Package: x\n"), ("./md5sums", "0 usr/bin/x\n")] {
            let mut header = tar::Header::new_gnu();
            header.set_path(name).unwrap();
            header.set_mode(0o644);
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        let tar = tar.into_inner().unwrap();
        let mut deb = MAGIC.to_vec();
        for (name, data) in [("debian-binary", "2.0\n"), ("control.tar.xz", "?"), ("data.tar.xz", "data!")] {
            add_member(&mut deb, name.as_bytes(), 7, data.as_bytes());
        }
        let written = with_control(&deb, &tar, |text| format!("{text}Section: y\n")).unwrap();
        let archive = ArchiveFile::parse(&*written).unwrap();
        let members: Vec<_> = archive.members().map(|m| m.unwrap()).collect();
        let names: Vec<&[u8]> = members.iter().map(|m| m.name()).collect();
        assert_eq!(names, [b"debian-binary".as_slice(), b"control.tar", b"data.tar.xz"]);
        assert_eq!((members[2].data(&*written).unwrap(), members[2].date()), (b"data!".as_slice(), Some(7)));
        let mut files = tar::Archive::new(members[1].data(&*written).unwrap());
        let mut texts = Vec::new();
        for file in files.entries().unwrap() {
            let mut text = String::new();
            file.unwrap().read_to_string(&mut text).unwrap();
            texts.push(text);
        }
        assert_eq!(texts, ["Package: x\nSection: y\n", "0 usr/bin/x\n"]);
    }

    #[test]
    fn what_is_no_package_is_an_error() {
        let tar = tar::Builder::new(Vec::new()).into_inner().unwrap();
        for bad in [b"".as_slice(), b"!<arch>\n", b"no archive"] {
            assert!(with_control(bad, &tar, str::to_owned).is_err());
        }
    }
}
