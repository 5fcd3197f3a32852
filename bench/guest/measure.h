/* SPDX-License-Identifier: MIT */
/*
 * What the programs of this folder share: a clock that counts instructions (vm/run
 * --icount), samples, and cells for bench/table.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "../../include/uapi/estp.h"
#include "bench_arch.h"		/* now(), cpu_pause(), pc_of(ucontext) */

#define PAGE		4096ul
#define ROUNDS		600u	/* samples of what is quick */
#define WARM_UP		60	/* and as many before that do not count */
#define FORKS		60u	/* samples of what is not */

/* The column that cells belong to. */
extern const char *column;
extern uint64_t sample[ROUNDS];

/* The median of sample[], 10th and 90th percentile: a cell of this row. */
void cell(const char *row, unsigned int nr);
void die(const char *what);

/* ---- Code that events meet (code.S), each on an ESTP page of its own ------------ */

/* PREEMPTION: until the clock jumps.  *last is its value before that, the result after. */
extern unsigned char watch_page[];
uint64_t watch(uint64_t *last);
extern const unsigned char watch_end[], watch_response[];

/* FAULT: reads what is there, if it may. */
extern unsigned char fault_page[];
void fault(const void *p);
extern unsigned char fault_response[], fault_abort[];

/* INTERRUPT: reads likewise; the response returns. */
extern unsigned char gate_page[];
void gate(const void *p);
extern unsigned char gate_response[];

/* PREEMPTION, begun anew: counts *counter up by one after nr turns; returns at *stop. */
extern unsigned char restart_page[];
void restart(volatile uint64_t *counter, uint64_t nr, const volatile int *stop);

/* PREEMPTION, begun anew, for ever: *count += 200 after 200 instructions; then another virtual CPU. */
extern unsigned char spin_page[];
void spin(volatile uint64_t *count);

/* ---- Registration --------------------------------------------------------------- */

/* Pages with one FAULT descriptor for code that nobody runs. */
unsigned char *make_pages(void *at, unsigned long nr);
void register_pages(void *page, unsigned long nr);

/* As a real-time task one is not preempted by the child that one has just made. */
void real_time(int priority);

/* ---- Questions -------------------------------------------------------------------- */

/* watch(), as an rseq section if rseq_watch says so; fault() as one. */
extern bool rseq_watch;
uint64_t watch_now(uint64_t *last);
void rseq_fault(const void *p);

void switches(void);
void preemption(void);
void signals(void);
void faults_by_signal(void (*access)(const void *p), unsigned char *skip_to);
void faults(void);
void forks(void);
void threads(void);
void requests(bool registered);

#endif /* BENCH_MEASURE_H */
