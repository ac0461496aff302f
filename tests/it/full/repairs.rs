//! Repairs of glibc under strace and with a locale of the machine, and a hint that names an installed library.

use crate::quick::repairs::in_nothing;
use crate::support::*;
use std::fs;

const NSS: &str = fixture!("repairs/name-services.c");

#[test]
fn a_locale_of_the_machine_itself_still_counts() {
    let dir = Dir::new();
    dir.file("u.c", "#include <locale.h>\n#include <stdio.h>\nint main(void) { setlocale(LC_ALL, \"\"); printf(\"%s\\n\", localeconv()->decimal_point); return 0; }\n");
    Run::new(STATICCC).dir(dir.path()).line("u.c -o u").silent();
    // A locale that is made here, in a directory where glibc looks, with a decimal comma.
    fs::create_dir(dir.join("locale")).unwrap();
    let made = Run::new("localedef").dir(dir.path()).line("--no-archive -i de_DE -f UTF-8 locale/de_DE.utf8").output();
    assert!(dir.join("locale/de_DE.utf8/LC_NUMERIC").is_file(), "{}", text(&made.stderr));
    let script = "mount --bind locale /usr/lib/locale && LC_ALL=de_DE.UTF-8 ./u";
    let said = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).ok();
    assert_eq!(said, ",\n");
    assert_eq!(in_nothing(&dir, "u", "LC_ALL", "de_DE.UTF-8"), ".\n");
}

#[test]
fn name_services_never_look_for_a_shared_object() {
    let dir = Dir::new();
    dir.file("g.c", NSS);
    dir.file(
        "nsswitch.conf",
        "passwd: systemd files\ngroup: ldap compat\nhosts: mymachines mdns4 files dns\nservices: nis db\n",
    );
    let opened = || {
        let script = "mount --bind nsswitch.conf /etc/nsswitch.conf && strace -f -e trace=openat,open -o trace ./g";
        let said = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).ok();
        (said, fs::read_to_string(dir.join("trace")).unwrap())
    };
    // Without a word: what the linker would warn of is no longer true.
    Run::new(STATICCC).dir(dir.path()).line("g.c -o g").silent();
    let (said, trace) = opened();
    assert_eq!(said, "0 1 1 0\n");
    assert!(!trace.contains("libnss_") && trace.contains("/etc/passwd"), "{trace}");
    for setting in ["off", "locale"] {
        let out = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_GLIBC_FIXES", setting).line("g.c -o g").output();
        let said = text(&out.stderr);
        assert!(said.contains("Using 'getpwnam'") && said.contains("in function `main'"), "{said}");
    }
    assert!(opened().1.contains("libnss_"), "the test sees no difference");
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_GLIBC_FIXES", "nss").line("g.c -o g").silent();
    assert!(!opened().1.contains("libnss_"));
}

#[test]
fn an_undefined_symbol_is_looked_for_in_all_archives() {
    let dir = Dir::new();
    dir.file("z.c", "const char *zlibVersion(void); int main(void) { return zlibVersion()[0]; }\n");
    let said = Run::new(STATICCC).dir(dir.path()).line("z.c -o z").fails(1);
    assert!(said.contains("undefined reference to `zlibVersion'"), "{said}");
    assert!(
        said.contains("staticcxx: hint: `zlibVersion` is defined in `") && said.contains("is `-lz` missing?"),
        "{said}"
    );
    // A probe is a question, and gets no answer but the linker's.
    let said = Run::new(STATICCC).dir(dir.path()).line("z.c -o conftest").fails(1);
    assert!(!said.contains("staticcxx:"), "{said}");
}
