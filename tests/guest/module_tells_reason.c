// SPDX-License-Identifier: MIT
/*
 * MOD-7: a refused registration leaves its reason and position in the kernel's log, as a
 * debug message: which descriptor or entry, which field, which value; limited in rate.
 *
 * Method: debug messages of the module are switched on; pages and tables with one fault
 * each are refused, and the message must name the place by its number, and the value.
 * A thousand refusals in a row must not leave a thousand messages. The twin is the
 * same with the messages switched off, and a registration that succeeds.
 */
#include <fcntl.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define CONTROL	"/proc/dynamic_debug/control"

static size_t page;
static u8 *p;
static int log_fd;

/* The one message since the last call; "" if there was none. */
static const char *message(void)
{
	static char text[4096];
	char record[2048];
	ssize_t len;

	text[0] = 0;
	while ((len = read(log_fd, record, sizeof(record) - 1)) > 0) {
		record[len] = 0;
		if (strstr(record, "estp"))
			strcpy(text, record);
	}
	text[strcspn(text, "\n")] = 0;
	return text;
}

static void tells(const char *what, const char *a, const char *b, const char *c)
{
	const char *text = message();

	if (!ok(strstr(text, a) && strstr(text, b) && strstr(text, c),
		"%s: the message has \"%s\", \"%s\", \"%s\"", what, a, b, c))
		diag("it is: %s", text);
}

static void tells_nothing(const char *what)
{
	const char *text = message();

	if (!ok(!*text, "%s", what))
		diag("but: %s", text);
}

static void refuse_page(void)
{
	must(probe_register(p) == -ENOEXEC);
	probe_header(p, 0);
}

static void bad_selector(void)
{
	((u64 *)p)[3] = ESTP_DESCRIPTOR(5, 0x900, 0x904, 0x900);
	refuse_page();
}

static void pages(void)
{
	u64 *word = (u64 *)p;
	char addr[32];

	snprintf(addr, sizeof(addr), "%#lx", (unsigned long)p);
	word[0] = 0x1234567890;
	refuse_page();
	tells("a page without a header", addr, "metadata word", "0x1234567890");
	bad_selector();
	tells("the third descriptor's selector", "2: ", "selector", "5");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, 0x900, 0x7774, 0x900);
	refuse_page();
	tells("the second descriptor's end", "1: ", "end", "0x7774");
	word[1] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, 0x900, 0x904, 8);
	refuse_page();
	tells("the first descriptor's response", "0: ", "response", "8");
}

static void tables(void)
{
	struct table t;

	table_init(&t, p);
	probe_entries(&t, p, 0);
	t.entry[2].causes = 0xe0;
	must(table_register(&t) == -ENOEXEC);
	tells("the third entry's causes", "2: ", "causes", "0xe0");
	t.entry[1].zero = 0x77;
	must(table_register(&t) == -ENOEXEC);
	tells("the second entry's zero field", "1: ", "zero", "0x77");
	table_free(&t);
}

static void *refuse_many(void *arg)
{
	int i;

	for (i = 0; i < 1000; i++)
		bad_selector();
	return arg;
}

void test(void)
{
	unsigned int nr;

	need_estp();
	page = page_size();
	p = probe_new(VALUE);
	log_fd = klog_open();
	must(log_fd >= 0);
	bad_selector();
	tells_nothing("twin: messages off: none");
	if (write_file(CONTROL, "module estp +p\n"))
		skip_all("this kernel has no dynamic debug");
	pages();
	tables();
	must(!probe_register(p));
	tells_nothing("twin: a registration that succeeds leaves none");
	sleep(6);			/* the limit's interval is 5 seconds */
	must(klog_count(log_fd, "estp", NULL) < 1000);
	refuse_many(NULL);
	nr = klog_count(log_fd, "selector", NULL);
	ok(nr >= 1 && nr < 100, "a thousand refusals leave %u messages", nr);
	is(probe_fault(p, VALUE), 0, "what was registered diverts");
}
