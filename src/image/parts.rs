//! What most images need besides their programs, one option each.

use crate::rootfs::tree::{DIRECTORY, FileContent, FileTree, Node, TreeError};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ImagePart {
    /// `--etc`: passwd, group, nsswitch.conf, hosts, services, protocols.
    Etc,
    /// `--ca-certs`: the bundle of certificate authorities, where each TLS library looks for it.
    CaCerts,
    /// `--tzdata`: all time zones, or `--tzdata=ZONE` one.
    Tzdata(Option<String>),
    /// `--terminfo NAME`: the description of a terminal.
    Terminfo(String),
    /// `--tmp`: /tmp, writable by everyone.
    Tmp,
}

impl ImagePart {
    /// The option that adds it.
    pub(crate) fn option(&self) -> String {
        match self {
            ImagePart::Etc => "--etc".into(),
            ImagePart::CaCerts => "--ca-certs".into(),
            ImagePart::Tzdata(None) => "--tzdata".into(),
            ImagePart::Tzdata(Some(zone)) => format!("--tzdata={zone}"),
            ImagePart::Terminfo(name) => format!("--terminfo {name}"),
            ImagePart::Tmp => "--tmp".into(),
        }
    }
}

/// A part that this machine can't give.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartError {
    /// None of the files is there.
    #[error("{what} for `{option}` was not found on this machine: looked for {looked}")]
    NotHere {
        what: String,
        option: String,
        /// Where it was looked for.
        looked: String,
        install: &'static str,
    },
    /// A name that is no time zone or terminal.
    #[error("`{name}` is not the name of a {what}")]
    BadName { name: String, what: &'static str },
    /// It does not fit into the image.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Where on this machine the parts are looked for.
#[derive(Debug, Clone)]
pub(crate) struct PartSources {
    /// Bundles of certificate authorities in PEM, the first that exists counts.
    pub ca_bundles: Vec<PathBuf>,
    /// The directory of time zones.
    pub zoneinfo: PathBuf,
    /// Directories of terminal descriptions.
    pub terminfo: Vec<PathBuf>,
}

impl PartSources {
    /// The usual places; `bundle` (SSL_CERT_FILE) before the usual ones.
    pub(crate) fn usual(bundle: Option<&Path>) -> PartSources {
        let bundles = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ];
        PartSources {
            ca_bundles: bundle.into_iter().map(Path::to_owned).chain(bundles.map(PathBuf::from)).collect(),
            zoneinfo: "/usr/share/zoneinfo".into(),
            terminfo: ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"].map(PathBuf::from).into(),
        }
    }

    /// Puts a part into a tree.
    ///
    /// # Errors
    /// What this machine does not have, and names that are none.
    pub(crate) fn put(&self, part: &ImagePart, tree: &mut FileTree) -> Result<(), PartError> {
        match part {
            ImagePart::Etc => etc(tree)?,
            ImagePart::Tmp => tree.put(Path::new("/tmp"), Node::Directory { mode: 0o1777, owner: 0 }, "`--tmp`")?,
            ImagePart::CaCerts => self.certificates(tree)?,
            ImagePart::Tzdata(zone) => self.time_zones(zone.as_deref(), tree)?,
            ImagePart::Terminfo(name) => self.terminal(name, tree)?,
        }
        Ok(())
    }

    fn certificates(&self, tree: &mut FileTree) -> Result<(), PartError> {
        let bundle = self.ca_bundles.iter().find(|p| p.is_file());
        let Some(bundle) = bundle else {
            return Err(PartError::NotHere {
                what: "a bundle of certificate authorities".into(),
                option: ImagePart::CaCerts.option(),
                looked: shown(&self.ca_bundles),
                install: "install `ca-certificates`, or name a bundle in `SSL_CERT_FILE`",
            });
        };
        let io = |error| TreeError::Io { path: bundle.clone(), error };
        let len = fs::metadata(bundle).map_err(io)?.len();
        let file = Node::File { content: FileContent::File(bundle.clone(), len), executable: false };
        tree.put(Path::new("/etc/ssl/certs/ca-certificates.crt"), file, "`--ca-certs`")?;
        // OpenSSL, BoringSSL and LibreSSL by their usual directories, curl and Go by those of other distributions.
        for (link, target) in [
            ("/etc/ssl/cert.pem", "certs/ca-certificates.crt"),
            ("/usr/lib/ssl/cert.pem", "../../../etc/ssl/certs/ca-certificates.crt"),
            ("/usr/lib/ssl/certs", "../../../etc/ssl/certs"),
            ("/etc/pki/tls/certs/ca-bundle.crt", "../../../ssl/certs/ca-certificates.crt"),
        ] {
            tree.put(Path::new(link), Node::Link { target: target.into() }, "`--ca-certs`")?;
        }
        Ok(())
    }

    fn time_zones(&self, zone: Option<&str>, tree: &mut FileTree) -> Result<(), PartError> {
        let missing = |what: String, looked: &Path| PartError::NotHere {
            what,
            option: ImagePart::Tzdata(zone.map(str::to_owned)).option(),
            looked: format!("`{}`", looked.display()),
            install: "install `tzdata`",
        };
        let to = Path::new("/usr/share/zoneinfo");
        if let Some(zone) = zone {
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
            if zone.is_empty() || zone.starts_with('/') || !zone.bytes().all(safe) {
                return Err(PartError::BadName { name: zone.into(), what: "time zone" });
            }
            let file = self.zoneinfo.join(zone);
            if !file.is_file() {
                return Err(missing(format!("the time zone `{zone}`"), &file));
            }
            tree.add(&file, &to.join(zone))?;
            return Ok(());
        }
        if !self.zoneinfo.is_dir() {
            return Err(missing("time zones".into(), &self.zoneinfo));
        }
        self.add_zones(&self.zoneinfo, tree, to)
    }

    /// All zones under their plain names. `posix` and `right` are duplicates, other files are documentation; links
    /// become what they lead to, since on some machines they lead out of the directory.
    fn add_zones(&self, directory: &Path, tree: &mut FileTree, to: &Path) -> Result<(), PartError> {
        let io = |error| TreeError::Io { path: directory.to_owned(), error };
        for entry in fs::read_dir(directory).map_err(io)? {
            let entry = entry.map_err(io)?;
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                if name != "posix" && name != "right" {
                    self.add_zones(&path, tree, &to.join(name))?;
                }
            } else if is_zone(&path) || name == "tzdata.zi" || name == "zone1970.tab" || name == "leap-seconds.list" {
                tree.add(&path, &to.join(name))?;
            }
        }
        Ok(())
    }

    fn terminal(&self, name: &str, tree: &mut FileTree) -> Result<(), PartError> {
        let safe = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
        let Some(first) = name.chars().next().filter(|c| name.bytes().all(safe) && c.is_ascii_alphanumeric()) else {
            return Err(PartError::BadName { name: name.into(), what: "terminal" });
        };
        // Most systems sort by the first letter, some by its number.
        let places = [first.to_string(), format!("{:x}", u32::from(first))];
        let files = self.terminfo.iter().flat_map(|d| places.iter().map(move |p| d.join(p).join(name)));
        let Some(file) = files.into_iter().find(|f| f.is_file()) else {
            return Err(PartError::NotHere {
                what: format!("the terminal `{name}`"),
                option: ImagePart::Terminfo(name.into()).option(),
                looked: shown(&self.terminfo),
                install: "install `ncurses-base` or `ncurses-term`",
            });
        };
        tree.add(&file, &Path::new("/usr/share/terminfo").join(first.to_string()).join(name))?;
        Ok(())
    }
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ")
}

fn is_zone(path: &Path) -> bool {
    let mut magic = [0; 4];
    fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut magic)).is_ok() && &magic == b"TZif"
}

/// The files of [`ImagePart::Etc`], the same on every machine.
const ETC: [(&str, &str); 6] = [
    ("/etc/group", include_str!("etc/group")),
    ("/etc/hosts", include_str!("etc/hosts")),
    ("/etc/nsswitch.conf", include_str!("etc/nsswitch.conf")),
    ("/etc/passwd", include_str!("etc/passwd")),
    ("/etc/protocols", include_str!("etc/protocols")),
    ("/etc/services", include_str!("etc/services")),
];

/// Puts them into a tree.
///
/// # Errors
/// Paths that are taken.
pub(crate) fn etc(tree: &mut FileTree) -> Result<(), TreeError> {
    for (path, text) in ETC {
        let content = FileContent::Bytes(Cow::Borrowed(text.as_bytes()));
        tree.put(Path::new(path), Node::File { content, executable: false }, "`--etc`")?;
    }
    tree.put(Path::new("/home/nonroot"), Node::Directory { mode: 0o755, owner: crate::sandbox::NONROOT }, "`--etc`")?;
    tree.put(Path::new("/root"), DIRECTORY, "`--etc`")
}

/// The number of a user: itself, or what [`ImagePart::Etc`] says for a name.
pub(crate) fn uid(user: &str) -> Option<u32> {
    let line = include_str!("etc/passwd").lines().find(|l| l.split(':').next() == Some(user));
    user.parse().ok().or_else(|| line?.split(':').nth(2)?.parse().ok())
}

/// Whether [`ImagePart::Etc`] knows a user or group of this name.
pub(crate) fn knows(file: &str, name: &str) -> bool {
    let text = ETC.iter().find(|e| e.0 == file).map_or("", |e| e.1);
    text.lines().any(|l| l.split(':').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etc_names_who_images_run_as() {
        assert!(knows("/etc/passwd", "nonroot") && knows("/etc/group", "nonroot") && !knows("/etc/passwd", "bob"));
        assert_eq!([uid("root"), uid("nobody"), uid("7"), uid("bob")], [Some(0), Some(65534), Some(7), None]);
        let mut tree = FileTree::default();
        etc(&mut tree).unwrap();
        for (path, _) in ETC {
            assert!(tree.get(Path::new(path)).is_some(), "{path}");
        }
        let fields = include_str!("etc/passwd").lines().all(|l| l.split(':').count() == 7);
        assert!(fields && include_str!("etc/group").lines().all(|l| l.split(':').count() == 4));
        let service = |l: &str| l.split('\t').nth(1).is_some_and(|p| p.contains('/'));
        assert!(include_str!("etc/services").lines().all(service));
    }

    #[test]
    fn a_part_that_is_not_here_says_what_to_install() {
        let dir = tempfile::tempdir().unwrap();
        let nowhere = dir.path().join("none");
        let sources = PartSources {
            ca_bundles: vec![nowhere.clone()],
            zoneinfo: nowhere.clone(),
            terminfo: vec![nowhere.clone()],
        };
        for part in [
            ImagePart::CaCerts,
            ImagePart::Tzdata(None),
            ImagePart::Tzdata(Some("UTC".into())),
            ImagePart::Terminfo("vt100".into()),
        ] {
            let e = sources.put(&part, &mut FileTree::default()).unwrap_err();
            assert!(e.to_string().contains(&part.option()) && e.to_string().contains("none"), "{e}");
        }
        for bad in [ImagePart::Tzdata(Some("../../etc/shadow".into())), ImagePart::Terminfo("../x".into())] {
            let e = sources.put(&bad, &mut FileTree::default()).unwrap_err();
            assert!(matches!(e, PartError::BadName { .. }), "{e}");
        }
    }
}
