#!/bin/sh
# Finished programs, converted: each does real work beside its original. One that is not installed is left out; a
# result that differs is named, and one that was killed by a signal is a failure whatever the number.

LC_ALL=C
export LC_ALL
here=$(pwd)
mkdir -p data/sub
seq 1 400 | sed 's/$/ the quick brown fox jumps over the lazy dog/' > data/text
seq 400 -3 1 > data/numbers
printf 'one\ntwo\nthree\n' > data/a
printf 'one\n2\nthree\nfour\n' > data/b
printf '{"a":[1,2.5,{"b":"c"}],"d":null}\n' > data/in.json
printf 'int main(void) { return 0; }\n' > data/sub/main.c
tar -C data -cf data.tar text numbers
gzip -k data/text
xz -k data/numbers
diff -u data/a data/b > data/patch
printf 'all: one two\n\nCC = cc\none:\n\t@echo $(CC) $@\ntwo: one\n\t@echo two $(words a b c)\n' > data/Makefile
printf '%%token NUMBER\n%%%%\nall: NUMBER | all "+" NUMBER;\n%%%%\n' > data/grammar.y
printf '%%%%\n[0-9]+ return 1;\n%%%%\n' > data/scanner.l
printf 'define(`twice'\'', `$1 $1'\'')twice(word) eval(6*7)\n' > data/macros.m4

# NAME|COMMAND, with P for the program. Each runs in a copy of data.
works() {
    cat <<'X'
ls|P -lR --time-style=+x . | sed 's/^total.*//'
cat|P -n text numbers
sort|P -rn -k1,1 text numbers | head -50
grep|P -nE '(1|2)7.*(fox|dog)' text
sed|P -e 's/\(quick\) \(brown\)/\2 \1/;/7/d' text
gawk|P '{ s += $1 * 1.5; n[$2]++ } END { printf "%.2f %d %s\n", s, length(n), toupper("done"); print strftime("%Y", 0, 1), fmod_like(7) } function fmod_like(x) { return x % 4 }' text
find|P . -type f -name '*[at]*' -size -100k | sort
tar|P -xf ../data.tar -C sub && P -tvf ../data.tar | awk '{ print $6 }' && cksum sub/text
gzip|P -dc text.gz | cksum; P -c text | P -dc | cksum
xz|P -dc numbers.xz | cksum; P -T2 -c text | P -dc | cksum
bc|echo 'scale=30; e(1); 2^200; sqrt(2)' | P -l
less|P -FX a
jq|P -S '.a[2].b, (.a[1] * 3 | floor), .d' in.json
sqlite3|P test.db "create table t(a, b); insert into t values (1, 'x'), (2.5, 'y'); select sum(a), group_concat(b), strftime('%Y', 0) from t;"
curl|P -sS "file://$PWD/text" | cksum; P -sS http://127.0.0.1:9/; P --version | sed -n 1p
git|P init -q . && P -c user.name=n -c user.email=e@e add a b && P -c user.name=n -c user.email=e@e commit -qm first --date='2020-01-01T00:00:00Z' && P log --format='%s %an' && P ls-files -s
openssl|P dgst -sha256 text; echo hello | P enc -aes-256-cbc -pbkdf2 -pass pass:x -a -S 0011223344556677; P prime 1000003
perl|P -MPOSIX -MList::Util=sum -MData::Dumper -e 'print sum(1..100), " ", floor(7.5), "\n"; my %h = (a => [1, 2]); print Dumper(\%h); print join(",", map { $_ ** 2 } grep { $_ % 2 } 1..9), "\n"'
python3|P -c 'import json, hashlib, re, math, sqlite3, ctypes, decimal; print(json.dumps({"a": [1, 2.5]}), hashlib.sha256(b"x").hexdigest(), re.sub("a+", "b", "caat"), math.gamma(5), decimal.Decimal(2).sqrt(), sqlite3.connect(":memory:").execute("select 6*7").fetchone())'
gpgv|P --version | sed -n 1,2p; P a
make|P -f Makefile; P -n -f Makefile nothing
bison|P -o grammar.c grammar.y 2>&1; grep -c yyparse grammar.c
flex|P -o scanner.c scanner.l; grep -c yylex scanner.c
m4|P macros.m4
diff|P -u --label a --label b a b; P -rq . sub
patch|P -s a < patch && cat a
file|P a text.gz sub/main.c
bzip2|P -c text | P -dc | cksum
zstd|P -qc text | P -dc | cksum
bash|P -c 'shopt -s extglob; a=(1 2 3); for i in "${a[@]}"; do printf "%03d " $((i ** 2)); done; [[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}; echo {a..e}'
X
}

# What a program opens, as options.
plugins() {
    case $1 in
        perl) "$1" -e 'for (@INC) { print "--plugin $_/auto " if -d "$_/auto" }' ;;
        python3) "$1" -c 'import _ctypes, os; print("--plugin " + os.path.dirname(_ctypes.__file__))' ;;
    esac
}

right=0
total=0
works > works
while IFS='|' read -r name command; do
    original=$(command -v "$name") || continue
    total=$((total + 1))
    original=$(readlink -f "$original")
    # shellcheck disable=SC2046
    if ! staticctl convert "$original" $(plugins "$name") -o "$here/$name.static" > convert.out 2>&1; then
        wrong="$wrong
$name: not converted: $(grep -m1 error: convert.out)"
        continue
    fi
    for kind in original static; do
        rm -rf "run"
        cp -a data run
        # Both run by the same path, which they print.
        mkdir -p bin
        rm -f "bin/$name"
        [ $kind = original ] && ln -s "$original" "bin/$name" || ln -s "$here/$name.static" "bin/$name"
        script=$(printf '%s' "$command" | sed "s|\bP\b|$here/bin/$name|g")
        (cd run && timeout -k 1 60 sh -c "$script" < /dev/null) > "$kind.out" 2> "$kind.err"
        echo "status $?" >> "$kind.out"
    done
    if grep -qE 'status (13[0-9]|14[0-9])' static.out || grep -qiE 'segmentation|aborted|illegal instruction' static.err; then
        crashed=1
        wrong="$wrong
$name: crashes: $(tail -n 1 static.err)"
    elif cmp -s original.out static.out && cmp -s original.err static.err; then
        right=$((right + 1))
    else
        cat original.out original.err > twin.all
        cat static.out static.err > static.all
        wrong="$wrong
$name: differs: $(diff twin.all static.all | grep -m2 '^[<>]' | tr '\n' ' ')"
    fi
done < works
# Of those that differ, one is borne.
[ "$right" -ge $((total - 1)) ] && [ "$total" -ge 20 ] && [ -z "$crashed" ] && exit 0
echo "$right of $total right:$wrong"
exit 1
