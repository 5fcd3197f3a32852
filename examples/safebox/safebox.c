// SPDX-License-Identifier: MIT
/*
 * safebox - a box behind a protection key, its gate, and signals at every moment
 *
 *   every instruction	a tracer stops the process at each instruction of the gate and
 *			gives it a signal there; the handler looks
 *   storm		signals as they come
 *   fault		a load of the gate fails while the box is open
 *   attacks		the gate is deep inside, and the handler is hostile
 *
 * Each is done by a process with the gate's sequence registered, where returning from
 * a handler brings no rights back (signal.c, filter.c), and by its twin: the same gate,
 * not registered, and a usual return.
 *
 * Exit status: 0, the box held and the twins' did not; 1, not; 77, there is no ESTP
 * that resets protection keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>

#include <estp/object.h>

#include "frame.h"
#include "watch.h"
#include "../tap.h"

#define SIGNALS		1000	/* of the storm, that met the gate */
#define STORM_MAX_S	90
#define PCS_MAX		256
#define NO_OFFSET	(1ull << 50)	/* behind all memory, in bits that count */

union box box;

/* A process under judgement. */
static struct watched *watched;
static pid_t pid;
static int status;

static bool begin(const struct use *use)
{
	memset(watched, 0, sizeof(*watched));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		watch_run(use, watched);
	}
	return pid > 0 && (use->storm || (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)));
}

/* Lets it go on without a tracer for some passes, if it lives; then its end. */
static void end(void)
{
	uint64_t passes = watched->passes;

	while (watched->passes < passes + 3 && waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	watched->stop = watched->leave = true;
	if (watched->passes >= passes + 3)
		waitpid(pid, &status, 0);
}

static bool key_was_seen(void)
{
	return watched->key_in_frame || watched->key_in_fp || watched->key_in_registers;
}

static void say(const char *who)
{
	printf("# %s: %llu passes, %llu signals, %llu in the gate, %llu frames inside, %llu frames with open rights, "
	       "keys: %llu in frames, %llu in their FP areas, %llu in registers\n", who,
	       (unsigned long long)watched->passes, (unsigned long long)watched->signals,
	       (unsigned long long)watched->in_gate, (unsigned long long)watched->inside,
	       (unsigned long long)watched->frame_open, (unsigned long long)watched->key_in_frame,
	       (unsigned long long)watched->key_in_fp, (unsigned long long)watched->key_in_registers);
}

static bool nothing_was_seen(void)
{
	return !watched->inside && !watched->frame_open && !watched->handler_open &&
	       !watched->peeked && !key_was_seen();
}

static bool served(void)
{
	return watched->passes && !watched->wrong && !watched->refused && !watched->left_open;
}

static const struct use registered = { .registered = true, .fenced_in = true };
static const struct use registered_only = { .registered = true };
static const struct use twin;

static int at_every_instruction(const struct use *use)
{
	const char *pcs[PCS_MAX];
	int nr, i;

	if (!begin(use))
		return -1;
	nr = trace_list(pid, box_start, box_end, pcs, PCS_MAX);
	for (i = 0; i < nr; i++)
		if (trace_until(pid, pcs[i], 0) || trace_until(pid, watch_looked, SIGUSR1))
			break;
	trace_end(pid);
	end();
	say(use->registered ? "registered" : "twin");
	return i == nr ? nr : -1;
}

static void every_instruction(void)
{
	int nr = at_every_instruction(&registered);

	ok(nr > 40 && watched->signals == (uint64_t)nr && watched->in_gate == (uint64_t)nr,
	   "every instruction: a signal at each of the gate's %d", nr);
	ok(nr > 0 && nothing_was_seen(),
	   "every instruction: no handler saw the gate, a key or open rights, or could read the box");
	ok(nr > 0 && served(), "every instruction: entry was retried, each pass signed well");
	nr = at_every_instruction(&registered_only);
	ok(nr > 40 && watched->signals == (uint64_t)nr && nothing_was_seen() && served(),
	   "every instruction: nor with a usual return, by rt_sigreturn");
	nr = at_every_instruction(&twin);
	ok(nr > 40 && watched->inside == (uint64_t)nr && watched->frame_open && watched->key_in_frame &&
	   (watched->key_in_fp || !GATE_HAS_VECTORS) && served(),
	   "every instruction, twin: handlers saw the gate, keys, and frames with open rights");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One signal after the other, each when the one before has been seen: at any pace. */
static uint64_t in_storm(struct use use)
{
	struct estp_stats stats = { .mem_fd = -1 };
	double last = now() + STORM_MAX_S;
	unsigned int seed = 1, spin;
	uint64_t sent = 0;
	char path[32];
	int device;

	use.storm = true;
	if (!begin(&use))
		return 0;
	while (!watched->ready && waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	while (watched->in_gate < SIGNALS && now() < last) {
		if (watched->signals < sent) {
			if (waitpid(pid, &status, WNOHANG))
				break;
			sched_yield();
			continue;
		}
		seed = seed * 1664525 + 1013904223;
		for (spin = seed >> 22; spin; spin--)
			relax();
		kill(pid, SIGUSR1);
		sent++;
	}
	watched->stop = true;
	while (!watched->done && waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	stats.mem_fd = open(path, O_RDONLY | O_CLOEXEC);
	device = open(ESTP_DEVICE, O_RDONLY | O_CLOEXEC);
	if (ioctl(device, ESTP_IOC_STATS, &stats))
		memset(&stats, 0, sizeof(stats));
	close(device);
	close(stats.mem_fd);
	watched->leave = true;
	waitpid(pid, &status, 0);
	say(use.registered ? "registered" : "twin");
	return stats.diversions[ESTP_INTERRUPT];
}

static void storm(void)
{
	uint64_t diverted = in_storm(registered);

	ok(watched->done && watched->in_gate >= SIGNALS && diverted,
	   "storm: %llu signals met the gate, %llu were diverted",
	   (unsigned long long)watched->in_gate, (unsigned long long)diverted);
	ok(watched->done && nothing_was_seen(),
	   "storm: no handler saw the gate, a key or open rights, or could read the box");
	ok(watched->done && served(), "storm: each of %llu passes signed well",
	   (unsigned long long)watched->passes);
	diverted = in_storm(twin);
	ok(watched->done && !diverted && watched->frame_open && key_was_seen(),
	   "storm, twin: %llu frames with open rights, %llu keys in frames",
	   (unsigned long long)watched->frame_open, (unsigned long long)watched->key_in_frame);
}

/* The gate's load of the key fails: the tracer puts another offset into its register. */
static bool faulted(struct use use)
{
	use.own_faults = true;
	if (!begin(&use))
		return false;
	if (trace_until(pid, box_checked, 0) || tracee_set_offset(pid, NO_OFFSET))
		return false;
	trace_end(pid);
	end();
	return true;
}

static void fault(void)
{
	ok(faulted(registered) && watched->refused == 1 && !watched->wrong && !watched->faults,
	   "fault: the gate refuses once, no signal is generated");
	ok(!watched->left_open && watched->passes > 3, "fault: the box was closed");
	ok(faulted(twin) && watched->faults == 1 && watched->frame_open,
	   "fault, twin: a handler for SIGSEGV runs and finds open rights in its frame");
}

/* The handler strikes while the gate is deep inside. */
static bool attacked(struct use use, enum attack attack)
{
	use.attack = attack;
	if (!begin(&use) || trace_until(pid, box_mix, 0) || trace_until(pid, watch_looked, SIGUSR1))
		return false;
	trace_end(pid);
	end();
	return true;
}

static bool got_in(void)
{
	size_t i, known = 0;

	for (i = 0; i < BOX_SLOTS * BOX_WORDS; i++)
		known += watched->loot[i] * FINGER == fingerprints[i];
	return known || watched->looted || watched->reserved_signed || watched->left_open;
}

static void attacks(void)
{
	static const struct {
		enum attack attack;
		int killed;	/* how that ends: by this signal, or refused once */
		const char *what;
	} all[] = {
		{ THIEF, SIGSEGV, "returns to code that reads the box" },
		{ MIDDLE, 0, "returns into the gate, behind its check" },
		{ RIGHTS, SIGSEGV, "opens the frame's rights, returns to code that reads the box" },
		{ MIDDLE_RIGHTS, 0, "opens the frame's rights, returns into the gate" },
		{ SIGRETURN, SIGSYS, "opens the frame's rights, calls rt_sigreturn itself" },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ok(attacked(registered, all[i].attack) && !got_in() &&
		   (all[i].killed ? WIFSIGNALED(status) && WTERMSIG(status) == all[i].killed :
		    watched->refused == 1 && !watched->wrong),
		   "hostile: %s: does not get in", all[i].what);
		ok(attacked(twin, all[i].attack) && got_in(), "hostile, twin: %s: gets in", all[i].what);
	}
	ok(attacked(registered, SHUT) && !got_in() && watched->passes > 2,
	   "hostile: returns to where the gate closes the box, other rights in hand: it ends closed");
	if (FRAME_CAN_STEP) {
		ok(attacked(registered, STEP) && watched->signals > STEPS && nothing_was_seen() && served(),
		   "hostile: steps the gate by the trap flag: sees nothing, and when it gives up all is well");
		ok(attacked(twin, STEP) && watched->signals > STEPS && watched->frame_open && key_was_seen(),
		   "hostile, twin: steps the gate by the trap flag: sees it all");
	}
	ok(attacked(registered_only, THIEF) && !got_in() &&
	   attacked(registered_only, MIDDLE) && !got_in(),
	   "hostile: who leaves the frame's rights alone does not get in by rt_sigreturn either");
	ok(attacked(registered_only, RIGHTS) && got_in(),
	   "the limit: where rt_sigreturn is allowed it gives any rights to who writes its frame");
}

/*
 * Keys, and the signatures by which the judge knows them.  A key goes from memory to one
 * register at a time, never to the stack, where each later frame would find it.
 */
static void fingerprint(size_t slot)
{
	const volatile uint64_t *key = box.keys[slot];
	size_t i;

	for (i = 0; i < BOX_WORDS; i++)
		fingerprints[slot * BOX_WORDS + i] = key[i] * FINGER;
}

static bool fill(void)
{
	volatile uint64_t *to = box.keys[SLOT];
	uint64_t tag;
	size_t i;

	if (getrandom(&box, sizeof(box.keys), 0) != sizeof(box.keys))
		return false;
	for (i = 0; i < BOX_SLOTS; i++)
		fingerprint(i);
	/* Once the reserved key is in a slot that may be used: to know its signature. */
	for (i = 0; i < BOX_WORDS; i++)
		to[i] = *(volatile uint64_t *)&box.keys[RESERVED_SLOT][i];
	if (pkey_alloc(0, PKEY_DISABLE_ACCESS) != BOX_KEY ||
	    pkey_mprotect(&box, BOX_LEN, PROT_READ | PROT_WRITE, BOX_KEY) ||
	    box_sign(SLOT, WORD, &tag_reserved))
		return false;
	box_set_rights(BOX_OPEN);
	getrandom(box.keys[SLOT], sizeof(box.keys[SLOT]), 0);
	fingerprint(SLOT);
	box_set_rights(BOX_CLOSED);
	return !box_sign(SLOT, WORD, &tag_expected) && tag_expected != tag_reserved &&
	       box_sign(RESERVED_SLOT, WORD, &tag) == -EPERM && box_rights() == BOX_CLOSED;
}

int main(void)
{
	if (!estp_has(ESTP_FEATURE_RESET_PKEY))
		tap_skip("no ESTP that resets protection keys here");
	watched = mmap(NULL, sizeof(*watched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!ok(!estp_object_error(), "registration: %s", estp_strerror(estp_object_error())) ||
	    !ok(watched != MAP_FAILED && fill(), "the box is filled, the gate signs and refuses"))
		return tap_end();
	every_instruction();
	storm();
	fault();
	attacks();
	return tap_end();
}
