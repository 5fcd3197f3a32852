/* SPDX-License-Identifier: MIT */
/*
 * The tool's subcommands, one file each: main()s of their own, argv[0] being their name.
 */
#ifndef ESTP_TOOL_H
#define ESTP_TOOL_H

int estp_run_program(int argc, char **argv);
int estp_dump(int argc, char **argv);
int estp_check(int argc, char **argv);
int estp_ps(int argc, char **argv);
int estp_stat(int argc, char **argv);
int estp_trace(int argc, char **argv);

#endif /* ESTP_TOOL_H */
