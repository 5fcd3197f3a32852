// SPDX-License-Identifier: MIT
/*
 * Probes, spinners, and what /dev/estp lists; probe.h says what they are.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "probe.h"

/* A busy host can keep a virtual CPU off for seconds. */
#define PATIENCE	20000	/* ms */

typedef long call_t(const void *arg);

_Static_assert(offsetof(struct spinner, stop) == 0, "the code's");
_Static_assert(offsetof(struct spinner, turns) == 8, "the code's");

size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Pages ------------------------------------------------------------------------ */

void *pages_new(unsigned int nr)
{
	void *pages = mmap(NULL, nr * page_size(), PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(pages != MAP_FAILED);
	return pages;
}

void probe_header(void *page, int which)
{
	u64 *word = page;
	int sel;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, ESTP_SELECTOR_NR);
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
		word[1 + sel] = ESTP_DESCRIPTOR(sel, probe_seq[sel].start, probe_seq[sel].end,
						probe_seq[sel].response[which]);
}

void *probe_new(u32 value)
{
	void *page = pages_new(1);

	probe_code(page, value);
	probe_header(page, 0);
	return page;
}

void probe_entries(struct table *t, void *page, int which)
{
	int sel;

	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
		table_add(t, sel, (u8 *)page + probe_seq[sel].start,
			  probe_seq[sel].end - probe_seq[sel].start,
			  (u8 *)page + probe_seq[sel].response[which]);
}

int probe_register(void *page)
{
	return madv_register(page, page_size());
}

int probe_register_table(void *page, int which)
{
	struct table t;
	int err;

	table_init(&t, page);
	probe_entries(&t, page, which);
	err = table_register(&t);
	table_free(&t);
	return err;
}

/* Faults that come back -------------------------------------------------------- */

static __thread sigjmp_buf *back;

static void go_back(int sig)
{
	if (back)
		siglongjmp(*back, 1);
	signal(sig, SIG_DFL);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = go_back, .sa_flags = SA_NODEFER };
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL };
	static pid_t done_in;
	unsigned int i;

	if (done_in == getpid())
		return;
	for (i = 0; i < ARRAY_LEN(sigs); i++)
		must(!sigaction(sigs[i], &action, NULL));
	done_in = getpid();
}

long guarded(long (*fn)(void *arg), void *arg)
{
	sigjmp_buf *volatile before = back;
	volatile long result = PROBE_FAULTED;
	sigjmp_buf here;

	catch_faults();
	/* The handler blocks no signal, so there is no mask to save. */
	if (!sigsetjmp(here, 0)) {
		back = &here;
		result = fn(arg);
	}
	back = before;
	return result;
}

struct call {
	call_t *fn;
	const void *arg;
};

static long do_call(void *arg)
{
	struct call *call = arg;

	return call->fn(call->arg);
}

static long call_at(const void *page, u32 off, const void *arg)
{
	struct call call = { (call_t *)((u64)page + off), arg };

	return guarded(do_call, &call);
}

long probe_load(const void *page, const void *addr)
{
	return call_at(page, probe_seq[ESTP_FAULT].start, addr);
}

/* Mines ------------------------------------------------------------------------- */

#define ANSWER_VALUE	0x7e570000l

struct mines mines_new(unsigned int pages)
{
	struct mines m = { .base = pages_new(pages), .len = pages * page_size() };
	u32 off, i;

	m.answers = m.len - MINE_ANSWERS * PROBE_ANSWER_LEN;
	for (off = 0; off < m.len; off += probe_mine_len)
		memcpy(m.base + off, probe_mine, probe_mine_len);
	for (i = 0; i < MINE_ANSWERS; i++)
		probe_answer(m.base + mine_answer(&m, i), ANSWER_VALUE + i);
	return m;
}

int mine_step(const struct mines *m, u32 off)
{
	long got = call_at(m->base, off, NULL);

	if (got == PROBE_FAULTED)
		return -1;
	if (got < ANSWER_VALUE || got >= ANSWER_VALUE + MINE_ANSWERS)
		bail("a mine returned %#lx", got);
	return got - ANSWER_VALUE;
}

/* Spinners ------------------------------------------------------------------------ */

static u32 handled;

static void note_signal(int sig)
{
	(void)sig;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *spin(void *arg)
{
	struct spinner *s = arg;

	s->tid = gettid_();
	if (s->cpu >= 0)
		pin(s->cpu);
	s->result = call_at(s->page, probe_seq[s->selector].start, s);
	__atomic_store_n(&s->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void spinner_start(struct spinner *s, const void *page, int selector, int cpu)
{
	struct sigaction action = { .sa_handler = note_signal };

	memset(s, 0, sizeof(*s));
	s->page = page;
	s->selector = selector;
	s->cpu = cpu;
	must(!sigaction(SIGUSR1, &action, NULL));
	must(!pthread_create(&s->thread, NULL, spin, s));
	if (!wait_until(s->turns || s->done, PATIENCE))
		bail("the spinner does not turn");
}

void spinner_event(struct spinner *s)
{
	u32 before = __atomic_load_n(&handled, __ATOMIC_SEQ_CST);
	u64 turns;

	if (s->selector == ESTP_PREEMPTION) {
		preempt(s->cpu);
	} else {
		if (s->done)
			return;
		must(!syscall(SYS_tgkill, getpid(), s->tid, SIGUSR1));
		if (!wait_until(__atomic_load_n(&handled, __ATOMIC_SEQ_CST) != before, PATIENCE))
			bail("the signal does not arrive");
	}
	turns = s->turns;
	if (!wait_until(s->turns > turns + 1 || s->done, PATIENCE))
		bail("the spinner stands still");
}

long spinner_end(struct spinner *s)
{
	s->stop = 1;
	if (!wait_until(s->done, PATIENCE))
		bail("the spinner does not stop");
	must(!pthread_join(s->thread, NULL));
	return s->result;
}

static long force(const void *page, int selector)
{
	struct spinner s;

	if (selector == ESTP_FAULT)
		return probe_load(page, NULL);
	spinner_start(&s, page, selector, cpus_nr() - 1);
	spinner_event(&s);
	return spinner_end(&s);
}

int probe(const void *page, u32 value, int selector)
{
	long undisturbed = selector == ESTP_FAULT ? PROBE_FAULTED : 0;
	long got = force(page, selector);
	int which;

	if (got == undisturbed)
		return -1;
	for (which = 0; which < 2; which++)
		if (got == PROBE_VALUE(value, selector, which))
			return which;
	bail("a probe returned %#lx", got);
}

/* Lists ----------------------------------------------------------------------------- */

int device_ioctl(unsigned long request, void *arg)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);
	must(fd >= 0);
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct estp_sequence *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

struct list list_of(int mem_fd)
{
	struct estp_list request = { .mem_fd = mem_fd };
	struct list l = { 0 };

	/* It may grow between the two calls: then once more. */
	do {
		free(l.seq);
		request.capacity = request.count + 64;
		l.seq = calloc(request.capacity, sizeof(*l.seq));
		must(l.seq);
		request.sequences = (u64)l.seq;
		must(!device_ioctl(ESTP_IOC_LIST, &request));
	} while (request.count > request.capacity);
	l.nr = request.count;
	qsort(l.seq, l.nr, sizeof(*l.seq), by_bytes);
	return l;
}

void list_free(struct list *l)
{
	free(l->seq);
	*l = (struct list) { 0 };
}

bool list_same(const struct list *a, const struct list *b)
{
	return a->nr == b->nr && !memcmp(a->seq, b->seq, a->nr * sizeof(*a->seq));
}

bool list_has(const struct list *l, int selector, const void *start, u64 len,
	      const void *response)
{
	u32 i, nr = 0;

	for (i = 0; i < l->nr; i++)
		nr += l->seq[i].selector == selector && l->seq[i].start == (u64)start &&
		      l->seq[i].length == len && l->seq[i].response == (u64)response;
	return nr == 1;
}

/* Guards ---------------------------------------------------------------------------- */

void guard_renew(struct guard *g)
{
	list_free(&g->list);
	g->stats = stats();
	g->list = list_own();
}

void guard_new(struct guard *g, u32 value)
{
	memset(g, 0, sizeof(*g));
	g->value = value;
	g->page = probe_new(value);
	must(!probe_register(g->page));
	guard_renew(g);
	if (probe_fault(g->page, value))
		bail("a registered probe does not divert");
}

bool guard_holds(struct guard *g)
{
	struct estp_stats now = stats();
	struct list list = list_own();
	bool same = list_same(&list, &g->list), diverts = !probe_fault(g->page, g->value);

	if (!same)
		diag("the list has changed: %u sequences, before %u", list.nr, g->list.nr);
	if (!diverts)
		diag("what was registered before does not divert any more");
	/* What had ended before may stop counting by and by (LIM-23). */
	if (now.pages > g->stats.pages || now.sequences != g->stats.sequences ||
	    now.memory > g->stats.memory) {
		diag("pages %llu (before %llu), sequences %llu (%llu), memory %llu (%llu)",
		     now.pages, g->stats.pages, now.sequences, g->stats.sequences,
		     now.memory, g->stats.memory);
		same = false;
	}
	list_free(&list);
	return same && diverts;
}

static bool judge(struct guard *g, int got, int err, const char *fmt, va_list args)
{
	bool right = got == -err, holds = guard_holds(g);
	char text[256];

	vsnprintf(text, sizeof(text), fmt, args);
	if (!right)
		diag("%s: got %s, should be %s", text, got ? strerrorname_np(-got) : "success",
		     err ? strerrorname_np(err) : "success");
	return ok(right && holds, "%s: %s, and nothing changed", text,
		  err ? strerrorname_np(err) : "success");
}

bool left_alone(struct guard *g, int got, int err, const char *fmt, ...)
{
	va_list args;
	bool right;

	va_start(args, fmt);
	right = judge(g, got, err, fmt, args);
	va_end(args);
	return right;
}

bool refused(struct guard *g, const void *addr, size_t len, int err, const char *fmt, ...)
{
	int got = madv_register(addr, len);
	va_list args;
	bool right;

	va_start(args, fmt);
	right = judge(g, got, err, fmt, args);
	va_end(args);
	return right;
}
