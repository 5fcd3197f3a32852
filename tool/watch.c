// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "object.h"
#include "process.h"
#include "watch.h"

/*
 * CPUs write into buffers of their own: one's event may become visible after another's
 * that is younger.  So what has happened just now waits for a moment.
 */
#define SETTLE_NS	20000000ull
/* The side band is read that often even if nothing happens: its rings are finite. */
#define IDLE_MS		100

u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

bool watch_open(struct watch *watch, const char *who, bool all, u32 buffer_kib, char *why,
		size_t why_len)
{
	char reason[256];
	bool records;

	*watch = (struct watch) { .who = who, .buffer_kib = buffer_kib };
	watch->session = session_open(all, buffer_kib, why, why_len);
	if (!watch->session)
		return false;
	watch->world = world_open(&records, reason, sizeof(reason));
	if (!records)
		fprintf(stderr, "%s: no names for processes that end soon after they have begun: %s\n",
			who, reason);
	return true;
}

struct follow {
	int *tid;		/* that are followed, or about to be */
	u32 nr;
	FILE *new;		/* the latter */
	bool any;
};

static void follow_thread(int tid, void *data)
{
	struct follow *follow = data;
	u32 i;

	for (i = 0; i < follow->nr; i++)
		if (follow->tid[i] == tid)
			return;
	follow->tid = tool_more(follow->tid, follow->nr, sizeof(int));
	follow->tid[follow->nr++] = tid;
	fprintf(follow->new, "%d ", tid);
	follow->any = true;
}

/*
 * Until none is new: one that is followed has those that it begins followed.  All at
 * once, as the kernel waits for a grace period each time.
 */
bool watch_follow(struct watch *watch, int pid, char *why, size_t why_len)
{
	struct follow follow = { 0 };
	bool fine = true;

	do {
		char *text = NULL;
		size_t len;

		follow.any = false;
		follow.new = open_memstream(&text, &len);
		if (!follow.new)
			break;
		thread_each(pid, follow_thread, &follow);
		fclose(follow.new);
		if (follow.any)
			fine = session_follow(watch->session, text);
		free(text);
	} while (follow.any && fine);
	if (!follow.nr)
		snprintf(why, why_len, "there is no such process");
	else if (!fine)
		snprintf(why, why_len, "its threads cannot be followed: %s", strerror(errno));
	free(follow.tid);
	return follow.nr && fine;
}

bool watch_start(struct watch *watch, char *why, size_t why_len)
{
	return session_start(watch->session, why, why_len);
}

void watch_close(struct watch *watch)
{
	session_close(watch->session);
	world_close(watch->world);
	watch->session = NULL;
	watch->world = NULL;
}

int watch_timeout(const struct watch *watch)
{
	return session_waiting(watch->session) ? SETTLE_NS / 1000000 + 1 : IDLE_MS;
}

struct hand_on {
	struct watch *watch;
	each_event *each;
	void *data;
};

static void hand_on(const struct event *event, void *data)
{
	struct hand_on *to = data;

	world_advance(to->watch->world, event->time);
	to->each(event, to->data);
}

u64 watch_settled(void)
{
	return now_ns() - SETTLE_NS;
}

void watch_take(struct watch *watch, u64 until, each_event *each, void *data)
{
	struct hand_on to = { watch, each, data };
	u64 settled = watch_settled();

	session_read(watch->session);
	/* After the events: what led to them is there by now. */
	world_read(watch->world);
	world_lost(watch->world);
	session_take(watch->session, until, hand_on, &to);
	world_advance(watch->world, until < settled ? until : settled);
}

u64 watch_tell_lost(struct watch *watch)
{
	u64 lost = session_lost(watch->session), more = lost - watch->lost;

	watch->lost = lost;
	if (more)
		fprintf(stderr, "%s: %llu %s lost: a larger --buffer, or fewer processes, may help\n",
			watch->who, (unsigned long long)more,
			more == 1 ? "event was" : "events were");
	return more;
}

/* ---- Signals ---------------------------------------------------------------------------- */

int signals_open(sigset_t *before)
{
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	/* Shells begin what is to run in the background so; an ignored one never comes. */
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, before);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void signals_restore(const sigset_t *before)
{
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, before, NULL);
}
