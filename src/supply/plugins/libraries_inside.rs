//! The libraries that a program contains: how dlopen and dladdr name them.

use super::definitions::ProgramInputs;
use super::module_tables::LibraryRow;
use crate::convert::machine::Machine;
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
    /// Of a link. `loads_libm`: the program itself would load libm.
    pub(crate) fn of(
        program: &ProgramInputs,
        loaded: &BTreeSet<usize>,
        loads_libm: bool,
        memory: &[ConvertedMemory],
        machine: &Machine,
    ) -> LibrariesInside {
        let system = SystemLibraries::read(machine.number);
        let mut inside = LibrariesInside::default();
        let mut needed = Vec::new();
        for (index, library) in program.libraries.iter().enumerate() {
            let taken = library.provider != Provider::Plugin && !program.is_own(library);
            let row = if taken { row(library, &program.path, &system, memory) } else { None };
            let row = row.map(|(row, needs)| {
                needed.push(needs);
                LibraryRow { loaded: loaded.contains(&index), ..row }
            });
            inside.of_link.push(row.as_ref().map(|_| inside.rows.len()));
            inside.rows.extend(row);
        }
        inside.add_toolchain_s(&system, machine);
        inside.add_needs(needed);
        for row in
            (0..inside.rows.len()).filter(|row| inside.rows.get(*row).is_some_and(|r| r.loaded)).collect::<Vec<_>>()
        {
            inside.load(row);
        }
        if let Some(libm) = inside.row_of("libm.so.6").filter(|_| loads_libm) {
            inside.load(libm);
        }
        inside
    }

    /// Marks a library and what it needs as loaded.
    fn load(&mut self, row: usize) {
        let needs = self.rows.get(row).map(|r| r.needs.clone()).unwrap_or_default();
        for row in needs.into_iter().chain([row]) {
            if let Some(row) = self.rows.get_mut(row) {
                row.loaded = true;
            }
        }
    }

    /// Sets what each library needs, given the sonames in each of the first ones. All of the toolchain's need libc.
    fn add_needs(&mut self, needed: Vec<Vec<String>>) {
        let libc: Vec<usize> = self.row_of("libc.so.6").into_iter().collect();
        let direct = |sonames: &Vec<String>| sonames.iter().filter_map(|soname| self.row_of(soname)).collect();
        let mut direct: Vec<Vec<usize>> = needed.iter().map(direct).collect();
        direct.resize(self.rows.len(), libc);
        for (index, row) in self.rows.iter_mut().enumerate() {
            let mut found = direct.get(index).cloned().unwrap_or_default();
            let mut at = 0;
            while let Some(next) = found.get(at).copied() {
                let further = direct.get(next).into_iter().flatten().filter(|n| !found.contains(n));
                let further: BTreeSet<usize> = further.copied().collect();
                found.extend(further);
                at += 1;
            }
            row.needs = found;
        }
    }

    /// Of every glibc program of a machine.
    pub(crate) fn of_any_program(machine: &Machine) -> LibrariesInside {
        let mut inside = LibrariesInside::default();
        inside.add_toolchain_s(&SystemLibraries::read(machine.number), machine);
        inside.add_needs(Vec::new());
        inside
    }

    fn add_toolchain_s(&mut self, system: &SystemLibraries, machine: &Machine) {
        for soname in toolchain_libs::sonames_inside(machine.loader) {
            if self.row_of(&soname).is_none() {
                let path = system.path(&soname).map_or(soname.clone(), |p| p.to_string_lossy().into_owned());
                let loaded = soname == "libc.so.6" || soname.starts_with("ld-");
                self.rows.push(LibraryRow { path, names: vec![soname], loaded, ..LibraryRow::default() });
            }
        }
    }

    /// The row of a soname.
    pub(crate) fn row_of(&self, soname: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.names.iter().any(|n| n == soname))
    }
}

/// The row of a library, and the sonames of what it needs.
fn row(
    library: &LinkedLibrary,
    path: &SearchPath,
    system: &SystemLibraries,
    memory: &[ConvertedMemory],
) -> Option<(LibraryRow, Vec<String>)> {
    let twin = library.twin.clone().or_else(|| Some(counterpart::shared_of(&library.path, path)?.0))?;
    let needs = path.needs(&twin);
    let soname = library.soname.clone().or(needs.soname);
    let real = twin.canonicalize().ok();
    let file = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let names: BTreeSet<String> =
        soname.iter().cloned().chain(file(&twin)).chain(real.as_deref().and_then(file)).collect();
    let cached = soname.as_deref().and_then(|s| system.path(s)).filter(|c| c.canonicalize().ok() == real);
    let beside = || soname.as_ref().map(|s| twin.with_file_name(s)).filter(|p| p.exists());
    let place = cached.or_else(beside).unwrap_or(twin.clone());
    let is_it = |(shared, _, _): &&ConvertedMemory| *shared == twin || *shared == library.path;
    let memory = memory.iter().find(is_it).filter(|_| library.provider == Provider::Converted);
    let row = LibraryRow {
        path: std::path::absolute(&place).unwrap_or(place).to_string_lossy().into_owned(),
        names: names.into_iter().collect(),
        memory: memory.map(|(_, start, size)| (start.clone(), *size)),
        ..LibraryRow::default()
    };
    Some((row, needs.needed))
}
