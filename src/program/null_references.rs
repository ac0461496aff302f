//! Weak references that ld.so leaves null in a program, because nothing that is loaded with it defines them: a static libc
//! or GCC's unwinder might (`__register_frame_info` is what start files of compiler-rt look for).

use crate::convert::{Library, NullNames};
use crate::libs::inputs;
use crate::libs::ld_so::{LoadList, LoadedObject};
use crate::parallel::in_parallel;

/// The names of all such references of a program and its libraries; none where one of the libraries can't be read, whose
/// definitions are not known then.
pub(crate) fn of(program: &Library<'_>, found: &LoadList) -> NullNames {
    let mut names: NullNames = weak(program).collect();
    let each = |found: &[LoadedObject], at: &(dyn Fn(&Library<'_>) -> Vec<Vec<u8>> + Sync)| {
        let read =
            |loaded: &LoadedObject| inputs::look(&loaded.path, |bytes| Some(at(&Library::read(bytes).ok()?))).flatten();
        in_parallel(found, read).into_iter().collect::<Option<Vec<_>>>()
    };
    let Some(wanted) = each(&found.loaded, &|library| weak(library).collect()) else { return NullNames::new() };
    names.extend(wanted.into_iter().flatten());
    // Of any version: a reference without one takes the first there is.
    let defined = |library: &Library<'_>| {
        let among = library.symbols.iter().filter(|s| s.exported() && names.contains(s.name));
        among.map(|s| s.name.to_vec()).collect()
    };
    let defined_in_libraries = each(&found.loaded, &defined);
    let Some(by_libraries) = defined_in_libraries else { return NullNames::new() };
    for name in by_libraries.into_iter().flatten().chain(defined(program)) {
        names.remove(&name);
    }
    names
}

fn weak(library: &Library<'_>) -> impl Iterator<Item = Vec<u8>> {
    library.symbols.iter().filter(|s| s.may_be_null()).map(|s| s.name.to_vec())
}
