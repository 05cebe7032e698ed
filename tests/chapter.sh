#!/bin/sh
# Builds and runs everything of one chapter: its examples, with what was expected and what came out, its
# page, its figures, its exercises.     usage: chapter.sh 06 CC CFLAGS     from the repository's root
chapter=$1 cc=$2 cflags=$3 failed=0
export CC="$cc"
cut=-DNN_CHAPTERS=$((1$chapter - 100))
[ -n "$(ls examples/"$chapter"_*.c book/"$chapter"[-a-z]*.md 2>/dev/null)" ] ||
    { echo "there is nothing of chapter $chapter yet"; exit 1; }
mkdir -p build
for source in examples/"$chapter"_*.c; do
    [ -e "$source" ] || continue
    name=$(basename "$source" .c)
    echo "==== $source"
    $cc $cflags -DNN_COMPILED_APART $cut "$source" build/nn.o -o "build/$name" -lm || exit 1
    "build/$name" >build/example.out || failed=1
    awk '/^(expected|got):/ {on = 1; print; next} on && /^    / {print; next} {on = 0}' build/example.out
    build/compare "examples/$name.out" build/example.out || failed=1
done
for page in book/"$chapter"[-a-z]*.md; do
    [ -e "$page" ] || continue
    echo "==== $page"
    build/weave --check "$page" || failed=1
done
set -- book/"$chapter"[-a-z]*.md # all parts of a chapter together: each thing is named in one of them
[ ! -e "$1" ] || build/lint nn.h "$@" || failed=1
for source in book/fig/ch"$chapter"*.c; do
    [ -e "$source" ] || continue
    echo "==== $source"
    name=$(basename "$source" .c)
    draw=build/fig${name#ch} # the name that make gives it
    rm -rf "$draw".d
    mkdir -p "$draw".d
    $cc $cflags -DNN_COMPILED_APART "$source" build/nn.o -o "$draw" -lm && "$draw" "$draw".d || exit 1
    for figure in "$draw".d/*.svg; do
        if cmp "$figure" "book/fig/$(basename "$figure")"; then echo "as in book/fig: $(basename "$figure")"
        else failed=1; fi
    done
done
for source in book/exercises/"$chapter"_*.c book/solutions/"$chapter"_*.c; do
    [ -e "$source" ] || continue
    $cc -DNN_COMPILED_APART $cut "$source" build/nn.o -o build/exercise -lm && build/exercise >build/exercise.log
    status=$?
    echo "==== $source: $(tail -n 1 build/exercise.log)"
    case $source in book/solutions/*) [ $status = 0 ] || failed=1 ;; esac
done
exit $failed
