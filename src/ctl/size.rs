//! `staticctl size`.

use super::cli_parts_args::{SizeArgs, SizeBy};
use super::output::{Reported, keep_inputs, produce, report_error, report_error_as, unwritable};
use crate::files::write_atomic;
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::SIZE;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::parts::noted_program;
use crate::parts::output_notes::UnreadElf;
use crate::settings::Settings;
use crate::size::file_pieces::{self, FilePieces};
use crate::size::loaded_identity;
use crate::size::reference_chain::{self, ChainStart, ReferenceChain, ReferenceChains, ThingKind};
use crate::size::size_page;
use crate::size::size_record::SizeRecord;
use crate::size::size_rows::{self, ChangedRow, SizeLevel, SizeRow};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The directory of records in our cache, for programs of `staticctl run --size`.
const KEPT: &str = "sizes";

/// Where `staticctl run --size` lets records be kept.
pub(super) fn records_dir(settings: &Settings) -> Option<PathBuf> {
    let given = settings.size.as_ref().and_then(|dir| std::path::absolute(dir).ok());
    given.or_else(|| settings.cache_dir.as_ref().map(|dir| dir.join(KEPT)))
}

/// Tells where a program's bytes are from.
pub(super) fn run(settings: &Settings, args: &SizeArgs) -> u8 {
    match sized(settings, args) {
        Ok(status) | Err(Reported(status)) => status,
    }
}

fn sized(settings: &Settings, args: &SizeArgs) -> Result<u8, Reported> {
    let program = SizedProgram::open(settings, args, &args.program)?;
    if let Some(name) = &args.why {
        return program.why(name, args.json);
    }
    let old = args.diff.as_ref().map(|old| SizedProgram::open(settings, args, old)).transpose()?;
    let level = level(args, &program, old.as_ref())?;
    if let Some(page) = &args.html {
        program.write_page(page)?;
        if !args.json && args.by.is_none() && old.is_none() {
            return Ok(EXIT_YES);
        }
    }
    let rows = program.rows(level);
    let text = match (&old, args.json) {
        (Some(old), _) => {
            let both = Both { old, new: &program, by: by(level), rows: size_rows::changed(&old.rows(level), &rows) };
            if args.json { both.document() } else { both.table(args.rows) }
        }
        (None, true) => program.document(by(level), &rows),
        (None, false) => program.table(by(level), &rows, args.rows),
    };
    Ok(produce(&text, EXIT_YES))
}

/// What is summed up: what was asked for, or else libraries, where they are known.
fn level(args: &SizeArgs, program: &SizedProgram, old: Option<&SizedProgram>) -> Result<SizeLevel, Reported> {
    let unknown = [Some(program), old].into_iter().flatten().find(|p| p.record.is_none());
    match (args.by, unknown) {
        (Some(SizeBy::Library | SizeBy::Member), Some(unknown)) => Err(unknown.no_record("which inputs it is of")),
        (Some(SizeBy::Library) | None, None) => Ok(SizeLevel::Library),
        (Some(SizeBy::Member), None) => Ok(SizeLevel::Member),
        (Some(SizeBy::Section), _) | (None, Some(_)) => Ok(SizeLevel::Section),
        (Some(SizeBy::Symbol), _) => Ok(SizeLevel::Symbol),
    }
}

fn by(level: SizeLevel) -> &'static str {
    match level {
        SizeLevel::Library => "library",
        SizeLevel::Member => "member",
        SizeLevel::Section => "section",
        SizeLevel::Symbol => "symbol",
    }
}

/// A program, with the record of its link if there is one.
struct SizedProgram {
    path: PathBuf,
    pieces: FilePieces,
    record: Option<SizeRecord>,
}

impl SizedProgram {
    /// Opens a program and looks for its record.
    ///
    /// # Errors
    /// It can't be read; that was said.
    fn open(settings: &Settings, args: &SizeArgs, path: &Path) -> Result<SizedProgram, Reported> {
        let refused = |why: UnreadElf| report_error(format!("`{}`: {why}", path.display()), None);
        let identity = loaded_identity::of(path).map_err(refused)?;
        let kept = settings.cache_dir.as_ref().map(|dir| dir.join(KEPT));
        let dirs: Vec<PathBuf> = args.records.iter().chain(&settings.size).cloned().chain(kept).collect();
        let record = SizeRecord::find(&identity, &dirs).unwrap_or_else(|(file, why)| {
            message::warning(format!("the record `{}` is not used: {why}", file.display()));
            None
        });
        let pieces = file_pieces::of(path, record.as_ref()).map_err(refused)?;
        let program = SizedProgram { path: path.to_owned(), pieces, record };
        program.say_limits(args);
        Ok(program)
    }

    /// Says what is not known of it.
    fn say_limits(&self, args: &SizeArgs) {
        let name = self.path.display();
        if self.pieces.dynamic {
            message::note(format!("`{name}` is a dynamic program: what it loads when it is started is not counted"));
        }
        match &self.record {
            Some(record) if record.compiled => {
                message::note(format!(
                    "some of `{name}` was compiled when it was linked (LTO): that code is of no library"
                ));
            }
            // It is an error then.
            None if args.why.is_none() && !matches!(args.by, Some(SizeBy::Library | SizeBy::Member)) => {
                message::note(format!(
                    "there is no record of the link of `{name}`: only its sections and symbols are known"
                ));
                message::hint(again());
            }
            _ => {}
        }
    }

    fn no_record(&self, what: &str) -> Reported {
        let error = format!("there is no record of the link of `{}`: it is not known {what}", self.path.display());
        report_error(error, Some(again()))
    }

    fn rows(&self, level: SizeLevel) -> Vec<SizeRow> {
        size_rows::rows(&self.pieces.pieces, level)
    }

    fn write_page(&self, page: &Path) -> Result<(), Reported> {
        keep_inputs(page, [self.path.as_path()])?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let none = SizeRecord::new(false);
        let text = size_page::page(&name, &self.pieces, self.record.as_ref().unwrap_or(&none));
        write_atomic(page, text.as_bytes()).map_err(|e| unwritable(page, &e))
    }

    /// What a JSON document of it begins with.
    fn head(&self) -> serde_json::Map<String, Value> {
        let mut head = serde_json::Map::new();
        head.insert("schema".into(), json!(crate::report::SCHEMA));
        head.insert("program".into(), json!(self.path));
        head.insert("bytes".into(), json!(self.pieces.bytes));
        head.insert("record".into(), json!(self.record.is_some()));
        head.insert("exact".into(), json!(self.record.as_ref().is_some_and(|record| !record.compiled)));
        head
    }

    fn document(&self, by: &str, rows: &[SizeRow]) -> String {
        let mut document = self.head();
        document.insert("by".into(), json!(by));
        document.insert("rows".into(), json!(rows));
        if self.record.is_none() {
            let parts = noted_program::read(&self.path).ok().flatten();
            document.insert("parts".into(), json!(parts.as_ref().map(|p| p.parts.purls())));
        }
        format!("{}\n", Value::from(document))
    }

    fn table(&self, by: &str, rows: &[SizeRow], most: usize) -> String {
        let mut table = Table::new(&[Align::Right, Align::Right, Align::Left, Align::Left], 0);
        let with_package = rows.iter().any(|row| row.package.is_some());
        let with_member = rows.iter().any(|row| row.member.is_some());
        let beside = if with_package {
            "package"
        } else if with_member {
            "of"
        } else {
            ""
        };
        table.row(["bytes", "%", by, beside]);
        let whole = self.pieces.bytes;
        let mut row = |bytes: u64, name: String, beside: &str| {
            table.row([bytes.to_string(), percent(bytes, whole), name, beside.to_owned()]);
        };
        let (shown, rest) = rows.split_at(if most == 0 { rows.len() } else { most.min(rows.len()) });
        for line in shown {
            row(line.bytes, line.name.clone(), line.package.as_ref().or(line.member.as_ref()).map_or("", |b| b));
        }
        if !rest.is_empty() {
            row(rest.iter().map(|r| r.bytes).sum(), format!("{} more", rest.len()), "");
        }
        row(whole, format!("all of {}", self.path.display()), "");
        table.render(stdout_width())
    }

    /// Tells why a thing is in it.
    fn why(&self, name: &str, json: bool) -> Result<u8, Reported> {
        let Some(record) = &self.record else { return Err(self.no_record("what refers to what")) };
        let Some(wanted) = reference_chain::find(record, name) else { return Err(self.lacks(record, name)) };
        let chain = ReferenceChains::of(record).to(&wanted.sections);
        let text = match json {
            true => {
                let mut document = self.head();
                let sections = wanted.sections.iter().filter_map(|at| record.sections.get(*at as usize));
                let placed: u64 = sections.map(|s| s.size).sum();
                let is = serde_json::to_value(wanted.kind).unwrap_or_default();
                document.insert("why".into(), json!({"name": name, "is": is, "placed": placed, "chain": chain}));
                format!("{}\n", Value::from(document))
            }
            false => told(name, wanted.kind, &self.path, chain.as_ref()),
        };
        Ok(produce(&text, EXIT_YES))
    }

    /// Says that a thing is not in it.
    fn lacks(&self, record: &SizeRecord, name: &str) -> Reported {
        let program = self.path.display();
        if let Some(unused) = record.unused.iter().find(|file| reference_chain::is_library(file, name)) {
            let error = format!("nothing of `{unused}` is in `{program}`: the linker was offered it and took nothing");
            return report_error_as(EXIT_NO, error, None);
        }
        let error = format!("`{program}` has no library, package, member or symbol `{name}`");
        let hint = format!("`staticctl size {program} --by symbol --rows 0` lists all symbols");
        report_error_as(EXIT_NO, error, Some(hint))
    }
}

/// How a record comes about.
fn again() -> String {
    format!("a link under `staticctl run --size -- COMMAND`, or with {}=DIR, keeps it", SIZE.name)
}

fn percent(bytes: u64, whole: u64) -> String {
    let tenths = (u128::from(bytes) * 1000).checked_div(whole.into()).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The chain that leads to a thing.
fn told(name: &str, kind: ThingKind, program: &Path, chain: Option<&ReferenceChain>) -> String {
    let kind = match kind {
        ThingKind::Library => "library",
        ThingKind::Member => "member",
        ThingKind::Symbol => "symbol",
    };
    let program = program.display();
    let Some(chain) = chain else {
        return format!("{kind} {name}: no reference leads to it; the linker was told to take it\n");
    };
    let from = match chain.from {
        ChainStart::Own => "the program's own objects",
        ChainStart::Start => "the start-up code, not the program's own objects,",
    };
    let mut text = match (chain.links.len(), chain.from) {
        (0, ChainStart::Own) => format!("{kind} {name}: it is in {program} as one of the program's own objects\n"),
        (0, ChainStart::Start) => {
            format!("{kind} {name}: it is start-up code, which the compiler names in each link\n")
        }
        (1, _) => format!("{kind} {name}: 1 reference from {from} leads to it\n"),
        (links, _) => format!("{kind} {name}: {links} references from {from} lead to it\n"),
    };
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left], 2);
    for link in &chain.links {
        let by = link.by.clone().unwrap_or_else(|| "-".into());
        table.row([link.from.clone(), by, "→".to_owned(), link.symbol.clone()]);
    }
    if let Some(last) = chain.links.last() {
        table.row([last.to.as_str()]);
    }
    text += &table.render(stdout_width());
    if !chain.exact {
        text += "A member of an archive is linked in whole: not every step is needed by the one before it.\n";
    }
    text
}

/// Two programs, compared.
struct Both<'a> {
    old: &'a SizedProgram,
    new: &'a SizedProgram,
    by: &'a str,
    rows: Vec<ChangedRow>,
}

/// A program of a comparison.
#[derive(Serialize)]
struct ComparedProgram<'a> {
    program: &'a Path,
    bytes: u64,
}

impl Both<'_> {
    fn document(&self) -> String {
        let of = |p: &SizedProgram| json!(ComparedProgram { program: &p.path, bytes: p.pieces.bytes });
        let (old, new) = (of(self.old), of(self.new));
        let schema = crate::report::SCHEMA;
        format!("{}\n", json!({"schema": schema, "old": old, "new": new, "by": self.by, "rows": self.rows}))
    }

    fn table(&self, most: usize) -> String {
        let mut table = Table::new(&[Align::Right, Align::Right, Align::Right, Align::Left, Align::Left], 0);
        table.row(["change", "old", "new", self.by]);
        let mut row = |change: i128, (old, new): (u64, u64), name: &str, of: &str| {
            table.row([format!("{change:+}"), old.to_string(), new.to_string(), name.to_owned(), of.to_owned()]);
        };
        let (shown, rest) = self.rows.split_at(if most == 0 { self.rows.len() } else { most.min(self.rows.len()) });
        for line in shown {
            row(line.change(), (line.old, line.new), &line.name, line.member.as_deref().unwrap_or_default());
        }
        if !rest.is_empty() {
            let sum = |of: fn(&ChangedRow) -> u64| rest.iter().map(of).sum::<u64>();
            let change = rest.iter().map(ChangedRow::change).sum();
            row(change, (sum(|r| r.old), sum(|r| r.new)), &format!("{} more", rest.len()), "");
        }
        let (old, new) = (self.old.pieces.bytes, self.new.pieces.bytes);
        row(i128::from(new) - i128::from(old), (old, new), &format!("all of {}", self.new.path.display()), "");
        table.render(stdout_width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::reference_chain::ChainLink;

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!(
            [percent(1, 3), percent(3, 3), percent(0, 0), percent(u64::MAX, u64::MAX)],
            ["33.3", "100.0", "0.0", "100.0"]
        );
    }

    #[test]
    fn chains_are_told_step_by_step() {
        let link = |from: &str, by: Option<&str>, symbol: &str, to: &str| ChainLink {
            from: from.into(),
            by: by.map(str::to_owned),
            symbol: symbol.into(),
            to: to.into(),
        };
        let links =
            vec![link("main.c", Some("main"), "x", "liba.a(x.o)"), link("liba.a(x.o)", None, "y", "libb.a(y.o)")];
        let mut chain = ReferenceChain { from: ChainStart::Own, exact: false, links };
        let said = told("b", ThingKind::Library, Path::new("p"), Some(&chain));
        assert_eq!(
            said,
            "library b: 2 references from the program's own objects lead to it\n\
             \x20 main.c       main  →  x\n  liba.a(x.o)  -     →  y\n  libb.a(y.o)\n\
             A member of an archive is linked in whole: not every step is needed by the one before it.\n"
        );
        chain.links.clear();
        assert!(told("main", ThingKind::Symbol, Path::new("p"), Some(&chain)).contains("own objects"));
        assert!(told("z", ThingKind::Symbol, Path::new("p"), None).contains("no reference"));
    }
}
