/* SPDX-License-Identifier: MIT */
/*
 * estp/arm64/asm.h - what estp/asm.h, estp/page.h and estp/object.h need to know of arm64
 */
#ifndef ESTP_ARM64_ASM_H
#define ESTP_ARM64_ASM_H

#ifdef __ILP32__
#error "ESTP is for 64-bit programs"
#endif
#ifdef __AARCH64EB__
#error "ESTP is for little-endian programs"
#endif

/*
 * An ESTP page of an object: its alignment, that of the largest pages a kernel may have,
 * and what it is filled up with: udf.
 */
#define ESTP_PAGE_ALIGN_	65536
#define ESTP_PAGE_FILL_		0
/* Instructions stand at multiples of this. */
#define ESTP_INSN_ALIGN_	4
/* What a clear mask may name. */
#define ESTP_CLEAR_VALID_	0xffffffff

/*
 * The first instruction of a function that is called through a pointer.  Responses need
 * none: the kernel forgets how it was got there.
 */
#if defined(__ASSEMBLER__) && (defined(__KERNEL__) || defined(__ARM_FEATURE_BTI_DEFAULT))
#define ESTP_LANDING_		hint #34	/* bti c, to assemblers of any age */
#else
#define ESTP_LANDING_
#endif

/*
 * A linker makes an object one for BTI only if all of its units say that they are.  They
 * do as soon as they are compiled for it; for PAC there is nothing to sign, as nothing here
 * puts a return address on the stack.
 */
#if defined(__ASSEMBLER__) && !defined(__KERNEL__) && defined(__ARM_FEATURE_BTI_DEFAULT)
	.pushsection .note.gnu.property, "a"
	.balign	8
	.long	4, 16, 5
	.asciz	"GNU"
	.long	0xc0000000, 4	/* GNU_PROPERTY_AARCH64_FEATURE_1_AND, 4 bytes: */
#ifdef __ARM_FEATURE_PAC_DEFAULT
	.long	3, 0		/* BTI, PAC */
#else
	.long	1, 0		/* BTI */
#endif
	.popsection
#endif

/* Where estp/percpu.h and estp/access_inline.h, in their folder, find their sequences. */
#define ESTP_ISA_PERCPU_H_	"arm64/percpu.h"
#define ESTP_ISA_ACCESS_H_	"arm64/access_inline.h"

/* Clear mask of INTERRUPT: x0 to x30 */
#define ESTP_X(i)		(1 << (i))

/* As estp/abi.h has them: estp/object.h looks. */
#define ESTP_ISA_MASKS_AGREE_ \
	(ESTP_X(0) == ESTP_ARM64_X(0) && ESTP_X(30) == ESTP_ARM64_X(30) && \
	 ESTP_CLEAR_VALID_ == ESTP_ARM64_CLEAR_VALID)

#endif /* ESTP_ARM64_ASM_H */
