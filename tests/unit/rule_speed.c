// SPDX-License-Identifier: MIT
/*
 * Clause: MASK-5.
 * Claim: judging the largest table takes no time that matters, whatever is in it.
 * Method: 65535 entries in shapes where each span meets each other, or none; processor
 * time, with sanitizers.
 */
#include "shape.h"

#define NR	65535u

static struct estp_item *item;
static void *scratch;

enum shape { NESTED, CHAINED, APART, RANDOM, SHAPE_NR };

static const char *const name[] = { "nested", "chained", "apart", "random" };

static void make(enum shape shape)
{
	u32 i;

	for (i = 0; i < NR; i++) {
		struct estp_sequence *seq = &item[i].seq;

		*seq = (struct estp_sequence) {
			.selector = i % 2 ? ESTP_INTERRUPT : i % 4 ? ESTP_FAULT : ESTP_PREEMPTION,
			.layout = ESTP_LAYOUT_TABLE,
			.clear_mask = i % 2 ? ~0u : 0,
			.flags = i % 2,
			.causes = i % 4 == 2,
		};
		switch (shape) {
		case NESTED:
			seq->start = 0x100000000 + i;
			seq->length = 2 * (NR - i);
			break;
		case CHAINED:
			seq->start = 0x100000000 + 2ull * (NR - i);
			seq->length = NR;
			break;
		case APART:
			seq->start = 0x100000000 + 64ull * i;
			seq->length = 8;
			break;
		default:
			seq->start = 0x100000000 + random_below(1 << 24);
			seq->length = 1 + random_below(1 << random_below(24));
		}
		/* Inside some INTERRUPT span that clears all, or the check ends early. */
		seq->response = item[0].seq.start;
		item[i].wide = 0;
	}
	item[1].seq.start = 0x100000000;
	item[1].seq.length = 1u << 26;
}

int main(void)
{
	enum shape shape;

	random_start();
	item = must_alloc(NR * sizeof(*item));
	scratch = must_alloc(estp_rule_scratch(NR));
	for (shape = 0; shape < SHAPE_NR; shape++) {
		u32 offender;
		double start;
		bool held;

		make(shape);
		start = seconds();
		estp_sort(item, NR);
		printf("# %s: sorted in %.3f s\n", name[shape], seconds() - start);
		held = estp_rule_check(item, NR, scratch, &offender);
		expect(held, "offender %u", offender);
		expect(seconds() - start < 1, "%.3f s", seconds() - start);
		printf("# %s: judged after %.3f s\n", name[shape], seconds() - start);
		claim("65535 entries, %s: sorted and judged within a second", name[shape]);
	}
	free(item);
	free(scratch);
	return tap_done();
}
