// SPDX-License-Identifier: MIT
/*
 * DEV-8, TRC-2, MOD-7: what the module tells anybody holds no address of the kernel's: the
 * answers of /dev/estp, its parameters, its messages, debug ones too, its trace events.
 *
 * Method: registrations that are accepted and refused, of another module's pages, too, diversions of all selectors, fences
 * and unregistration, with messages and events switched on; then all that was told is searched
 * for numbers of the kernel's half of the address space, binary or in hexadecimal. Nothing
 * counts that does not name the module: the rest of the log is the kernel's. The twins are
 * /proc/kallsyms, in which root finds the module's own, and the same search as well; and addresses
 * of each kind that a kernel has, among others.
 *
 * vm: --file build/tests/guest/modules/refused.ko
 */
#include <fcntl.h>
#include <glob.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define TRACEFS	"/sys/kernel/tracing/"

/*
 * Both architectures, with the largest address space that they can have (five levels of page
 * tables, 52 bits): an address with its uppermost bits set, and no small negative number.
 */
static bool is_kernels(u64 number)
{
	return number >> 56 == 0xff && number < -4096ull;
}

static u64 in_words(const void *p, size_t len)
{
	const u8 *byte = p;
	u64 word, found = 0;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, byte + i, 8);
		found += is_kernels(word);
	}
	return found;
}

static u64 in_text(const char *text)
{
	u64 found = 0;

	while (*text) {
		size_t len = strspn(text, "0123456789abcdefABCDEF");

		if (len >= 16 && is_kernels(strtoull(text, NULL, 16)))
			found++;
		text += len ? len : 1;
	}
	return found;
}

/* Lines that name the module, since it was opened. */
static u64 in_log(int fd, u32 *lines)
{
	char record[4096];
	u64 found = 0;
	ssize_t len;

	*lines = 0;
	while ((len = read(fd, record, sizeof(record) - 1)) > 0) {
		record[len] = 0;
		record[strcspn(record, "\n")] = 0;
		if (!strstr(record, "estp"))
			continue;
		++*lines;
		found += in_text(record);
	}
	return found;
}

static void make_it_talk(u8 *p)
{
	static const int selectors[] = { ESTP_FAULT, ESTP_PREEMPTION, ESTP_INTERRUPT };
	struct table t;
	unsigned int i;

	must(madv_register(p, page_size()) == 0);
	for (i = 0; i < ARRAY_LEN(selectors); i++)
		must(!probe(p, VALUE, selectors[i]));
	must(!madv_fence());
	table_init(&t, p);
	probe_entries(&t, p, 0);
	must(!table_register(&t));
	t.entry[1].zero = 0x77;
	must(table_register(&t) == -ENOEXEC);
	table_free(&t);
	/* Of the kernel's half, where it may be refused for what it is. */
	must(madv_register((void *)0xffff800000000000ull, page_size()));
	must(madv_unregister((void *)0xffff800000000000ull, page_size()));
}

static void answers(void)
{
	struct list l = list_own();
	struct estp_stats s = stats();

	ok(l.nr && !in_words(l.seq, l.nr * sizeof(*l.seq)), "none in a list of %u sequences", l.nr);
	ok(s.sequences && !in_words(&s, sizeof(s)), "none in the counters");
	list_free(&l);
}

static void parameters(void)
{
	glob_t g;
	size_t i;
	u64 found = 0;

	must(!glob("/sys/module/estp/parameters/*", 0, NULL, &g));
	for (i = 0; i < g.gl_pathc; i++)
		found += in_text(read_file(g.gl_pathv[i]));
	ok(g.gl_pathc >= 2 && !found, "none in %zu parameters", g.gl_pathc);
	globfree(&g);
}

/* Of slab and of stacks with five levels, of slab with 52 bits and with 48, of text. */
static const u64 addresses[] = {
	0xff11000012345678, 0xffa0000000123450, 0xfff0000012345678, 0xffff888012345678, 0xffffffffc0123456,
};

static void planted(void)
{
	u64 words[] = { 0x7fff12345678, -EINVAL, 0, 1 };
	char text[100];
	unsigned int i, found = 0, by_mistake = in_words(words, sizeof(words));

	for (i = 0; i < ARRAY_LEN(addresses); i++) {
		words[2] = addresses[i];
		snprintf(text, sizeof(text), "estp: 7fff12345678 at %llx", (unsigned long long)addresses[i]);
		found += in_words(words, sizeof(words)) == 1 && in_text(text) == 1;
	}
	ok(found == i && !by_mistake, "twin: %u planted addresses are found, and nothing else", i);
}

void test(void)
{
	u8 *p = probe_new(VALUE), *bad = probe_new(VALUE);
	u64 found;
	u32 lines;
	int log, debug;

	need_estp();
	log = klog_open();
	must(log >= 0);
	must(!write_file(TRACEFS "events/estp/enable", "1\n"));
	debug = !write_file("/proc/dynamic_debug/control", "module estp +p\n");
	if (!debug)
		diag("this kernel has no dynamic debug: no messages of that kind");
	/* Of its own text, of another's, of no module's, each refused in a line. */
	must(!load_file("/estp/build/tests/guest/modules/refused.ko", "") && !unload_name("refused"));
	((u64 *)bad)[0] = 0x1234567890;
	must(madv_register(bad, page_size()) == -ENOEXEC);
	make_it_talk(p);
	/* The next test in this guest finds both as they were. */
	must(!write_file(TRACEFS "events/estp/enable", "0\n"));
	must(!debug || !write_file("/proc/dynamic_debug/control", "module estp -p\n"));
	answers();
	parameters();
	found = in_log(log, &lines);
	ok(!found && lines >= 10, "none in %u lines of the log", lines);
	found = in_text(read_file(TRACEFS "trace"));
	ok(strstr(read_file(TRACEFS "trace"), "estp_divert") && !found, "none in its trace events");
	must(!madv_unregister(p, page_size()));

	ok(in_text(read_file("/proc/kallsyms")), "twin: in the kernel's list of symbols there are");
	planted();
}
