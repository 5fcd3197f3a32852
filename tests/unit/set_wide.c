// SPDX-License-Identifier: MIT
/*
 * Clauses: TAB-3, TAB-10, UNREG-2, LIFE-7, DEV-4.
 * Claim: spans of up to 4 GiB and responses as far away as an entry can say match on
 * every page, come out whole in the list, and end as a whole.
 * Method: 64 KiB pages make the largest span 65536 pages; the first, the last and pages
 * between, responses at either end of the reach.
 */
#include "shape.h"

#define PAGE	65536ull
#define BASE	0x100000000000ull

static void probe(const struct registrar *r, const struct model *model,
		  const struct estp_sequence *seq)
{
	u64 end = seq->start + seq->length;
	u32 i;

	compare_at(r, model, seq->start - 4);
	compare_at(r, model, seq->start);
	compare_at(r, model, end - 4);
	compare_at(r, model, end);
	compare_at(r, model, (seq->start & ~(PAGE - 1)) + PAGE - 4);
	compare_at(r, model, (seq->start & ~(PAGE - 1)) + PAGE);
	compare_at(r, model, end & ~(PAGE - 1));
	compare_at(r, model, (end & ~(PAGE - 1)) - 4);
	for (i = 0; i < 100; i++)
		compare_at(r, model, seq->start + random_below(seq->length) / 4 * 4);
}

static void largest(s64 start, s64 response, u8 selector)
{
	struct estp_sequence seq = {
		.start = BASE + start, .length = 0xfffffffc, .response = BASE + response,
		.selector = selector, .causes = selector == ESTP_FAULT ? 9 : 0,
		.clear_mask = selector == ESTP_INTERRUPT ? 0x80000001 : 0,
		.response_len = selector == ESTP_INTERRUPT ? 65535 : 0,
		.layout = ESTP_LAYOUT_TABLE,
	}, inside = seq;
	struct registrar r;
	struct model model;
	u64 gone;

	inside.start += 3 * PAGE + 8;
	inside.length = 0x80000000;
	inside.response = seq.start;
	registrar_start(&r, PAGE);
	model_start(&model, PAGE);
	expect(registrar_add_table(&r, &seq, 1), "table");
	model_add_table(&model, &seq, 1);
	expect(registrar_add_table(&r, &inside, 1), "table");
	model_add_table(&model, &inside, 1);
	probe(&r, &model, &seq);
	probe(&r, &model, &inside);
	compare_lists(&r, &model);

	/* Only the outer one reaches its last page. */
	gone = (seq.start + seq.length - 1) & ~(PAGE - 1);
	if (selector == ESTP_FAULT) {
		expect(registrar_unregister(&r, gone, gone + PAGE), "unregister");
		model_unregister(&model, gone, gone + PAGE);
	} else {
		registrar_unmap(&r, gone, gone + PAGE);
		model_unmap(&model, gone, gone + PAGE);
	}
	probe(&r, &model, &seq);
	probe(&r, &model, &inside);
	compare_lists(&r, &model);
	expect(registrar_sane(&r), "counters");
	registrar_stop(&r);
	model_stop(&model);
	expect(!host_pages_live, "leak");
}

int main(void)
{
	static const s64 far[] = { -0x80000000ll, 0, 0x7ffffffcll };
	u32 i, k, selector = 0;

	random_start();
	for (i = 0; i < 3; i++) {
		for (k = 0; k < 3; k++)
			largest(far[i], far[k], selector++ % 3);
		claim("a span of 4 GiB from %+lld bytes", (long long)far[i]);
	}
	return tap_done();
}
