# Waxseal. `make run` and `make test` do everything, from a bare Debian bookworm.

BUILD    ?= build
CFLAGS   ?= -O2 -g
WARNINGS := -std=c11 -Wall -Wextra -Werror -Wshadow -Wvla -Wformat=2 \
            -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
HARDEN   ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2
DEFINES  := -D_GNU_SOURCE -Icore -Icgi/shared -I$(BUILD)/generated \
            $(patsubst -I%,-isystem%,$(shell pkg-config --cflags-only-I gmime-3.0 2>/dev/null))
PART_CFLAGS = $(WARNINGS) $(HARDEN) $(CFLAGS) $(SANITIZE) $(DEFINES) -fPIC -MMD -MP
LIBS     := -Wl,--as-needed -lfcgi -lsqlite3 -ljansson -linih -lidn2 -lpsl -lldns -lcurl \
            -lgmime-3.0 -lgobject-2.0 -lglib-2.0 -lmaxminddb -lcrypto -lpthread -lm

# a part is a folder of C files; main.c makes a program of it, the rest a
# library that the tests link too
core_DIR     := core
shared_DIR   := cgi/shared
domains_DIR  := cgi/domains
tracking_DIR := cgi/tracking
events_DIR   := cgi/events
worker_DIR   := cgi/worker
waxseal_DIR  := cgi/waxseal
PARTS        := core shared domains tracking events worker waxseal
PROGRAMS     := waxseal-domains waxseal-tracking waxseal-events waxseal-worker waxseal
MODULE       := $(BUILD)/ngx_http_waxseal_module.so

.PHONY: all deps run test test-sdks asan bench fuzz compat valgrind clean format tidy compile-commands \
        programs module unit fuzzers check-style
.DEFAULT_GOAL := all

# V=1 shows whole commands
Q   := $(if $(V),,@)
say  = @echo "  $(1)"

# all, run, test and so on install what is missing first; the compilers may
# not be there when this file is read, hence the second make
all: deps
	+@$(MAKE) --no-print-directory programs module compile-commands

deps:
	@./tools/deps $(or $(filter bench,$(MAKECMDGOALS)),$(if $(filter test asan fuzz compat valgrind,$(MAKECMDGOALS)),test,build))

run: all
	@./tools/run $(ARGS)

test: all
	+@$(MAKE) --no-print-directory unit
	@BUILD=$(BUILD) ./tests/run $(TESTS)

# the official clients of other languages; fetches them
test-sdks: all
	@./tools/deps sdks
	@BUILD=$(BUILD) ./tests/sdks/run $(SDKS)

asan: deps
	+@$(MAKE) --no-print-directory BUILD=build/asan CFLAGS="-O1 -g" HARDEN= \
	  SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" \
	  programs module unit
	@BUILD=build/asan ./tests/run $(TESTS)

bench: all
	+@$(MAKE) --no-print-directory $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
	@BUILD=$(BUILD) ./tests/bench/run
	@BUILD=$(BUILD) ./tests/bench/feed_bench.py
	@BUILD=$(BUILD) ./tests/bench/api_bench.py
	@BUILD=$(BUILD) ./tests/bench/certificates_bench.py

# the module in other builds of nginx, one of them with sanitizers; fetches
# their sources
compat: all
	@BUILD=$(BUILD) ./tests/compat/run

# the module's tests with nginx under valgrind
valgrind: all
	@BUILD=$(BUILD) WAXSEAL_VALGRIND=1 LIMIT=3600 ./tests/run integration/test_module

FUZZ_SECONDS ?= 10
fuzz: deps
	+@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang CFLAGS="-O1 -g" HARDEN= \
	  SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" fuzzers
	@./tests/fuzz/run build/fuzz $(FUZZ_SECONDS)

clean:
	rm -rf build compile_commands.json

format:
	clang-format -i $(wildcard core/*.[ch] cgi/*/*.[ch] cgi/*/*/*.[ch] tests/unit/*/*.[ch] tests/fuzz/*/*.c tests/bench/*.c)

tidy: compile-commands
	clang-tidy -p . $(wildcard core/*.c cgi/*/*.c cgi/*/*/*.c)

check-style:
	@./tools/check-style

# ---- parts ----

define part_rules
$(1)_SRC := $$(filter-out $$($(1)_DIR)/main.c,$$(wildcard $$($(1)_DIR)/*.c $$($(1)_DIR)/*/*.c))
$(1)_OBJ := $$($(1)_SRC:%.c=$(BUILD)/obj/%.o)
$(BUILD)/lib$(1).a: $$($(1)_OBJ)
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach part,$(PARTS),$(eval $(call part_rules,$(part))))
shared_OBJ += $(BUILD)/obj/embedded.o
$(BUILD)/libshared.a: $(BUILD)/obj/embedded.o

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(PART_CFLAGS) $(if $(filter cgi/%,$<),-I$(dir $<) -I$(word 1,$(subst /, ,$<))/$(word 2,$(subst /, ,$<))) -c $< -o $@

# migrations and the nginx configuration template travel inside the programs
EMBEDDED := $(sort $(wildcard schema/*/*.sql)) conf/fastcgi.conf.in conf/nginx.conf.in conf/waxseal.conf.in \
            conf/dns-providers.txt conf/landmarks.txt conf/agents.txt conf/networks.txt
# the folders too: a file that was renamed keeps its time
$(BUILD)/generated/embedded.c: tools/embed $(EMBEDDED) $(wildcard schema/*)
	@mkdir -p $(@D)
	@./tools/embed $(EMBEDDED) > $@.new && mv $@.new $@
$(BUILD)/obj/embedded.o: $(BUILD)/generated/embedded.c
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(PART_CFLAGS) -c $< -o $@

programs: $(PROGRAMS:%=$(BUILD)/bin/%)

define program_rules
$(BUILD)/bin/$(1): $(BUILD)/obj/cgi/$(2)/main.o $(2:%=$(BUILD)/lib%.a) $(3:%=$(BUILD)/lib%.a) $(BUILD)/libshared.a $(BUILD)/libcore.a
	@mkdir -p $$(@D)
	$(call say,$$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) -Wl,-z,relro,-z,now $$^ $(LIBS) -o $$@
endef
$(eval $(call program_rules,waxseal-domains,domains))
$(eval $(call program_rules,waxseal-tracking,tracking))
$(eval $(call program_rules,waxseal-events,events))
$(eval $(call program_rules,waxseal-worker,worker))
$(eval $(call program_rules,waxseal,waxseal,tracking))

# ---- the nginx module, built the way every nginx add-on is ----

MODULE_SRC := config $(wildcard ngx_module/*.[ch] core/*.[ch])
module: $(MODULE)
$(MODULE): $(MODULE_SRC) tools/build-module
	@mkdir -p $(@D)
	@SANITIZE="$(SANITIZE)" ./tools/build-module $(BUILD)/nginx $@

# ---- tests ----

# tests/unit/<part>/test_*.c is linked with that part
# names the libraries of a test's part
part_of   = $(word 1,$(subst /, ,$(1)))
libs_of   = $(if $(filter core shared,$(call part_of,$(1))),,$(BUILD)/lib$(call part_of,$(1)).a) \
            $(BUILD)/libshared.a $(BUILD)/libcore.a
.SECONDEXPANSION:

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*/test_*.c))
unit: $(UNIT)
$(BUILD)/unit/%: tests/unit/%.c $$(call libs_of,$$*)
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(filter-out -Wmissing-prototypes,$(PART_CFLAGS)) -Icgi/$(call part_of,$*) -iquote cgi/$(call part_of,$*)/verify $< \
	  $(call libs_of,$*) $(LIBS) -lcheck -lsubunit -lrt -lm -o $@

FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*/fuzz_*.c))
fuzzers: $(FUZZERS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $$(call libs_of,$$*)
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)clang $(filter-out -Wmissing-prototypes,$(PART_CFLAGS)) -fsanitize=fuzzer -Icgi/$(call part_of,$*) -iquote cgi/$(call part_of,$*)/verify $< \
	  $(call libs_of,$*) $(LIBS) -o $@

$(BUILD)/bench/tool_rewrite: tests/bench/tool_rewrite.c $(BUILD)/libtracking.a $(BUILD)/libshared.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(filter-out -Wmissing-prototypes,$(PART_CFLAGS)) -Icgi/tracking $(shell pkg-config --cflags libxml-2.0) $^ \
	  $(LIBS) -lxml2 -lpcre2-8 -o $@

$(BUILD)/bench/tool_tls: tests/bench/tool_tls.c
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(filter-out -Wmissing-prototypes,$(PART_CFLAGS)) $< -lssl -lcrypto -o $@

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libworker.a $(BUILD)/libshared.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,$@)
	$(Q)$(CC) $(filter-out -Wmissing-prototypes,$(PART_CFLAGS)) -Icgi/worker -iquote cgi/worker/verify $< \
	  $(BUILD)/libworker.a $(BUILD)/libshared.a $(BUILD)/libcore.a $(LIBS) -o $@

compile-commands:
	@./tools/compile-commands "$(CC) $(WARNINGS) $(CFLAGS) $(DEFINES)" > compile_commands.json

-include $(shell find $(BUILD)/obj $(BUILD)/unit -name '*.d' 2>/dev/null)
