#!/bin/sh
# The book as HTML: pages without scripts that need no network, with mathematics as MathML; and the
# live pages in live/, each with its script and its program, compiled to WebAssembly, inside.
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
convert() { # convert PAGE OPTION ...: to its place
    page=$1
    shift
    pandoc --from gfm+tex_math_dollars --to html5 --mathml --fail-if-warnings --toc --toc-depth=2 \
        --template book/tools/page.html --lua-filter book/tools/page.lua \
        --metadata title="$(title_of "$page")" "$@" "$from/$page" --output "$to/$(html_of "$page")" ||
        { echo "$from/$page: pandoc refuses it"; exit 1; }
}

previous=
set -- $pages
while [ $# -gt 0 ]; do
    page=$1 next=${2:-}
    shift
    convert "$page" \
        --variable previous="$(html_of "$previous")" --variable previous_title="$( [ -z "$previous" ] || title_of "$previous")" \
        --variable next="$(html_of "$next")" --variable next_title="$( [ -z "$next" ] || title_of "$next")"
    previous=$page
done
if [ -d "$from/fig" ]; then
    mkdir -p "$to/fig"
    cp "$from"/fig/*.svg "$to/fig/" 2>/dev/null
fi

# nn.h finds its C library in live/libc.h, by the names that it includes
compile() { # compile PROGRAM.c WASM
    mkdir -p "$to/live/include"
    for header in errno math stdio stdlib string; do cp "$from/live/libc.h" "$to/live/include/$header.h"; done
    clang --target=wasm32 -std=c99 -O2 -Wall -Wextra -mbulk-memory -msimd128 -fvisibility=hidden -ffunction-sections \
        -nostdlib -I "$to/live/include" -Wl,--no-entry,--export-dynamic,--gc-sections,-s "$1" -o "$2"
}
if [ -d "$from/live" ]; then
    mkdir -p "$to/live"
    alive=yes
    command -v clang >/dev/null && command -v wasm-ld >/dev/null ||
        { alive=; echo 'SKIP the live pages have words only: clang or wasm-ld is not installed'; }
    for page in "$from"/live/*.md; do
        name=$(basename "$page" .md) script=$to/live/$name.script
        : >"$script"
        if [ -n "$alive" ]; then
            compile "$from/live/$name.c" "$to/live/$name.wasm" || exit 1
            { echo '<script type="module">'; printf "const wasm = '"; base64 <"$to/live/$name.wasm" | tr -d '\n'
                echo "';"; cat "$from/live/live.js" "$from/live/$name.js"; echo '</script>'; } >"$script"
        fi
        convert "live/$name.md" --variable up=../ --variable live=yes --include-after-body "$script"
        rm "$script"
    done
    rm -rf "$to/live/include"
fi
echo "$to/index.html: $(echo $pages | wc -w | tr -d ' ') pages"
