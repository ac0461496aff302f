//! Archives of what libc itself opens: iconv converters, name services. Each has one member that is extracted for the
//! functions that need it (the archive's symbol index names them), and that pulls in all others.

use super::iconv::{Chosen, ConverterTables};
use super::nss;
use crate::archive;
use crate::convert::machine::Machine;
use crate::convert::{GlibcSymbols, Refusal};
use crate::libs::library_file;
use crate::supply::plugins::module_tables::{self, ModuleKind};
use crate::supply::plugins::modules::Modules;
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

/// The start-up code of converted libraries.
pub(crate) const START: &str = "converted.o";

/// The same object with strong definitions that replace libc's.
pub(crate) fn strong(object: &str) -> String {
    format!("strong-{object}")
}

/// The functions that need converters.
pub(crate) const CONVERTING: [&str; 1] = ["iconv_open"];

impl Kit<'_> {
    /// An archive of converters.
    ///
    /// # Errors
    /// Files that can't be read or converted.
    pub(crate) fn converters(&self, tables: &ConverterTables, chosen: &Chosen) -> io::Result<Vec<u8>> {
        let mut modules = Modules::default();
        self.take(&mut modules, &chosen.files, ModuleKind::Converter, std::slice::from_ref(&tables.dir))?;
        let text = chosen.text(&tables.dir);
        self.archive(ICONV, &CONVERTING, &modules, "staticcxx_converter_table", ("staticcxx_conversions", &text))
    }

    /// An archive of name services.
    ///
    /// # Errors
    /// Files that do not exist, or can't be converted.
    pub(crate) fn services(&self, names: &[String], functions: &[String]) -> io::Result<Vec<u8>> {
        let found = nss::find(names, self.library_dirs)?;
        let mut modules = Modules::default();
        let files: Vec<PathBuf> = found.iter().map(|s| s.path.clone()).collect();
        self.take(&mut modules, &files, ModuleKind::NameService, self.library_dirs)?;
        let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
        let text = nss::pins(&found);
        self.archive(SERVICES, &functions, &modules, "staticcxx_service_table", ("staticcxx_pins", &text))
    }

    /// Adds files and their dependencies other than glibc.
    fn take(&self, modules: &mut Modules, files: &[PathBuf], kind: ModuleKind, dirs: &[PathBuf]) -> io::Result<()> {
        let mut todo: Vec<PathBuf> = files.to_vec();
        let mut seen: BTreeSet<PathBuf> = files.iter().cloned().collect();
        while let Some(file) = todo.pop() {
            let taken = library_file::read(&file)
                .and_then(|bytes| modules.take_as(&file, bytes, kind, true))
                .map_err(|why| refused(&file, &why))?;
            for needed in taken.needed.iter().filter(|n| !crate::toolchain_libs::is_glibc(n.as_bytes())) {
                let beside = file.parent().into_iter();
                let mut dirs = beside.chain(dirs.iter().map(PathBuf::as_path)).map(|d| d.join(needed));
                let path = dirs.find(|p| p.is_file()).ok_or_else(|| {
                    io::Error::other(format!("`{}` needs `{needed}`, which was not found", file.display()))
                })?;
                if seen.insert(path.clone()) {
                    todo.push(path);
                }
            }
        }
        Ok(())
    }

    fn object(&self, name: &str) -> io::Result<Vec<u8>> {
        let replaces = self.strong && [ICONV, LOADER].contains(&name);
        fs::read(self.dir.join(if replaces { strong(name) } else { name.to_owned() }))
    }

    fn archive(
        &self,
        first: &str,
        functions: &[&str],
        modules: &Modules,
        symbol: &str,
        (text_symbol, text): (&str, &[u8]),
    ) -> io::Result<Vec<u8>> {
        let (objects, rows) = modules.objects(self.libc).map_err(|(path, why)| refused(&path, &why))?;
        let machine = Machine::of(62).ok_or_else(|| io::Error::other("no modules for this machine"))?;
        let broken = || io::Error::other("an archive of modules can't be written");
        let table = module_tables::modules(&rows, symbol, machine).ok_or_else(broken)?;
        let text = module_tables::text(text_symbol, text, machine).ok_or_else(broken)?;
        let first = self.object(first)?;
        let mut others = vec![table, text];
        for object in [LOADER, MODULES, START] {
            others.push(self.object(object)?);
        }
        others.extend(objects);
        archive::led_by(&first, functions, &others).ok_or_else(broken)
    }
}

fn refused(path: &Path, why: &Refusal) -> io::Error {
    io::Error::other(format!("`{}` can't be converted: {why}", path.display()))
}
