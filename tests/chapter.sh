#!/bin/sh
# Builds and runs everything of one chapter: its examples against their recorded output, with what was
# expected and what came out.     usage: chapter.sh 06 CC CFLAGS     from the repository's root
chapter=$1 cc=$2 cflags=$3 failed=0
ls examples/"$chapter"_*.c >/dev/null 2>&1 || { echo "there is no example of chapter $chapter yet"; exit 1; }
mkdir -p build
for source in examples/"$chapter"_*.c; do
    name=$(basename "$source" .c)
    echo "==== $source"
    $cc $cflags -DNN_CHAPTERS=$((1$chapter - 100)) "$source" -o "build/$name" -lm || exit 1
    "build/$name" >build/example.out || failed=1
    grep -E '^(expected|got):' build/example.out
    diff "examples/$name.out" build/example.out >/dev/null ||
        { echo "differs from examples/$name.out"; failed=1; }
done
exit $failed
