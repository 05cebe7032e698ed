#!/bin/sh
# Runs the test programs (and the scripts that end as they do), the examples against their recorded
# output, the hash and README's program, and adds everything up: the last line is `N passed, N failed`.
# usage: run.sh CC PROGRAM ...     from the repository's root, after they have been built
cc=$1 log=build/test.log
shift
: >"$log"

# A test that is one shell command: passed if it succeeds.
case_of() {
    name=$1
    shift
    if "$@" >build/case.log 2>&1; then echo "1 passed, 0 failed" >>"$log"; return; fi
    echo "FAIL $name"
    head -n 20 build/case.log
    echo "0 passed, 1 failed" >>"$log"
}

for program in "$@"; do
    "$program" >build/case.log 2>&1
    status=$?
    grep -v ' passed, ' build/case.log
    summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' build/case.log | tail -n 1)
    echo "${program#build/}: ${summary:-no summary, exit status $status}"
    echo "${summary:-0 passed, 1 failed}" >>"$log"
    case $status:$summary in 0:*', 0 failed' | 1:*) ;; *) echo "0 passed, 1 failed" >>"$log" ;; esac
done

# An example that prints what was recorded shows the rows of the feature table that it stands for:
# 04_supervised row 4.1, a classifier and a regression, trained from the data to the end; 08_overfitting
# row 8.1, what is learned falls, what is held out rises; 08_bias_variance row 8.2, by resampling.
example() { "build/$1" >build/example.out && build/compare "examples/$1.out" build/example.out; }
for source in examples/*.c; do
    name=$(basename "$source" .c)
    case_of "examples/$name prints what was recorded" example "$name"
done

six_seeds() { for s in 1 2 3 4 5; do
    build/06_digits $s | awk '/^got:/ {exit !($2 >= 96)}' || return 1; done
    build/06_digits | awk '/^got:/ {exit !($2 >= 97)}'; }
case_of "06_digits reads 97 % with its own seed, 96 % with five others" six_seeds
hundred_seeds() { s=1; while [ $s -le 100 ]; do build/06_xor $s >/dev/null || return 1; s=$((s + 1)); done; }
case_of "06_xor solves XOR from seeds 1 to 100" hundred_seeds
no_file() { ! build/06_digits 1 build/no-such-file 2>build/message && grep -q 'no-such-file: cannot be opened' build/message; }
case_of "06_digits says that its file is missing" no_file
damaged() { sed '100s/,/;/' examples/data/digits.csv >build/damaged.csv
    ! build/06_digits 1 build/damaged.csv 2>build/message && grep -q 'damaged.csv: line 100, column 1' build/message; }
case_of "06_digits says where its file is damaged" damaged
cut_off() { head -c 100000 examples/data/digits.csv >build/cut.csv
    ! build/06_digits 1 build/cut.csv 2>build/message && grep -q 'cut.csv: line' build/message; }
case_of "06_digits notices that its file is cut off" cut_off

same_bits() { for isa in scalar avx2 avx512 neon; do
    got=$(build/hash $isa); [ $? = 77 ] && continue
    [ "$got" = "$(cat tests/hash.out)" ] || { echo "$isa: $got"; return 1; }; done; }
case_of "the hash of all weights is the recorded one with every instruction set" same_bits

readme() { awk '/^```c$/ {on = 1; next} /^```/ {if (on) exit} on' README.md >build/readme.c
    [ -s build/readme.c ] && "$cc" -std=c99 -Wall -Wextra -I. build/readme.c -o build/readme -lm && build/readme; }
case_of "README's program compiles as printed and runs" readme

awk '{p += $1; f += $3} END {print p " passed, " f " failed"; exit f > 0}' "$log"
