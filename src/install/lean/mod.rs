//! A libstdc++ of which only the part of the locale machinery is linked that a program uses.
//!
//! The first use of a stream makes every facet of the C locale, for `char` and `wchar_t` and for both ABIs of
//! `std::string`: about 200 KB that most programs never call. Here the library is two archives. In the first, the
//! objects that start locales and streams know the narrow characters and the current string ABI only. In the second are
//! the same objects in full, all of their symbols weak; one of them is linked where something refers to a wide or an
//! old-ABI symbol, and it brings the function with it that makes the wide (or old) facets and streams.
//!
//! Nothing is left out: a program that uses wide streams gets them, initialised where they would have been. Every step
//! checks that the source looks as expected; where it does not, the caller keeps the library as it was built.

mod by_use;
mod compiled;
mod objects;
mod pack;
mod source_edits;

pub(super) use pack::split;
