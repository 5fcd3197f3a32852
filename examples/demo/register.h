/* SPDX-License-Identifier: MIT */
/*
 * Each loadable object (the program, each library) registers its own ESTP pages:
 * link register.c into it and put pages into the section estp_text, as page.h does.
 */
#ifndef REGISTER_H
#define REGISTER_H

/**
 * register_result() - how registering this object's own pages went
 *
 * Return: 0, or the errno of madvise(2); EINVAL where the kernel has no ESTP.
 */
int register_result(void) __attribute__((visibility("hidden")));

#endif /* REGISTER_H */
