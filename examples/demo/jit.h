/* SPDX-License-Identifier: MIT */
#ifndef JIT_H
#define JIT_H

#include <stddef.h>
#include <stdint.h>

/**
 * jit_write() - write an ESTP page with one function, as percpu_add() but adding @amount
 * @page: a writable page
 *
 * Return: the function's offset on the page.
 */
size_t jit_write(void *page, uint32_t amount);

#endif /* JIT_H */
