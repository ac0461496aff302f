//! From the files that a program missed to what an image needs.

use super::parts::ImagePart;
use crate::sandbox::{Attempt, FileAccess};
use nix::libc;
use std::path::Path;

/// What to do about a path that was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// An option of `staticctl image` adds it.
    Part(ImagePart),
    /// Container runtimes give it to every container.
    Runtime,
    /// Nothing: programs look for it and work without it.
    Harmless(&'static str),
    /// A program that an image can have as one more.
    Program,
    /// A path that was to be written: a directory for it is needed.
    Writable,
    /// `--add` can take it from this machine.
    Add,
    /// It is not on this machine either.
    Nowhere,
}

/// How a row's path is compared.
enum PathMatch {
    Is(&'static str),
    /// It or anything below it.
    Below(&'static str),
}
use PathMatch::{Below, Is};

/// The first row that fits counts.
static ROWS: [(PathMatch, RemedyRow); 30] = [
    (Is("/etc/passwd"), RemedyRow::Etc),
    (Is("/etc/group"), RemedyRow::Etc),
    (Is("/etc/nsswitch.conf"), RemedyRow::Etc),
    (Is("/etc/hosts"), RemedyRow::Etc),
    (Is("/etc/services"), RemedyRow::Etc),
    (Is("/etc/protocols"), RemedyRow::Etc),
    (Is("/etc/resolv.conf"), RemedyRow::Runtime),
    (Is("/etc/hostname"), RemedyRow::Runtime),
    (Is("/etc/mtab"), RemedyRow::Runtime),
    (Below("/proc"), RemedyRow::Runtime),
    (Below("/sys"), RemedyRow::Runtime),
    (Below("/dev"), RemedyRow::Runtime),
    (Is("/etc/localtime"), RemedyRow::Harmless("the time is UTC without it")),
    (Is("/etc/host.conf"), RemedyRow::Harmless("optional settings of the resolver")),
    (Is("/etc/gai.conf"), RemedyRow::Harmless("optional settings of the resolver")),
    (Is("/etc/ld.so.cache"), RemedyRow::Harmless("only for shared objects")),
    (Is("/etc/ld.so.preload"), RemedyRow::Harmless("only for shared objects")),
    (Is("/var/run/nscd/socket"), RemedyRow::Harmless("an optional cache of names")),
    (Is("/run/nscd/socket"), RemedyRow::Harmless("an optional cache of names")),
    (Below("/run/systemd"), RemedyRow::Harmless("an optional service")),
    (Below("/etc/ssl/certs"), RemedyRow::CaCerts),
    (Is("/etc/ssl/cert.pem"), RemedyRow::CaCerts),
    (Is("/usr/lib/ssl/cert.pem"), RemedyRow::CaCerts),
    (Below("/usr/lib/ssl/certs"), RemedyRow::CaCerts),
    (Below("/etc/pki/tls/certs"), RemedyRow::CaCerts),
    (Below("/usr/share/zoneinfo"), RemedyRow::Zone),
    (Below("/etc/terminfo"), RemedyRow::Terminal),
    (Below("/lib/terminfo"), RemedyRow::Terminal),
    (Below("/usr/share/terminfo"), RemedyRow::Terminal),
    (Below("/tmp"), RemedyRow::Tmp),
];

enum RemedyRow {
    Etc,
    Runtime,
    Harmless(&'static str),
    CaCerts,
    Zone,
    Terminal,
    Tmp,
}

/// What to do about one attempt. `exists` says whether a path is a readable file or directory of this machine.
pub(crate) fn remedy(attempt: &Attempt, exists: impl Fn(&Path) -> bool) -> Remedy {
    let path = Path::new(&attempt.path);
    let row = ROWS.iter().find(|(pattern, _)| match pattern {
        Is(whole) => path == Path::new(whole),
        Below(top) => path.starts_with(top),
    });
    let last = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    match row.map(|r| &r.1) {
        Some(RemedyRow::Etc) => Remedy::Part(ImagePart::Etc),
        Some(RemedyRow::Runtime) => Remedy::Runtime,
        Some(RemedyRow::Harmless(why)) => Remedy::Harmless(why),
        Some(RemedyRow::CaCerts) => Remedy::Part(ImagePart::CaCerts),
        Some(RemedyRow::Tmp) => Remedy::Part(ImagePart::Tmp),
        Some(RemedyRow::Zone) => match zone(path) {
            Some(zone) if exists(path) => Remedy::Part(ImagePart::Tzdata(Some(zone))),
            Some(_) => Remedy::Nowhere,
            None => Remedy::Part(ImagePart::Tzdata(None)),
        },
        // A directory that is looked at, or a path such as x/xterm.
        Some(RemedyRow::Terminal) => match path.parent().and_then(Path::file_name) {
            Some(letter) if letter.len() <= 2 && last.len() > 1 => Remedy::Part(ImagePart::Terminfo(last)),
            _ => {
                Remedy::Harmless("a directory of terminal descriptions; the one that is needed is reported separately")
            }
        },
        None if attempt.wanted == FileAccess::Exec => Remedy::Program,
        None if attempt.wanted == FileAccess::Write && attempt.errno != libc::EACCES => Remedy::Writable,
        None if attempt.wanted == FileAccess::Read && exists(path) => Remedy::Add,
        None => Remedy::Nowhere,
    }
}

fn zone(path: &Path) -> Option<String> {
    let name = path.strip_prefix("/usr/share/zoneinfo").ok()?.to_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

impl Remedy {
    /// What a message says after `` `PATH` is not there: ``.
    pub(crate) fn advice(&self, path: &str) -> String {
        match self {
            Remedy::Part(part) => format!("`{}` adds it to an image", part.option()),
            Remedy::Runtime => "container runtimes provide it".into(),
            Remedy::Harmless(why) => (*why).into(),
            Remedy::Program => {
                format!("add a static program for it: `--add FILE:{path}`, or one more PROGRAM")
            }
            Remedy::Writable => {
                let parent = Path::new(path).parent().unwrap_or(Path::new("/"));
                if parent == Path::new("/") {
                    return "the program can't write to the root: `--tmp` or `--volume DIR` provides a directory"
                        .into();
                }
                format!("`--volume {}` provides a directory that the program's user can write to", parent.display())
            }
            Remedy::Add => format!("`--add {path}:{path}` takes it from this machine"),
            Remedy::Nowhere => "this machine does not have it either".into(),
        }
    }
}

/// The parts that a list of attempts asks for.
pub(crate) fn parts(attempts: &[Attempt], exists: impl Fn(&Path) -> bool) -> Vec<ImagePart> {
    let mut parts: Vec<ImagePart> = attempts
        .iter()
        .filter_map(|a| match remedy(a, &exists) {
            Remedy::Part(part) => Some(part),
            _ => None,
        })
        .collect();
    parts.sort();
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(path: &str, wanted: FileAccess) -> Attempt {
        Attempt { path: path.into(), wanted, errno: libc::ENOENT }
    }

    #[test]
    fn each_path_has_its_remedy() {
        let on = |path: &str| {
            let there = ["/usr/share/zoneinfo/Europe/Berlin", "/etc/app.conf", "/usr/lib/locale/C.utf8"];
            remedy(&missed(path, FileAccess::Read), |p| there.iter().any(|t| p == Path::new(t)))
        };
        assert_eq!(on("/etc/hosts"), Remedy::Part(ImagePart::Etc));
        assert_eq!(on("/etc/resolv.conf"), Remedy::Runtime);
        assert_eq!(on("/dev/null"), Remedy::Runtime);
        assert_eq!(on("/usr/lib/ssl/cert.pem"), Remedy::Part(ImagePart::CaCerts));
        assert_eq!(
            on("/usr/share/zoneinfo/Europe/Berlin"),
            Remedy::Part(ImagePart::Tzdata(Some("Europe/Berlin".into())))
        );
        assert_eq!(on("/usr/share/zoneinfo/Nowhere"), Remedy::Nowhere);
        assert_eq!(on("/usr/share/zoneinfo"), Remedy::Part(ImagePart::Tzdata(None)));
        assert_eq!(on("/lib/terminfo/x/xterm"), Remedy::Part(ImagePart::Terminfo("xterm".into())));
        assert_eq!(on("/usr/share/terminfo/78/xterm"), Remedy::Part(ImagePart::Terminfo("xterm".into())));
        assert!(matches!(on("/etc/terminfo"), Remedy::Harmless(_)));
        assert_eq!(on("/tmp/x"), Remedy::Part(ImagePart::Tmp));
        assert_eq!(on("/tmpx"), Remedy::Nowhere);
        assert_eq!(on("/etc/app.conf"), Remedy::Add);
        assert_eq!(on("/usr/lib/locale/C.utf8"), Remedy::Add);
        assert_eq!(remedy(&missed("/bin/sh", FileAccess::Exec), |_| true), Remedy::Program);
        assert_eq!(remedy(&missed("/var/log/x", FileAccess::Write), |_| true), Remedy::Writable);
        assert!(Remedy::Writable.advice("/var/log/x").contains("--volume /var/log`"));
    }

    #[test]
    fn parts_are_named_once() {
        let all = [
            missed("/etc/hosts", FileAccess::Read),
            missed("/etc/passwd", FileAccess::Read),
            missed("/x", FileAccess::Exec),
        ];
        assert_eq!(parts(&all, |_| false), [ImagePart::Etc]);
    }
}
