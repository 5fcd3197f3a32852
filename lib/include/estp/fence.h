/* SPDX-License-Identifier: MIT */
/*
 * estp/fence.h - every thread of the process is out of its sequences
 *
 * Needs no library and no sequences of its own.
 */
#ifndef ESTP_FENCE_H
#define ESTP_FENCE_H

#include <estp/object.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline int estp_fence_(uintptr_t len)
{
	int saved = errno, error = 0;

	if (madvise(NULL, len, MADV_ESTP_FENCE))
		error = -errno;
	/* Where this object is registered nobody needs to ask who has answered. */
	if ((error || estp_object_error()) && !estp_has(ESTP_FEATURE_FENCE))
		error = -ENOSYS;
	errno = saved;
	return error;
}

/**
 * estp_fence() - no thread goes on with a PREEMPTION sequence that it has begun
 *
 * When it returns, each thread of this process that was inside a PREEMPTION sequence
 * when it was called is at that sequence's response, or will be before its next
 * instruction; and each that runs has executed a full memory barrier, if anything is
 * registered in this process, as has the caller in any case.
 *
 * A system call; may interrupt other CPUs. Anywhere, signal handlers included; leaves
 * errno alone. Thread-safe.
 *
 * Return: 0; -ENOSYS, the kernel has no ESTP.
 * Source: SPEC FEN-1 to FEN-5.
 */
static inline int estp_fence(void)
{
	return estp_fence_(0);
}

/**
 * estp_fence_cpu() - the same for the threads on one CPU
 * @cpu: the CPU's number
 *
 * As estp_fence(). A CPU that is offline has nothing to do.
 *
 * Return: 0; -ENOSYS, the kernel has no ESTP; -EINVAL, no such CPU can exist.
 * Source: SPEC FEN-1 to FEN-5.
 */
static inline int estp_fence_cpu(unsigned int cpu)
{
	return estp_fence_((uintptr_t)cpu + 1);
}

#ifdef __cplusplus
}
#endif

#endif /* ESTP_FENCE_H */
