// SPDX-License-Identifier: MIT
/*
 * KRN-2 to KRN-8: which pages of kernel text are registered and which refused, with which
 * errno and which sentence; modules that know nothing of each other come and go, also
 * without giving their page back, while the pages of others are hit on every CPU.
 *
 * Method: refused.ko tries what must be refused, and says how each trial went.  prober.ko's
 * threads fault on its own page and on estp.ko's without pause, and count each wrong answer;
 * meanwhile stranger.ko, which tries its own page when it comes and when it goes, is loaded
 * and unloaded in all the ways there are.  A fault that was not answered is the end of the
 * guest.  A program meanwhile sees nothing of those pages, and cannot touch them.
 *
 * One CPU more than the threads want would do no harm; the code of modules is replaced all
 * the time, hence the short loop.
 *
 * vm: --file build/tests/guest/modules/prober.ko --file build/tests/guest/modules/stranger.ko
 * vm: --file build/tests/guest/modules/refused.ko
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "machine.h"
#include "probe.h"
#include "../modules/krn.h"

const unsigned int test_seconds = 90;

#define MODULES		"/estp/build/tests/guest/modules/"
#define KERNEL_PAGES	"/sys/module/estp/parameters/kernel_pages"
#define ROUNDS		20

static const struct {
	int err;
	const char *what;
} trials[] = {
	{ -EOPNOTSUPP, "PREEMPTION" },
	{ -EOPNOTSUPP, "FAULT, and PREEMPTION behind it" },
	{ -EOPNOTSUPP, "INTERRUPT" },
	{ -ENOEXEC, "a magic that is not ours" },
	{ -ENOEXEC, "no descriptor" },
	{ -ENOEXEC, "a span that ends behind the page" },
	{ -ENOEXEC, "a response in the header" },
	{ -EINVAL, "not aligned" },
	{ -EACCES, "data of the module" },
	{ -EACCES, "text for its initialisation" },
	{ -EACCES, "memory of nobody" },
	{ -EACCES, "another module's text" },
	{ -ENOENT, "taking back another module's page" },
	{ 0, "twin: a good one" },
	{ -EEXIST, "the same again" },
	{ 0, "taking it back" },
};

static const struct {
	const char *sentence;
	unsigned int nr;
} sentences[] = {
	{ "not FAULT", 3 },
	{ "metadata", 2 },
	{ "descriptor 0: end", 1 },
	{ "descriptor 0: response", 1 },
	{ "not aligned to a page", 1 },
	{ "not text of that module", 4 },
};

static void refusals(void)
{
	long before = read_number(KERNEL_PAGES);
	const char *errors;
	int log[ARRAY_LEN(sentences)];
	unsigned int i;

	/* From here on: others have used this guest, and its log, before. */
	for (i = 0; i < ARRAY_LEN(sentences); i++) {
		log[i] = klog_open();
		must(log[i] >= 0);
	}
	must(before == 1);
	must(!load_file(MODULES "refused.ko", ""));
	errors = read_file("/sys/module/refused/parameters/errors");
	for (i = 0; i < ARRAY_LEN(trials); i++) {
		char *end;
		long err = strtol(errors, &end, 10);

		must(end != errors);
		errors = end + (*end == ',');
		ok(err == trials[i].err, "%s: %ld", trials[i].what, err);
	}
	is(*errors == '\n', 1, "that was all");
	for (i = 0; i < ARRAY_LEN(sentences); i++) {
		is(klog_count(log[i], sentences[i].sentence, NULL), sentences[i].nr, "the log says \"%s\"",
		   sentences[i].sentence);
		close(log[i]);
	}
	is(read_number(KERNEL_PAGES), before, "nothing of it is registered");
	must(!unload_name("refused"));
}

static int dev;
static u64 rounds_before;

/* Every thread is at it: some rounds since the last call of this. */
static bool go_on(void)
{
	struct krn_loops l;

	must(!ioctl(dev, KRN_LOOPS, &l));
	if (l.rounds <= rounds_before + l.threads || l.wrong)
		return false;
	rounds_before = l.rounds;
	return true;
}

/* KRN-8. */
static void no_program_sees_them(void)
{
	struct estp_stats s = stats();
	struct list list = list_own();
	struct krn_places at;
	u8 *page;

	must(!ioctl(dev, KRN_PLACES, &at));
	page = (u8 *)(at.text & ~((u64)at.page_size - 1));
	ok(!s.pages && !s.sequences && !s.memory && !list.nr, "a program sees no sequence of the kernel's");
	list_free(&list);
	is(madv_register(page, at.page_size), -ENOMEM, "it cannot register where they are");
	is(madv_unregister(page, at.page_size), -ENOENT, "and has nothing to unregister there");
	is(read_number(KERNEL_PAGES), 2, "they are still there");
}

void test(void)
{
	static const struct {
		const char *args;
		int err;
	} ways[] = {
		{ "", 0 }, { "forget=1", 0 }, { "fail=1", -ECANCELED }, { "fail=1 forget=1", -ECANCELED },
	};
	unsigned int done[ARRAY_LEN(ways)] = {}, i, busy = 0;
	struct krn_loops l;
	int log, err;

	need_estp();
	refusals();

	log = klog_open();
	must(log >= 0);
	must(!load_file(MODULES "prober.ko", ""));
	is(read_number(KERNEL_PAGES), 2, "estp.ko's page and prober.ko's are registered");
	dev = open("/dev/prober", O_RDWR | O_CLOEXEC);
	must(dev >= 0);
	no_program_sees_them();
	must(!ioctl(dev, KRN_LOOP));
	is(unload_name("estp"), -EWOULDBLOCK, "estp.ko stays as long as a module calls it");

	for (i = 0; i < ROUNDS; i++) {
		unsigned int way = i % ARRAY_LEN(ways);

		err = load_file(MODULES "stranger.ko", ways[way].args);
		done[way] += err == ways[way].err && read_number(KERNEL_PAGES) == (err ? 2 : 3);
		busy += wait_until(go_on(), 5000);
		if (err)
			continue;
		done[way] -= unload_name("stranger") != 0 || read_number(KERNEL_PAGES) != 2;
		busy += wait_until(go_on(), 5000);
	}
	for (i = 0; i < ARRAY_LEN(ways); i++)
		is(done[i], ROUNDS / ARRAY_LEN(ways), "another module comes and goes (%s), its page with it",
		   *ways[i].args ? ways[i].args : "as it should");
	is(busy, ROUNDS + ROUNDS / 2, "the others were hit before and after each time");
	must(!ioctl(dev, KRN_LOOPS, &l));
	final(is(l.wrong, 0, "%llu rounds of %u threads, without a wrong answer",
		 (unsigned long long)l.rounds, l.threads));
	must(!ioctl(dev, KRN_END));
	close(dev);

	is(unload_name("prober"), 0, "prober.ko goes");
	is(read_number(KERNEL_PAGES), 1, "and its page");
	is(klog_count(log, "refused", NULL), 0, "no refusal since");
	close(log);
}
