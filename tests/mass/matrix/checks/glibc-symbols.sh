#!/bin/sh
# Each symbol and version of the running release's libc.so.6 and libm.so.6, referred to by one shared object that is
# converted: its archives stand for all but those that glibc-symbols.tsv lists with reasons.
known=$(dirname "$0")/glibc-symbols.tsv

libc=$(gcc -print-file-name=libc.so.6) && libm=$(gcc -print-file-name=libm.so.6) || exit 1
for file in "$libc" "$libm"; do
    readelf -W --dyn-syms "$file"
done | awk -v known="$known" '
    BEGIN { while ((getline line < known) > 0) if (line !~ /^#/ && split(line, part, "\t") > 1) reasons[part[1]] = part[2] }
    $7 == "UND" || $4 == "TLS" || $8 !~ /@/ || $8 ~ /@GLIBC_PRIVATE/ || $8 ~ /^GLIBC_/ { next }
    {
        sub(/@@/, "@", $8)
        for (pattern in reasons) if ($8 ~ "^(" pattern ")$") next
        print $8
    }' | sort -u >wanted
[ "$(wc -l <wanted)" -gt 1500 ] || { echo "only $(wc -l <wanted) symbols were read of $libc and $libm"; exit 1; }

echo 'extern char table[]; int main(void) { return table[0] == 1; }' >main.c
made=0
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    {
        echo '.data; .globl table; .type table, @object; table: .byte 0; .balign 8'
        awk '{ printf ".symver wanted_%d, %s\n.quad wanted_%d\n", NR, $1, NR }' wanted
        echo '.section .note.GNU-stack,"",@progbits'
    } >table.s
    gcc -shared table.s -o libtable.so -lm 2>said || { echo "the shared object: $(grep -v 'In function\|^collect2' said | head -n 3)"; exit 1; }
    if staticcc -pthread main.c -L. -ltable -o main >said 2>&1; then
        made=1
        break
    fi
    lacking=$(sed -n 's/.*it needs `\([^`]*\)`.*/\1/p' said | head -n 1)
    if [ -z "$lacking" ]; then
        grep -i 'undefined\|error' said | head -n 30
        exit 1
    fi
    echo "$lacking: $(sed -n 's/.*it needs `[^`]*`, \(.*\)/\1/p' said | head -n 1)"
    grep -vxF "$lacking" wanted >rest
    mv rest wanted
done
[ $made = 1 ] || echo 'and more'
