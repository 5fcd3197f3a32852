/* SPDX-License-Identifier: MIT */
/* The operations of operations.h, as sequences: those of x86_64/texts.h. */

/* *counter += n, whose store is the commit */
#define COUNT(kind)								\
ALWAYS_INLINE void kind##_count(intptr_t *o, intptr_t n, CONTEXT)		\
{										\
	intptr_t t;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(count)						\
		"ldr	%x[t], " AT_##kind("0") "\n\t"				\
		"add	%x[t], %x[t], %x[n]\n\t"				\
		COMMIT_##kind(count)						\
		"str	%x[t], " AT_##kind("0") "\n\t"				\
		AFTER_##kind(count)						\
		: [t] "=&r"(t) OUT_##kind					\
		: [o] "r"(o), [n] "rI"(n) IN_##kind				\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

/* link->next = head->first; head->first = link, the commit */
#define PUSH(kind)								\
ALWAYS_INLINE void kind##_push(struct estp_head *o, struct estp_link *link, CONTEXT) \
{										\
	intptr_t first;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(push)						\
		"ldr	%x[first], " AT_##kind("0") "\n\t"			\
		"str	%x[first], [%x[link]]\n\t"				\
		"stlr	%x[link], [" BASE_##kind "]\n\t"			\
		AFTER_##kind(push)						\
		: [first] "=&r"(first) OUT_##kind				\
		: [o] "r"(o), [link] "r"(link) IN_##kind			\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

/* first = head->first; if (!first) return NULL; head->first = first->next, the commit */
#define POP(kind)								\
ALWAYS_INLINE struct estp_link *kind##_pop(struct estp_head *o, CONTEXT)	\
{										\
	struct estp_link *first;						\
	intptr_t next;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(pop)						\
		"ldr	%x[first], " AT_##kind("0") "\n\t"			\
		"cbz	%x[first], %l[empty]\n\t"				\
		"ldr	%x[next], [%x[first]]\n\t"				\
		"str	%x[next], " AT_##kind("0") "\n\t"			\
		AFTER_##kind(pop)						\
		: [first] "=&r"(first), [next] "=&r"(next) OUT_##kind		\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: empty LABELS_##kind);						\
	ESTP_OUTPUTS;								\
	return first;								\
ESTP_RESPONSE(empty);								\
	return NULL;								\
}

/* if (head - tail >= 256) return false; slot[head % 256] = value; head++, the commit */
#define PUT(kind)								\
ALWAYS_INLINE bool kind##_put(struct ring *o, uint64_t value, CONTEXT)		\
{										\
	intptr_t h, t;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(put)						\
		"ldr	%x[h], " AT_##kind("0") "\n\t"				\
		"ldr	%x[t], " AT_##kind("8") "\n\t"				\
		"sub	%x[t], %x[h], %x[t]\n\t"				\
		"cmp	%x[t], #256\n\t"					\
		"b.hs	%l[full]\n\t"						\
		"and	%x[t], %x[h], #255\n\t"				\
		"add	%x[t], " BASE_##kind ", %x[t], lsl #3\n\t"		\
		UNPUBLISHED_##kind(put, slot)					\
		"str	%x[value], [%x[t], #16]\n\t"				\
		"add	%x[h], %x[h], #1\n\t"					\
		COMMIT_##kind(put)						\
		"str	%x[h], " AT_##kind("0") "\n\t"				\
		AFTER_##kind(put)						\
		: [h] "=&r"(h), [t] "=&r"(t) OUT_##kind				\
		: [o] "r"(o), [value] "r"(value) IN_##kind			\
		: "memory", "cc"						\
		: full LABELS_##kind);						\
	return true;								\
ESTP_RESPONSE(full);								\
	return false;								\
}

/* if (tail == head) return false; value = slot[tail % 256]; tail++, the commit */
#define TAKE(kind)								\
ALWAYS_INLINE bool kind##_take(struct ring *o, uint64_t *value, CONTEXT)	\
{										\
	intptr_t t, v;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(take)						\
		"ldr	%x[t], " AT_##kind("8") "\n\t"				\
		"ldr	%x[v], " AT_##kind("0") "\n\t"				\
		"cmp	%x[t], %x[v]\n\t"					\
		"b.eq	%l[empty]\n\t"						\
		"and	%x[v], %x[t], #255\n\t"				\
		"add	%x[v], " BASE_##kind ", %x[v], lsl #3\n\t"		\
		"ldr	%x[v], [%x[v], #16]\n\t"				\
		"add	%x[t], %x[t], #1\n\t"					\
		COMMIT_##kind(take)						\
		"str	%x[t], " AT_##kind("8") "\n\t"				\
		AFTER_##kind(take)						\
		: [t] "=&r"(t), [v] "=&r"(v) OUT_##kind				\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: empty LABELS_##kind);						\
	ESTP_OUTPUTS;								\
	*value = v;								\
	return true;								\
ESTP_RESPONSE(empty);								\
	return false;								\
}

/* words[position % 64 KiB] = the record, oldest first to go; position += 32, the commit */
#define WRITE(kind)								\
ALWAYS_INLINE void kind##_write(struct trace *o, const struct record *r, CONTEXT) \
{										\
	intptr_t p, q;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(write)						\
		"ldr	%x[p], " AT_##kind("0") "\n\t"				\
		"and	%x[q], %x[p], #0xffff\n\t"				\
		"add	%x[q], " BASE_##kind ", %x[q]\n\t"			\
		UNPUBLISHED_##kind(write, time_id)				\
		"stp	%x[time], %x[id], [%x[q], #64]\n\t"			\
		UNPUBLISHED_##kind(write, a_b)					\
		"stp	%x[a], %x[b], [%x[q], #80]\n\t"			\
		"add	%x[p], %x[p], #32\n\t"					\
		COMMIT_##kind(write)						\
		"str	%x[p], " AT_##kind("0") "\n\t"				\
		AFTER_##kind(write)						\
		: [p] "=&r"(p), [q] "=&r"(q) OUT_##kind				\
		: [o] "r"(o), [time] "r"(r->time), [id] "r"(r->id),		\
		  [a] "r"(r->a), [b] "r"(r->b) IN_##kind			\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}
