# The build. `make help` lists the targets. Each layer of common/ is an archive
# and links only against those below it, so that the layout cannot rot.
#
#   BUILD=dir     where all that is built goes (default: build)
#   WERROR=1      warnings are errors, as in CI
#   SANITIZE=1    with AddressSanitizer and UBSan (take another BUILD)
#   CC=clang      another compiler

BUILD   ?= build
PREFIX  ?= /usr/local
VERSION := 1.0.0
ifeq ($(origin CC),default)
CC := gcc
endif
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:

# ---- Layers, lowest first: the archives that a layer's users link ------------

base         := base
loop         := loop $(base)
net          := net $(loop)
store        := store $(net)
registry     := registry $(store)
registration := registration $(registry)
balance      := balance $(registration)
discovery    := discovery $(balance)
client       := client $(discovery)
service      := service $(client)
# Starts and stops real servers: for tests and for the demo only.
harness      := harness $(service)
LAYERS := base loop net store registry registration balance discovery client service harness

# ---- Flags: only those that this compiler knows ------------------------------

option = $(shell $(CC) -Werror $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo '$(1)')
PKGS   := libmicrohttpd libcurl jansson libpq hiredis libuv libnghttp2
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined

ifneq ($(MAKECMDGOALS),)
HARDENING := $(call option,-fstack-protector-strong) $(call option,-fstack-clash-protection) \
             $(call option,-mbranch-protection=standard)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
endif

CPPFLAGS += -D_GNU_SOURCE -Icommon -DPROJECT_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS   += -std=gnu11 -g -fPIE -pthread -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes $(if $(WERROR),-Werror) \
            $(if $(SANITIZE),-O1 -fno-omit-frame-pointer $(SAN),-O2 -D_FORTIFY_SOURCE=2 $(HARDENING))
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now $(if $(SANITIZE),$(SAN))

# ---- How it is built ---------------------------------------------------------

objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)/*.c))
archives = $(patsubst %,$(BUILD)/lib%.a,$(1))
tests    = $(patsubst %.c,$(BUILD)/tests/%,$(wildcard $(1)/tests/test_*.c))

UNIT_TESTS        := $(foreach l,$(LAYERS),$(call tests,common/$(l)))
INTEGRATION_TESTS := $(call tests,user-service) $(call tests,order-service) $(call tests,consul-dev)
PROGRAMS          := $(BUILD)/user-service $(BUILD)/order-service

$(BUILD)/obj/%.o: %.c | have-packages
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(findstring /tests/,$<),-Wno-conversion) -MMD -MP -c $< -o $@

# $(1): layer. Its archive, and its tests linked with what is below.
define layer
$(BUILD)/lib$(1).a: $(call objects,common/$(1))
	@rm -f $$@; ar rcs $$@ $$^
$(BUILD)/tests/common/$(1)/tests/%: $(BUILD)/obj/common/$(1)/tests/%.o $(call archives,$(if $(filter service harness,$(1)),$(harness),$($(1))))
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) $(LDFLAGS) $$^ $(PKG_LIBS) -lcriterion -o $$@
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

# $(1): a folder with tests that run whole programs on real servers.
define integration
$(BUILD)/tests/$(1)/tests/%: $(BUILD)/obj/$(1)/tests/%.o $(call archives,$(harness))
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) $(LDFLAGS) $$^ $(PKG_LIBS) -lcriterion -o $$@
endef
$(foreach d,user-service order-service consul-dev,$(eval $(call integration,$(d))))

$(BUILD)/user-service: $(call objects,user-service) $(call archives,$(service))
$(BUILD)/order-service: $(call objects,order-service) $(call archives,$(service))
$(PROGRAMS):
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) $^ $(PKG_LIBS) -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- Targets -----------------------------------------------------------------

.PHONY: help build unit-tests integration-tests test clean have-packages

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

have-packages:
	@pkg-config --exists $(PKGS) || { echo "The libraries are missing: run 'make deps' first."; exit 1; }

build: $(PROGRAMS) ## build/user-service and build/order-service

unit-tests: $(UNIT_TESTS)
integration-tests: $(PROGRAMS) $(INTEGRATION_TESTS)

clean: ## remove what was built (not .run/)
	@rm -rf $(BUILD)
