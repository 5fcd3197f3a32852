// SPDX-License-Identifier: MIT
/*
 * CPU-6, estp_percpu_alloc(3): an allocator may call estp_percpu_alloc() under a lock of its own that its handlers
 * take at fork, registered before the first of these calls; a child finds both locks free. It may register them
 * before libestp's constructor has run, if it calls estp_percpu_atfork() before, and so it may at its first malloc(),
 * though that be one of pthread_atfork()'s.
 *
 * Method: a thread allocates and frees under such a lock, without a break, while another forks, and the
 * children allocate. Were the lock of libestp taken first at fork, each would soon wait for the other's. The
 * twin does without handlers: there some child has to find the allocator's lock taken for ever. For handlers that
 * are registered early the program runs once more, and does so in .preinit_array; the twin of that does not call
 * estp_percpu_atfork(), and waits for itself. For an allocator that begins at its first malloc() the program's own
 * malloc() does so, and its own pthread_atfork() calls malloc(), as musl's may; one that did not call
 * estp_percpu_atfork() there waits for itself as well.
 */
#include "machine.h"
#include <estp/percpu.h>

#define FORKS		200
#define PATIENCE	20	/* seconds that a child may take */
#define CHILD_SECONDS	2	/* after which the twin's is taken for stuck */

const unsigned int test_seconds = 60;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile bool stop, handles = true;
static volatile u64 rounds;

static void take(void)
{
	if (handles)
		pthread_mutex_lock(&mutex);
}

static void give(void)
{
	if (handles)
		pthread_mutex_unlock(&mutex);
}

static void allocate(void)
{
	void *p;

	pthread_mutex_lock(&mutex);
	p = estp_percpu_alloc(64, 0);
	must(p);
	estp_percpu_free(p);
	pthread_mutex_unlock(&mutex);
}

static void *allocates(void *unused)
{
	while (!stop) {
		allocate();
		rounds++;
	}
	return NULL;
}

/* How many children came to their end. */
static unsigned int fork_beside(unsigned int forks)
{
	unsigned int good = 0;
	u64 before;
	int status;
	pid_t pid;

	while (forks--) {
		before = rounds;
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			signal(SIGALRM, SIG_DFL);
			alarm(handles ? PATIENCE : CHILD_SECONDS);
			allocate();
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid);
		good += exited_with(status, 0);
		must(wait_until(rounds > before, 5000));
	}
	return good;
}

/* Of the program that runs once more; what it is to do. */
enum { EARLY = 1, TWIN, LAZY, LAZY_TWIN };

static int early(void)
{
	const char *text = getenv("EARLY");

	return text ? atoi(text) : 0;
}

static bool is_twin(void)
{
	return early() == TWIN || early() == LAZY_TWIN;
}

/* How the allocator begins that begins at its first malloc(); 0, it is none. */
static volatile int lazy;

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso);
extern void *__dso_handle;

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	void *volatile p = malloc(1);

	free(p);
	return __register_atfork(prepare, parent, child, __dso_handle);
}

/* The allocator: nothing is used twice, each piece has its size before it. */
static _Alignas(64) char arena[4 << 20];
static size_t used;

static void begin(void)
{
	int how = lazy;

	if (!how)
		return;
	lazy = 0;
	if (how == LAZY)
		must(!estp_percpu_atfork());
	must(!pthread_atfork(take, give, give));
}

void *memalign(size_t align, size_t size)
{
	size_t at;

	begin();
	align = align < 16 ? 16 : align;
	at = __atomic_fetch_add(&used, 16 + size + align, __ATOMIC_RELAXED);
	must(at + 16 + size + align <= sizeof(arena));
	at = (at + 16 + align - 1) & ~(align - 1);
	*(size_t *)(arena + at - 16) = size;
	return arena + at;
}

void *malloc(size_t size)
{
	return memalign(16, size);
}

void *calloc(size_t nr, size_t size)
{
	return memalign(16, nr * size);
}

void free(void *p)
{
}

void *realloc(void *p, size_t size)
{
	void *to = malloc(size);
	size_t had = p ? *(size_t *)((char *)p - 16) : 0;

	return memcpy(to, p ? p : to, had < size ? had : size);
}

static void before_all(void)
{
	if (early() >= LAZY) {
		lazy = early();
		return;
	}
	if (early() == EARLY)
		must(!estp_percpu_atfork());
	if (early())
		must(!pthread_atfork(take, give, give));
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = before_all;

__attribute__((constructor))
static void once_more(void)
{
	pthread_t thread;
	int forks;

	if (!early())
		return;
	/* Who begins late has done so. */
	must(!lazy);
	signal(SIGALRM, SIG_DFL);
	must(!pthread_create(&thread, NULL, allocates, NULL));
	for (forks = 0; forks < FORKS; forks++) {
		/* For one fork: it takes the whole process, wherever it waits. */
		alarm(is_twin() ? CHILD_SECONDS : PATIENCE);
		must(fork_beside(1) == 1);
	}
	_exit(0);
}

static void run_early(void *arg)
{
	char what[] = "EARLY=0", *argv[] = { what, NULL }, *env[] = { what, NULL };

	what[strlen(what) - 1] += *(int *)arg;
	execve("/proc/self/exe", argv, env);
	_exit(126);
}

void test(void)
{
	int how, status;
	unsigned int good, tries = 20;
	pthread_t thread;

	need_cpus(2);
	must(!pthread_atfork(take, give, give));
	must(!pthread_create(&thread, NULL, allocates, NULL));
	is(fork_beside(FORKS), FORKS, "each child allocates");
	handles = false;
	do
		good = fork_beside(1);
	while (good && --tries);
	ok(!good, "twin: without handlers a child finds the lock taken");
	stop = true;
	must(!pthread_join(thread, NULL));
	for (how = EARLY; how <= LAZY_TWIN; how++) {
		const char *when = how >= LAZY ? "at the first malloc()" : "before all constructors";

		status = run_child(run_early, &how, 4 * PATIENCE);
		if (how == EARLY || how == LAZY)
			ok(exited_with(status, 0), "handlers registered %s (%s)", when, ending(status));
		else
			ok(killed_by(status, SIGALRM), "twin: who has not said so waits for ever, %s (%s)", when,
			   ending(status));
	}
}
