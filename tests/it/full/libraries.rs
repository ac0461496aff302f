//! Libraries of Debian's packages without an archive.

use crate::quick::libraries::{archive, gcc};
use crate::support::*;
use std::fs;

/// The library of apt is there wherever apt is.
#[test]
fn the_package_of_debian_with_the_archive_is_named() {
    let dir = Dir::new();
    dir.file("main.c", "int main(void) { return 0; }\n");
    let library = fs::read_dir("/usr/lib/x86_64-linux-gnu").unwrap().flatten().map(|e| e.path());
    let library = library.filter(|p| p.display().to_string().contains("libapt-pkg.so.")).min().unwrap();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", "off").line("main.c -o x").args([&library]);
    let said = run.fails(1);
    assert!(said.contains("`apt-get install libapt-pkg-dev` installs") && said.contains("`libapt-pkg"), "{said}");
    // The same through an archive that needs it: one command for all that is missing, behind the linker's errors.
    dir.file("q.c", "int nowhere(void); int q(void) { return nowhere(); }\n");
    dir.file("main.c", "int q(void); int main(void) { return q(); }\n");
    gcc(&dir, "-fPIC -c q.c");
    archive(&dir, "libq.a", &["q.o"]);
    Run::new("gcc").dir(dir.path()).line("-shared q.o -Wl,--no-as-needed -o libq.so").args([&library]).ok();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", "off");
    let said = run.line("main.c -L. -lq -o x").fails(1);
    assert!(said.contains("undefined reference to `nowhere'"), "{said}");
    assert!(said.contains("staticcxx: hint: `apt-get install ") && said.contains("libapt-pkg-dev"), "{said}");
}
