// SPDX-License-Identifier: MIT
/*
 * KRN-1 to KRN-4, KRN-9 to KRN-12, LIM-33: a fault of the kernel in a registered page of
 * kernel text goes on at the response, whatever the address and the context; the
 * accessors that estp.ko makes of this say exactly what was done.
 *
 * Method: prober.ko calls them for us: at addresses of the kernel and of this program, from
 * process, softirq, hardirq and NMI context, with interrupts and with page faults off, from
 * kprobes, while somebody else holds mmap_lock, and where one task is being switched to the next, or to none.  Each call says whether it was made in
 * that context.  The twin is the same code on a page that is not registered: there the
 * kernel is about to die, which prober.ko sees.
 *
 * vm: --file build/tests/guest/modules/prober.ko
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "machine.h"
#include "../modules/krn.h"

const unsigned int test_seconds = 60;

#define PROBER	"/estp/build/tests/guest/modules/prober.ko"

static int dev = -1;
static struct krn_places at;

static const char *const context_name[KRN_CONTEXT_NR] = {
	"process", "page faults off", "interrupts off", "RCU reader", "softirq", "hardirq", "kprobe",
	"breakpoint", "NMI", "kprobe on the span", "mmap_lock held by another", "a switch to another task",
	"a switch to a task without memory",
};

static struct krn_call last;

/* Makes the call; sets last. */
static long try_call(u32 op, u32 context, u64 address, u64 value, u32 len)
{
	last = (struct krn_call) {
		.op = op, .context = context, .address = address, .value = value, .len = len,
	};
	for (u32 i = 0; i < sizeof(last.bytes); i++)
		last.bytes[i] = op % KRN_USER == KRN_COPY_TO ? 0x80 + i : 0;
	if (ioctl(dev, KRN_CALL, &last))
		bail("call %#x in %s: %s", op, context_name[context], strerror(errno));
	if (last.let_through)
		ok(false, "call %#x in %s leaves user space open to the kernel", op,
		   context_name[context]);
	return last.result;
}

/* Bails out where it was not made in that context. */
static long call(u32 op, u32 context, u64 address, u64 value, u32 len)
{
	long result = try_call(op, context, address, value, len);

	if (!last.in_context)
		bail("call %#x was not made in context %s", op, context_name[context]);
	return result;
}

/* last.bytes[0..n) are the pattern from @from on, and what follows was not touched. */
static bool copied(u32 n, u32 from)
{
	for (u32 i = 0; i < sizeof(last.bytes); i++)
		if (last.bytes[i] != (i < n ? KRN_BYTE(from + i) : 0))
			return false;
	return true;
}

static u64 pattern(u32 bytes)
{
	u64 v = 0;

	for (u32 i = 0; i < bytes; i++)
		v |= (u64)KRN_BYTE(i) << 8 * i;
	return v;
}

/* ---- Every context --------------------------------------------------------------------- */

static bool has(u32 context)
{
#ifdef __x86_64__
	return true;
#else
	return context != KRN_NMI && context != KRN_LAZY;
#endif
}

#define NOBODY	(~0u)

/* As a driver would look what is in a slot: FreeBSD's test_bs_fault. */
static u32 answers(u32 context, u64 slot)
{
	return call(KRN_FETCH32, context, slot, 0, 0) ? NOBODY : last.value;
}

static void addresses(u32 context)
{
	const char *name = context_name[context];
	static const struct {
		const char *what;
		size_t place;
	} bad[] = {
		{ "unmapped", offsetof(struct krn_places, hole) },
		{ "wild", offsetof(struct krn_places, wild) },
		{ "nobody's on the bus", offsetof(struct krn_places, no_device) },
	};

	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		u64 address = *(u64 *)((char *)&at + bad[i].place);
		bool right = true;

		for (u32 op = KRN_FETCH8; op <= KRN_FETCH64; op++)
			right &= call(op, context, address, ~0ull, 0) == -EFAULT && !last.value;
		for (u32 op = KRN_STORE8; op <= KRN_STORE64; op++)
			right &= call(op, context, address, 1, 0) == -EFAULT;
		right &= call(KRN_COPY_FROM, context, address, 0, 64) == 0 && copied(0, 0);
		right &= call(KRN_COPY_TO, context, address, 0, 64) == 0;
		right &= call(KRN_STRNCPY_FROM, context, address, 0, 64) == -EFAULT && copied(0, 0);
		right &= call(KRN_OWN, context, address, 0, 0) == -EFAULT;
		ok(right, "%s: what is %s answers", name, bad[i].what);
	}

	ok(call(KRN_STORE64, context, at.read_only, ~0ull, 0) == -EFAULT &&
	   call(KRN_COPY_TO, context, at.read_only, 0, 8) == 0 &&
	   call(KRN_STORE8, context, at.text, 0, 0) == -EFAULT &&
	   call(KRN_FETCH8, context, at.read_only, 0, 0) == 0 && last.value == KRN_BYTE(0),
	   "%s: what is read-only can be read, not written", name);
	is(answers(context, at.device), at.device_value, "%s: a scan of the bus finds the device", name);
	is(answers(context, at.no_device), NOBODY, "%s: and nobody behind it", name);
	ok(call(KRN_OWN, context, at.data, 0, 0) == KRN_BYTE(0) &&
	   call(KRN_FETCH64, context, at.data, 0, 0) == 0 && last.value == pattern(8) &&
	   call(KRN_COPY_FROM, context, at.data, 0, 64) == 64 && copied(64, 0),
	   "%s: what is there is read", name);
}

static void edges(u32 context)
{
	bool right = true;

	for (int before = 0; before <= 64; before++) {
		u64 address = at.hole - before;

		right &= call(KRN_COPY_FROM, context, address, 0, 64) == before &&
			 copied(before, 64 - before);
		right &= call(KRN_STRNCPY_FROM, context, address, 0, 64) ==
			 (before < 64 ? -EFAULT : 64) && copied(before, 64 - before);
		for (u32 log = 0; log < 4; log++)
			right &= call(KRN_FETCH8 + log, context, address, 0, 0) ==
				 (before >= 1 << log ? 0 : -EFAULT);
	}
	ok(right, "%s: copies end at exactly the first byte that is not there", context_name[context]);
	right = true;
	for (int before = 0; before < 64; before += 7) {
		right &= call(KRN_COPY_TO, context, at.hole - before, 0, 64) == before;
		right &= call(KRN_COPY_FROM, context, at.edge, 0, 64) == 64;
		for (u32 i = 0; i < 64; i++)
			right &= last.bytes[i] == ((int)i >= 64 - before ? 0x80 + i - (64 - before) : KRN_BYTE(i));
		for (u32 i = 0; i < 64; i++)
			right &= call(KRN_STORE8, context, at.edge + i, KRN_BYTE(i), 0) == 0;
	}
	ok(right, "%s: so they do in the other direction", context_name[context]);
}

/* ---- User space ---------------------------------------------------------------------------- */

static char *fresh(int prot)
{
	char *p = mmap(NULL, 2 * at.page_size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	/* Its second page is not there. */
	must(!munmap(p + at.page_size, at.page_size));
	return p;
}

static char *filled(void)
{
	char *p = fresh(PROT_READ | PROT_WRITE);

	for (u32 i = 0; i < 64; i++)
		p[at.page_size - 64 + i] = KRN_BYTE(i);
	return p;
}

static bool resident(const char *page)
{
	u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && pread(fd, &entry, 8, (u64)page / at.page_size * 8) == 8);
	close(fd);
	return entry >> 63;
}

static void user_present(u32 context, bool allowed)
{
	const char *name = context_name[context];
	char *p = filled(), *end = p + at.page_size, *edge = end - 64;
	bool right = true;

	if (!allowed) {
		ok(call(KRN_USER | KRN_FETCH8, context, (u64)edge, 0, 0) == -EFAULT &&
		   call(KRN_USER | KRN_STORE8, context, (u64)edge, 0, 0) == -EFAULT &&
		   call(KRN_USER | KRN_COPY_FROM, context, (u64)edge, 0, 8) == 0 &&
		   call(KRN_USER | KRN_COPY_TO, context, (u64)edge, 0, 8) == 0 &&
		   call(KRN_USER | KRN_STRNCPY_FROM, context, (u64)edge, 0, 8) == -EFAULT &&
		   *edge == KRN_BYTE(0),
		   "%s: user space is not accessed from there", name);
		munmap(p, at.page_size);
		return;
	}
	for (u32 log = 0; log < 4; log++) {
		u32 bytes = 1u << log;

		right &= call(KRN_USER | (KRN_FETCH8 + log), context, (u64)edge, 0, 0) == 0 &&
			 last.value == pattern(bytes);
		right &= call(KRN_USER | (KRN_FETCH8 + log), context, (u64)end, ~0ull, 0) == -EFAULT &&
			 !last.value;
		right &= call(KRN_USER | (KRN_STORE8 + log), context, (u64)p, ~0ull, 0) == 0 &&
			 !memcmp(p, "\377\377\377\377\377\377\377\377", bytes) && !p[bytes];
		memset(p, 0, 8);
		right &= call(KRN_USER | (KRN_STORE8 + log), context, (u64)end, 0, 0) == -EFAULT;
	}
	ok(right, "%s: user space, each width, there and not there", name);

	right = true;
	for (int before = 0; before <= 64; before++) {
		right &= call(KRN_USER | KRN_COPY_FROM, context, (u64)end - before, 0, 64) == before &&
			 copied(before, 64 - before);
		right &= call(KRN_USER | KRN_STRNCPY_FROM, context, (u64)end - before, 0, 64) ==
			 (before < 64 ? -EFAULT : 64);
	}
	for (int before = 0; before <= 64; before += 9) {
		memset(edge, 0, 64);
		right &= call(KRN_USER | KRN_COPY_TO, context, (u64)end - before, 0, 64) == before;
		for (u32 i = 0; i < 64; i++)
			right &= (u8)edge[i] == ((int)i >= 64 - before ? 0x80 + i - (64 - before) : 0);
	}
	strcpy(p, "a string");
	right &= call(KRN_USER | KRN_STRNCPY_FROM, context, (u64)p, 0, 64) == 8 &&
		 !strcmp((char *)last.bytes, p);
	right &= call(KRN_USER | KRN_STRNCPY_FROM, context, (u64)p, 0, 4) == 4 &&
		 !memcmp(last.bytes, "a st\0", 5);
	ok(right, "%s: user copies and strings end where the memory ends", name);

	must(!mprotect(p, at.page_size, PROT_READ));
	right = call(KRN_USER | KRN_STORE64, context, (u64)p, 1, 0) == -EFAULT &&
		call(KRN_USER | KRN_COPY_TO, context, (u64)p, 0, 8) == 0 && !strcmp(p, "a string") &&
		call(KRN_USER | KRN_FETCH8, context, (u64)p, 0, 0) == 0 && last.value == 'a';
	ok(right, "%s: read-only user memory", name);
	munmap(p, at.page_size);
}

static void user_refusals(void)
{
	u64 stack = (u64)&stack;
	bool right = true;

	for (u32 op = KRN_FETCH8; op <= KRN_FETCH64; op++)
		right &= call(KRN_USER | op, KRN_PROCESS, at.data, ~0ull, 0) == -EFAULT && !last.value &&
			 call(op, KRN_PROCESS, stack, ~0ull, 0) == -EFAULT && !last.value;
	for (u32 op = KRN_STORE8; op <= KRN_STORE64; op++)
		right &= call(KRN_USER | op, KRN_PROCESS, at.data, 0, 0) == -EFAULT &&
			 call(op, KRN_PROCESS, stack, 0, 0) == -EFAULT;
	right &= call(KRN_USER | KRN_COPY_FROM, KRN_PROCESS, at.data, 0, 8) == 0 &&
		 call(KRN_COPY_FROM, KRN_PROCESS, stack, 0, 8) == 0 &&
		 call(KRN_USER | KRN_COPY_TO, KRN_PROCESS, at.data, 0, 8) == 0 &&
		 call(KRN_COPY_TO, KRN_PROCESS, stack, 0, 8) == 0 &&
		 call(KRN_USER | KRN_STRNCPY_FROM, KRN_PROCESS, at.data, 0, 8) == -EFAULT &&
		 call(KRN_STRNCPY_FROM, KRN_PROCESS, stack, 0, 8) == -EFAULT &&
		 copied(0, 0) && stack == (u64)&stack;
	right &= call(KRN_FETCH8, KRN_PROCESS, at.data, 0, 0) == 0 && last.value == KRN_BYTE(0);
	ok(right, "neither kind takes an address of the other half");
	/* The last bytes before the end: nothing wraps, nothing reaches over. */
	ok(call(KRN_FETCH64, KRN_PROCESS, -4ull, 0, 0) == -EFAULT &&
	   call(KRN_FETCH64, KRN_PROCESS, -8ull, 0, 0) == -EFAULT &&
	   call(KRN_COPY_FROM, KRN_PROCESS, -16ull, 0, 64) == 0 &&
	   call(KRN_USER | KRN_FETCH64, KRN_PROCESS, -4ull, 0, 0) == -EFAULT,
	   "nor the end of the address space");
#ifdef __x86_64__
	ok(call(KRN_FETCH8, KRN_PROCESS, 0xffffffffff600000, 0, 0) == -EFAULT &&
	   call(KRN_FETCH64, KRN_PROCESS, 0xffffffffff5ffffc, 0, 0) == -EFAULT &&
	   call(KRN_FETCH8, KRN_PROCESS, 0x7ffffffff000, 0, 0) == -EFAULT,
	   "nor the vsyscall page, nor the one after user space");
#endif
}

/* Kernel addresses: who holds mmap_lock for writing waits in vain for the call to wait. */
static void kernel_contended(void)
{
	const u64 bad[] = { at.read_only, at.text, at.hole, at.wild, at.no_device };
	bool right = true, waited = false;

	for (u32 i = 0; i < ARRAY_LEN(bad); i++)
		for (u32 op = KRN_FETCH8; op <= KRN_OWN; op++) {
			bool store = (op >= KRN_STORE8 && op <= KRN_STORE64) || op == KRN_COPY_TO;
			bool copy = op == KRN_COPY_FROM || op == KRN_COPY_TO;
			long result;

			/* What is read-only can be read. */
			if (i < 2 && !store)
				continue;
			result = try_call(op, KRN_CONTENDED, bad[i], 1, 8);
			right &= result == (copy ? 0 : -EFAULT);
			waited |= last.in_context;
		}
	ok(right && !waited, "kernel addresses: nobody waits for mmap_lock, where it could not be had");
}

/* Every kind of access is refused there, where the kernel's own, which asks nobody, finds @value. */
static void user_refused(u32 context, u64 p, u64 value, const char *finds)
{
	bool right = true, seen = true;

	for (u32 op = KRN_FETCH8; op <= KRN_STRNCPY_FROM; op++) {
		bool copy = op == KRN_COPY_FROM || op == KRN_COPY_TO;

		right &= call(KRN_USER | op, context, p, 0, 8) == (copy ? 0 : -EFAULT);
		right &= op == KRN_COPY_TO || copied(0, 0);
		seen &= last.seen == value;
	}
	ok(seen, "%s: the kernel's own access finds %s", context_name[context], finds);
	final(ok(right, "%s: user memory is refused", context_name[context]));
}

/*
 * To the idle task.  The tables are one's own still, but what others unmap of them this CPU is not told any more (x86).
 */
static void user_lazy(void)
{
	volatile u64 *p = (u64 *)fresh(PROT_READ | PROT_WRITE);

	if (!has(KRN_LAZY)) {
		skip("%s: x86's alone", context_name[KRN_LAZY]);
		return;
	}
	*p = pattern(8);
	user_refused(KRN_LAZY, (u64)p, pattern(8), "one's own memory");
	final(ok(*p == pattern(8), "nothing was written to it"));
	munmap((void *)p, at.page_size);
}

/* Another process, which has its own at the same address and the same CPU, comes after us again and again. */
static void user_switched(void)
{
	const u64 own = pattern(8), others = ~own;
	volatile u64 *p = (u64 *)fresh(PROT_READ | PROT_WRITE);
	struct { volatile u32 ready, stop; } *s = shared(sizeof(*s));
	int status;
	pid_t pid;

	*p = own;
	pin(0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		*p = others;
		s->ready = 1;
		while (!s->stop)
			;
		_exit(*p == others ? 0 : 2);
	}
	must(wait_until(s->ready, 20000));
	user_refused(KRN_SWITCHED, (u64)p, others, "the next one's memory");
	final(ok(*p == own, "nothing was written to one's own"));
	s->stop = 1;
	must(waitpid(pid, &status, 0) == pid);
	final(ok(exited_with(status, 0), "nothing was written to the next one's"));
	ok(call(KRN_USER | KRN_FETCH64, KRN_IRQS_OFF, (u64)p, 0, 0) == 0 && last.value == own,
	   "twin: settled, it is one's own");
	munmap((void *)p, at.page_size);
}

static void user_not_present(void)
{
	char *p = fresh(PROT_READ | PROT_WRITE);
	char path[] = "/tmp/shortXXXXXX";
	int fd;

	ok(!resident(p) && call(KRN_USER | KRN_FETCH8, KRN_PAGEFAULTS_OFF, (u64)p, 0, 0) == -EFAULT &&
	   call(KRN_USER | KRN_FETCH8, KRN_IRQS_OFF, (u64)p, 0, 0) == -EFAULT &&
	   call(KRN_USER | KRN_COPY_TO, KRN_IRQS_OFF, (u64)p, 0, 8) == 0 &&
	   call(KRN_USER | KRN_STRNCPY_FROM, KRN_IRQS_OFF, (u64)p, 0, 8) == -EFAULT &&
	   call(KRN_USER | KRN_FETCH8, KRN_RCU, (u64)p, 0, 0) == -EFAULT &&
	   call(KRN_USER | KRN_FETCH8, KRN_HARDIRQ, (u64)p, 0, 0) == -EFAULT && !resident(p),
	   "page faults or interrupts off, a reader of RCU: memory that is not present is not there");
	ok(call(KRN_USER | KRN_FETCH8, KRN_PROCESS, (u64)p, 1, 0) == 0 && !last.value,
	   "page faults on: it is brought in to be read");
	ok(call(KRN_USER | KRN_STORE8, KRN_PROCESS, (u64)p, 7, 0) == 0 && *p == 7 && resident(p),
	   "and to be written, in place of the page of zeros");
	munmap(p, at.page_size);
	p = fresh(PROT_READ | PROT_WRITE);
	ok(!resident(p) && call(KRN_USER | KRN_COPY_TO, KRN_PROCESS, (u64)p + at.page_size - 32, 0, 64) == 32 &&
	   (u8)p[at.page_size - 1] == 0x80 + 31, "a copy brings it in and ends where it ends");
	munmap(p, at.page_size);

	p = fresh(PROT_READ | PROT_WRITE);
	ok(try_call(KRN_USER | KRN_STORE64, KRN_CONTENDED, (u64)p, pattern(8), 0) == 0 &&
	   last.in_context && *(u64 *)p == pattern(8), "the fault waits for mmap_lock where another holds it");
	munmap(p, at.page_size);

	fd = mkstemp(path);
	must(fd >= 0);
	p = mmap(NULL, at.page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	ok(call(KRN_USER | KRN_FETCH8, KRN_PROCESS, (u64)p, 0, 0) == -EFAULT,
	   "what would be a SIGBUS: behind the end of a file");
	must(!ftruncate(fd, 1));
	ok(call(KRN_USER | KRN_FETCH8, KRN_PROCESS, (u64)p, 0, 0) == 0, "twin: the file has got longer");
	munmap(p, at.page_size);
	close(fd);
	unlink(path);
	p = fresh(PROT_NONE);
	ok(call(KRN_USER | KRN_FETCH8, KRN_PROCESS, (u64)p, 0, 0) == -EFAULT &&
	   call(KRN_USER | KRN_STORE8, KRN_PROCESS, (u64)p, 0, 0) == -EFAULT, "PROT_NONE");
	munmap(p, at.page_size);
}

static void twins(void)
{
	u64 bad[] = { at.hole, at.wild };

	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		long result = call(KRN_TWIN, KRN_PROCESS, bad[i], 0, 0);

		ok(result == -EFAULT && last.died == 1,
		   "twin: on a page that is not registered the kernel dies of %#llx (%u)",
		   (unsigned long long)bad[i], last.died);
		result = call(KRN_OWN, KRN_PROCESS, bad[i], 0, 0);
		ok(result == -EFAULT && !last.died, "on one that is it does not");
	}
}

void test(void)
{
	int err;

	need_estp();
	err = load_file(PROBER, "");
	if (err)
		bail("prober.ko: %s", strerror(-err));
	dev = open("/dev/prober", O_RDWR | O_CLOEXEC);
	must(dev >= 0 && !ioctl(dev, KRN_PLACES, &at));

	for (u32 context = KRN_PROCESS; context <= KRN_NMI; context++)
		if (has(context)) {
			addresses(context);
			edges(context);
		} else {
			skip("%s: these kernels have none (CONFIG_ARM64_PSEUDO_NMI)", context_name[context]);
		}
	for (u32 context = KRN_PROCESS; context <= KRN_NMI; context++)
		if (has(context))
			user_present(context, context != KRN_NMI
#ifdef __x86_64__
				     && context != KRN_BREAKPOINT /* counts as one there */
#endif
				     );
	ok(call(KRN_OWN, KRN_SPAN_PROBED, at.hole, 0, 0) == -EFAULT &&
	   call(KRN_OWN, KRN_SPAN_PROBED, at.data, 0, 0) == KRN_BYTE(0),
	   "a kprobe on the instruction that faults does not come in between");
	kernel_contended();
	user_refusals();
	user_not_present();
	user_lazy();
	user_switched();
	twins();
	close(dev);
	is(unload_name("prober"), 0, "prober.ko goes");
}
