// SPDX-License-Identifier: MIT
/*
 * LIFE-2, LIFE-4, MEM-4: a child of fork has the parent's page set as it was at the fork,
 * whole; from then on the two are independent; counters of diversions and fences begin
 * at 0; a limit lowered since takes nothing from it.
 *
 * Method: a set of pages, entries, spans over several pages and far responses; the child
 * compares the list with the parent's and forces all three events; then either side
 * changes its set in every way and the other's is compared. The twin is a child forked
 * before the registration.
 */
#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define PAGES	6
#define MANY	3000

static u8 *base;
static size_t page;
static struct list *parents;		/* as of the fork; the parent's own memory */

static void arrange(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	struct table t;
	int i;

	for (i = 0; i < PAGES; i++) {
		probe_code(base + i * page, VALUE + 0x100 * i);
		probe_header(base + i * page, 0);
	}
	must(!madv_register(base, 2 * page));
	must(!probe_register_table(base + 2 * page, 1));
	table_init(&t, base);
	/* Response elsewhere; and over three pages. */
	table_add(&t, ESTP_FAULT, base + 3 * page + f->start, INSN_ALIGN, base + 5 * page + f->response[0]);
	table_add(&t, ESTP_FAULT, base + 4 * page - 16, page + 32, base + 3 * page + f->response[1])
		->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
}

/* 0 if everything that was arranged diverts as it was arranged. */
static int all_divert(void)
{
	int sel;

	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		if (probe(base, VALUE, sel) != 0)
			return 1 + sel;
		if (probe(base + 2 * page, VALUE + 0x200, sel) != 1)
			return 4 + sel;
	}
	if (probe_load(base + 3 * page, NULL) != PROBE_VALUE(VALUE + 0x500, ESTP_FAULT, 0))
		return 8;
	return 0;
}

static bool list_as_parents(void)
{
	struct list mine = list_own();
	bool same = list_same(&mine, parents);

	list_free(&mine);
	return same;
}

static void child(void *arg)
{
	struct estp_stats s = stats();
	int result;

	(void)arg;
	pin(0);
	if (s.fences || s.diversions[0] || s.diversions[1] || s.diversions[2])
		_exit(20);
	if (s.sequences != parents->nr || !s.pages || !s.memory)
		_exit(21);
	if (!list_as_parents())
		_exit(22);
	result = all_divert();
	if (result)
		_exit(result);
	s = stats();
	if (!s.diversions[0] || !s.diversions[1] || !s.diversions[2])
		_exit(23);
	_exit(0);
}

static void forks(void (*fn)(void *arg), const char *what)
{
	int status = run_child(fn, NULL, 15);

	if (!ok(exited_with(status, 0), "%s", what))
		diag("ended by %s", ending(status));
}

static void grandchild(void *arg)
{
	int status = run_child(child, arg, 10);

	_exit(exited_with(status, 0) ? 0 : 30);
}

static void *fork_in_thread(void *arg)
{
	(void)arg;
	forks(child, "a child forked by another thread");
	return NULL;
}

/* The child changes all; the parent looks afterwards. */
static void change_everything(void *arg)
{
	(void)arg;
	must(!madv_unregister(base, page));
	must(!munmap(base + page, page));
	must(!probe_register_table(base + 2 * page, 0));
	must(!probe_register(base + 3 * page));
	must(!munmap(base + 5 * page, page));
	must(!madv_fence());
	_exit(list_as_parents() ? 40 : 0);
}

static volatile u32 *step;

static void wait_for_parent(void *arg)
{
	(void)arg;
	*step = 1;
	if (!wait_until(*step == 2, 5000))
		_exit(50);
	child(arg);
}

static void *run_waiting(void *arg)
{
	forks(wait_for_parent, arg);
	return NULL;
}

/* The parent changes all after the fork; the child looks afterwards. */
static void parent_changes(void)
{
	char what[] = "what the parent changes after the fork is not the child's";
	pthread_t thread;

	must(!pthread_create(&thread, NULL, run_waiting, what));
	must(wait_until(*step == 1, 5000));
	must(!madv_unregister(base, PAGES * page));
	must(!probe_register_table(base + 5 * page, 0));
	*step = 2;
	must(!pthread_join(thread, NULL));
}

static void set_limit(unsigned int pages)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", pages);
	must(!write_file("/sys/module/estp/parameters/max_pages", text));
}

static void many_child(void *arg)
{
	u8 *many = arg;
	u32 i, wrong = 0;

	if (stats().pages != MANY || stats().sequences != MANY * ESTP_SELECTOR_NR)
		_exit(60);
	for (i = 0; i < MANY; i++)
		wrong += probe_fault(many + i * page, VALUE) != 0;
	_exit(wrong ? 61 : 0);
}

static void many(void)
{
	u8 *p = pages_new(MANY);
	u32 i;
	int status;

	for (i = 0; i < MANY; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, MANY * page));
	/* What was there before may count a moment longer (LIM-23). */
	must(wait_until(stats().pages == MANY, 2000));
	status = run_child(many_child, p, 15);
	ok(exited_with(status, 0), "%u pages: all of them divert in the child", MANY);
	set_limit(MANY / 2);
	status = run_child(many_child, p, 15);
	ok(exited_with(status, 0), "a limit lowered to half of it takes nothing from a child");
	set_limit(65536);
}

static void twin(void *arg)
{
	(void)arg;
	if (stats().pages || probe_fault(base, VALUE) != -1)
		_exit(70);
	_exit(0);
}

void test(void)
{
	struct list before, after;
	pthread_t thread;

	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	base = pages_new(PAGES);
	step = shared(page);
	parents = &before;
	forks(twin, "twin: a child forked before there was a set has none");
	arrange();
	must(!madv_fence());
	is(all_divert(), 0, "the parent's set");
	before = list_own();
	forks(child, "the child's set is the same, counters at 0");
	forks(grandchild, "and its child's");
	must(!pthread_create(&thread, NULL, fork_in_thread, NULL));
	must(!pthread_join(thread, NULL));
	forks(change_everything, "a child that changes everything");
	after = list_own();
	ok(list_same(&before, &after), "the parent's list is as before");
	is(all_divert(), 0, "and all of it diverts");
	parent_changes();
	must(!madv_unregister(base, PAGES * page));
	many();
}
