# Programs of the release, made static with `staticctl convert --verify`, at real work beside their originals. At least 23 of
# 24 must do the same; each that does not is named if there are more.
mkdir originals static work input
seq 1 5000 | awk '{ print $1 * 7919 % 5003, "word" $1 % 97, "rest of the line " $1 }' >input/numbers
printf 'int main(void)\n{\n    return 0;\n}\n' >input/main.c
sed 's/return 0/return 1/' input/main.c >input/other.c
printf '{"a": [1, 2.5, {"b": "\\u00e4"}], "c": null}\n' >input/j.json
printf '%%token A\n%%%%\nlist: | list A;\n%%%%\nint yylex(void) { return 0; }\nvoid yyerror(const char *s) {}\nint main(void) { return yyparse(); }\n' >input/g.y
printf '%%%%\n[a-z]+ ECHO;\n%%%%\nint yywrap(void) { return 1; }\n' >input/l.l
printf 'all: b\n\tcat b\nb:\n\techo made >b\n' >input/Makefile
input=$PWD/input

# name, word for --verify, commands for sh
cat >list <<'PROGRAMS'
ls|--version|ls -laR --time-style=+%s . | sort; ls --color=always -1 /etc | head -5
cat|--version|cat -A numbers | cksum
sort|--version|LC_ALL=C.UTF-8 sort -k2,2 -k1n numbers | cksum; sort -z -u numbers | cksum
grep|--version|grep -nE "word(1|2)[0-9]* .*[05]$" numbers | cksum; grep -P "(?<=rest )of" numbers | head -2
sed|--version|sed -E "s/([0-9]+) (word)([0-9]+)/\3-\1/; 100q" numbers | cksum
gawk|--version|gawk "{ s[\$2] += fmod(\$1) } function fmod(x) { return (x % 7.5) ^ 1.5 } END { n = asorti(s, k); for (i = 1; i <= n; i++) printf \"%s %.6f\n\", k[i], s[k[i]]; print strftime(\"%Y\", 0), toupper(\"ä\") }" numbers | cksum
find|--version|find . -type f -size +1k -printf "%f %s\n" | sort; find /etc -maxdepth 1 -name "p*" | sort | head
tar|--version|tar -cf a.tar --mtime=@0 --owner=root . 2>&1; tar -tvf a.tar --utc | cut -c1-60
gzip|--version|gzip -9nc numbers | tee g.gz | cksum; gzip -dc g.gz | cksum; gzip -l g.gz
xz|--version|xz -T2 -6c numbers >x.xz; xz -dc x.xz | cksum; xz -l x.xz | tail -1
bc|--version|echo "scale=50; 4*a(1); e(2); sqrt(2); 2^200" | bc -lq
less|--version|less -FX main.c | cat
jq|--version|jq -c ".a[2].b, (.a[1] | fmod(.; 2)), (.a | length), (now | type), ([3,1,2] | sort)" j.json
sqlite3|--version|sqlite3 :memory: "create table t(a, b); with recursive n(x) as (select 1 union all select x + 1 from n where x < 1000) insert into t select x, x * x % 97 from n; select b, count(*), avg(a), group_concat(a) from t group by b order by b limit 5; select round(sqrt(2), 6), hex(zeroblob(3));"
curl|--version|curl -s "file://$PWD/numbers" | cksum; curl -sS http://localhost:1/ 2>&1 | head -1; curl -sS http://no.such.host.invalid/ 2>&1
git|--version|git init -q r; cd r; git config user.email a@b; git config user.name a; cp ../main.c .; git add .; GIT_AUTHOR_DATE="@1 +0000" GIT_COMMITTER_DATE="@1 +0000" git commit -qm one; cp ../other.c main.c; git diff; git log --stat; git fsck 2>&1; git gc -q 2>&1
openssl|version|openssl dgst -sha3-256 numbers; openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -S 0011223344556677 -in main.c | cksum; openssl genpkey -algorithm ed25519 -out k; openssl pkey -in k -pubout | head -1; openssl list -providers | grep -c name
perl|-v|perl -ne "\$n{\$1}++ if /(word\d+)/; END { printf \"%s %d\n\", \$_, \$n{\$_} for sort keys %n; printf \"%.10f %s\n\", exp(1) * atan2(1, 1), uc \"abc\"; eval { die \"x\n\" }; print \$@ }" numbers | cksum; perl -e "use POSIX; use List::Util qw(sum); print floor(3.7), sum(1..10), qq(\n)"
python3|--version|python3 -c "import json, re, math, hashlib, zlib, decimal, threading; d = json.load(open(\"j.json\")); print(d, math.fmod(7.5, 2), math.remainder(7, 4), hashlib.sha256(open(\"numbers\", \"rb\").read()).hexdigest(), zlib.crc32(b\"x\"), decimal.Decimal(2).sqrt()); t = threading.Thread(target=lambda: print(\"thread\")); t.start(); t.join(); print(\"ä\".upper(), \"%.3f\" % math.lgamma(2.5))"
gpgv|--version|set -- /var/lib/apt/lists/*_InRelease /usr/share/keyrings/*archive-keyring*; gpgv --keyring "/usr/share/keyrings/debian-archive-keyring.gpg" "$1" 2>&1 | grep -c -E "Signature|signature"; gpgv main.c 2>&1
make|--version|make -j2; make -n; make -p -f /dev/null 2>/dev/null | grep -c "^[A-Z]"
bison|--version|bison -Wno-all g.y -o g.c; grep -v "^#line" g.c | cksum
flex|--version|flex -o l.c l.l; grep -c . l.c
m4|--version|printf "define(\`f', \`ifelse(\$1, 0, 1, \`eval(\$1 * f(decr(\$1)))')')f(10) format(\`%%.3f', 2.5) esyscmd(echo hi)\n" | m4
diff|--version|diff -u --label a --label b main.c other.c; diff -q main.c main.c
patch|--version|diff -u main.c other.c >p; patch -b main.c <p; cat main.c main.c.orig
zstd|--version|zstd -q -19 -T2 -c numbers | zstd -dc | cksum
file|--version|file -b main.c j.json numbers /bin/ls | head -3
bash|--version|bash -c "declare -A a; while read -r n w _; do a[\$w]=\$((a[\$w] + n)); done <numbers; echo \${#a[@]} \${a[word5]}; printf \"%(%Y)T %s\n\" 0 \${BASH_VERSINFO[0]}; [[ abc =~ b(.) ]] && echo \${BASH_REMATCH[1]}; trap \"echo bye\" EXIT"
dash|-c|dash -c "set -- *; echo \$#; x=\$(cat main.c); echo \"\${x%%(*}\""
sha256sum|--version|sha256sum numbers main.c
date|--version|TZ=Europe/Vienna date -d @1000000000; LC_ALL=C.UTF-8 date -u -d "2020-02-29 +1 year"
objdump|--version|objdump -d /bin/true | cksum; objdump -p /bin/true | head -8
PROGRAMS
total=0 right=0
: >wrong
while IFS='|' read -r name word commands <&3; do
    original=$(command -v "$name") || continue
    original=$(readlink -f "$original")
    total=$((total + 1))
    # `-c` needs a command; the others take one word.
    [ "$word" = -c ] && set -- -c 'echo hi' || set -- "$word"
    plugins=
    if [ "$name" = perl ]; then
        # Its modules, where it looks for them first.
        for module in Fcntl/Fcntl POSIX/POSIX List/Util/Util; do
            file=$(perl -e 'for (@INC) { print("$_/auto/$ARGV[0].so"), last if -e "$_/auto/$ARGV[0].so" }' "$module")
            plugins="$plugins --plugin $file"
        done
    fi
    if ! staticctl convert "$original" -o "static/$name" $plugins --verify -- "$@" >said 2>&1 </dev/null; then
        echo "$name is not converted: $(grep -v 'note:' said | head -n 2)" >>wrong
        continue
    fi
    ln -s "$original" "originals/$name"
    for which in originals static; do
        rm -rf work/*
        cp -r "$input" "work/dir"
        # Both run in directories of one name, with one time.
        find work/dir -exec touch -d @1000000000 {} +
        (cd work/dir && PATH="$OLDPWD/$which:$PATH" HOME=$PWD sh -c "$commands") >"$which.said" 2>&1 </dev/null
        echo "status $?" >>"$which.said"
    done
    if cmp -s originals.said static.said; then
        right=$((right + 1))
    else
        echo "$name does something else: $(diff originals.said static.said | head -n 6)" >>wrong
    fi
done 3<list
[ "$total" -ge 24 ] || echo "only $total programs are there"
if [ $((right * 24)) -lt $((total * 23)) ] || [ -n "$VERBOSE" ]; then
    echo "$right of $total"
    cat wrong
fi
