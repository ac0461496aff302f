//! A kernel of a build under `run`, in a machine of its own.

use crate::quick::freestanding::objects;
use crate::support::*;

#[test]
fn a_kernel_boots() {
    let dir = objects();
    dir.file("Makefile", "kernel: kernel.o\n\tgcc -m32 -nostdlib -static -T kernel.ld kernel.o -o kernel\n");
    Run::new(STATICCTL).dir(dir.path()).line("run -- make -s").output();
    let line =
        "-kernel kernel -display none -serial stdio -monitor none -no-reboot -m 32 -device isa-debug-exit,iobase=0xf4";
    let out = Run::new("timeout").dir(dir.path()).line("60 qemu-system-i386").line(line).output();
    // The device's status is twice what was written, plus one.
    assert!(text(&out.stdout).contains("a kernel\n"), "{out:?}");
}
