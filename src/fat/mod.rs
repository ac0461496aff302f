//! Fat shared objects: shared objects that carry what a later static link needs.
//!
//! When a build links a shared object of its own, it is linked as asked. Then the same inputs are linked again into one
//! relocatable object ([`relocatable`]), symbols that the shared object does not export become local in it
//! ([`localize`]), and the result is stored, compressed, in a section of the shared object that is never loaded
//! ([`section`]). The section survives `cp`, `install` and `strip`. A static link uses the relocatable object instead
//! of the shared one ([`crate::supply::store`]); its dependencies are its DT_NEEDED entries, as for any other.
//!
//! With COMDAT groups kept (measured with GNU ld 2.40), a group that is discarded for another copy leaves a dangling
//! reference to its local signature symbol, and the program crashes. So groups are dissolved
//! (`--force-group-allocation`). All exported symbols become weak: as with ld.so, the program's own definition takes
//! precedence over a library's, and the first library's over later ones. Constructors run in ld.so's order
//! ([`crate::supply::load_order`]).

pub(crate) mod appended;
pub(crate) mod attach;
pub(crate) mod localize;
pub(crate) mod relocatable;
pub(crate) mod run_path_section;
pub(crate) mod section;
