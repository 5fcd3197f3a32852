/* SPDX-License-Identifier: MIT */
/* What a mask selects from is read, and the mask; by a mask, nothing becomes zero for sure. */
#include "corpus.h"

function f
s:	vaddps	%zmm1, %zmm2, %zmm0{%k1}{z}
	vpxord	%zmm3, %zmm3, %zmm0{%k2}
	vpcmpeqd %zmm4, %zmm4, %k3{%k4}
	vpblendmd %zmm5, %zmm6, %zmm7{%k3}
#ifdef GOOD
	vpabsd	%zmm6, %zmm9{%k3}{z}
	vpxor	%xmm8, %xmm8, %xmm8
	kmovw	%k3, %k5
#else
	vpabsd	%zmm6, %zmm9{%k3}
	vpxor	%xmm1, %xmm1, %xmm1
	vpxor	%xmm3, %xmm3, %xmm3
	vpxor	%xmm5, %xmm5, %xmm5
	kmovw	%k3, %k2
	kmovw	%k3, %k4
#endif
	vmovups	%zmm0, (%rdi)
e:	ret
function_end f
	preemption s, e, s
