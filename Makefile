# nn.h: make help lists what there is. Needed: a C compiler and make; `make check` uses more if it is
# there and says what is missing.
CC ?= cc
CFLAGS ?= -O2
LDLIBS = -lm
B = build
EXAMPLES = $(sort $(wildcard examples/*.c))
TESTS = $(sort $(wildcard tests/test_*.c))
STRICT = -std=c99 -Wall -Wextra -Wpedantic
CHAPTERS = $(addprefix ch,01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19)
TOOLS = $(B)/weave $(B)/compare $(B)/lint
PAGES = $(sort $(wildcard book/*.md))
FUZZ = $(patsubst tests/fuzz/%.c,$(B)/fuzz_%,$(sort $(wildcard tests/fuzz/*.c)))
FIGURES = $(patsubst book/fig/ch%.c,$(B)/fig%,$(sort $(wildcard book/fig/ch*.c)))

help:
	@echo 'make run      watch a convolutional network learn to tell clothes apart (seconds)'
	@echo 'make tour     every example, with what was expected and what came out'
	@echo 'make ch06     everything of chapter 6 (any chapter that is there)'
	@echo 'make debug-06 an example of chapter 6 in gdb or lldb; by name, too: debug-06_xor'
	@echo 'make vscode   the examples in the debugger of VS Code (writes .vscode)'
	@echo 'make test     the tests; a C compiler is enough'
	@echo 'make book     listings, outputs and figures of the book anew, from the sources'
	@echo 'make html     the book as web pages in build/html (needs pandoc; live pages: clang, lld)'
	@echo 'make check    the long checks: other compilers, processors, sanitizers, debugger, mutations'
	@echo 'make bench    speeds, one line `NAME VALUE UNIT` each'
	@echo 'make sweep    exp, tanh and the others over all 2^32 floats'
	@echo 'make build/nn.o    the implementation alone, for debugging a program with clang -O0'
	@echo 'make record   write the recorded outputs of the examples anew'
	@echo 'make clean    remove build/'

run: $(B)/12_lenet
	@$(B)/12_lenet

# ---- examples ----

# As the manual says, cc -O2 examples/06_xor.c -lm does it, too; with the implementation compiled once
# for all of them it is quicker.
$(B)/%: examples/%.c $(B)/nn.o
	$(CC) $(CFLAGS) -DNN_COMPILED_APART $< $(B)/nn.o -o $@ $(LDLIBS)

tour: $(EXAMPLES:examples/%.c=$(B)/%)
	@for e in $(EXAMPLES:examples/%.c=%); do \
	    echo "==== examples/$$e.c"; $(B)/$$e | grep -E '^(expected|got):' || exit 1; done

$(CHAPTERS): ch%: $(TOOLS) $(B)/nn.o
	@sh tests/chapter.sh $* '$(CC)' '$(CFLAGS)'

record: $(EXAMPLES:examples/%.c=$(B)/%)
	@for e in $(EXAMPLES:examples/%.c=%); do $(B)/$$e >examples/$$e.out || exit 1; done

# In a debugger that shows tensors. Everything at -O0, so that `step` goes into each operation.
debug-%:
	@MAKE='$(MAKE_COMMAND)' sh book/tools/debug.sh $*

$(B)/debug-%: examples/%.c nn.h
	@mkdir -p $(B)
	$(CC) -g -O0 -DNN_DEBUG $< -o $@ $(LDLIBS)

vscode:
	@sh book/tools/vscode.sh

# ---- tests ----

# Every test as it is; the table of operations in double, too; the memory tests with NN_DEBUG, too.
# What each prints goes to build/log, so that as many run at once as there are processors.
TEST_PROGRAMS = $(TESTS:tests/%.c=%) test_ops_double test_memory_debug
RUNS = book exercises fuzz $(TEST_PROGRAMS) $(EXAMPLES:examples/%.c=%) repository
JOBS = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

test:
	@rm -rf $(B)/log && mkdir -p $(B)/log
	@$(MAKE) --no-print-directory -k -j$(JOBS) $(RUNS:%=$(B)/log/%) || echo 'FAIL some could not be built'
	@sh tests/summary.sh $(RUNS)

$(B)/log/book: $(TOOLS) $(B)/nn.o figures
$(B)/log/exercises: $(B)/nn.o
$(B)/log/fuzz: $(FUZZ)
$(B)/log/repository: $(B)/06_digits $(B)/06_xor $(B)/hash
$(B)/log/book $(B)/log/exercises $(B)/log/fuzz $(B)/log/repository: $(B)/log/%: tests/%.sh
	@CC='$(CC)' sh tests/$*.sh >$@ 2>&1; echo "exit status $$?" >>$@
$(TEST_PROGRAMS:%=$(B)/log/%): $(B)/log/%: $(B)/%
	@$< >$@ 2>&1; echo "exit status $$?" >>$@
$(B)/log/%: $(B)/% $(B)/compare
	@sh tests/example.sh $* >$@ 2>&1; echo "exit status $$?" >>$@

# Most tests are linked with nn.o; those that look inside of nn.h, or define something before they
# include it, have an implementation of their own.
INSIDE = $(shell grep -lE 'nn__|NN__|capture[.]h|^.define NN_(MALLOC|ABORT|NO_|CHAPTERS)' $(TESTS))
$(INSIDE:tests/%.c=$(B)/%): $(B)/test_%: tests/test_%.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 $< -o $@ $(LDLIBS)
$(B)/test_%: tests/test_%.c tests/test.h $(B)/nn.o
	$(CC) $(STRICT) -O1 -DNN_COMPILED_APART $< $(B)/nn.o -o $@ $(LDLIBS)

inside:
	@echo $(INSIDE)

$(B)/test_plot: book/tools/plot.h
$(B)/test_ch01 $(B)/test_ch02 $(B)/test_ch16: tests/capture.h
$(B)/test_ch16: tests/golden/metrics.h
$(B)/test_ch15_bert: examples/15_bert.c
$(B)/test_ch15_xlnet: examples/15_xlnet.c

$(B)/test_ops_double: tests/test_ops.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 -DNN_REAL=double $< -o $@ $(LDLIBS)

$(B)/test_memory_debug: tests/test_memory.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 -DNN_DEBUG $< -o $@ $(LDLIBS)

$(B)/fuzz_%: tests/fuzz/%.c tests/fuzz/fuzz.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 $< -o $@ $(LDLIBS)

$(B)/hash: tests/hash.c nn.h
	@mkdir -p $(B)
	$(CC) $(CFLAGS) $< -o $@ $(LDLIBS)

# As many parts at once as there are processors, each in a copy of its own; then what failed or was
# skipped, and the sum: all they said is in build/check*.log. What is timed comes before, by itself.
CHECKS = $(shell seq 0 $$(($(JOBS) - 1)))
TIMED = compile in at most|-O0 -g program
check:
	@mkdir -p $(B) && { sh tests/check.sh '$(TIMED)' >$(B)/check-timed.log || true; }
	@$(MAKE) --no-print-directory -k -j$(JOBS) $(CHECKS:%=check-%) || true
	@cat $(B)/check-timed.log $(CHECKS:%=$(B)/check%.log) | awk '/ passed, .* skipped$$/ {p += $$1; f += $$3; s += $$5; n++; next} !/^ok  / {print} \
	    END {print p " passed, " f " failed, " s " skipped"; exit f > 0 || n != $(JOBS) + 1}'
check-%:
	@rm -rf $(B)/part$* && mkdir -p $(B)/part$*/build && cp -R nn.h README.md Makefile examples tests book $(B)/part$*
	@cd $(B)/part$* && sh tests/check.sh '!$(TIMED)' $* $(JOBS) >../check$*.log 2>&1

# ---- the book ----

# What make test only compares, make book writes into book/: read the changes before you keep them.
book: $(B)/weave $(B)/nn.o figures
	@for f in $(B)/fig/*.svg; do [ ! -e "$$f" ] || cp "$$f" book/fig/; done
	@[ -z '$(PAGES)' ] || CC='$(CC)' $(B)/weave $(PAGES)

html:
	@sh book/tools/html.sh

$(TOOLS): $(B)/%: book/tools/%.c book/tools/source.h book/tools/declared.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 $< -o $@ $(LDLIBS)

# Each program of book/fig draws the figures of its chapter into the directory it is given.
figures: $(FIGURES)
	@rm -rf $(B)/fig && mkdir -p $(B)/fig
	@for f in $(FIGURES); do $$f $(B)/fig || exit 1; done

$(B)/fig%: book/fig/ch%.c $(B)/nn.o book/tools/plot.h
	$(CC) $(CFLAGS) -DNN_COMPILED_APART $< $(B)/nn.o -o $@ $(LDLIBS)

# ---- speed ----

# As a reader would build it; `make bench OPENMP=-fopenmp` with threads, of which OMP_NUM_THREADS.
bench: $(B)/bench$(OPENMP)
	@$(B)/bench$(OPENMP)

$(B)/bench$(OPENMP): tests/bench.c nn.h
	@mkdir -p $(B)
	$(CC) -O2 $(OPENMP) $< -o $@ $(LDLIBS)

# Every function of one number over all 2^32 floats: about ten minutes.
sweep: $(B)/test_kernels_fast
	$(B)/test_kernels_fast all

$(B)/test_kernels_fast: tests/test_kernels.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O2 $< -o $@ $(LDLIBS)

# The implementation by itself, at -O2: for programs that are debugged at -O0 with clang, which
# unlike gcc cannot compile the kernels better than the rest of a file.
$(B)/nn.o: nn.h
	@mkdir -p $(B)
	$(CC) -O2 -DNN_IMPLEMENTATION -x c -c nn.h -o $@

clean:
	rm -rf $(B)

.PHONY: help run tour record test inside book html vscode figures check bench sweep clean $(CHAPTERS)
