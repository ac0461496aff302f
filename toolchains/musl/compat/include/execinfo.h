/* Stack traces, as backtrace(3) describes them. */
#ifndef _EXECINFO_H
#define _EXECINFO_H 1

#ifdef __cplusplus
extern "C" {
#endif

/* Puts at most SIZE return addresses into BUFFER, the innermost first; gives how many there are. */
int backtrace(void **__buffer, int __size);
/* Each address as `PROGRAM(+0xOFFSET) [0xADDRESS]`, in one block for free(). */
char **backtrace_symbols(void *const *__buffer, int __size);
/* `PROGRAM(+0xOFFSET)[0xADDRESS]` as lines to a file descriptor, without malloc. */
void backtrace_symbols_fd(void *const *__buffer, int __size, int __fd);

#ifdef __cplusplus
}
#endif

#endif
