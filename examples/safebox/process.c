// SPDX-License-Identifier: MIT
/* The process that uses the box. */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <estp/abi.h>

#include "frame.h"
#include "watch.h"

void watch_run(const struct use *use, struct watched *watched)
{
	uint64_t tag;
	int error;

	alarm(120);
	if (!use->registered)
		madvise((void *)__start_box_gate, (size_t)(__stop_box_gate - __start_box_gate),
			MADV_ESTP_UNREGISTER);
	watch_install(use, watched);
	if (!use->storm) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
	}
	if (use->fenced_in && filter_install())
		_exit(2);
	watched->ready = true;
	while (!watched->stop) {
		error = box_sign(SLOT, WORD, &tag);
		watched->left_open += box_is_open(box_rights());
		watched->refused += error != 0;
		if (!error) {
			watched->wrong += tag != tag_expected;
			watched->reserved_signed += tag == tag_reserved;
		}
		watched->passes++;
	}
	watched->done = true;
	while (!watched->leave)
		relax();
	_exit(0);
}
