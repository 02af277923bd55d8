#include "textflag.h"

// func Fetch(places []Place)
TEXT ·Fetch(SB), NOSPLIT, $0-24
	MOVD places_base+0(FP), R0
	MOVD places_len+8(FP), R1
next:
	CBZ  R1, done
	MOVD.P 8(R0), R2
	PRFM (R2), PLDL1KEEP
	SUB  $1, R1
	B    next
done:
	RET
