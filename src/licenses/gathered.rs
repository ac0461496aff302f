//! The licences of all parts of programs, as far as this machine has them.

use super::named_licenses::{self, GnuLicense};
use super::{copyright_file, license_names};
use crate::packages::licensed::{self, WantedPackage};
use crate::packages::{Format, LicensedPackage};
use crate::parts::linked_parts::{LinkedParts, Part};
use crate::parts::package_url::PackageUrl;
use crate::settings::Settings;
use crate::toolchain::os_release::OsRelease;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// A longer text is not one of licences.
const MOST: u64 = 16 << 20;

/// The texts of this project.
const OWN: [(&str, &str); 2] =
    [("LICENSE-MIT", include_str!("../../LICENSE-MIT")), ("LICENSE-APACHE", include_str!("../../LICENSE-APACHE"))];
/// That of the allocator which goes into programs with musl.
const MIMALLOC: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mimalloc.license"));

/// Where what is stated of a part is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LicenseForm {
    /// A machine-readable copyright file.
    CopyrightFile,
    /// The package manager's own field.
    PackageManager,
    /// Text for people alone.
    Text,
    /// This project.
    Own,
}

/// A licence as it is stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct StatedLicense {
    pub name: String,
    /// The same as SPDX has it; none without a certain counterpart.
    pub spdx: Option<String>,
}

/// A part, and what is there about its licences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LicensedPart {
    pub purl: Option<String>,
    pub name: String,
    pub version: Option<String>,
    /// The source package, which is what a copyright file is about.
    pub source: Option<String>,
    /// The files that were linked.
    pub files: BTreeSet<String>,
    /// The programs that have it.
    pub programs: BTreeSet<String>,
    /// Texts, by their paths in the directory.
    pub texts: Vec<String>,
    /// Texts that these refer to.
    pub common: Vec<String>,
    /// None where there is no text and nothing is stated.
    pub form: Option<LicenseForm>,
    pub stated: Vec<StatedLicense>,
    /// What the texts name, wherever they do.
    pub named: BTreeSet<GnuLicense>,
    /// What is missing.
    pub problem: Option<String>,
}

/// The parts of programs with their texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GatheredLicenses {
    pub programs: Vec<String>,
    /// By name; what no package has comes last.
    pub parts: Vec<LicensedPart>,
    /// The texts, by their paths in the directory.
    pub texts: BTreeMap<String, Vec<u8>>,
}

impl GatheredLicenses {
    /// Gathers them. Programs are named without directories.
    pub(crate) fn of(settings: &Settings, programs: &[(String, LinkedParts)]) -> GatheredLicenses {
        let mut gathered = GatheredLicenses {
            programs: programs.iter().map(|(name, _)| name.clone()).collect(),
            parts: merged(programs),
            texts: BTreeMap::new(),
        };
        let wanted: Vec<WantedPackage> = gathered.parts.iter().filter_map(wanted).collect();
        let mut installed = licensed::licensed(settings, &wanted).into_iter();
        let distro = OsRelease::read().distro();
        let mut parts = std::mem::take(&mut gathered.parts);
        for part in &mut parts {
            let package = self::wanted(part).and_then(|_| installed.next().flatten());
            let found = match part.purl.as_deref().and_then(PackageUrl::read) {
                None => Err("it is of no package: who built it knows its licence".into()),
                Some(url) if url.format == "generic" && url.name == "staticcxx" => gathered.add_own(part),
                Some(url) => gathered.add_package(part, (&url, &distro), package),
            };
            part.problem = found.err();
        }
        gathered.parts = parts;
        gathered
    }

    /// Something is missing.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.parts.iter().any(|part| part.problem.is_some())
    }

    fn add_own(&mut self, part: &mut LicensedPart) -> Result<(), String> {
        let mut add = |part: &mut LicensedPart, path: String, text: &[u8]| {
            self.texts.insert(path.clone(), text.to_vec());
            part.texts.push(path);
        };
        for (name, text) in OWN {
            add(part, format!("staticcxx/{name}"), text.as_bytes());
        }
        let own =
            StatedLicense { name: env!("CARGO_PKG_LICENSE").into(), spdx: Some(env!("CARGO_PKG_LICENSE").into()) };
        part.stated.push(own);
        if part.files.iter().any(|file| file.contains("mimalloc")) {
            add(part, "staticcxx/mimalloc/LICENSE".into(), MIMALLOC);
            part.stated.push(StatedLicense { name: "MIT".into(), spdx: Some("MIT".into()) });
        }
        part.form = Some(LicenseForm::Own);
        Ok(())
    }

    /// Adds the texts of a package.
    ///
    /// # Errors
    /// What is missing.
    fn add_package(
        &mut self,
        part: &mut LicensedPart,
        (url, distro): (&PackageUrl, &str),
        package: Option<LicensedPackage>,
    ) -> Result<(), String> {
        if format(url).is_none() {
            return Err(match url.format.as_str() {
                "cargo" => "it is a crate: its licence is in its sources".into(),
                _ => "it is no package of this machine's".into(),
            });
        }
        if !is_name(&url.name) {
            return Err("no package has such a name".into());
        }
        if let Some(of) = url.qualifiers.get("distro").filter(|of| *of != distro) {
            return Err(format!("it is of {of}, and this machine is {distro}"));
        }
        let package = package.ok_or_else(|| format!("`{}` is not installed here", url.name))?;
        let mut problem = None;
        if package.version != url.full_version() {
            problem = Some(format!("it is {}, and {} is installed here", url.full_version(), package.version));
        }
        if let Some(stated) = &package.stated {
            let spdx = license_names::spdx_as_it_is(stated);
            part.stated.push(StatedLicense { name: stated.clone(), spdx });
            part.form = Some(LicenseForm::PackageManager);
        }
        if package.files.is_empty() {
            problem.get_or_insert("its package has no file with its licence".into());
        }
        for file in &package.files {
            match read(file) {
                Ok(text) => {
                    let missing = self.add_text(part, (&url.name, file), text);
                    problem = problem.or(missing);
                }
                Err(error) => problem = problem.or(Some(format!("`{}` can't be read: {error}", file.display()))),
            }
        }
        problem.map_or(Ok(()), Err)
    }

    /// Adds one text, and those that it refers to; gives what is missing of them.
    fn add_text(&mut self, part: &mut LicensedPart, (package, file): (&str, &Path), bytes: Vec<u8>) -> Option<String> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        part.named.extend(named_licenses::gnu(&text));
        match copyright_file::stated(&text) {
            Some(names) => {
                part.form = Some(LicenseForm::CopyrightFile);
                let names = names.into_iter().filter(|name| license_names::is_name(name));
                part.stated.extend(names.map(|name| StatedLicense { spdx: license_names::spdx(&name), name }));
            }
            None => {
                part.form.get_or_insert(LicenseForm::Text);
            }
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Files of one package may have one name in two directories.
        let path = |number: usize| match number {
            1 => format!("packages/{package}/{name}"),
            _ => format!("packages/{package}/{number}/{name}"),
        };
        let is_free = |path: &String| self.texts.get(path).is_none_or(|other| *other == bytes);
        let path = (1..).map(path).find(is_free).unwrap_or_default();
        self.texts.insert(path.clone(), bytes);
        part.texts.push(path);
        let mut missing = None;
        for name in named_licenses::common(&text) {
            let place = format!("common-licenses/{name}");
            match read(&Path::new(named_licenses::COMMON).join(&name)) {
                Ok(text) => {
                    self.texts.insert(place.clone(), text);
                    part.common.push(place);
                }
                Err(error) => {
                    missing.get_or_insert(format!("`{}{name}` can't be read: {error}", named_licenses::COMMON));
                }
            }
        }
        missing
    }
}

/// The parts of all programs, each once.
fn merged(programs: &[(String, LinkedParts)]) -> Vec<LicensedPart> {
    let mut merged: BTreeMap<(bool, String, Option<String>), LicensedPart> = BTreeMap::new();
    for (program, parts) in programs {
        for part in &parts.parts {
            let new = plain(part);
            let key = (new.version.is_none(), new.name.clone(), new.purl.clone());
            let same = merged.entry(key).or_insert(new);
            same.programs.insert(program.clone());
            same.files.extend(part.files.iter().map(|file| file.name.clone()));
        }
    }
    merged.into_values().collect()
}

fn plain(part: &Part) -> LicensedPart {
    let url = part.purl.as_deref().and_then(PackageUrl::read);
    let file = part.files.first().map(|file| file.name.clone()).unwrap_or_default();
    LicensedPart {
        purl: part.purl.clone(),
        name: url.as_ref().map_or(file, |url| url.name.clone()),
        version: url.as_ref().map(PackageUrl::full_version),
        source: url.map(|url| url.source().0),
        files: BTreeSet::new(),
        programs: BTreeSet::new(),
        texts: Vec::new(),
        common: Vec::new(),
        form: None,
        stated: Vec::new(),
        named: BTreeSet::new(),
        problem: None,
    }
}

fn format(url: &PackageUrl) -> Option<Format> {
    match url.format.as_str() {
        "deb" => Some(Format::Deb),
        "rpm" => Some(Format::Rpm),
        "apk" => Some(Format::Apk),
        _ => None,
    }
}

/// Which installed package is to be asked for; none of names that could be a path or an option.
fn wanted(part: &LicensedPart) -> Option<WantedPackage> {
    let url = part.purl.as_deref().and_then(PackageUrl::read).filter(|url| is_name(&url.name))?;
    let architecture = url.qualifiers.get("arch").filter(|architecture| is_name(architecture)).cloned();
    Some(WantedPackage { manager: format(&url)?, name: url.name, architecture })
}

/// Whether it can be a package's name: a program may claim any.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".+-_~".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() < 200 && name.chars().all(is_part)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::parts::linked_parts::{PartFile, PartKind, SCHEMA};

    pub(crate) fn parts(of: &[(Option<&str>, &str)]) -> LinkedParts {
        let part = |(purl, file): &(Option<&str>, &str)| Part {
            purl: purl.map(str::to_owned),
            files: vec![PartFile {
                name: (*file).to_owned(),
                kind: PartKind::Archive,
                members: 1,
                bytes: 0,
                build_id: None,
                sha256: None,
                hardening: None,
            }],
        };
        LinkedParts { schema: SCHEMA, exact: true, parts: of.iter().map(part).collect(), hardening: None }
    }

    #[test]
    fn our_own_part_has_its_texts() {
        let own = parts(&[(Some("pkg:generic/staticcxx@9"), "libstart.a"), (None, "libq.a")]);
        let programs = [("a".to_owned(), own.clone()), ("b".to_owned(), own)];
        let gathered = GatheredLicenses::of(&Settings::default(), &programs);
        assert_eq!(gathered.texts.keys().collect::<Vec<_>>(), ["staticcxx/LICENSE-APACHE", "staticcxx/LICENSE-MIT"]);
        let [own, other] = &gathered.parts[..] else { panic!("{:?}", gathered.parts) };
        assert_eq!((own.programs.len(), own.form, &own.problem), (2, Some(LicenseForm::Own), &None));
        assert!(other.problem.as_ref().unwrap().contains("of no package") && gathered.is_incomplete());
        let with = parts(&[(Some("pkg:generic/staticcxx@9"), "libmimalloc.a")]);
        let gathered = GatheredLicenses::of(&Settings::default(), &[("a".to_owned(), with)]);
        assert!(gathered.texts.get("staticcxx/mimalloc/LICENSE").is_some_and(|text| text.starts_with(b"MIT License")));
        assert!(!gathered.is_incomplete());
    }

    #[test]
    fn names_that_are_no_package_s_lead_nowhere() {
        for name in ["..%2F..%2Fetc", "-x", ".", "..", "a%2Fb", "a%0Ab", "%00", "~", "a b"] {
            let purl = format!("pkg:deb/debian/{name}@1");
            let gathered = GatheredLicenses::of(&Settings::default(), &[("p".into(), parts(&[(Some(&purl), "x.a")]))]);
            let problem = gathered.parts.first().and_then(|part| part.problem.clone()).unwrap();
            assert!(problem.contains("no package has such a name") && gathered.texts.is_empty(), "{name}: {problem}");
        }
        for (purl, said) in [
            ("pkg:deb/debian/none-such-pkg@1", "`none-such-pkg` is not installed here"),
            ("pkg:deb/x/zlib1g-dev@1?distro=x-99", "it is of x-99, and this machine is "),
            ("pkg:cargo/serde@1.0.0", "it is a crate"),
            ("pkg:generic/musl@1.2", "it is no package of this machine's"),
        ] {
            let gathered = GatheredLicenses::of(&Settings::default(), &[("p".into(), parts(&[(Some(purl), "x.a")]))]);
            assert!(gathered.parts.first().unwrap().problem.as_ref().unwrap().starts_with(said), "{purl}");
        }
    }

    #[test]
    fn texts_of_one_name_and_what_they_refer_to() {
        let mut gathered = GatheredLicenses::default();
        let mut part = plain(&parts(&[(Some("pkg:deb/debian/q@1"), "libq.a")]).parts[0]);
        let text =
            "Format: dep5\n\nFiles: *\nLicense: LGPL-2.1+\n x\n\nFiles: a\nLicense: Do what you want with all of it\n";
        assert_eq!(gathered.add_text(&mut part, ("q", Path::new("/a/copyright")), text.into()), None);
        assert_eq!(gathered.add_text(&mut part, ("q", Path::new("/b/copyright")), b"other".to_vec()), None);
        assert_eq!(part.texts, ["packages/q/copyright", "packages/q/2/copyright"]);
        let stated = StatedLicense { name: "LGPL-2.1+".into(), spdx: Some("LGPL-2.1-or-later".into()) };
        assert_eq!((part.stated.as_slice(), part.form), (&[stated][..], Some(LicenseForm::CopyrightFile)));
        assert_eq!(part.named.iter().collect::<Vec<_>>(), [&GnuLicense::Lesser]);
        let missing =
            gathered.add_text(&mut part, ("q", Path::new("/c/x")), b"see /usr/share/common-licenses/Zzz-9.".to_vec());
        assert!(missing.is_some_and(|why| why.starts_with("`/usr/share/common-licenses/Zzz-9` can't be read")));
    }
}
