//! Which sources are compiled how, and the edits of the few that start locales and streams. It reads files and writes
//! none.

use super::by_use::{self, GROUPS};
use super::compiled::Compiled;
use super::objects::{Split, SplitArchive, SplitObject};
use object::{Object as _, ObjectSymbol};
use std::fs;
use std::path::Path;

/// Sources with narrow and wide instantiations side by side, and whether the wide ones need wide facets to be made.
const BOTH: [(&str, &str, bool); 27] = [
    ("ios-inst", "c++11/ios-inst.cc", false),
    ("istream-inst", "c++11/istream-inst.cc", false),
    ("iostream-inst", "c++11/iostream-inst.cc", false),
    ("streambuf-inst", "c++11/streambuf-inst.cc", false),
    ("fstream-inst", "c++11/fstream-inst.cc", false),
    ("sstream-inst", "c++11/sstream-inst.cc", false),
    ("ext11-inst", "c++11/ext11-inst.cc", false),
    ("ostream-inst", "c++11/ostream-inst.cc", false),
    ("istream", "c++98/istream.cc", false),
    ("istream-string", "c++98/istream-string.cc", false),
    ("streambuf", "c++98/streambuf.cc", false),
    ("misc-inst", "c++98/misc-inst.cc", false),
    ("compatibility", "c++98/compatibility.cc", false),
    ("ios_locale", "c++98/ios_locale.cc", false),
    ("ctype", "c++11/ctype.cc", true),
    ("codecvt", "c++98/codecvt.cc", true),
    ("codecvt11", UNICODE, false),
    ("collate_members", "collate_members.cc", false),
    ("collate_members_cow", "collate_members_cow.cc", false),
    ("messages_members", "messages_members.cc", false),
    ("messages_members_cow", "messages_members_cow.cc", false),
    ("monetary_members", "monetary_members.cc", false),
    ("monetary_members_cow", "monetary_members_cow.cc", false),
    ("numeric_members", "numeric_members.cc", false),
    ("numeric_members_cow", "numeric_members_cow.cc", false),
    ("time_members", "time_members.cc", false),
    ("ctype_members", "ctype_members.cc", false),
];

/// The same, of GCC 11 and newer.
const SINCE_11: [(&str, &str, bool); 1] = [("sstream-inst20", "c++20/sstream-inst.cc", false)];

/// The source of the facets that convert `char16_t` and `char32_t`.
const UNICODE: &str = "c++11/codecvt.cc";

/// The source of the classic locale: in `c++98`, or in `c++11` from GCC 13 on.
const LOCALE_INIT: &str = "locale_init.cc";

/// In the names of sources that are compiled for the old string ABI only.
const OLD_ABI: &str = "_cow";

/// Where the locale's own code begins, after what it is stored in.
const NAMESPACE: &str = "namespace std _GLIBCXX";

/// The macro under which the sources have what is for wide characters.
const WIDE: &str = "_GLIBCXX_USE_WCHAR_T";

/// Appended to what makes wide facets necessary: links the function that makes them.
const NEEDS_WIDE_FACETS: &str = "\nextern \"C\" void __staticcxx_wide_facets(void*);\n\
     __attribute__((used)) static void (*__staticcxx_needs)(void*) = __staticcxx_wide_facets;\n";

/// The same for the facets of the old string ABI.
const NEEDS_OLD_FACETS: &str = "\nextern \"C\" void __staticcxx_old_facets(void*, void*);\n\
     __attribute__((used)) static void (*__staticcxx_needs)(void*, void*) = __staticcxx_old_facets;\n";

/// The same for the wide standard streams.
const WIDE_STREAMS: &str = "extern \"C\" void __staticcxx_wide_streams(int)";

/// The ids of facets that a program may be without, in the tables of locale_init: those of the old string ABI, all wide
/// ones, and the narrow ones that come by use.
fn optional_id(symbol: &str) -> bool {
    const OLD: [&str; 7] = [
        "_ZNSt8numpunctIc",
        "_ZNSt7collateIc",
        "_ZNSt8time_getIc",
        "_ZNSt9money_getIc",
        "_ZNSt9money_putIc",
        "_ZNSt10moneypunctIc",
        "_ZNSt8messagesIc",
    ];
    let old_or_wide = symbol.contains("Iw") || OLD.iter().any(|o| symbol.starts_with(o));
    by_use::is_id(symbol) || symbol.ends_with("2idE") && old_or_wide
}

/// `locale::facet::_M_cow_shim` and `_M_sso_shim`, which make a facet of one string ABI out of one of the other.
const SHIMS: [&str; 2] = ["_ZNKSt6locale5facet11_M_cow_shimEPKNS_2idE", "_ZNKSt6locale5facet11_M_sso_shimEPKNS_2idE"];

/// All pieces.
///
/// # Errors
/// What is not as the recipe expects it.
pub(crate) fn split(compiled: &Compiled, build: &Path, source: &Path) -> Result<Split, String> {
    let mut out = Split::default();
    let text_of = |like: &str| compiled.find(like).ok_or_else(|| format!("nothing is made from {like}"))?.text();
    let since_11 = SINCE_11.iter().filter(|s| compiled.find(s.1).is_some());
    for (name, like, hook) in BOTH.iter().chain(since_11) {
        let text = text_of(like)?;
        if name.ends_with(OLD_ABI) {
            out.piece(&format!("{name}-w"), like, text, SplitArchive::Second { weak: true });
            out.replaced.push((*like).into());
            continue;
        }
        out.both(name, like, &text, &format!("{text}{}", if *hook { NEEDS_WIDE_FACETS } else { "" }));
    }
    // Either of the two may be the one that defines the ids.
    for piece in out.pieces.iter_mut().filter(|p| p.like == UNICODE) {
        let of_source = GROUPS.iter().filter(|g| !g.instantiated);
        piece.text.extend(of_source.map(|g| g.needed()));
    }
    facets(&mut out, compiled, source)?;
    let text = text_of("c++98/locale.cc")?;
    let pragmas: String = SHIMS.iter().map(|s| format!("#pragma weak {s}\n")).collect();
    out.replace("locale", "c++98/locale.cc", insert_before(&text, "namespace std", &pragmas)?);
    if let Some(piece) = out.pieces.last_mut() {
        piece.weak_references = SHIMS.map(str::to_owned).to_vec();
    }
    locale_init(&mut out, &text_of(LOCALE_INIT)?, compiled, build)?;
    streams(&mut out, &text_of("c++98/ios_init.cc")?, &text_of("c++98/globals_io.cc")?)?;
    // Objects of the old ABI define what both ABIs share, too: where a linker has the choice, it takes the first.
    out.pieces.sort_by_key(|p| p.name.starts_with("old-") || p.name.contains(OLD_ABI));
    Ok(out)
}

impl Split {
    fn piece(&mut self, name: &str, like: &str, text: String, side: SplitArchive) -> &mut SplitObject {
        let piece =
            SplitObject { name: name.into(), like: like.into(), text, options: "", side, weak_references: Vec::new() };
        self.pieces.push(piece);
        let last = self.pieces.len() - 1;
        &mut self.pieces[last]
    }

    /// A first piece that takes the place of what was built.
    fn replace(&mut self, name: &str, like: &str, text: String) {
        self.piece(name, like, text, SplitArchive::First);
        self.replaced.push(like.into());
    }

    /// A narrow piece in the first archive, the whole one in the second.
    fn both(&mut self, name: &str, like: &str, text: &str, whole: &str) {
        self.replace(&format!("{name}-n"), like, without_wide(text));
        self.piece(&format!("{name}-w"), like, whole.to_owned(), SplitArchive::Second { weak: true });
    }
}

fn without_wide(text: &str) -> String {
    text.replace(WIDE, "_STATICCXX_NEVER_DEFINED")
}

/// The instantiations of all facets: of the current string ABI in one piece a character type, of the old one in another.
fn facets(out: &mut Split, compiled: &Compiled, source: &Path) -> Result<(), String> {
    let dir = source.join("src/c++11");
    let read = |name: &str| fs::read_to_string(dir.join(name)).map_err(|e| format!("{name}: {e}"));
    let mut current = read("locale-inst.cc")?;
    for part in ["numeric", "monetary"] {
        let include = format!("#include \"locale-inst-{part}.h\"");
        // Before GCC 11, all is in one file.
        if !dir.join(format!("locale-inst-{part}.h")).is_file() {
            continue;
        }
        current = replaced(&current, &include, &read(&format!("locale-inst-{part}.h"))?)?;
    }
    // What belongs to no ABI is instantiated with the old one; here it goes with the current.
    let guard = "#if ! _GLIBCXX_USE_CXX11_ABI";
    if !current.contains(guard) {
        return Err(format!("locale-inst.cc has no `{guard}`"));
    }
    let current = current.replace(guard, "#if 1");
    let start = "#define _GLIBCXX_USE_CXX11_ABI 1\n#include <bits/c++config.h>\n";
    let like = "c++11/cxx11-locale-inst.cc";
    for group in [None].into_iter().chain(GROUPS.iter().filter(|g| g.instantiated).map(Some)) {
        let some = by_use::instantiations(&current, group)?;
        let needed = group.map(|g| g.needed()).unwrap_or_default();
        let name = format!("facets-{}", group.map_or("n", |g| g.name));
        let text = format!("{start}#define C char\n#define C_is_char\n{some}{needed}");
        // The wide functions of money and time come with the narrow ones, whose caches must not bring the old ABI's.
        out.piece(&name, like, text, if group.is_some() { SplitArchive::Both } else { SplitArchive::First });
    }
    out.replaced.push(like.into());
    let like = "c++11/cxx11-wlocale-inst.cc";
    let text = format!("{start}#define C wchar_t\n{current}{NEEDS_WIDE_FACETS}");
    out.piece("facets-w", like, text, SplitArchive::Second { weak: false });
    out.replaced.push(like.into());
    for (name, like, hook) in [
        ("old-facets-n", "c++11/locale-inst.cc", NEEDS_OLD_FACETS),
        ("old-facets-w", "c++11/wlocale-inst.cc", NEEDS_WIDE_FACETS),
    ] {
        let text = compiled.find(like).ok_or_else(|| format!("nothing is made from {like}"))?.text()?;
        out.piece(name, like, text + hook, SplitArchive::Second { weak: true });
        out.replaced.push(like.into());
    }
    Ok(())
}

/// The start of the classic locale, with the wide facets in a function of their own.
fn locale_init(out: &mut Split, text: &str, compiled: &Compiled, build: &Path) -> Result<(), String> {
    let like = LOCALE_INIT;
    let object = compiled.find(like).ok_or("nothing is made from locale_init.cc")?;
    let ids = optional_ids(&build.join(&object.directory).join(&object.output))?;
    let text = wide_ids_last(text)?;
    let (facets, without) = cut_conditional(&text, "    _M_init_facet(new (&ctype_w)")?;
    let (caches, without) = cut_conditional(&without, "    _M_caches[numpunct<wchar_t>")?;
    let (without, by_use) = without_optional_facets(&without)?;
    let pragmas: String = ids.iter().map(|i| format!("#pragma weak {i}\n")).collect();
    let weak = "extern \"C\" void __staticcxx_wide_facets(void*) __attribute__((weak));\n\
                extern \"C\" void __staticcxx_old_facets(void*, void*) __attribute__((weak));\n";
    let weak = format!("{pragmas}{weak}{}", by_use::weak_declarations());
    let narrow = insert_before(&without, NAMESPACE, &weak)?;
    out.replace("locale_init", like, narrow);
    if let Some(piece) = out.pieces.last_mut() {
        piece.weak_references = ids;
    }
    let storage = &text[..text.find(NAMESPACE).ok_or("locale_init.cc: no namespace")?];
    for (group, statements) in GROUPS.iter().zip(&by_use) {
        let piece = out.piece(
            &format!("locale_init-{}", group.name),
            like,
            group.maker(storage, statements),
            SplitArchive::First,
        );
        piece.options = "-fno-access-control";
    }
    let wide = wide_facets(storage, &facets, &caches)?;
    out.piece("locale_init-w", like, wide, SplitArchive::Second { weak: false }).options = "-fno-access-control";
    out.piece("locale_init-old", like, old_facets(), SplitArchive::Second { weak: false }).options =
        "-fno-access-control";
    Ok(())
}

/// The facets that the built object refers to and that need not be in a program.
fn optional_ids(object: &Path) -> Result<Vec<String>, String> {
    let bytes = fs::read(object).map_err(|e| e.to_string())?;
    let file = object::File::parse(bytes.as_slice()).map_err(|e| e.to_string())?;
    let ids: Vec<String> = file
        .symbols()
        .filter(|s| s.is_undefined())
        .filter_map(|s| s.name().ok().filter(|n| optional_id(n)).map(str::to_owned))
        .collect();
    if ids.len() < 20 {
        return Err(format!("locale_init.o refers to {} facets only", ids.len()));
    }
    Ok(ids)
}

/// Moves the ids of wide facets to the end of their table, which ends at its first null: what is always there comes
/// before what may be.
fn wide_ids_last(text: &str) -> Result<String, String> {
    let wide_ids = "#ifdef _GLIBCXX_USE_WCHAR_T\n    &std::ctype<wchar_t>::id,\n    &codecvt<wchar_t, char, mbstate_t>::id,\n#endif\n";
    let start = text.find(wide_ids).ok_or("locale_init.cc: no ids of wide ctype")?;
    let end = start + text[start..].find("    0\n  };").ok_or("locale_init.cc: an open table")?;
    Ok(format!("{}{}{wide_ids}{}", &text[..start], &text[start + wide_ids.len()..end], &text[end..]))
}

/// Puts calls of functions of other objects, which their facets' ids bring, in place of what makes the old facets and those
/// that come by use: the text, and the statements of each group of the latter.
fn without_optional_facets(text: &str) -> Result<(String, Vec<String>), String> {
    let extra = text.find("    facet* extra[]").ok_or("locale_init.cc: no old facets")?;
    let start = text[..extra].rfind("#if").ok_or("locale_init.cc: old facets without condition")?;
    let call = text[extra..].find("_M_init_extra(extra)").ok_or("locale_init.cc: no call for old facets")?;
    let end = text[extra + call..].find("#endif").ok_or("locale_init.cc: an open condition")?;
    let place = "    // The facets that may be absent.\n";
    let old = &text[extra + call + end + "#endif".len()..];
    let (text, by_use) = by_use::taken_out(&format!("{}{place}{old}", &text[..start]))?;
    // The wide ones come first, because they are installed in a way that empties the caches.
    let calls = format!(
        "    if (__staticcxx_wide_facets) __staticcxx_wide_facets(this);\n    \
         facet* extra[] = {{ __npc, 0, 0, 0, 0, 0 }};\n{}    \
         if (__staticcxx_old_facets) __staticcxx_old_facets(this, extra);\n",
        by_use::calls()
    );
    Ok((replaced(&text, place, &calls)?, by_use))
}

/// The object that makes the wide facets and their caches.
fn wide_facets(storage: &str, facets: &str, caches: &str) -> Result<String, String> {
    if !storage.contains("fake_wtype_w") {
        return Err("locale_init.cc: the storage of wide facets is elsewhere".into());
    }
    let body =
        facets.replace("_M_init_facet", "self->_M_init_facet") + "\n" + &caches.replace("_M_caches", "self->_M_caches");
    Ok(format!(
        "{storage}namespace std {{\nvoid __staticcxx_make_wide(locale::_Impl* self) {{\n{body}\n}}\n}}\n\
         extern \"C\" void __staticcxx_wide_facets(void* p) {{ std::__staticcxx_make_wide((std::locale::_Impl*)p); }}\n"
    ))
}

/// The object that makes the facets of the old string ABI. Where there are facets of both, one that is replaced
/// replaces its counterpart through a shim; the caches of money are shared.
fn old_facets() -> String {
    let shims: String = SHIMS
        .iter()
        .enumerate()
        .map(|(n, s)| format!("extern const char shim{n}[] __asm__(\"{s}\");\n__attribute__((used)) static const char* needs{n} = shim{n};\n"))
        .collect();
    let needed: String = GROUPS.iter().filter(|g| g.instantiated).map(|g| g.needed()).collect();
    format!(
        "#include <locale>\n{shims}{needed}extern \"C\" void __staticcxx_old_facets(void* impl, void* extra) {{\n\
         ((std::locale::_Impl*)impl)->_M_init_extra((std::locale::facet**)extra);\n}}\n"
    )
}

/// The standard streams, with the wide ones in a function of their own.
fn streams(out: &mut Split, init: &str, globals: &str) -> Result<(), String> {
    let (init_like, globals_like) = ("c++98/ios_init.cc", "c++98/globals_io.cc");
    let condition = "#ifdef _GLIBCXX_USE_WCHAR_T\n";
    let mut narrow = String::new();
    let mut blocks = Vec::new();
    let mut rest = init;
    while let Some(at) = rest.find(condition) {
        let (before, from) = rest.split_at(at);
        let inner = &from[condition.len()..];
        let end = inner.find("#endif\n").ok_or("ios_init.cc: an open condition")?;
        let block = &inner[..end];
        narrow.push_str(before);
        // Statements, not the declarations at the top.
        if block.starts_with(['\t']) || block.trim_start().starts_with("wcout.flush") {
            narrow.push_str(&format!("if (__staticcxx_wide_streams) __staticcxx_wide_streams({});\n", blocks.len()));
            blocks.push(block.to_owned());
        } else {
            narrow.push_str(&from[..condition.len() + end + "#endif\n".len()]);
        }
        rest = &inner[end + "#endif\n".len()..];
    }
    narrow.push_str(rest);
    if blocks.len() != 4 {
        return Err(format!("ios_init.cc: {} blocks about wide streams, 4 were expected", blocks.len()));
    }
    let weak = format!("{WIDE_STREAMS} __attribute__((weak));\n");
    out.replace("ios_init", init_like, insert_before(&narrow, "namespace __gnu_internal", &weak)?);
    let head = init.find("  ios_base::Init::Init()").ok_or("ios_init.cc: no constructor")?;
    let cases: String = blocks.iter().enumerate().map(|(n, b)| format!("case {n}: {{ {b} }} break;\n")).collect();
    let head = insert_before(&init[..head], "namespace __gnu_internal", &format!("{WIDE_STREAMS};\n"))?;
    let wide = format!(
        "{head}}}\nusing namespace std;\nusing namespace __gnu_internal;\n\
         void __staticcxx_wide_streams(int step) {{ switch (step) {{\n{cases}}} }}\n"
    );
    out.piece("ios_init-w", init_like, wide, SplitArchive::Second { weak: false });
    out.replace("globals_io-n", globals_like, without_wide(globals));
    let mut wide = globals.to_owned();
    for narrow_only in [
        "  fake_istream cin;\n  fake_ostream cout;\n  fake_ostream cerr;\n  fake_ostream clog;\n",
        "  fake_stdiobuf buf_cout_sync;\n  fake_stdiobuf buf_cin_sync;\n  fake_stdiobuf buf_cerr_sync;\n",
        "  fake_filebuf buf_cout;\n  fake_filebuf buf_cin;\n  fake_filebuf buf_cerr;\n",
    ] {
        wide = replaced(&wide, narrow_only, "")?;
    }
    wide.push_str(&format!(
        "\n{WIDE_STREAMS};\n__attribute__((used)) static void (*__staticcxx_needs)(int) = __staticcxx_wide_streams;\n"
    ));
    out.piece("globals_io-w", globals_like, wide, SplitArchive::Second { weak: false });
    Ok(())
}

/// Takes out the `#if … #endif` around the line that begins with `marker`: the block with its condition, and the rest.
fn cut_conditional(text: &str, marker: &str) -> Result<(String, String), String> {
    let at = text.find(marker).ok_or_else(|| format!("no `{}`", marker.trim()))?;
    let start = text[..at].rfind("#if").ok_or_else(|| format!("no condition around `{}`", marker.trim()))?;
    let end =
        at + text[at..].find("#endif").ok_or_else(|| format!("no end after `{}`", marker.trim()))? + "#endif".len();
    Ok((text[start..end].to_owned(), format!("{}{}", &text[..start], &text[end..])))
}

fn insert_before(text: &str, marker: &str, new: &str) -> Result<String, String> {
    let at = text.find(marker).ok_or_else(|| format!("no `{marker}`"))?;
    Ok(format!("{}{new}{}", &text[..at], &text[at..]))
}

fn replaced(text: &str, old: &str, new: &str) -> Result<String, String> {
    match text.matches(old).count() {
        1 => Ok(text.replacen(old, new, 1)),
        n => Err(format!("{n} times `{}`", old.lines().next().unwrap_or_default().trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_cut_whole() {
        let text = "a\n#ifdef W\n  x(1);\n  y;\n#endif\nb\n";
        assert_eq!(
            cut_conditional(text, "  x(1)").unwrap(),
            ("#ifdef W\n  x(1);\n  y;\n#endif".into(), "a\n\nb\n".into())
        );
        assert!(cut_conditional(text, "z").is_err());
    }

    #[test]
    fn facets_that_may_be_absent() {
        for (symbol, optional) in [
            ("_ZNSt5ctypeIwE2idE", true),
            ("_ZNSt8numpunctIcE2idE", true),
            ("_ZNSt7__cxx118numpunctIcE2idE", false),
            ("_ZNSt7__cxx118numpunctIwE2idE", true),
            ("_ZNSt5ctypeIcE2idE", false),
            ("_ZNSt6locale5facet11_M_cow_shimEPKNS_2idE", false),
        ] {
            assert_eq!(optional_id(symbol), optional, "{symbol}");
        }
    }

    #[test]
    fn a_source_that_is_not_as_expected_is_refused() {
        let mut out = Split::default();
        assert!(streams(&mut out, "nothing", "").unwrap_err().contains("0 blocks"));
    }
}
