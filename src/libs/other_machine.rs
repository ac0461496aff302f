//! Libraries that are named by path and are for another machine than the program.

use super::library_file::LibraryFiles;
use super::sniff::Sniffed;
use crate::args::{InputKind, Request};
use crate::check::Expect;
use crate::check::target::machine_name;
use std::path::Path;

/// What to do about such an input.
const HINT: &str = "name the one for the program's machine, or `-lNAME`, which passes over others; on Debian and \
     Ubuntu it is installed by `apt-get install PACKAGE:ARCHITECTURE`, as in `zlib1g-dev:arm64`";

/// The first library that is for another machine, as an error and a hint. A linker skips such an archive without a word where it needs
/// nothing of it, and says of a shared object that it is dynamic; it tells which object is for another machine.
pub(crate) fn refused(request: &Request, files: &LibraryFiles, target: &Expect) -> Option<(String, &'static str)> {
    target.machine?;
    // Named for their bytes: `-Wl,--format=binary`.
    if request.args.iter().any(|a| a.words().any(|w| w.to_string_lossy().contains("binary"))) {
        return None;
    }
    let kinds = [InputKind::Archive, InputKind::Shared];
    let inputs = request.inputs.iter().filter(|i| kinds.contains(&i.kind));
    inputs.map(|i| Path::new(&i.text)).find_map(|path| Some((line(path, files.get(path)?.sniffed(), target)?, HINT)))
}

/// The error about a file of a kind.
fn line(path: &Path, what: Sniffed, target: &Expect) -> Option<String> {
    let of = match what {
        Sniffed::Archive { target, .. } => target?,
        Sniffed::Shared { target } | Sniffed::Object { target } => target,
        Sniffed::Text | Sniffed::Other => return None,
    };
    let wanted = (target.machine?, target.bits?);
    let name = |(machine, bits)| machine_name(machine, bits);
    (!what.fits(target))
        .then(|| format!("`{}` is for {}, and the program for {}", path.display(), name(of), name(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_and_both_machines_are_named() {
        let arm = Expect::from_triple("aarch64-linux-gnu");
        let x86 = (62, 64);
        for what in [
            Sniffed::Shared { target: x86 },
            Sniffed::Object { target: x86 },
            Sniffed::Archive { thin: false, target: Some(x86) },
        ] {
            let said = line(Path::new("/l/libz.a"), what, &arm);
            assert_eq!(said.as_deref(), Some("`/l/libz.a` is for x86-64, and the program for aarch64"));
        }
        for what in [
            Sniffed::Object { target: (183, 64) },
            Sniffed::Archive { thin: true, target: None },
            Sniffed::Text,
            Sniffed::Other,
        ] {
            assert_eq!(line(Path::new("x"), what, &arm), None);
        }
        assert_eq!(line(Path::new("x"), Sniffed::Object { target: x86 }, &Expect::default()), None);
    }
}
