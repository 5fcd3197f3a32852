// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-3, PAGE-7, TAB-2, TAB-3, TAB-5, MASK-1, REG-1, QRY-2, DEV-3, DEV-4.
 * Claim: the header compiles without a warning as strict C99, C11, C++98 and C++17, with
 * gcc and with clang, and says everywhere the numbers that the specification says.
 * Method: uapi_one.c compiled by each; here are the numbers, written down once more.
 */
#include <inttypes.h>
#include "tap.h"

static const uint64_t wanted[] = {
	0x4553, 0x4554, 0x4555, 0x4556,
	0, 1, 2, 3, 4, 5, 6,
	0, 1, 2,
	0x45535450010000ff, 0x455354500101ffff,
	255, 65535, 16, 2048,
	0x0000123456789abc,
	0x20000010fffffffc,
	0x4000fff0ffff0018,
	0x0000000100000000, 0x0001ffffffffffff, 0x0000004080000000,
	1, 2, 4, 8, 32, 64, 128, 256, 32768,
	0x8000ffef, 1, 1 << 30, 0xffffffff,
	1, 1, 2, 4, 8, 16, 15,
	32, 24, 64, 32, 24,
	8, 16, 24, 28,
	4, 8, 12, 14, 15, 16, 20, 22,
	0xc040e501, 0xc018e502,
	0x454e44,
};

#define WEAK(suffix)	extern const uint64_t uapi_##suffix[] __attribute__((weak))

WEAK(gcc_c99);
WEAK(gcc_c11);
WEAK(gcc_cxx98);
WEAK(gcc_cxx17);
WEAK(clang_c99);
WEAK(clang_c11);
WEAK(clang_cxx98);
WEAK(clang_cxx17);

static void check(const char *name, const uint64_t *value)
{
	uint32_t i;

	if (!value) {
		skip(name, "no such compiler here");
		return;
	}
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		expect(value[i] == wanted[i], "value %u: %#" PRIx64 ", not %#" PRIx64, i, value[i],
		       wanted[i]);
	claim("%s", name);
}

int main(void)
{
	check("gcc, C99", uapi_gcc_c99);
	check("gcc, C11", uapi_gcc_c11);
	check("gcc, C++98", uapi_gcc_cxx98);
	check("gcc, C++17", uapi_gcc_cxx17);
	check("clang, C99", uapi_clang_c99);
	check("clang, C11", uapi_clang_c11);
	check("clang, C++98", uapi_clang_cxx98);
	check("clang, C++17", uapi_clang_cxx17);
	return tap_done();
}
