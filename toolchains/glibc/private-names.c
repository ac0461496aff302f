/* Functions that glibc's shared object has for its own modules, and its archive lacks in some versions. Weak, so that an
   archive that has them provides them. */
#define INSTEAD __attribute__((weak))

/* Counts calls for LD_PROFILE, which only ld.so does; converters call it before each function that libc gave them. */
INSTEAD void _dl_mcount_wrapper_check(void *called) { (void)called; }
INSTEAD void _dl_mcount_wrapper(void *called) { (void)called; }
