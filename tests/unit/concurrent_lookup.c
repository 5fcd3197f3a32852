// SPDX-License-Identifier: MIT
/*
 * Clauses: TAB-9, REG-14, REG-16.
 * Claim: while a set changes in every way, a reader that takes no lock never misses a
 * sequence that is registered all the time, and never sees half of one: replacing is
 * atomic, also for a span over several pages whose response is on yet another one.
 * Method: threads look up without pause while the writer replaces, adds, unregisters,
 * unmaps and moves; memory is freed when each reader has finished what it was at.
 * Response, mask and position of every variant belong together, so half of one shows.
 * Built with the thread sanitizer.
 */
#include <pthread.h>
#include <sched.h>
#include "host.h"
#include "registrar.h"
#include "tap.h"

#define READERS		2
#define ROUNDS		6000
#define PAGE		4096ull
#define ADDR		0x7f0000000000ull
#define STEADY		24u			/* pages that are always registered */
#define WIDE		(ADDR + 100 * PAGE)	/* a span of three pages, always registered */
#define WIDE_RESPONSE	(ADDR + 110 * PAGE)
#define COMING		(ADDR + 1000 * PAGE)	/* pages that come and go */
#define COMING_NR	300u
#define VARIANTS	16u

static struct registrar r;

/* ---- What is registered: variant v of a place has a response and mask of its own ----- */

static u64 response_of(u64 base, u32 v)
{
	return base + 0x800 + 16 * v;
}

static u32 mask_of(u32 v)
{
	return 0x10001u << v;
}

static struct estp_sequence sequence(u64 start, u32 length, u64 base, u32 v, u8 layout)
{
	return (struct estp_sequence) {
		.start = start, .length = length, .response = response_of(base, v),
		.selector = ESTP_INTERRUPT, .response_len = 4, .clear_mask = mask_of(v),
		.flags = v & 1, .layout = layout,
	};
}

static bool whole(const struct estp_match *match, u64 base)
{
	u32 v = (match->response - base - 0x800) / 16;

	return v < VARIANTS && match->response == response_of(base, v) &&
	       match->clear_mask == mask_of(v) && match->reset_pkey == (v & 1);
}

/* ---- Readers ------------------------------------------------------------------------------ */

static u64 epoch = 1;
static bool done;

static struct reader {
	pthread_t thread;
	u64 at;				/* epoch of its section, 0 outside of one */
	u64 rng;
	u64 sections, missed, torn, came, absent;
} reader[READERS];

static u64 next(struct reader *me)
{
	me->rng = me->rng * 6364136223846793005u + 1442695040888963407u;
	return me->rng >> 33;
}

static bool look(const struct estp_index *ix, u64 pc, struct estp_match *match)
{
	const struct estp_page *page = estp_index_page(ix, pc);

	return page && estp_match(ix, page, pc, ESTP_INTERRUPT, 0, match);
}

static void steady(struct reader *me, const struct estp_index *ix)
{
	u64 page = ADDR + next(me) % STEADY * PAGE;
	struct estp_match match;

	if (!look(ix, page + 0x100 + next(me) % 8, &match))
		me->missed++;
	else if (!whole(&match, page))
		me->torn++;
}

static void wide(struct reader *me, const struct estp_index *ix)
{
	struct estp_match match;

	if (!look(ix, WIDE + next(me) % (3 * PAGE), &match))
		me->missed++;
	else if (!whole(&match, WIDE_RESPONSE))
		me->torn++;
}

static void coming(struct reader *me, const struct estp_index *ix)
{
	u64 page = COMING + next(me) % COMING_NR * PAGE;
	struct estp_match match;

	if (!look(ix, page + 0x100, &match))
		me->absent++;
	else if (whole(&match, page))
		me->came++;
	else
		me->torn++;
}

static void *read_on(void *arg)
{
	struct reader *me = arg;

	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		const struct estp_index *ix;
		u32 i;

		__atomic_store_n(&me->at, __atomic_load_n(&epoch, __ATOMIC_SEQ_CST),
				 __ATOMIC_SEQ_CST);
		ix = estp_load(&r.set.index);
		for (i = 0; i < 20; i++) {
			steady(me, ix);
			wide(me, ix);
			coming(me, ix);
		}
		__atomic_store_n(&me->at, 0, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&me->sections, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* ---- Memory is freed when nobody can hold it ------------------------------------------------ */

static void *retired[4096];
static u32 retired_nr;

static void wait_for_readers(void)
{
	u64 now = __atomic_add_fetch(&epoch, 1, __ATOMIC_SEQ_CST);
	u32 i;

	for (i = 0; i < READERS; i++)
		for (;;) {
			u64 at = __atomic_load_n(&reader[i].at, __ATOMIC_SEQ_CST);

			if (!at || at >= now)
				break;
			sched_yield();
		}
	while (retired_nr)
		free(retired[--retired_nr]);
}

static void retire(void *memory)
{
	retired[retired_nr++] = memory;
	if (retired_nr == sizeof(retired) / sizeof(*retired))
		wait_for_readers();
}

/* ---- The writer ------------------------------------------------------------------------------ */

static void add_steady(u32 i)
{
	u64 page = ADDR + i * PAGE;
	struct estp_sequence seq = sequence(page + 0x100, 8, page, random_below(VARIANTS),
					    ESTP_LAYOUT_PAGE);

	registrar_add_page(&r, page, &seq, 1);
}

static void add_wide(void)
{
	struct estp_sequence seq = sequence(WIDE, 3 * PAGE, WIDE_RESPONSE,
					    random_below(VARIANTS), ESTP_LAYOUT_TABLE);

	registrar_add_table(&r, &seq, 1);
}

static void add_coming(u64 page)
{
	u8 layout = random_below(2);
	struct estp_sequence seq = sequence(page + 0x100, 8, page, random_below(VARIANTS), layout);

	if (layout == ESTP_LAYOUT_PAGE)
		registrar_add_page(&r, page, &seq, 1);
	else
		registrar_add_table(&r, &seq, 1);
}

static u64 fork_copies;

/* A child that comes and goes holds the same pages. */
static void fork_and_exit(void)
{
	struct registrar child;

	registrar_fork(&child, &r);
	registrar_stop(&child);
	fork_copies++;
}

static void change(void)
{
	u64 page = COMING + random_below(COMING_NR) * PAGE;

	switch (random_below(16)) {
	case 0 ... 2:
		add_steady(random_below(STEADY));
		break;
	case 3 ... 5:
		add_wide();
		break;
	case 6 ... 11:
		add_coming(page);
		break;
	case 12:
		registrar_unregister(&r, page, page + PAGE);
		break;
	case 13 ... 14:
		registrar_unmap(&r, page, page + 20 * PAGE);
		break;
	default:
		if (one_in(20))
			fork_and_exit();
	}
	/* Wide entries and responses come and go on the pages beside. */
	if (one_in(4)) {
		u64 start = COMING + random_below(COMING_NR - 3) * PAGE + 0x200;
		struct estp_sequence seq = sequence(start, 2 * PAGE, WIDE_RESPONSE, 0,
						    ESTP_LAYOUT_TABLE);

		seq.selector = ESTP_FAULT;
		seq.causes = 1;
		seq.clear_mask = seq.flags = seq.response_len = 0;
		registrar_add_table(&r, &seq, 1);
	}
}

/* Old and new of everything stand side by side for a while: readers come to run. */
static void breathe(void)
{
	sched_yield();
}

int main(void)
{
	u64 missed = 0, torn = 0, came = 0, absent = 0, moved;
	u32 i;

	random_start();
	host_retire = retire;
	registrar_start(&r, PAGE);
	r.step = 16;
	for (i = 0; i < STEADY; i++)
		add_steady(i);
	add_wide();
	for (i = 0; i < READERS; i++) {
		reader[i].rng = random_word();
		pthread_create(&reader[i].thread, NULL, read_on, &reader[i]);
	}
	moved = r.slots_moved;
	for (i = 0; i < ROUNDS; i++) {
		change();
		if (one_in(8))
			breathe();
		if (one_in(50))
			wait_for_readers();
	}
	expect(registrar_sane(&r), "counters");
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (i = 0; i < READERS; i++) {
		pthread_join(reader[i].thread, NULL);
		missed += reader[i].missed;
		torn += reader[i].torn;
		came += reader[i].came;
		absent += reader[i].absent;
		expect(reader[i].sections > 500, "reader %u: %llu sections", i,
		       (unsigned long long)reader[i].sections);
		printf("# reader %u: %llu sections\n", i, (unsigned long long)reader[i].sections);
	}
	expect(came > 1000 && absent > 1000, "%llu, %llu", (unsigned long long)came,
	       (unsigned long long)absent);
	expect(r.slots_moved > moved && fork_copies > 3, "moved, forked");
	claim("readers ran all the while, the set was changed in every way");
	expect(!missed, "%llu", (unsigned long long)missed);
	claim("what is always registered is never missed");
	expect(!torn, "%llu", (unsigned long long)torn);
	claim("no answer is half of one variant");
	registrar_stop(&r);
	wait_for_readers();
	expect(!host_pages_live, "%llu", (unsigned long long)host_pages_live);
	claim("nothing leaks");
	return tap_done();
}
