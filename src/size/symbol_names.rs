//! Symbols as people write them.

use cpp_demangle::DemangleOptions;

/// A symbol of C++ or Rust as its source has it; any other as it is.
pub(crate) fn shown(symbol: &str) -> String {
    if let Ok(name) = rustc_demangle::try_demangle(symbol) {
        return format!("{name:#}");
    }
    // Without it the parser takes names of types: `f` is `float`.
    if !symbol.starts_with("_Z") {
        return symbol.to_owned();
    }
    let limits = cpp_demangle::ParseOptions::default().recursion_limit(64);
    cpp_demangle::Symbol::new_with_options(symbol, &limits)
        .ok()
        .and_then(|name| name.demangle(&DemangleOptions::default().recursion_limit(64)).ok())
        .unwrap_or_else(|| symbol.to_owned())
}

/// Whether people may mean a symbol by a name: its own, the one that its source has, or that without its arguments.
pub(crate) fn is_called(symbol: &str, name: &str) -> bool {
    if symbol == name {
        return true;
    }
    // Only a mangled one has another.
    if !symbol.starts_with("_Z") && !symbol.starts_with("_R") {
        return false;
    }
    let shown = shown(symbol);
    shown == name || shown.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mangled_names_are_shown_as_in_the_source() {
        assert_eq!(shown("_ZN3foo3barEi"), "foo::bar(int)");
        assert_eq!(shown("_RNvCskwGfYPst2Cb_3foo3bar"), "foo::bar");
        assert_eq!(shown("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        for plain in ["main", "f", "", "_Z", "_Z!", "a<b>&\"c\""] {
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn a_symbol_has_several_names() {
        for (name, is) in [
            ("_ZN3foo3barEi", true),
            ("foo::bar(int)", true),
            ("foo::bar", true),
            ("foo", false),
            ("bar", false),
            ("foo::ba", false),
        ] {
            assert_eq!(is_called("_ZN3foo3barEi", name), is, "{name}");
        }
        assert!(is_called("main", "main") && !is_called("mainly", "main"));
    }
}
