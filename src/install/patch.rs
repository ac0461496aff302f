//! Patches for libstdc++'s sources: a table of replacements, each checked to fit.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// One change, made as a whole or not at all.
struct Patch {
    /// What it is for, for the log.
    why: &'static str,
    /// Its edits for different versions: the first way that fits is taken.
    ways: &'static [&'static [PatchEdit]],
}

/// An edit of one file.
struct PatchEdit {
    /// The file, below the top of the sources.
    file: &'static str,
    /// Where, exactly once in the file.
    old: &'static str,
    /// What comes in its place.
    new: fn() -> String,
}

const C_LOCALE: &str = "libstdc++-v3/config/locale/generic/c_locale.cc";
const TERMINATE: &str = "libstdc++-v3/libsupc++/vterminate.cc";
const THREAD_H: &str = "libstdc++-v3/include/bits/std_thread.h";
const THREAD_CC: &str = "libstdc++-v3/src/c++11/thread.cc";

/// The patches. If one does not fit, the library is built without it, and the manifest says so.
const PATCHES: [Patch; 6] = [
    Patch {
        why: "threads are found through weak symbols, which a static program may be without although it has threads",
        ways: &[&[PatchEdit {
            file: "libgcc/gthr.h",
            old: "#ifndef GTHREAD_USE_WEAK\n#define GTHREAD_USE_WEAK 1\n",
            new: || "#ifndef GTHREAD_USE_WEAK\n#define GTHREAD_USE_WEAK 0\n".into(),
        }]],
    },
    Patch {
        why: "ctype<char>::classic_table() of the generic system answers NULL, and tables made from it crash",
        ways: &[&[PatchEdit {
            file: "libstdc++-v3/config/os/generic/ctype_configure_char.cc",
            old: "  ctype<char>::classic_table() throw()\n  { return 0; }",
            new: || {
                format!(
                    "  ctype<char>::classic_table() throw()\n  {{\n    static const ctype_base::mask table[256] = {{\n{}    }};\n    return table;\n  }}",
                    ctype_table()
                )
            },
        }]],
    },
    Patch {
        why: "std::locale(\"\") throws for every locale but \"C\"; musl's other locales are all UTF-8",
        ways: &[&[
            PatchEdit {
                file: C_LOCALE,
                old: "    if (strcmp(__s, \"C\"))\n",
                new: || "    if (!__staticcxx_locale(__s))\n".into(),
            },
            PatchEdit {
                file: C_LOCALE,
                old: "  void\n  locale::facet::_S_create_c_locale(",
                new: || KNOWN_LOCALE.to_owned() + "  void\n  locale::facet::_S_create_c_locale(",
            },
        ]],
    },
    Patch {
        why: "every program has the demangler in it, 28 KB for one line that a crash may print",
        ways: &[&[
            PatchEdit {
                file: TERMINATE,
                old: "  // A replacement for the standard terminate_handler",
                new: || PLAIN_NAMES.to_owned() + "  // A replacement for the standard terminate_handler",
            },
            PatchEdit {
                file: TERMINATE,
                old: "\t  dem = __cxa_demangle(name, 0, 0, &status);\n",
                new: || "\t  if (__cxa_demangle)\n\t    dem = __cxa_demangle(name, 0, 0, &status);\n".into(),
            },
            PatchEdit {
                file: TERMINATE,
                old: "\t  else\n\t    fputs(name, stderr);\n",
                new: || "\t  else if (!__staticcxx_print_plain(name))\n\t    fputs(name, stderr);\n".into(),
            },
            // Before its declaration, which is in a namespace.
            PatchEdit {
                file: TERMINATE,
                old: "#include <cxxabi.h>\n",
                new: || "#pragma weak __cxa_demangle\n#include <cxxabi.h>\n".into(),
            },
            PatchEdit {
                file: TERMINATE,
                old: "# include <cstdio>\n",
                new: || "# include <cstdio>\n# include <cstring>\n".into(),
            },
        ]],
    },
    Patch {
        why: "a program that starts a thread calls operator new for the library's own state, as if it allocated itself",
        ways: &[THREAD_EDITS_SINCE_11, THREAD_EDITS_BEFORE_11],
    },
    Patch {
        why: "a program in C++20, whose strings are instantiated in itself, calls operator new, as if it allocated itself",
        ways: &[STRING_EDITS_SINCE_13, STRING_EDITS_BEFORE_13],
    },
];

/// GCC 13 and newer have one function that allocates for strings.
const STRING_EDITS_SINCE_13: &[PatchEdit] = &[
    PatchEdit {
        file: STRING_H,
        old: "\tpointer __p = _Alloc_traits::allocate(__a, __n);\n",
        new: || in_the_library("__n") + "\tpointer __p = _Alloc_traits::allocate(__a, __n);\n",
    },
    PatchEdit { file: STRING_H, old: STRING_INCLUDE, new: string_declaration },
    PatchEdit { file: FUNCTEXCEPT, old: "#include <typeinfo>\n", new: string_function },
];

const STRING_EDITS_BEFORE_13: &[PatchEdit] = &[
    PatchEdit {
        file: "libstdc++-v3/include/bits/basic_string.tcc",
        old: "      return _Alloc_traits::allocate(_M_get_allocator(), __capacity + 1);\n",
        new: || {
            in_the_library("(__capacity + 1)")
                + "      return _Alloc_traits::allocate(_M_get_allocator(), __capacity + 1);\n"
        },
    },
    PatchEdit { file: STRING_H, old: STRING_INCLUDE, new: string_declaration },
    PatchEdit { file: FUNCTEXCEPT, old: "#include <typeinfo>\n", new: string_function },
];

const STRING_H: &str = "libstdc++-v3/include/bits/basic_string.h";
const STRING_INCLUDE: &str = "#include <ext/alloc_traits.h>\n";
/// Part of every program with strings.
const FUNCTEXCEPT: &str = "libstdc++-v3/src/c++11/functexcept.cc";

/// The allocation of so many characters at run time, for strings with the usual allocator. `__cplusplus` of C++20 is 201709
/// with GCC 10.
fn in_the_library(count: &str) -> String {
    format!(
        "#if __cplusplus > 201703L\n\tif constexpr (is_same<_Alloc, allocator<_CharT>>::value)\n\t  \
         if (!__builtin_is_constant_evaluated())\n\t    \
         return static_cast<_CharT*>(std::__staticcxx_string_new({count} * sizeof(_CharT)));\n#endif\n"
    )
}

fn string_declaration() -> String {
    STRING_INCLUDE.to_owned() + "namespace std { _GLIBCXX_NODISCARD void* __staticcxx_string_new(__SIZE_TYPE__); }\n"
}

fn string_function() -> String {
    "#include <typeinfo>\nnamespace std { void* __staticcxx_string_new(__SIZE_TYPE__ __n) { return ::operator new(__n); } }\n"
        .into()
}

/// GCC 11 and newer have `std::thread` in a header of its own.
const THREAD_EDITS_SINCE_11: &[PatchEdit] = &[
    PatchEdit { file: THREAD_H, old: THREAD_STATE_BEFORE, new: thread_state },
    PatchEdit {
        file: THREAD_H,
        old: "#include <bits/unique_ptr.h>",
        new: || "#include <new>\n#include <bits/unique_ptr.h>".into(),
    },
    PatchEdit { file: THREAD_CC, old: THREAD_STATE_END, new: thread_state_functions },
];

const THREAD_EDITS_BEFORE_11: &[PatchEdit] = &[
    PatchEdit { file: "libstdc++-v3/include/std/thread", old: THREAD_STATE_BEFORE, new: thread_state },
    PatchEdit { file: THREAD_CC, old: THREAD_STATE_END, new: thread_state_functions },
];

const THREAD_STATE_BEFORE: &str =
    "      virtual ~_State();\n      virtual void _M_run() = 0;\n    };\n    using _State_ptr";

fn thread_state() -> String {
    THREAD_STATE.to_owned() + "    using _State_ptr"
}

const THREAD_STATE_END: &str = "  thread::_State::~_State() = default;\n";

/// The functions that `THREAD_STATE` declares.
fn thread_state_functions() -> String {
    THREAD_STATE_END.to_owned()
        + r#"
  void*
  thread::_State::operator new(size_t __n)
  { return ::operator new(__n); }

  void
  thread::_State::operator delete(void* __p)
  { ::operator delete(__p); }
"#
}

/// Which names are locales: `C`, `POSIX`, and everything in UTF-8. Composed names are taken apart by `locale` itself.
const KNOWN_LOCALE: &str = r#"  static bool
  __staticcxx_locale(const char* __s)
  {
    if (!strcmp(__s, "C") || !strcmp(__s, "POSIX"))
      return true;
    const char* __codeset = strchr(__s, '.');
    if (!__codeset || __codeset == __s)
      return false;
    static const char* const __utf8[] = { "UTF-8", "utf-8", "UTF8", "utf8" };
    for (unsigned __i = 0; __i < 4; ++__i)
      {
	const size_t __n = strlen(__utf8[__i]);
	if (!strncmp(__codeset + 1, __utf8[__i], __n)
	    && (!__codeset[1 + __n] || __codeset[1 + __n] == '@'))
	  return true;
      }
    return false;
  }

"#;

/// Prints the names of classes that are no templates, as most exceptions are. The demangler still does it where the
/// program has it anyway.
const PLAIN_NAMES: &str = r#"  static bool
  __staticcxx_print_plain(const char* __name)
  {
    for (int __print = 0; __print < 2; ++__print)
      {
	const char* __p = __name;
	const bool __nested = *__p == 'N';
	bool __more = false;
	if (__nested)
	  ++__p;
	if (__p[0] == 'S' && __p[1] == 't')
	  {
	    __p += 2;
	    __more = true;
	    if (__print)
	      fputs("std", stderr);
	  }
	do
	  {
	    size_t __n = 0;
	    while (*__p >= '0' && *__p <= '9' && __n < 10000)
	      __n = __n * 10 + (*__p++ - '0');
	    if (!__n || strnlen(__p, __n) < __n)
	      return false;
	    if (__print)
	      {
		if (__more)
		  fputs("::", stderr);
		fwrite(__p, 1, __n, stderr);
	      }
	    __more = true;
	    __p += __n;
	  }
	while (__nested && *__p >= '0' && *__p <= '9');
	if (__nested && *__p++ != 'E')
	  return false;
	if (*__p)
	  return false;
      }
    return true;
  }

"#;

/// A thread's state with allocation functions of its own, in the library.
const THREAD_STATE: &str = r#"      virtual ~_State();
      virtual void _M_run() = 0;
      static void* operator new(size_t);
      static void operator delete(void*);
#if __cpp_aligned_new
      static void* operator new(size_t __n, align_val_t __a)
      { return ::operator new(__n, __a); }
      static void operator delete(void* __p, align_val_t __a)
      { ::operator delete(__p, __a); }
#endif
    };
"#;

/// What became of the patches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Patched {
    /// Why of those that were applied.
    pub applied: Vec<&'static str>,
    /// Files of those that do not fit this version.
    pub unfit: Vec<&'static str>,
}

/// Applies the patches that fit.
///
/// # Errors
/// A file that can't be read or written.
pub(crate) fn apply(source: &Path) -> io::Result<Patched> {
    let mut done = Patched::default();
    for patch in &PATCHES {
        match edited(source, patch)? {
            Ok(files) => {
                for (file, text) in files {
                    fs::write(source.join(file), text)?;
                }
                done.applied.push(patch.why);
            }
            Err(file) => done.unfit.push(file),
        }
    }
    Ok(done)
}

/// The new texts of a patch's files, or the file that is not as the first way expects it.
fn edited(source: &Path, patch: &Patch) -> io::Result<Edited> {
    let mut first = None;
    for way in patch.ways {
        match edited_so(source, way)? {
            Ok(files) => return Ok(Ok(files)),
            Err(file) => first = first.or(Some(file)),
        }
    }
    Ok(first.map_or_else(|| Ok(BTreeMap::new()), Err))
}

type Edited = Result<BTreeMap<&'static str, String>, &'static str>;

/// The new texts of the files of one way, or the file that is not as expected.
fn edited_so(source: &Path, edits: &[PatchEdit]) -> io::Result<Edited> {
    let mut files = BTreeMap::new();
    for edit in edits {
        let text: &mut String = match files.entry(edit.file) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match fs::read_to_string(source.join(edit.file)) {
                Ok(text) => new.insert(text),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Err(edit.file)),
                Err(e) => return Err(e),
            },
        };
        let new = (edit.new)();
        if text.contains(&new) {
            continue;
        }
        if text.matches(edit.old).count() != 1 {
            return Ok(Err(edit.file));
        }
        *text = text.replacen(edit.old, &new, 1);
    }
    Ok(Ok(files))
}

/// The C locale's classes of each byte, by the names of `ctype_base`.
fn ctype_table() -> String {
    let mut text = String::new();
    for byte in 0..=255u8 {
        let classes: [(&str, bool); 9] = [
            ("upper", byte.is_ascii_uppercase()),
            ("lower", byte.is_ascii_lowercase()),
            ("alpha", byte.is_ascii_alphabetic()),
            ("digit", byte.is_ascii_digit()),
            ("xdigit", byte.is_ascii_hexdigit()),
            ("space", byte.is_ascii_whitespace() || byte == 0x0b),
            ("print", (0x20..0x7f).contains(&byte)),
            ("cntrl", byte.is_ascii_control()),
            ("punct", byte.is_ascii_punctuation()),
        ];
        let blank = (b" \t".contains(&byte)).then(|| "ctype_base::blank".to_owned());
        let set: Vec<String> =
            classes.iter().filter(|c| c.1).map(|c| format!("ctype_base::{}", c.0)).chain(blank).collect();
        let value = if set.is_empty() { "0".to_owned() } else { set.join(" | ") };
        // Writing to a String can't fail.
        let _ = writeln!(text, "      {value},");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_the_c_locale() {
        let table = ctype_table();
        let lines: Vec<&str> = table.lines().map(str::trim).collect();
        assert_eq!(lines.len(), 256);
        assert_eq!(
            lines[usize::from(b'A')],
            "ctype_base::upper | ctype_base::alpha | ctype_base::xdigit | ctype_base::print,"
        );
        assert_eq!(lines[usize::from(b' ')], "ctype_base::space | ctype_base::print | ctype_base::blank,");
        assert_eq!(lines[0x7f], "ctype_base::cntrl,");
        assert_eq!(lines[0x80], "0,");
    }

    /// The files of all patches, with nothing in them but what is looked for.
    fn sources(dir: &Path) {
        for edit in PATCHES.iter().filter_map(|p| p.ways.first().copied()).flatten() {
            let path = dir.join(edit.file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let before = fs::read_to_string(&path).unwrap_or_default();
            fs::write(path, format!("{before}{}\n", edit.old)).unwrap();
        }
    }

    #[test]
    fn a_patch_is_applied_whole_or_not_at_all() {
        let t = tempfile::tempdir().unwrap();
        sources(t.path());
        fs::write(t.path().join(THREAD_CC), "something else").unwrap();
        let before = fs::read_to_string(t.path().join(THREAD_H)).unwrap();
        let done = apply(t.path()).unwrap();
        assert_eq!((done.applied.len(), done.unfit.as_slice()), (5, [THREAD_CC].as_slice()));
        assert_eq!(fs::read_to_string(t.path().join(THREAD_H)).unwrap(), before);
        fs::remove_file(t.path().join(THREAD_H)).unwrap();
        assert_eq!(apply(t.path()).unwrap().unfit, [THREAD_H]);
    }

    #[test]
    fn applying_twice_is_applying_once() {
        let t = tempfile::tempdir().unwrap();
        sources(t.path());
        let first = apply(t.path()).unwrap();
        assert!(first.unfit.is_empty(), "{first:?}");
        let read = || fs::read_to_string(t.path().join(C_LOCALE)).unwrap();
        let once = read();
        assert!(once.contains("static bool") && once.contains("if (!__staticcxx_locale"), "{once}");
        assert_eq!((once, first), (read(), apply(t.path()).unwrap()));
    }

    #[test]
    fn the_way_of_the_version_is_taken() {
        let t = tempfile::tempdir().unwrap();
        sources(t.path());
        fs::remove_file(t.path().join(THREAD_H)).unwrap();
        let old = t.path().join("libstdc++-v3/include/std/thread");
        fs::create_dir_all(old.parent().unwrap()).unwrap();
        fs::write(&old, THREAD_STATE_BEFORE).unwrap();
        assert!(apply(t.path()).unwrap().unfit.is_empty());
        assert!(fs::read_to_string(old).unwrap().contains("operator new(size_t)"));
    }
}
