// SPDX-License-Identifier: MIT
/*
 * LIM-5, DBG-3: of a fatal fault in a PREEMPTION sequence a debugger is shown the response as
 * pc, and the address of the fault by si_addr; the core file of a process that nobody traces holds
 * the true pc, if the thread has not left its CPU meanwhile.
 *
 * Method: a child executes an illegal instruction in the span, traced and not. The twin, not
 * registered, shows the instruction either way.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/procfs.h>
#include <sys/resource.h>

#include "machine.h"
#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2
#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"

static struct tracee *t;
static struct code *c;
static u32 hold, fault, response;

static void make(void)
{
	u32 end;

	c = t->code = code_new(1);
	t->entry = emit_inside(c);
	hold = emit_hold(c);
	fault = emit_illegal(c);
	end = emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = fault, .end = end,
					.response = response });
	code_seal(c);
}

static void start(void)
{
	tracee_start(t);
	tracee_interrupt(t);
	must(tracee_pc(t->pid) == (u64)code_addr(c, hold));
	code_let_go(c, 0, fault);
}

static void debugged(bool registered)
{
	siginfo_t si;

	start();
	tracee_go(t, PTRACE_CONT, 0);
	must(tracee_wait(t) == SIGILL);
	must(!ptrace(PTRACE_GETSIGINFO, t->pid, 0, &si));
	is(tracee_pc(t->pid), (u64)code_addr(c, registered ? response : fault),
	   "%s: the debugger reads the %s as pc", registered ? "registered" : "twin",
	   registered ? "response" : "instruction");
	is((u64)si.si_addr, (u64)code_addr(c, fault), "si_addr tells the instruction");
	if (!registered)
		tracee_set_pc(t->pid, (u64)code_addr(c, response));
	is(tracee_end(t), RESPONSE, "it goes on %s", registered ? "there" : "where the debugger says");
	is(regs_diff(&t->out, &t->in, "after the fault"), 0, "no register changed");
}

/* Of the one thread in a core file. */
static u64 core_pc(const char *path)
{
	struct elf_prstatus status;
	int i, fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	Elf64_Nhdr nh;

	must(fd >= 0 && read(fd, &eh, sizeof(eh)) == sizeof(eh) && eh.e_type == ET_CORE);
	for (i = 0; i < eh.e_phnum; i++) {
		must(pread(fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) == sizeof(ph));
		if (ph.p_type == PT_NOTE)
			break;
	}
	must(i < eh.e_phnum);
	/* It is the first note; its name, "CORE", takes eight bytes. */
	must(pread(fd, &nh, sizeof(nh), ph.p_offset) == sizeof(nh));
	must(nh.n_type == NT_PRSTATUS && nh.n_namesz == 5 && nh.n_descsz == sizeof(status));
	must(pread(fd, &status, sizeof(status), ph.p_offset + sizeof(nh) + 8) == sizeof(status));
	close(fd);
	return dumped_pc(&status.pr_reg);
}

/* That the span was in force is what debugged() has shown before, of the same code. */
static void dumped(bool registered)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int status;

	if (access(CORE_PATTERN, W_OK)) {
		skip("this kernel writes no core files");
		return;
	}
	must(!write_file(CORE_PATTERN, "/tmp/core"));
	must(!setrlimit(RLIMIT_CORE, &unlimited));
	start();
	must(!ptrace(PTRACE_DETACH, t->pid, 0, 0));
	must(waitpid(t->pid, &status, 0) == t->pid);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
	ok(WCOREDUMP(status), "%s: it leaves a core file", registered ? "registered" : "twin");
	is(core_pc("/tmp/core"), (u64)code_addr(c, fault), "with the instruction as pc");
	must(!unlink("/tmp/core"));
	must(!write_file(CORE_PATTERN, "core"));
}

void test(void)
{
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	for (l = 0; l < ARRAY_LEN(layouts); l++) {
		make();
		must(!code_register(c, layouts[l]));
		diag("%s layout", layout_names[l]);
		debugged(true);
		dumped(true);
		must(!code_unregister(c));
		debugged(false);
		dumped(false);
		code_free(c);
	}
}
