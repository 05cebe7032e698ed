#!/bin/sh
# The book as HTML: pages without scripts that need no network, with mathematics as MathML.
# usage: html.sh [FROM [TO]]     from the repository's root; book and build/html if not told
from=${1:-book} to=${2:-build/html}
command -v pandoc >/dev/null 2>&1 || { echo 'SKIP make html: pandoc is not installed'; exit 0; }
rm -rf "$to"
mkdir -p "$to"

# README, the chapters in order, then the rest (such as the glossary)
pages=$(cd "$from" && for p in README.md [0-9][0-9]*-*.md [a-z]*.md; do [ ! -e $p ] || echo $p; done)
[ -n "$pages" ] || { echo "there is no page in $from yet"; exit 0; }
html_of() { case $1 in '') ;; README.md) echo index.html ;; *) echo "${1%.md}.html" ;; esac; }
title_of() { sed -n '1s/^#* *//p' "$from/$1" | tr -d '`'; }

previous=
set -- $pages
while [ $# -gt 0 ]; do
    page=$1 next=${2:-}
    shift
    pandoc --from gfm+tex_math_dollars --to html5 --mathml --fail-if-warnings --toc --toc-depth=2 \
        --template book/tools/page.html --lua-filter book/tools/page.lua \
        --metadata title="$(title_of "$page")" \
        --variable previous="$(html_of "$previous")" --variable previous_title="$( [ -z "$previous" ] || title_of "$previous")" \
        --variable next="$(html_of "$next")" --variable next_title="$( [ -z "$next" ] || title_of "$next")" \
        "$from/$page" --output "$to/$(html_of "$page")" || { echo "$from/$page: pandoc refuses it"; exit 1; }
    previous=$page
done
if [ -d "$from/fig" ]; then
    mkdir -p "$to/fig"
    cp "$from"/fig/*.svg "$to/fig/" 2>/dev/null
fi
echo "$to/index.html: $(echo $pages | wc -w | tr -d ' ') pages"
