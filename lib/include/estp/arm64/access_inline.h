/* SPDX-License-Identifier: MIT */
/*
 *	error = 0
 *   start:
 *	one access
 *   end:
 *	if (!error) ...
 *   response:
 *	error = -EFAULT, go on at end
 *
 * The error is a register, not a branch out of the asm statement: with outputs, such
 * statements are miscompiled by some releases of GCC 11 to 13.
 *
 * A store that is not aligned may reach over a page's end, where all or nothing takes more
 * than an instruction: that is the library's.  The branch out of the response may be a
 * long one, by way of the linker's scratch registers.
 */
#ifndef ESTP_ARM64_ACCESS_INLINE_H
#define ESTP_ARM64_ACCESS_INLINE_H

#ifdef __cplusplus
extern "C" {
#endif

#define ESTP_ACCESS_(tag, insn)							\
	ESTP_START(tag)								\
	insn "\n\t"								\
	ESTP_END(tag)								\
	ESTP_ON_FAULT(tag, ESTP_LABEL(tag, response), ESTP_MEMORY)		\
	ESTP_COLD_BEGIN								\
	ESTP_LABEL(tag, response) ":\n\t"					\
	"mov	%w[error], %[efault]\n\t"					\
	"b	" ESTP_LABEL(tag, end) "\n\t"					\
	ESTP_COLD_END

#define ESTP_ACCESS_INLINE_(bits, suffix, reg)					\
static inline int estp_load##bits##_inline(const void *address, uint##bits##_t *value) \
{										\
	uint##bits##_t loaded;							\
	int error = 0;								\
										\
	if (__builtin_expect(estp_object_error(), 0))				\
		return estp_load##bits(address, value);				\
	__asm__ volatile(							\
		ESTP_ACCESS_(load, "ldr" suffix "	%" reg "[loaded], [%x[address]]") \
		: [loaded] "=&r"(loaded), [error] "+r"(error)			\
		: [address] "r"(address), [efault] "i"(-EFAULT)			\
		: "memory", "x16", "x17");					\
	if (__builtin_expect(!error, 1))					\
		*value = loaded;						\
	return error;								\
}										\
										\
static inline int estp_store##bits##_inline(void *address, uint##bits##_t value) \
{										\
	int error = 0;								\
										\
	if (__builtin_expect(estp_object_error() ||				\
			     ((uintptr_t)address & (sizeof(value) - 1)), 0))	\
		return estp_store##bits(address, value);			\
	__asm__ volatile(							\
		ESTP_ACCESS_(store, "str" suffix "	%" reg "[value], [%x[address]]") \
		: [error] "+r"(error)						\
		: [address] "r"(address), [value] "rZ"(value), [efault] "i"(-EFAULT) \
		: "memory", "x16", "x17");					\
	return error;								\
}

ESTP_ACCESS_INLINE_(8, "b", "w")
ESTP_ACCESS_INLINE_(16, "h", "w")
ESTP_ACCESS_INLINE_(32, "", "w")
ESTP_ACCESS_INLINE_(64, "", "x")

#undef ESTP_ACCESS_INLINE_

#ifdef __cplusplus
}
#endif

#endif /* ESTP_ARM64_ACCESS_INLINE_H */
