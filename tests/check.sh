#!/bin/sh
# The long checks. Each prints `ok`, `FAIL` or, where a tool is missing, `SKIP` with the reason; nothing
# is installed. The last line is `N passed, N failed, N skipped`.
# usage: check.sh [PATTERN [PART PARTS]]     from the repository's root; only the checks whose name
# matches (after a `!`: does not match); of these only every PARTS-th, beginning with number PART (from 0),
# so that several run at once
export LC_ALL=C
pattern=${1:-.} part=${2:-0} parts=${3:-1} number=0
B=build/check here=$PWD
passed=0 failed=0 skipped=0
rm -rf $B
mkdir -p $B

wanted() {
    case $pattern in
    !*) ! echo "$1" | grep -qE -e "${pattern#!}" || return 1 ;;
    *) echo "$1" | grep -qE -e "$pattern" || return 1 ;;
    esac
    number=$((number + 1))
    [ $((number % parts)) = "$part" ]
}
# check NAME COMMAND ...: passed if the command succeeds
check() {
    name=$1
    shift
    wanted "$name" || return 0
    started=$(date +%s)
    if "$@" >$B/log 2>&1; then
        passed=$((passed + 1))
        echo "ok   $name ($(($(date +%s) - started)) s)"
        return 0
    fi
    failed=$((failed + 1))
    echo "FAIL $name"
    head -n 30 $B/log | sed 's/^/     /'
}
skip() { wanted "$1" && skipped=$((skipped + 1)) && echo "SKIP $1: $2"; return 0; }
# with TOOL NAME COMMAND ...: a check, if the tool is there
with() {
    tool=$1
    shift
    if command -v "$tool" >/dev/null 2>&1; then check "$@"; else skip "$1" "$tool is not installed"; fi
}

# ---- compilers: no warning at all ----

WARN='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror'
printf '#define NN_IMPLEMENTATION\n#include "../../nn.h"\nint main(void) { return 0; }\n' >$B/all.c
printf '#include "../../nn.h"\nint other(nn_ctx *nn);\nint other(nn_ctx *nn) { return nn_ok(nn); }\n' >$B/user.c
cp $B/all.c $B/all.cc
quiet() { "$@" >$B/out 2>&1 && [ ! -s $B/out ] || { cat $B/out; return 1; }; }
for cc in gcc clang; do
    case $cc in gcc) compile=-c ;; *) compile=-fsyntax-only ;; esac # gcc sees some things only when it optimises
    for option in '' -DNN_NO_SIMD -DNN_NO_LOCATIONS -DNN_NO_STDIO -DNN_DEBUG -DNN_REAL=double \
        '-DNN_NO_SIMD -DNN_NO_STDIO' '-DNN_NO_LOCATIONS -DNN_NO_STDIO' '-DNN_NO_SIMD -DNN_NO_LOCATIONS' \
        '-DNN_NO_SIMD -DNN_NO_LOCATIONS -DNN_NO_STDIO'; do
        with $cc "warnings: $cc $option" quiet $cc -std=c99 $WARN $option -O2 $compile $B/all.c -o $B/all.o
    done
    with $cc "warnings: $cc, a file that only uses nn.h" quiet $cc -std=c99 $WARN -c $B/user.c -o $B/user.o
    for source in tests/*.c book/tools/*.c; do
        with $cc "warnings: $cc $source" quiet $cc -std=c99 $WARN -O1 $compile "$source" -o $B/x.o
    done
    for source in examples/*.c book/fig/*.c book/exercises/*.c book/solutions/*.c; do
        with $cc "warnings: $cc $source" quiet $cc -std=c99 $WARN -DNN_COMPILED_APART $compile "$source" -o $B/x.o
    done
done
for cc in g++ clang++; do
    with $cc "warnings: $cc -std=c++11" quiet $cc -std=c++11 -Wall -Wextra -Wpedantic -Werror -c $B/all.cc -o $B/x.o
done
with tcc "warnings: tcc -Wall" quiet tcc -Wall -Werror -c $B/all.c -o $B/x.o
two_files() {
    printf '#include "../../nn.h"\nint second(nn_ctx *nn);\nint main(void) { nn_ctx *nn = nn_create(1); int ok = second(nn); nn_destroy(nn); return !ok; }\n' >$B/first.c
    printf '#include "../../nn.h"\nint second(nn_ctx *nn);\nint second(nn_ctx *nn) { return nn_ok(nn); }\n' >$B/second.c
    printf '#define NN_IMPLEMENTATION\n#include "../../nn.h"\n' >$B/third.c
    quiet cc -std=c99 $WARN $B/first.c $B/second.c $B/third.c -o $B/x -lm && $B/x
}
check "two files include nn.h, a third implements it" two_files
twice() {
    printf '#include "../../nn.h"\n#define NN_IMPLEMENTATION\n#include "../../nn.h"\nint main(void) { nn_ctx *nn = nn_create(1); nn_destroy(nn); return 0; }\n' >$B/x.c
    quiet cc -std=c99 $WARN $B/x.c -o $B/x -lm && $B/x
}
check "declarations first, the implementation later in the same file" twice
fast_math() { ! cc -ffast-math -c $B/all.c -o $B/x.o 2>$B/err && grep -q 'breaks NaN' $B/err; }
check "-ffast-math is refused with a reason" fast_math
readme_cxx() {
    awk '/^```c$/ {on = 1; next} /^```/ {if (on) exit} on' README.md >$B/readme.cc
    quiet g++ -std=c++11 -Wall -Wextra -I. $B/readme.cc -o $B/x && $B/x
}
with g++ "README's program as C++11" readme_cxx
# Seconds differ from machine to machine and from minute to minute, so a fixed piece of work is timed beside
# it, in processor time; of 7 pairs the middle one counts. Where the program once was compiled in 1.72 s, it
# took 4.3 to 4.6 times as long as weave.c: 2 s are 5.3 times as long, 2.4 s 6.3 and 3 s 8 times. The aim for
# ten chapters is 2 s; files and data sets, which every program now has, cost a tenth more.
compile_time() { # compile_time CHAPTERS SECONDS TIMES
    seconds() {
        (gcc -O2 "$@" -o $B/x -lm && times) | awk '{gsub("[ms]", " "); x = $1 * 60 + $2 + $3 * 60 + $4} END {print x}'
    }
    for i in $(seq 7); do
        echo "$(seconds -DNN_CHAPTERS=$1 examples/06_xor.c) $(seconds book/tools/weave.c)"
    done | awk '{print $1 / $2, $1}' | sort -n | awk -v most="$2" -v times="$3" 'NR == 4 {ratio = $1} NR == 1 || $2 < x {x = $2}
        END {print x " s, " ratio " times weave.c"; exit NR < 7 || x > most && ratio > times}'
}
with gcc "ten chapters compile in at most 2.4 s at -O2 (the aim is 2), or 6.3 times as long as weave.c" compile_time 10 2.4 6.3
with gcc "all chapters compile in at most 3 s at -O2, or 8 times as long as weave.c" compile_time 19 3 8

debug_speed() { # -O0 -g with gcc as it is; with clang, the implementation in a file of its own
    milliseconds() { s=$(date +%s%N); "$@" >/dev/null; e=$(date +%s%N); echo $(((e - s) / 1000000)); }
    best() { for i in 1 2 3; do milliseconds "$@"; done | sort -n | head -n 1; }
    gcc -O2 examples/06_digits.c -o $B/fast -lm && gcc -O0 -g examples/06_digits.c -o $B/debug -lm || return 1
    fast=$(best $B/fast) debug=$(best $B/debug)
    echo "gcc -O2 $fast ms, -O0 -g $debug ms"
    [ "$debug" -le $((3 * fast)) ] || return 1
    command -v clang >/dev/null || return 0
    clang -O2 -DNN_IMPLEMENTATION -x c -c nn.h -o $B/nn.o || return 1
    clang -O0 -g -DNN_COMPILED_APART examples/06_digits.c $B/nn.o -o $B/debug -lm || return 1
    debug=$(best $B/debug)
    echo "clang -O0 -g with nn.o $debug ms"
    [ "$debug" -le $((3 * fast)) ]
}
with gcc "a -O0 -g program takes at most 3 times as long as at -O2" debug_speed

# ---- the file finds itself, however it was reached ----

reach() { # reach DIRECTORY INCLUDE OPTIONS...
    dir=$1 include=$2
    shift 2
    mkdir -p "$dir"
    printf '#define NN_IMPLEMENTATION\n#include "%s"\nint main(void) { nn_ctx *nn = nn_create(1); int bad = strcmp(nn_simd(nn), "scalar") == 0; nn_destroy(nn); return bad; }\n' "$include" >"$dir/reach.c"
    for cc in gcc clang; do
        command -v $cc >/dev/null || continue
        (cd "$dir" && $cc "$@" reach.c -o reach -lm && ./reach) || return 1
    done
}
case $(uname -m) in x86_64 | aarch64)
    check "reached by a relative path" reach $B/r1 ../../../nn.h
    check "reached by an absolute path" reach $B/r2 "$here/nn.h"
    check "reached with -I" reach $B/r3 nn.h -I"$here"
    check "reached with -isystem and angle brackets" reach $B/r3 nn.h -isystem "$here"
    mkdir -p $B/r4/include && ln -sf "$here/nn.h" $B/r4/include/nn.h
    check "reached through a link" reach $B/r4 include/nn.h
    mkdir -p $B/r5 && cp nn.h $B/r5/neural.h
    check "under another name, with NN_HEADER" reach $B/r5 neural.h -DNN_HEADER='"neural.h"'
    other_directory() { reach $B/r6 ../../../nn.h && gcc $B/r6/reach.c -o $B/r6/x -lm && $B/r6/x; }
    check "compiled from another directory" other_directory ;;
esac

# ---- one hash everywhere ----

expected=$(cat tests/hash.out)
same() { got=$("$@"); echo "got $got, expected $expected"; [ "$got" = "$expected" ]; }
hash_of() { # hash_of COMPILER FLAGS -- RUNNER: best and scalar
    compiler=$1
    shift
    flags=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do flags="$flags $1"; shift; done
    [ $# -gt 0 ] && shift
    $compiler $flags tests/hash.c -o $B/hash -lm || return 1
    same "$@" $B/hash && same "$@" $B/hash scalar || return 1
    for isa in avx2 avx512 neon; do
        got=$("$@" $B/hash $isa)
        [ $? = 77 ] || [ "$got" = "$expected" ] || { echo "$isa: $got, expected $expected"; return 1; }
    done
}
for cc in gcc clang; do
    for flags in -O0 -O2 '-O3 -march=native' '-O2 -std=c99' '-O1 -DNN_NO_SIMD -march=native'; do
        with $cc "hash: $cc $flags" hash_of $cc $flags
    done
done
with g++ "hash: g++ -O2" hash_of "g++ -w -fpermissive -x c++" -O2
with tcc "hash: tcc" hash_of tcc
with musl-gcc "hash: musl" hash_of musl-gcc -O2 -static
threads() {
    gcc -O2 -fopenmp tests/hash.c -o $B/hash_omp -lm || return 1
    for t in 1 2 4 8; do OMP_NUM_THREADS=$t same $B/hash_omp || return 1; done
}
with gcc "hash: 1, 2, 4 and 8 threads, gcc" threads
threads_clang() {
    clang -O2 -fopenmp tests/hash.c -o $B/hash_omp -lm || return 1
    for t in 1 2 4 8; do OMP_NUM_THREADS=$t same $B/hash_omp || return 1; done
}
if echo 'int main(void){return 0;}' >$B/o.c && clang -fopenmp $B/o.c -o $B/o 2>/dev/null; then
    check "hash: 1, 2, 4 and 8 threads, clang" threads_clang
else skip "hash: threads, clang" "clang or libomp is not installed"; fi
ARM='qemu-aarch64 -L /usr/aarch64-linux-gnu'
if command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null; then
    for flags in -O0 -O3; do
        check "hash: aarch64 $flags" hash_of aarch64-linux-gnu-gcc $flags -- $ARM
    done
else skip "hash: aarch64" "qemu-aarch64 or aarch64-linux-gnu-gcc is not installed"; fi
wasm() {
    clang --target=wasm32-wasi -O2 tests/hash.c -o $B/hash.wasm -lm || return 1
    cat >$B/wasm.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
const wasi = new WASI({ version: 'preview1', args: ['hash'], env: {} });
const module = await WebAssembly.compile(readFileSync(process.argv[2]));
wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
JS
    same node --no-warnings $B/wasm.mjs $B/hash.wasm
}
if command -v node >/dev/null && clang --target=wasm32-wasi -O2 $B/o.c -o $B/o.wasm 2>/dev/null; then
    check "hash: wasm under node" wasm
else skip "hash: wasm" "node, wasi-libc or libclang-rt-14-dev-wasm32 is not installed"; fi

# ---- the header cut after every chapter ----

cut_after() { # the chapter's own examples run, and an eighth of those before, another one each time; the rest is read
    k=$1 nth=0
    quiet cc -std=c99 $WARN -O2 -DNN_CHAPTERS=$k -DNN_IMPLEMENTATION -x c -c nn.h -o $B/cut.o || return 1
    for source in examples/*.c; do
        example=$(basename "$source" .c)
        chapter=$((1${example%%_*} - 100))
        [ $chapter -le $k ] || continue
        nth=$((nth + 1))
        if [ $chapter != $k ] && [ $((nth % 8)) != $((k % 8)) ]; then
            cc -fsyntax-only -DNN_CHAPTERS=$k -DNN_COMPILED_APART "$source" || return 1
            continue
        fi
        cc -O2 -DNN_CHAPTERS=$k -DNN_COMPILED_APART "$source" $B/cut.o -o $B/cut -lm || return 1
        $B/cut >$B/cut.out && diff "examples/$example.out" $B/cut.out || return 1
    done
}
last=$(sed -n 's|^/\* ==== Chapter \([0-9]*\):.*|\1|p' nn.h | sort -n | tail -n 1)
for k in $(seq "$last"); do check "cut after chapter $k: it compiles, and examples run" cut_after $k; done

# ---- the book's machine ----

book_tool() { # every page of the tests through a tool with sanitizers
    export ASAN_OPTIONS=exitcode=9 UBSAN_OPTIONS=exitcode=9
    clang -std=c99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all book/tools/$1.c -o $B/$1 || return 1
    case $1 in
    weave) for page in tests/book/weave/*.md tests/book/sample.md; do $B/weave --check "$page"; [ $? -le 1 ] || return 1; done ;;
    lint) $B/lint nn.h tests/book/*/*.md; [ $? -le 1 ] || return 1 ;;
    esac
}
html() { # a small book: no warnings, MathML, links that lead to HTML, nothing from the network
    mkdir -p $B/book && cp tests/book/lint/01-good.md tests/book/lint/glossary.md tests/book/sample.md $B/book
    printf '# A book\n\n[One](01-good.md), [code](../nn.h), [more](exercises/01_neuron.c)\n' >$B/book/README.md
    sh book/tools/html.sh $B/book $B/html && (cd $B/html &&
        grep -q '<math display="block"' 01-good.html &&
        grep -q 'href="glossary.html#neuron-1"' 01-good.html &&
        grep -q 'rel="prev" href="index.html"' 01-good.html && grep -q 'rel="next" href="glossary.html"' 01-good.html &&
        grep -q 'href="../../nn.h"' index.html && grep -q 'href="../../book/exercises/01_neuron.c"' index.html &&
        ! grep -E '<script|<link|src="http|@import|url\(' *.html)
}
figures_by() { # figures_by "COMPILER FLAGS" [RUNNER ...]: the bytes of the figures in book/fig
    compiler=$1
    shift
    rm -rf $B/fig && mkdir -p $B/fig && $compiler -DNN_IMPLEMENTATION -x c -c nn.h -o $B/fig.o || return 1
    for source in book/fig/ch*.c; do
        case $source in */ch08.c | */ch1[1246].c | */ch13[bc].c | */ch15b_gpt.c | */ch15c.c | */ch17*.c) [ $# = 0 ] || continue ;; esac
        $compiler -DNN_COMPILED_APART "$source" $B/fig.o -o $B/draw -lm && "$@" $B/draw $B/fig || return 1
    done
    for figure in $B/fig/*.svg; do cmp "$figure" "book/fig/${figure##*/}" || return 1; done
    [ $# -gt 0 ] || diff -r -x '*.c' $B/fig book/fig
}
with gcc "figures: the same bytes, gcc -O0" figures_by "gcc -O0"
with clang "figures: the same bytes, clang -O2" figures_by "clang -O2"
with musl-gcc "figures: the same bytes, musl" figures_by "musl-gcc -O2 -static"
if command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null; then
    check "figures: the same bytes, aarch64 (those that train take too long there)" \
        figures_by "aarch64-linux-gnu-gcc -O2" $ARM
else skip "figures: aarch64" "qemu-aarch64 or aarch64-linux-gnu-gcc is not installed"; fi
if command -v clang >/dev/null; then
    check "address and undefined behaviour: weave" book_tool weave
    check "address and undefined behaviour: lint" book_tool lint
    unset ASAN_OPTIONS UBSAN_OPTIONS
fi
with pandoc "make html: a small book" html
html_book() { # the pages without scripts; live pages that are allowed nothing from elsewhere
    sh book/tools/html.sh book $B/html >$B/out 2>&1 && [ "$(grep -cv '^SKIP the live' $B/out)" = 1 ] || { cat $B/out; return 1; }
    ! grep -l '<script' $B/html/*.html && { ! command -v wasm-ld || [ "$(grep -l 'const wasm' $B/html/live/*.html | wc -l)" -eq 3 ]; }
}
with pandoc "make html: the book" html_book
live_built() { [ -e $B/html/live/$1.wasm ] || html_book; }
live_hash() { # the program of a live page learns the same natively and as WebAssembly
    live_built $1 && quiet gcc -std=c99 $WARN -O2 -DPAGE="\"../book/live/$1.c\"" tests/live.c -o $B/live -lm &&
        $B/live >$B/live.out && node tests/live.js hash $B/html/live/$1.wasm | diff $B/live.out -
}
live_page() { # no message on its console, a loss that falls, not wider than the window; tells frames per second
    live_built $1 && for width in 1000 390; do
        node tests/live.js look $B/html/live/$1.html $B/$1-$width.png $width || return 1; done
}
missing=
for tool in pandoc clang wasm-ld node; do command -v $tool >/dev/null || missing="$missing $tool"; done
for page in boundary optimisers attention; do
    if [ -n "$missing" ]; then skip "live page: $page" "not installed:$missing"; continue; fi
    with gcc "live page: $page, the same bits as natively" live_hash $page
    with chromium "live page: $page in Chromium" live_page $page
done

# ---- memory, undefined behaviour, threads ----

TESTS=$(ls tests/test_*.c)
inside=$(make -s inside) # these have an implementation of their own
FILE_TESTS='tests/test_data.c tests/test_text.c tests/test_files.c tests/test_inject_files.c'
chapters_of() { # as few as a test needs: compiling is most of the time
    case $1 in
    tests/test_data.c | tests/test_text.c | tests/test_ch01.c) echo -DNN_CHAPTERS=1 ;;
    tests/test_ch02.c) echo -DNN_CHAPTERS=6 ;;
    tests/test_memory.c | tests/test_inject_files.c | tests/test_ch08_augment.c) echo -DNN_CHAPTERS=8 ;;
    tests/test_ch12.c) echo -DNN_CHAPTERS=12 ;;
    esac
}
sanitize() { # sanitize SOURCE FLAGS...
    source=$1
    shift
    clang -std=c99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all "$@" "$source" -o $B/san -lm &&
        $B/san >$B/san.out 2>&1 || { tail -n 30 $B/san.out; return 1; }
}
sanitize_apart() { # with one nn.o for all
    [ -e $B/san.o ] || clang -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -DNN_IMPLEMENTATION \
        -x c -c nn.h -o $B/san.o || return 1
    sanitize "$1" -DNN_COMPILED_APART $B/san.o
}
unsigned_wrap() { # numbers that may wrap: random ones, hashes, digits that are counted again
    printf 'fun:%s\n' nn_random nn_seed nn__rotate 'nn__vocab_slot' 'nn__number' 'nn__rounded' 'nn__idx_read' \
        'nn__*_naive' 'nn__exp*' 'nn__*_scalar' chance >$B/wrap
    sanitize "$1" $(chapters_of "$1") -DNN_NO_SIMD -fsanitize=integer -fsanitize-ignorelist=$B/wrap
}
if clang -fsanitize=address,undefined $B/o.c -o $B/o 2>/dev/null && $B/o; then
    for source in $TESTS; do
        case " $FILE_TESTS " in
        *" $source "*) check "address and undefined behaviour, conversions, unsigned wrap: $source" unsigned_wrap "$source" ;;
        *) case " $inside " in
            *" $source "*) check "address and undefined behaviour: $source" sanitize "$source" $(chapters_of "$source") ;;
            *) check "address and undefined behaviour: $source" sanitize_apart "$source" ;;
            esac ;;
        esac
    done
    check "address and undefined behaviour: tests/test_ops.c in double" sanitize tests/test_ops.c -DNN_REAL=double
    for source in examples/*.c; do check "address and undefined behaviour: $source" sanitize_apart "$source"; done
else skip "address and undefined behaviour" "clang's sanitizer runtime (libclang-rt-14-dev) is not installed"; fi
uninitialised() { # of SIMD kernels the sanitizer knows too little: those are run by valgrind
    clang -std=c99 -O1 -g -fsanitize=memory -fno-sanitize-recover=all -DNN_NO_SIMD $(chapters_of "$1") "$1" -o $B/san -lm &&
        $B/san >$B/san.out 2>&1 || { tail -n 30 $B/san.out; return 1; }
}
if clang -fsanitize=memory $B/o.c -o $B/o 2>/dev/null && $B/o; then
    for source in $FILE_TESTS tests/test_memory.c tests/test_errors.c; do
        check "uninitialised memory: $source" uninitialised "$source"
    done
else skip "uninitialised memory" "clang's sanitizer runtime (libclang-rt-14-dev) is not installed"; fi
memcheck() {
    gcc -O1 -g examples/06_xor.c -o $B/x -lm &&
        valgrind -q --error-exitcode=9 --leak-check=full $B/x >$B/x.out && diff examples/06_xor.out $B/x.out
}
memcheck_test() {
    gcc -std=c99 -O1 -g $(chapters_of "$1") "$1" -o $B/x -lm && valgrind -q --error-exitcode=9 --leak-check=full $B/x >$B/x.out || { tail -n 30 $B/x.out; return 1; }
}
for source in $FILE_TESTS; do with valgrind "valgrind: $source" memcheck_test "$source"; done
with valgrind "valgrind: 06_xor, and the output is the same" memcheck

# ---- PyTorch ----

torch_reads() { # PyTorch's files in nn.h are in tests/test_files.c
    mkdir -p $B/models && cc -O1 tests/test_files.c -o $B/test_files -lm && $B/test_files write $B/models &&
        $python tests/golden/read_safetensors.py check $B/models
}
for python in python3 /usr/bin/python3; do $python -c 'import torch' 2>/dev/null && break; done
if $python -c 'import torch' 2>/dev/null; then check "PyTorch reads every layer and gives the same outputs" torch_reads
else skip "PyTorch reads every layer and gives the same outputs" "python3-torch is not installed"; fi

# ---- files on other processors: 32 bits, the highest byte first ----

on_machine() { # on_machine SOURCE "COMPILER FLAGS" RUNNER ...
    source=$1 compiler=$2
    shift 2
    $compiler -std=c99 -O1 $(chapters_of "$source") "$source" -o $B/x -lm && "$@" $B/x >$B/x.out || { tail -n 30 $B/x.out; return 1; }
}
for machine in 'aarch64 qemu-aarch64' 's390x qemu-s390x' 'i686 env -msse2 -mfpmath=sse'; do # 64 bits; big end first; 32
    set -- $machine
    processor=$1 runner=$2
    shift 2
    if command -v $runner >/dev/null && command -v $processor-linux-gnu-gcc >/dev/null; then
        for source in $FILE_TESTS; do
            check "$processor: $source" on_machine "$source" "$processor-linux-gnu-gcc -static $*" $runner
        done
    else skip "$processor: files" "$runner or $processor-linux-gnu-gcc is not installed"; fi
done

# ---- any bytes at all: FUZZ_SECONDS for each target; finds are left in build/check ----

fuzz() {
    mkdir -p $B/corpus_$1
    clang -O1 -g -DFUZZING -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all tests/fuzz/$1.c -o $B/fuzz -lm &&
        $B/fuzz -max_total_time=${FUZZ_SECONDS:-30} -max_len=512 -timeout=10 -artifact_prefix=$B/ \
            $B/corpus_$1 tests/fuzz/corpus/$1 2>$B/fuzz.out || { tail -n 30 $B/fuzz.out; return 1; }
}
if clang -fsanitize=fuzzer -DFUZZING -x c - -o $B/o 2>/dev/null <<'C'
int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return !p && n > 1000000; }
C
then for target in tests/fuzz/*.c; do check "fuzz: $target" fuzz "$(basename "$target" .c)"; done
else skip "fuzz" "clang's libFuzzer (libclang-rt-14-dev) is not installed"; fi

# ---- what no test fails, or runs ----

# Each place that asks for memory, in whatever function: it has found none in some test.
sites() {
    mkdir -p $B/sites/tests && cp tests/*.c tests/*.h $B/sites/tests || return 1
    helpers='alloc|reals|malloc|grow|keep_grow|scratch|optimizer_ready'
    sed -E '/^(static|NN__INLINE|#|void|int|const)/!s/\bnn__('"$helpers"')\(/NN__SITE(nn__\1, /; /^(static|#)/!s/\bnn__copy_text\(/NN__SITE_TEXT(/' nn.h >$B/sites/nn.h
    for source in test_inject test_inject_files test_ch14 test_ch15 test_ch15_generate; do
        gcc -std=gnu99 -w -O0 -D'NN__SITE(f, ...)=({ __typeof__(f(__VA_ARGS__)) p_ = f(__VA_ARGS__); if (!p_) fprintf(stderr, "site %d\n", __LINE__); p_; })' \
            -D'NN__SITE_TEXT(nn, text, size)=({ size_t n_ = size; const char *p_ = nn__copy_text(nn, text, n_); if (n_ && !*p_) fprintf(stderr, "site %d\n", __LINE__); p_; })' \
            $B/sites/tests/$source.c -o $B/x -lm && $B/x 2>&1 >/dev/null | grep '^site ' || return 1
    done | sort -u >$B/failed
    grep -n 'NN__SITE[_TEX]*(' $B/sites/nn.h | sed 's/^\([0-9]*\):/site \1 /' | while read -r _ line text; do
        grep -qx "site $line" $B/failed || echo "nn.h:$line never fails: $text"
    done >$B/left
    cat $B/left
    [ ! -s $B/left ]
}
with gcc "memory: every place that asks for it was refused in a test" sites
with gcov "coverage of the sections that read and write files" sh tests/coverage.sh

# ---- the debugger ----

with gdb "debugger: step into an operation, print tensors, the sessions of the pages" sh tests/debugger.sh $B
with lldb "debugger: lldb shows tensors, too" sh tests/debugger.sh $B lldb

# ---- mutations: one in ten; all of them with `sh tests/mutate.sh` ----

with gcc "mutations: at least 90 % of every tenth are caught" sh tests/mutate.sh 10

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
