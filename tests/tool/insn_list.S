/* SPDX-License-Identifier: MIT */
/*
 * Instructions that insn_agrees.c runs: each between two addresses of a table. Their memory
 * operands are at rdi and rsi.
 */
	.section .note.GNU-stack, "", @progbits
	.text

/* Of the arithmetic flags only @defined are defined afterwards: CF 1, ZF 0x40, OF 0x800. */
.macro leaving defined:req, insn:vararg
1:	\insn
2:
	.pushsection insns, "aw", @progbits
	.quad	1b, 2b, \defined
	.popsection
.endm

.macro i insn:vararg
	leaving	0x8d5, \insn
.endm

	i mov %rax, %rbx
	i mov %eax, %ebx
	i mov %ax, %bx
	i mov %al, %bl
	i mov %ah, %bl
	i mov $5, %rbx
	i mov $5, %bl
	i mov (%rdi), %rax
	i mov (%rdi), %al
	i mov %rax, (%rdi)
	i mov %ah, (%rdi)
	i movq $5, (%rdi)
	i movzbl %al, %ebx
	i movzbl %ah, %ebx
	i movzwl (%rdi), %eax
	i movslq %eax, %rbx
	i movslq (%rdi), %rbx
	i movsbw %al, %bx
	i movabs $0x1122334455667788, %rax
	i lea 8(%rax,%rbx,2), %rcx
	i lea 8(%eax), %rcx
	i lea 1(%rip), %rcx
	i add %rax, %rbx
	i add %al, %bl
	i add $1, %eax
	i add %rax, (%rdi)
	i add (%rdi), %rax
	i addq $1, (%rdi)
	i sub %rax, %rbx
	i sub %eax, %eax
	i sub $1, %ax
	i adc %rax, %rbx
	i adc $0, %rbx
	i adc %rax, (%rdi)
	i sbb %rax, %rbx
	i sbb %eax, %eax
	i inc %rax
	i incq (%rdi)
	i dec %eax
	i neg %rax
	i negq (%rdi)
	i not %rax
	i notq (%rdi)
	i and %rax, %rbx
	i and $0, %eax
	i or %rax, %rbx
	i or $-1, %rax
	i xor %eax, %eax
	i xor %rax, %rbx
	i xor %al, %al
	i xor %rax, (%rdi)
	i cmp %rax, %rbx
	i cmp %rax, (%rdi)
	i cmpl $3, (%rdi)
	i test %rax, %rax
	i test %rax, (%rdi)
	i test $3, %al
	i test $3, %ax
	i test $3, %eax
	i test $3, %rax
	i test $3, %bl
	i testb $3, (%rdi)
	/* By more than one OF is undefined: what comes of it depends on the processor, and there on OF. */
	leaving 0xc5, shl $3, %rax
	i shl %rax
	leaving 0xc5, shlq $3, (%rdi)
	leaving 0xc5, shr $3, %eax
	leaving 0xc5, sar $3, %rax
	leaving 0xd5, rol $3, %rax
	leaving 0xd5, ror $3, %rax
	i rcl $1, %rax
	i rcr $1, %rax
	leaving 0xc5, shl %cl, %rax
	leaving 0xc5, shrq %cl, (%rdi)
	leaving 0xc5, shld %cl, %rax, %rbx
	leaving 0xd5, rol %cl, %rax
	leaving 0xd5, rolq $3, (%rdi)
	leaving 0xd5, rorl $3, (%rdi)
	i rclq $1, (%rdi)
	i rcrb $1, (%rdi)
	leaving 0xc5, shld $3, %rax, %rbx
	leaving 0xc5, shrd $3, %rax, %rbx
	leaving 0x801, imul %rbx, %rcx
	leaving 0x801, imul $3, %rbx, %rcx
	leaving 0x801, imul %rbx
	leaving 0x801, mul %rbx
	leaving 0x801, mulq (%rdi)
	i cqo
	i cdq
	i cwtd
	i cltq
	i cwtl
	i cbtw
	i xchg %rax, %rbx
	i xchg %rax, (%rdi)
	i xadd %rax, %rbx
	i xadd %rax, (%rdi)
	i lock xadd %rax, (%rdi)
	i cmpxchg %rcx, %rbx
	i cmpxchg %rcx, (%rdi)
	i lock cmpxchg %ecx, (%rdi)
	i cmpxchg8b (%rdi)
	i lock cmpxchg16b (%rdi)
	i bswap %rax
	leaving 1, bt %eax, %ebx
	leaving 1, bt $3, %rax
	leaving 1, bts $3, %rax
	leaving 1, btr $3, %rax
	leaving 1, btc $3, %rax
	leaving 1, btsq $3, (%rdi)
	leaving 1, btrl $3, (%rdi)
	leaving 0x40, bsf %rax, %rbx
	leaving 0x40, bsr %rax, %rbx
	leaving 0x40, bsf %eax, %ebx
	leaving 0x40, bsf (%rdi), %bx
	i lsl %ax, %rbx
	i lar %ax, %rbx
	i sete %al
	i setb (%rdi)
	i setg %al
	i cmove %rax, %rbx
	i cmovb %eax, %ebx
	i cmovg (%rdi), %rax
	i cmova %rax, %rbx
	i clc
	i stc
	i cmc
	i lahf
	i sahf
	i movsb
	i movsq
	i stosb
	i stosl
	i stosq
	i lodsb
	i lodsq
	i scasb
	i scasq
	i cmpsb
	i cmpsq
	i nop
	i nopl (%rdi)
	i nopw %cs:0(%rax,%rax,1)
	i endbr64
	i pause
	i lfence
	i prefetcht0 (%rdi)
	i movnti %rax, (%rdi)
	i movups %xmm0, (%rdi)
	i movups (%rdi), %xmm0
	i movupd %xmm0, (%rdi)
	i movdqu %xmm0, (%rdi)
	i movdqu (%rdi), %xmm0
	i movdqa %xmm0, %xmm1
	i movaps %xmm0, %xmm1
	i movss %xmm0, (%rdi)
	i movss (%rdi), %xmm0
	i movss %xmm1, %xmm0
	i movsd %xmm0, (%rdi)
	i movsd (%rdi), %xmm0
	i movq %xmm0, (%rdi)
	i movq (%rdi), %xmm0
	i movq %rax, %xmm0
	i movq %xmm0, %rax
	i movd %xmm0, %eax
	i movd %eax, %xmm0
	i movd %xmm0, (%rdi)
	i movhps %xmm0, (%rdi)
	i movhps (%rdi), %xmm0
	i movlps (%rdi), %xmm0
	i movlpd %xmm0, (%rdi)
	i movhlps %xmm1, %xmm0
	i pxor %xmm0, %xmm0
	i pxor %xmm1, %xmm0
	i xorps %xmm1, %xmm0
	i paddq %xmm1, %xmm0
	i paddd (%rdx), %xmm0
	i pcmpeqb %xmm1, %xmm0
	i pcmpeqd %xmm0, %xmm0
	i pmovmskb %xmm0, %eax
	i movmskpd %xmm0, %eax
	i pshufd $3, %xmm1, %xmm0
	i punpcklqdq %xmm1, %xmm0
	i pslldq $3, %xmm0
	i psrlq $3, %xmm0
	i pinsrw $1, %eax, %xmm0
	i pextrw $1, %xmm0, %eax
	i pmuludq %xmm1, %xmm0
	i pand %xmm1, %xmm0
	i pandn %xmm1, %xmm0
	i por %xmm1, %xmm0
	i cvtsi2sd %rax, %xmm0
	i cvtsi2ss (%rdi), %xmm0
	i cvtss2sd %xmm1, %xmm0
	i cvtsd2ss %xmm1, %xmm0
	i cvttsd2si %xmm0, %rax
	i sqrtss %xmm1, %xmm0
	i sqrtsd (%rdi), %xmm0
	i sqrtpd %xmm1, %xmm0
	i cmpltps %xmm1, %xmm0
	i cmpeqpd %xmm1, %xmm0
	i cmpltss (%rdi), %xmm0
	i cmpltsd %xmm1, %xmm0
	i cmpsl
	i rcpss %xmm1, %xmm0
	i rsqrtss %xmm1, %xmm0
	i addsd %xmm1, %xmm0
	i mulsd (%rdi), %xmm0
	i ucomisd %xmm1, %xmm0
	i comiss %xmm1, %xmm0
	i maskmovdqu %xmm1, %xmm0
	i stmxcsr (%rdi)
	i rdtsc
	i cpuid
	i xlatb

/* For processors that have AVX2, BMI, ADX, MOVBE. */
.macro new insn:vararg
	leaving	0x80000000000008d5, \insn
.endm

	new shlx %rax, %rcx, %rbx
	new shlx %rax, (%rdi), %rbx
	new rorx $3, %rcx, %rbx
	new sarx %rax, %rcx, %rbx
	new andn %rax, %rcx, %rbx
	new pdep %rax, %rcx, %rbx
	new pext %rax, %rcx, %rbx
	new mulx %rax, %rcx, %rbx
	new adcx %rax, %rcx
	new adox %rax, %rcx
	new movbe %rax, (%rdi)
	new movbe (%rdi), %rax
	new crc32q %rax, %rbx
	new pinsrq $1, %rax, %xmm0
	new pextrq $1, %xmm0, %rax
	new pextrq $1, %xmm0, (%rdi)
	new pextrb $1, %xmm0, (%rdi)
	new pshufb %xmm1, %xmm0
	new ptest %xmm1, %xmm0
	new pcmpistri $3, %xmm1, %xmm0
	new pcmpestri $3, %xmm1, %xmm0
	new pcmpistrm $3, %xmm1, %xmm0
	new pblendvb %xmm0, %xmm1, %xmm2
	new roundsd $3, %xmm1, %xmm0
	new aesenc %xmm1, %xmm0
	new pclmulqdq $1, %xmm1, %xmm0
	new vmovdqu %ymm0, (%rdi)
	new vmovdqu (%rdi), %ymm0
	new vmovdqu %xmm0, (%rdi)
	new vmovdqa %ymm0, %ymm1
	new vmovups %ymm0, (%rdi)
	new vmovss %xmm0, (%rdi)
	new vmovss (%rdi), %xmm0
	new vmovss %xmm0, %xmm1, %xmm2
	new vmovsd %xmm0, (%rdi)
	new vmovq %xmm0, (%rdi)
	new vmovq %rax, %xmm0
	new vmovd %xmm0, %eax
	new vmovhps %xmm0, (%rdi)
	new vmovhps (%rdi), %xmm0, %xmm1
	new vpxor %ymm0, %ymm0, %ymm0
	new vpxor %xmm1, %xmm2, %xmm3
	new vpaddq %ymm1, %ymm2, %ymm3
	new vpaddq (%rdi), %ymm2, %ymm3
	new vpcmpeqb %ymm1, %ymm2, %ymm3
	new vpcmpeqd %ymm1, %ymm1, %ymm1
	new vpmovmskb %ymm1, %eax
	new vptest %ymm0, %ymm1
	new vextracti128 $0, %ymm1, (%rdi)
	new vextracti128 $0, %ymm1, %xmm2
	new vinserti128 $0, %xmm1, %ymm2, %ymm3
	new vpmaskmovd %ymm1, %ymm2, (%rdi)
	new vpmaskmovd (%rdi), %ymm1, %ymm2
	new vpblendvb %xmm0, %xmm1, %xmm2, %xmm3
	new vpshufd $3, %ymm1, %ymm0
	new vpsrldq $3, %ymm1, %ymm0
	new vpbroadcastb %xmm1, %ymm0
	new vpbroadcastq (%rdi), %ymm0
	new vaddsd %xmm1, %xmm2, %xmm3
	new vucomisd %xmm1, %xmm2
	new vcvtsi2sd %rax, %xmm1, %xmm2
	new vpinsrq $1, %rax, %xmm1, %xmm0
	new vpextrq $1, %xmm0, (%rdi)
	new vzeroupper
	new vzeroall
	leaving 0x8000000000000041, tzcnt %rax, %rbx
	leaving 0x8000000000000041, lzcnt %rax, %rbx
	new popcnt %rax, %rbx
	new blsr %rax, %rbx
	new blsi %rax, %rbx
	new blsmsk (%rdi), %rbx
	new bextr %rax, %rcx, %rbx
	new bzhi %rax, %rcx, %rbx
