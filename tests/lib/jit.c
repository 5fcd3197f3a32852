// SPDX-License-Identifier: MIT
/*
 * estp/jit.h on a host without ESTP: what is built is right byte by byte, what is wrong is
 * refused with a reason that names it, nothing is left mapped, and no memory is ever both
 * writable and executable.
 *
 * Method: finished with ESTP_JIT_UNREGISTERED; the header is read back by core/, the code
 * is called. Every mmap and mprotect of the process goes by a wrapper that looks at the
 * rights. The behaviour in a kernel is tests/guest/lib/jit_*.c's.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <estp/jit.h>

#include "core.h"
#include "../unit/tap.h"

static int both;		/* times that memory was to be writable and executable */
static long mapped;		/* bytes, by the library */
static int refuse_in;		/* the n-th mmap from here on fails */

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	void *at;

	if (refuse_in && !--refuse_in) {
		errno = EAGAIN;
		return MAP_FAILED;
	}
	at = (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);

	both += (prot & PROT_WRITE) && (prot & PROT_EXEC);
	if (at != MAP_FAILED && !addr)
		mapped += (len + 4095) & ~4095ul;
	return at;
}

int munmap(void *addr, size_t len)
{
	mapped -= (len + 4095) & ~4095ul;
	return syscall(SYS_munmap, addr, len);
}

int mprotect(void *addr, size_t len, int prot)
{
	both += (prot & PROT_WRITE) && (prot & PROT_EXEC);
	return syscall(SYS_mprotect, addr, len, prot);
}

static const uint8_t load[] = { 0x48, 0x8b, 0x07 };			/* mov rax, [rdi] */
static const uint8_t ret[] = { 0xc3 };
static const uint8_t minus[] = { 0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff };	/* mov rax, -1 */

#define EMIT(jit, bytes) estp_jit_emit(jit, bytes, sizeof(bytes))

/* ---- What is right ------------------------------------------------------------- */

static void page_is_right(void)
{
	static const struct estp_rules rules = {
		.page_size = 4096, .clear_valid = ESTP_X86_64_CLEAR_VALID, .insn_align = 1,
		.causes = ESTP_CAUSE_PAGE, .reset_pkey = true,
	};
	struct estp_sequence seq[ESTP_PAGE_COUNT_MAX];
	struct estp_reject why;
	struct estp_jit_code code;
	struct estp_jit *jit;
	int start, end, fault, stub, stub_end, gate, gate_end, nr;
	long value = 42, (*call)(long *);

	expect(!estp_jit_new(&jit, ESTP_LAYOUT_PAGE));
	/* Out of order on purpose: the page's order is the library's business. */
	fault = estp_jit_label(jit);
	stub = estp_jit_label(jit);
	stub_end = estp_jit_label(jit);
	start = estp_jit_here(jit);
	EMIT(jit, load);
	end = estp_jit_here(jit);
	EMIT(jit, ret);
	gate = estp_jit_here(jit);
	EMIT(jit, load);
	gate_end = estp_jit_here(jit);
	EMIT(jit, ret);
	expect(!estp_jit_fault(jit, start, end, fault, ESTP_ANY));
	expect(!estp_jit_interrupt(jit, gate, gate_end, stub));
	expect(!estp_jit_preemption(jit, gate, gate_end, stub));
	expect(!estp_jit_preemption(jit, start, end, start));
	estp_jit_place(jit, fault);
	EMIT(jit, minus);
	EMIT(jit, ret);
	expect(!estp_jit_response(jit, stub, stub_end, ESTP_RAX | ESTP_FP, ESTP_RESET_PKEY));
	EMIT(jit, minus);
	estp_jit_place(jit, stub_end);
	EMIT(jit, ret);
	expect(!estp_jit_address(jit, start), "an address before the end");
	nr = estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED);
	/* PREEMPTION at the gate leads to the stub, which is in no INTERRUPT span: a leak. */
	expect(nr == -ENOEXEC && strstr(estp_jit_reason(jit), "mask"), "%s", estp_jit_reason(jit));
	expect(strstr(estp_jit_reason(jit), "sequence 2 (PREEMPTION)"), "%s",
	       estp_jit_reason(jit));
	estp_jit_delete(jit);
	claim("a response that would let out a masked register is found, and named");

	expect(!estp_jit_new(&jit, ESTP_LAYOUT_PAGE));
	fault = estp_jit_label(jit);
	stub = estp_jit_label(jit);
	stub_end = estp_jit_label(jit);
	start = estp_jit_here(jit);
	EMIT(jit, load);
	end = estp_jit_here(jit);
	EMIT(jit, ret);
	gate = estp_jit_here(jit);
	EMIT(jit, load);
	gate_end = estp_jit_here(jit);
	EMIT(jit, ret);
	estp_jit_fault(jit, start, end, fault, ESTP_ANY);
	estp_jit_interrupt(jit, gate, gate_end, stub);
	estp_jit_preemption(jit, start, end, start);
	estp_jit_place(jit, fault);
	EMIT(jit, minus);
	EMIT(jit, ret);
	estp_jit_response(jit, stub, stub_end, ESTP_RAX | ESTP_FP, ESTP_RESET_PKEY);
	EMIT(jit, minus);
	estp_jit_place(jit, stub_end);
	EMIT(jit, ret);
	expect(!estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED), "%s", estp_jit_reason(jit));
	nr = estp_parse_page(&rules, code.base, (uintptr_t)code.base, seq, &why);
	expect(nr == 3);
	expect(seq[0].selector == ESTP_PREEMPTION && seq[1].selector == ESTP_INTERRUPT &&
	       seq[2].selector == ESTP_FAULT);
	expect(seq[0].start == (uintptr_t)estp_jit_address(jit, start));
	expect(seq[0].response == seq[0].start && seq[0].length == sizeof(load));
	expect(seq[1].start == (uintptr_t)estp_jit_address(jit, gate));
	expect(seq[1].response == (uintptr_t)estp_jit_address(jit, stub));
	expect(seq[1].clear_mask == (ESTP_X86_64_RAX | ESTP_CLEAR_FP));
	expect(seq[1].response_len == sizeof(minus) && seq[1].flags == ESTP_ENTRY_RESET_PKEY);
	expect(seq[2].response == (uintptr_t)estp_jit_address(jit, fault));
	expect(((uint8_t *)code.base)[4095] == 0xcc);
	*(void **)&call = estp_jit_address(jit, start);
	expect(call(&value) == 42);
	estp_jit_delete(jit);
	expect(call(&value) == 42, "the code goes with its builder");
	estp_jit_unmap(&code);
	expect(!code.base);
	claim("a page is what was asked for");
}

/* Each kind of fix: lea rax, [rip + label]; mov rax, label; jmp short label. */
static void fixes_are_right(void)
{
	static const uint8_t lea[] = { 0x48, 0x8d, 0x05 }, mov[] = { 0x48, 0xb8 }, jump[] = { 0xeb };
	unsigned int layout;

	for (layout = ESTP_LAYOUT_PAGE; layout <= ESTP_LAYOUT_TABLE; layout++) {
		int first, second, third, target, kind;
		struct estp_jit_code code;
		struct estp_jit *jit;
		void *(*call)(void);

		expect(!estp_jit_new(&jit, layout));
		target = estp_jit_label(jit);
		first = estp_jit_here(jit);
		EMIT(jit, lea);
		estp_jit_fix(jit, target, ESTP_JIT_REL32);
		EMIT(jit, ret);
		second = estp_jit_here(jit);
		EMIT(jit, mov);
		estp_jit_fix(jit, target, ESTP_JIT_ABS64);
		EMIT(jit, ret);
		third = estp_jit_here(jit);
		EMIT(jit, jump);
		estp_jit_fix(jit, second, ESTP_JIT_REL8);
		estp_jit_place(jit, target);
		EMIT(jit, ret);
		estp_jit_preemption(jit, first, second, target);
		expect(!estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED), "%s",
		       estp_jit_reason(jit));
		for (kind = 0; kind < 3; kind++) {
			int from[] = { first, second, third };

			*(void **)&call = estp_jit_address(jit, from[kind]);
			expect(call() == estp_jit_address(jit, target), "kind %d", kind);
		}
		estp_jit_delete(jit);
		estp_jit_unmap(&code);
	}
	claim("addresses of labels stand in the code, in three kinds and both layouts");
}

static void tables_are_long(void)
{
	static const uint8_t nops[5000] = { [0 ... 4999] = 0x90 };
	struct estp_jit_code code;
	struct estp_jit *jit;
	int start, end, i;

	expect(!estp_jit_new(&jit, ESTP_LAYOUT_TABLE));
	for (i = 0; i < 1000; i++) {
		start = estp_jit_here(jit);
		EMIT(jit, nops);
		end = estp_jit_here(jit);
		estp_jit_fault(jit, start, end, end, ESTP_SEGV);
	}
	EMIT(jit, ret);
	expect(!estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED), "%s", estp_jit_reason(jit));
	expect(code.len == 5001216);
	((void (*)(void))estp_jit_address(jit, 0))();
	estp_jit_delete(jit);
	estp_jit_unmap(&code);
	claim("code in the table layout is as long as it is");
}

/* Without a sequence there is nothing to register, on any kernel. */
static void code_alone(void)
{
	unsigned int layout;

	for (layout = ESTP_LAYOUT_PAGE; layout <= ESTP_LAYOUT_TABLE; layout++) {
		struct estp_jit_code code;
		struct estp_jit *jit;
		int entry;

		expect(!estp_jit_new(&jit, layout));
		entry = estp_jit_here(jit);
		EMIT(jit, ret);
		expect(!estp_jit_finish(jit, &code, 0), "%s", estp_jit_reason(jit));
		expect(estp_jit_address(jit, entry) == code.base);
		((void (*)(void))estp_jit_address(jit, entry))();
		estp_jit_delete(jit);
		estp_jit_unmap(&code);
	}
	claim("code without a sequence is code");
}

/* ---- What is wrong ------------------------------------------------------------- */

enum wrong {
	NO_LABEL, NO_PLACE_AT_ALL, PLACED_TWICE, NO_FIX, TOO_FAR, EMPTY, TURNED,
	NOT_A_RESPONSE, NO_RESPONSE_END, SHORT_RESPONSE, BAD_MASK, BAD_FLAGS, CAUSES_ON_PAGE,
	NO_CAUSE, TOO_LONG, TOO_MANY, TWICE, HEADER_TOO_LONG, PAST_PAGE, BAD_FINISH, WRONG_NR
};

static const struct {
	const char *what;
	int error, layouts;	/* bit i: layout i */
	const char *reason;
} wrongs[WRONG_NR] = {
	[NO_LABEL] = { "no such label", -EINVAL, 3, "no label 77" },
	[NO_PLACE_AT_ALL] = { "a label without a place", -EINVAL, 3,
			      "sequence 1 (FAULT): a label has no place" },
	[PLACED_TWICE] = { "a label placed twice", -EINVAL, 3, "label 0 has a place already" },
	[NO_FIX] = { "a kind of fix that there is not", -EINVAL, 3, "kind of fix 3" },
	[TOO_FAR] = { "a fix too far away", -ERANGE, 3, "label 0 is -202 bytes away" },
	[EMPTY] = { "an empty span", -ENOEXEC, 3, "sequence 1 (PREEMPTION)" },
	[TURNED] = { "a span that ends before it starts", -ENOEXEC, 3, "the span is empty" },
	[NOT_A_RESPONSE] = { "an INTERRUPT's response that is just a label", -EINVAL, 3,
			     "sequence 1 (INTERRUPT): its response was not placed" },
	[NO_RESPONSE_END] = { "a response without an end", -EINVAL, 3, "its response has no end" },
	[SHORT_RESPONSE] = { "a response without a length", -ENOEXEC, 3,
			     "sequence 1 (INTERRUPT): response length" },
	[BAD_MASK] = { "a mask with the stack pointer", -ENOEXEC, 3, "clear mask" },
	[BAD_FLAGS] = { "unknown flags of a response", -EINVAL, 3, "flags 0x2" },
	[CAUSES_ON_PAGE] = { "single causes on a page", -EINVAL, 1, "table layout" },
	[NO_CAUSE] = { "no cause", -EINVAL, 3, "causes 0" },
	[TOO_LONG] = { "too much code", -ENOSPC, 3, "bytes of code" },
	[TOO_MANY] = { "too many sequences", -ENOSPC, 3, "sequences" },
	[TWICE] = { "a sequence twice", -ENOEXEC, 3, "" },
	[HEADER_TOO_LONG] = { "code that fits without its header only", -ENOSPC, 1,
			      "the page has 4096" },
	[PAST_PAGE] = { "a response past the page", -ENOEXEC, 1, "past the page" },
	[BAD_FINISH] = { "unknown flags of the end", -EINVAL, 3, "flags 0x2" },
};

static int make_wrong(struct estp_jit *jit, enum wrong wrong, struct estp_jit_code *code)
{
	static const uint8_t much[1 << 20] = { 0x90 };
	int start = estp_jit_here(jit), end, response, after, i, flags = ESTP_JIT_UNREGISTERED;

	EMIT(jit, load);
	end = estp_jit_here(jit);
	EMIT(jit, ret);
	response = estp_jit_label(jit);
	after = estp_jit_label(jit);
	estp_jit_fault(jit, start, end, end, ESTP_ANY);
	switch (wrong) {
	case NO_LABEL: estp_jit_fault(jit, start, 77, end, ESTP_ANY); break;
	case NO_PLACE_AT_ALL: estp_jit_fault(jit, start, end, response, ESTP_ANY); break;
	case PLACED_TWICE: estp_jit_place(jit, start); break;
	case NO_FIX: estp_jit_fix(jit, start, 3); break;
	case TOO_FAR:
		estp_jit_emit(jit, much, 197);
		estp_jit_fix(jit, start, ESTP_JIT_REL8);
		break;
	case EMPTY: estp_jit_preemption(jit, start, start, end); break;
	case TURNED: estp_jit_preemption(jit, end, start, end); break;
	case NOT_A_RESPONSE: estp_jit_interrupt(jit, start, end, end); break;
	case NO_RESPONSE_END:
		estp_jit_response(jit, response, after, 0, 0);
		EMIT(jit, ret);
		estp_jit_interrupt(jit, start, end, response);
		break;
	case SHORT_RESPONSE:
		estp_jit_response(jit, response, end, 0, 0);
		EMIT(jit, ret);
		estp_jit_interrupt(jit, start, end, response);
		break;
	case BAD_MASK:
		estp_jit_response(jit, response, after, 1 << 4, 0);
		EMIT(jit, ret);
		estp_jit_place(jit, after);
		estp_jit_interrupt(jit, start, end, response);
		break;
	case BAD_FLAGS: estp_jit_response(jit, response, after, 0, 2); break;
	case CAUSES_ON_PAGE: estp_jit_fault(jit, start, end, end, ESTP_SEGV); break;
	case NO_CAUSE: estp_jit_fault(jit, start, end, end, 0); break;
	case TOO_LONG:
		for (i = 0; i < 17; i++)
			EMIT(jit, much);
		break;
	case TOO_MANY:
		for (i = 0; i < 65536; i++)
			estp_jit_fault(jit, start, end, end, ESTP_ANY);
		break;
	case TWICE: estp_jit_fault(jit, start, end, end, ESTP_ANY); break;
	case HEADER_TOO_LONG: estp_jit_emit(jit, much, 4096 - 16 - 4 + 1); break;
	case PAST_PAGE:
		estp_jit_emit(jit, much, 4096 - 24 - 4);
		estp_jit_preemption(jit, start, end, estp_jit_here(jit));
		break;
	case BAD_FINISH: flags = 2; break;
	default: break;
	}
	return estp_jit_finish(jit, code, flags);
}

static void wrong_is_refused(void)
{
	enum wrong wrong;
	unsigned int layout;

	for (wrong = 0; wrong < WRONG_NR; wrong++) {
		for (layout = ESTP_LAYOUT_PAGE; layout <= ESTP_LAYOUT_TABLE; layout++) {
			struct estp_jit_code code = { .base = &code };
			long before = mapped;
			struct estp_jit *jit;
			int error;

			if (!(wrongs[wrong].layouts >> layout & 1))
				continue;
			expect(!estp_jit_new(&jit, layout));
			errno = 4711;
			error = make_wrong(jit, wrong, &code);
			expect(error == wrongs[wrong].error, "%d", error);
			expect(strstr(estp_jit_reason(jit), wrongs[wrong].reason), "%s",
			       estp_jit_reason(jit));
			expect(errno == 4711);
			expect(!code.base && mapped == before, "something is left mapped");
			/* It sticks. */
			expect(EMIT(jit, ret) == error && estp_jit_here(jit) == error);
			expect(estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED) == error);
			expect(!estp_jit_address(jit, 0));
			estp_jit_delete(jit);
		}
		claim("%s: refused, with the reason", wrongs[wrong].what);
	}
}

static void no_builder(void)
{
	struct estp_jit_code code;
	struct estp_jit *jit = (struct estp_jit *)&code;

	expect(estp_jit_new(&jit, 2) == -EINVAL && !jit);
	expect(EMIT(jit, ret) == -ENOMEM && estp_jit_here(jit) == -ENOMEM);
	expect(estp_jit_label(jit) == -ENOMEM && estp_jit_place(jit, 0) == -ENOMEM);
	expect(estp_jit_fix(jit, 0, 0) == -ENOMEM && estp_jit_fault(jit, 0, 0, 0, 1) == -ENOMEM);
	expect(estp_jit_preemption(jit, 0, 0, 0) == -ENOMEM);
	expect(estp_jit_interrupt(jit, 0, 0, 0) == -ENOMEM);
	expect(estp_jit_response(jit, 0, 0, 0, 0) == -ENOMEM);
	expect(estp_jit_finish(jit, &code, 0) == -ENOMEM && !code.base);
	expect(*estp_jit_reason(jit) && !estp_jit_address(jit, 0));
	estp_jit_unmap(&code);
	estp_jit_delete(jit);
	claim("without a builder every call says so");
}

/* EAGAIN is the kernel's word for memory that cannot be locked, mlockall(2). */
static void no_memory(void)
{
	static const char *const what[] = { "the code", "the table" };
	struct estp_jit_code code;
	struct estp_jit *jit;
	int nth, start;

	for (nth = 1; nth <= 2; nth++) {
		long before = mapped;

		expect(!estp_jit_new(&jit, ESTP_LAYOUT_TABLE));
		start = estp_jit_here(jit);
		EMIT(jit, load);
		estp_jit_fault(jit, start, estp_jit_here(jit), estp_jit_here(jit), ESTP_ANY);
		EMIT(jit, ret);
		refuse_in = nth;
		expect(estp_jit_finish(jit, &code, ESTP_JIT_UNREGISTERED) == -ENOMEM && !refuse_in);
		expect(strstr(estp_jit_reason(jit), what[nth - 1]), "%s", estp_jit_reason(jit));
		expect(!code.base && mapped == before);
		estp_jit_delete(jit);
	}
	claim("memory that cannot be locked is -ENOMEM");
}

/* Finished for registration, on a kernel without ESTP. */
static void no_estp(void)
{
	struct estp_jit_code code;
	struct estp_jit *jit;
	long before = mapped;
	int start, end;

	if (!madvise(NULL, ESTP_FEATURE_VERSION_1, MADV_ESTP_QUERY)) {
		skip("-ENOSYS", "this kernel has ESTP");
		return;
	}
	expect(!estp_jit_new(&jit, ESTP_LAYOUT_PAGE));
	start = estp_jit_here(jit);
	EMIT(jit, load);
	end = estp_jit_here(jit);
	EMIT(jit, ret);
	estp_jit_fault(jit, start, end, end, ESTP_ANY);
	expect(estp_jit_finish(jit, &code, 0) == -ENOSYS);
	expect(strstr(estp_jit_reason(jit), "no ESTP"), "%s", estp_jit_reason(jit));
	expect(!code.base && mapped == before);
	estp_jit_delete(jit);
	claim("a kernel without ESTP is -ENOSYS");
}

int main(void)
{
	page_is_right();
	fixes_are_right();
	tables_are_long();
	code_alone();
	wrong_is_refused();
	no_builder();
	no_memory();
	no_estp();
	expect(!both);
	claim("no memory was to be writable and executable at once");
	return tap_done();
}
