//! Archives of what libc itself opens: iconv converters, name services. Each has one member that is extracted for the
//! functions that need it (the archive's symbol index names them), and that pulls in all others.

use super::iconv::{Chosen, ConverterTables};
use super::nss;
use crate::archive;
use crate::convert::GlibcSymbols;
use crate::convert::machine::Machine;
use crate::libs::library_file;
use crate::supply::plugins::module_tables::{self, ModuleKind};
use crate::supply::plugins::modules::{ModuleObjects, Modules};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The objects that archives are built from, cached with the repairs of a toolchain.
#[derive(Debug)]
pub(crate) struct Kit<'a> {
    pub dir: &'a Path,
    /// Library directories.
    pub library_dirs: &'a [PathBuf],
    /// glibc's symbols.
    pub libc: &'a GlibcSymbols,
    /// For a linker that prefers strong definitions in archives to weak ones that come earlier (mold).
    pub strong: bool,
}

/// The object through which iconv finds linked-in converters.
pub(crate) const ICONV: &str = "iconv.o";
/// The object that configures name services.
pub(crate) const SERVICES: &str = "services.o";
/// The object through which libc opens modules.
pub(crate) const LOADER: &str = "loader.o";
/// The object that opens modules.
pub(crate) const MODULES: &str = "modules.o";

/// Functions of libc's own that its shared object has and its archive may lack.
pub(crate) const PRIVATE: &str = "private-names.o";

/// The start-up code of converted libraries.
pub(crate) const START: &str = "converted.o";

/// The same object with strong definitions that replace libc's.
pub(crate) fn strong(object: &str) -> String {
    format!("strong-{object}")
}

/// The functions that need converters.
pub(crate) const CONVERTING: [&str; 1] = ["iconv_open"];

impl Kit<'_> {
    /// An archive of converters, and those that are left out since they can't be converted.
    ///
    /// # Errors
    /// Not one converter can be had, or an object can't be read.
    pub(crate) fn converters(&self, tables: &ConverterTables, chosen: &Chosen) -> io::Result<(Vec<u8>, Vec<LeftOut>)> {
        let mut modules = Modules::default();
        let dirs = std::slice::from_ref(&tables.dir);
        let mut left = self.take(&mut modules, &chosen.files, ModuleKind::Converter, dirs);
        let mut paths: Vec<PathBuf> = left.iter().map(|l| l.path.clone()).collect();
        let converted =
            loop {
                left.extend(modules.leave_out(&paths).into_iter().map(|(path, needed)| LeftOut {
                    path,
                    why: format!("it needs `{needed}`, which can't be converted"),
                }));
                match modules.objects(self.libc) {
                    Ok(converted) => break converted,
                    Err(refused) => {
                        paths = refused.iter().map(|(path, _)| path.clone()).collect();
                        left.extend(refused.into_iter().map(|(path, why)| LeftOut { path, why: why.to_string() }));
                    }
                }
            };
        let all_left = chosen.files.iter().all(|file| left.iter().any(|l| l.path == *file));
        if let Some(first) = left.first().filter(|_| all_left) {
            return Err(first.error());
        }
        let files: Vec<&Path> = left.iter().map(|l| l.path.as_path()).collect();
        let text = chosen.without(&files, &tables.dir).text(&tables.dir);
        let texts = ("staticcxx_conversions", &*text);
        let archive = self.archive(ICONV, &CONVERTING, converted, "staticcxx_converter_table", texts)?;
        Ok((archive, left))
    }

    /// An archive of name services.
    ///
    /// # Errors
    /// Files that do not exist, or can't be converted.
    pub(crate) fn services(&self, names: &[String], functions: &[String]) -> io::Result<Vec<u8>> {
        let found = nss::find(names, self.library_dirs)?;
        let mut modules = Modules::default();
        let files: Vec<PathBuf> = found.iter().map(|s| s.path.clone()).collect();
        if let Some(left) = self.take(&mut modules, &files, ModuleKind::NameService, self.library_dirs).first() {
            return Err(left.error());
        }
        let converted = modules.objects(self.libc).map_err(|refused| match refused.into_iter().next() {
            Some((path, why)) => LeftOut { path, why: why.to_string() }.error(),
            None => io::Error::other("name services can't be converted"),
        })?;
        let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
        let text = nss::pins(&found);
        self.archive(SERVICES, &functions, converted, "staticcxx_service_table", ("staticcxx_pins", &text))
    }

    /// Adds files and their dependencies other than glibc; returns those that can't be had.
    fn take(&self, modules: &mut Modules, files: &[PathBuf], kind: ModuleKind, dirs: &[PathBuf]) -> Vec<LeftOut> {
        let mut todo: Vec<PathBuf> = files.to_vec();
        let mut seen: BTreeSet<PathBuf> = files.iter().cloned().collect();
        let mut left = Vec::new();
        while let Some(file) = todo.pop() {
            let taken = library_file::read(&file).and_then(|bytes| modules.take_as(&file, bytes, kind, true));
            let taken = match taken {
                Ok(taken) => taken,
                Err(why) => {
                    // Without a system call's error: it is not for this time only.
                    let absent = fs::metadata(&file).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
                    let why = if absent { "it is not there".to_owned() } else { why.to_string() };
                    left.push(LeftOut { path: file, why });
                    continue;
                }
            };
            for needed in taken.needed.iter().filter(|n| !crate::toolchain_libs::is_glibc(n.as_bytes())) {
                let beside = file.parent().into_iter();
                let mut dirs = beside.chain(dirs.iter().map(PathBuf::as_path)).map(|d| d.join(needed));
                match dirs.find(|p| p.is_file()) {
                    Some(path) if seen.insert(path.clone()) => todo.push(path),
                    Some(_) => {}
                    None => {
                        let why = format!("it needs `{needed}`, which was not found");
                        left.push(LeftOut { path: file.clone(), why });
                    }
                }
            }
        }
        left
    }

    fn object(&self, name: &str) -> io::Result<Vec<u8>> {
        let replaces = self.strong && [ICONV, LOADER].contains(&name);
        fs::read(self.dir.join(if replaces { strong(name) } else { name.to_owned() }))
    }

    fn archive(
        &self,
        first: &str,
        functions: &[&str],
        (objects, rows): ModuleObjects,
        symbol: &str,
        (text_symbol, text): (&str, &[u8]),
    ) -> io::Result<Vec<u8>> {
        let broken = || io::Error::other("an archive of modules can't be written");
        let first = self.object(first)?;
        let number = first.get(18..20).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
        let machine = number.and_then(Machine::of).ok_or_else(|| io::Error::other("no modules for this machine"))?;
        let table = module_tables::modules(&rows, symbol, machine).ok_or_else(broken)?;
        let text = module_tables::text(text_symbol, text, machine).ok_or_else(broken)?;
        let mut others = vec![table, text];
        for object in [LOADER, MODULES, START, PRIVATE] {
            others.push(self.object(object)?);
        }
        others.extend(objects);
        archive::led_by(&first, functions, &others).ok_or_else(broken)
    }
}

/// A file that an archive does without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub path: PathBuf,
    pub why: String,
}

impl LeftOut {
    fn error(&self) -> io::Error {
        io::Error::other(format!("`{}` can't be converted: {}", self.path.display(), self.why))
    }

    /// One line for several files.
    pub(crate) fn line(left: &[LeftOut]) -> Option<String> {
        let first = left.first()?;
        let file = first.path.file_name().unwrap_or(first.path.as_os_str()).to_string_lossy();
        let others = match left.len() - 1 {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        Some(format!("left out: `{file}`{others}, which can't be converted: {}", first.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_in_one_line() {
        let left = |name: &str| LeftOut { path: Path::new("/g").join(name), why: "it is not an ELF file".into() };
        let line = "left out: `A.so`, which can't be converted: it is not an ELF file";
        assert_eq!(LeftOut::line(&[left("A.so")]).as_deref(), Some(line));
        assert!(LeftOut::line(&[left("A.so"), left("B.so")]).is_some_and(|l| l.contains("`A.so` (and 1 more)")));
        assert_eq!(LeftOut::line(&[]), None);
    }
}
