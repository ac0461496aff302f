//! Narrow facets that are linked where a program uses them, in groups: a reference to a facet's id, members or type brings
//! the object that defines them, and that object brings the function that makes the group's facets for the classic locale.

/// Facets that come together.
#[derive(Debug)]
pub(super) struct FacetGroup {
    pub name: &'static str,
    /// What a statement of `locale_init.cc` or `locale-inst.cc` has in it if it is about the group.
    words: &'static [&'static str],
    /// How the mangled names of their ids begin.
    ids: &'static [&'static str],
    /// How many facets there are, at least.
    facets: usize,
    /// Whether `locale-inst.cc` instantiates them; those of `codecvt.cc` are no templates.
    pub instantiated: bool,
    /// Statements for what the old string ABI's facets share.
    shares: &'static str,
}

/// All groups. The others — `ctype`, `codecvt`, `num_get`, `num_put`, `numpunct` — are those that every stream looks up.
pub(super) const GROUPS: [FacetGroup; 5] = [
    FacetGroup {
        name: "money",
        words: &["money", "__mpc"],
        ids: &["_ZNSt7__cxx1110moneypunctIc", "_ZNSt7__cxx119money_getIc", "_ZNSt7__cxx119money_putIc"],
        facets: 4,
        instantiated: true,
        shares: "extra[1] = __mpcf; extra[2] = __mpct;",
    },
    FacetGroup {
        name: "time",
        words: &["time", "__tpc"],
        ids: &["_ZNSt11__timepunctIc", "_ZNSt7__cxx118time_getIc", "_ZNSt8time_putIc"],
        facets: 3,
        instantiated: true,
        shares: "",
    },
    FacetGroup {
        name: "collate",
        words: &["collate"],
        ids: &["_ZNSt7__cxx117collateIc"],
        facets: 1,
        instantiated: true,
        shares: "",
    },
    FacetGroup {
        name: "messages",
        words: &["messages"],
        ids: &["_ZNSt7__cxx118messagesIc"],
        facets: 1,
        instantiated: true,
        shares: "",
    },
    FacetGroup {
        name: "unicode",
        words: &["codecvt_c16", "codecvt_c32"],
        ids: &["_ZNSt7codecvtIDs", "_ZNSt7codecvtIDi"],
        facets: 2,
        instantiated: false,
        shares: "",
    },
];

impl FacetGroup {
    fn names(&self, statement: &str) -> bool {
        self.words.iter().any(|w| statement.contains(w))
    }

    /// Declares the function that makes the facets; weak where the program may be without.
    fn declared(&self, attribute: &str) -> String {
        format!("extern \"C\" void __staticcxx_{}_facets(void*, void*){attribute};\n", self.name)
    }

    /// Appended to what makes the facets necessary: links the function that makes them.
    pub(super) fn needed(&self) -> String {
        let name = self.name;
        format!(
            "\n{}__attribute__((used)) static void (*__staticcxx_needs_{name})(void*, void*) = __staticcxx_{name}_facets;\n",
            self.declared("")
        )
    }

    /// The source of the function that makes the facets, with the caches that belong to them.
    pub(super) fn maker(&self, storage: &str, statements: &str) -> String {
        let body = statements
            .replace("_M_init_facet(", "self->_M_init_facet_unchecked(")
            .replace("_M_caches[", "self->_M_caches[");
        let (name, shares) = (self.name, self.shares);
        format!(
            "{storage}namespace std {{\nvoid __staticcxx_make_{name}(locale::_Impl* self, locale::facet** extra) {{\n\
             {body}{shares}\n}}\n}}\nextern \"C\" void __staticcxx_{name}_facets(void* impl, void* extra) {{\n\
             std::__staticcxx_make_{name}((std::locale::_Impl*)impl, (std::locale::facet**)extra);\n}}\n"
        )
    }
}

/// Whether a symbol is the id of a facet in a group.
pub(super) fn is_id(symbol: &str) -> bool {
    symbol.ends_with("2idE") && GROUPS.iter().flat_map(|g| g.ids).any(|start| symbol.starts_with(start))
}

/// Declarations of all functions that make facets, weak.
pub(super) fn weak_declarations() -> String {
    GROUPS.iter().map(|g| g.declared(" __attribute__((weak))")).collect()
}

/// Statements that make the facets that the program has. `extra` is a table of caches, for the old string ABI.
pub(super) fn calls() -> String {
    let call = |g: &FacetGroup| format!("if (__staticcxx_{0}_facets) __staticcxx_{0}_facets(this, extra);\n", g.name);
    GROUPS.iter().map(call).collect()
}

/// Takes the groups' statements out of the constructor of the classic locale: the text without them, and each group's
/// with the preprocessor's lines around them.
///
/// # Errors
/// A group that is not there as expected.
pub(super) fn taken_out(text: &str) -> Result<(String, Vec<String>), String> {
    let begin =
        text.find("_Impl(size_t __refs) throw()").ok_or("locale_init.cc: no constructor of the classic locale")?;
    let (mut rest, constructor) = (text[..begin].to_owned(), &text[begin..]);
    let mut statements = vec![String::new(); GROUPS.len()];
    for line in constructor.split_inclusive('\n') {
        let trimmed = line.trim();
        let directive = trimmed.starts_with('#');
        let of = GROUPS.iter().position(|g| !directive && !trimmed.starts_with("//") && g.names(trimmed));
        match of.and_then(|number| statements.get_mut(number)) {
            Some(_) if !trimmed.ends_with(';') => {
                return Err(format!("locale_init.cc: `{trimmed}` is no whole statement"));
            }
            Some(group) => group.push_str(line),
            None => rest.push_str(line),
        }
        if directive {
            statements.iter_mut().for_each(|group| group.push_str(line));
        }
    }
    for (group, statements) in GROUPS.iter().zip(&statements) {
        let found = statements.matches("_M_init_facet(").count();
        if found < group.facets {
            return Err(format!("locale_init.cc: {found} facets of {}, {} were expected", group.name, group.facets));
        }
    }
    Ok((rest, statements))
}

/// How an instantiation begins; by a macro in GCC 13 and newer.
const BEGINNINGS: [&str; 3] = ["template", "inline template", "INSTANTIATE_"];

/// What instantiates one group's templates, or with `None` what is in no group.
///
/// # Errors
/// A template without end, or none of the group.
pub(super) fn instantiations(text: &str, of: Option<&FacetGroup>) -> Result<String, String> {
    let mut out = String::new();
    let mut statement = String::new();
    let mut found = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if statement.is_empty() && !BEGINNINGS.iter().any(|b| trimmed.starts_with(b)) {
            // Definitions that are no templates are given once.
            let frame = trimmed.is_empty()
                || trimmed.starts_with(['#', '{', '}', '_', '/'])
                || trimmed.starts_with("namespace");
            // What a backslash continues is part of the line before.
            if frame || of.is_none() || out.ends_with("\\\n") {
                out.push_str(line);
            }
            continue;
        }
        statement.push_str(line);
        if !trimmed.ends_with(';') {
            continue;
        }
        let group = GROUPS.iter().find(|g| g.instantiated && g.names(&statement));
        if group.map(|g| g.name) == of.map(|g| g.name) {
            out.push_str(&statement);
            found += 1;
        }
        statement.clear();
    }
    let name = of.map_or("streams", |g| g.name);
    match (statement.is_empty(), found) {
        (false, _) => Err(format!("locale-inst.cc: no end of `{}`", statement.trim())),
        (true, 0) => Err(format!("locale-inst.cc instantiates no facets of {name}")),
        (true, _) => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_template_is_instantiated_in_one_piece() {
        let text = "#include <locale>\nnamespace std X\n{\n  // time_get and time_put\n  template class time_get<C>;\n\
                    #if A \\\n  && B\n  template\n    bool\n    has_facet<messages<C> >(const locale&);\n#endif\n  \
                    template class collate<C>;\n  template class money_put<C>;\n  template struct __numpunct_cache<C>;\n  \
                    ctype_byname<C>::ctype_byname(const string& s)\n  : ctype_byname(s.c_str()) { }\n}\n";
        let core = instantiations(text, None).unwrap();
        assert!(core.contains("__numpunct_cache") && core.contains("c_str") && !core.contains("collate<"), "{core}");
        for group in GROUPS.iter().filter(|g| g.instantiated) {
            let piece = instantiations(text, Some(group)).unwrap();
            let templates = |t: &str| t.matches("template").count();
            assert!(templates(&piece) == 1 && group.names(&piece.replace("// time_get and time_put", "")), "{piece}");
            assert!(
                !piece.contains("c_str") && piece.contains("#if A \\\n  && B\n") && piece.ends_with("}\n"),
                "{piece}"
            );
        }
        let text = "INSTANTIATE_FACET_ACCESSORS(ctype<C>);\n#if A\nINSTANTIATE_USE_FACET      (moneypunct<C, true>);\n#endif\n";
        let parts = [None, GROUPS.first()].map(|of| instantiations(text, of).unwrap());
        assert_eq!(parts[0], "INSTANTIATE_FACET_ACCESSORS(ctype<C>);\n#if A\n#endif\n");
        assert_eq!(parts[1], "#if A\nINSTANTIATE_USE_FACET      (moneypunct<C, true>);\n#endif\n");
        assert!(instantiations("  template class collate<C>", None).unwrap_err().contains("no end"));
        assert!(instantiations("  template class x<C>;\n", GROUPS.first()).unwrap_err().contains("money"));
    }

    /// A constructor as in the source, with what `line` says in place of the facet for messages.
    fn constructor(line: &str) -> String {
        let mut text = String::from(
            "tables of time\n  _Impl(size_t __refs) throw()\n  {\n    // moneypunct\n    _M_init_facet(ctype);\n",
        );
        for facet in ["money_a", "money_b", "money_c", "money_d", "time_a", "time_b", "time_c", "collate_c"] {
            text.push_str(&format!("    _M_init_facet(new (&{facet}) x);\n"));
        }
        text.push_str(line);
        text + "#if W\n    _M_init_facet(new (&codecvt_c16) x);\n    _M_init_facet(new (&codecvt_c32) x);\n#endif\n    \
                _M_caches[money] = __mpcf;\n  }\n"
    }

    #[test]
    fn facets_leave_the_constructor_with_their_caches() {
        let (rest, groups) = taken_out(&constructor("    _M_init_facet(new (&messages_c) x);\n")).unwrap();
        assert!(rest.starts_with("tables of time\n") && rest.contains("_M_init_facet(ctype)"), "{rest}");
        assert!(!rest.contains("_c") && !rest.contains("_M_caches"), "{rest}");
        let money = GROUPS[0].maker("", &groups[0]);
        assert!(money.contains("self->_M_caches[money]") && money.matches("facet_unchecked").count() == 4, "{money}");
        assert!(groups[4].starts_with("#if W\n") && groups[4].ends_with("#endif\n"));
    }

    #[test]
    fn another_constructor_is_refused() {
        for (text, says) in [
            (constructor(""), "0 facets of messages"),
            (constructor("    _M_init_facet(new (&messages_c)\n      x);\n"), "no whole statement"),
            (String::from("else"), "no constructor"),
        ] {
            assert!(taken_out(&text).unwrap_err().contains(says), "{says}");
        }
    }

    #[test]
    fn only_ids_of_narrow_facets_are_optional() {
        for (symbol, expected) in [
            ("_ZNSt7__cxx1110moneypunctIcLb1EE2idE", true),
            ("_ZNSt7codecvtIDsDu11__mbstate_tE2idE", true),
            ("_ZNSt11__timepunctIcE2idE", true),
            ("_ZNSt7codecvtIcc11__mbstate_tE2idE", false),
            ("_ZNSt7__cxx117collateIcE10_M_compareEPKcS3_", false),
            ("_ZNSt7num_putIcSt19ostreambuf_iteratorIcSt11char_traitsIcEEE2idE", false),
        ] {
            assert_eq!(is_id(symbol), expected, "{symbol}");
        }
    }
}
