//! The parts of a program in the formats that other tools read. Nothing in them depends on the time or the machine, so that
//! two of one program are the same bytes.

use super::linked_parts::{LinkedParts, Part, PartFile};
use super::noted_program::NotedProgram;
use super::package_url::PackageUrl;
use super::release_of_parts;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A program of which a document is made.
#[derive(Debug, Clone)]
pub(crate) struct Described<'a> {
    /// Its file name.
    pub name: &'a str,
    /// The digest of its file in hexadecimal digits.
    pub sha256: &'a str,
    /// Its version, if its package note has one.
    pub version: Option<&'a str>,
    /// Who supplies it.
    pub supplier: Option<&'a str>,
    pub parts: &'a LinkedParts,
    /// When the document was made, in RFC 3339.
    pub created: &'a str,
}

impl<'a> Described<'a> {
    /// A program by what it says of itself; `file` names it where it does not.
    pub(crate) fn of(noted: &'a NotedProgram, file: &'a str, sha256: &'a str, created: &'a str) -> Described<'a> {
        let text = |key: &str| noted.identity.get(key).and_then(Value::as_str);
        Described {
            name: text("name").unwrap_or(file),
            sha256,
            version: text("version"),
            supplier: None,
            parts: &noted.parts,
            created,
        }
    }
}

/// A part, by the words of both formats.
pub(super) struct NamedPart<'a> {
    /// Its reference in the document.
    pub(super) id: String,
    name: String,
    version: Option<String>,
    supplier: Option<String>,
    pub(super) purl: Option<&'a str>,
    part: &'a Part,
}

pub(super) fn named(parts: &LinkedParts) -> Vec<NamedPart<'_>> {
    let of = |(number, part): (usize, &'_ Part)| {
        let url = part.purl.as_deref().and_then(PackageUrl::read);
        let file = part.files.first().map(|f| f.name.clone()).unwrap_or_default();
        (number, url, file)
    };
    let each = parts.parts.iter().enumerate().map(|(number, part)| {
        let (number, url, file) = of((number, part));
        NamedPart {
            id: format!("part-{}", number + 1),
            name: url.as_ref().map_or(file, |url| url.name.clone()),
            version: url.as_ref().map(PackageUrl::full_version),
            // What has no distribution is its own project's.
            supplier: url.map(|url| url.namespace.unwrap_or(url.name)),
            purl: part.purl.as_deref(),
            part,
        }
    });
    each.collect()
}

/// CycloneDX 1.5 (<https://cyclonedx.org/docs/1.5/json/>). The format has no word for static linking: parts are components
/// that the program depends on.
pub(crate) fn cyclonedx(program: &Described<'_>) -> Value {
    let parts = named(program.parts);
    let depends: Vec<&str> = parts.iter().map(|part| part.id.as_str()).collect();
    let components = parts.iter().map(|part| component(part, &part.id)).collect();
    let exact = ("staticcxx:exact", program.parts.exact);
    let dependencies = vec![json!({ "ref": "program", "dependsOn": depends })];
    let urls = program.parts.purls();
    bill(application(program, "program"), (program.created, exact), (components, dependencies), &urls)
}

/// The document about `of`. Scanners (trivy) look packages up only where a component says which release they are of.
pub(super) fn bill(
    of: Value,
    (created, exact): (&str, (&str, bool)),
    (mut components, dependencies): (Vec<Value>, Vec<Value>),
    urls: &[&str],
) -> Value {
    if let Some(release) = release_of_parts::of(urls.iter().copied()) {
        let mut system = json!({ "type": "operating-system", "bom-ref": "release", "name": release.id });
        if let Some(version) = release.version {
            system["version"] = json!(version);
        }
        components.push(system);
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": created,
            "tools": { "components": [{ "type": "application", "name": "staticcxx", "version": env!("CARGO_PKG_VERSION") }] },
            "component": of,
            "properties": [{ "name": exact.0, "value": exact.1.to_string() }],
        },
        "components": components,
        "dependencies": dependencies,
    })
}

pub(super) fn application(program: &Described<'_>, id: &str) -> Value {
    let mut application = json!({
        "type": "application",
        "bom-ref": id,
        "name": program.name,
        "hashes": [{ "alg": "SHA-256", "content": program.sha256 }],
    });
    if let Some(version) = program.version {
        application["version"] = json!(version);
    }
    application
}

pub(super) fn component(part: &NamedPart<'_>, id: &str) -> Value {
    let mut component = json!({ "type": "library", "bom-ref": id, "name": part.name });
    if let Some(version) = &part.version {
        component["version"] = json!(version);
    }
    if let Some(purl) = part.purl {
        component["purl"] = json!(purl);
    }
    let files = &part.part.files;
    let named = files.iter().map(|f| json!({ "name": "staticcxx:file", "value": f.name }));
    let digest = |f: &PartFile| Some(format!("{}=sha256:{}", f.name, f.sha256.as_ref()?));
    let digests = files.iter().filter_map(digest).map(|of| json!({ "name": "staticcxx:digest", "value": of }));
    component["properties"] = named.chain(digests).collect();
    // A package's own digest is another than that of a file in it.
    if let (None, [PartFile { sha256: Some(hash), .. }]) = (part.purl, files.as_slice()) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": hash }]);
    }
    component
}

/// SPDX 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>), with `STATIC_LINK` between program and parts.
pub(crate) fn spdx(program: &Described<'_>) -> Value {
    let parts = named(program.parts);
    let package = |part: &NamedPart<'_>| {
        let supplier = part.supplier.as_ref().map_or("NOASSERTION".to_owned(), |of| format!("Organization: {of}"));
        let mut package = json!({
            "SPDXID": format!("SPDXRef-{}", part.id),
            "name": part.name,
            "supplier": supplier,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        });
        if let Some(version) = &part.version {
            package["versionInfo"] = json!(version);
        }
        if let Some(purl) = part.purl {
            package["externalRefs"] = json!([{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl,
            }]);
        }
        package
    };
    let own = json!({
        "SPDXID": "SPDXRef-program",
        "name": program.name,
        "versionInfo": program.version.unwrap_or("NOASSERTION"),
        "supplier": program.supplier.map_or("NOASSERTION".to_owned(), |of| format!("Organization: {of}")),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "checksums": [{ "algorithm": "SHA256", "checksumValue": program.sha256 }],
        "primaryPackagePurpose": "APPLICATION",
    });
    let relation = |from: &str, how: &str, to: &str| json!({ "spdxElementId": format!("SPDXRef-{from}"), "relationshipType": how, "relatedSpdxElement": format!("SPDXRef-{to}") });
    let linked = parts.iter().map(|part| relation("program", "STATIC_LINK", &part.id));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": program.name,
        // A name, not an address: the same for the same program.
        "documentNamespace": format!("https://spdx.org/spdxdocs/{}-{}", escaped(program.name), program.sha256),
        "creationInfo": { "created": program.created, "creators": [concat!("Tool: staticcxx-", env!("CARGO_PKG_VERSION"))] },
        "packages": std::iter::once(own).chain(parts.iter().map(package)).collect::<Vec<_>>(),
        "relationships": std::iter::once(relation("DOCUMENT", "DESCRIBES", "program")).chain(linked).collect::<Vec<_>>(),
    })
}

fn escaped(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' }).collect()
}

/// The value of Debian's field Static-Built-Using: source packages with their versions
/// (<https://www.debian.org/doc/debian-policy/ch-relationships.html#additional-source-packages-used-to-build-the-binary-built-using>).
pub(crate) fn static_built_using(parts: &LinkedParts) -> String {
    let urls = parts.purls().into_iter().filter_map(PackageUrl::read).filter(|url| url.format == "deb");
    let sources: BTreeSet<String> =
        urls.map(|url| url.source()).map(|(name, version)| format!("{name} (= {version})")).collect();
    sources.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::linked_parts::tests::source;
    use super::*;

    fn parts() -> LinkedParts {
        LinkedParts::offered(&[
            source(
                "/l/libssl.a",
                Some("pkg:deb/debian/libssl-dev@3.0.17-1?arch=amd64&distro=debian-12&upstream=openssl"),
            ),
            source("/l/libz.a", Some("pkg:deb/debian/zlib1g-dev@1:1.2-1%2Bb1?arch=amd64&upstream=zlib%401:1.2-1")),
            source("/l/libm.a", Some("pkg:generic/musl@1.2.5")),
            source("/opt/libq.a", None),
        ])
    }

    #[test]
    fn sources_are_named_once() {
        assert_eq!(static_built_using(&parts()), "openssl (= 3.0.17-1), zlib (= 1:1.2-1)");
    }

    #[test]
    fn both_formats_name_all_parts() {
        let parts = parts();
        let program = Described {
            name: "a b",
            sha256: "00",
            version: None,
            supplier: None,
            parts: &parts,
            created: "2020-01-01T00:00:00Z",
        };
        let document = cyclonedx(&program);
        let names: Vec<&str> =
            document["components"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        // zlib1g-dev does not say of which release it is.
        assert_eq!(names, ["libssl-dev", "zlib1g-dev", "musl", "libq.a"]);
        assert_eq!(document["components"][3].get("purl"), None);
        let document = spdx(&program);
        assert_eq!(document["packages"].as_array().unwrap().len(), 5);
        assert_eq!(document["relationships"][4]["relatedSpdxElement"], "SPDXRef-part-4");
        assert!(document["documentNamespace"].as_str().unwrap().ends_with("/a-b-00"));
    }
}
