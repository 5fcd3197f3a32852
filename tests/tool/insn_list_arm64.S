/* SPDX-License-Identifier: MIT */
/*
 * Instructions that insn_agrees_arm64.c runs. x1, x2 and sp are addresses in its memory, x3 is
 * an index, x16 where a jump leads: behind the instruction after the next one.
 */
	.arch	armv8.6-a+crypto+sha3+sm4+rng+fp16+fp16fml+flagm+rcpc
	.section .note.GNU-stack, "", %progbits
	.text

.macro row kind:req, before:req, insn:vararg
	.ifc	"\before", "none"
	.set	.Lbefore\@, 0
	.pushsection insns, "aw", %progbits
	.quad	.Linsn\@, 0, \kind
	.popsection
	.else
	.pushsection insns, "aw", %progbits
	.quad	.Linsn\@, .Linsn\@ - 4, \kind
	.popsection
	\before
	.endif
.Linsn\@:
	\insn
.endm

.macro i insn:vararg
	row	0, none, \insn
.endm

/* What it reads does not show: the flags of a comparison that fails, for instance. */
.macro loose insn:vararg
	row	2, none, \insn
.endm

.macro random insn:vararg
	row	1, none, \insn
.endm

	/* Immediates */
	i adr x0, . + 100
	i adrp x0, . + 0x12345000
	i add x0, x4, #5
	i add w0, w4, #5
	i add x0, x4, #5, lsl #12
	i add x0, sp, #16
	i sub x0, x4, #5
	i sub sp, sp, #16
	i add sp, x4, #16
	i adds x0, x4, #5
	i subs w0, w4, #5
	i cmp x4, #5
	i cmn w4, #5
	i mov x0, sp
	i and x0, x4, #0xff00ff00ff00ff
	i orr w0, w4, #0x1
	i eor x0, x4, #0x7ffffffff
	i ands x0, x4, #0x5555555555555555
	i ands w0, w4, #0x80000001
	i tst x4, #0xf0
	i mov x0, #0xff00ff00ff00ff
	i mov x0, #5
	i movz x0, #5, lsl #48
	i movz w0, #0xffff, lsl #16
	i movn x0, #5
	i movn w0, #5
	i movn x0, #5, lsl #32
	i movk x0, #5
	i movk x0, #5, lsl #48
	i movk w0, #5, lsl #16
	i sxtw x0, w4
	i sxtb x0, w4
	i uxtb w0, w4
	i sxth w0, w4
	i lsl x0, x4, #3
	i lsl x0, x4, #40
	i lsr x0, x4, #3
	i lsr x0, x4, #40
	i asr w0, w4, #3
	i ubfx x0, x4, #10, #10
	i ubfx x0, x4, #40, #10
	i sbfx x0, x4, #28, #10
	i ubfiz x0, x4, #10, #10
	i bfi x0, x4, #10, #10
	i bfi w0, w4, #10, #10
	i bfxil x0, x4, #40, #10
	i bfc x0, #3, #40
	i extr x0, x4, x5, #40
	i extr w0, w4, w5, #7
	i ror x0, x4, #7

	/* Registers */
	i mov x0, x4
	i mov w0, w4
	i mvn x0, x4
	i and x0, x4, x5
	i and w0, w4, w5, lsl #3
	i bic x0, x4, x5, lsr #40
	i orr x0, x4, x5
	i orr x0, xzr, x5, lsl #2
	i orn w0, w4, w5
	i eor x0, x4, x5
	i eor x0, x4, x4
	i eon x0, x4, x5
	i eon x0, x4, x4, ror #3
	i eor w0, w4, w4
	i ands x0, x4, x5
	i bics w0, w4, w5
	i tst x4, x5
	i add x0, x4, x5
	i add w0, w4, w5, lsl #7
	i add x0, x4, xzr
	i sub x0, x4, x5, asr #3
	i sub x0, x4, x4
	i subs x0, x4, x4
	i neg x0, x4
	i adds x0, x4, x5
	i subs x0, x4, x5
	i cmp w4, w5
	i cmn x4, x5
	i add x0, x4, w5, uxtw
	i add x0, x4, w5, sxth #2
	i add x0, sp, x5, lsl #3
	i add sp, sp, x5
	i sub x0, x4, w5, uxtb
	i adds x0, x4, w5, sxtw #1
	loose cmp sp, x5
	i cmp w4, w5, uxtb
	i adc x0, x4, x5
	i adcs w0, w4, w5
	i sbc x0, x4, x5
	i sbcs x0, x4, x5
	i ngc x0, x4
	i ccmp x4, x5, #3, eq
	i ccmp w4, #7, #3, hi
	i ccmn x4, x5, #0, ge
	i ccmp x4, x5, #5, gt
	i ccmp x4, x5, #5, vs
	i ccmp x4, x5, #5, mi
	i ccmp x4, x5, #5, al
	i csel x0, x4, x5, eq
	i csel x0, x4, x5, cs
	i csel w0, w4, w5, lt
	i csel w0, w4, w5, ls
	i csinc x0, x4, x5, gt
	i csinv x0, x4, x5, vc
	i csneg w0, w4, w5, pl
	i cset x0, ne
	i csetm w0, le
	i udiv x0, x4, x5
	i sdiv w0, w4, w5
	i lslv x0, x4, x5
	i lsrv w0, w4, w5
	loose asrv x0, x4, x5
	loose rorv x0, x4, x5
	i crc32b w0, w4, w5
	i crc32w w0, w4, w5
	i crc32x w0, w4, x5
	i crc32ch w0, w4, w5
	i rbit x0, x4
	i rev16 w0, w4
	i rev32 x0, x4
	i rev w0, w4
	i rev x0, x4
	loose clz x0, x4
	i clz w0, w4
	loose cls x0, x4
	i madd x0, x4, x5, x6
	i madd w0, w4, w5, w6
	i msub x0, x4, x5, x6
	i mul w0, w4, w5
	i smaddl x0, w4, w5, x6
	i smull x0, w4, w5
	i umsubl x0, w4, w5, x6
	i smulh x0, x4, x5
	i umulh x0, x4, x5
	i rmif x4, #3, #15
	loose rmif x4, #40, #5
	i setf8 w4
	i setf16 w4
	i cfinv
	i xaflag
	i axflag

	/* Pointers that are signed: what comes out fits the keys, not one another. */
	loose pacia x0, x4
	loose pacda x0, sp
	loose pacizb x0
	loose pacga x0, x4, x5
	loose pacga x0, x4, sp
	loose xpaci x0
	loose paciasp
	loose pacibsp
	loose paciaz
	loose pacia1716
	loose xpaclri

	/* System */
	i nop
	i bti c
	i hint #36
	i yield
	i dmb ish
	i isb
	i clrex
	i mrs x0, nzcv
	i msr nzcv, x4
	i mrs x0, ctr_el0
	random mrs x0, cntvct_el0
	random mrs x0, rndr
	i mrs x0, fpcr
	loose prfm pldl1keep, [x1]
	loose prfm pstl1keep, [x1, x3]
	loose prfum pldl1keep, [x1, #-8]
	i dc zva, x1
	loose dc cvac, x1
	loose dc civac, x1
	loose ic ivau, x1

	/* Branches */
	i b . + 8
	i bl . + 8
	i cbz x4, . + 8
	i cbnz w4, . + 8
	i tbz x4, #3, . + 8
	i tbnz x4, #40, . + 8
	i b.eq . + 8
	i b.ne . + 8
	i b.cs . + 8
	i b.mi . + 8
	i b.vs . + 8
	i b.hi . + 8
	i b.ge . + 8
	i b.gt . + 8
	i b.le . + 8
	i b.al . + 8
	i br x16
	i blr x16
	i ret x16

	/* Loads and stores */
	i ldr x0, [x1]
	i ldr w0, [x1]
	i ldr x0, [x1, #8]
	i ldr w0, [x1, #12]
	i ldrb w0, [x1, #3]
	i ldrh w0, [x1, #6]
	i ldrsb x0, [x1]
	i ldrsb w0, [x1]
	i ldrsh x0, [x1]
	i ldrsw x0, [x1]
	i ldr xzr, [x1]
	i ldur x0, [x1, #-9]
	i ldtr x0, [x1, #8]
	i sttr w4, [x1, #-8]
	i ldr x0, [x1], #8
	i ldr x0, [x1, #-16]!
	i ldrb w0, [sp], #16
	i ldr x0, [sp, #8]
	i str x4, [x1]
	i str w4, [x1, #4]
	i strb w4, [x1, #5]
	i strh w4, [x1, #6]
	i str xzr, [x1]
	i stur w4, [x1, #-7]
	i str x4, [x1], #-8
	i str x4, [sp, #-16]!
	i strb w4, [x1, #1]!
	i ldr x0, [x1, x3]
	i ldr x0, [x1, x3, lsl #3]
	i ldr w0, [x1, w3, uxtw #2]
	i ldrh w0, [x1, w3, sxtw]
	i ldrb w0, [x1, x3]
	i str x4, [x1, w3, uxtw]
	i str w4, [x1, x3, lsl #2]
	i strb w4, [x1, w3, sxtw]
	i ldr x0, [x1, xzr]
	i ldp x0, x4, [x1]
	i ldp w0, w4, [x1, #8]
	i ldpsw x0, x4, [x1, #8]
	i ldnp x0, x4, [x1]
	i ldp x0, x4, [x1], #16
	i ldp x29, x30, [sp], #32
	i stp x4, x5, [x1]
	i stp w4, w5, [x1, #-8]
	i stnp x4, xzr, [x1]
	i stp x29, x30, [sp, #-16]!
	i stp x4, x5, [x1], #64
	i ldr q0, [x1]
	i ldr d0, [x1, #8]
	i ldr s0, [x1, #4]
	i ldr h0, [x1, #2]
	i ldr b0, [x1, #1]
	i ldr q0, [x1], #16
	i ldr d0, [x1, x3, lsl #3]
	i ldr q0, [x1, w3, uxtw]
	i ldur q0, [x1, #-3]
	i str q4, [x1]
	i str d4, [x1, #8]
	i str b4, [x1, #1]
	i str q4, [x1, #-16]!
	i str s4, [x1, x3]
	i ldp q0, q4, [x1]
	i ldp d0, d4, [x1], #16
	i ldp s0, s4, [x1, #8]
	i stp q4, q5, [x1, #32]
	i stp d4, d5, [x1, #-16]!
	i stnp q4, q5, [x1]
	i ldar x0, [x1]
	i ldarb w0, [x1]
	i ldlarh w0, [x1]
	i stlr x4, [x1]
	i stlrh w4, [x1]
	i stllr w4, [x1]
	i ldapr w0, [x1]
	i ldapur x0, [x1, #8]
	i ldapursb x0, [x1, #7]
	i ldapursw x0, [x1, #4]
	i stlur w4, [x1, #4]
	i stlurb w4, [x1, #3]
	i ldxr x0, [x1]
	i ldaxrb w0, [x1]
	i ldxp x0, x4, [x1]
	i ldaxp w0, w4, [x1]
	row 0, "ldxr xzr, [x1]", stxr w0, x4, [x1]
	row 0, "ldaxr wzr, [x1]", stlxr w0, w4, [x1]
	row 0, "ldxrb wzr, [x1]", stxrb w0, w4, [x1]
	row 0, "ldxp x0, xzr, [x1]", stxp w0, x4, x5, [x1]
	i ldadd x4, x0, [x1]
	i ldadda w4, w0, [x1]
	i ldaddb w4, w0, [x1]
	i ldclral x4, x0, [x1]
	i ldeor x4, x0, [x1]
	i ldset w4, w0, [x1]
	loose ldsmax x4, x0, [x1]
	loose ldumin w4, w0, [x1]
	i stadd x4, [x1]
	i stset w4, [x1]
	i swp x4, x0, [x1]
	i swpalh w4, w0, [x1]
	row 2, "ldr x0, [x1]", cas x0, x4, [x1]
	row 2, "ldrb w0, [x1]", casb w0, w4, [x1]
	row 2, "ldr w0, [x1]", casal w0, w4, [x1]
	loose cas x0, x4, [x1]
	row 2, "ldp x10, x11, [x1]", casp x10, x11, x4, x5, [x1]
	row 2, "ldp w10, w11, [x1]", caspal w10, w11, w4, w5, [x1]
	i ld1 {v0.16b}, [x1]
	i ld1 {v0.8b, v1.8b}, [x1]
	i ld1 {v0.4s, v1.4s, v2.4s}, [x1]
	i ld1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x1], #64
	i ld1 {v31.4h, v0.4h}, [x1], x3
	i ld2 {v0.4s, v1.4s}, [x1]
	i ld3 {v0.8b, v1.8b, v2.8b}, [x1], #24
	i ld4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x1]
	i st1 {v4.16b}, [x1]
	i st1 {v4.4s, v5.4s}, [x1], #32
	i st1 {v4.8b, v5.8b, v6.8b}, [x1]
	i st2 {v4.8h, v5.8h}, [x1]
	i st3 {v4.2d, v5.2d, v6.2d}, [x1]
	i st4 {v4.2s, v5.2s, v6.2s, v7.2s}, [x1], x3
	i ld1 {v0.b}[3], [x1]
	i ld1 {v0.h}[3], [x1], #2
	i ld2 {v0.s, v1.s}[1], [x1]
	i ld4 {v0.d, v1.d, v2.d, v3.d}[1], [x1]
	i ld1r {v0.4s}, [x1]
	i ld3r {v0.8h, v1.8h, v2.8h}, [x1], #6
	i st1 {v4.b}[7], [x1]
	i st1 {v4.d}[1], [x1], #8
	i st3 {v4.s, v5.s, v6.s}[2], [x1]

	/* Scalar floating point */
	i fmov d0, d4
	i fmov d0, x4
	i fmov x0, d4
	i fmov s0, w4
	i fmov w0, s4
	i fmov h0, w4
	i fmov v0.d[1], x4
	i fmov x0, v4.d[1]
	i fmov d0, #1.5
	i fabs s0, s4
	i fneg d0, d4
	loose fsqrt d0, d4
	i fcvt d0, s4
	i fcvt s0, d4
	loose fcvt h0, d4
	loose frintz d0, d4
	loose frint32z s0, s4
	i fadd d0, d4, d5
	i fmul s0, s4, s5
	i fdiv d0, d4, d5
	loose fmax d0, d4, d5
	i fnmul d0, d4, d5
	i fmadd d0, d4, d5, d6
	i fnmsub s0, s4, s5, s6
	loose fcmp d4, d5
	loose fcmpe s4, #0.0
	loose fccmp d4, d5, #3, hi
	i fcsel d0, d4, d5, gt
	loose fcvtzs x0, d4
	loose fcvtau w0, s4
	loose fcvtzu x0, d4, #7
	loose fjcvtzs w0, d4
	i scvtf d0, x4
	i ucvtf s0, w4
	i scvtf d0, x4, #5

	/* SIMD */
	i add v0.4s, v4.4s, v5.4s
	i add d0, d4, d5
	i sub v0.8b, v4.8b, v5.8b
	i and v0.16b, v4.16b, v5.16b
	i orr v0.16b, v4.16b, v5.16b
	i mov v0.16b, v4.16b
	i eor v0.16b, v4.16b, v5.16b
	i eor v0.16b, v4.16b, v4.16b
	i bsl v0.16b, v4.16b, v5.16b
	i bit v0.8b, v4.8b, v5.8b
	i bif v0.16b, v4.16b, v5.16b
	i mul v0.4s, v4.4s, v5.4s
	i mla v0.4s, v4.4s, v5.4s
	i mls v0.8h, v4.8h, v5.8h
	i saba v0.4s, v4.4s, v5.4s
	i uabd v0.4s, v4.4s, v5.4s
	i cmeq v0.16b, v4.16b, v5.16b
	i cmhi v0.2d, v4.2d, v5.2d
	i cmeq v0.4s, v4.4s, #0
	loose cmtst v0.4s, v4.4s, v5.4s
	i sqadd v0.4s, v4.4s, v5.4s
	i addp v0.4s, v4.4s, v5.4s
	i addp d0, v4.2d
	loose umaxp v0.16b, v4.16b, v5.16b
	i ushl v0.4s, v4.4s, v5.4s
	i sqdmulh v0.4s, v4.4s, v5.4s
	i sqrdmlah v0.4s, v4.4s, v5.4s
	i fadd v0.4s, v4.4s, v5.4s
	i fmla v0.2d, v4.2d, v5.2d
	i fmls v0.4s, v4.4s, v5.4s
	i fmul v0.8h, v4.8h, v5.8h
	i fmla v0.8h, v4.8h, v5.8h
	loose fcmgt v0.4s, v4.4s, v5.4s
	loose facge v0.2d, v4.2d, v5.2d
	loose fmlal v0.4s, v4.4h, v5.4h
	loose fmlal2 v0.4s, v4.4h, v5.4h
	i sdot v0.4s, v4.16b, v5.16b
	i udot v0.2s, v4.8b, v5.8b
	i smmla v0.4s, v4.16b, v5.16b
	loose bfdot v0.4s, v4.8h, v5.8h
	i fcmla v0.4s, v4.4s, v5.4s, #90
	i fcadd v0.4s, v4.4s, v5.4s, #90
	i rev64 v0.4s, v4.4s
	i cnt v0.16b, v4.16b
	i not v0.16b, v4.16b
	i neg v0.4s, v4.4s
	i abs d0, d4
	i suqadd v0.4s, v4.4s
	i sadalp v0.4s, v4.8h
	i saddlp v0.4s, v4.8h
	i xtn v0.4h, v4.4s
	i xtn2 v0.8h, v4.4s
	i sqxtn s0, d4
	i uqxtn2 v0.4s, v4.2d
	i shll v0.4s, v4.4h, #16
	i shll2 v0.4s, v4.8h, #16
	loose fcvtn v0.2s, v4.2d
	loose fcvtn2 v0.4s, v4.2d
	i fcvtl2 v0.2d, v4.4s
	loose frintx v0.4s, v4.4s
	loose scvtf v0.4s, v4.4s
	loose fcvtzs d0, d4
	i addv s0, v4.4s
	loose umaxv b0, v4.16b
	i saddlv d0, v4.4s
	i saddl v0.4s, v4.4h, v5.4h
	i saddw v0.4s, v4.4s, v5.4h
	i smull2 v0.4s, v4.8h, v5.8h
	i smlal v0.4s, v4.4h, v5.4h
	i umlsl2 v0.2d, v4.4s, v5.4s
	i sabal v0.4s, v4.4h, v5.4h
	i sqdmlal v0.4s, v4.4h, v5.4h
	i addhn v0.4h, v4.4s, v5.4s
	i addhn2 v0.8h, v4.4s, v5.4s
	i pmull v0.1q, v4.1d, v5.1d
	i mov v0.s[1], w4
	i mov v0.d[1], x4
	i mov v0.b[3], v4.b[5]
	i dup v0.4s, w4
	i dup v0.2d, x4
	i dup v0.16b, v4.b[3]
	i mov d0, v4.d[1]
	i umov w0, v4.s[1]
	i umov x0, v4.d[1]
	i smov x0, v4.h[3]
	i tbl v0.16b, {v4.16b}, v5.16b
	i tbl v0.16b, {v4.16b, v5.16b, v6.16b}, v7.16b
	i tbx v0.8b, {v31.16b, v0.16b}, v7.8b
	i tbx v0.16b, {v4.16b}, v7.16b
	i zip1 v0.4s, v4.4s, v5.4s
	i uzp2 v0.16b, v4.16b, v5.16b
	i trn1 v0.2d, v4.2d, v5.2d
	i ext v0.16b, v4.16b, v5.16b, #3
	i movi v0.2d, #0
	i movi v0.4s, #5, lsl #8
	i mvni v0.8h, #5
	i orr v0.4s, #5
	i bic v0.8h, #5, lsl #8
	i fmov v0.2d, #1.0
	i movi v0.4s, #5, msl #8
	i shl v0.4s, v4.4s, #3
	i sshr d0, d4, #3
	i ssra v0.4s, v4.4s, #3
	i ursra v0.2d, v4.2d, #3
	i sri v0.4s, v4.4s, #3
	i sli v0.4s, v4.4s, #3
	i sqshl v0.4s, v4.4s, #3
	i shrn v0.4h, v4.4s, #3
	i shrn2 v0.8h, v4.4s, #3
	i sqrshrun2 v0.8h, v4.4s, #3
	i uqshrn s0, d4, #3
	i sshll v0.4s, v4.4h, #3
	i ushll2 v0.4s, v4.8h, #0
	i scvtf v0.4s, v4.4s, #3
	i mul v0.4s, v4.4s, v5.s[1]
	i mla v0.8h, v4.8h, v5.h[7]
	i mla v0.4s, v4.4s, v21.s[1]
	i fmla v0.2d, v4.2d, v21.d[1]
	i fmul d0, d4, v5.d[1]
	i fmulx s0, s4, v21.s[3]
	i fmls v0.8h, v4.8h, v5.h[7]
	i smlal2 v0.4s, v4.8h, v5.h[3]
	i sqdmull s0, h4, v5.h[3]
	i sqrdmlsh v0.4s, v4.4s, v5.s[3]
	i udot v0.4s, v4.16b, v21.4b[2]
	i sdot v0.4s, v4.16b, v5.4b[2]
	i aese v0.16b, v4.16b
	i aesmc v0.16b, v4.16b
	i sha1h s0, s4
	i sha1c q0, s4, v5.4s
	i sha256h q0, q4, v5.4s
	i sha256su0 v0.4s, v4.4s
	i sha1su1 v0.4s, v4.4s
	i eor3 v0.16b, v4.16b, v5.16b, v6.16b
	i bcax v0.16b, v4.16b, v5.16b, v6.16b
	i xar v0.2d, v4.2d, v5.2d, #7
