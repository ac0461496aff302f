//! What somebody found out about vulnerabilities in a product (VEX): OpenVEX 0.2
//! (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>), and the vulnerabilities of a CycloneDX document
//! (<https://cyclonedx.org/capabilities/vex/>).

use super::package_url::PackageUrl;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Why a vulnerability does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ClearedVulnerability {
    pub vulnerability: String,
    /// `not_affected`, `fixed`, or CycloneDX's word for them.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
}

/// Why a document can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadVex {
    #[error("it is neither OpenVEX nor CycloneDX")]
    Other,
    #[error("it is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    #[error("{0}")]
    Rule(String),
}

/// The statements of a document, in the order in which they hold: a later one replaces an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Vex {
    statements: Vec<VexStatement>,
}

#[derive(Debug)]
struct VexStatement {
    /// Name and aliases.
    vulnerabilities: BTreeSet<String>,
    status: String,
    justification: Option<String>,
    /// It says that the vulnerability is not there.
    clears: bool,
    /// What it is about: products, or parts of products.
    about: Vec<VexProduct>,
}

/// A product or a part of one.
#[derive(Debug, Default)]
struct VexProduct {
    /// Package URLs; of a part they are the part's.
    purls: Vec<String>,
    /// SHA-256 of the program, in hexadecimal digits.
    sha256: Option<String>,
    /// Only parts of it are meant.
    parts: Vec<Vec<String>>,
}

/// The program whose part is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AskedProgram<'a> {
    pub sha256: Option<&'a str>,
}

impl Vex {
    /// Reads a document.
    ///
    /// # Errors
    /// It is of neither kind, or breaks their rules.
    pub(crate) fn read(bytes: &[u8]) -> Result<Vex, BadVex> {
        let value: serde_json::Value = serde_json::from_slice(bytes)?;
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        if text("@context").starts_with("https://openvex.dev/ns") {
            return openvex(serde_json::from_value(value)?);
        }
        if text("bomFormat") == "CycloneDX" {
            return cyclonedx(serde_json::from_value(value)?);
        }
        Err(BadVex::Other)
    }

    /// Why a vulnerability of a part does not count; none if it does.
    pub(crate) fn left_out(
        &self,
        program: AskedProgram<'_>,
        part: &PackageUrl,
        vulnerability: &str,
    ) -> Option<ClearedVulnerability> {
        let says = |statement: &&VexStatement| {
            statement.vulnerabilities.contains(vulnerability) && statement.about.iter().any(|p| p.is(program, part))
        };
        let last = self.statements.iter().rev().find(says).filter(|last| last.clears)?;
        Some(ClearedVulnerability {
            vulnerability: vulnerability.to_owned(),
            status: last.status.clone(),
            justification: last.justification.clone(),
        })
    }
}

impl VexProduct {
    /// Whether it is this part of this program. A product by any other name is taken for the program: that is what the
    /// document was given for.
    fn is(&self, program: AskedProgram<'_>, part: &PackageUrl) -> bool {
        let of_part = |purls: &[String]| purls.iter().any(|purl| matches(purl, part));
        let is_program = match (&self.sha256, program.sha256) {
            (Some(said), Some(own)) => said.eq_ignore_ascii_case(own),
            (Some(_), None) => false,
            (None, _) => true,
        };
        if !self.parts.is_empty() {
            return is_program && self.parts.iter().any(|purls| of_part(purls));
        }
        // All of a program, by its digest, or a library wherever it is.
        (self.sha256.is_some() && is_program) || of_part(&self.purls)
    }
}

/// Whether a package URL of a statement means a part: by its own package or its source package, and by no more than is said.
fn matches(said: &str, part: &PackageUrl) -> bool {
    let (path, query) = said.split_once('?').unwrap_or((said, ""));
    // What is beside a package is none of its name.
    let (path, any) = if path.contains('@') { (path.to_owned(), false) } else { (format!("{path}@0"), true) };
    let Some(said) = PackageUrl::read(&format!("{path}?{query}")) else { return false };
    let (source, source_version) = part.source();
    let own = said.name == part.name && (any || said.version == part.version);
    let by_source = said.name == source && (any || said.version == source_version);
    let qualifier = |(key, value): (&String, &String)| match key.as_str() {
        "arch" if value == "source" => true,
        _ => part.qualifiers.get(key) == Some(value),
    };
    said.format == part.format
        && said.namespace == part.namespace
        && (own || by_source)
        && said.qualifiers.iter().all(qualifier)
}

#[derive(Deserialize)]
struct OpenVex {
    timestamp: String,
    statements: Vec<OpenVexStatement>,
}

#[derive(Deserialize)]
struct OpenVexStatement {
    vulnerability: OpenVexVulnerability,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    products: Vec<OpenVexProduct>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
}

#[derive(Deserialize)]
struct OpenVexVulnerability {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct OpenVexProduct {
    #[serde(rename = "@id", default)]
    id: Option<String>,
    #[serde(default)]
    identifiers: BTreeMap<String, String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    #[serde(default)]
    subcomponents: Vec<OpenVexProduct>,
}

impl OpenVexProduct {
    fn purls(&self) -> Vec<String> {
        self.id.iter().chain(self.identifiers.get("purl")).filter(|id| id.starts_with("pkg:")).cloned().collect()
    }
}

fn openvex(document: OpenVex) -> Result<Vex, BadVex> {
    let mut dated = Vec::new();
    for statement in document.statements {
        let name = statement.vulnerability.name;
        let clears = match statement.status.as_str() {
            "not_affected" | "fixed" => true,
            "affected" | "under_investigation" => false,
            other => return Err(BadVex::Rule(format!("`{other}` is no status ({name})"))),
        };
        if statement.status == "not_affected"
            && statement.justification.is_none()
            && statement.impact_statement.is_none()
        {
            return Err(BadVex::Rule(format!("`not_affected` without a reason ({name})")));
        }
        if statement.products.is_empty() {
            return Err(BadVex::Rule(format!("a statement about no product ({name})")));
        }
        let product = |product: &OpenVexProduct| VexProduct {
            purls: product.purls(),
            sha256: product.hashes.get("sha-256").cloned(),
            parts: product.subcomponents.iter().map(OpenVexProduct::purls).collect(),
        };
        let time = statement.timestamp.as_ref().unwrap_or(&document.timestamp);
        let time: Timestamp = time.parse().map_err(|_| BadVex::Rule(format!("`{time}` is no time ({name})")))?;
        let about = statement.products.iter().map(product).collect();
        let vulnerabilities = std::iter::once(name).chain(statement.vulnerability.aliases).collect();
        let (status, justification) = (statement.status, statement.justification.or(statement.impact_statement));
        dated.push((time, VexStatement { vulnerabilities, status, justification, clears, about }));
    }
    dated.sort_by_key(|(time, _)| *time);
    Ok(Vex { statements: dated.into_iter().map(|(_, statement)| statement).collect() })
}

#[derive(Deserialize)]
struct CycloneDxVex {
    #[serde(default)]
    components: Vec<CycloneDxComponent>,
    #[serde(default)]
    vulnerabilities: Vec<CycloneDxVulnerability>,
}

#[derive(Deserialize)]
struct CycloneDxComponent {
    #[serde(rename = "bom-ref", default)]
    id: Option<String>,
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct CycloneDxVulnerability {
    id: String,
    #[serde(default)]
    analysis: Option<CycloneDxAnalysis>,
    #[serde(default)]
    affects: Vec<CycloneDxAffected>,
}

#[derive(Deserialize)]
struct CycloneDxAnalysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
}

#[derive(Deserialize)]
struct CycloneDxAffected {
    #[serde(rename = "ref")]
    id: String,
}

fn cyclonedx(document: CycloneDxVex) -> Result<Vex, BadVex> {
    let purl = |id: &str| -> Option<String> {
        // A component of this document, one of another by its package URL, or the package URL itself.
        let id = id.rsplit_once('#').filter(|_| id.starts_with("urn:cdx:")).map_or(id, |(_, id)| id);
        let known = document.components.iter().find(|component| component.id.as_deref() == Some(id));
        known.and_then(|component| component.purl.clone()).or_else(|| id.starts_with("pkg:").then(|| id.to_owned()))
    };
    let mut statements = Vec::new();
    for vulnerability in &document.vulnerabilities {
        let Some(analysis) = &vulnerability.analysis else { continue };
        let Some(status) = analysis.state.clone() else { continue };
        let clears = match status.as_str() {
            "not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree" => true,
            "exploitable" | "in_triage" => false,
            other => return Err(BadVex::Rule(format!("`{other}` is no state ({})", vulnerability.id))),
        };
        let mut about = Vec::new();
        for affected in &vulnerability.affects {
            let purl = purl(&affected.id).ok_or_else(|| {
                BadVex::Rule(format!(
                    "`{}` is no component of it and no package URL ({})",
                    affected.id, vulnerability.id
                ))
            })?;
            about.push(VexProduct { purls: vec![purl], ..VexProduct::default() });
        }
        statements.push(VexStatement {
            vulnerabilities: BTreeSet::from([vulnerability.id.clone()]),
            status,
            justification: analysis.justification.clone(),
            clears,
            about,
        });
    }
    Ok(Vex { statements })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SSL: &str = "pkg:deb/debian/libssl-dev@3.0.17-1?arch=amd64&distro=debian-12&upstream=openssl";

    fn out(document: &Value, number: &str) -> Option<String> {
        let vex = Vex::read(document.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        let program = AskedProgram { sha256: Some("ab") };
        vex.left_out(program, &PackageUrl::read(SSL).unwrap(), number).map(|l| l.status)
    }

    fn open(statements: &Value) -> Value {
        json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "version": 1,
            "timestamp": "2026-01-02T00:00:00Z", "statements": statements })
    }

    #[test]
    fn statements_about_a_part() {
        let about = |products: Value| {
            open(
                &json!([{ "vulnerability": { "name": "CVE-1", "aliases": ["GHSA-1"] }, "products": products, "status": "fixed" }]),
            )
        };
        let program = |parts: &str| json!([{ "@id": "https://example/p", "subcomponents": [{ "@id": parts }] }]);
        for parts in [
            SSL,
            "pkg:deb/debian/libssl-dev",
            "pkg:deb/debian/openssl@3.0.17-1?arch=source&distro=debian-12",
            "pkg:deb/debian/openssl",
        ] {
            assert_eq!(out(&about(program(parts)), "CVE-1").as_deref(), Some("fixed"), "{parts}");
            assert_eq!(out(&about(json!([{ "identifiers": { "purl": parts } }])), "GHSA-1").as_deref(), Some("fixed"));
            assert_eq!(out(&about(program(parts)), "CVE-2"), None);
        }
        for other in
            ["pkg:deb/debian/libssl-dev@3.0.18-1", "pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl?distro=debian-13"]
        {
            assert_eq!(out(&about(program(other)), "CVE-1"), None, "{other}");
        }
        // By digest: this program, and another.
        for (digest, is) in [("AB", true), ("cd", false)] {
            assert_eq!(out(&about(json!([{ "hashes": { "sha-256": digest } }])), "CVE-1").is_some(), is);
            let part = json!([{ "hashes": { "sha-256": digest }, "subcomponents": [{ "@id": SSL }] }]);
            assert_eq!(out(&about(part), "CVE-1").is_some(), is);
        }
        assert_eq!(out(&about(json!([{ "@id": "https://example/p" }])), "CVE-1"), None);
    }

    #[test]
    fn the_latest_statement_holds() {
        let says = |time: &str, status: &str| {
            json!({ "vulnerability": { "name": "CVE-1" }, "products": [{ "@id": SSL }], "status": status,
                "timestamp": time, "justification": "vulnerable_code_not_present" })
        };
        let (early, late) = ("2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z");
        let both = open(&json!([says(late, "affected"), says(early, "not_affected")]));
        assert_eq!(out(&both, "CVE-1"), None);
        let both = open(&json!([says(late, "not_affected"), says(early, "affected")]));
        assert_eq!(out(&both, "CVE-1").as_deref(), Some("not_affected"));
    }

    #[test]
    fn cyclonedx_s_words() {
        let document = |state: &str, of: &str| {
            json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{ "bom-ref": "part-1", "purl": SSL }],
                "vulnerabilities": [{ "id": "CVE-1", "analysis": { "state": state }, "affects": [{ "ref": of }] }] })
        };
        for (state, of, is) in [
            ("not_affected", "part-1", true),
            ("false_positive", SSL, true),
            ("resolved", "urn:cdx:3e67/1#part-1", true),
            ("exploitable", "part-1", false),
            ("in_triage", "part-1", false),
        ] {
            assert_eq!(out(&document(state, of), "CVE-1").is_some(), is, "{state} {of}");
        }
        for (state, of) in [("fine", "part-1"), ("not_affected", "part-2")] {
            assert!(Vex::read(document(state, of).to_string().as_bytes()).is_err(), "{state} {of}");
        }
    }

    #[test]
    fn what_is_malformed_is_an_error() {
        let statement = |status: &str| json!([{ "vulnerability": { "name": "CVE-1" }, "products": [{ "@id": SSL }], "status": status }]);
        for bad in [
            json!({}),
            json!([]),
            json!({ "@context": "https://example/ns", "statements": [] }),
            json!({ "@context": "https://openvex.dev/ns/v0.2.0", "statements": [] }),
            open(&json!([{ "status": "fixed" }])),
            open(&statement("fine")),
            open(&statement("not_affected")),
            open(&json!([{ "vulnerability": { "name": "CVE-1" }, "status": "fixed" }])),
        ] {
            assert!(Vex::read(bad.to_string().as_bytes()).is_err(), "{bad}");
        }
        assert!(Vex::read(b"{").is_err());
        assert!(Vex::read(open(&statement("fixed")).to_string().as_bytes()).is_ok());
    }
}
