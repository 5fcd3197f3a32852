// SPDX-License-Identifier: MIT
/*
 * CPU-1: on a kernel without ESTP there is no token, the error says so, and an operation
 * with what there is instead does not run: it dies.
 *
 * Method: no module; then, the twin, with the module, and registered by hand.
 */
/* vm: --no-load */
#include "operations.h"
#include "machine.h"

static void use(void *arg)
{
	const struct operation *op = arg;

	_exit(op->once() == 0 ? 0 : 1);
}

void test(void)
{
	unsigned int i;
	estp_cpu_t cid;
	int status;

	is(estp_object_error(), -ENOSYS, "the object is not registered");
	is(estp_cpu(&cpu), -ENOSYS, "no token");
	is(estp_cid(&cid), -ENOSYS, "nor one for mm_cid");
	is(estp_fence(), -ENOSYS, "no fence");
	is(estp_fence_cpu(0), -ENOSYS, "nor one for a CPU");
	operations_reset();
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		status = run_child(use, (void *)&operations[i], 10);
		ok(killed_by(status, SIGSEGV), "%s all the same: %s", operations[i].name, ending(status));
	}

	must(!module_load(""));
	is(estp_object_register(), 0, "twin: registered by hand");
	is(estp_cpu(&cpu), 0, "twin: a token");
	for (i = 0; i < ARRAY_LEN(operations); i++)
		is(operations[i].once(), 0, "twin: %s", operations[i].name);
	is(estp_fence(), 0, "twin: a fence");
	is(estp_fence_cpu(0), 0, "twin: one for a CPU");
	is(estp_fence_cpu(100000), -EINVAL, "twin: none for a CPU that cannot be");
	operations_unregister();
}
