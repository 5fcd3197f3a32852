// SPDX-License-Identifier: MIT
/* Loads a module and shows a file: show MODULE FILE. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char bytes[4096];
	ssize_t nr;
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
		perror(argv[1]);
		return 1;
	}
	close(fd);
	fd = open(argv[2], O_RDONLY);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	while ((nr = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, nr) != nr)
			return 1;
	/* It must be gone before estp.ko goes. */
	return syscall(SYS_delete_module, "krncost", 0) ? 1 : 0;
}
