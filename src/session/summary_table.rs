//! The report of a build for the terminal: a table, followed by remarks.

use super::programs::{BuiltProgram, LeftAlone};
use super::summary::BuildSummary;
use crate::libs::{LinkedLibrary, library_ref};
use crate::message::size::size;
use crate::message::table::{Align, Table};
use crate::model::StaticKind;
use crate::plan::policy::Reason;
use crate::report::Outcome;
use crate::size::size_rows::SizeRow;
use std::collections::BTreeMap;
use std::path::Path;

/// One line about the whole build.
pub(crate) fn headline(summary: &BuildSummary) -> String {
    let of_programs = of_programs(summary);
    let asked = |left: &&LeftAlone| matches!(left.reason, Some(Reason::Freestanding | Reason::Sanitizer(_)));
    let left: Vec<&LeftAlone> = summary.left_alone.iter().filter(asked).collect();
    let name = |left: &&LeftAlone| format!("`{}`", shown(&left.path, &summary.directory));
    let mut names: Vec<String> = left.iter().take(NAMED_LEFT).map(name).collect();
    if left.len() > NAMED_LEFT {
        names.push(format!("{} more", left.len() - NAMED_LEFT));
    }
    if names.is_empty() { of_programs } else { format!("{of_programs}; left as asked: {}", names.join(", ")) }
}

/// How many that were left alone are named.
const NAMED_LEFT: usize = 3;

fn of_programs(summary: &BuildSummary) -> String {
    let programs = &summary.programs;
    if programs.is_empty() {
        return "no program was linked".into();
    }
    let count = |n: usize| format!("{n} program{}", if n == 1 { "" } else { "s" });
    let fixed = programs.iter().filter(|p| p.is_static && p.kind == Some(StaticKind::Static)).count();
    let pies = programs.iter().filter(|p| p.is_static && p.kind == Some(StaticKind::StaticPie)).count();
    let mut parts = Vec::new();
    let mut part = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    };
    part(pies, "static-pie");
    part(fixed, "static");
    part(programs.iter().filter(|p| p.outcome == Outcome::NotStatic).count(), "not static");
    part(programs.iter().filter(|p| p.outcome == Outcome::Unchecked).count(), "not checked");
    let failed = |o: Outcome| matches!(o, Outcome::Failed | Outcome::Refused | Outcome::Interrupted);
    part(programs.iter().filter(|p| failed(p.outcome)).count(), "failed");
    format!("{}: {}", count(programs.len()), parts.join(", "))
}

/// The table in lines of `width` characters at most; empty without programs.
pub(crate) fn table(summary: &BuildSummary, width: Option<usize>) -> String {
    if summary.programs.is_empty() {
        return String::new();
    }
    let columns = [Align::Left, Align::Left, Align::Right, Align::Left, Align::Right, Align::Left];
    let mut table = Table::new(&columns, 2);
    table.row(["program", "is", "size", "toolchain", "time", "libraries"]);
    for program in &summary.programs {
        table.row(row(program, &summary.directory));
    }
    table.render(width)
}

fn row(program: &BuiltProgram, directory: &Path) -> [String; 6] {
    let is = match (program.outcome, program.kind) {
        (Outcome::Verified, Some(kind)) => kind.flag().trim_start_matches('-').to_owned(),
        (Outcome::Verified, None) => "static".into(),
        (Outcome::NotStatic, _) => "NOT STATIC".into(),
        (Outcome::Unchecked, _) => "not checked".into(),
        (Outcome::Failed, _) => "failed".into(),
        (Outcome::Refused, _) => "refused".into(),
        (Outcome::Interrupted, _) => "interrupted".into(),
        (Outcome::LeftAlone, _) => "left alone".into(),
    };
    [
        shown(&program.path, directory),
        is,
        program.bytes.map_or("-".into(), size),
        program.toolchain.clone(),
        format!("{:.1} s", program.milliseconds / 1000.0),
        libraries(program),
    ]
}

/// A path as people see it from where they are.
pub(crate) fn shown(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).unwrap_or(path).display().to_string()
}

/// So many libraries are named in a row.
const NAMED: usize = 6;

/// More packages of a language than this are one name and a number.
const NAMED_PACKAGES: usize = 2;

/// Whether a library is a package of the program's own language, which says less than what it uses of C: Haskell's
/// (`HSbase-4.15.1.0`), Rust's crates, OCaml's.
fn is_package(name: &str, path: &Path) -> bool {
    let haskell = name.strip_prefix("HS").is_some_and(|rest| rest.contains('-') || rest == "rts");
    haskell || path.extension().is_some_and(|e| e == "rlib") || path.components().any(|c| c.as_os_str() == "ocaml")
}

fn libraries(program: &BuiltProgram) -> String {
    let (mut names, mut packages): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for path in &program.libraries {
        let stem = library_ref::stem(path).map(|s| s.to_string_lossy().into_owned());
        let name = stem.unwrap_or_else(|| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let name = name.strip_prefix("lib").unwrap_or(&name).trim_end_matches(".ar").trim_end_matches(".a");
        let name = match name.strip_suffix(".rlib") {
            // Rust's own; and a crate with cargo's hash after its name.
            Some(_) if path.components().any(|c| c.as_os_str() == "rustlib") => continue,
            Some(name) => name.rsplit_once('-').map_or(name, |(name, _)| name).to_owned(),
            None => name.to_owned(),
        };
        // Taken from the shared object itself, which is never done with one of the project's own.
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let converted = file.contains(".so") && ![".a", ".ar", ".o"].iter().any(|end| file.ends_with(end));
        let name = if converted { format!("{name} (converted)") } else { name };
        let list = if is_package(&name, path) { &mut packages } else { &mut names };
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let mut more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if packages.len() > NAMED_PACKAGES {
        more += packages.len() - 1;
        packages.truncate(1);
    }
    names.extend(packages);
    match (names.is_empty(), more) {
        (true, _) => "-".into(),
        (false, 0) => names.join(" "),
        (false, more) => format!("{} and {more} more", names.join(" ")),
    }
}

/// A line about each shared object that was converted, each program that is not as it should be, or needs files at run
/// time.
pub(crate) fn remarks(summary: &BuildSummary) -> Vec<String> {
    let mut lines = Vec::new();
    let all = summary.programs.iter().flat_map(|p| &p.converted);
    let converted: BTreeMap<&Path, &LinkedLibrary> = all.map(|l| (l.path.as_path(), l)).collect();
    for (path, library) in converted {
        let package = library.package.as_ref().map(|p| format!(" of {p}")).unwrap_or_default();
        lines.push(format!("converted from `{}`{package}", path.display()));
    }
    let probe: f64 = summary.programs.iter().chain(&summary.gone).map(|p| p.probe).sum();
    if probe > 100.0 {
        lines.push(format!("trying the compiler took {:.1} s, once", probe / 1000.0));
    }
    let small = || summary.programs.iter().filter_map(|p| p.saved.zip(p.bytes));
    if small().next().is_some() {
        let (saved, left) = small().fold((0, 0), |(s, b), (saved, bytes)| (s + saved, b + bytes));
        let whole: u64 = saved + left;
        let percent = (saved * 100).checked_div(whole).unwrap_or(0);
        lines.push(format!("leaving out unused parts saved {} of {} ({percent} %)", size(saved), size(whole)));
    }
    for program in &summary.programs {
        let name = shown(&program.path, &summary.directory);
        lines.extend(program.sizes.as_ref().map(|sizes| format!("`{name}` is {}", largest(sizes))));
        lines.extend(program.failures.iter().map(|f| format!("`{name}` is not static: {f}")));
        lines.extend(program.needs().map(|f| format!("`{name}`: {f}")));
    }
    lines
}

/// How many libraries are named with their size.
const SIZED: usize = 4;

/// `libcrypto.a 71 %, libc.a 12 %, …`.
fn largest(sizes: &[SizeRow]) -> String {
    let whole: u64 = sizes.iter().map(|row| row.bytes).sum();
    let percent = |bytes: u64| (u128::from(bytes) * 100).checked_div(whole.into()).unwrap_or(0);
    let named = sizes.iter().take(SIZED).map(|row| format!("{} {} %", row.name, percent(row.bytes)));
    let mut names: Vec<String> = named.collect();
    if sizes.len() > SIZED {
        names.push("…".into());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &str, outcome: Outcome, kind: Option<StaticKind>) -> BuiltProgram {
        BuiltProgram {
            path: path.into(),
            copies: vec![],
            outcome,
            is_static: outcome == Outcome::Verified,
            kind,
            bytes: Some(2048),
            saved: None,
            sizes: None,
            toolchain: "host-gcc".into(),
            libraries: ["libz.a", "libz.a", "libm.a", "libring-d90970b22c3269be.rlib", "rustlib/x/libstd-1.rlib"]
                .map(|l| Path::new("/l").join(l))
                .to_vec(),
            converted: vec![],
            failures: vec![],
            findings: vec![],
            milliseconds: 1234.0,
            probe: 0.0,
        }
    }

    #[test]
    fn the_largest_libraries_are_named_with_their_share() {
        let row = |name: &str, bytes| SizeRow { name: name.into(), package: None, member: None, bytes };
        assert_eq!(largest(&[row("libz.a", 30), row("m.o", 10)]), "libz.a 75 %, m.o 25 %");
        let many: Vec<SizeRow> = (0..5).map(|n| row(&format!("l{n}"), 1)).collect();
        assert_eq!(largest(&many), "l0 20 %, l1 20 %, l2 20 %, l3 20 %, …");
        assert_eq!(largest(&[]), "");
    }

    #[test]
    fn the_table_is_aligned_and_the_headline_counts() {
        let mut summary = super::super::summary::join(vec![], Default::default(), Path::new("/w"), false);
        assert_eq!((headline(&summary).as_str(), table(&summary, None).as_str()), ("no program was linked", ""));
        summary.programs = vec![
            program("/w/a", Outcome::Verified, Some(StaticKind::StaticPie)),
            program("/elsewhere/long", Outcome::Failed, None),
        ];
        assert_eq!(headline(&summary), "2 programs: 1 static-pie, 1 failed");
        assert_eq!(
            table(&summary, None),
            "  program          is           size  toolchain   time  libraries\n\
             \x20 a                static-pie  2 KiB  host-gcc   1.2 s  z m ring\n\
             \x20 /elsewhere/long  failed      2 KiB  host-gcc   1.2 s  z m ring\n"
        );
    }
}
