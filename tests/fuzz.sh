#!/bin/sh
# The committed inputs of tests/fuzz/corpus, each once through its target, without a fuzzer; and
# whether the target `graph` knows every operation. The last line is `N passed, N failed`.
# usage: fuzz.sh     from the repository's root, after build/fuzz_* have been built
export LC_ALL=C
passed=0 failed=0
for target in tests/fuzz/*.c; do
    t=$(basename "$target" .c)
    files=$(ls tests/fuzz/corpus/$t | wc -l)
    last=$(build/fuzz_$t tests/fuzz/corpus/$t/* 2>&1 | tail -n 1)
    if [ "$files" -gt 0 ] && [ "$last" = "$files passed, 0 failed" ]; then passed=$((passed + files)); continue; fi
    failed=$((failed + 1))
    echo "FAIL fuzz target $t: $last"
done
# tensors that come from data, and the parts of operations, are no operations
for name in $(grep -o '^nn_tensor \*nn_[a-z_0-9]*(' nn.h | grep -v 'nn__\|nn_op_\|_batch_\|_dataset_\|nn_fail' | tr -d '*(' | cut -d ' ' -f 2 | sort -u); do
    case $name in nn_batch_norm*) ;; nn_param | nn_buffer | nn_model_find) continue ;; esac
    if grep -qw $name tests/fuzz/graph.c; then passed=$((passed + 1)); continue; fi
    failed=$((failed + 1))
    echo "FAIL tests/fuzz/graph.c does not use $name"
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
