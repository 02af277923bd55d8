#include "textflag.h"

// func Fetch(places []Place)
TEXT ·Fetch(SB), NOSPLIT, $0-24
	MOVQ places_base+0(FP), SI
	MOVQ places_len+8(FP), CX
	LEAQ (SI)(CX*8), DI
next:
	CMPQ SI, DI
	JEQ  done
	MOVQ (SI), AX
	PREFETCHT0 (AX)
	ADDQ $8, SI
	JMP  next
done:
	RET
