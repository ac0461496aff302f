//! Name services (`libnss_NAME.so.2`), and the databases that each serves.

use crate::convert::Library;
use crate::libs::library_file;
use crate::toolchain::Facts;
use std::io;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its name in nsswitch.conf.
    pub name: String,
    pub path: PathBuf,
    /// The databases that it serves.
    pub databases: Vec<&'static str>,
}

/// Database, functions of which a service must define one (as `_nss_SERVICE_FUNCTION`), and the built-in services
/// before and after.
const DATABASES: [(&str, &[&str], &str, &str); 14] = [
    ("aliases", &["getaliasbyname_r"], "files", ""),
    ("ethers", &["gethostton_r"], "files", ""),
    ("group", &["getgrnam_r", "getgrgid_r"], "files", ""),
    ("gshadow", &["getsgnam_r"], "files", ""),
    ("hosts", &["gethostbyname4_r", "gethostbyname3_r", "gethostbyname2_r", "gethostbyname_r"], "files", "dns"),
    ("initgroups", &["initgroups_dyn"], "files", ""),
    ("netgroup", &["setnetgrent"], "files", ""),
    ("networks", &["getnetbyname_r"], "files", "dns"),
    ("passwd", &["getpwnam_r", "getpwuid_r"], "files", ""),
    ("protocols", &["getprotobyname_r"], "files", ""),
    ("publickey", &["getpublickey"], "files", ""),
    ("rpc", &["getrpcbyname_r"], "files", ""),
    ("services", &["getservbyname_r"], "files", ""),
    ("shadow", &["getspnam_r"], "files", ""),
];

/// Services that libc.a has since glibc 2.34; before, they are shared objects too.
pub(crate) const OWN: [&str; 2] = ["files", "dns"];

/// Whether the services of glibc's own are shared objects.
pub(crate) fn own_are_shared(facts: &Facts) -> bool {
    facts.glibc.is_none_or(|version| version < (2, 34))
}

/// Finds the files of services.
///
/// # Errors
/// The first file that does not exist or can't be read.
pub(crate) fn find(names: &[String], library_dirs: &[PathBuf]) -> io::Result<Vec<Service>> {
    names.iter().map(|name| one(name, library_dirs)).collect()
}

fn one(name: &str, library_dirs: &[PathBuf]) -> io::Result<Service> {
    let file = format!("libnss_{name}.so.2");
    let path = library_dirs.iter().map(|d| d.join(&file)).find(|p| p.is_file() && !name.contains('/'));
    let path = path.ok_or_else(|| io::Error::other(format!("`{file}` was not found in the library directories")))?;
    let broken = |why| io::Error::other(format!("`{}`: {why}", path.display()));
    let bytes = library_file::read(&path).map_err(broken)?;
    let library = Library::read(&bytes).map_err(broken)?;
    let offers = |function: &&str| {
        let symbol = format!("_nss_{name}_{function}");
        library.symbols.iter().any(|s| s.exported() && s.name == symbol.as_bytes())
    };
    let databases = DATABASES.iter().filter(|(_, functions, ..)| functions.iter().any(&offers)).map(|d| d.0).collect();
    Ok(Service { name: name.to_owned(), path: path.clone(), databases })
}

/// The program's built-in nsswitch.conf: database and services, each NUL-terminated, then an empty word. `initgroups`
/// that no service serves is left to `group`.
pub(crate) fn pins(services: &[Service]) -> Vec<u8> {
    let mut text = Vec::new();
    for (database, _, first, last) in DATABASES {
        let asked = services.iter().filter(|s| s.databases.contains(&database)).map(|s| s.name.as_str());
        let asked = asked.filter(|name| !OWN.contains(name));
        let words: Vec<&str> = [first].into_iter().chain(asked).chain([last]).filter(|w| !w.is_empty()).collect();
        text.extend(database.bytes().chain([0]).chain(words.join(" ").bytes()).chain([0]));
    }
    text.push(0);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_stand_behind_files_and_before_dns() {
        let service = |name: &str, databases| Service { name: name.into(), path: PathBuf::new(), databases };
        let pins = pins(&[service("myhostname", vec!["hosts"]), service("systemd", vec!["passwd", "group"])]);
        let text = String::from_utf8(pins).unwrap();
        let own = super::pins(&[service("dns", vec!["hosts"]), service("files", vec!["hosts", "passwd"])]);
        let own = String::from_utf8(own).unwrap();
        assert!(own.contains("hosts\0files dns\0") && own.contains("passwd\0files\0"), "{own:?}");
        for line in
            ["hosts\0files myhostname dns\0", "passwd\0files systemd\0", "networks\0files dns\0", "rpc\0files\0"]
        {
            assert!(text.contains(line), "{text:?}");
        }
        assert!(text.ends_with("\0\0") && DATABASES.is_sorted_by_key(|d| d.0));
        assert!(find(&["nonesuch".to_owned()], &[PathBuf::from("/usr/lib")]).is_err());
    }
}
