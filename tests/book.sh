#!/bin/sh
# The tools of the book with good and bad pages, then the book itself: its listings and outputs, its
# form, its figures. The last line is `N passed, N failed`.
# usage: book.sh     from the repository's root, after build/weave, compare, lint, nn.o and build/fig
export LC_ALL=C CC="${CC:-cc}"
T=build/book passed=0 failed=0
rm -rf $T
mkdir -p $T

case_of() { # case_of NAME COMMAND ...: passed if the command succeeds
    name=$1
    shift
    if "$@" >$T/log 2>&1; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "FAIL $name"
    head -n 20 $T/log
}
fails() { ! "$@"; }

# ---- weave ----

# Messages of all bad pages, without what a compiler adds to them.
weave_messages() {
    for page in tests/book/weave/*.md; do
        build/weave --check "$page" >$T/one && echo "$page: no error"
        grep -E '^(tests/|    (page|now): )' $T/one
    done >$T/weave.out
    diff tests/book/weave.out $T/weave.out
}
weave_writes() { # a page whose fences are out of date becomes the sample again, and then stays
    sed 's/one more {/one more/; s/^w = -0.25/w = -0.52/; s/^z = 11.5/z = 12/; /^ 3.5/d' \
        tests/book/sample.md >$T/page.md
    fails build/weave --check $T/page.md && build/weave $T/page.md && cmp tests/book/sample.md $T/page.md &&
        touch -t 202001010000 $T/page.md && build/weave $T/page.md &&
        [ -z "$(find $T/page.md -newer tests/book/sample.md)" ] && [ ! -e $T/page.md.tmp ]
}
weave_leaves_bad_pages() {
    cp tests/book/weave/stale.md $T/bad.md
    printf '\n```c\n```\n' >>$T/bad.md
    cp $T/bad.md $T/before.md
    fails build/weave $T/bad.md && cmp $T/bad.md $T/before.md
}
# The three ways in which a book drifts, each shown in a copy of the repository in small.
drift() { # drift FILE SED-COMMAND
    rm -rf $T/drift
    mkdir -p $T/drift
    cp nn.h tests/book/sample.out $T/drift
    cat >$T/drift/page.md <<'END'
<!-- @code nn.h nn__sigmoid_backward -->
```c
```

<!-- @out sample.out "== second" -->
```text
```
END
    (cd $T/drift && ../../weave page.md && ../../weave --check page.md && cp "$1" before &&
        sed "$2" before >"$1" && fails cmp -s before "$1" && fails ../../weave --check page.md)
}
case_of "weave: the sample page is up to date" build/weave --check tests/book/sample.md
case_of "weave: every bad page gets its message" weave_messages
case_of "weave: rewrites what is out of date and nothing else" weave_writes
case_of "weave: leaves a page with an error alone" weave_leaves_bad_pages
case_of "weave: a digit of nn.h's sigmoid" drift nn.h '/nn__sigmoid_backward(nn/y/0123456789/1234567890/'
case_of "weave: a word of a listing" drift page.md 's/static/const/'
case_of "weave: a number of an output" drift sample.out 's/0\.25/0.26/'

# ---- compare ----

compare_all() { # lines: status|options|recorded|got
    while IFS='|' read -r status options recorded got; do
        printf -- "$recorded" >$T/a
        printf -- "$got" >$T/b
        build/compare $options $T/a $T/b >$T/c
        [ $? = "$status" ] || { echo "compare $options '$recorded' '$got' is not $status"; return 1; }
    done <tests/book/compare.txt
}
compare_message() {
    printf 'a\nx = 1\n' >$T/a
    printf 'a\nx = 2\n' >$T/b
    build/compare $T/a $T/b | tr '\n' '/' | grep -q '/b:2: differs from .*/a/    recorded: x = 1/    got:      x = 2/'
}
case_of "compare: text, numbers, tolerances, -0, NaN" compare_all
case_of "compare: says what differs" compare_message

# ---- lint ----

lint_messages() {
    for page in tests/book/lint/*.md; do
        build/lint --words 20 90 tests/book/lint/header.h "$page" >$T/one || :
        grep '^tests/' $T/one || echo "$page: no error"
    done >$T/lint.out
    build/lint --words 20 90 tests/book/lint/wrong.h tests/book/lint/01-good.md | grep wrong.h >>$T/lint.out
    echo 'with a page that links to the glossary:' >>$T/lint.out
    build/lint tests/book/lint/header.h tests/book/lint/19-glossary.md tests/book/lint/20-more.md | grep '^tests/' >>$T/lint.out
    diff tests/book/lint.out $T/lint.out
}
case_of "lint: every bad page gets its messages, the good one none" lint_messages

# ---- the book ----

set -- book/*.md
if [ -e "$1" ]; then
    for page in "$@"; do case_of "$page: listings and outputs" build/weave --check "$page"; done
    case_of "book: form" build/lint nn.h "$@" book/live/*.md tests/notes.md
fi
# tests/notes.md: what the notes have, numbered, and where the book has it; lint has followed the links
rows() { # rows KIND COUNT PLACE: as many, each with a link that begins so (%02d: its number)
    case_of "tests/notes.md: $2 rows of kind $1, each with its place" awk -v kind="$1" -v count="$2" -v place="$3" '
        $2 == kind && ($3 != ++n || !index($0, "](../book/" sprintf(place, n))) {print; bad = 1}
        END {exit bad || n != count}' tests/notes.md
}
rows figure 68 fig/%02d-
rows heading 146 ''
rows term 137 19-glossary.md#   # 19.1
rows missed 50 19-glossary.md#  # 19.1
# what the feature table asks of pages alone
has_line() { grep -q "$2" "$1"; }
case_of "1.7: weak, general and strong AI are told apart" has_line book/01-neurons.md '^## Weak, general, strong'
case_of "3.14: a guide to the choice of activation and loss" has_line book/03-activation-functions.md \
    '^| one of C classes | softmax | cross-entropy, `nn_cross_entropy`'
case_of "7.11: a guide to head, loss and metric by task" has_line book/07-cost-functions.md \
    '^| one of C; .*`nn_cross_entropy`.*`nn_count_correct`'
has_line_each() { file=$1; shift; for line in "$@"; do grep -q "$line" "$file" || { echo "$line"; return 1; }; done; }
case_of "18.1: word vectors, in the resources and as a program" has_line_each book/18-resources.md word2vec GloVe 17_wordvectors.c
no_old_address() { ! grep -n 'github.com/google/jax\|ai.googleblog.com\|ai.facebook.com' book/*.md; }
case_of "18.2: addresses that have moved are the new ones" no_old_address
case_of "19.2: terms that only the glossary of the notes has" has_line_each book/19-glossary.md '^## one-hot$' \
    '^In C: `nn_one_hot`' '^## ImageNet$' '^## hyper-parameter$' '^## test set$' '^## validation set$'
# what examples show: their output is compared with what they print, here it is read
shows() { case_of "$1: examples/$2.c" grep -q "^got:  *$3" "examples/$2.out"; }
case_of "11.2: features by layer" has_line book/11-autoencoders.md '^!.*(fig/39-hierarchy.svg)'
shows "11.9: a convolutional bottleneck" 12_conv_autoencoder '0.0110 with 13939, 0.0161'
shows "11.9: a recurrent bottleneck" 13_bottleneck yes
shows "12.15: a typical convolutional classifier" 12_lenet '8.* %: '
shows "13.2, 13.8: one to many, many to one, many to many" 13_tasks yes
shows "13.9: encoder and decoder, lengths that differ" 13_encoder_decoder yes
shows "15.1, 15.2, 15.14: one vector or attention, and what it looks at" 15_bottleneck 'one vector 4 %, additive 91 %, dot 81 %'
shows "15.3 to 15.5: queries, keys and values; order" 15_attention 'yes; yes, no'
shows "15.6: two heads, and one" 15_heads '55.2, 100.0'
shows "15.13: encoder and decoder, sentences" 15_translation '100.0 % of 200'
shows "15.15, 15.16: greedy and beam search" 15_beam yes
shows "15.17 to 15.19: pre-trained, then fine-tuned" 15_bert yes
shows "15.20, 15.21: orders permuted, two streams" 15_xlnet yes
shows "15.22, 15.23: captions of pictures" 15_captions yes
shows "15.24: nodes of a graph" 15_graph yes
shows "16.2, 16.6: 95 to 5; which digit is taken for which" 16_classification 'F1 0.00 and 0.53; 94'
shows "16.4, 16.7: thresholds, curves, areas with intervals" 16_thresholds '0.854, at least 0.808; average precision 0.797'
shows "16.8: regressions of one layer, the normal equations" 16_baselines 'yes, yes, yes'
shows "16.11 to 16.13: BLEU, ROUGE, perplexity" 16_text '0.2857; 0.75 and 0.50; 4.00'
shows "16.15: boxes, three conventions of average precision" 16_detection 'cats 0.525, 0.550, 0.545, 0.554'
# and where only a long run shows it, the recorded one
recorded() { case_of "$1: book/runs/$2.txt" grep -q "^got:  *$3" "book/runs/$2.txt"; }
recorded "15.13: sentences, a longer run" 15_translation '100.0 % of 500'
recorded "15.12: a GPT, nats of the last tenth" 15_gpt '1.604'
recorded "15.16: beams are not worse" 15_pronunciation '17.33 %, 16.69 %'
recorded "15.17: 100 labels after pre-training, and without" 15_bert 'yes, at least 24.8'
recorded "15.22: captions, and where the network looks" 15_captions yes
# rows 1.8, 2.14, 3.16, 4.12, 5.14, 6.14, 7.12, 8.17, 9.11, 10.10, 11.10, 12.17, 13.12, 14.8, 15.25, 16.17: figures 1 to 68
for k in $(seq -w 68); do
    case_of "figure $k is in its chapter's page" has_line "$(grep -l "fig/$k-" book/*.md | head -n 1)" "^!\[.*\](fig/$k-"
done
for figure in build/fig/*.svg; do
    [ -e "$figure" ] || continue
    case_of "book/fig/${figure#build/fig/} is what book/fig draws (make book)" cmp "$figure" "book/fig/${figure#build/fig/}"
done
for figure in book/fig/*.svg; do
    [ -e "$figure" ] || continue
    case_of "$figure is drawn by a program" [ -e "build/fig/${figure#book/fig/}" ]
    case_of "$figure has at most 30 KB" [ "$(wc -c <"$figure")" -le 30720 ]
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
