# The build. `make help` lists the targets. Each layer of common/ becomes an archive that
# links only with the layers below it, so a wrong dependency does not link.
#
#   BUILD=dir     the folder for all output (default: build)
#   WERROR=1      warnings are errors, as in CI
#   SANITIZE=1    compile with AddressSanitizer and UBSan (use another BUILD)
#   CC=clang      another compiler

BUILD   ?= build
PREFIX  ?= /usr/local
VERSION := 1.0.0
# One copy of Consul for all builds below BUILD.
export CONSUL_HOME ?= $(BUILD)/consul
ifeq ($(origin CC),default)
CC := gcc
endif
SHELL := /bin/bash
# These change how bash runs a recipe. consul-dev/environment.sh does the same for scripts, and removes more.
# -p: `unexport` is not for $(shell ...); bash then ignores them itself, and functions that were exported.
.SHELLFLAGS := -pc
unexport POSIXLY_CORRECT BASH_ENV ENV CDPATH SHELLOPTS BASHOPTS
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:

# ---- Layers, lowest first, each with the layers that it may use ---------------

base         := base
loop         := loop $(base)
net          := net $(loop)
grpc         := grpc $(net)
store        := store $(net)
registry     := registry $(net)
consul       := consul $(registry)
etcd         := etcd $(registry)
nacos        := nacos $(registry)
eureka       := eureka $(registry)
config       := config $(consul)
registration := registration $(registry)
balance      := balance $(registry)
discovery    := discovery $(registry)
client       := client balance $(discovery)
service      := service config consul etcd nacos eureka grpc store registration $(client)
# Starts and stops real servers: for tests and for the demo only.
harness      := harness $(service)
# Runs the layers up to the client on virtual time: for tests only.
simulation   := simulation consul registration $(client)
# Shared by the stand-ins for failing servers.
faults       := faults $(net)
LAYERS := base loop net grpc store registry consul etcd nacos eureka config registration balance discovery client service \
          harness simulation faults

# The folder of a layer is common/<layer>, except for these.
folder_consul     := common/registry/consul
folder_etcd       := common/registry/etcd
folder_nacos      := common/registry/nacos
folder_eureka     := common/registry/eureka
folder_harness    := tests/harness
folder_simulation := tests/simulation
folder_faults     := tests/faults
folder = $(or $(folder_$(1)),common/$(1))

# ---- Flags: only those that this compiler has ---------------------------------

option = $(shell $(CC) -Werror $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo '$(1)')
PKGS   := libmicrohttpd libcurl jansson libpq hiredis libuv libnghttp2
TEST_LIBS := -lcriterion -lresolv # libresolv is a part of glibc
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined

ifneq ($(MAKECMDGOALS),)
HARDENING := $(call option,-fstack-protector-strong) $(call option,-fstack-clash-protection) \
             $(call option,-mbranch-protection=standard)
# We use snprintf to cut text that is too long, so this warning is off.
CUT := $(call option,-Wno-format-truncation)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
endif

CPPFLAGS += -D_GNU_SOURCE -Icommon -Itests -Iexercises -DPROJECT_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS   += -std=gnu11 -g -fPIE -pthread -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes $(CUT) $(if $(WERROR),-Werror) \
            $(if $(SANITIZE),-O1 -fno-omit-frame-pointer $(SAN),-O2 -D_FORTIFY_SOURCE=2 $(HARDENING))
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now $(if $(SANITIZE),$(SAN))

# ---- Rules -------------------------------------------------------------------

objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)/*.c))
no_main  = $(filter-out %/main.o,$(1))
archives = $(patsubst %,$(BUILD)/lib%.a,$(1))
tests    = $(patsubst %.c,$(BUILD)/tests/%,$(wildcard $(1)/tests/test_*.c))

UNIT_TESTS        := $(foreach l,$(LAYERS),$(call tests,$(call folder,$(l))))
INTEGRATION_TESTS := $(call tests,user-service) $(call tests,order-service) $(call tests,consul-dev) $(call tests,consul-dev/playground) $(call tests,consul-dev/labs) $(call tests,consul-dev/compare)
PROGRAMS          := $(BUILD)/user-service $(BUILD)/order-service
FAULT_TOOLS       := $(BUILD)/registry-faults $(BUILD)/upstream-faults

# If the flags have changed since the last build, everything is compiled again.
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS)
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | have-packages
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(findstring /tests/,$<),-Wno-conversion) -MMD -MP -c $< -o $@

# $(1): layer, $(2): its folder. Its archive, and its tests, which link with the layers
# below and with the harness.
define layer
$(BUILD)/lib$(1).a: $(call no_main,$(call objects,$(2)))
	@rm -f $$@; ar rcs $$@ $$^
$(BUILD)/tests/$(2)/tests/%: $(BUILD)/obj/$(2)/tests/%.o $(call archives,harness $($(1)))
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) $(LDFLAGS) $$^ $(PKG_LIBS) $(TEST_LIBS) -o $$@
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l),$(call folder,$(l)))))

# $(1): a folder with tests that run whole programs on real servers.
define integration
$(BUILD)/tests/$(1)/tests/%: $(BUILD)/obj/$(1)/tests/%.o $(call archives,$(harness))
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) $(LDFLAGS) $$^ $(PKG_LIBS) $(TEST_LIBS) -o $$@
endef
$(foreach d,user-service order-service consul-dev consul-dev/playground consul-dev/labs consul-dev/compare,$(eval $(call integration,$(d))))

$(BUILD)/user-service: $(call objects,user-service) $(call archives,$(service))
$(BUILD)/order-service: $(call objects,order-service) $(call archives,$(service))
$(BUILD)/demo: $(call objects,consul-dev/demo) $(call archives,$(harness))
# The page is part of the program, so that it needs no folder at run time.
PAGE_FILES := $(wildcard consul-dev/playground/page/*)
$(BUILD)/page_data.c: consul-dev/playground/embed $(PAGE_FILES) | $(BUILD)/flags
	@$< $(PAGE_FILES) >$@
$(BUILD)/obj/page_data.o: $(BUILD)/page_data.c $(BUILD)/flags | have-packages
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -I. $(CFLAGS) -c $< -o $@
$(BUILD)/playground: $(call objects,consul-dev/playground) $(BUILD)/obj/page_data.o $(BUILD)/obj/exercises/checker/text.o \
  $(call archives,$(harness))
$(BUILD)/pitfall: $(call objects,consul-dev/pitfalls) $(BUILD)/obj/exercises/checker/text.o $(call archives,$(harness))
$(BUILD)/compare: $(call objects,consul-dev/compare) $(BUILD)/obj/consul-dev/pitfalls/report.o \
  $(BUILD)/obj/exercises/checker/text.o $(call archives,$(harness))
$(BUILD)/simulate: $(BUILD)/obj/tests/simulation/main.o $(call archives,$(simulation))
$(BUILD)/registry-faults: $(filter-out %/upstream_faults.o,$(call objects,consul-dev/faults)) $(call archives,$(faults))
$(BUILD)/upstream-faults: $(BUILD)/obj/consul-dev/faults/upstream_faults.o $(call archives,$(faults))
$(PROGRAMS) $(BUILD)/demo $(BUILD)/playground $(BUILD)/pitfall $(BUILD)/compare $(BUILD)/simulate $(FAULT_TOOLS):
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

# Each exercise has a check program, and the real service with the learner's code in it.
# exercises/run compiles that code to $(OUT)/learner.o and, with sanitizers, to
# $(OUT)/checked.o, and then calls: make link-exercise N=2 OUT=...
EXERCISES        := $(patsubst %/starter.c,%,$(wildcard exercises/*/starter.c))
CHECKERS         := $(EXERCISES:exercises/%=exercises/checker/%)
CHECKER           = $(filter exercises/checker/$(N)-%,$(CHECKERS))
# The real functions that the learner's code replaces.
EXERCISE_WRAPS_1 := -Wl,--wrap=health_add,--wrap=health_report
EXERCISE_SERVICE  = $(if $(filter 1,$(N)),user-service,order-service)
EXERCISE_PARTS   := $(foreach d,exercises/checker $(CHECKERS) $(CHECKERS:%=%/service) user-service order-service,$(call objects,$(d))) \
                    $(call archives,$(harness))
# The lesson's own samples: plain blocking C, one file each.
LESSON := $(patsubst exercises/0-lesson/%.c,$(BUILD)/lesson/%,$(wildcard exercises/0-lesson/*.c))
$(BUILD)/lesson/%: exercises/0-lesson/%.c exercises/0-lesson/consul.h | have-packages
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -std=gnu11 -g -O1 -Wall -Wextra $(if $(WERROR),-Werror) $(PKG_CFLAGS) $< $(PKG_LIBS) -o $@

# The five pitfalls: the lesson's way beside the project's.
PITFALL_LESSON := $(patsubst consul-dev/pitfalls/lesson/%.c,$(BUILD)/lesson/%,$(wildcard consul-dev/pitfalls/lesson/*.c))
$(BUILD)/lesson/%: consul-dev/pitfalls/lesson/%.c exercises/0-lesson/consul.h | have-packages
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra $(if $(WERROR),-Werror) -Iexercises $(PKG_CFLAGS) $< $(PKG_LIBS) -o $@

DRILL := exercises/checker/drill
$(BUILD)/drill: $(call objects,$(DRILL)) $(BUILD)/obj/exercises/checker/text.o $(call archives,harness base)
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

$(BUILD)/lab: $(call objects,consul-dev/labs) $(BUILD)/obj/exercises/checker/text.o $(call archives,$(harness))
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -lresolv -o $@

# Checks a program in any language. It needs none of the learner's C.
CHECK_CLIENT := exercises/checker/any-language
$(BUILD)/check-client: $(call objects,$(CHECK_CLIENT)) \
  $(patsubst %,$(BUILD)/obj/exercises/checker/%.o,attempt check explain show text) $(call archives,harness base)
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

.PHONY: exercise-parts link-exercise
exercise-parts: $(PROGRAMS) $(EXERCISE_PARTS) $(LESSON) $(BUILD)/drill $(BUILD)/check-client $(FAULT_TOOLS)
# (The parts are already built, so several of these may run at once.)
link-exercise:
	@$(CC) $(LDFLAGS) $(SAN) $(OUT)/checked.o $(call objects,exercises/checker) $(call objects,$(CHECKER)) \
	  $(call archives,harness base) $(PKG_LIBS) -lm -o $(OUT)/check
	@$(CC) $(LDFLAGS) $(EXERCISE_WRAPS_$(N)) $(OUT)/learner.o $(call objects,$(CHECKER)/service) $(call objects,$(EXERCISE_SERVICE)) \
	  $(call archives,$(service)) $(PKG_LIBS) -lm -o $(OUT)/service

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz -name '*.d' 2>/dev/null)

# ---- Targets -----------------------------------------------------------------

# Most targets first install what is missing, so that they work in a fresh clone. Such a target then
# calls make again, because pkg-config has the flags only after the installation.
DEPS   = consul-dev/install-deps
again  = +@$(AS_OWNER) $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
# Several targets at once, as in `make -j4 build demo`, would compile the same files at
# the same time. So they run one after another, each with all of the -j jobs.
ifneq ($(words $(MAKECMDGOALS)),1)
ifeq ($(MAKELEVEL),0)
.NOTPARALLEL:
endif
endif

# Nacos and Eureka run on Java. Without a JDK and Maven their targets are skipped with one line.
if_java = +@if reason=$$(consul-dev/get-java-server --check 2>&1); then $(AS_OWNER) $(MAKE) --no-print-directory $(1); \
  else echo "SKIPPED: make $@$(REGISTRY:%= REGISTRY=%): $${reason\#*: }"; fi

# With `sudo make`, packages are installed as root. All else runs as the owner of the
# tree, who can then remove all files.
OWNER    := $(if $(filter 0,$(shell id -u)),$(shell getent passwd "$$(stat -c %u .)" | cut -d: -f1))
AS_OWNER := $(if $(filter-out root,$(OWNER)),setpriv --reuid=$(OWNER) --regid=$(shell id -g $(OWNER)) --init-groups)
# Long outages are tests in files with these names; `make test-outages` runs them.
OUTAGE_SCRIPTS := $(wildcard consul-dev/tests/test-outages-*.sh exercises/checker/tests/test-outages-*.sh)
SCRIPT_TESTS   := $(filter-out $(OUTAGE_SCRIPTS),$(wildcard consul-dev/tests/*.sh exercises/checker/tests/*.sh))
OUTAGES = $(foreach f,$(INTEGRATION_TESTS),$(if $(findstring /test_outages,$(f)),$(f)))
# Tests on registries that need Java.
NACOS_TESTS  = $(foreach f,$(INTEGRATION_TESTS),$(if $(findstring /test_java_nacos,$(f)),$(f)))
EUREKA_TESTS = $(foreach f,$(INTEGRATION_TESTS),$(if $(findstring /test_java_eureka,$(f)),$(f)))

.PHONY: everything run-everything force help build unit-tests integration-tests test run-tests clean have-packages
.PHONY: test-arm64 run-arm64 registry-faults upstream-faults simulate run-simulate mutants run-mutants demo run-demo playground run-playground test-outages run-outages test-asan run-asan lint run-lint fuzz run-fuzz run-build bench run-bench install

# The text of a target is "## group: text".
HELP_GROUPS := start: Start; break: Look and break; exercises: Exercises; check: Check the code; install: Install
help: ## start: list these targets
	@awk -v heads="$(HELP_GROUPS)" 'BEGIN { groups = split(heads, head, /[:;] */) } \
	  match($$0, /^[a-z0-9-]+: ## [a-z]+: /) { split($$0, word, ": (## )?"); text = substr($$0, RLENGTH + 1); \
	    list[word[2]] = list[word[2]] sprintf("  make %-16s %s\n", word[1], text) } \
	  END { for (g = 1; g < groups; g += 2) printf "%s%s\n%s", (g > 1 ? "\n" : ""), head[g + 1], list[head[g]] }' $(firstword $(MAKEFILE_LIST))

have-packages:
	@pkg-config --exists $(PKGS) || { echo "Libraries are missing: run 'make deps' first."; exit 1; }

build: ## start: compile build/user-service and build/order-service
	$(again) run-build

run-build: $(PROGRAMS)

everything: ## check: compile all programs and tests, without running them
	$(again) run-everything

run-everything: $(PROGRAMS) pitfall-parts $(BUILD)/demo $(BUILD)/compare $(BUILD)/lab $(BUILD)/playground $(BUILD)/simulate $(FAULT_TOOLS) unit-tests integration-tests exercise-parts

unit-tests: $(UNIT_TESTS)
# Measures the longest pause of a program's event loop.
$(BUILD)/pause.so: bench/pause.c | have-packages
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -D_GNU_SOURCE -O2 -Wall -Wextra -shared -fPIC $< -o $@

integration-tests: $(PROGRAMS) pitfall-parts $(BUILD)/compare $(BUILD)/pause.so $(BUILD)/lab $(BUILD)/playground $(FAULT_TOOLS) $(INTEGRATION_TESTS)

# What REGISTRY=nacos and REGISTRY=eureka need beyond Debian's packages.
java_nacos  := nacos-3
java_eureka := eureka
JAVA_SERVER := $(java_$(REGISTRY))

demo: ## start: show the lesson step by step on real servers (PAUSE=1: wait after each step; REGISTRY=nacos or eureka)
	@$(DEPS)
	$(if $(JAVA_SERVER),$(call if_java,run-demo),$(again) run-demo)

run-demo: $(PROGRAMS) $(BUILD)/demo
	@. consul-dev/environment.sh; $(JAVA_SERVER:%=consul-dev/get-java-server % >/dev/null &&) \
	BUILD_DIR=$(BUILD) TMPDIR= $(BUILD)/demo

playground: ## start: a page that shows all of it at work and lets you break it (PLAYGROUND_PORT=8088 ETCD=1)
	@$(DEPS)
	$(again) run-playground

run-playground: $(PROGRAMS) pitfall-parts $(BUILD)/playground
	@. consul-dev/environment.sh; BUILD_DIR=$(BUILD) TMPDIR= exec $(BUILD)/playground

.PHONY: pitfall pitfall-parts
pitfall-parts: $(PROGRAMS) $(BUILD)/pitfall $(PITFALL_LESSON) $(LESSON)

# With `sudo make` the fifth runs as root, because a network namespace may need it. $$N: the shell must not read N.
pitfall: ## break: show pitfall N=1 to 5 of the lesson: the wrong way beside the right way, measured on real servers
	@$(DEPS)
	$(again) pitfall-parts
	@. consul-dev/environment.sh; BUILD_DIR=$(BUILD) TMPDIR= exec $(if $(filter 5,$(N)),,$(AS_OWNER)) $(BUILD)/pitfall "$$N"

.PHONY: compare-registries
# What Maven has to fetch comes first: it may take minutes, and Ctrl-C ends it. Both end with make, even if that is killed.
compare-registries: ## break: measure Consul, etcd, Nacos and Eureka in the same way: one table (KIND=consul,etcd: only these)
	@$(DEPS)
	$(again) $(PROGRAMS) $(BUILD)/compare
	@. consul-dev/environment.sh; BUILD=$(BUILD) exec $(AS_OWNER) setpriv --pdeathsig KILL consul-dev/compare/get-servers "$$KIND"
	@. consul-dev/environment.sh; BUILD_DIR=$(BUILD) TMPDIR= exec $(AS_OWNER) setpriv --pdeathsig KILL $(BUILD)/compare "$$KIND"

.PHONY: lab lab-parts
lab: ## break: run one of the lesson's claims as an experiment (N=number; without N: the list)
	@$(DEPS) $(if $(N),balancers) || echo "continuing with the installed programs"
	$(again) lab-parts
	@. consul-dev/environment.sh; BUILD_DIR=$(BUILD) TMPDIR= PATH="$$PATH:/usr/sbin" $(AS_OWNER) $(BUILD)/lab $${N:+"$$N"}

lab-parts: $(PROGRAMS) $(LESSON) $(BUILD)/lesson/service_client $(BUILD)/lab
	@:

test: ## check: run all tests except the long outages
	@$(DEPS) python balancers
	$(again) run-tests

# With sanitizers without the exercises' scripts: they always check a learner's code with them. And not more files at
# the same time than there are cores, because then the processor is the limit.
run-tests: unit-tests integration-tests exercise-parts pitfall-parts
	@BUILD_DIR=$(BUILD) $(if $(SANITIZE),TEST_JOBS=$$(nproc)) .ci/run-tests $(if $(SANITIZE),$(filter-out exercises/%,$(SCRIPT_TESTS)),$(SCRIPT_TESTS)) $(filter-out $(OUTAGES) $(NACOS_TESTS) $(EUREKA_TESTS),$(INTEGRATION_TESTS)) $(UNIT_TESTS)

# The user-services of `make up`.
UP_USERS := 127.0.0.1:8001,127.0.0.1:8002,127.0.0.1:8003

registry-faults: ## break: run a stand-in for a registry that fails on demand (KIND=consul|nacos|eureka INSTANCES=host:port,... FAULT=name)
	@$(DEPS)
	$(again) $(BUILD)/registry-faults
	@$(BUILD)/registry-faults --kind $(or $(KIND),consul) --instances $(or $(INSTANCES),$(UP_USERS)) $(FAULT)

upstream-faults: ## break: run a stand-in for user-service that fails on demand (FAULT=name)
	@$(DEPS)
	$(again) $(BUILD)/upstream-faults
	@$(BUILD)/upstream-faults $(FAULT)

test-outages: ## check: run the long outages on real servers
	@$(DEPS)
	$(again) run-outages

# (The scripts take longest, so they come first.)
run-outages: $(PROGRAMS) $(OUTAGES) exercise-parts pitfall-parts $(BUILD)/lab $(BUILD)/compare
	@BUILD_DIR=$(BUILD) TEST_TIMEOUT=3600 TEST_MEASURED=1 .ci/run-tests $(OUTAGE_SCRIPTS) $(OUTAGES)

.PHONY: test-nacos test-eureka run-nacos-tests run-eureka-tests
test-nacos: ## check: run the tests on real Nacos servers (needs a JDK 17 and Maven, which fetches them)
test-eureka: ## check: run the tests on a real Eureka (needs a JDK 17 and Maven, which fetches it)
test-nacos test-eureka: test-%:
	@$(DEPS)
	$(call if_java,run-$*-tests)

# Runs a command with servers that Maven fetches, or says that it cannot fetch them here.
with_servers = @status=0; for server in $(1); do consul-dev/get-java-server $$server >/dev/null || { status=$$?; break; }; done; \
  case $$status in 0) $(2) ;; 77) echo "SKIPPED: $(@:run-%-tests=make test-%): Maven cannot fetch its packages here" ;; *) exit $$status ;; esac

# These tests mostly wait, for times that Nacos sets, so all files and two tests of each run at the same time.
run-nacos-tests: $(PROGRAMS) $(FAULT_TOOLS) $(BUILD)/pause.so $(NACOS_TESTS)
	$(call with_servers,nacos-3 nacos-2,BUILD_DIR=$(BUILD) TEST_TIMEOUT=1800 TEST_JOBS=3 CRITERION_JOBS=2 TEST_MEASURED=1 .ci/run-tests $(NACOS_TESTS))

run-eureka-tests: $(PROGRAMS) $(FAULT_TOOLS) $(BUILD)/pause.so $(EUREKA_TESTS)
	$(call with_servers,eureka,BUILD_DIR=$(BUILD) TEST_TIMEOUT=1800 TEST_JOBS=3 TEST_MEASURED=1 .ci/run-tests $(EUREKA_TESTS))

.PHONY: test-page page-picture
test-page: ## check: test the page of `make playground` in Chromium (skipped if there is none)
	@$(DEPS) page || echo "continuing with what is installed"
	$(again) $(PROGRAMS) pitfall-parts $(BUILD)/playground
	@BUILD=$(BUILD) tests/page/run || [ $$? = 77 ]

page-picture: ## check: make docs/playground.png, the picture of the page in the README
	@$(DEPS) page
	$(again) $(PROGRAMS) $(BUILD)/playground
	@BUILD=$(BUILD) tests/page/run tests/page/picture.mjs

simulate: ## check: run the real code in simulated time with random faults (SEED=n: one run and its log; CALLERS=n INSTANCES=n: the numbers of one such world)
	@$(DEPS)
	$(again) run-simulate

# In two processes. The long runs find slow leaks and drifts.
run-simulate: $(BUILD)/simulate
ifneq ($(CALLERS)$(INSTANCES),)
	@$(BUILD)/simulate --from $(or $(SEED),1) --callers $(or $(CALLERS),1000) --instances $(or $(INSTANCES),10000)
else ifdef SEED
	@$(BUILD)/simulate --from $(SEED) --minutes $(or $(MINUTES),10) --verbose
else
	@$(BUILD)/simulate --seeds $(or $(SEEDS),2000) --minutes $(or $(MINUTES),10) --jobs 2
	@$(BUILD)/simulate --seeds 10 --minutes 360 --jobs 2
endif

mutants: ## check: remove each protection in turn, and check that its test fails (ONLY="words": only those that contain a word)
	@$(DEPS)
	$(again) run-mutants

# A test of one layer is linked with all archives here, in any order.
run-mutants: export COMPILE = $(CC) $(CPPFLAGS) $(CFLAGS)
run-mutants: export LINK = $(CC) $(LDFLAGS)
run-mutants: export ARCHIVES = -Wl,--start-group $(call archives,$(harness) simulation faults) -Wl,--end-group
run-mutants: export LIBRARIES = $(PKG_LIBS) $(TEST_LIBS)
run-mutants: $(PROGRAMS) unit-tests integration-tests
	@BUILD_DIR=$(BUILD) tests/mutants/run $(ONLY)

test-asan: ## check: run the tests of `make test` with AddressSanitizer and UBSan
	@$(DEPS)
	$(again) BUILD=$(BUILD)/asan SANITIZE=1 run-tests

test-arm64: ## check: compile for arm64, and run in qemu the tests that need no server
	@$(DEPS) arm64
	$(again) run-arm64

# Calls make again with the libraries and the compiler of arm64.
ARM64       := $(BUILD)/arm64
ARM64_ROOT   = $(abspath $(ARM64)/root)
ARM64_TESTS := $(foreach l,loop base balance registration discovery,$(call tests,$(call folder,$(l))))
run-arm64: export PKG_CONFIG_LIBDIR = $(ARM64_ROOT)/usr/lib/aarch64-linux-gnu/pkgconfig
run-arm64: export PKG_CONFIG_SYSROOT_DIR = $(ARM64_ROOT)
run-arm64: export QEMU_LD_PREFIX = $(ARM64_ROOT)
run-arm64: export LDFLAGS = $(abspath $(ARM64)/exec_in_qemu.o)
run-arm64:
	@BUILD=$(BUILD) .ci/get-arm64
	@aarch64-linux-gnu-gcc --sysroot=$(ARM64_ROOT) -D_GNU_SOURCE -O2 -c .ci/exec_in_qemu.c -o $(ARM64)/exec_in_qemu.o
	+@$(MAKE) --no-print-directory BUILD=$(ARM64) CC='aarch64-linux-gnu-gcc --sysroot=$(ARM64_ROOT)' WERROR=1 \
	  run-build unit-tests integration-tests
	@for program in $(PROGRAMS:$(BUILD)/%=$(ARM64)/%); do qemu-aarch64 $$program --version || exit; done
	@TEST_RUNNER=qemu-aarch64 .ci/run-tests $(ARM64_TESTS:$(BUILD)/%=$(ARM64)/%)

lint: ## check: check layers, documents and words; run shellcheck, clang-tidy, cppcheck, and valgrind
	@$(DEPS) lint
	$(again) run-lint

C_FOLDERS := $(foreach l,$(LAYERS),$(call folder,$(l))) user-service order-service consul-dev/demo consul-dev/labs consul-dev/pitfalls consul-dev/compare consul-dev/playground consul-dev/faults exercises/checker $(CHECKERS) $(CHECKERS:%=%/service) $(DRILL) $(CHECK_CLIENT)
C_FILES := $(foreach d,$(C_FOLDERS),$(wildcard $(d)/*.c))
TIDY_FLAGS := -std=gnu11 -D_GNU_SOURCE -Icommon -Itests -Iexercises -DPROJECT_VERSION=NULL $(PKG_CFLAGS)
# Each test starts valgrind anew, for about two seconds of CPU time; `make test-asan` runs all of them.
VALGRIND_LAYERS := loop base net grpc
SCRIPTS := $(shell grep -lE '^\#!.*(bash|sh)' consul-dev/* consul-dev/tests/* consul-dev/script-check/* consul-dev/playground/* consul-dev/compare/* consul-dev/compose/* consul-dev/swarm/* bench/* tests/fuzz/* tests/mutants/* tests/page/* exercises/run exercises/0-lesson/run exercises/checker/tests/* .ci/* 2>/dev/null)
run-lint: unit-tests pitfall-parts $(BUILD)/demo $(BUILD)/compare $(BUILD)/lab $(BUILD)/playground $(BUILD)/simulate $(FAULT_TOOLS) exercise-parts
	@.ci/lint-includes $(foreach l,$(LAYERS),'$(l) $(call folder,$(l)) $($(l))')
	@.ci/lint-circles $(BUILD) $(C_FOLDERS)
	@.ci/lint-docs
	@.ci/lint-words
	@tests/mutants/run --check
	@echo "shellcheck: $(words $(SCRIPTS)) scripts"
	@shellcheck -x --severity=warning $(SCRIPTS)
	@echo "clang-tidy: $(words $(C_FILES)) files"
	@printf '%s\n' $(C_FILES) | xargs -P$$(nproc) -n4 sh -c 'clang-tidy --quiet "$$@" -- $(TIDY_FLAGS) 2>/dev/null' tidy
	@echo "cppcheck"
	@cppcheck --quiet -j$$(nproc) --enable=warning,performance,portability --inline-suppr --std=c11 \
	  --suppress=autoVariables --error-exitcode=1 -Icommon -Itests -Iexercises $(C_FILES)
	@echo "valgrind over the simulation, and over the tests of the layers that it replaces"
	@valgrind --quiet --error-exitcode=99 $(BUILD)/simulate --seeds 20 --jobs 2
	@BUILD_DIR=$(BUILD) .ci/run-tests --valgrind $(foreach l,$(VALGRIND_LAYERS),$(call tests,$(call folder,$(l))))

FUZZERS := $(patsubst %.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# All layers up to the service, compiled again with the fuzzer's coverage instrumentation.
FUZZED := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(foreach l,$(service),$(wildcard $(call folder,$(l))/*.c)))
FUZZ   := clang $(CPPFLAGS) -std=gnu11 -g -O1 -Wall -Wextra $(if $(WERROR),-Werror) -fno-sanitize-recover=undefined
fuzz: ## check: feed random input to the parsers (SECONDS=20 for each)
	@$(DEPS) lint
	$(again) run-fuzz

run-fuzz: $(FUZZERS)
	@tests/fuzz/run $(or $(SECONDS),20) $(FUZZERS)

$(BUILD)/fuzz/obj/%.o: %.c | have-packages
	@mkdir -p $(@D)
	@echo "  FUZZ  $<"
	@$(FUZZ) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c $< -o $@

$(BUILD)/fuzz/lib.a: $(FUZZED)
	@rm -f $@; ar rcs $@ $^

$(BUILD)/fuzz/%: %.c $(BUILD)/fuzz/lib.a
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	@$(FUZZ) -fsanitize=fuzzer,address,undefined -MMD -MP $< $(BUILD)/fuzz/lib.a $(PKG_LIBS) -o $@

# These run in the first make, not in a second one, so that a failed check prints only one error line of make.
.PHONY: exercise exercises check-client grade drill
RUN_EXERCISE   = @$(AS_OWNER) env BUILD="$(BUILD)" CC="$(CC)" exercises/run
EXERCISE_STEP  = $(if $(HINT),hint,$(if $(RESET),reset,$(if $(WATCH),watch,check)))
EXERCISE_PLAIN = $(filter check watch,$(EXERCISE_STEP))
exercise: ## exercises: check your solution of exercise N=1, 2 or 3; N=0 runs the lesson's samples (HINT=1 WATCH=1 SOLUTION=1 RESET=1)
	$(if $(EXERCISE_PLAIN),$(RUN_EXERCISE) begin $(N))
	@$(if $(EXERCISE_PLAIN),$(DEPS) 2> >(grep -v ': all is installed: ' >&2))
	$(if $(EXERCISE_PLAIN),$(again) exercise-parts)
	$(RUN_EXERCISE) $(EXERCISE_STEP) "$(N)" $(HINT)

drill: ## exercises: show how your exercise 3 survives an outage of Consul (SCENARIO=stop, hang, empty, cluster-leader or restart-empty)
	@$(DEPS)
	$(again) exercise-parts
	$(RUN_EXERCISE) drill $(or $(SCENARIO),stop)

exercises: ## exercises: show which exercises you have solved
	$(RUN_EXERCISE) progress

# CMD is passed in the environment: it may contain quotes.
check-client: ## exercises: check your program in any language: CMD="python3 my_client.py" (N=1: its /health; N=2: its picks; N=3: failures)
	$(RUN_EXERCISE) client-begin "$(N)"
	@$(DEPS) $(if $(findstring python3,$(CMD)),python) 2> >(grep -v ': all is installed: ' >&2)
	$(again) exercise-parts
	$(RUN_EXERCISE) client "$(N)"

grade: ## exercises: for teachers: run all checks of exercise N= on FILE=, and print JSON
	@$(DEPS) >&2
	$(again) exercise-parts >&2
	$(RUN_EXERCISE) grade "$(N)"

bench: ## check: measure the speed, compared with other servers (ROUNDS=7 SECONDS=3 PIN=1 BENCH="hit proxy")
	@$(DEPS) bench balancers || echo "continuing with the installed programs"
	$(again) run-bench

$(BUILD)/bench-pick: $(BUILD)/obj/bench/pick.o $(call archives,$(balance))
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

$(BUILD)/bench-steady: $(BUILD)/obj/bench/steady.o $(call archives,$(harness))
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

run-bench: $(PROGRAMS) $(BUILD)/bench-pick $(BUILD)/bench-steady $(BUILD)/upstream-faults
	@BUILD=$(BUILD) ROUNDS=$(or $(ROUNDS),7) LENGTH=$(or $(SECONDS),3) bench/bench $(BENCH)

.PHONY: compose-demo compose-test
compose-demo: ## start: show the main steps of the lesson in containers (needs docker with Compose 2.22 or newer)
	@consul-dev/compose/demo

compose-test: ## check: test docker-compose.yml with real containers (DEV=1: also the service dev)
	@consul-dev/compose/test

.PHONY: swarm-demo swarm-compare swarm-test
swarm-demo: ## start: the lesson on the Docker Swarm that docker points at: a node lost, rolling update, ...
	@consul-dev/swarm/demo || [ $$? = 77 ]

swarm-compare: ## break: measure discovery beside Swarm's own name for user-service: one table (a swarm of one node, root)
	@consul-dev/swarm/compare || [ $$? = 77 ]

swarm-test: ## check: run the steps of swarm-demo on three private nodes on this machine (needs root and a docker engine)
	@consul-dev/swarm/test || [ $$? = 77 ]

install: ## install: install the programs and their SQL schemas (DESTDIR=, PREFIX=/usr/local)
	$(again) run-build
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/user-service' '$(DESTDIR)$(PREFIX)/share/order-service'
	install -m 755 $(PROGRAMS) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 user-service/schema.sql '$(DESTDIR)$(PREFIX)/share/user-service'
	install -m 644 order-service/schema.sql '$(DESTDIR)$(PREFIX)/share/order-service'

clean: ## install: remove the build folder (keeps .run/, the files of `make up`)
	@rm -rf $(BUILD)

deps: ## install: install the missing Debian packages (needs root or sudo), and download Consul
	@$(DEPS)

.PHONY: deps-java
deps-java: ## install: Eureka, Nacos 3 and Nacos 2 for development; Maven fetches up to 500 MB (needs a JDK 17 and Maven)
	@for server in eureka nacos-3 nacos-2; do $(AS_OWNER) consul-dev/get-java-server $$server || exit 1; done

# The services and servers in the background; their files are in RUN_DIR.
STACK = @BUILD=$(BUILD) consul-dev/stack
.PHONY: deps up run-up down status consul-stop consul-start db-seed

up: ## start: start the services and their servers in the background (CLUSTER=3: three Consul servers)
	@$(DEPS)
	$(again) run-up

run-up: $(PROGRAMS)
	$(STACK) up

down: ## start: stop the processes of `make up`
	$(STACK) down

status: ## start: show the processes of `make up`, their ports and health
	$(STACK) status

consul-stop: ## break: stop the Consul of `make up`
	$(STACK) consul-stop

consul-start: ## break: start the Consul of `make up` again (with no data; a cluster keeps its data)
	$(STACK) consul-start

db-seed: ## install: create tables and seed data in your own PostgreSQL database (DATABASE_URL=...)
	@consul-dev/db-seed "$$DATABASE_URL"
