#!/bin/sh
# The exercises from both sides: as they stand they fail with status 1, their solutions pass. The
# last line is `N passed, N failed`.
# usage: exercises.sh     from the repository's root, after build/nn.o; compiler in CC
cc=${CC:-cc} passed=0 failed=0
FLAGS='-std=c99 -Wall -Wextra -Wpedantic -Werror -DNN_COMPILED_APART'

bad() { echo "FAIL $exercise: $*"; good=0; }
# Everything outside the holes.
frame() { awk '/Your code, instead of the lines down to END:/ {hole = 1} /\/\* END \*\// {hole = 0} !hole' "$1"; }
build() { # build SOURCE PROGRAM: only what this chapter and those before declare
    $cc $FLAGS -DNN_CHAPTERS=$((1${exercise%%_*} - 100)) "$1" build/nn.o -o "$2" -lm >build/exercise.log 2>&1 ||
        { bad "$1 does not compile without warnings"; head -n 10 build/exercise.log; return 1; }
}
run() { # run PROGRAM STATUS LINE
    "$1" >build/exercise.log 2>&1
    status=$?
    [ $status = "$2" ] || bad "$1 ends with status $status, not $2"
    grep -q "expected .*yours" build/exercise.log || bad "$1 does not print expected and yours"
    tail -n 1 build/exercise.log | grep -q "^$3" || bad "the last line of $1 does not begin '$3'"
}

for source in book/exercises/[0-9]*.c; do
    [ -e "$source" ] || continue
    exercise=$(basename "$source" .c) good=1
    solution=book/solutions/$exercise.c
    if [ ! -e "$solution" ]; then bad "there is no $solution"
    else
        [ "$(frame "$source")" = "$(frame "$solution")" ] || bad "the solution differs outside the holes"
        grep -q 'Your code, instead' "$source" || bad "there is no hole"
        build "$source" build/exercise && run build/exercise 1 'not yet:'
        build "$solution" build/solution && run build/solution 0 'solved:'
    fi
    set -- book/"${exercise%%_*}"[-a-z]*.md # the chapter's page, or its parts
    [ ! -e "$1" ] || grep -q "](exercises/$exercise.c)" "$@" || bad "no page links to it: $*"
    if [ $good = 1 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
for solution in book/solutions/*.c; do
    [ -e "$solution" ] || continue
    exercise=$(basename "$solution" .c)
    [ -e "book/exercises/$exercise.c" ] || { bad "a solution without its exercise"; failed=$((failed + 1)); }
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
