/* SPDX-License-Identifier: MIT */
/*
 * A program in a guest as if it were run here: what passes between the two.
 */
#ifndef ESTP_TOOL_GUEST_H
#define ESTP_TOOL_GUEST_H

/* What estp run itself exits with; vm/run has further ones, from RUN_TROUBLE to RUN_NOT_FOUND. */
enum {
	RUN_NO_MODULE = 119,
	RUN_TROUBLE = 120,
	RUN_NOT_SET_UP = 125,
	RUN_NOT_RUNNABLE = 126,
	RUN_NOT_FOUND = 127,
};

/**
 * guest_run() - run vm/run with a program, and end as the program did
 * @argv: the command, ended by NULL; room for the six words more that it is given is
 *	after its first word
 *
 * Signals that come meanwhile go to the program, and terminals are passed through. A
 * program that a signal ended ends this process by the same one. How the program ended is
 * what vm/run tells on the socket: by its exit status alone, what failed before the program
 * could not be told from it.
 *
 * Return: an exit status.
 */
int guest_run(char **argv);

/* How many words guest_run() adds after argv[0], which has to be followed by as many. */
#define GUEST_WORD_NR	6

#endif /* ESTP_TOOL_GUEST_H */
