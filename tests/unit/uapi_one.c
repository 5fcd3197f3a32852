/* SPDX-License-Identifier: MIT */
/*
 * include/uapi/estp.h as one compiler and one language see it: compiled many times by
 * uapi_values' rules, as C and as C++, each with its own UAPI_SUFFIX.
 */
#include "../../include/uapi/estp.h"
#include "../../include/uapi/estp.h"	/* twice does no harm */

#define GLUE(a, b)	a ## b
#define NAME(suffix)	GLUE(uapi_, suffix)

#ifdef __cplusplus
extern "C"
#endif
const __u64 NAME(UAPI_SUFFIX)[];

const __u64 NAME(UAPI_SUFFIX)[] = {
	MADV_ESTP_REGISTER, MADV_ESTP_UNREGISTER, MADV_ESTP_FENCE, MADV_ESTP_QUERY,
	ESTP_FEATURE_VERSION_1, ESTP_FEATURE_PAGE, ESTP_FEATURE_TABLE, ESTP_FEATURE_FENCE,
	ESTP_FEATURE_CLEAR_FP, ESTP_FEATURE_RESET_PKEY, ESTP_FEATURE_MCEERR,
	ESTP_PREEMPTION, ESTP_INTERRUPT, ESTP_FAULT,
	ESTP_METADATA(ESTP_LAYOUT_PAGE, 255), ESTP_METADATA(ESTP_LAYOUT_TABLE, 65535),
	ESTP_PAGE_COUNT_MAX, ESTP_TABLE_COUNT_MAX, ESTP_HEADER_LEN(1), ESTP_HEADER_LEN(255),
	ESTP_DESCRIPTOR(ESTP_PREEMPTION, 0x1234, 0x5678, 0x9abc),
	ESTP_DESCRIPTOR(ESTP_INTERRUPT, 0x0010, 0xffff, 0xfffc),
	ESTP_DESCRIPTOR(ESTP_FAULT, 0xfff0, 0xffff, 0x0018),
	ESTP_PREFIX(0, 1, 0), ESTP_PREFIX(0xffffffff, 0xffff, 1), ESTP_PREFIX(ESTP_CLEAR_FP, 64, 0),
	ESTP_X86_64_RAX, ESTP_X86_64_RCX, ESTP_X86_64_RDX, ESTP_X86_64_RBX, ESTP_X86_64_RBP,
	ESTP_X86_64_RSI, ESTP_X86_64_RDI, ESTP_X86_64_R(8), ESTP_X86_64_R(15),
	ESTP_X86_64_CLEAR_VALID, ESTP_ARM64_X(0), ESTP_ARM64_X(30), ESTP_ARM64_CLEAR_VALID,
	ESTP_ENTRY_RESET_PKEY, ESTP_CAUSE_SEGV, ESTP_CAUSE_BUS, ESTP_CAUSE_ILL, ESTP_CAUSE_FPE,
	ESTP_CAUSE_MCEERR, ESTP_CAUSE_PAGE,
	sizeof(struct estp_table), sizeof(struct estp_entry), sizeof(struct estp_stats),
	sizeof(struct estp_sequence), sizeof(struct estp_list),
	__builtin_offsetof(struct estp_table, base), __builtin_offsetof(struct estp_table, entries),
	__builtin_offsetof(struct estp_table, entry_size),
	__builtin_offsetof(struct estp_table, flags),
	__builtin_offsetof(struct estp_entry, length),
	__builtin_offsetof(struct estp_entry, response),
	__builtin_offsetof(struct estp_entry, response_len),
	__builtin_offsetof(struct estp_entry, selector),
	__builtin_offsetof(struct estp_entry, causes),
	__builtin_offsetof(struct estp_entry, clear_mask),
	__builtin_offsetof(struct estp_entry, flags), __builtin_offsetof(struct estp_entry, zero),
	ESTP_IOC_STATS, ESTP_IOC_LIST,
	0x454e44,	/* the end */
};
