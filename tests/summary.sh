#!/bin/sh
# Adds up what `make test` left in build/log, one file for each name: what failed, then
# `N passed, N failed`. A run without its last line, or with another exit status than that line
# says, has failed.
# usage: summary.sh NAME ...     from the repository's root
for name in "$@"; do
    [ -e build/log/"$name" ] || echo "it could not be built" >build/log/"$name"
    awk -v name="$name" '
        / passed, [0-9]+ failed$/ {p = $1; f = $3; sum = $0; next}
        /^exit status / {status = $3; next}
        {print}
        END {
            good = sum != "" && status != "" && (f > 0) == (status != 0)
            if (!good) f++
            print name ": " (sum != "" ? sum : "no summary") (good ? "" : ", exit status " status)
            print p + 0, f + 0 >"build/log/total." name
        }' build/log/"$name"
done
cat build/log/total.* | awk '{p += $1; f += $2} END {print p " passed, " f " failed"; exit f > 0}'
