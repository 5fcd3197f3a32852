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
 */
#ifndef ESTP_X86_64_ACCESS_INLINE_H
#define ESTP_X86_64_ACCESS_INLINE_H

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
	"movl	%[efault], %[error]\n\t"					\
	"jmp	" ESTP_LABEL(tag, end) "\n\t"					\
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
		ESTP_ACCESS_(load, "mov" suffix "	(%[address]), %" reg "[loaded]") \
		: [loaded] "=&r"(loaded), [error] "+r"(error)			\
		: [address] "r"(address), [efault] "i"(-EFAULT)			\
		: "memory");							\
	if (__builtin_expect(!error, 1))					\
		*value = loaded;						\
	return error;								\
}										\
										\
static inline int estp_store##bits##_inline(void *address, uint##bits##_t value) \
{										\
	int error = 0;								\
										\
	if (__builtin_expect(estp_object_error(), 0))				\
		return estp_store##bits(address, value);			\
	__asm__ volatile(							\
		ESTP_ACCESS_(store, "mov" suffix "	%" reg "[value], (%[address])") \
		: [error] "+r"(error)						\
		: [address] "r"(address), [value] "r"(value), [efault] "i"(-EFAULT) \
		: "memory");							\
	return error;								\
}

ESTP_ACCESS_INLINE_(8, "b", "b")
ESTP_ACCESS_INLINE_(16, "w", "w")
ESTP_ACCESS_INLINE_(32, "l", "k")
ESTP_ACCESS_INLINE_(64, "q", "q")

#undef ESTP_ACCESS_INLINE_

#ifdef __cplusplus
}
#endif

#endif /* ESTP_X86_64_ACCESS_INLINE_H */
