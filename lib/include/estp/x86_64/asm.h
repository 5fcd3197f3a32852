/* SPDX-License-Identifier: MIT */
/*
 * estp/x86_64/asm.h - what estp/asm.h, estp/page.h and estp/object.h need to know of x86_64
 */
#ifndef ESTP_X86_64_ASM_H
#define ESTP_X86_64_ASM_H

#ifdef __ILP32__
#error "ESTP is for 64-bit programs"
#endif

/* An ESTP page of an object: its alignment, and what it is filled up with. */
#define ESTP_PAGE_ALIGN_	4096
#define ESTP_PAGE_FILL_		0xcc
/* Instructions stand at multiples of this. */
#define ESTP_INSN_ALIGN_	1
/* What a clear mask may name. */
#define ESTP_CLEAR_VALID_	0x8000ffef

/* The first instruction of a function that is called through a pointer. */
#if defined(__ASSEMBLER__) && defined(__KERNEL__)
#define ESTP_LANDING_		ENDBR
#elif defined(__ASSEMBLER__) && defined(__CET__)
#include <cet.h>
#define ESTP_LANDING_		_CET_ENDBR
#else
#define ESTP_LANDING_
#endif

/* Where estp/percpu.h and estp/access_inline.h, in their folder, find their sequences. */
#define ESTP_ISA_PERCPU_H_	"x86_64/percpu.h"
#define ESTP_ISA_ACCESS_H_	"x86_64/access_inline.h"
/* And estp/page.h what is otherwise in the kernel. */
#define ESTP_ISA_KERNEL_PAGE_H_	"x86_64/kernel_page.h"

/* Clear mask of INTERRUPT */
#define ESTP_RAX		0x0001
#define ESTP_RCX		0x0002
#define ESTP_RDX		0x0004
#define ESTP_RBX		0x0008
#define ESTP_RBP		0x0020
#define ESTP_RSI		0x0040
#define ESTP_RDI		0x0080
#define ESTP_R8			0x0100
#define ESTP_R9			0x0200
#define ESTP_R10		0x0400
#define ESTP_R11		0x0800
#define ESTP_R12		0x1000
#define ESTP_R13		0x2000
#define ESTP_R14		0x4000
#define ESTP_R15		0x8000

/* As estp/abi.h has them: estp/object.h looks. */
#define ESTP_ISA_MASKS_AGREE_ \
	(ESTP_RAX == ESTP_X86_64_RAX && ESTP_R15 == ESTP_X86_64_R(15) && \
	 ESTP_CLEAR_VALID_ == ESTP_X86_64_CLEAR_VALID)

#endif /* ESTP_X86_64_ASM_H */
