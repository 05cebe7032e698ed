#!/bin/sh
# How much of nn.h the tests run: lines and branches (gcov), per section, all tests together. Lines
# that the sections named in `whole` leave out are shown. Fails below the limits at the end.
# usage: coverage.sh [-v]     from the repository's root; -v: show the lines that are left out of all
# A line or branch of a section that is compiled several times (kernels) counts if one of them ran.
export LC_ALL=C
dir=build/coverage here=$PWD show='>>(data|files|errors)'
[ "$1" = -v ] && show='>>'
rm -rf $dir
mkdir -p $dir
for source in tests/test_*.c; do
    name=$(basename "$source" .c)
    mkdir $dir/$name
    gcc -std=gnu99 -O0 -w --coverage "$here/$source" -o $dir/$name/x -lm -dumpbase $name -dumpdir $dir/$name/ &&
        $dir/$name/x >$dir/$name/log 2>&1 || { echo "$source fails"; tail -n 5 $dir/$name/log; exit 1; }
    grep -q 'nn\.h"' "$source" && (cd $dir/$name && gcov -b -c $name.gcda >log 2>&1)
    rm -f $dir/$name/x
done
cat $dir/*/*nn.h.gcov | awk -v show="$show" '
    /^ *(-|#####|=====|[0-9]+\*?): *[0-9]+:/ {
        split($0, part, ":")
        line = part[2] + 0
        if (!line) next
        text[line] = substr($0, index($0, part[2] ":") + length(part[2]) + 1)
        if (line > last) last = line
        count = part[1]
        gsub(/[ *]/, "", count)
        if (count != "-") { code[line] = 1; if (count + 0 > 0) ran[line] = 1 }
        next
    }
    /^branch / {
        key = line " " $2
        if (!(key in branch)) { branch[key] = line; branches[line]++ }
        if ($4 + 0 > 0 && !(key in taken)) { taken[key] = 1; took[line]++ }
    }
    END {
        for (line = 1; line <= last; line++) {
            if (text[line] ~ /^\/\* ==== .*>>/) {
                section = text[line]
                sub(/.*>>/, ">>", section); sub(/[^a-z0-9>].*/, "", section)
                if (!(section in seen)) { seen[section] = 1; order[++sections] = section }
            }
            if (!code[line]) continue
            lines[section]++; hit[section] += ran[line]; b[section] += branches[line]; t[section] += took[line]
            if (section ~ show && !ran[line]) print "nn.h:" line ": never run: " text[line]
            else if (section ~ show && took[line] < branches[line])
                print "nn.h:" line ": " took[line] + 0 " of " branches[line] " branches: " text[line]
        }
        order[++sections] = "all"
        for (i = 1; i <= sections; i++) {
            s = order[i]
            if (s != "all") { lines["all"] += lines[s]; hit["all"] += hit[s]; b["all"] += b[s]; t["all"] += t[s] }
            if (!lines[s]) continue
            printf "%-14s %5d lines %6.2f %%  %5d branches %6.2f %%\n", s, lines[s], 100 * hit[s] / lines[s], b[s], b[s] ? 100 * t[s] / b[s] : 100
        }
    }'
