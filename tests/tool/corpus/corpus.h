/* SPDX-License-Identifier: MIT */
/*
 * Sequences, right and wrong: each file NAME.S or NAME-what.S breaks the rule NAME, and no
 * other, and with GOOD defined it breaks none.  These macros check nothing, unlike those of
 * estp/page.h: here mistakes have to be possible.  Those of arm64 are in its folder.
 */
#include <estp/asm.h>

#ifdef GOOD
#define GOOD_BAD(good, bad)	good
#else
#define GOOD_BAD(good, bad)	bad
#endif

	.section .note.GNU-stack, "", %progbits
	.text

.macro function name:req
	.globl	\name
	.type	\name, %function
\name:
.endm

.macro function_end name:req
	.size	\name, . - \name
.endm

.macro entry selector:req, start:req, end:req, response:req, response_len=0, causes=0, mask=0, flags=0
	.pushsection estp_entries, "ao", %progbits, \start
	.balign	4
	.long	\start - ., \end - \start, \response - .
	.short	\response_len
	.byte	\selector, \causes
	.long	\mask
	.short	\flags, 0
	.popsection
.endm

.macro preemption start:req, end:req, response:req
	entry	0, \start, \end, \response
.endm

.macro interrupt start:req, end:req, response:req, response_end:req, mask:req, flags=0
	entry	1, \start, \end, \response, (\response_end - \response), 0, (\mask), \flags
.endm

.macro fault start:req, end:req, response:req
	entry	2, \start, \end, \response, 0, 1
.endm

.macro mark kind:req, arg=0
.Lmark\@:
	.pushsection estp_marks, "ao", %progbits, .Lmark\@
	.balign	4
	.long	.Lmark\@ - .
	.byte	\kind, \arg
	.short	0
	.popsection
.endm

#define COMMIT		mark ESTP_MARK_COMMIT
#define UNPUBLISHED	mark ESTP_MARK_UNPUBLISHED
#define WAIVE(rule)	mark ESTP_MARK_WAIVE, rule

/* ESTP_X() without the spaces that would end an argument. */
#define CLEAR_X(i)	(1<<(i))
