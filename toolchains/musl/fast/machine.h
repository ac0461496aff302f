/* Machines whose vectors vector.h knows. */

#ifndef FAST_MACHINE_H
#define FAST_MACHINE_H

#if defined __x86_64__ || (defined __aarch64__ && defined __ARM_NEON && !defined __AARCH64EB__)
#define FAST_VECTORS
#endif

#endif
