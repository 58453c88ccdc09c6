# The build. A plain `make` also creates and runs configure; `make help` lists the targets.
#
# Sources are found by folder, so a new file needs no edit here:
#   lib/**.c             libatmodem.a
#   daemon/*.c           atmodemd
#   daemon/ctl/*.c       atmodemctl
#   tests/**/test_*.c    one cmocka program each, linked with the other .c files of its folder and
#                        those of tests/support
#   cloud/plugin/*.c     standin.so, the stand-in's plugin for mosquitto; shares no code with lib/
#
# Everything built is in build/. `make SAN=address,undefined` builds a second tree beside the normal
# one, in build/san-address-undefined/.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SECONDARY:

comma := ,
B     := build$(if $(FUZZ),/fuzz,$(if $(SAN),/san-$(subst $(comma),-,$(SAN))))
O     := $B/obj

LIB_SOURCES    := $(sort $(shell find lib -name '*.c'))
DAEMON_SOURCES := $(sort $(wildcard daemon/*.c))
CTL_SOURCES    := $(sort $(wildcard daemon/ctl/*.c))
PLUGIN_SOURCES := $(sort $(wildcard cloud/plugin/*.c))
TEST_SOURCES   := $(sort $(shell find tests -name 'test_*.c'))

objects       = $(patsubst %.c,$O/%.o,$1)
ARCHIVE       := $B/libatmodem.a
PROGRAMS      := $(if $(DAEMON_SOURCES),$B/atmodemd) $(if $(CTL_SOURCES),$B/atmodemctl)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$B/%)
PLUGIN        := $B/cloud/standin.so

all: $(ARCHIVE) $(PROGRAMS)

# Make remakes the included file and starts again: this is what bootstraps a fresh clone.
ifneq ($(filter-out clean distclean format help,$(or $(MAKECMDGOALS),all)),)
include build/config.mk
endif

configure: configure.ac
	autoreconf -fi

build/config.mk: configure conf/config.mk.in
	if [ -x config.status ]; then ./config.status --recheck && ./config.status; else ./configure; fi

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(WERROR),-Werror)

# _FILE_OFFSET_BITS is for 32-bit machines. A sanitizer does the work of _FORTIFY_SOURCE, and better.
BASE_CPPFLAGS = -Ilib -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(LIB_CFLAGS) \
    -DATMODEMD_VERSION=\"$(VERSION)\" -DATMODEMD_DATADIR=\"$(datadir)/atmodemd\"
ifdef FUZZ
    MODE_CFLAGS  := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
        -fno-sanitize-recover=all
    MODE_LDFLAGS := -fsanitize=fuzzer,address,undefined
else ifdef SAN
    MODE_CFLAGS  := -O1 -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all
    MODE_LDFLAGS := -fsanitize=$(SAN)
else
    MODE_CFLAGS  := -fstack-protector-strong -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    MODE_LDFLAGS := -pie -Wl,-z,relro,-z,now
endif

COMPILE = $(CC) $(BASE_CPPFLAGS) $(CPPFLAGS) -std=c11 -pthread $(WARNINGS) $(CFLAGS) $(MODE_CFLAGS)
LINK    = $(CC) -pthread $(CFLAGS) $(MODE_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

# Asked for when the tests are built and not by configure, so that cmocka may be installed later.
CMOCKA_CFLAGS = $(shell $(PKG_CONFIG) --cflags cmocka)
CMOCKA_LIBS   = $(shell $(PKG_CONFIG) --libs cmocka)

# `make V=1` shows whole commands.
quiet = $(if $(V),,@echo '  $1	$2';)

# Two things that no file's time shows: another compiler or flag rebuilds everything (-Werror does not:
# it makes no other objects), and a source that went away rebuilds the archive.
record = @mkdir -p $(@D); echo '$1' | cmp -s - $@ || echo '$1' >$@
$B/flags: FORCE
	$(call record,$(subst \,,$(filter-out -Werror,$(COMPILE) $(LDFLAGS) $(LIBS))))
$B/sources: FORCE
	$(call record,$(LIB_SOURCES))
FORCE:

$O/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(COMPILE) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

$(ARCHIVE): $(call objects,$(LIB_SOURCES)) $B/sources
	@rm -f $@
	$(call quiet,AR,$@)$(AR) rcs $@ $(filter %.o,$^)

$B/atmodemd: $(call objects,$(DAEMON_SOURCES)) $(ARCHIVE)
	$(call quiet,LINK,$@)$(LINK) $(LIBS)

$B/atmodemctl: $(call objects,$(CTL_SOURCES)) $(ARCHIVE)
	$(call quiet,LINK,$@)$(LINK) $(EDIT_LIBS) $(LIBS)

$O/daemon/ctl/%.o: EXTRA_CFLAGS = $(EDIT_CFLAGS)

# Needs mosquitto-dev, which the daemon does not.
$(PLUGIN): $(call objects,$(PLUGIN_SOURCES))
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) -shared -pthread $(CFLAGS) $(filter-out -pie,$(MODE_LDFLAGS)) $(LDFLAGS) \
	    -o $@ $^ $(PLUGIN_LIBS)

$O/cloud/%.o: EXTRA_CFLAGS = -fPIC

cloud: $(PLUGIN)

# The reference documents come from the program's own tables; daemon/config.c has the daemon's.
$B/generate: $(call objects,docs/generate.c daemon/config.c daemon/places.c) $(ARCHIVE)
	$(call quiet,LINK,$@)$(LINK) $(LIBS)

docs: all $B/generate
	$B/generate settings >docs/settings.md
	$B/generate manual >docs/man/atmodemd.conf.5
	for id in $$($B/atmodemd --list-dialects | cut -f1); do \
	    $B/generate commands $$id >docs/commands-$$id.md || exit; done

# The helpers of a test program: the other sources of its folder, and those that all tests share. The
# targets of tests/fuzz drive the daemon's own parts, too.
helpers = $(call objects,$(filter-out $(dir $1)test_%.c,$(wildcard $(dir $1)*.c)) \
    $(wildcard tests/support/*.c) $(if $(findstring tests/fuzz/,$1),$(DAEMON_PARTS)))
DAEMON_PARTS = $(filter-out daemon/main.c,$(DAEMON_SOURCES))

$O/tests/%.o: EXTRA_CFLAGS = $(CMOCKA_CFLAGS)
.SECONDEXPANSION:
$(TEST_PROGRAMS): $B/%: $O/%.o $$(call helpers,$$*.c) $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(LINK) $(CMOCKA_LIBS) $(LIBS)

-include $(shell find $O -name '*.d' 2>/dev/null)

test-programs: all $(PLUGIN) $(TEST_PROGRAMS)

# What tests/run needs: both trees.
check-programs: test-programs $B/generate
	$(MAKE) SAN=address,undefined test-programs

# `make check T=mqtt` runs only the tests that have mqtt in their path.
check: check-programs
	tests/run $T

# Fuzzing, S seconds a target; T=NAME: only those with NAME in their names. What is found stays in
# build/fuzz/findings. tests/fuzz/test_corpora.c replays what is committed.
FUZZ_NAMES = $(shell sed -n 's/^    X(\([a-z_]*\)).*/\1/p' tests/fuzz/fuzz.h)
FUZZ_OBJECTS = $(call objects,$(filter-out tests/fuzz/test_%,$(wildcard tests/fuzz/*.c)) $(DAEMON_PARTS))

$O/tests/fuzz/driver/%.o: tests/fuzz/driver/driver.c $B/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$< for $*)$(COMPILE) -DFUZZ_NAME=$* -MMD -MP -c -o $@ $<

$B/tests/fuzz/%: $O/tests/fuzz/driver/%.o $(FUZZ_OBJECTS) $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(LINK) $(LIBS)

fuzz-programs: $(FUZZ_NAMES:%=$B/tests/fuzz/%)

fuzz:
	@command -v clang >/dev/null || { echo 'no clang, which has libFuzzer: nothing is fuzzed'; exit; }; \
	    $(MAKE) FUZZ=1 CC=clang fuzz-programs && tests/fuzz/run '$(or $S,60)' $T

# A rough day for two fleets, of T seconds; tests/soak/run tells what is looked at.
soak: all
	$(MAKE) SAN=address,undefined all
	tests/soak/run '$(or $T,1800)'

# Numbers for docs/performance.md; it takes some minutes and never fails.
$B/tests/bench/load: $(call objects,$(wildcard tests/bench/*.c)) $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(LINK) $(LIBS)

bench: all $B/tests/bench/load
	tests/bench/run $B

C_FILES = $(wildcard $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h'))

format:
	clang-format -i $(C_FILES)

# cppcheck needs no system headers. autoVariables is off for the idiom by which a callee that frees
# its caller's object says so: in a flag on the caller's stack.
CPPCHECK = cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
    --inline-suppr --suppress=autoVariables -Ilib -I. -D_GNU_SOURCE
TIDY     = clang-tidy --quiet "$$0" -- -std=c11 $(BASE_CPPFLAGS) $(CPPFLAGS) $(CMOCKA_CFLAGS)

# clang-tidy's stderr only counts what it has found in system headers.
lint: build/config.mk
	$(call quiet,LINT,clang-format)clang-format --dry-run -Werror $(C_FILES)
	$(call quiet,LINT,cppcheck)$(CPPCHECK) lib daemon cloud tests
	$(call quiet,LINT,clang-tidy)printf '%s\n' $(filter %.c,$(C_FILES)) | \
	    xargs -P "$$(nproc)" -n 1 sh -c '$(TIDY) 2>/dev/null'

PROFILES := $(wildcard conf/profiles/*.ini)
EXAMPLE  := $(wildcard conf/atmodemd.conf)

# A configuration that is there already is the user's: it is neither replaced nor removed.
install: all
	install -D -t $(DESTDIR)$(sbindir) $B/atmodemd
	$(if $(CTL_SOURCES),install -D -t $(DESTDIR)$(bindir) $B/atmodemctl)
	$(if $(PROFILES),install -D -m 644 -t $(DESTDIR)$(datadir)/atmodemd/profiles $(PROFILES))
	install -d $(DESTDIR)$(sysconfdir)/atmodemd/modems.d
	$(if $(EXAMPLE),[ -e $(DESTDIR)$(sysconfdir)/$(EXAMPLE:conf/%=atmodemd/%) ] || \
	    install -m 644 -t $(DESTDIR)$(sysconfdir)/atmodemd $(EXAMPLE))
	sed 's|/usr/sbin/|$(sbindir)/|' systemd/atmodemd.service >$B/atmodemd.service
	install -D -m 644 -t $(DESTDIR)$(unitdir) $B/atmodemd.service
	install -D -m 644 -t $(DESTDIR)$(mandir)/man8 docs/man/atmodemd.8
	install -D -m 644 -t $(DESTDIR)$(mandir)/man1 docs/man/atmodemctl.1
	install -D -m 644 -t $(DESTDIR)$(mandir)/man5 docs/man/atmodemd.conf.5
	install -D -m 644 docs/man/atmodemctl.bash \
	    $(DESTDIR)$(datadir)/bash-completion/completions/atmodemctl
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(prefix)/lib/sysusers.d/atmodemd.conf
	install -D -m 644 systemd/udev.rules $(DESTDIR)$(prefix)/lib/udev/rules.d/70-atmodemd.rules
	install -D -m 644 systemd/pty-only.conf $(DESTDIR)$(datadir)/atmodemd/systemd/pty-only.conf

uninstall:
	rm -f $(DESTDIR)$(sbindir)/atmodemd $(DESTDIR)$(bindir)/atmodemctl
	rm -f $(DESTDIR)$(unitdir)/atmodemd.service
	rm -f $(DESTDIR)$(prefix)/lib/sysusers.d/atmodemd.conf
	rm -f $(DESTDIR)$(prefix)/lib/udev/rules.d/70-atmodemd.rules
	rm -f $(DESTDIR)$(mandir)/man8/atmodemd.8 $(DESTDIR)$(mandir)/man1/atmodemctl.1
	rm -f $(DESTDIR)$(mandir)/man5/atmodemd.conf.5
	rm -f $(DESTDIR)$(datadir)/bash-completion/completions/atmodemctl
	rm -rf $(DESTDIR)$(datadir)/atmodemd

# What is committed, as a source archive; and from it, a Debian package.
DIST := build/atmodemd-$(VERSION).tar.gz
dist: build/config.mk
	git archive --format=tar.gz --prefix=atmodemd-$(VERSION)/ -o $(DIST) HEAD
	@echo $(DIST)

deb: dist
	rm -rf build/deb
	mkdir -p build/deb
	tar -xzf $(DIST) -C build/deb
	cd build/deb/atmodemd-$(VERSION) && dpkg-buildpackage --build=binary --no-sign
	@ls build/deb/*.deb

clean:
	rm -rf build/obj build/tests build/cloud build/san-* build/fuzz build/libatmodem.a build/flags build/sources \
	    build/atmodemd build/atmodemctl build/atmodemd.service

distclean:
	rm -rf build configure configure~ config.status config.log aclocal.m4 autom4te.cache

help:
	@echo 'all            the programs (the default)'
	@echo 'cloud          the plugin that makes mosquitto the broker of the local Alibaba Cloud'
	@echo 'check          every test, normal and with sanitizers; T=NAME: only paths with NAME in them'
	@echo 'fuzz           feeds each fuzz target for S=60 seconds; T=NAME: only those with NAME in them'
	@echo 'soak           two fleets under rough treatment for T=1800 seconds'
	@echo 'bench          measures speed and memory against references and prints a table'
	@echo 'lint           clang-format, cppcheck and clang-tidy find nothing'
	@echo 'format         lay out the C files with clang-format'
	@echo 'docs           settings and command references from the tables, into docs/'
	@echo 'install        programs, profiles and systemd unit; DESTDIR, prefix, sbindir, sysconfdir, ...'
	@echo 'dist           a source archive of what is committed; deb: a Debian package of it'
	@echo 'uninstall      the reverse'
	@echo 'clean          remove what was built; distclean: what was configured, too'
	@echo
	@echo 'V=1 shows commands, WERROR=1 makes warnings errors, SAN=address,undefined builds with'
	@echo 'sanitizers in a tree of its own.'

.PHONY: all bench check check-programs clean cloud deb dist distclean docs FORCE format fuzz \
    fuzz-programs help install lint soak test-programs uninstall
