package evalue

import "github.com/shipwake/shipwake/correlate/guard"

// The names of the guards.
const (
	guardAbsoluteFloor  = "absolute_floor"
	guardPracticalFloor = "practical_floor"
	guardDispersion     = "dispersion"
	guardWideDispersion = "wide_dispersion"
	guardSparse         = "sparse"
	guardBorrowed       = "borrowed_dispersion"
	guardComplement     = "complement"
	guardWidePairs      = "wide_pairs"
)

// Guards are the safeguards of this package, with what each does.
func Guards() []guard.Guard {
	return []guard.Guard{
		{Name: guardAbsoluteFloor, What: "a rise of a tiny error ratio must also be a rise of a thousandth"},
		{Name: guardPracticalFloor, What: "a rise below a factor that matters is no regression"},
		{Name: guardDispersion, What: "evidence is divided by how bursty the baseline is"},
		{Name: guardWideDispersion, What: "bursts are also looked for in windows of a minute and of five"},
		{Name: guardSparse, What: "nearly empty windows say nothing of bursts"},
		{Name: guardBorrowed, What: "a quantile with few events beyond takes the bursts of the next lower one"},
		{Name: guardComplement, What: "where events are common, the exposures without one are counted"},
		{Name: guardWidePairs, What: "sides that report at different instants are compared by minutes"},
	}
}
