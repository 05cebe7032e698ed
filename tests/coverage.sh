#!/bin/sh
# How much of nn.h the tests run, all of them together: lines and branches as gcov counts them at -O0
# (a condition has two branches, a && b four), per section. Fails below the limits at the end.
# usage: coverage.sh [SECTION ..]     from the repository's root; what is missed in SECTION (ch07, ..)
#                                     is listed; without: in files, data and the foundation's errors
# - nn.h is compiled once and linked with every test program that uses public names only. Tests that
#   look inside, or set NN_MALLOC or NN_ABORT, are compiled with a copy of their own; its lines count,
#   its branches where the line has as many as in the plain one (a macro may bring in its own).
# - A kernel is compiled for every instruction set: its lines count if they ran in one of them.
# - What is not compiled here (other processors and systems, NN_DEBUG) is not counted.
export LC_ALL=C
dir=build/coverage bad=0
rm -rf $dir
mkdir -p $dir
flags='-std=gnu99 -O0 -w'
# What a test runs in a process that ends by abort or _exit counts, too.
cat >$dir/end.c <<'C'
void __gcov_dump(void);
void __real_abort(void);
void __wrap_abort(void) { __gcov_dump(); __real_abort(); }
void __real__exit(int status);
void __wrap__exit(int status) { __gcov_dump(); __real__exit(status); }
C
gcc $flags -c $dir/end.c -o $dir/end.o || exit 1
libs="$dir/end.o -Wl,--wrap=abort,--wrap=_exit -lgcov -lm"
gcc $flags --coverage -DNN_IMPLEMENTATION -x c -c nn.h -o $dir/nn.o || exit 1
for source in tests/test_*.c; do
    name=$(basename "$source" .c)
    { ! grep -qE 'nn__|capture\.h|define (_.*_SOURCE|NN_(MALLOC|ABORT|CHAPTERS|NO_))' "$source" &&
        gcc $flags -DNN_COMPILED_APART "$source" $dir/nn.o -o $dir/$name $libs; } ||
        { gcc $flags --coverage -c "$source" -o $dir/$name.o && gcc $dir/$name.o -o $dir/$name $libs; } || exit 1
    $dir/$name >$dir/$name.log 2>&1 || { echo "FAIL $source"; tail -n 5 $dir/$name.log; bad=1; }
done
# nn.gcda first: what it has decides how many branches a line has. One JSON value a line, for awk.
for counts in $dir/nn.gcda $(ls $dir/test_*.gcda); do gcov -b --json-format --stdout $counts; done | tr '{,]' '\n\n\n' |
awk -v show="${*:-files data errors}" '
    function section_of(text) { sub(/.*>>/, "", text); sub(/[^a-z0-9].*/, "", text); return text }
    FNR == NR { # nn.h itself
        text[FNR] = $0
        if ($0 ~ /^\/\* ==== .*>>/) now = section_of($0)
        if (!(now in seen)) { seen[now] = 1; order[++sections] = now }
        section[FNR] = now
        next
    }
    { gsub(/[ "}]/, ""); key = value = $0; sub(/:.*/, "", key); sub(/[^:]*:/, "", value) }
    key == "fallthrough" { in_branch = 1 }
    key == "count" && in_branch { taken[++n_taken] = value; in_branch = 0; next }
    key == "count" { count = value }
    key == "line_number" { line = value }
    key == "function_name" { # the last of a line
        sub(/_(naive|scalar|avx2|avx512|neon)$/, "", value)
        n++; line_of[n] = line; ran_of[n] = count; function_of[n] = value; first[n] = total + 1; branches_of[n] = n_taken
        for (i = 1; i <= n_taken; i++) all[++total] = taken[i]
        n_taken = 0
    }
    key == "file" { # the last of the lines of a file
        if (value ~ /(^|\/)nn\.h$/)
            for (i = 1; i <= n; i++) {
                l = line_of[i]; at = l " " function_of[i]
                code[l] = 1
                if (ran_of[i] > 0) ran[l] = 1
                if (!(at in branches)) { branches[at] = branches_of[i]; b_line[l] += branches_of[i]; places[l] = places[l] " " function_of[i] }
                if (branches[at] == branches_of[i])
                    for (k = 0; k < branches_of[i]; k++)
                        if (all[first[i] + k] > 0 && !((at, k) in took)) { took[at, k] = 1; t_line[l]++ }
            }
        n = total = 0
    }
    END {
        split(show, word, " ")
        for (i in word) listed[word[i]] = 1
        for (l = 1; l in text; l++) {
            if (!code[l]) continue
            s = section[l]
            lines[s]++; hit[s] += ran[l]; all_b[s] += b_line[l]; hit_b[s] += t_line[l]
            if (!(s in listed)) continue
            if (!ran[l]) print "nn.h:" l ": never run: " text[l]
            else if (t_line[l] < b_line[l]) {
                which = ""
                m = split(places[l], place, " ")
                for (i = 1; i <= m; i++)
                    for (k = 0; k < branches[l " " place[i]]; k++) if (!((l " " place[i], k) in took)) which = which " " k + 1
                print "nn.h:" l ": branch" which " of " b_line[l] ": " text[l]
            }
        }
        order[++sections] = "parsers"; order[++sections] = "nn.h"
        for (i = 1; i <= sections; i++) {
            s = order[i]
            if (s != "nn.h" && s != "parsers") {
                add("nn.h", s)
                if (s == "data" || s == "files") add("parsers", s)
            }
            if (lines[s]) printf "%-10s %5d lines %6.2f %%  %5d branches %6.2f %%\n", s, lines[s], percent(hit[s], lines[s]), all_b[s], percent(hit_b[s], all_b[s])
        }
        bad = limit("parsers", 100, 98) + limit("nn.h", 95, 88)
        exit bad > 0
    }
    function add(to, s) { lines[to] += lines[s]; hit[to] += hit[s]; all_b[to] += all_b[s]; hit_b[to] += hit_b[s] }
    function percent(part, whole) { return whole ? 100 * part / whole : 100 }
    function limit(s, l, b) {
        if (lines[s] && percent(hit[s], lines[s]) >= l && percent(hit_b[s], all_b[s]) >= b) return 0
        print s ": below the limits of " l " % of the lines and " b " % of the branches"
        return 1
    }' nn.h - && [ $bad = 0 ]
