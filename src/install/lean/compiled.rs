//! What make compiled, from its log: libtool prints every command.

use std::path::{Path, PathBuf};

/// All objects of one build.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    objects: Vec<CompiledObject>,
}

/// How one object was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompiledObject {
    /// The command up to the source.
    pub command: String,
    /// The source as it was typed: absolute, or a name in the build directory.
    pub source: String,
    /// The object's file name.
    pub output: String,
    /// Where it was compiled.
    pub directory: PathBuf,
}

impl Compiled {
    pub(crate) fn parse(log: &str) -> Compiled {
        let mut objects: Vec<CompiledObject> = Vec::new();
        for line in log.lines() {
            let Some(command) = line.strip_prefix("libtool: compile:") else { continue };
            let Some((command, rest)) = command.trim().split_once(" -c ") else { continue };
            let Some((source, output)) = rest.split_once(" -o ") else { continue };
            // libtool puts options that it knows after the source.
            let (source, more) = source.trim().split_once(' ').unwrap_or((source.trim(), ""));
            let object = CompiledObject {
                command: format!("{command} {more}").trim_end().to_owned(),
                source: source.to_owned(),
                output: output.trim().to_owned(),
                directory: PathBuf::new(),
            };
            objects.retain(|o| o.output != object.output || o.source != object.source);
            objects.push(object);
        }
        Compiled { objects }
    }

    /// Finds where each object is: `directories` of the build.
    #[must_use]
    pub(crate) fn located(mut self, build: &Path, directories: &[&str]) -> Compiled {
        for object in &mut self.objects {
            let made = |d: &&&str| build.join(d).join(&object.output).is_file();
            // Most sources are made in the directory of their own directory's name: c++98/locale.cc in src/c++98.
            let own = Path::new(&object.source).parent().and_then(|p| p.file_name()).map(|n| n.to_string_lossy());
            let alike = |d: &&&str| own.as_deref() == Path::new(d).file_name().and_then(|n| n.to_str());
            // A generated one is where it is built; a few others are built one directory up.
            let generated = |d: &&&str| own.is_none() && build.join(d).join(&object.source).exists();
            let found = directories.iter().filter(made).find(alike);
            let found = found.or_else(|| directories.iter().filter(made).find(generated));
            if let Some(directory) = found.or_else(|| directories.iter().find(made)) {
                object.directory = build.join(directory);
            }
        }
        self
    }

    /// The object of a source: `c++98/locale.cc`, or `numeric_members.cc` for a generated one.
    pub(crate) fn find(&self, source: &str) -> Option<&CompiledObject> {
        let suffix = format!("/{source}");
        let mut found = self.objects.iter().filter(|o| o.source == source || o.source.ends_with(&suffix));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

impl CompiledObject {
    /// The command for a piece of another name, whose random symbol names must be its own.
    pub(crate) fn command_for(&self, name: &str) -> String {
        let words = self.command.split(' ').map(|word| match word.strip_prefix("-frandom-seed=") {
            Some(_) => format!("-frandom-seed={name}"),
            None => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Where its source is, for what that includes by name.
    pub(crate) fn source_dir(&self, build: &Path) -> PathBuf {
        match Path::new(&self.source).parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(parent) => parent.to_owned(),
            None => build.to_owned(),
        }
    }

    pub(crate) fn text(&self) -> Result<String, String> {
        let path = self.source_dir(&self.directory).join(Path::new(&self.source).file_name().unwrap_or_default());
        std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_the_log() {
        let log = "libtool: compile:  /w/g++ -O2 -frandom-seed=locale.lo -c /s/src/c++98/locale.cc -fPIE -o locale.o\n\
                   /bin/bash ../libtool --tag CXX --mode=compile g++ -c x.cc\n\
                   libtool: compile:  /w/g++ -c numeric_members.cc -o numeric_members.o\n";
        let compiled = Compiled::parse(log);
        let locale = compiled.find("c++98/locale.cc").unwrap();
        assert_eq!(locale.command_for("x"), "/w/g++ -O2 -frandom-seed=x -fPIE");
        assert_eq!(locale.output, "locale.o");
        assert!(compiled.find("numeric_members.cc").is_some() && compiled.find("other.cc").is_none());
    }
}
