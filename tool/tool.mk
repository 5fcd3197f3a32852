# SPDX-License-Identifier: MIT
#
# The tool estp: tool/*.c, and of core/ what reads descriptors.
#
#   TOOL         build/tool/estp

TOOL := build/tool/estp
TOOL_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-missing-field-initializers -Ilib/include -Icore -Iinclude/uapi
# Where Debian has the headers of libtracefs and libtraceevent.
TOOL_CFLAGS += -isystem /usr/include/tracefs -isystem /usr/include/traceevent
TOOL_LIBS := -lcapstone -ldw -lelf -ltracefs -ltraceevent
tool_core := core/parse.c core/rule.c core/sort.c
tool_objects := $(patsubst %.c,build/tool/%.o,$(wildcard tool/*.c) $(tool_core))

.PHONY: tool
tool: $(TOOL)

build/tool/%.o: %.c tool/tool.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) $(TOOL_DEFINES) -MMD -MP -c -o $@ $<

$(TOOL): $(tool_objects)
	$(CC) -o $@ $^ $(TOOL_LIBS)

-include $(tool_objects:.o=.d)
