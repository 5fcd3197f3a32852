// SPDX-License-Identifier: MIT
/*
 * TAB-9, REG-17: entries of all tables accumulate; one with the same selector, start and
 * length replaces the whole entry, any other stands beside it; and whatever is
 * registered twice is there once.
 *
 * Method: tables of one or two entries over one probe and over spans of several pages;
 * after each, the whole list is compared with what it must be. Twins are the neighbours
 * of a key, which must not replace.
 */
#include "probe.h"

#define VALUE	0x1000

static u8 *p;
static size_t page;
static struct estp_sequence want[64];
static u32 want_nr;

static bool same_key(const struct estp_sequence *a, const struct estp_sequence *b)
{
	return a->selector == b->selector && a->start == b->start && a->length == b->length;
}

/* Registers one entry; keeps the model of what the list must be. */
static void put(const struct estp_sequence *s)
{
	struct table t;
	struct estp_entry *e;
	u32 i;

	table_init(&t, p);
	e = table_add(&t, s->selector, (void *)s->start, s->length, (void *)s->response);
	e->causes = s->causes;
	e->response_len = s->response_len;
	e->clear_mask = s->clear_mask;
	must(!table_register(&t));
	table_free(&t);
	for (i = 0; i < want_nr; i++)
		if (same_key(&want[i], s))
			break;
	want[i] = *s;
	want_nr += i == want_nr;
}

static int by_bytes(const void *a, const void *b)
{
	const struct estp_sequence *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

static void listed(const char *what)
{
	struct list list = list_own();
	u32 i;

	qsort(want, want_nr, sizeof(*want), by_bytes);
	for (i = 0; i < list.nr && i < want_nr; i++)
		if (memcmp(&list.seq[i], &want[i], sizeof(*want)))
			break;
	ok(list.nr == want_nr && i == want_nr, "%s: %u in the list", what, want_nr);
	if (list.nr != want_nr)
		diag("there are %u", list.nr);
	is(stats().sequences, want_nr, "and so many are counted");
	list_free(&list);
}

static struct estp_sequence fault(u64 start, u32 length, u64 response)
{
	return (struct estp_sequence) {
		.start = (u64)p + start, .length = length, .response = (u64)p + response,
		.selector = ESTP_FAULT, .causes = ESTP_CAUSE_PAGE, .layout = ESTP_LAYOUT_TABLE,
	};
}

static void one_page(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	struct estp_sequence s = fault(f->start, f->end - f->start, f->response[0]), n;

	put(&s);
	listed("one entry");
	is(probe_fault(p, VALUE), 0, "it diverts");
	put(&s);
	listed("the same again");
	s.response = (u64)p + f->response[1];
	put(&s);
	listed("its key with another response");
	is(probe_fault(p, VALUE), 1, "it diverts there");
	s.causes = ESTP_CAUSE_ILL;
	put(&s);
	listed("its key with another cause");
	is(probe_fault(p, VALUE), -1, "it does not divert a SIGSEGV");
	s.causes = ESTP_CAUSE_PAGE;
	put(&s);
	is(probe_fault(p, VALUE), 1, "nor is anything left of that");

	n = s;
	n.length += INSNS(1);
	put(&n);
	listed("twin: another length");
	n.length = s.length - INSNS(1);
	n.response = (u64)p + f->response[0];
	put(&n);
	listed("twin: a shorter one");
	is(probe_fault(p, VALUE), 0, "which decides, as it comes first");
	n = s;
	n.start += INSNS(1);
	put(&n);
	listed("twin: another start");
	n = s;
	n.selector = ESTP_PREEMPTION;
	n.causes = 0;
	put(&n);
	listed("twin: PREEMPTION");
	n.selector = ESTP_INTERRUPT;
	n.response_len = 1;
	put(&n);
	listed("twin: INTERRUPT");
	n.clear_mask = 1;
	n.response_len = 2;
	put(&n);
	listed("its key with another mask and response length");
}

/* Entries of a page stay beside those of tables; neither replaces the other. */
static void beside_a_page(void)
{
	const struct probe_seq *s;
	int i, round;

	probe_header(p, 1);
	for (round = 0; round < 2; round++) {
		must(!probe_register(p));
		for (i = 0; i < ESTP_SELECTOR_NR && !round; i++) {
			s = &probe_seq[i];
			want[want_nr++] = (struct estp_sequence) {
				.start = (u64)p + s->start, .length = s->end - s->start,
				.response = (u64)p + s->response[1], .selector = i,
				.response_len = i == ESTP_INTERRUPT,
				.causes = i == ESTP_FAULT ? ESTP_CAUSE_PAGE : 0,
				.layout = ESTP_LAYOUT_PAGE,
			};
		}
		listed(round ? "the page again" : "with the page");
	}
}

static void several_pages(void)
{
	struct estp_sequence s = fault(page - 8, 2 * page, 0x100), n = s;
	u64 memory;
	int i;

	put(&s);
	listed("an entry over three pages");
	put(&s);
	listed("the same again");
	s.response += 4;
	put(&s);
	listed("its key with another response");
	n = s;
	n.length -= INSNS(1);
	put(&n);
	listed("twin: a bit shorter");
	n.start += INSNS(1);
	put(&n);
	listed("twin: from a bit later");
	memory = stats().memory;
	for (i = 0; i < 50; i++)
		put(&s);
	listed("fifty times more");
	is(stats().memory, memory, "and takes no more memory");
}

void test(void)
{
	need_estp();
	page = page_size();
	p = pages_new(4);
	probe_code(p, VALUE);
	one_page();
	beside_a_page();
	several_pages();
	must(!madv_unregister(p, 4 * page));
	want_nr = 0;
	listed("unregistered");
}
