//! The libraries that a program contains: how dlopen and dladdr name them.

use super::definitions::ProgramInputs;
use super::module_tables::LibraryRow;
use crate::libs::ld_so::SystemLibraries;
use crate::libs::{LinkedLibrary, Provider, SearchPath, counterpart};
use crate::toolchain_libs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The memory of a converted library: its file, the symbol at its start and its size.
pub(crate) type ConvertedMemory = (PathBuf, String, u64);

/// The table of libraries.
#[derive(Debug, Default)]
pub(crate) struct LibrariesInside {
    pub rows: Vec<LibraryRow>,
    /// The row of each library of the link.
    pub of_link: Vec<Option<usize>>,
}

impl LibrariesInside {
    /// Of a link.
    pub(crate) fn of(program: &ProgramInputs, memory: &[ConvertedMemory]) -> LibrariesInside {
        let system = SystemLibraries::read();
        let mut inside = LibrariesInside::default();
        for library in &program.libraries {
            let taken = library.provider != Provider::Plugin && !program.is_own(library);
            let row = if taken { row(library, &program.path, &system, memory) } else { None };
            inside.of_link.push(row.as_ref().map(|_| inside.rows.len()));
            inside.rows.extend(row);
        }
        inside.add_toolchain_s(&system);
        inside
    }

    /// Of every glibc program.
    pub(crate) fn of_any_program() -> LibrariesInside {
        let mut inside = LibrariesInside::default();
        inside.add_toolchain_s(&SystemLibraries::read());
        inside
    }

    fn add_toolchain_s(&mut self, system: &SystemLibraries) {
        for soname in toolchain_libs::sonames_inside() {
            if self.row_of(&soname).is_none() {
                let path = system.path(&soname).map_or(soname.clone(), |p| p.to_string_lossy().into_owned());
                self.rows.push(LibraryRow { path, names: vec![soname], memory: None });
            }
        }
    }

    /// The row of a soname.
    pub(crate) fn row_of(&self, soname: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.names.iter().any(|n| n == soname))
    }
}

fn row(
    library: &LinkedLibrary,
    path: &SearchPath,
    system: &SystemLibraries,
    memory: &[ConvertedMemory],
) -> Option<LibraryRow> {
    let twin = library.twin.clone().or_else(|| Some(counterpart::shared_of(&library.path, path)?.0))?;
    let soname = library.soname.clone().or_else(|| path.needs(&twin).soname);
    let real = twin.canonicalize().ok();
    let file = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let names: BTreeSet<String> =
        soname.iter().cloned().chain(file(&twin)).chain(real.as_deref().and_then(file)).collect();
    let cached = soname.as_deref().and_then(|s| system.path(s)).filter(|c| c.canonicalize().ok() == real);
    let beside = || soname.as_ref().map(|s| twin.with_file_name(s)).filter(|p| p.exists());
    let place = cached.or_else(beside).unwrap_or(twin.clone());
    let is_it = |(shared, _, _): &&ConvertedMemory| *shared == twin || *shared == library.path;
    let memory = memory.iter().find(is_it).filter(|_| library.provider == Provider::Converted);
    Some(LibraryRow {
        path: std::path::absolute(&place).unwrap_or(place).to_string_lossy().into_owned(),
        names: names.into_iter().collect(),
        memory: memory.map(|(_, start, size)| (start.clone(), *size)),
    })
}
