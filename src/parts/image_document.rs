//! An image and the parts of its programs as one CycloneDX document.

use super::documents::{Described, application, bill, component, named};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An image of which a document is made.
#[derive(Debug, Clone)]
pub(crate) struct DescribedImage<'a> {
    /// Its name, with the registry and without a tag.
    pub name: &'a str,
    /// `sha256:…` of its manifest.
    pub digest: &'a str,
    pub created: &'a str,
    pub programs: Vec<Described<'a>>,
}

/// The document: programs are components, and a part of several is one component.
pub(crate) fn cyclonedx_of_image(image: &DescribedImage<'_>) -> Value {
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for (number, program) in image.programs.iter().enumerate() {
        let id = format!("program-{}", number + 1);
        let mut depends = BTreeSet::new();
        for part in named(program.parts) {
            let of_part = part.purl.map_or_else(|| format!("{id}-{}", part.id), str::to_owned);
            let described = component(&part, &of_part);
            parts
                .entry(of_part.clone())
                .and_modify(|known| add_files(known, &described))
                .or_insert_with(|| described.clone());
            depends.insert(of_part);
        }
        components.push(application(program, &id));
        dependencies.push(json!({ "ref": id, "dependsOn": depends }));
    }
    let programs: Vec<&Value> = dependencies.iter().map(|of| &of["ref"]).collect();
    let own = json!({ "ref": "image", "dependsOn": programs });
    dependencies.insert(0, own);
    components.extend(parts.into_values());
    let container = json!({ "type": "container", "bom-ref": "image", "name": image.name, "version": image.digest });
    let exact = ("staticcxx:exact", image.programs.iter().all(|program| program.parts.exact));
    let urls: Vec<&str> = image.programs.iter().flat_map(|program| program.parts.purls()).collect();
    bill(container, (image.created, exact), (components, dependencies), &urls)
}

/// Adds the files of another description of the same part.
fn add_files(known: &mut Value, other: &Value) {
    let more = other["properties"].as_array().cloned().unwrap_or_default();
    if let Some(properties) = known["properties"].as_array_mut() {
        for property in more {
            if !properties.contains(&property) {
                properties.push(property);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linked_parts::LinkedParts;
    use super::super::linked_parts::tests::source;
    use super::super::noted_program::NotedProgram;
    use super::*;

    #[test]
    fn an_image_s_document_has_each_part_once() {
        let of = |files: &[&str]| {
            let url = "pkg:deb/debian/libc6-dev@2.36?arch=amd64&distro=debian-12";
            let sources: Vec<_> = files.iter().map(|file| source(file, (!file.contains('q')).then_some(url))).collect();
            NotedProgram { parts: LinkedParts::offered(&sources), identity: serde_json::Map::new() }
        };
        let (one, other) = (of(&["/l/libc.a"]), of(&["/l/libm.a", "/l/libc.a", "/opt/libq.a"]));
        let programs = vec![Described::of(&one, "a", "00", ""), Described::of(&other, "b", "11", "")];
        let image = DescribedImage { name: "r/x", digest: "sha256:22", created: "1970-01-01T00:00:00Z", programs };
        let document = cyclonedx_of_image(&image);
        let of = |key: &str| -> Vec<String> {
            document["components"].as_array().unwrap().iter().map(|c| c[key].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of("name"), ["a", "b", "libc6-dev", "libq.a", "debian"]);
        assert_eq!(of("type"), ["application", "application", "library", "library", "operating-system"]);
        assert_eq!(document["components"][2]["properties"].as_array().unwrap().len(), 2);
        assert_eq!(document["dependencies"][0]["dependsOn"], json!(["program-1", "program-2"]));
        assert_eq!(document["dependencies"][2]["dependsOn"].as_array().unwrap().len(), 2);
        let unique: BTreeSet<String> = of("bom-ref").into_iter().collect();
        assert_eq!(unique.len(), 5);
    }
}
