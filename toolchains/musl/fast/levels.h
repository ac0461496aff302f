/* Includes the file SELF once for each level, with the vectors of that level. */

#if !defined FAST_LEVEL || FAST_LEVEL == LEVEL_SSE2
#define LEVEL LEVEL_SSE2
#include "vector.h"
#include SELF
#undef LEVEL
#endif

#if !defined FAST_LEVEL || FAST_LEVEL == LEVEL_AVX2
#define LEVEL LEVEL_AVX2
#include "vector.h"
#include SELF
#undef LEVEL
#endif

#if defined FAST_LEVEL && FAST_LEVEL == LEVEL_NEON
#define LEVEL LEVEL_NEON
#include "vector.h"
#include SELF
#undef LEVEL
#endif
