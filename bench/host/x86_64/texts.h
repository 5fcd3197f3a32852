/* SPDX-License-Identifier: MIT */
/* The operations of operations.h, as sequences. */
/* *counter += n, the commit */
#define COUNT(kind)								\
ALWAYS_INLINE void kind##_count(intptr_t *o, intptr_t n, CONTEXT)		\
{										\
	intptr_t none;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(count)						\
		"addq	%[n], " AT_##kind("") "\n\t"				\
		AFTER_##kind(count)						\
		: [none] "=&r"(none) OUT_##kind					\
		: [o] "r"(o), [n] "er"(n) IN_##kind				\
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
		"movq	" AT_##kind("") ", %[first]\n\t"			\
		"movq	%[first], (%[link])\n\t"				\
		"movq	%[link], " AT_##kind("") "\n\t"				\
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
		"movq	" AT_##kind("") ", %[first]\n\t"			\
		"testq	%[first], %[first]\n\t"					\
		"jz	%l[empty]\n\t"						\
		"movq	(%[first]), %[next]\n\t"				\
		"movq	%[next], " AT_##kind("") "\n\t"				\
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
		TO_BASE_##kind							\
		"movq	(" BASE_##kind "), %[h]\n\t"				\
		"movq	%[h], %[t]\n\t"						\
		"subq	8(" BASE_##kind "), %[t]\n\t"				\
		"cmpq	$256, %[t]\n\t"						\
		"jae	%l[full]\n\t"						\
		"movzbl	%b[h], %k[t]\n\t"					\
		UNPUBLISHED_##kind(put, slot)					\
		"movq	%[value], 16(" BASE_##kind ",%[t],8)\n\t"		\
		"incq	%[h]\n\t"						\
		COMMIT_##kind(put)						\
		"movq	%[h], (" BASE_##kind ")\n\t"				\
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
		TO_BASE_##kind							\
		"movq	8(" BASE_##kind "), %[t]\n\t"				\
		"cmpq	(" BASE_##kind "), %[t]\n\t"				\
		"je	%l[empty]\n\t"						\
		"movzbl	%b[t], %k[v]\n\t"					\
		"movq	16(" BASE_##kind ",%[v],8), %[v]\n\t"			\
		"incq	%[t]\n\t"						\
		COMMIT_##kind(take)						\
		"movq	%[t], 8(" BASE_##kind ")\n\t"				\
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
		TO_BASE_##kind							\
		"movq	(" BASE_##kind "), %[p]\n\t"				\
		"movzwl	%w[p], %k[q]\n\t"					\
		UNPUBLISHED_##kind(write, time)					\
		"movq	%[time], 64(" BASE_##kind ",%[q])\n\t"			\
		UNPUBLISHED_##kind(write, id)					\
		"movq	%[id], 72(" BASE_##kind ",%[q])\n\t"			\
		UNPUBLISHED_##kind(write, a)					\
		"movq	%[a], 80(" BASE_##kind ",%[q])\n\t"			\
		UNPUBLISHED_##kind(write, b)					\
		"movq	%[b], 88(" BASE_##kind ",%[q])\n\t"			\
		"addq	$32, %[p]\n\t"						\
		COMMIT_##kind(write)						\
		"movq	%[p], (" BASE_##kind ")\n\t"				\
		AFTER_##kind(write)						\
		: [p] "=&r"(p), [q] "=&r"(q) OUT_##kind				\
		: [o] "r"(o), [time] "r"(r->time), [id] "r"(r->id),		\
		  [a] "r"(r->a), [b] "r"(r->b) IN_##kind			\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}
