//! Fat shared objects: what is needed to link a shared object statically later travels with it.
//!
//! When a build links a shared object of its own, the object is made as asked. Then the same inputs are linked once
//! more into one relocatable object ([`relocatable`]), the symbols that the shared object does not export are made
//! local in it ([`localize`]), and the result goes, compressed, into a section of the shared object that is never
//! loaded ([`section`]). The section survives `cp`, `install` and `strip`. The link of an executable that meets such
//! a shared object takes the relocatable object in its place ([`crate::supply::store`]); what it needs itself is known from its
//! DT_NEEDED entries, as for any other.
//!
//! Measured facts behind the recipe (GNU ld 2.40): with COMDAT groups kept, a group that is thrown away for another
//! copy leaves a dangling reference to its local signature symbol, and the program crashes. So groups are dissolved
//! (`--force-group-allocation`). All exported symbols become weak: as with ld.so, the program's own definition stands
//! before a library's, and the first library's before the next one's. Constructors run in ld.so's order ([`crate::supply::load_order`]).

pub(crate) mod attach;
pub(crate) mod localize;
pub(crate) mod relocatable;
pub(crate) mod section;
