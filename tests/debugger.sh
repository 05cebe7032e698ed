#!/bin/sh
# What the manual promises about debugging, as a transcript: stop at the line of a forward, step into
# the operation, print the tensor, call nn_print, stop in a backward. Then what the printers of
# book/tools show of good and of bad values. Then the sessions of the pages: their
# commands are given to `make debug-..`, and the lines that they show must come out in this order.
# Then what `make vscode` writes.
# usage: debugger.sh DIRECTORY [lldb]     from the repository's root; lldb: printers and sessions
dir=$1 debugger=${2:-gdb}
status=0 missing=0
expect() { grep -qE -e "$1" "$dir/transcript" || { echo "not in the transcript: $1"; missing=1; }; }
seen() { # after some expect: shows the transcript if something was missing
    [ "$missing" = 0 ] || { cat "$dir/transcript"; status=1; }
    missing=0
}

# ---- the printers ----

cat >"$dir/shown.c" <<'END'
#define NN_IMPLEMENTATION
#include "nn.h"
static void quiet(void *user, nn_code code, const char *message)
{ (void)user, (void)code, (void)message; }
static void look(void) {}
static nn_tensor fake;
static char zeros[sizeof(nn_ctx)];
int main(void)
{
    nn_ctx *nn = nn_create(1);
    nn_model *net = nn_model_new(nn);
    nn_linear fc = nn_linear_new(net, "fc", 3, 2);
    nn_real a[6] = {1, 2, 3, 4, 5, 9}, v[4] = {1, (nn_real)NAN, (nn_real)INFINITY, 3};
    const nn_real w[8] = {1, 0, 0, 0, 1, 1, -1, 2};
    nn_model_set(net, w);
    nn_tensor *old = nn_input(nn, a, nn_shape1(6));
    nn_clear(nn);
    nn_tensor *x = nn_input(nn, a, nn_shape2(2, 3)), *bad = nn_input(nn, v, nn_shape1(4));
    nn_tensor *wide = nn_full(nn, nn_shape2(30, 12), 5), *y = nn_linear_forward(&fc, x);
    nn_tensor *sum = nn_sum(y), *unset = &fake, *nowhere = (nn_tensor *)16, *null = NULL;
    fake = *x, fake.ctx = (nn_ctx *)zeros; /* as memory that was used again may look */
    nn_optimizer *opt = nn_sgd(net, 0.5f);
    nn_backward(sum);
    nn_shape shape = x->shape, wrong = {77, {1, 2, 3, 4}};
    nn_on_error(nn, quiet, NULL);
    nn_tensor *failed = nn_matmul(x, x);
    look();
    (void)old, (void)bad, (void)wide, (void)unset, (void)nowhere, (void)null, (void)opt, (void)failed;
    (void)shape, (void)wrong;
    nn_destroy(nn);
    return 0;
}
END
printers() { # what both debuggers say, of float and of double
    expect 'input \[2, 3\], .*shown.c:19$'
    expect '^mean 4, std 2.582, min 1, max 9$' # sum 24; squares of 3 2 1 0 1 5 are 40, / 6
    expect '^         1         2         3$'
    expect '^         4         5         9$'
    expect '^mean 2, std 1, min 1, max 3, 1 nan, 1 inf$'
    expect 'input \[30, 12\], '
    expect '^ +(5 +){8}\.\.\.$'
    expect '^ +\.\.\. 30 rows in all$'
    expect 'linear \[2, 2\] of parameter fc.weight \[2, 3\], input \[2, 3\], parameter fc.bias \[2\], '
    expect '^         0         7$' # w x + b: 1 - 1, 5 + 2
    expect '^         3        16$' # 4 - 1, 14 + 2
    expect '^gradient: mean 1, std 0, min 1, max 1$'
    expect 'failed \[0\].* \(after the error: .*nn_matmul: inner dimensions differ: x is \[2, 3\], '
    expect 'input \[6\].*\(from before nn_clear\)'
    [ "$(grep -c 'no nn_tensor can be read here' "$dir/transcript")" = 2 ] || expect 'two bad pointers'
    expect '(= |0x0+ )(\(nn_tensor \*\) 0x0|NULL)$'
    expect '(=|\)) .*\[2, 3\]$'
    expect 'no nn_shape can be read here'
    expect '2 tensors, 8 numbers$'
    expect '^  parameter fc.weight \[2, 3\]: mean 0.5, std 0.5, \|grad\| up to 12$'
    expect 'error: .*inner dimensions differ.*; training 1, grad_enabled 1; 2 operations'
    expect 'sgd, lr 0.5, 0 steps done, of a model of 2 tensors'
    expect '^sum \[\] = 26, \|grad\| up to 1, '
    expect '^  linear \[2, 2\]: mean 6.5, std .*, \|grad\| up to 1, '
    expect '^    parameter fc.bias \[2\]: '
    expect '^ +(5 +){11}5$'
    expect '^         5         7        12$' # the sum of x's rows
    expect '^mean 1.5, std 0.5, min 1, max 2$'
    expect '^nn graph: this cannot be read: nowhere$'
    grep -E 'Traceback|Python Exception|Error' "$dir/transcript" && missing=1
    seen
}
variables='x bad wide y failed old unset nowhere null shape wrong net nn opt'
for real in float double; do
    cc -g -O0 -DNN_DEBUG -DNN_REAL=$real -I. "$dir/shown.c" -o "$dir/shown" -lm || exit 1
    set --
    case $debugger in
    lldb)
        for name in $variables; do set -- "$@" -o "frame variable $name"; done
        sh book/tools/debug.sh --lldb -b -o 'b look' -o run -o up "$@" -o 'nn graph sum' -o 'nn rows wide 29' \
            -o 'nn grad fc.weight 1' -o 'nn array a 2' -o 'nn graph nowhere' "$dir/shown" ;;
    *)
        for name in $variables; do set -- "$@" -ex "print $name"; done
        gdb -q -batch -nx -iex 'set width 0' -x book/tools/nn_gdb.py -ex 'break look' -ex run -ex up "$@" \
            -ex 'print fc' -ex 'print *y' -ex 'nn graph sum' -ex 'nn rows wide 29' -ex 'nn grad fc.weight 1' \
            -ex 'nn array a 2' -ex 'nn graph nowhere' "$dir/shown" ;;
    esac >"$dir/transcript" 2>&1 </dev/null
    [ $debugger = lldb ] || expect '^  weight = parameter fc.weight \[2, 3\]: '
    printers
done
# ---- the pages ----

in_order() { awk 'NR == FNR {line[NR] = $0; n = NR; next} i < n && index($0, line[i + 1]) {i++}
    END {if (i < n) print line[i + 1]; exit i < n}' "$1" "$2"; }
replay() { # replay FIRST COMMAND: the commands of $page, and after them what must have come out
    { echo "$1"; cat "$dir/commands"; } | DEBUGGER=$debugger $target 2>&1 |
        sed 's/0x[0-9a-f]*/0x.../g' >"$dir/transcript"
    line=$(in_order "$dir/shown" "$dir/transcript") ||
        { echo "$page: $debugger does not show: $line"; cat "$dir/transcript"; status=1; }
}
for page in book/[0-9]*.md; do
    grep -q '^<!-- @text a session with gdb' "$page" || continue
    target=$(grep -o '^make debug-[0-9a-z_]*$' "$page")
    awk '/^<!-- @text a session with gdb/ {here = 1; next} /^```/ {inside = here; here = 0; next}
        inside' "$page" >"$dir/session"
    sed -n 's/^(gdb) //p' "$dir/session" >"$dir/commands"
    grep -v '^(gdb) ' "$dir/session" >"$dir/shown"
    [ -s "$dir/shown" ] || { echo "$page: no session"; status=1; }
    if [ $debugger = gdb ]; then replay 'set width 0'; continue; fi
    # lldb: other words for conditions and delete, for arguments and arrays; the rest as it stands
    sed "s/^b \([^ ]*\) if \(.*\)/breakpoint set -n \1 -c '\2'/; s/^delete/breakpoint &/" \
        "$dir/commands" >"$dir/words" && mv "$dir/words" "$dir/commands"
    sed '/= {/d; s/^\$[0-9]* = //; s/^Breakpoint [0-9]*, //; s/^\([a-z_0-9]*\) (.*=.*)$/: \1 at/' \
        "$dir/shown" >"$dir/words" && mv "$dir/words" "$dir/shown"
    if grep -q '^break \|@' "$dir/commands"; then echo "$page: for gdb only"; continue; fi
    replay 'script lldb.debugger.SetAsync(False)'
done
[ $debugger != lldb ] || exit $status

# ---- the manual ----

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
seen

DEBUGGER=gdb make debug-99 >"$dir/transcript" 2>&1 && { echo "make debug-99 is no mistake"; status=1; }
expect 'there is no example 99'
seen

# ---- VS Code ----

mkdir -p "$dir/vscode" && (cd "$dir/vscode" && rm -rf .vscode && sh "$OLDPWD/book/tools/vscode.sh") >"$dir/transcript"
for file in launch tasks; do
    gdb -q -batch -nx -ex "python import json; print('read', len(json.load(open('$dir/vscode/.vscode/$file.json'))))" \
        >>"$dir/transcript" 2>&1
done
[ "$(grep -c '^read 2' "$dir/transcript")" = 2 ] || { echo "make vscode writes no JSON"; missing=1; }
for path in $(grep -o 'book/tools/[a-z_]*\.py' "$dir/vscode/.vscode/launch.json"); do [ -e "$path" ] || expect "$path"; done
(cd "$dir/vscode" && echo '{}' >.vscode/tasks.json && sh "$OLDPWD/book/tools/vscode.sh") >"$dir/transcript" 2>&1 &&
    expect 'refused'
expect 'tasks.json is there and differs'
seen
exit $status
