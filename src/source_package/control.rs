//! Control files of binary packages (deb-control(5)): paragraphs of fields, a field over several lines if those begin with
//! a space.

/// The field that lists the sources whose code is in a package's static programs, with their versions (Debian Policy 4.7
/// section 7.8.1).
pub(super) const STATIC_BUILT_USING: &str = "Static-Built-Using";

/// The text of a control file with a field that has these words, joined by commas; what it had before stays in front of
/// them.
pub(super) fn with_field(text: &str, name: &str, words: &[String]) -> String {
    let is_field = |line: &str| {
        line.split_once(':')
            .is_some_and(|(field, _)| field.eq_ignore_ascii_case(name) && !field.starts_with([' ', '\t']))
    };
    let (mut kept, mut old, mut inside) = (String::new(), Vec::new(), false);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        inside = is_field(line) || inside && line.starts_with([' ', '\t']);
        if inside {
            let value = if is_field(line) { line.split_once(':').map_or("", |(_, value)| value) } else { line };
            old.extend(value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned));
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    old.extend(words.iter().filter(|word| !old.contains(word)).cloned().collect::<Vec<_>>());
    if !old.is_empty() {
        kept.push_str(&format!("{name}: {}\n", old.join(", ")));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_added_once() {
        let words = ["glibc (= 2.36-9)".to_owned(), "gcc-12 (= 12.2.0-14)".to_owned()];
        let text = "Package: hello\nDescription: a\n b\n";
        let once = with_field(text, STATIC_BUILT_USING, &words);
        assert_eq!(once, format!("{text}Static-Built-Using: glibc (= 2.36-9), gcc-12 (= 12.2.0-14)\n"));
        assert_eq!(with_field(&once, STATIC_BUILT_USING, &words), once);
        assert_eq!(with_field(text, STATIC_BUILT_USING, &[]), text);
    }

    #[test]
    fn what_was_there_stays() {
        let text = "Package: x\nstatic-built-using: rust-a (= 1),\n rust-b (= 2)\nSection: utils\n";
        let with = with_field(text, STATIC_BUILT_USING, &["glibc (= 2)".to_owned()]);
        assert_eq!(with, "Package: x\nSection: utils\nStatic-Built-Using: rust-a (= 1), rust-b (= 2), glibc (= 2)\n");
    }
}
