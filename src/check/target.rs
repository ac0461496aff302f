//! Which machine and class a triple stands for.

use serde::{Deserialize, Serialize};

/// What the file is expected to be for; nothing is expected where the triple is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Expect {
    /// `e_machine`.
    pub machine: Option<u16>,
    /// 32 or 64.
    pub bits: Option<u8>,
}

/// Architecture of a triple, `e_machine` of the generic ABI's registry, bits, display name.
static MACHINES: [(&str, u16, u8, &str); 25] = [
    ("aarch64", 183, 64, "aarch64"),
    ("aarch64_be", 183, 64, "aarch64"),
    ("arm", 40, 32, "arm"),
    ("armv5te", 40, 32, "arm"),
    ("armv6", 40, 32, "arm"),
    ("armv7", 40, 32, "arm"),
    ("armv7a", 40, 32, "arm"),
    ("armv7l", 40, 32, "arm"),
    ("i386", 3, 32, "i386"),
    ("i486", 3, 32, "i386"),
    ("i586", 3, 32, "i386"),
    ("i686", 3, 32, "i386"),
    ("loongarch64", 258, 64, "loongarch64"),
    ("m68k", 4, 32, "m68k"),
    ("mips", 8, 32, "mips"),
    ("mips64", 8, 64, "mips64"),
    ("mips64el", 8, 64, "mips64"),
    ("mipsel", 8, 32, "mips"),
    ("powerpc", 20, 32, "powerpc"),
    ("powerpc64", 21, 64, "powerpc64"),
    ("powerpc64le", 21, 64, "powerpc64"),
    ("riscv32", 243, 32, "riscv32"),
    ("riscv64", 243, 64, "riscv64"),
    ("s390x", 22, 64, "s390x"),
    ("x86_64", 62, 64, "x86-64"),
];

impl Expect {
    /// The expectation for a triple such as `x86_64-linux-gnu`; `…x32` means 32 bits.
    pub fn from_triple(triple: &str) -> Expect {
        let arch = triple.split('-').next().unwrap_or_default();
        match MACHINES.iter().find(|m| m.0 == arch) {
            Some(&(_, machine, bits, _)) => {
                let bits = if triple.ends_with("x32") { 32 } else { bits };
                Expect { machine: Some(machine), bits: Some(bits) }
            }
            None => Expect::default(),
        }
    }

    /// The expectation after the driver's own `-m32`, `-m64`, `-mx32`.
    #[must_use]
    pub fn with_abi(self, options: &[std::ffi::OsString]) -> Expect {
        options.iter().fold(self, |e, option| match (option.to_str(), e.machine) {
            (Some("-m32"), Some(62 | 3)) => Expect { machine: Some(3), bits: Some(32) },
            (Some("-mx32"), Some(62 | 3)) => Expect { machine: Some(62), bits: Some(32) },
            (Some("-m64"), Some(62 | 3)) => Expect { machine: Some(62), bits: Some(64) },
            // Another machine, or a target of its own: the compiler knows best.
            (Some("-m32" | "-m64" | "-target"), _) => Expect::default(),
            (Some(o), _) if o.starts_with("--target=") || o.starts_with("-mabi=") => Expect::default(),
            _ => e,
        })
    }
}

/// The display name of a machine: `x86-64`, or its number.
pub fn machine_name(machine: u16, bits: u8) -> String {
    let known = MACHINES.iter().find(|m| m.1 == machine && m.2 == bits);
    let known = known.or_else(|| MACHINES.iter().find(|m| m.1 == machine));
    match known {
        Some(&(_, 62, _, _)) if bits == 32 => "x32".into(),
        Some(m) => m.3.into(),
        None => format!("machine {machine}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_and_abi_options() {
        let e = |t: &str, o: &[&str]| {
            let o: Vec<std::ffi::OsString> = o.iter().map(Into::into).collect();
            let e = Expect::from_triple(t).with_abi(&o);
            (e.machine, e.bits)
        };
        assert_eq!(e("x86_64-linux-gnu", &[]), (Some(62), Some(64)));
        assert_eq!(e("x86_64-linux-gnu", &["-m32"]), (Some(3), Some(32)));
        assert_eq!(e("x86_64-linux-gnux32", &[]), (Some(62), Some(32)));
        assert_eq!(e("aarch64-unknown-linux-musl", &[]), (Some(183), Some(64)));
        assert_eq!(e("x86_64-linux-gnu", &["--target=aarch64-linux-gnu"]), (None, None));
        assert_eq!(e("pdp11", &[]), (None, None));
        assert_eq!(machine_name(62, 64), "x86-64");
        assert_eq!(machine_name(62, 32), "x32");
        assert_eq!(machine_name(999, 64), "machine 999");
    }
}
