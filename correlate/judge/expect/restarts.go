package expect

import "github.com/shipwake/shipwake/correlate"

// Restarts are instances that were started again: the minutes in which that happened, sorted, and how often it did.
type Restarts struct {
	Minutes []int64 // Unix seconds
	N       int64
}

// RestartsOf counts them in minutes of the given length, from cells of some width, both in seconds. In how many minutes of
// a wide cell they happened isn't known: as many are taken as there may be.
func RestartsOf(cells []correlate.Cell, width, minute int64) (r Restarts) {
	for i := range cells {
		n := cells[i].Sum / correlate.Fixed
		if n <= 0 {
			continue
		}
		r.N += n
		first := cells[i].Start - cells[i].Start%minute
		for k := range min(n, max(1, width/minute)) {
			if at, have := first+k*minute, len(r.Minutes); have == 0 || r.Minutes[have-1] < at {
				r.Minutes = append(r.Minutes, at)
			}
		}
	}
	return r
}

// Then is the restarts followed by later ones.
func (r Restarts) Then(later Restarts) Restarts {
	return Restarts{append(r.Minutes[:len(r.Minutes):len(r.Minutes)], later.Minutes...), r.N + later.N}
}

// Most is in how many minutes there were restarts at most in any stretch of so many seconds.
func (r Restarts) Most(seconds int64) (most int) {
	first := 0
	for i, at := range r.Minutes {
		for at-r.Minutes[first] >= seconds {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
