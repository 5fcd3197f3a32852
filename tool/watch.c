// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "object.h"
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

bool watch_open(struct watch *watch, const char *who, u32 buffer_kib, char *why, size_t why_len)
{
	char reason[256];
	bool records;

	*watch = (struct watch) { .who = who };
	watch->session = session_open(buffer_kib, why, why_len);
	if (!watch->session)
		return false;
	watch->world = world_open(&records, reason, sizeof(reason));
	if (!records)
		fprintf(stderr, "%s: no names for processes that end soon after they have begun: %s\n",
			who, reason);
	return true;
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
		fprintf(stderr, "%s: %llu %s lost: a larger --buffer may help\n",
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
