// SPDX-License-Identifier: MIT
/*
 * What a process that keeps a box must not be able to ask the kernel for: to give it
 * rights out of a frame (rt_sigreturn), to change what protects memory (mprotect,
 * pkey_mprotect, munmap, madvise, ...), to read memory past its protection
 * (process_vm_readv, /proc/self/mem), to change its handlers.  Simplest is to allow
 * only what this process needs.  A real program allows more, and looks at arguments.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "frame.h"
#include "watch.h"

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

int filter_install(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FRAME_ARCH, 1, 0),
		DENY,
		LOAD(nr),
		ALLOW(SYS_rt_sigprocmask),
		ALLOW(SYS_exit_group),
		DENY,
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
