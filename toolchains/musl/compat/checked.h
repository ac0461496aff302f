/* What the functions that check sizes share. */

#include <stddef.h>

/* Says so and aborts. */
_Noreturn void __chk_end(const char *line);
_Noreturn void __chk_fail(void);

static inline void must_fit(size_t count, size_t room)
{
	if (count > room)
		__chk_fail();
}
