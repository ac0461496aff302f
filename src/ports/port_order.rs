//! What is built before what.

use super::known_ports::KnownPorts;
use super::port_recipe::PortRecipe;
use std::collections::BTreeSet;

/// Why libraries have no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OrderError {
    /// No library of this name, and names that are close to it.
    #[error("no library `{name}` is known{}", .needed_by.as_ref().map(|by| format!(", which `{by}` needs")).unwrap_or_default())]
    Unknown { name: String, close: Vec<String>, needed_by: Option<String> },
    /// Libraries that need each other, the first one again at the end.
    #[error("libraries need each other: {}", .0.join(" → "))]
    Circle(Vec<String>),
}

/// The named libraries with all that they need, each after what it needs, once.
///
/// # Errors
/// A name that is not known, a circle.
pub(crate) fn ordered<'a>(known: &'a KnownPorts, names: &[String]) -> Result<Vec<&'a PortRecipe>, OrderError> {
    let mut order = Vec::new();
    for name in names {
        visit(known, name, &mut Vec::new(), &mut order)?;
    }
    Ok(order)
}

/// Those of an order that are named, or that one of these needs in its version. Where a version is not known, all that any
/// version needs are kept.
pub(crate) fn needed<'a>(
    order: &[&'a PortRecipe],
    names: &[String],
    version: impl Fn(&PortRecipe) -> Option<String>,
) -> Vec<&'a PortRecipe> {
    let mut kept: Vec<&PortRecipe> = Vec::new();
    let mut wanted: BTreeSet<String> = names.iter().cloned().collect();
    for port in order.iter().rev() {
        if !wanted.contains(&port.name) {
            continue;
        }
        match version(port) {
            Some(version) => wanted.extend(port.needs_of(&version).cloned()),
            None => wanted.extend(port.needs.iter().cloned()),
        }
        kept.push(port);
    }
    kept.reverse();
    kept
}

fn visit<'a>(
    known: &'a KnownPorts,
    name: &str,
    path: &mut Vec<String>,
    order: &mut Vec<&'a PortRecipe>,
) -> Result<(), OrderError> {
    if order.iter().any(|p| p.name == name) {
        return Ok(());
    }
    if let Some(at) = path.iter().position(|p| p == name) {
        let circle = path.iter().skip(at).cloned().chain([name.to_owned()]);
        return Err(OrderError::Circle(circle.collect()));
    }
    let Some(port) = known.get(name) else {
        let close = known.close_to(name).into_iter().map(str::to_owned).collect();
        return Err(OrderError::Unknown { name: name.to_owned(), close, needed_by: path.last().cloned() });
    };
    path.push(name.to_owned());
    for need in &port.needs {
        visit(known, need, path, order)?;
    }
    path.pop();
    order.push(port);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::known_ports::testing::known;
    use super::*;

    fn names(known: &KnownPorts, asked: &[&str]) -> Result<Vec<String>, OrderError> {
        let asked: Vec<String> = asked.iter().map(|n| (*n).to_owned()).collect();
        Ok(ordered(known, &asked)?.into_iter().map(|p| p.name.clone()).collect())
    }

    #[test]
    fn what_is_needed_comes_first_and_once() {
        let known = known(&[("curl", &["ssl", "z", "h2"]), ("ssl", &["z"]), ("z", &[]), ("h2", &[]), ("x", &[])]);
        assert_eq!(names(&known, &["curl", "z"]).unwrap(), ["z", "ssl", "h2", "curl"]);
        assert_eq!(names(&known, &["z", "curl"]).unwrap(), ["z", "ssl", "h2", "curl"]);
        assert!(names(&known, &[]).unwrap().is_empty());
    }

    #[test]
    fn what_only_newer_versions_need_is_left_out_for_older_ones() {
        let mut known = known(&[("re", &["absl", "z"]), ("absl", &["cc"]), ("cc", &[]), ("z", &[]), ("x", &["re"])]);
        known.change("re", |re| drop(re.needs_from.insert("absl".into(), "20230601".into())));
        let kept = |asked: &[&str], version: Option<&str>| -> Vec<String> {
            let asked: Vec<String> = asked.iter().map(|n| (*n).to_owned()).collect();
            let order = ordered(&known, &asked).unwrap();
            let of = |port: &PortRecipe| if port.name == "re" { version.map(str::to_owned) } else { Some("1".into()) };
            needed(&order, &asked, of).into_iter().map(|p| p.name.clone()).collect()
        };
        assert_eq!(kept(&["x"], Some("20220601+dfsg-1")), ["z", "re", "x"]);
        for newer in [Some("20230601-1"), Some("20240702-3"), None] {
            assert_eq!(kept(&["x"], newer), ["cc", "absl", "z", "re", "x"], "{newer:?}");
        }
        // What is named stays.
        assert_eq!(kept(&["absl", "re"], Some("20220601-1")), ["cc", "absl", "z", "re"]);
        assert_eq!(kept(&[], None), [""; 0]);
    }

    #[test]
    fn circles_and_unknown_names_are_told() {
        let known = known(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("self", &["self"]), ("zlib", &["none"])]);
        let said = |name: &str| names(&known, &[name]).unwrap_err().to_string();
        assert_eq!(said("a"), "libraries need each other: b → c → b");
        assert_eq!(said("self"), "libraries need each other: self → self");
        assert_eq!(said("zlib"), "no library `none` is known, which `zlib` needs");
        let unknown = OrderError::Unknown { name: "zlb".into(), close: vec!["zlib".into()], needed_by: None };
        assert_eq!(names(&known, &["zlb"]).unwrap_err(), unknown);
    }
}
