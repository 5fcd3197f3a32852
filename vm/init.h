/* SPDX-License-Identifier: MIT */
/*
 * What the files of process 1 share: the plan, and how to say that it failed.
 */
#ifndef VM_INIT_H
#define VM_INIT_H

#include <sys/types.h>

enum { WORD_MAX = 1024 };	/* environment or argument words of the program */

struct plan {
	const char *out, *err, *status;	/* devices */
	const char *cwd;
	const char *module, *module_name, *module_args;
	const char *keep;		/* "1": leave the module loaded */
	const char *settle;		/* seconds to wait before the program */
	const char *share;		/* the port that the host's files come through */
	const char *tty;		/* which of fd 0, 1, 2 are a terminal; NULL: no stdio */
	const char *size;		/* the terminal's, ROWSxCOLUMNS */
	const char *coverage;		/* the port that takes what GCOV counted */
	const char *user;		/* whose program it is, UID:GID:GROUP,GROUP... */
	char *env[WORD_MAX + 1], *arg[WORD_MAX + 1];
	char *insmod[WORD_MAX + 1];	/* the kernel's own modules, in order */
	int env_nr, arg_nr, insmod_nr;
	int too_long;
};

/* init_plan.c */
extern struct plan plan;
void read_plan(void);

/* init.c */
void power_off(void) __attribute__((noreturn));
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

#define give_up(...) do {		\
	tell("error " __VA_ARGS__);	\
	tell("end");			\
	power_off();			\
} while (0)

/* init_port.c */
int open_port_named(const char *name);
int port_io(int fd, int writing, char *p, size_t len);

/* init_stdio.c */
void prepare_stdio(void);
void child_stdio(void);
void start_stdio(pid_t pid);
void finish_stdio(void);

/* init_coverage.c */
void send_coverage(void);

/* init_root.c */
void load_kernel_modules(void);
void change_to_host_root(void);

#endif /* VM_INIT_H */
