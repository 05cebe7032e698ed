#!/bin/sh
# What the manual promises about debugging, as a transcript: stop at the line of a forward, step into
# the operation, print the tensor, call nn_print, stop in a backward. Then the sessions of the pages:
# their commands are given to gdb, and each line that they show must come out.
# usage: debugger.sh DIRECTORY     from the repository's root
dir=$1
line=$(grep -n 'y1 = nn_tanh(nn_linear_forward' examples/06_xor.c | cut -d: -f1)
cc -g -O0 examples/06_xor.c -o "$dir/debug" -lm || exit 1
gdb -q -batch -nx -ex 'set width 0' -ex 'set confirm off' \
    -ex "break 06_xor.c:$line" -ex run \
    -ex 'print *x' -ex 'call nn_print(x)' -ex 'call (void)fflush(0)' \
    -ex "skip -rfu ^nn__at" -ex 'step' -ex 'finish' -ex 'tbreak nn_linear_forward' -ex continue \
    -ex 'print l->weight->name' -ex 'finish' -ex 'print $.shape' -ex 'print $$.op' \
    -ex 'tbreak nn__tanh_backward' -ex continue -ex 'print y->op' -ex 'print y->in[0]->op' \
    -ex 'print y->grad[0]' -ex 'backtrace 2' -ex 'print nn_stats(y)' \
    "$dir/debug" >"$dir/transcript" 2>&1 </dev/null
status=0
expect() { grep -qE -e "$1" "$dir/transcript" || { echo "not in the transcript: $1"; status=1; }; }
expect '^\$1 = \{ctx = 0x[0-9a-f]+, shape = \{ndim = 2, dim = \{4, 2, 0, 0\}\}, size = 8, data = 0x'
expect 'op = 0x[0-9a-f]+ "input"'
expect 'file = 0x[0-9a-f]+ "examples/06_xor.c", line = [0-9]+'
expect '^input \[4, 2\]'
expect '^nn_linear_forward \(l=0x[0-9a-f]+, x=0x[0-9a-f]+\) at'
expect '"output.weight"'
expect 'ndim = 2, dim = \{4, 1, 0, 0\}'
expect '"linear"'
expect 'breakpoint 3, nn__tanh_backward \(y=0x'
expect '= 0x[0-9a-f]+ "tanh"'
expect '^#0  nn__tanh_backward'
expect '^#1 .* nn_backward'
expect 'size = 32, nan = 0, inf = 0'
[ $status = 0 ] || cat "$dir/transcript"

for page in book/[0-9]*.md; do
    source=$(sed -n 's/^cc -g -DNN_DEBUG \(.*\) -lm && gdb -q .\/a.out$/\1/p' "$page")
    [ -n "$source" ] || continue
    awk '/^<!-- @text a session with gdb/ {here = 1; next} /^```/ {inside = here; here = 0; next}
        inside' "$page" >"$dir/session"
    sed -n 's/^(gdb) //p' "$dir/session" >"$dir/commands"
    echo 'call (void)fflush(0)' >>"$dir/commands"
    cc -g -DNN_DEBUG "$source" -o "$dir/debug" -lm || exit 1
    gdb -q -batch -nx -ex 'set width 0' -ex 'set confirm off' -x "$dir/commands" "$dir/debug" \
        </dev/null 2>&1 | sed 's/0x[0-9a-f]*/0x.../g' >"$dir/transcript"
    grep -v '^(gdb) ' "$dir/session" >"$dir/shown"
    [ -s "$dir/shown" ] || { echo "$page: no session"; status=1; }
    while IFS= read -r line; do
        grep -qF -e "$line" "$dir/transcript" || { echo "$page: gdb does not show: $line"; status=1; }
    done <"$dir/shown"
done
exit $status
