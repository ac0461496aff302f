//! Call detectors: small archives that reveal which functions a program refers to, for a linker that supports neither
//! symbol indexes of archives nor `.gnu.warning` sections. [`crate::linker::call_detection`] explains how they work.

use std::fmt::Write;

/// What a reference to a detected function means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallDetector {
    /// The repair of locales is needed.
    Locale,
    /// The repair of name services is needed; without it GNU ld warns.
    NameServices,
    /// Converters of iconv are needed.
    Iconv,
    /// GNU ld warns.
    Warned,
}

pub(crate) const CALL_DETECTORS: [CallDetector; 4] =
    [CallDetector::Locale, CallDetector::NameServices, CallDetector::Iconv, CallDetector::Warned];

impl CallDetector {
    /// The undefined symbol that a detector refers to.
    pub(crate) fn needed(self) -> String {
        format!("staticcxx_needs_{}", self.name())
    }

    /// A symbol of the repair.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            CallDetector::Locale => "staticcxx_locale_data",
            CallDetector::Iconv => "staticcxx_converters",
            CallDetector::NameServices | CallDetector::Warned => "staticcxx_name_services",
        }
    }

    /// The archive's file name.
    pub(crate) fn file(self) -> String {
        format!("detects-{}.ar", self.name())
    }

    fn name(self) -> &'static str {
        match self {
            CallDetector::Locale => "locale",
            CallDetector::NameServices => "name_services",
            CallDetector::Iconv => "iconv",
            CallDetector::Warned => "warning",
        }
    }

    /// C source that defines `__wrap_…` for each function.
    pub(crate) fn source(self, functions: &[impl AsRef<str>]) -> String {
        let needed = self.needed();
        let mut text = format!("extern void {needed}(void);\n");
        for function in functions {
            // Writing to a String can't fail.
            let _ = writeln!(text, "void __wrap_{}(void) {{ {needed}(); }}", function.as_ref());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_wraps_every_function_and_defines_none() {
        let text = CallDetector::Warned.source(&["dlopen", "gets"]);
        assert!(text.contains("void __wrap_dlopen(void) { staticcxx_needs_warning(); }"), "{text}");
        assert!(text.contains("__wrap_gets(void)"), "{text}");
    }
}
