/* Entry of programs with IFUNCs of their own. ld.so has set up a zeroed thread control block and zeroed thread-local
   storage before it calls their resolvers (glibc's elf/rtld.c: init_tls precedes relocation, _dl_allocate_tls_init
   follows it); static glibc sets both up after it (csu/libc-start.c: ARCH_SETUP_IREL precedes ARCH_SETUP_TLS), and a
   resolver that has a stack protector or uses errno crashes. So the same zeros are provided here until glibc's own
   block replaces them. Nothing is relocated yet: no call leaves this file. */
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* More than glibc's struct pthread. */
enum { BLOCK = 8192, PAGE = 4096, READ_WRITE = 3, PRIVATE_ANONYMOUS = 0x22, SET_FS = 0x1002 };

#if defined __x86_64__ && defined __LP64__
static inline long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined __aarch64__ && defined __LP64__
static inline long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    register long x8 __asm__("x8") = number;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "memory");
    return x0;
}
#else
#error "only for x86-64 and AArch64"
#endif

/* `stack`: what the kernel passes: argc, argv, 0, environment, 0, auxiliary vector. */
__attribute__((visibility("hidden"), used)) void staticcxx_early(const uintptr_t *stack)
{
    const uintptr_t *at = stack + 1 + stack[0] + 1;
    const ElfW(auxv_t) *aux;
    const ElfW(Phdr) *header = 0;
    size_t count = 0, locals = 0, align = 64, below, above, start;
    long mapped;
    while (*at)
        at++;
    for (aux = (const ElfW(auxv_t) *)(at + 1); aux->a_type != AT_NULL; aux++) {
        if (aux->a_type == AT_PHDR)
            header = (const ElfW(Phdr) *)aux->a_un.a_val;
        if (aux->a_type == AT_PHNUM)
            count = aux->a_un.a_val;
    }
    for (; header && count; header++, count--)
        if (header->p_type == PT_TLS) {
            if (header->p_align > align)
                align = header->p_align;
            locals = header->p_memsz;
        }
    locals = (locals + 2 * align) & ~(align - 1);
#ifdef __x86_64__
    below = locals;
    above = BLOCK;
#else
    /* The control block lies before the thread pointer. */
    below = BLOCK;
    above = locals;
#endif
    mapped = kernel(SYS_mmap, 0, (long)(below + align + above), READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    if (mapped < 0 && mapped > -PAGE)
        return;
    start = ((size_t)mapped + below + align - 1) & ~(align - 1);
#ifdef __x86_64__
    {
        uintptr_t *block = (uintptr_t *)start;
        /* tcbhead_t: `tcb` and `self` are the block's own address. */
        block[0] = start;
        block[2] = start;
    }
    kernel(SYS_arch_prctl, SET_FS, (long)start, 0, 0, 0, 0);
#else
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(start) : "memory");
#endif
}

__asm__(".pushsection .text.staticcxx_start,\"ax\",%progbits\n"
        ".globl staticcxx_start\n"
        ".hidden staticcxx_start\n"
        ".type staticcxx_start,%function\n"
        "staticcxx_start:\n"
        ".cfi_startproc\n"
#ifdef __x86_64__
        ".cfi_undefined rip\n"
        "endbr64\n"
        "xor %ebp,%ebp\n"
        "mov %rsp,%rdi\n"
        "push %rdx\n"
        "push %rdx\n"
        "call staticcxx_early\n"
        "pop %rdx\n"
        "pop %rdx\n"
        "jmp _start\n"
#else
        ".cfi_undefined x30\n"
        /* bti c */
        "hint #34\n"
        "mov x29,#0\n"
        "mov x30,#0\n"
        "mov x19,x0\n"
        "mov x0,sp\n"
        "bl staticcxx_early\n"
        "mov x30,#0\n"
        "mov x0,x19\n"
        "b _start\n"
#endif
        ".cfi_endproc\n"
        ".size staticcxx_start,.-staticcxx_start\n"
        ".popsection\n");
