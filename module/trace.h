/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what perf, trace-cmd and bpftrace see.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM estp

#if !defined(ESTP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ESTP_TRACE_H

#include <linux/tracepoint.h>

#ifndef ESTP_TRACE_SELECTORS
#define ESTP_TRACE_SELECTORS \
	{ ESTP_PREEMPTION, "PREEMPTION" }, \
	{ ESTP_INTERRUPT, "INTERRUPT" }, \
	{ ESTP_FAULT, "FAULT" }
#endif

TRACE_EVENT(estp_register,
	TP_PROTO(struct task_struct *task, unsigned long addr, unsigned long len,
		 unsigned int layout, unsigned int count),
	TP_ARGS(task, addr, len, layout, count),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(unsigned long, addr)
		__field(unsigned long, len)
		__field(unsigned int, layout)
		__field(unsigned int, count)
	),
	TP_fast_assign(
		__entry->pid = task->pid;
		__entry->addr = addr;
		__entry->len = len;
		__entry->layout = layout;
		__entry->count = count;
	),
	TP_printk("pid=%d addr=0x%lx len=%lu layout=%s count=%u", __entry->pid, __entry->addr,
		  __entry->len, __entry->layout ? "table" : "page", __entry->count)
);

TRACE_EVENT(estp_unregister,
	TP_PROTO(struct task_struct *task, unsigned long addr, unsigned long len),
	TP_ARGS(task, addr, len),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(unsigned long, addr)
		__field(unsigned long, len)
	),
	TP_fast_assign(
		__entry->pid = task->pid;
		__entry->addr = addr;
		__entry->len = len;
	),
	TP_printk("pid=%d addr=0x%lx len=%lu", __entry->pid, __entry->addr, __entry->len)
);

TRACE_EVENT(estp_divert,
	TP_PROTO(struct task_struct *task, unsigned int selector, unsigned long pc,
		 unsigned long response),
	TP_ARGS(task, selector, pc, response),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(unsigned int, selector)
		__field(unsigned long, pc)
		__field(unsigned long, response)
	),
	TP_fast_assign(
		__entry->pid = task->pid;
		__entry->selector = selector;
		__entry->pc = pc;
		__entry->response = response;
	),
	TP_printk("pid=%d selector=%s pc=0x%lx response=0x%lx", __entry->pid,
		  __print_symbolic(__entry->selector, ESTP_TRACE_SELECTORS), __entry->pc,
		  __entry->response)
);

#endif /* ESTP_TRACE_H */

#ifndef ESTP_DIVERTED
#define ESTP_DIVERTED
/* Count a diversion and show it to whoever traces. */
static inline void estp_diverted(struct estp_space *space, u8 selector, unsigned long pc,
				 unsigned long response)
{
	atomic64_inc(&space->diversions[selector]);
	trace_estp_divert(current, selector, pc, response);
}
#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
