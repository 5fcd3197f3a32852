# SPDX-License-Identifier: MIT
#
# The tool estp: tool/*.c, and of core/ what reads descriptors.
#
#   TOOL         build/tool/estp
#   GUEST_TOOL   the same for guests, whose architecture may be another; static then

TOOL := build/tool/estp
TOOL_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-missing-field-initializers -Ilib/include -Icore -Iinclude/uapi
# Where Debian has the headers of libtracefs and libtraceevent.
TOOL_CFLAGS += -isystem /usr/include/tracefs -isystem /usr/include/traceevent
TOOL_LIBS := -lcapstone -ldw -lelf -lz -ltracefs -ltraceevent
tool_core := core/parse.c core/rule.c core/sort.c
tool_sources := $(wildcard tool/*.c) $(tool_core)
tool_objects := $(tool_sources:%.c=build/tool/%.o)
GUEST_TOOL := $(OUT)tool/estp

.PHONY: tool
tool: $(TOOL)

build/tool/tool/estp.o: TOOL_DEFINES += -DESTP_TOOL_VERSION='"$(VERSION)"'
build/tool/tool/estp.o: module/dkms.conf

build/tool/%.o: %.c tool/tool.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) $(TOOL_DEFINES) -MMD -MP -c -o $@ $<

$(TOOL): $(tool_objects)
	$(CC) -o $@ $^ $(TOOL_LIBS)

# Debian's libraries for the guest's architecture, which the host's cannot stand in for.
tool_packages := libcapstone-dev libdw-dev libelf-dev zlib1g-dev liblzma-dev libbz2-dev libzstd-dev libtracefs-dev libtraceevent-dev
ifneq ($(CROSS),)
$(GUEST_TOOL): $(tool_sources) $(wildcard tool/*.h core/*.h include/uapi/*.h lib/include/estp/*.h) tool/tool.mk module/dkms.conf
	@mkdir -p $(@D)
	usr=$$(vm/fetch-package $(tool_packages))/usr && lib=$$(dirname $$(find $$usr/lib -name libdw.a)) && \
		$(CROSS)gcc $(filter-out -isystem /usr/include/%,$(TOOL_CFLAGS)) -isystem $$usr/include \
		$(foreach name,tracefs traceevent,-isystem $$usr/include/$(name)) -isystem $$usr/include/$(CROSS:%-=%) \
		-DESTP_TOOL_VERSION='"$(VERSION)"' -static -Wl,--no-warnings -o $@ $(tool_sources) \
		-L$$lib $(TOOL_LIBS) -llzma -lbz2 -lzstd
endif

# The tool, and what estp run starts a guest with, which finds it from where it is itself.
tool_to = $(DESTDIR)$(PREFIX)

.PHONY: install-tool
install-tool:
	$(if $(DESTDIR),,@vm/packages tool)
	@$(MAKE) --no-print-directory tool
	install -D -m 755 $(TOOL) $(tool_to)/bin/estp
	install -D -m 644 tool/completion.bash $(tool_to)/share/bash-completion/completions/estp
	find -L vm module core include lib/include -type f ! -perm /111 -exec install -D -m 644 {} $(tool_to)/share/estp/{} \;
	find vm -type f -perm /111 -exec install -D -m 755 {} $(tool_to)/share/estp/{} \;

-include $(tool_objects:.o=.d)
