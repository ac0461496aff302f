/* A function is called by its description, and a closure is one. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

static double sum(int a, double b)
{
    return a + b;
}

static void add(ffi_cif *description, void *result, void **arguments, void *data)
{
    (void)description;
    *(ffi_arg *)result = (ffi_arg)(*(int *)arguments[0] + *(int *)data);
}

int main(void)
{
    ffi_cif description;
    ffi_type *types[] = { &ffi_type_sint, &ffi_type_double };
    int a = 40, five = 5;
    double b = 2, result = 0;
    void *arguments[] = { &a, &b };
    if (ffi_prep_cif(&description, FFI_DEFAULT_ABI, 2, &ffi_type_double, types) != FFI_OK)
        return 1;
    ffi_call(&description, FFI_FN(sum), &result, arguments);
    if (result != 42)
        return 2;
    ffi_cif of_closure;
    void *code = NULL;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (!closure || ffi_prep_cif(&of_closure, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK)
        return 3;
    if (ffi_prep_closure_loc(closure, &of_closure, add, &five, code) != FFI_OK || ((int (*)(int))code)(37) != 42)
        return 4;
    ffi_closure_free(closure);
    puts("ok");
    return 0;
}
