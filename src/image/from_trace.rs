//! From what a program missed to what an image needs.

use super::parts::Part;
use crate::sandbox::{Attempt, FileAccess};
use nix::libc;
use std::path::Path;

/// What to do about a path that was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// An option of `staticctl image` adds it.
    Part(Part),
    /// Container runtimes give it to every container.
    Runtime,
    /// Nothing: programs look for it and do as well without.
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
enum Match {
    /// The path itself.
    Is(&'static str),
    /// It or anything below it.
    Below(&'static str),
}
use Match::{Below, Is};

/// The first row that fits counts.
static ROWS: [(Match, Row); 30] = [
    (Is("/etc/passwd"), Row::Etc),
    (Is("/etc/group"), Row::Etc),
    (Is("/etc/nsswitch.conf"), Row::Etc),
    (Is("/etc/hosts"), Row::Etc),
    (Is("/etc/services"), Row::Etc),
    (Is("/etc/protocols"), Row::Etc),
    (Is("/etc/resolv.conf"), Row::Runtime),
    (Is("/etc/hostname"), Row::Runtime),
    (Is("/etc/mtab"), Row::Runtime),
    (Below("/proc"), Row::Runtime),
    (Below("/sys"), Row::Runtime),
    (Below("/dev"), Row::Runtime),
    (Is("/etc/localtime"), Row::Harmless("the time is UTC without it")),
    (Is("/etc/host.conf"), Row::Harmless("optional settings of the resolver")),
    (Is("/etc/gai.conf"), Row::Harmless("optional settings of the resolver")),
    (Is("/etc/ld.so.cache"), Row::Harmless("only for shared objects")),
    (Is("/etc/ld.so.preload"), Row::Harmless("only for shared objects")),
    (Is("/var/run/nscd/socket"), Row::Harmless("an optional cache of names")),
    (Is("/run/nscd/socket"), Row::Harmless("an optional cache of names")),
    (Below("/run/systemd"), Row::Harmless("an optional service")),
    (Below("/etc/ssl/certs"), Row::CaCerts),
    (Is("/etc/ssl/cert.pem"), Row::CaCerts),
    (Is("/usr/lib/ssl/cert.pem"), Row::CaCerts),
    (Below("/usr/lib/ssl/certs"), Row::CaCerts),
    (Below("/etc/pki/tls/certs"), Row::CaCerts),
    (Below("/usr/share/zoneinfo"), Row::Zone),
    (Below("/etc/terminfo"), Row::Terminal),
    (Below("/lib/terminfo"), Row::Terminal),
    (Below("/usr/share/terminfo"), Row::Terminal),
    (Below("/tmp"), Row::Tmp),
];

enum Row {
    Etc,
    Runtime,
    Harmless(&'static str),
    CaCerts,
    Zone,
    Terminal,
    Tmp,
}

/// What to do about one attempt. `exists` says whether a path is a readable file or directory of this machine.
pub fn remedy(attempt: &Attempt, exists: impl Fn(&Path) -> bool) -> Remedy {
    let path = Path::new(&attempt.path);
    let row = ROWS.iter().find(|(pattern, _)| match pattern {
        Is(whole) => path == Path::new(whole),
        Below(top) => path.starts_with(top),
    });
    let last = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    match row.map(|r| &r.1) {
        Some(Row::Etc) => Remedy::Part(Part::Etc),
        Some(Row::Runtime) => Remedy::Runtime,
        Some(Row::Harmless(why)) => Remedy::Harmless(why),
        Some(Row::CaCerts) => Remedy::Part(Part::CaCerts),
        Some(Row::Tmp) => Remedy::Part(Part::Tmp),
        Some(Row::Zone) => match zone(path) {
            Some(zone) if exists(path) => Remedy::Part(Part::Tzdata(Some(zone))),
            Some(_) => Remedy::Nowhere,
            None => Remedy::Part(Part::Tzdata(None)),
        },
        // A directory that is looked at, or a path such as x/xterm.
        Some(Row::Terminal) => match path.parent().and_then(Path::file_name) {
            Some(letter) if letter.len() <= 2 && last.len() > 1 => Remedy::Part(Part::Terminfo(last)),
            _ => Remedy::Harmless("a place for terminals; what is needed is named by itself"),
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
    /// What a message says behind `` `PATH` is not there: ``.
    pub fn advice(&self, path: &str) -> String {
        match self {
            Remedy::Part(part) => format!("`{}` adds it to an image", part.option()),
            Remedy::Runtime => "container runtimes put it there".into(),
            Remedy::Harmless(why) => (*why).into(),
            Remedy::Program => {
                format!("a static program for it is to be added: `--add FILE:{path}`, or one more PROGRAM")
            }
            Remedy::Writable => {
                let parent = Path::new(path).parent().unwrap_or(Path::new("/"));
                if parent == Path::new("/") {
                    return "the root is not the program's to write to: `--tmp` or `--volume DIR` makes a place".into();
                }
                format!("`--volume {}` makes a place that the program's user can write to", parent.display())
            }
            Remedy::Add => format!("`--add {path}:{path}` takes it from this machine"),
            Remedy::Nowhere => "this machine does not have it either".into(),
        }
    }
}

/// The parts that a list of attempts asks for.
pub fn parts(attempts: &[Attempt], exists: impl Fn(&Path) -> bool) -> Vec<Part> {
    let mut parts: Vec<Part> = attempts
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
        assert_eq!(on("/etc/hosts"), Remedy::Part(Part::Etc));
        assert_eq!(on("/etc/resolv.conf"), Remedy::Runtime);
        assert_eq!(on("/dev/null"), Remedy::Runtime);
        assert_eq!(on("/usr/lib/ssl/cert.pem"), Remedy::Part(Part::CaCerts));
        assert_eq!(on("/usr/share/zoneinfo/Europe/Berlin"), Remedy::Part(Part::Tzdata(Some("Europe/Berlin".into()))));
        assert_eq!(on("/usr/share/zoneinfo/Nowhere"), Remedy::Nowhere);
        assert_eq!(on("/usr/share/zoneinfo"), Remedy::Part(Part::Tzdata(None)));
        assert_eq!(on("/lib/terminfo/x/xterm"), Remedy::Part(Part::Terminfo("xterm".into())));
        assert_eq!(on("/usr/share/terminfo/78/xterm"), Remedy::Part(Part::Terminfo("xterm".into())));
        assert!(matches!(on("/etc/terminfo"), Remedy::Harmless(_)));
        assert_eq!(on("/tmp/x"), Remedy::Part(Part::Tmp));
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
        assert_eq!(parts(&all, |_| false), [Part::Etc]);
    }
}
