package judge

// pair is one stretch of time as both sides saw it: e events among n exposures, treated (T) and control (C).
type pair struct {
	at             int64
	eT, nT, eC, nC float64
}

// concurrent joins the tallies of two sides by time. Where the sides report at different instants within a minute or
// five (sparse exporters), the stretch is widened until most of the treated exposure has company.
func concurrent(treated, control []tally, resolution int64) []pair {
	var pairs []pair
	for _, cells := range [...]int64{1, 6, 30} {
		var covered bool
		if pairs, covered = join(treated, control, resolution*cells); covered {
			break
		}
	}
	return pairs
}

// join pairs windows of one width. covered says that 80 % of the smaller side's windows met the other side.
func join(treated, control []tally, width int64) (pairs []pair, covered bool) {
	pairs = make([]pair, 0, len(treated))
	var met, onlyT, onlyC int
	for i, j := 0, 0; i < len(treated) || j < len(control); {
		at := int64(0)
		switch {
		case j >= len(control) || (i < len(treated) && treated[i].at <= control[j].at):
			at = treated[i].at - mod(treated[i].at, width)
		default:
			at = control[j].at - mod(control[j].at, width)
		}
		p := pair{at: at}
		for ; i < len(treated) && treated[i].at < at+width; i++ {
			p.eT += float64(treated[i].events)
			p.nT += float64(treated[i].exposure)
		}
		for ; j < len(control) && control[j].at < at+width; j++ {
			p.eC += float64(control[j].events)
			p.nC += float64(control[j].exposure)
		}
		switch {
		case p.nT > 0 && p.nC > 0:
			met++
			pairs = append(pairs, p)
		case p.nT > 0:
			onlyT++
		default:
			onlyC++
		}
	}
	return pairs, 10*met >= 8*(met+min(onlyT, onlyC))
}

// totals adds pairs up.
func totals(pairs []pair) (t pair) {
	for _, p := range pairs {
		t.eT += p.eT
		t.nT += p.nT
		t.eC += p.eC
		t.nC += p.nC
	}
	return t
}
