#!/bin/sh
# A debugger in an example, at its first line: gdb or, where there is none, lldb; DEBUGGER=lldb asks
# for one. `06` is the example that README.md names first for chapter 6.
# usage: debug.sh 06 | 06_backprop     from the repository's root
#        debug.sh --lldb ARGUMENTS     lldb with what it shows of nn.h, for another program
unset DEBUGINFOD_URLS # else gdb asks first
lldb_with() {
    [ -d "$(lldb -P 2>/dev/null)/lldb" ] || # Debian's does not find its own Python module
        for dir in "$(dirname "$(readlink -f "$(command -v lldb)")")"/../lib/python3.*/*-packages; do
            export PYTHONPATH="$dir"
        done
    exec lldb -o 'command script import book/tools/nn_lldb.py' "$@"
}
if [ "$1" = --lldb ]; then shift && lldb_with "$@"; fi

name=$1 chapter=${1#0}
chapter=${chapter%[abc]} # 15a is a page of chapter 15
[ -e "examples/$name.c" ] || name=$(grep "^| $chapter \[" README.md |
    grep -o "(examples/0*${chapter}_[a-z0-9_]*\.c" | head -n 1 | sed 's/.*\///; s/\.c//')
[ -n "$name" ] || { echo "there is no example $1; chapter 6 is debug-06"; exit 1; }
for debugger in $DEBUGGER gdb lldb none; do command -v "$debugger" >/dev/null 2>&1 && break; done
[ "$debugger" != none ] || { echo "no gdb and no lldb here: install one of them"; exit 1; }
echo "examples/$name.c in $debugger; \`help nn\` tells what can be shown"
${MAKE:-make} -s "build/debug-$name" || exit 1
case $debugger in
lldb) lldb_with -o 'breakpoint set -o true -n main' -o run "build/debug-$name" ;;
*) exec "$debugger" -q -x book/tools/nn_gdb.py -ex 'set confirm off' -ex start "build/debug-$name" ;;
esac
