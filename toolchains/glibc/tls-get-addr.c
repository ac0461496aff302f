/* ld.so has __tls_get_addr, and libc.a lacks it: no compiler calls it in a static program. Run-time libraries do that
   look for the thread's variables themselves (druntime's garbage collector scans them). The vector that is indexed is the
   one that libc.a makes for every thread (glibc, csu/libc-tls.c and nptl/allocatestack.c); a static program has one module,
   whose block is there from the start. Weak, so that an archive that has the function provides it. */

struct index {
    unsigned long module, offset;
};

/* dtv_t of glibc (sysdeps/generic/dl-dtv.h). */
union vector {
    unsigned long generation;
    struct {
        char *value;
        void *to_free;
    } block;
};

__attribute__((weak)) void *__tls_get_addr(struct index *wanted)
{
    union vector *vector;
#if defined __x86_64__
    __asm__("mov %%fs:8, %0" : "=r"(vector));
#elif defined __aarch64__
    vector = *(union vector **)__builtin_thread_pointer();
#else
#error "where the vector is"
#endif
    return vector[wanted->module].block.value + wanted->offset;
}
