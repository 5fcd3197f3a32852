// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call of an accessor, and what the kernel would have done without.
 *
 * The twin is a page that is not registered.  A kprobe at the function by which the kernel
 * dies, for x86's #GP the chain that is asked before, sees it come to that, counts, and
 * leads it on as a response would have: so the guest lives to tell.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/uaccess.h>

#include "prober.h"

static u32 twins_died;

static long kernel_call(struct krn_call *c)
{
	void *p = (void *)c->address;
	u32 v32;
	u16 v16;
	u8 v8;
	long err;

	switch (c->op) {
	case KRN_FETCH8:
		err = estp_fetch8(p, &v8);
		c->value = v8;
		return err;
	case KRN_FETCH16:
		err = estp_fetch16(p, &v16);
		c->value = v16;
		return err;
	case KRN_FETCH32:
		err = estp_fetch32(p, &v32);
		c->value = v32;
		return err;
	case KRN_FETCH64:
		return estp_fetch64(p, &c->value);
	case KRN_STORE8:
		return estp_store8(p, c->value);
	case KRN_STORE16:
		return estp_store16(p, c->value);
	case KRN_STORE32:
		return estp_store32(p, c->value);
	case KRN_STORE64:
		return estp_store64(p, c->value);
	case KRN_COPY_FROM:
		return estp_copy_from(c->bytes, p, c->len);
	case KRN_COPY_TO:
		return estp_copy_to(p, c->bytes, c->len);
	case KRN_STRNCPY_FROM:
		return estp_strncpy_from(c->bytes, p, c->len);
	case KRN_OWN:
		return own_probe(p);
	case KRN_TWIN:
		return twin_probe(p);
	case KRN_NOFAULT:
		return copy_from_kernel_nofault(c->bytes, p, c->len);
	}
	return -ENOTTY;
}

static long user_call(struct krn_call *c)
{
	void __user *p = (void __user *)c->address;
	u32 v32;
	u16 v16;
	u8 v8;
	long err;

	switch (c->op & ~KRN_USER) {
	case KRN_FETCH8:
		err = estp_fetch8_user(p, &v8);
		c->value = v8;
		return err;
	case KRN_FETCH16:
		err = estp_fetch16_user(p, &v16);
		c->value = v16;
		return err;
	case KRN_FETCH32:
		err = estp_fetch32_user(p, &v32);
		c->value = v32;
		return err;
	case KRN_FETCH64:
		return estp_fetch64_user(p, &c->value);
	case KRN_STORE8:
		return estp_store8_user(p, c->value);
	case KRN_STORE16:
		return estp_store16_user(p, c->value);
	case KRN_STORE32:
		return estp_store32_user(p, c->value);
	case KRN_STORE64:
		return estp_store64_user(p, c->value);
	case KRN_COPY_FROM:
		return estp_copy_from_user(c->bytes, p, c->len);
	case KRN_COPY_TO:
		return estp_copy_to_user(p, c->bytes, c->len);
	case KRN_STRNCPY_FROM:
		return estp_strncpy_from_user(c->bytes, p, c->len);
	}
	return -ENOTTY;
}

static bool let_through(void)
{
#ifdef CONFIG_X86_64
	return native_save_fl() & X86_EFLAGS_AC;
#else
	return system_uses_hw_pan() && !(read_sysreg_s(SYS_PSTATE_PAN));
#endif
}

void do_call(struct krn_call *c)
{
	u32 before = twins_died;

	c->result = c->op & KRN_USER ? user_call(c) : kernel_call(c);
	c->let_through = let_through();
	c->died = twins_died - before;
}

/* ---- Where the kernel would have died ------------------------------------------------------ */

static bool is_twins(struct pt_regs *regs)
{
	unsigned long pc = instruction_pointer(regs);

	if (pc < (unsigned long)twin_start || pc >= (unsigned long)twin_end)
		return false;
	twins_died++;
	instruction_pointer_set(regs, (unsigned long)twin_response);
	return true;
}

#ifdef CONFIG_X86_64
#define DIES		"page_fault_oops"
#else
#define DIES		"efi_runtime_fixup_exception"	/* the last that is asked before */
#endif

/* Run in the place of that function, of which regs are the first argument: all is well. */
static noinline bool lives(void)
{
	asm volatile("" : : : "memory");
	return true;
}

static int on_death(struct kprobe *kp, struct pt_regs *regs)
{
	if (!is_twins((struct pt_regs *)regs_get_kernel_argument(regs, 0)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)lives);
	return 1;
}

static struct kprobe death = { .symbol_name = DIES, .pre_handler = on_death };

static int on_die(struct notifier_block *block, unsigned long what, void *data)
{
#ifdef CONFIG_X86_64
	struct die_args *args = data;

	if (what == DIE_GPF && is_twins(args->regs))
		return NOTIFY_STOP;
#endif
	return NOTIFY_DONE;
}

static struct notifier_block dying = { .notifier_call = on_die };

int deaths_begin(void)
{
	int err = register_kprobe(&death);

	if (err)
		return err;
	err = register_die_notifier(&dying);
	if (err)
		unregister_kprobe(&death);
	return err;
}

void deaths_end(void)
{
	unregister_die_notifier(&dying);
	unregister_kprobe(&death);
}
