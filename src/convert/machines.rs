//! The machines that conversion knows.

use super::machine::Machine;
use super::machine_aarch64::AARCH64;
use super::machine_x86_64::X86_64;

static MACHINES: [&Machine; 2] = [&X86_64, &AARCH64];

impl Machine {
    /// The table of an `e_machine`; none for an unsupported one.
    pub(crate) fn of(number: u16) -> Option<&'static Machine> {
        MACHINES.into_iter().find(|m| m.number == number)
    }

    /// The table of an architecture, as triples name it.
    pub(crate) fn named(arch: &str) -> Option<&'static Machine> {
        MACHINES.into_iter().find(|m| m.name == arch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::machine::Stub;
    use crate::convert::machine::{ThreadDescriptor, ThreadWord};

    #[test]
    fn tables_are_sorted() {
        for machine in MACHINES {
            assert!(machine.relocations.windows(2).all(|w| w[0].0 < w[1].0), "{}", machine.number);
            assert!(machine.page.is_power_of_two() && machine.largest_page.is_power_of_two());
            assert!(machine.page <= machine.largest_page);
            assert!(Machine::of(machine.number).is_some_and(|found| std::ptr::eq(found, machine)));
        }
        assert!(Machine::of(3).is_none());
        assert!(MACHINES.into_iter().all(|m| Machine::named(m.name).is_some_and(|found| found.number == m.number)));
        assert!(Machine::named("riscv64").is_none());
    }

    #[test]
    fn relocations_of_stubs_lie_in_their_code() {
        for machine in MACHINES {
            let (ThreadDescriptor::Argument(of_descriptor) | ThreadDescriptor::Own(of_descriptor)) =
                machine.thread_descriptor;
            let mut stubs: Vec<Stub> = vec![machine.jump, machine.tls_get_addr, of_descriptor];
            if let ThreadWord::Computed(stub) = machine.thread_word {
                stubs.push(stub);
            }
            for stub in stubs {
                assert!(stub.relocations.iter().all(|(at, ..)| *at + 4 <= stub.code.len() as u64));
            }
        }
    }

    #[test]
    fn pages() {
        assert_eq!((X86_64.page_start(4097), X86_64.page_end(4097)), (4096, Some(8192)));
        assert_eq!(X86_64.page_end(u64::MAX), None);
    }
}
