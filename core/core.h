/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The ABI's meaning: parse, validate, compile, index, match.
 *
 *   user memory --parse.c--> struct estp_sequence[]       one form for both layouts
 *               --rule.c---> "nothing masked may leak"     judged on the whole input
 *               --sort.c---> match order
 *               --page.c---> struct estp_page              one code page, immutable
 *               --set.c----> struct estp_index             all pages of an address space
 *               --step.c---> what is unmapped or serves nothing leaves it
 *
 *   event (pc, selector, cause) --match.c--> struct estp_match
 *
 * Writers of one set are serialised by the host.  Readers take no lock: they follow
 * one pointer to an index and from there only pointers to immutable pages; the host
 * frees either only when no reader can still hold it (RCU in the kernel).
 */
#ifndef ESTP_CORE_H
#define ESTP_CORE_H

#include "port.h"

/* ---- What this kernel honours -------------------------------------------- */

/**
 * struct estp_rules - what a kernel accepts
 * @page_size: bytes of a page of the running kernel
 * @clear_valid: clear mask bits that are honoured
 * @insn_align: bytes that starts, ends and responses are multiples of
 * @causes: FAULT causes that are honoured
 * @reset_pkey: protection keys can be reset
 */
struct estp_rules {
	u32 page_size;
	u32 clear_valid;
	u8 insn_align;
	u8 causes;
	bool reset_pkey;
};

/* ---- Rejection: what is wrong, and where ---------------------------------- */

enum estp_reason {
	ESTP_OK,
	ESTP_BAD_MAGIC,
	ESTP_BAD_VERSION,
	ESTP_BAD_LAYOUT,
	ESTP_BAD_COUNT,
	ESTP_NOT_ZERO,		/* reserved bits are set */
	ESTP_BAD_SELECTOR,
	ESTP_NOT_INCREASING,	/* descriptors out of order, or one twice */
	ESTP_IN_HEADER,		/* an offset points into the page's header */
	ESTP_PAST_PAGE,		/* an offset points past the page */
	ESTP_EMPTY_SPAN,	/* end <= start, or length 0 */
	ESTP_MISALIGNED,	/* not a multiple of the instruction size */
	ESTP_BAD_RESPONSE_LEN,
	ESTP_NOT_CLEARABLE,	/* a mask bit that this kernel cannot honour */
	ESTP_NO_PKEYS,		/* bit 48 on a machine without protection keys */
	ESTP_BAD_CAUSES,
	ESTP_NOT_FOR_SELECTOR,	/* a field that this selector does not have */
	ESTP_BAD_ENTRY_SIZE,
	ESTP_DUPLICATE,		/* the same key twice in one table */
	ESTP_LEAK,		/* a response that a masked register would reach */
	ESTP_REASON_NR
};

enum estp_field {
	ESTP_FIELD_METADATA,
	ESTP_FIELD_DESCRIPTOR,
	ESTP_FIELD_SELECTOR,
	ESTP_FIELD_START,
	ESTP_FIELD_END,
	ESTP_FIELD_LENGTH,
	ESTP_FIELD_RESPONSE,
	ESTP_FIELD_PREFIX,
	ESTP_FIELD_RESPONSE_LEN,
	ESTP_FIELD_CLEAR_MASK,
	ESTP_FIELD_CAUSES,
	ESTP_FIELD_FLAGS,
	ESTP_FIELD_ZERO,
	ESTP_FIELD_ENTRY_SIZE,
	ESTP_FIELD_NR
};

#define ESTP_IN_THE_HEADER	0xffffffffu

/**
 * struct estp_reject - why an input is malformed
 * @reason: what is wrong
 * @field: in which field
 * @index: of which descriptor or entry, from 0; ESTP_IN_THE_HEADER
 * @value: the value found there
 */
struct estp_reject {
	enum estp_reason reason;
	enum estp_field field;
	u32 index;
	u64 value;
};

/** estp_reason_text() - a reason in words, for people */
const char *estp_reason_text(enum estp_reason reason);
/** estp_field_text() - a field's name, for people */
const char *estp_field_text(enum estp_field field);

/* ---- parse.c --------------------------------------------------------------- */

/**
 * estp_parse_page() - read one ESTP page
 * @rules: what this kernel honours
 * @page: the page's bytes, @rules->page_size of them
 * @addr: the address it has or will have; page-aligned
 * @out: room for ESTP_PAGE_COUNT_MAX sequences; filled in match order
 * @why: set if the page is malformed
 *
 * Return: the number of sequences, at least 1; -1 if malformed.
 * Source: SPEC PAGE-1 to PAGE-8, MASK-1 to MASK-3.
 */
int estp_parse_page(const struct estp_rules *rules, const void *page, u64 addr,
		    struct estp_sequence *out, struct estp_reject *why);

/**
 * estp_parse_table() - read a table's header
 * @rules: what this kernel honours
 * @table: the header
 * @why: set if it is malformed
 *
 * Return: the number of entries, at least 1; -1 if malformed.
 * Source: SPEC TAB-2.
 */
int estp_parse_table(const struct estp_rules *rules, const struct estp_table *table,
		     struct estp_reject *why);

/**
 * estp_parse_entry() - read one entry of a table
 * @rules: what this kernel honours
 * @table: its header
 * @entry: the entry
 * @index: its place in the table, for @why
 * @out: the sequence, if well-formed
 * @why: set if it is malformed
 *
 * Whether the code it describes is mapped is for the host to see.
 *
 * Return: 0; -1 if malformed.
 * Source: SPEC TAB-3 to TAB-6.
 */
int estp_parse_entry(const struct estp_rules *rules, const struct estp_table *table,
		     const struct estp_entry *entry, u32 index,
		     struct estp_sequence *out, struct estp_reject *why);

/* Where an entry's span and response are, whatever else is wrong with it. */
static inline u64 estp_entry_start(const struct estp_table *table, const struct estp_entry *entry)
{
	return table->base + (u64)(s64)entry->start;
}

static inline u64 estp_entry_response(const struct estp_table *table,
				      const struct estp_entry *entry)
{
	return table->base + (u64)(s64)entry->response;
}

/* ---- sort.c ---------------------------------------------------------------- */

/**
 * struct estp_item - a sequence on its way into a page
 * @seq: the sequence
 * @wide: its token if it spans several pages, else 0
 */
struct estp_item {
	struct estp_sequence seq;
	u64 wide;
};

/**
 * estp_sort() - bring items into match order: selector, table before page, start,
 * length, response; in place, O(n log n), O(n) if they are in order already
 */
void estp_sort(struct estp_item *item, u32 nr);

/* One key, (selector, start, length), names one table sequence. */
static inline bool estp_same_key(const struct estp_sequence *a, const struct estp_sequence *b)
{
	return a->start == b->start && a->length == b->length && a->selector == b->selector;
}

/* Heap sort over anything that can be compared and swapped by index. */
struct estp_heap {
	void *base;
	bool (*before)(const void *base, u32 a, u32 b);
	void (*exchange)(void *base, u32 a, u32 b);
};

void estp_heap_sort(const struct estp_heap *heap, u32 nr);

/* ---- rule.c ---------------------------------------------------------------- */

/* Bytes of scratch memory, 8-aligned, that estp_rule_check() wants for @nr items. */
static inline size_t estp_rule_scratch(u32 nr)
{
	return (size_t)nr * (sizeof(u64) + sizeof(u32));
}

/**
 * estp_rule_check() - nothing masked may leak through a response
 * @item: all sequences of one page or one table, in match order
 * @nr: how many
 * @scratch: estp_rule_scratch(@nr) bytes, 8-aligned
 * @offender: the index into @item of the offending sequence, if any
 *
 * O(n log n) in @nr.
 *
 * Return: true if the rule holds.
 * Source: SPEC MASK-5.
 */
bool estp_rule_check(const struct estp_item *item, u32 nr, void *scratch, u32 *offender);

/* ---- page.c ---------------------------------------------------------------- */

/*
 * Runs of entries in one page: by selector, within it table before page.
 */
#define ESTP_RUN_NR	(2 * ESTP_SELECTOR_NR)

static inline u32 estp_run(u8 selector, u8 layout)
{
	return 2u * selector + (layout == ESTP_LAYOUT_PAGE);
}

/*
 * One sequence, as far as it lies in one code page: 20 bytes.
 *
 * Offsets are clipped to the page; ends are kept as the last byte, so that they fit.
 * reach[] is what makes matching O(log n): the furthest end of this entry and all
 * before it in its run, as offset + 1.  It never falls from one entry to the next,
 * and the first entry where it exceeds an offset is the first entry that covers that
 * offset, if any does: starts rise, so an entry after it cannot come first, and only
 * an entry that itself ends past the offset can make it exceed.  A FAULT run has one
 * such row a cause, which passes over the entries without that cause.
 *
 * (64 KiB pages: 0x10000 is kept as 0xffff.  Instructions there are 4 bytes, so
 * no pc has that offset.)
 */
struct estp_code {
	u16 start;
	u16 last;
	u32 response_lo;	/* bits 31..0 of the response less the page's address */
	u16 bits;		/* ESTP_CODE_* */
	union {
		struct {
			u16 reach;
			u16 response_len;
			u16 mask_lo;
			u16 mask_hi;
		} one;			/* PREEMPTION, INTERRUPT */
		u16 reach[ESTP_CAUSE_NR];	/* FAULT */
	};
};

#define ESTP_CODE_CAUSES	0x001fu
#define ESTP_CODE_RESET_PKEY	0x0020u
#define ESTP_CODE_WIDE		0x0040u	/* spans several pages: lives while its token does */
#define ESTP_CODE_FAR		0x0080u	/* response reaches other pages: lives while they do */
#define ESTP_CODE_HI_SHIFT	8	/* bits 39..32 of the response's distance */

/*
 * A code page of a set: immutable once published, so that the sets of parent and
 * child share it after fork.  Three kinds:
 *
 *   with entries          key is the address; matched against
 *   without               key is the address; only responses of other pages' entries
 *                         stand there, which live as long as it is in the set
 *   token of a wide       key is odd; an entry that spans several pages has a copy in
 *   entry                 each and lives as long as its token is in the set
 *
 * birth and stamp decide whether a page is still the one a response was meant for:
 * an unmapped page leaves the set, and the set's generation rises; the address mapped
 * anew gets a later birth than the stamp of whoever pointed at the old one.
 */
struct estp_page {
	u64 key;
	void *rcu[2];		/* the host's, from its last drop on */
	u64 birth;		/* generation in which this address joined; token: start */
	u64 stamp;		/* generation of this content; token: length */
	u32 refs;		/* sets that hold it; taken by estp_hold() */
	u16 end[ESTP_RUN_NR];	/* run r is code[end[r - 1]] .. code[end[r] - 1] */
	u16 wide_nr;
	u16 flags;		/* ESTP_PAGE_* */
	struct estp_code code[];
	/* u64 wide[wide_nr], 4-aligned: token << 16 | index of the entry, rising */
};

#define ESTP_PAGE_RESPONSES	1u	/* entries of other pages respond here */

#define ESTP_PAGE_ENTRY_MAX	65535u

#define ESTP_PAGE_BYTES(entry_nr, wide_nr) \
	(offsetof(struct estp_page, code) + (size_t)(entry_nr) * sizeof(struct estp_code) + \
	 (size_t)(wide_nr) * sizeof(u64))

static inline u32 estp_page_entries(const struct estp_page *page)
{
	return page->end[ESTP_RUN_NR - 1];
}

/**
 * estp_page_drop() - provided by the host: one set holds @page no longer
 *
 * Called with the set's writer lock held, from estp_set_*(): must not sleep.  When the
 * last set has dropped it, it is freed once no reader can hold it.
 */
void estp_page_drop(struct estp_page *page);

/**
 * estp_page_cost() - provided by the host: bytes that an estp_page of @bytes takes
 *
 * That is, rounded as the host's allocator does.
 */
size_t estp_page_cost(size_t bytes);

static inline size_t estp_page_bytes(const struct estp_page *page)
{
	return ESTP_PAGE_BYTES(estp_page_entries(page), page->wide_nr);
}

/**
 * estp_page_build() - compile the sequences of one code page
 * @page: ESTP_PAGE_BYTES(@nr, wide ones among them) bytes
 * @addr: address of the code page
 * @page_size: bytes of a page
 * @item: the sequences that cover at least a byte of it, in match order
 * @nr: how many; at most ESTP_PAGE_ENTRY_MAX; may be 0
 *
 * Leaves birth, stamp, flags and refs 0 for the caller to set.
 */
void estp_page_build(struct estp_page *page, u64 addr, u32 page_size,
		     const struct estp_item *item, u32 nr);

/**
 * estp_token_build() - the token of an entry that spans several pages
 * @page: ESTP_PAGE_BYTES(0, 0) bytes
 */
void estp_token_build(struct estp_page *page, u64 wide, const struct estp_sequence *seq);

/* The token that keeps entry @i alive; 0 if it has none. */
u64 estp_page_wide(const struct estp_page *page, u32 i);
/* The token of the @k-th entry that has one, @k below wide_nr. */
u64 estp_page_token(const struct estp_page *page, u32 k);

/* The layout and selector of entry @i. */
void estp_page_kind(const struct estp_page *page, u32 i, u8 *selector, u8 *layout);

static inline u64 estp_code_response(const struct estp_page *page, const struct estp_code *code)
{
	u64 hi = (u64)(code->bits >> ESTP_CODE_HI_SHIFT) << 56;

	/* Sign-extend from bit 39. */
	return page->key + ((u64)((s64)hi >> 24) | code->response_lo);
}

/* ---- set.c, step.c, match.c -------------------------------------------------------- */

/*
 * The pages of one address space by address: open addressing, linear probing, so a
 * look-up is O(1) however many there are.  No key is ESTP_PROBES slots or more behind its home, whatever
 * keys there are: where one would be, the index is replaced by one with another
 * multiplier (estp_index_fits()).  A new index is at most 9/16 full; it is
 * replaced before the keys ever put into it would fill 5/8, so that neither tombstones
 * nor the filter's stale bits add up, nor pages that come and go ask for a new one
 * each time.
 *
 * A slot is 0 (free), or a page, possibly tagged:
 *   ESTP_SLOT_VOID   its entries are unregistered; it stays for its responses' sake
 *   ESTP_SLOT_WANTED sequences in force respond there; only while estp_set_sweep() is at it
 * or the tombstone, whose key matches nothing.
 *
 * [lo, lo + len) only ever widens while an index is published.  Downwards it is len that
 * grows first, and a reader reads lo first: what it sees of the two holds every page that
 * was there, and a page that is being added, or not yet.  The same goes for the filter's
 * bits.
 */
struct estp_index {
	void *rcu[2];		/* the host's, once it is replaced */
	u64 lo, len;		/* no pc outside [lo, lo + len) is on a page of the set */
	u64 mult;		/* odd; the host may choose it while the index is empty */
	u32 shift;		/* 64 - log2(filter bits) */
	u32 mask;		/* slots - 1 */
	u32 used;		/* keys ever put in: no more slots and filter bits are set */
	u32 page_size;
	unsigned long *slot;	/* behind the filter */
	u32 filter[];		/* 8 bits a slot: set if a page of that hash was ever put in */
};

#define ESTP_SLOT_VOID		1ul
#define ESTP_SLOT_WANTED	2ul
#define ESTP_INDEX_SLOT_MIN	8u
#define ESTP_PROBES		256u	/* enough for pages at regular distances but for one multiplier in some hundred */
#define ESTP_FILTER_SHIFT	3	/* log2(filter bits a slot) */
#define ESTP_INDEX_BYTES(slots)	(sizeof(struct estp_index) + \
				 (size_t)(slots) * (sizeof(unsigned long) + 1))

struct estp_set {
	struct estp_index *index;	/* readers follow this */
	struct estp_index *next;	/* being filled by estp_set_move(), or NULL */
	u64 gen;		/* rises whenever an address leaves the set */
	u64 changes;		/* rises whenever an answer may become another */
	u64 wide_last;		/* last token handed out */
	u32 moves;		/* how often the index was replaced */
	u64 pages;		/* addresses in the set */
	u64 code_pages;		/* of them, with entries that count */
	u64 tokens;		/* entries that span several pages */
	u64 bytes;		/* estp_page_cost() of all that it holds */
};

struct estp_match {
	u64 response;
	u32 clear_mask;
	bool reset_pkey;
};

static inline struct estp_page *estp_slot_page(unsigned long slot)
{
	return (struct estp_page *)(slot & ~(ESTP_SLOT_VOID | ESTP_SLOT_WANTED));
}

#define ESTP_INDEX_MULT		0x9e3779b97f4a7c15ull

/*
 * The first product spreads keys by a multiplier that the host can draw at random, so
 * that nobody chooses addresses that meet without having measured for long; who has, gets another one.  The second
 * one spreads what is left of pages at regular distances.
 */
static inline u64 estp_index_hash(const struct estp_index *ix, u64 key)
{
	u64 x = key * ix->mult;

	return (x ^ x >> 32) * ESTP_INDEX_MULT >> ix->shift;
}

/*
 * The filter's bit of a key.  Two keys meet by chance of the multiplier, once in half as
 * many times as it has bits at most; no chains grow here, so the product is enough.
 */
static inline u64 estp_filter_bit(const struct estp_index *ix, u64 key)
{
	return key * ix->mult >> ix->shift;
}

static inline u32 estp_index_home(const struct estp_index *ix, u64 key)
{
	return estp_index_hash(ix, key) >> ESTP_FILTER_SHIFT;
}

/* One page size is all that a kernel has. */
static inline u32 estp_index_page_size(const struct estp_index *ix)
{
#ifdef ESTP_PAGE_SIZE
	return ESTP_PAGE_SIZE;
#else
	return ix->page_size;
#endif
}

/* The slot's value for a key, 0 if there is none. */
static inline unsigned long estp_index_find(const struct estp_index *ix, u64 key)
{
	u32 i = estp_index_home(ix, key), end = i + ESTP_PROBES;
	unsigned long slot;

	/* Mostly ends here: more than a third of the slots are 0. */
	while ((slot = estp_load(&ix->slot[i & ix->mask])) != 0) {
		if (estp_slot_page(slot)->key == key)
			return slot;
		if (++i == end)
			break;
	}
	return 0;
}

/**
 * estp_index_maybe() - can a pc be on a registered page?
 * @ix: a published index
 * @pc: any address
 *
 * The commonest answer is no.  Outside the hull of all registered pages it costs 2 loads
 * and a branch; inside it, 5 loads and 2 branches.  The filter is wrong, and says yes,
 * once in 13 times or so, in 6 at most for what nobody could choose by the multiplier,
 * however many pages there are.
 */
static inline bool estp_index_maybe(const struct estp_index *ix, u64 pc)
{
	u64 bit, lo = estp_load_acquire(&ix->lo);

	if (likely(pc - lo >= estp_load(&ix->len)))
		return false;
	bit = estp_filter_bit(ix, pc & ~((u64)estp_index_page_size(ix) - 1));
	return unlikely(estp_load(&ix->filter[bit / 32]) >> bit % 32 & 1);
}

/**
 * estp_index_page() - the registered page that a pc is on
 * @ix: a published index
 * @pc: any address
 *
 * Return: the page, or NULL.
 */
static inline const struct estp_page *estp_index_page(const struct estp_index *ix,
						      u64 pc)
{
	unsigned long slot;

	if (likely(!estp_index_maybe(ix, pc)))
		return NULL;
	slot = estp_index_find(ix, pc & ~((u64)estp_index_page_size(ix) - 1));
	return slot & ESTP_SLOT_VOID ? NULL : estp_slot_page(slot);
}

/*
 * The entry of [lo, end) that decides at off, unless it has ended; NULL if none covers off.
 * It is the first whose reach exceeds off, if that one has begun.
 */
static inline const struct estp_code *estp_first_cover(const struct estp_page *page, u32 lo,
						       u32 end, u32 off, u8 cause)
{
	u32 hi = end;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (page->code[mid].reach[cause] > off)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo == end || page->code[lo].start > off ? NULL : &page->code[lo];
}

static inline void estp_match_fill(const struct estp_page *page, const struct estp_code *code,
				   u8 selector, struct estp_match *match)
{
	match->response = estp_code_response(page, code);
	match->clear_mask = 0;
	match->reset_pkey = code->bits & ESTP_CODE_RESET_PKEY;
	if (selector == ESTP_INTERRUPT)
		match->clear_mask = code->one.mask_lo | (u32)code->one.mask_hi << 16;
}

/* The same question where the entry that would decide may have ended. */
bool estp_match_ending(const struct estp_index *ix, const struct estp_page *page, u64 pc,
		       u8 selector, u8 cause, struct estp_match *match);

/**
 * estp_match() - does an event with this pc divert, and where to?
 * @ix: a published index, kept alive by the caller (RCU)
 * @page: what estp_index_page() found for @pc
 * @pc: the event's pc
 * @selector: ESTP_PREEMPTION, ESTP_INTERRUPT or ESTP_FAULT
 * @cause: for FAULT the number of one cause's bit, else 0
 * @match: set on a hit
 *
 * O(log n) in the page's entries.  Passes over entries that have ended because their
 * response, or another page of their span, was unmapped, as long as no more than 64 look-ups have told so; and
 * looks at 4096 entries at most.
 *
 * Context: any; reads only the set.
 * Source: SPEC PAGE-9, TAB-7, TAB-8.
 */
static inline bool estp_match(const struct estp_index *ix, const struct estp_page *page, u64 pc,
			      u8 selector, u8 cause, struct estp_match *match)
{
	u32 run = 2u * selector, off = pc - page->key, tables = page->end[run];
	const struct estp_code *code;

	code = estp_first_cover(page, run ? page->end[run - 1] : 0, tables, off, cause);
	if (!code)
		code = estp_first_cover(page, tables, page->end[run + 1], off, cause);
	if (!code)
		return false;
	if (unlikely(code->bits & (ESTP_CODE_WIDE | ESTP_CODE_FAR)))
		return estp_match_ending(ix, page, pc, selector, cause, match);
	estp_match_fill(page, code, selector, match);
	return true;
}

/* The rest is for writers, one at a time. */

/** estp_index_init() - an empty index; @slots a power of two, ESTP_INDEX_BYTES of memory */
void estp_index_init(struct estp_index *ix, u32 slots, u32 page_size);

/** estp_set_init() - an empty set, with an empty index */
void estp_set_init(struct estp_set *set, struct estp_index *ix);

/** estp_set_gen() - the set's generation, for who then looks, without a lock, for what has gone until that */
static inline u64 estp_set_gen(const struct estp_set *set)
{
	return estp_load_acquire(&set->gen);
}

/** estp_set_slots() - slots that an index needs for @more further keys */
u32 estp_set_slots(const struct estp_set *set, u64 more);

/** estp_set_room() - are @more further keys possible without a new index, by their number? */
bool estp_set_room(const struct estp_set *set, u64 more);

/**
 * estp_index_fits() - has a key a place near enough to its home?
 * @ix: a set's index, or its next one, all moved
 * @taken: a bit a slot of the index: what keys that have been asked for before may be put into, to which
 *	this one's is added; NULL if it is the only one
 *
 * To be asked for all keys that are going to be put together; where one has none, the index is
 * replaced first.  The answers hold whatever is removed meanwhile, between them, too.
 */
bool estp_index_fits(const struct estp_index *ix, u64 key, u32 *taken);

/**
 * estp_set_move() - copy slots [@from, @from + @nr) of the index into set->next
 *
 * To move a set of any size in short locked steps: set ->next, call this while it
 * returns 0 (the caller may unlock in between: removals meanwhile reach both),
 * then estp_set_moved().
 *
 * Return: 1 when done; 0, there is more; -1, a key has no place near enough to its home: the
 * index stays, ->next is NULL again, and what it was, which no reader has seen, is to be freed.
 */
int estp_set_move(struct estp_set *set, u32 from, u32 nr);

/** estp_set_moved() - publish set->next; returns the old index, for the host to free */
struct estp_index *estp_set_moved(struct estp_set *set);

/**
 * estp_set_put() - put a page or token into the set, in place of one of its key
 *
 * Takes over the caller's reference; drops the one it replaces.  There must be room, and the key must fit.
 * Wide entries of the replaced page keep their tokens: the caller settles those.
 */
void estp_set_put(struct estp_set *set, struct estp_page *page);

/** estp_set_remove() - take one key out; false if it was not there */
bool estp_set_remove(struct estp_set *set, u64 key);

/**
 * struct estp_step - where to go on
 *
 * All 0 to begin with.  The caller may unlock between steps; so that this is bounded,
 * a step ends within a page, too.
 *
 * @slot: of the index; of a small range, the page
 * @entry: of that page
 * @any: when sweeping: one before that entry is in force
 */
struct estp_step {
	u32 slot, entry;
	bool any;
};

/**
 * estp_set_unmap() - the pages of [@start, @end) are going away
 * @step: where to go on; begin anew if the index has changed
 * @nr: pages, entries and slots to look at, the same in each step
 *
 * All entries with a span or response there end.  Small ranges are looked up page by
 * page, for large ones all slots are gone through.  No page in the range may be
 * registered meanwhile.
 *
 * Return: whether it is done.
 */
bool estp_set_unmap(struct estp_set *set, u64 start, u64 end, struct estp_step *step, u32 nr);

/**
 * estp_set_unregister() - entries with a span in [@start, @end) go
 *
 * Parameters as of estp_set_unmap(); *@found becomes true if there were any.
 */
bool estp_set_unregister(struct estp_set *set, u64 start, u64 end, struct estp_step *step, u32 nr,
			 bool *found);

/**
 * estp_set_sweep() - take out what serves nothing any more
 * @step: where to go on
 * @nr: slots and entries to look at
 *
 * That is, pages all of whose sequences have ended, or that only held responses of
 * sequences that are gone; and tokens of sequences that have ended.  No event notices.
 * Needs no memory.  To be called some time after estp_set_unmap() and
 * estp_set_unregister() have removed something; afterwards code_pages is 0 if and only
 * if nothing is registered.  The caller may unlock between steps, but must keep
 * registrations and a new index out until it is done.
 *
 * Return: whether it is done.
 */
bool estp_set_sweep(struct estp_set *set, struct estp_step *step, u32 nr);

/**
 * estp_set_copy() - fork: a second set with the same pages
 * @to: to be initialised
 * @from: the set to copy; must not change meanwhile
 * @ix: ESTP_INDEX_BYTES of memory for as many slots as @from's has
 *
 * About 10 instructions a slot.
 */
void estp_set_copy(struct estp_set *to, const struct estp_set *from, struct estp_index *ix);

/**
 * estp_set_alive() - is entry @i of @page in force, or has it ended?
 */
bool estp_set_alive(const struct estp_index *ix, const struct estp_page *page, u32 i);

/* The first page of entry @i's response, and the response's last byte. */
u64 estp_response_pages(const struct estp_index *ix, const struct estp_page *page, u32 i,
			u64 *last);

/**
 * estp_set_sequence() - entry @i of @page as a sequence
 * @out: the sequence, whole even if it spans several pages
 *
 * Return: its token, 0 if it spans one page.
 */
u64 estp_set_sequence(const struct estp_index *ix, const struct estp_page *page, u32 i,
		      struct estp_sequence *out);

/* What slots hold that were in use once; it belongs to no set. */
struct estp_page *estp_tombstone(void);

/* Keys of tokens are odd, those of pages are page addresses. */
static inline u64 estp_token_key(u64 wide)
{
	return wide << 12 | 1;
}

static inline bool estp_key_is_token(u64 key)
{
	return key & 1;
}

#endif /* ESTP_CORE_H */
