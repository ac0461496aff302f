//! Name services besides `files` and `dns`.

use super::switch;

/// Parses `STATICCXX_NSS`: names of services, separated by commas. `files` and `dns` are always available.
pub(crate) fn parse(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for word in text.split(',').map(str::trim) {
        if ["", "files", "dns"].contains(&word) || switch::is_off(word) {
            continue;
        }
        if !names.iter().any(|n| n == word) {
            names.push(word.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_once_and_the_usual_ones_are_there_anyway() {
        assert_eq!(parse("files, myhostname,dns,x,myhostname"), ["myhostname", "x"]);
    }
}
