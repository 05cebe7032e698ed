#!/bin/sh
# Are the gradient checks any good? Makes one small mistake at a time in the backward functions of
# nn.h and looks whether tests/test_ops.c notices or, for kernels that no operation uses yet,
# tests/test_kernels.c. Run from the root of the repository:
#
#     tests/mutate.sh [k]       only every k-th mutant: a quick look
#
# Prints the mutants that survive and, last, `mutants N, caught N (P %)`; fails below 90 %. A mutant
# is tried in double, then, if it survives there, in float: the vector kernels are used only there.
# CC chooses the compiler.

every=${1:-1}
cc=${CC:-cc}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM
mkdir "$dir/tests" && cp tests/test.h tests/test_ops.c tests/test_kernels.c "$dir/tests" || exit 2
cp nn.h "$dir/nn.h" && cp nn.h "$dir/original" || exit 2

# One mutant a line: first line, first column, last line, last column (of what is replaced), the
# replacement, the function, what was done. Tabs in between.
cat >"$dir/list.awk" <<'EOF'
function emit(line, from, to, text, what) {
    printf "%d\t%d\t%d\t%d\t%s\t%s\t%s\n", line, from, line, to, text, name, what
}
# The line with comments and strings blanked, so that only code is left, in its old place.
function code_of(s,   i, c, two, out, quoted) {
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1); two = substr(s, i, 2)
        if (comment ? two == "*/" : !quoted && two == "/*") comment = !comment
        else if (!quoted || c != "\\") two = "" # only one character
        if (c == "\"" && !comment) quoted = !quoted
        out = out (two != "" ? "  " : comment || quoted ? " " : c)
        if (two != "") i++
    }
    return out
}
# Replaces each `old` of the line by `new`.
function swap(s, old, new,   at, i) {
    for (at = 1; (i = index(substr(s, at), old)) > 0; at += i)
        emit(NR, at + i - 1, at + i - 2 + length(old), new, "\"" old "\" becomes \"" new "\"")
}
function skip_parentheses(s, at,   depth) { # from the ( at `at`: the place behind its )
    do {
        if (substr(s, at, 1) == "(") depth++
        if (substr(s, at, 1) == ")") depth--
        at++
    } while (depth && at <= length(s))
    return at
}
function mutate(s,   i, at, rest) {
    swap(s, " += ", " = "); swap(s, " += ", " -= "); swap(s, " -= ", " = "); swap(s, " -= ", " += ")
    swap(s, " + ", " - "); swap(s, " - ", " + ")
    swap(s, " * ", " / "); swap(s, " * ", " + "); swap(s, " / ", " * ")
    swap(s, " > 0 ", " >= 0 ")
    # what vectors have instead of >=, -= and =
    swap(s, "NN__IF_GT(b, NN__(set)(0), a, k * a)", "NN__IF_GT(NN__(set)(0), b, k * a, a)")
    swap(s, "NN__FMA(", "NN__FMA(-")
    if (s ~ /NN__FMA/) swap(s, ", y);", ", y - y);")
    for (i = 2; i <= length(s); i++) # a minus with a space before it but none behind
        if (substr(s, i - 1, 3) ~ /^[ (,]-[A-Za-z0-9_(]$/) emit(NR, i, i, "", "a minus is dropped")
    if (unfinished) { # a statement that began on an earlier line
        if ((i = index(s, ";")) == 0) return
        printf "%d\t%d\t%d\t%d\t\t%s\tdeleted\n", first, column, NR, i - 1, name
        unfinished = 0
        return
    }
    for (at = match(s, /[^ ]/); at > 0 && substr(s, at) ~ /^(if|for|else|NN__EACH)[ (]/; ) {
        rest = substr(s, at)
        if (rest ~ /^(else|NN__EACH) /) at += index(rest, " ")
        else at = skip_parentheses(s, at + index(rest, "(") - 1) + 1
    }
    rest = substr(s, at)
    if (at < 2 || rest !~ /^\*?[a-zA-Z_]([a-zA-Z0-9_.>-]|\[[^=;]*\])*( [-+]?= |\()/) return
    first = NR; column = at # a call or an assignment
    if ((i = index(rest, ";")) > 0) emit(NR, at, at + i - 2, "", "deleted")
    else unfinished = 1
}
{
    code = code_of($0)
    if (code ~ /^NN__FORM\(v[a-z_]*_backward\)/) { # all of it on one line
        name = substr(code, 10, index(code, ")") - 10)
        mutate(code)
        name = ""
    } else if (code ~ /^NN__TWIN\([a-z]*, [a-z_]*_backward,/) { # so, too
        name = code
        sub(/^[^,]*, /, "nn__", name); sub(/,.*/, "_naive", name)
        mutate(code)
        name = ""
    } else if (code ~ /^[A-Za-z].*\(/) {
        name = code
        if (sub(/.*NN__\(/, "v", name)) sub(/\).*/, "", name) # NN__(exp) is called vexp here
        else { sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
    }
    if (code ~ /^}/) inside = 0
    if (inside) mutate(code)
    if (code ~ /^\{/)
        inside = name ~ /^(nn__|v)[a-z_0-9]*_backward(_naive)?$/ ||
                 name ~ /^(nn__add_reduced|nn_backward|nn_mlp_backward|nn__mlp_slope)$/
}
EOF
cat >"$dir/apply.awk" <<'EOF'
NR == first { printf "%s%s", substr($0, 1, from - 1), text }
NR == last { print substr($0, to + 1) }
NR < first || NR > last
EOF

# The limit is for mutants that never end.
compile() { $cc -std=c99 -O0 -w $1 "$dir/tests/test_ops.c" -lm -o "$dir/test_ops" >/dev/null 2>&1; }
passes() {
    (cd "$dir" && ulimit -c 0 && ulimit -t 60 && ./test_ops -x $1 || exit 1) >/dev/null 2>&1
}
kernels_pass() {
    $cc -std=c99 -O1 -w "$dir/tests/test_kernels.c" -lm -o "$dir/test_kernels" >/dev/null 2>&1 &&
        (cd "$dir" && ulimit -c 0 && ulimit -t 60 && ./test_kernels || exit 1) >/dev/null 2>&1
}

for build in -DNN_REAL=double ""; do
    compile "$build" && passes && continue
    echo "the tests fail without any mutant (${build:-float})"
    exit 2
done

awk -f "$dir/list.awk" "$dir/original" >"$dir/list"
mutants=0 caught=0 number=0
tab=$(printf '\t')
while IFS= read -r mutant; do
    number=$((number + 1))
    [ $((number % every)) -eq 0 ] || continue
    set -f; old=$IFS; IFS=$tab
    # an empty field would be lost: a mark in front of each
    set -- $(printf '%s' "$mutant" | sed "s/^/=/; s/$tab/$tab=/g")
    IFS=$old; set +f
    function=${6#=}
    awk -v first="${1#=}" -v from="${2#=}" -v last="${3#=}" -v to="${4#=}" -v text="${5#=}" \
        -f "$dir/apply.awk" "$dir/original" >"$dir/nn.h"
    # the operations that it belongs to come first: most mutants are caught there
    op=${function#nn__}; op=${op#v}; op=${op%_naive}; op=${op%_backward}
    result=survived
    for build in -DNN_REAL=double ""; do
        case $function in v*) [ -z "$build" ] || continue ;; esac # no vectors in double
        compile "$build" || { result=none; break; }
        passes "$op" && passes || { result=caught; break; }
    done
    [ $result = none ] && continue
    if [ $result = survived ]; then
        case $function in v* | *_naive) kernels_pass || result=caught ;; esac
    fi
    mutants=$((mutants + 1))
    [ $result = caught ] && { caught=$((caught + 1)); continue; }
    echo "survived: nn.h:${1#=}: $function: ${7#=}: $(sed -n "${1#=}s/^ *//p" "$dir/original")"
done <"$dir/list"

percent=0
[ $mutants -gt 0 ] && percent=$((100 * caught / mutants))
echo "mutants $mutants, caught $caught ($percent %)"
[ $percent -ge 90 ]
