// SPDX-License-Identifier: MIT
/*
 * init_plan - what process 1 is to do
 *
 * The file /vm/plan of the initramfs, written by vm/run: "key=value" words, each ended by
 * a NUL byte, since a value can hold anything else. Keys that may come several times
 * (env, arg, insmod) keep their order.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

struct plan plan = { .cwd = "/" };

static void add_word(char **words, int *nr, char *word)
{
	if (*nr < WORD_MAX)
		words[(*nr)++] = word;
	else
		plan.too_long = 1;
}

void read_plan(void)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t n;
	char *word;
	int fd = open("/vm/plan", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		power_off();	/* there is no status device to complain to */
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	plan.too_long = len == sizeof(text) - 1;

	for (word = text; word < text + len; word += strlen(word) + 1) {
		char *value = strchr(word, '=');
		static const struct {
			const char *key, **value;
		} keys[] = {
			{ "out", &plan.out }, { "err", &plan.err },
			{ "status", &plan.status }, { "cwd", &plan.cwd },
			{ "module", &plan.module },
			{ "module_name", &plan.module_name },
			{ "module_args", &plan.module_args },
			{ "keep", &plan.keep }, { "settle", &plan.settle },
			{ "share", &plan.share }, { "tty", &plan.tty },
			{ "size", &plan.size }, { "user", &plan.user },
			{ "coverage", &plan.coverage },
		};
		size_t i, key_len;

		if (!value)
			continue;
		key_len = value++ - word;
		if (key_len == 3 && !memcmp(word, "env", 3)) {
			add_word(plan.env, &plan.env_nr, value);
		} else if (key_len == 3 && !memcmp(word, "arg", 3)) {
			add_word(plan.arg, &plan.arg_nr, value);
		} else if (key_len == 6 && !memcmp(word, "insmod", 6)) {
			add_word(plan.insmod, &plan.insmod_nr, value);
		} else {
			for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
				if (strlen(keys[i].key) == key_len &&
				    !memcmp(word, keys[i].key, key_len))
					*keys[i].value = value;
		}
	}
}
