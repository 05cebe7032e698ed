# nn.h: make help lists what there is. Needed: a C compiler and make; `make check` uses more if it is
# there and says what is missing.
CC ?= cc
CFLAGS ?= -O2
LDLIBS = -lm
B = build
EXAMPLES = $(sort $(wildcard examples/*.c))
TESTS = $(sort $(wildcard tests/test_*.c))
STRICT = -std=c99 -Wall -Wextra -Wpedantic

help:
	@echo 'make run      watch a network learn to read real handwriting (under a minute)'
	@echo 'make tour     every example, with what was expected and what came out'
	@echo 'make ch06     everything of chapter 6 (any chapter that is there)'
	@echo 'make test     the tests; a C compiler is enough'
	@echo 'make check    the long checks: other compilers, processors, sanitizers, debugger, mutations'
	@echo 'make bench    speeds, one line `NAME VALUE UNIT` each'
	@echo 'make record   write the recorded outputs of the examples anew'
	@echo 'make clean    remove build/'

run: $(B)/06_digits
	@$(B)/06_digits

# ---- examples ----

$(B)/%: examples/%.c nn.h
	@mkdir -p $(B)
	$(CC) $(CFLAGS) $< -o $@ $(LDLIBS)

tour: $(EXAMPLES:examples/%.c=$(B)/%)
	@for e in $(EXAMPLES:examples/%.c=%); do \
	    echo "==== examples/$$e.c"; $(B)/$$e | grep -E '^(expected|got):' || exit 1; done

ch%: FORCE
	@sh tests/chapter.sh $* '$(CC)' '$(CFLAGS)'

record: $(EXAMPLES:examples/%.c=$(B)/%)
	@for e in $(EXAMPLES:examples/%.c=%); do $(B)/$$e >examples/$$e.out || exit 1; done

# ---- tests ----

# Every test as it is; the table of operations in double, too; the memory tests with NN_DEBUG, too.
TEST_PROGRAMS = $(TESTS:tests/%.c=$(B)/%) $(B)/test_ops_double $(B)/test_memory_debug

test: $(TEST_PROGRAMS) $(B)/hash $(EXAMPLES:examples/%.c=$(B)/%)
	@sh tests/run.sh '$(CC)' $(TEST_PROGRAMS)

$(B)/test_%: tests/test_%.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 $< -o $@ $(LDLIBS)

$(B)/test_ops_double: tests/test_ops.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 -DNN_REAL=double $< -o $@ $(LDLIBS)

$(B)/test_memory_debug: tests/test_memory.c tests/test.h nn.h
	@mkdir -p $(B)
	$(CC) $(STRICT) -O1 -DNN_DEBUG $< -o $@ $(LDLIBS)

$(B)/hash: tests/hash.c nn.h
	@mkdir -p $(B)
	$(CC) $(CFLAGS) $< -o $@ $(LDLIBS)

check:
	@sh tests/check.sh

# ---- speed ----

bench: $(B)/bench
	@$(B)/bench

$(B)/bench: tests/bench.c nn.h
	@mkdir -p $(B)
	$(CC) -O2 $< -o $@ $(LDLIBS)

clean:
	rm -rf $(B)

FORCE:
.PHONY: help run tour record test check bench clean FORCE
