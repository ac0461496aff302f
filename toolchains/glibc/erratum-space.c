/* Room in a program's code for instructions that are moved out of a sequence which the Cortex-A53 may execute wrongly
   (src/linker/cortex_a53.rs): a mark, then two words for each of them. */
__asm__(".pushsection .text.staticcxx_erratum_space, \"axR\", %progbits\n"
        ".balign 8\n"
        ".ascii \"staticcxx-843419\"\n"
        ".zero 8 * 32\n"
        ".popsection\n");
