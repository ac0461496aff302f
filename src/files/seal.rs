//! Seals: hashes of what is kept, by which damage is seen: a file that was emptied, cut off, edited or replaced by another.
//!
//! Small JSON files have theirs inside ([`write_sealed`]). Files that linkers read are sealed by a record beside them
//! ([`seal`]): a line with the hash of each and its state then. A file of the same state was not written to since: the
//! kernel sets the time of change (ctime) at every write, rename and `touch`, and nobody can set it back, as anyone can the
//! time of modification. Such a file is hashed once a day only, for disks that forget; one of another state (restored from
//! a backup, in a new layer of a container) at once, and if its content is the same its new state is noted.

use super::write_atomic;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use twox_hash::XxHash3_128;

/// Seconds after which files of the same state are hashed again.
const DAY: u64 = 24 * 3600;

/// How many bytes stand before the JSON of [`write_sealed`]: the hash in quotes, the bracket and the comma.
const START: usize = 36;

fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(bytes))
}

/// Writes JSON with its hash, as `["HASH",JSON]`.
///
/// # Errors
/// Those of [`write_atomic`].
pub(crate) fn write_sealed(path: &Path, json: &[u8]) -> io::Result<()> {
    write_atomic(path, &[b"[\"", hash(json).as_bytes(), b"\",", json, b"]"].concat())
}

/// The JSON of [`write_sealed`]; none if it can't be read or is not what was written.
pub(crate) fn read_sealed(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut start = [0; START];
    file.read_exact(&mut start).ok()?;
    let written = start.strip_prefix(b"[\"")?.strip_suffix(b"\",")?;
    // By itself: what stands before it would have to be moved away.
    let mut json = Vec::new();
    json.try_reserve_exact(usize::try_from(length).ok()?.saturating_sub(START)).ok()?;
    file.read_to_end(&mut json).ok()?;
    (json.pop() == Some(b']') && hash(&json).as_bytes() == written).then_some(json)
}

/// Size, inode, and times of modification and change in seconds and nanoseconds.
type State = [i64; 6];

fn state(path: &Path) -> Option<State> {
    let m = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (size, inode) = (i64::try_from(m.size()).ok()?, i64::try_from(m.ino()).ok()?);
    Some([size, inode, m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec()])
}

/// One file of a record.
#[derive(Debug, Clone)]
struct Sealed {
    hash: String,
    state: State,
    name: String,
}

impl Sealed {
    fn of(path: &Path) -> Option<Sealed> {
        // The state before the content: what is written in between has another one.
        let state = state(path)?;
        Some(Sealed { hash: hash(&fs::read(path).ok()?), state, name: path.file_name()?.to_str()?.to_owned() })
    }

    /// `HASH SIZE INODE MODIFIED NANOSECONDS CHANGED NANOSECONDS NAME`
    fn parse(line: &str) -> Option<Sealed> {
        let mut words = line.splitn(8, ' ');
        let hash = words.next()?.to_owned();
        let mut state = State::default();
        for number in &mut state {
            *number = words.next()?.parse().ok()?;
        }
        let name = words.next().filter(|name| !name.contains('/'))?.to_owned();
        Some(Sealed { hash, state, name })
    }
}

/// When all files were hashed, in seconds since 1970, and the files.
struct Record(u64, Vec<Sealed>);

impl Record {
    fn read(path: &Path) -> Option<Record> {
        let text = fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let time = lines.next()?.parse().ok()?;
        Some(Record(time, lines.map(Sealed::parse).collect::<Option<_>>()?))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = format!("{}\n", self.0);
        for Sealed { hash, state, name } in &self.1 {
            let state = state.map(|number| number.to_string()).join(" ");
            text.push_str(&format!("{hash} {state} {name}\n"));
        }
        write_atomic(path, text.as_bytes())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Seals files of the record's directory as they are.
///
/// # Errors
/// One can't be read, or the record can't be written.
pub(crate) fn seal(record: &Path, files: &[PathBuf]) -> io::Result<()> {
    let sealed = files.iter().map(|file| Sealed::of(file)).collect::<Option<_>>();
    Record(now(), sealed.ok_or(io::ErrorKind::InvalidData)?).write(record)
}

/// The ending of the record of a single file.
pub(crate) const SEAL: &str = "seal";

/// The record of a single file, beside it.
pub(crate) fn seal_of(file: &Path) -> PathBuf {
    file.with_extension(SEAL)
}

/// Whether all files of a record are as they were sealed, and those that are `needed` are among them.
pub(crate) fn is_sealed(record: &Path, needed: &[&Path]) -> bool {
    let Some(Record(time, mut files)) = Record::read(record) else { return false };
    let dir = record.parent().unwrap_or(Path::new("."));
    let is_among = |file: &Path| {
        let name = file.file_name().filter(|_| file.parent() == Some(dir));
        files.iter().any(|sealed| name == Some(OsStr::new(&sealed.name)))
    };
    if !needed.iter().all(|file| is_among(file)) {
        return false;
    }
    let now = now();
    // One from the future is of a clock that was wrong.
    let due = now.checked_sub(time).is_none_or(|age| age > DAY);
    let mut noted = due;
    for sealed in &mut files {
        let path = dir.join(&sealed.name);
        let Some(state) = state(&path) else { return false };
        if due || state != sealed.state {
            if !fs::read(&path).is_ok_and(|bytes| hash(&bytes) == sealed.hash) {
                log::info!("`{}` is not what was kept", path.display());
                return false;
            }
            (sealed.state, noted) = (state, true);
        }
    }
    if noted {
        // Without a cache that can be written they are hashed each time.
        let _ = Record(if due { now } else { time }, files).write(record);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    #[test]
    fn json_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.json");
        write_sealed(&file, b"{\"a\":[1]}").unwrap();
        assert_eq!(read_sealed(&file).as_deref(), Some(b"{\"a\":[1]}".as_slice()));
        let whole = fs::read(&file).unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&whole).unwrap()[1]["a"].is_array());
        for at in 0..whole.len() {
            let mut edited = whole.clone();
            edited[at] ^= 1;
            fs::write(&file, &edited).unwrap();
            assert_eq!(read_sealed(&file), None, "{at}");
            fs::write(&file, &whole[..at]).unwrap();
            assert_eq!(read_sealed(&file), None, "{at}");
        }
    }

    /// Damage of each kind, with the time of modification set back.
    fn damaged(file: &Path, how: impl FnOnce(&mut Vec<u8>)) {
        let before = fs::metadata(file).unwrap().modified().unwrap();
        let mut bytes = fs::read(file).unwrap();
        how(&mut bytes);
        fs::write(file, bytes).unwrap();
        File::options().write(true).open(file).unwrap().set_modified(before).unwrap();
    }

    #[test]
    fn every_damage_is_seen_and_a_copy_is_not_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let (record, one, two) = (at("seals"), at("one.a"), at("two with a space.a"));
        let made = || {
            fs::write(&one, "content of one").unwrap();
            fs::write(&two, "content of two").unwrap();
            seal(&record, &[one.clone(), two.clone()]).unwrap();
            assert!(is_sealed(&record, &[&one, &two]));
        };
        let kinds: [fn(&mut Vec<u8>); 4] = [
            |bytes| bytes.clear(),
            |bytes| bytes.truncate(5),
            |bytes| bytes[3] ^= 1,
            |bytes| *bytes = b"content of two".to_vec(),
        ];
        for kind in kinds {
            made();
            damaged(&one, kind);
            assert!(!is_sealed(&record, &[]) && !is_sealed(&record, &[&one]));
        }
        made();
        fs::remove_file(&two).unwrap();
        assert!(!is_sealed(&record, &[&one]));
        made();
        assert!(!is_sealed(&record, &[&at("three.a")]) && !is_sealed(&at("none"), &[]));
        // Restored: the content is the same, and its new state is noted.
        fs::copy(&one, at("copy")).unwrap();
        fs::rename(at("copy"), &one).unwrap();
        let before = fs::read(&record).unwrap();
        assert!(is_sealed(&record, &[&one]));
        let after = fs::read(&record).unwrap();
        assert_ne!(before, after);
        assert!(is_sealed(&record, &[&one]));
        assert_eq!(fs::read(&record).unwrap(), after);
    }

    #[test]
    fn once_a_day_the_content_counts_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (record, file) = (dir.path().join("seals"), dir.path().join("a"));
        fs::write(&file, "content").unwrap();
        seal(&record, std::slice::from_ref(&file)).unwrap();
        let Record(time, mut files) = Record::read(&record).unwrap();
        let date = |time: u64, files: &Vec<Sealed>| {
            Record(time, files.clone()).write(&record).unwrap();
        };
        date(time - DAY - 1, &files);
        assert!(is_sealed(&record, &[&file]));
        assert!(Record::read(&record).unwrap().0 >= time);
        // As if the disk had forgotten a bit: the state is that of the other content.
        files[0].hash = hash(b"another");
        date(time, &files);
        assert!(is_sealed(&record, &[&file]));
        for due in [time - DAY - 1, time + 1000] {
            date(due, &files);
            assert!(!is_sealed(&record, &[&file]));
        }
    }

    #[test]
    fn a_record_that_is_damaged_seals_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (record, file) = (dir.path().join("seals"), dir.path().join("a"));
        fs::write(&file, "content").unwrap();
        seal(&record, std::slice::from_ref(&file)).unwrap();
        let old = SystemTime::now() - Duration::from_secs(5);
        File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        let text = fs::read_to_string(&record).unwrap();
        for broken in ["", "x", "1\nx", &text[..text.len() / 2], &text.replace(" a\n", " ../a\n")] {
            fs::write(&record, broken).unwrap();
            assert!(!is_sealed(&record, &[&file]), "{broken}");
        }
        assert!(seal(&record, &[dir.path().join("none")]).is_err());
    }
}
