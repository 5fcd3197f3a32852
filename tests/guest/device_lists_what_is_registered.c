// SPDX-License-Identifier: MIT
/*
 * DEV-4, DEV-5: the list holds each registered sequence once, with all that was said of
 * it; the count is that of all, however many fit; and one answer describes one moment.
 *
 * Method: pages and tables with every field different, spans over one page and several,
 * far responses, all selectors, against what was registered; capacities from none to
 * more than there are, with a canary behind the array; then a set that changes all the
 * time by calls that each make or take two sequences: no answer may have one of two.
 */
#include "probe.h"

#define VALUE	0x1000
#define MAX	4096

static size_t page;
static u8 *base;
static struct estp_sequence want[MAX];
static u32 want_nr;

static int by_bytes(const void *a, const void *b)
{
	const struct estp_sequence *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

static u32 below(u32 n)
{
	static u64 state = 0x853c49e6748fea9bull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static struct estp_sequence random_sequence(void)
{
	struct estp_sequence s = {
		.start = INSN_FLOOR((u64)base + below(5 * page)),
		.response = INSN_FLOOR((u64)base + below(8 * page - 64)),
		.length = INSN_CEIL(below(3) ? 1 + below(64) : 1 + below(2 * page)),
		.selector = below(ESTP_SELECTOR_NR), .layout = ESTP_LAYOUT_TABLE,
	};

	if (s.selector == ESTP_FAULT)
		s.causes = 1 + below(ESTP_CAUSE_PAGE);
	if (s.selector == ESTP_INTERRUPT)
		s.response_len = 1 + below(60);
	return s;
}

static bool have_key(const struct estp_sequence *s)
{
	u32 i;

	for (i = 0; i < want_nr; i++)
		if (want[i].start == s->start && want[i].length == s->length &&
		    want[i].selector == s->selector && want[i].layout == s->layout)
			return true;
	return false;
}

static void register_random(u32 nr)
{
	struct table t;
	u32 i;

	table_init(&t, base);
	for (i = 0; i < nr; i++) {
		struct estp_sequence s = random_sequence();
		struct estp_entry *e;

		if (have_key(&s))
			continue;
		e = table_add(&t, s.selector, (void *)s.start, s.length, (void *)s.response);
		e->causes = s.causes;
		e->response_len = s.response_len;
		want[want_nr++] = s;
	}
	must(!table_register(&t));
	table_free(&t);
}

/* Masks: INTERRUPT alone, where nothing can leak; on a page of their own. */
static void register_masks(void)
{
	struct table t;
	u32 i;

	table_init(&t, base);
	for (i = 0; i < 32; i++) {
		u32 mask = probe_clear_valid & ~ESTP_CLEAR_FP & (1u << i | 1u << (i / 2));
		struct estp_sequence s = {
			.start = (u64)base + 8 * page + 16 * i, .length = 16,
			.response = (u64)base + 8 * page + 0x800, .selector = ESTP_INTERRUPT,
			.response_len = 1 + i, .clear_mask = mask, .layout = ESTP_LAYOUT_TABLE,
			.flags = i % 2 && !madv_query(ESTP_FEATURE_RESET_PKEY) ?
				 ESTP_ENTRY_RESET_PKEY : 0,
		};
		struct estp_entry *e = table_add(&t, s.selector, (void *)s.start, s.length,
						 (void *)s.response);

		e->response_len = s.response_len;
		e->clear_mask = s.clear_mask;
		e->flags = s.flags;
		want[want_nr++] = s;
	}
	must(!table_register(&t));
	table_free(&t);
}

static void register_page(u32 i)
{
	u8 *p = base + i * page;
	int sel;

	probe_code(p, VALUE);
	probe_header(p, 1);
	must(!madv_register(p, page));
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
		want[want_nr++] = (struct estp_sequence) {
			.start = (u64)p + probe_seq[sel].start,
			.length = probe_seq[sel].end - probe_seq[sel].start,
			.response = (u64)p + probe_seq[sel].response[1], .selector = sel,
			.response_len = sel == ESTP_INTERRUPT,
			.causes = sel == ESTP_FAULT ? ESTP_CAUSE_PAGE : 0,
			.layout = ESTP_LAYOUT_PAGE,
		};
}

/* Nothing but the response tells them apart (PAGE-4). */
static void register_twice(void)
{
	struct code *c = code_new(1);
	struct seq seq = { .selector = ESTP_FAULT, .start = emit_nop(c) };
	int i;

	seq.end = c->at;
	for (i = 0; i < 2; i++) {
		seq.response = emit_land(c, 1 + i);
		code_describe(c, seq);
		want[want_nr++] = (struct estp_sequence) {
			.start = (u64)code_addr(c, seq.start), .length = seq.end - seq.start,
			.response = (u64)code_addr(c, seq.response), .selector = ESTP_FAULT,
			.causes = ESTP_CAUSE_PAGE, .layout = ESTP_LAYOUT_PAGE,
		};
	}
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
}

static void complete(const char *what)
{
	struct list list = list_own();
	u32 i;

	qsort(want, want_nr, sizeof(*want), by_bytes);
	for (i = 0; i < list.nr && i < want_nr; i++)
		if (memcmp(&list.seq[i], &want[i], sizeof(*want)))
			break;
	if (!ok(list.nr == want_nr && i == want_nr, "%s: all %u, as they were registered", what,
		want_nr))
		diag("%u are listed, the first %u right", list.nr, i);
	is(stats().sequences, want_nr, "the count of stats is the same");
	list_free(&list);
}

static void capacities(void)
{
	struct estp_sequence *array = calloc(want_nr + 2, sizeof(*array));
	static const struct estp_sequence canary = { .start = 0xca, .zero = 0xca };
	u32 caps[] = { 0, 1, 2, want_nr / 2, want_nr - 1, want_nr, want_nr + 1, 0xffffffff }, i, k;

	must(array);
	for (i = 0; i < ARRAY_LEN(caps); i++) {
		u32 fits = caps[i] < want_nr ? caps[i] : want_nr, right = 0;
		struct estp_list request = {
			.mem_fd = -1, .sequences = (u64)array, .capacity = caps[i],
		};
		int err;

		for (k = 0; k < want_nr + 2; k++)
			array[k] = canary;
		err = device_ioctl(ESTP_IOC_LIST, &request);
		for (k = 0; k < fits; k++)
			right += bsearch(&array[k], want, want_nr, sizeof(*want), by_bytes) != NULL;
		for (; k < want_nr + 2; k++)
			right += !memcmp(&array[k], &canary, sizeof(canary));
		ok(!err && request.count == want_nr && right == want_nr + 2 &&
		   request.capacity == caps[i],
		   "capacity %u: %u filled, no byte more, the count of all", caps[i], fits);
	}
	free(array);
}

/* One answer, one moment ---------------------------------------------------------------- */

static volatile bool stop;
static u8 *pair;

static void register_pair(bool apart)
{
	struct table t;
	int i;

	table_init(&t, pair);
	for (i = 0; i < 2; i++) {
		table_add(&t, ESTP_FAULT, pair + 100 * i * page + 0x10, 8, pair + 0x80);
		if (apart || i) {
			must(!table_register(&t));
			t.nr = 0;
			sched_yield();
		}
	}
	table_free(&t);
}

/* Where there is one CPU, the other looks when this one yields: in each of the states. */
static void *change(void *arg)
{
	bool apart = *(bool *)arg;

	while (!stop) {
		register_pair(apart);
		must(!madv_unregister(pair, 101 * page));
		sched_yield();
	}
	return NULL;
}

static void one_moment(bool apart)
{
	u32 both = 0, none = 0, one = 0, rounds, k;
	pthread_t thread;
	u64 end = now_ms() + 8000 * slowness();

	stop = false;
	must(!pthread_create(&thread, NULL, change, &apart));
	for (rounds = 0; now_ms() < end && (rounds < 300 || !both || !none || (apart && !one));
	     rounds++) {
		struct list list = list_own();
		u32 nr = 0;

		for (k = 0; k < list.nr; k++)
			nr += list.seq[k].start >= (u64)pair &&
			      list.seq[k].start < (u64)pair + 101 * page;
		both += nr == 2;
		none += nr == 0;
		one += nr == 1;
		list_free(&list);
		sched_yield();
	}
	stop = true;
	must(!pthread_join(thread, NULL));
	diag("%u answers: both %u, none %u, one %u", rounds, both, none, one);
	ok(both && none, "%sboth states were met", apart ? "twin: " : "");
	if (apart)
		ok(one, "twin: registered by two calls, one of two is met");
	else
		final(is(one, 0, "never one of the two that one call registers and one takes"));
}

void test(void)
{
	need_estp();
	page = page_size();
	base = pages_new(12);
	pair = pages_new(101);
	complete("nothing");
	register_page(9);
	complete("one page");
	register_twice();
	complete("one span with two responses");
	register_masks();
	complete("masks");
	register_random(20);
	complete("random entries");
	register_page(3);
	register_page(10);
	register_random(400);
	complete("many");
	capacities();
	one_moment(false);
	one_moment(true);
}
