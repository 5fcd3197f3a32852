// SPDX-License-Identifier: MIT
/*
 * Clauses: TAB-9, REG-16, REG-17, UNREG-1, UNREG-2, UNREG-3, LIFE-2, LIFE-3, LIFE-7,
 * LIFE-9.
 * Claim: after any history of registering, replacing, unregistering, unmapping, mapping
 * anew, sweeping and forking, each process has exactly the sequences that the ABI says.
 * Method: random histories over a few pages for up to four processes, each beside its
 * model; after every step the whole list is compared, and each kind of event near each
 * boundary, those of sequences gone since the last few steps included. With ESTP_FUZZER it is
 * libFuzzer's (tests/fuzz_core): its input is the history.
 */
#include "shape.h"

#define PROCESSES	4
#define GONE		64

static struct process {
	bool there;
	struct registrar r;
	struct model model;
} process[PROCESSES];

static struct arena arena;
static struct estp_sequence seq[300];
static u64 gone[GONE];		/* where something was a short while ago */
static u32 gone_nr;
static u64 steps[9];		/* how often each step was made */

enum { ADD_PAGE, ADD_TABLE, ADD_AGAIN, UNREGISTER, UNMAP, SWEEP, FORK, EXIT, NOTHING_FOUND };

static void remember(const struct model *model)
{
	u32 i;

	for (i = 0; i < 4 && model->nr; i++) {
		const struct estp_sequence *s = &model->seq[random_below(model->nr)];

		gone[gone_nr++ % GONE] = s->start + round_to(&arena, random_below(s->length));
	}
}

static u64 random_page_addr(void)
{
	return arena.addr + random_below(arena.pages) * arena.page_size;
}

/* Mostly one page, sometimes several, sometimes far more than there are. */
static void random_range(u64 *start, u64 *end)
{
	*start = random_page_addr();
	*end = *start + arena.page_size * (one_in(3) ? 1 + random_below(4) : 1);
	if (one_in(30)) {
		*start -= 1000ull * arena.page_size;
		*end = *start + random_below(2000) * arena.page_size;
	}
}

static void unmap(struct process *p)
{
	u64 start, end;

	random_range(&start, &end);
	registrar_unmap(&p->r, start, end);
	model_unmap(&p->model, start, end);
	steps[UNMAP]++;
}

/* What the kernel does to an address space while the module has let go of its lock. */
static void meanwhile(struct registrar *r, void *arg)
{
	(void)r;
	if (one_in(2))
		unmap(arg);
}

static void unregister(struct process *p)
{
	u64 start, end;
	bool found, want;

	random_range(&start, &end);
	found = registrar_unregister(&p->r, start, end);
	want = model_unregister(&p->model, start, end);
	expect(found == want, "found %d", found);
	steps[want ? UNREGISTER : NOTHING_FOUND]++;
}

static void add_page(struct process *p)
{
	u64 addr = random_page_addr();
	u32 nr = random_page(&arena, addr, seq, 1 + random_below(one_in(20) ? 255 : 8));

	expect(registrar_add_page(&p->r, addr, seq, nr), "page");
	model_add_page(&p->model, addr, seq, nr);
	steps[ADD_PAGE]++;
}

static void add_table(struct process *p)
{
	u32 nr = random_table(&arena, seq, 1 + random_below(one_in(20) ? 60 : 6));

	expect(registrar_add_table(&p->r, seq, nr), "table");
	model_add_table(&p->model, seq, nr);
	steps[ADD_TABLE]++;
}

/* The same keys once more, with other responses. */
static void add_again(struct process *p)
{
	u32 i, nr = 0;

	for (i = 0; i < p->model.nr && nr < 20; i++) {
		struct estp_sequence *s = &seq[nr];

		if (p->model.seq[i].layout != ESTP_LAYOUT_TABLE || one_in(2))
			continue;
		*s = p->model.seq[i];
		s->response = arena.addr + random_below(arena_bytes(&arena) - s->response_len);
		nr++;
	}
	if (!nr)
		return;
	expect(registrar_add_table(&p->r, seq, nr), "again");
	model_add_table(&p->model, seq, nr);
	steps[ADD_AGAIN]++;
}

static void end(struct process *p)
{
	registrar_stop(&p->r);
	model_stop(&p->model);
	p->there = false;
	steps[EXIT]++;
}

static void begin(struct process *p)
{
	registrar_start(&p->r, arena.page_size);
	model_start(&p->model, arena.page_size);
	p->r.step = 1 + random_below(20);
	p->r.unlocked = meanwhile;
	p->r.arg = p;
	p->there = true;
}

static void fork_into(struct process *child, const struct process *parent)
{
	if (child->there)
		end(child);
	registrar_fork(&child->r, &parent->r);
	model_fork(&child->model, &parent->model);
	child->r.unlocked = meanwhile;
	child->r.arg = child;
	child->there = true;
	steps[FORK]++;
	/* MADV_DONTFORK */
	if (one_in(2))
		unmap(child);
}

static void check(const struct process *p)
{
	u32 i;

	expect(registrar_sane(&p->r), "counters");
	compare_lists(&p->r, &p->model);
	compare_boundaries(&p->r, &p->model, &arena);
	for (i = 0; i < GONE; i++)
		compare_at(&p->r, &p->model, gone[i]);
}

static void step(struct process *p)
{
	struct process *other = &process[random_below(PROCESSES)];

	remember(&p->model);
	switch (random_below(26)) {
	case 0 ... 3:
		add_page(p);
		break;
	case 4 ... 10:
		add_table(p);
		break;
	case 11 ... 13:
		add_again(p);
		break;
	case 14 ... 16:
		unregister(p);
		break;
	case 17 ... 21:
		unmap(p);
		break;
	case 22:
		registrar_sweep(&p->r);
		steps[SWEEP]++;
		break;
	case 23 ... 24:
		if (other != p)
			fork_into(other, p);
		break;
	default:
		if (one_in(8))
			end(p);
	}
}

static void history(u32 length, u32 pages, u32 page_size, u32 span_max)
{
	u32 i, k;

	arena = (struct arena) {
		.addr = 0x7f0000000000 + random_below(1 << 20) * page_size,
		.page_size = page_size, .pages = pages, .align = page_size > 4096 ? 4 : 1,
		.span_max = span_max, .far_one_in = 2,
	};
	for (i = 0; i < length && !tap.misses && !random_spent(); i++) {
		struct process *p = &process[random_below(PROCESSES)];

		if (!p->there)
			begin(p);
		step(p);
		if (p->there)
			check(p);
		/* What one process does is nothing to the others. */
		if (one_in(10))
			for (k = 0; k < PROCESSES; k++)
				if (process[k].there)
					check(&process[k]);
	}
	for (k = 0; k < PROCESSES; k++)
		if (process[k].there)
			end(&process[k]);
	expect(host_pages_live == 0, "%llu pages leaked", (unsigned long long)host_pages_live);
}

#ifdef ESTP_FUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u32 sizes[] = { 4096, 16384, 65536, 4096 };
	u32 page_size, pages;

	random_source.at = data;
	random_source.end = data + size;
	gone_nr = 0;
	memset(gone, 0, sizeof(gone));
	page_size = sizes[random_below(4)];
	pages = 1 + random_below(6);
	history(40, pages, page_size, 40 << random_below(12));
	if (tap.misses)
		abort();
	tap.checks = 0;
	return 0;
}

#else

int main(void)
{
	u32 i;

	random_start();
	for (i = 0; i < 12; i++)
		history(150, 1 + random_below(4), 4096, 10000);
	claim("few pages");
	for (i = 0; i < 6; i++)
		history(200, 24, 4096, 30000);
	claim("many pages, wide spans");
	for (i = 0; i < 4; i++)
		history(150, 5, 65536, 100000);
	claim("64 KiB pages");
	for (i = 0; i < 4; i++)
		history(300, 40, 4096, 40);
	claim("many pages, narrow spans");
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		expect(steps[i] > 20, "step %u: %llu", i, (unsigned long long)steps[i]);
	claim("every kind of step was made often");
	return tap_done();
}

#endif
