//! The converters of glibc's iconv: those on this machine, and those that a program gets.
//!
//! Converters are shared objects in glibc's directory `gconv`; `gconv-modules` and `gconv-modules.d/*.conf` there list
//! conversions and names. The format is that of iconvconfig(8).

use crate::options::iconv::IconvChoice;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A conversion: one line `module FROM TO FILE [COST]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conversion {
    /// The source character set.
    pub from: String,
    /// The target character set.
    pub to: String,
    /// The file name without `.so`.
    pub file: String,
    /// Its cost.
    pub cost: u32,
}

/// The conversions of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConverterTables {
    /// The directory `gconv`.
    pub dir: PathBuf,
    /// Conversions in the order of the files.
    pub conversions: Vec<Conversion>,
    /// Alias, and the name in conversions.
    pub aliases: Vec<(String, String)>,
}

/// The intermediate character set of all conversions.
const INTERNAL: &str = "INTERNAL";

/// The converters for a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chosen {
    pub files: Vec<PathBuf>,
    pub conversions: Vec<Conversion>,
    /// Aliases for those.
    pub aliases: Vec<(String, String)>,
    /// Names that match nothing.
    pub unknown: Vec<String>,
}

impl ConverterTables {
    /// Reads the tables in the first library directory that has any.
    pub(crate) fn read(library_dirs: &[PathBuf]) -> Option<ConverterTables> {
        let dir = library_dirs.iter().map(|d| d.join("gconv")).find(|d| d.join("gconv-modules").is_file())?;
        let mut tables = ConverterTables { dir: dir.clone(), ..ConverterTables::default() };
        let mut more: Vec<PathBuf> = fs::read_dir(dir.join("gconv-modules.d"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "conf"))
            .collect();
        more.sort();
        for file in std::iter::once(dir.join("gconv-modules")).chain(more) {
            if let Ok(text) = fs::read(&file) {
                tables.parse(&String::from_utf8_lossy(&text));
            }
        }
        Some(tables)
    }

    fn parse(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("alias"), Some(from), Some(to), None) => {
                    self.aliases.push((from.to_ascii_uppercase(), to.to_ascii_uppercase()));
                }
                (Some("module"), Some(from), Some(to), Some(file)) => self.conversions.push(Conversion {
                    from: from.to_ascii_uppercase(),
                    to: to.to_ascii_uppercase(),
                    file: file.strip_suffix(".so").unwrap_or(file).to_owned(),
                    cost: words.next().and_then(|c| c.parse().ok()).unwrap_or(1),
                }),
                _ => {}
            }
        }
    }

    /// Applies a choice.
    pub(crate) fn choose(&self, choice: &IconvChoice) -> Chosen {
        let mut chosen = Chosen::default();
        let aliases: BTreeMap<&str, &str> = self.aliases.iter().map(|(f, t)| (f.as_str(), t.as_str())).collect();
        let mut files = BTreeSet::new();
        for name in &choice.names {
            let file = name.as_str();
            let name = format!("{name}//");
            let name = aliases.get(name.as_str()).copied().unwrap_or(&name);
            let of =
                self.conversions.iter().filter(|c| c.from == name || c.to == name || c.file.eq_ignore_ascii_case(file));
            let before = files.len();
            files.extend(of.map(|c| c.file.as_str()));
            let built_in = self.conversions.iter().all(|c| c.from != name && c.to != name);
            if files.len() == before && built_in && !BUILT_IN.contains(&name) {
                chosen.unknown.push(name.trim_end_matches('/').to_owned());
            }
        }
        let wanted = |c: &&Conversion| choice.all || files.contains(c.file.as_str());
        chosen.conversions = self.conversions.iter().filter(wanted).cloned().collect();
        chosen.aliases = aliases_of(&self.aliases, &chosen.conversions);
        let files: BTreeSet<&str> = chosen.conversions.iter().map(|c| c.file.as_str()).collect();
        chosen.files = files.into_iter().map(|f| self.dir.join(format!("{f}.so"))).collect();
        chosen
    }
}

/// The aliases for character sets of conversions.
fn aliases_of(aliases: &[(String, String)], conversions: &[Conversion]) -> Vec<(String, String)> {
    let names = conversions.iter().flat_map(|c| [c.from.as_str(), c.to.as_str()]);
    let kept: BTreeSet<&str> = names.filter(|n| *n != INTERNAL).collect();
    aliases.iter().filter(|(_, to)| kept.contains(to.as_str())).cloned().collect()
}

/// Character sets that glibc converts without files (iconv/gconv_builtin.h), under common names.
const BUILT_IN: [&str; 16] = [
    "ANSI_X3.4-1968//",
    "ASCII//",
    "ISO-10646//",
    "UCS-2//",
    "UCS-2BE//",
    "UCS-2LE//",
    "UCS-4//",
    "UCS-4BE//",
    "UCS-4LE//",
    "UCS2//",
    "UCS4//",
    "US-ASCII//",
    "UTF-8//",
    "UTF8//",
    "UNICODELITTLE//",
    "WCHAR_T//",
];

impl Chosen {
    /// The same without the conversions by some of its files in `dir`, and without aliases for those.
    pub(crate) fn without(&self, files: &[&Path], dir: &Path) -> Chosen {
        if files.is_empty() {
            return self.clone();
        }
        let mut chosen = self.clone();
        chosen.files.retain(|file| !files.contains(&file.as_path()));
        chosen.conversions.retain(|c| !files.contains(&dir.join(format!("{}.so", c.file)).as_path()));
        chosen.aliases = aliases_of(&self.aliases, &chosen.conversions);
        chosen
    }

    /// The tables as the code in the program reads them: NUL-terminated words; four per conversion, then an empty word,
    /// two per alias, then an empty word.
    pub(crate) fn text(&self, dir: &Path) -> Vec<u8> {
        let mut text = Vec::new();
        let mut word = |w: &str| {
            text.extend(w.bytes());
            text.push(0);
        };
        for conversion in &self.conversions {
            word(&conversion.from);
            word(&conversion.to);
            word(&dir.join(format!("{}.so", conversion.file)).to_string_lossy());
            word(&conversion.cost.to_string());
        }
        word("");
        for (from, to) in &self.aliases {
            word(from);
            word(to);
        }
        word("");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> ConverterTables {
        let mut tables = ConverterTables { dir: "/g".into(), ..ConverterTables::default() };
        tables.parse(
            "# text\nalias\tLATIN1//\t\tISO-8859-1//\nmodule\tISO-8859-1//\tINTERNAL\tISO8859-1\t1\n\
             module INTERNAL ISO-8859-1// ISO8859-1 1\nmodule IBM037// INTERNAL IBM037\nalias cp037// ibm037//\nmodule x\n",
        );
        tables
    }

    #[test]
    fn the_files_are_read_as_iconvconfig_does() {
        let tables = tables();
        assert_eq!(tables.aliases[1], ("CP037//".into(), "IBM037//".into()));
        assert_eq!(tables.conversions.len(), 3);
        assert_eq!(tables.conversions[2].cost, 1);
    }

    #[test]
    fn a_choice_is_by_any_name_of_a_character_set() {
        let tables = tables();
        let chosen = tables.choose(&IconvChoice::parse("latin1, nonsense, utf-8"));
        assert_eq!(chosen.files, [PathBuf::from("/g/ISO8859-1.so")]);
        assert_eq!(chosen.aliases.len(), 1);
        assert_eq!(chosen.unknown, ["NONSENSE"]);
        let all = tables.choose(&IconvChoice::parse("all"));
        assert_eq!(all.files.len(), 2);
        assert_eq!(all.without(&[Path::new("/g/IBM037.so")], &tables.dir), {
            Chosen { unknown: Vec::new(), ..chosen.clone() }
        });
        assert!(
            IconvChoice::parse("none").is_none()
                && IconvChoice::default().is_common()
                && !IconvChoice::parse("all").is_none()
        );
        let text = chosen.text(Path::new("/g"));
        assert!(text.starts_with(b"ISO-8859-1//\0INTERNAL\0/g/ISO8859-1.so\x001\0"));
        assert!(text.ends_with(b"1\0\0LATIN1//\0ISO-8859-1//\0\0"));
    }

    #[test]
    fn all_of_the_common_set_is_on_this_machine() {
        let dirs = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"].map(PathBuf::from);
        let chosen = ConverterTables::read(&dirs).unwrap().choose(&IconvChoice::default());
        assert_eq!(chosen.unknown, Vec::<String>::new());
        assert!(chosen.files.iter().all(|f| f.is_file()), "{:?}", chosen.files);
    }
}
