// SPDX-License-Identifier: MIT
/*
 * estp - run, see, check and watch exceptional sequences: a table of subcommands.
 */
#include <stdio.h>
#include <string.h>

#include <estp/abi.h>

#include "estp.h"
#include "json.h"

static const struct {
	const char *name, *what;
	int (*run)(int argc, char **argv);
} command[] = {
	{ "run", "run a program under ESTP, in a guest or here", estp_run_program },
	{ "dump", "show the sequences of a file or a process", estp_dump },
	{ "check", "verify the sequences of files", estp_check },
	{ "ps", "show the processes that have registered sequences", estp_ps },
	{ "stat", "count the diversions of a process, by sequence", estp_stat },
	{ "trace", "show diversions and registrations as they happen", estp_trace },
};

#define COMMAND_NR	(sizeof(command) / sizeof(*command))

static void usage(FILE *to)
{
	size_t i;

	fputs("usage: estp COMMAND [OPTIONS] ...; estp COMMAND --help tells more, as does man estp\n", to);
	for (i = 0; i < COMMAND_NR; i++)
		fprintf(to, "  %-8s%s\n", command[i].name, command[i].what);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return finish_output("estp");
	}
	if (!strcmp(argv[1], "--version")) {
		printf("estp %s, version %d of the ABI\n", ESTP_TOOL_VERSION, ESTP_VERSION);
		return finish_output("estp");
	}
	for (i = 0; i < COMMAND_NR; i++)
		if (!strcmp(argv[1], command[i].name))
			return command[i].run(argc - 1, argv + 1);
	fprintf(stderr, "estp: there is no command '%s'; see estp --help\n", argv[1]);
	return 2;
}
