#!/bin/sh
# What no test program shows: the flagship from many seeds and with bad files, the hash with every
# instruction set, README's program, what examples are made of. The last line is `N passed, N failed`.
# usage: repository.sh     from the repository's root, after build/06_digits, 06_xor, hash; compiler in CC
cc=${CC:-cc} passed=0 failed=0
case_of() { # case_of NAME COMMAND ...: passed if the command succeeds
    name=$1
    shift
    if "$@" >build/case.log 2>&1; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "FAIL $name"
    head -n 20 build/case.log
}

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

public_only() { ! grep -n 'nn__\|NN__' examples/*.c; }
case_of "examples use no private name" public_only
short() { wc -l examples/17_*.c | awk '$2 != "total" && $1 > 150 {print; bad = 1} END {exit bad || NR < 20}'; }
case_of "each of the 19 or more programs of chapter 17 has at most 150 lines" short

echo "$passed passed, $failed failed"
[ $failed = 0 ]
