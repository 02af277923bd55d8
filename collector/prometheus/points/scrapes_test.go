package points_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/correlate"
)

// answers is a process that is scraped each ten seconds: + an answer, - none, . no scrape, * an answer of a process that was
// started since the scrape before.
func answers(course, replica string) (all []told) {
	since, label := int64(began-3600), ""
	if replica != "" {
		label = fmt.Sprintf(",replica=%q", replica)
	}
	for i, what := range course {
		at := began + 10*int64(i)
		if replica == "b" {
			at += 3
		}
		switch what {
		case '.':
			continue
		case '-':
			all = append(all, told{at, `up{job="shop",instance="a:80"` + label + "}", 0})
			continue
		case '*':
			since = at - 5
		}
		all = append(all,
			told{at, `up{job="shop",instance="a:80"` + label + "}", 1},
			told{at, `process_start_time_seconds{job="shop",instance="a:80"` + label + "}", float64(since)},
			told{at, `http_requests_total{job="shop",instance="a:80",code="200"` + label + "}", float64(10 * i)})
	}
	return all
}

func missedBy(all []told, to int64) (at []int64) {
	r := reader(true)
	add(r, all)
	r.Advance(to * 1000)
	for _, m := range r.Missed() {
		at = append(at, m.At/1000-began)
	}
	slices.Sort(at)
	return at
}

func TestWhichScrapesWereMissed(t *testing.T) {
	for name, c := range map[string]struct {
		course, beside string
		want           []int64
	}{
		"none": {"++++++", "", nil},
		"one that the same process didn't answer": {"++-+++", "", []int64{20}},
		"several":                                        {"++--+-+", "", []int64{20, 30, 50}},
		"none of a process that was restarted":           {"++--*++", "", nil},
		"none of one that is gone after it failed":       {"+++--", "", nil},
		"none of one that is gone":                       {"+++...", "", nil},
		"none while it may still be starting again":      {"++---------", "", nil},
		"all when it takes longer than that":             {"++-----------------", "", seconds(20, 180)},
		"those of a hole":                                {"+++....+++", "", []int64{30, 40, 50, 60}},
		"none where one scrape is late":                  {"+++.+++", "", nil},
		"none of a process that never answered":          {"-----", "", nil},
		"none that another replica had an answer to":     {"+++-++", "++++++", nil},
		"one that both replicas had no answer to":        {"+++-++", "+++-++", []int64{30, 33}},
		"none of a hole of one replica beside the other": {"+++....+++", "++++++++++", nil},
	} {
		t.Run(name, func(t *testing.T) {
			all, replica := answers(c.course, ""), ""
			if c.beside != "" {
				replica = "a"
				all = append(answers(c.course, replica), answers(c.beside, "b")...)
			}
			require.Equal(t, c.want, missedBy(all, began+10_000), "%v", all)
		})
	}
}

func seconds(from, to int64) (all []int64) {
	for at := from; at <= to; at += 10 {
		all = append(all, at)
	}
	return all
}

// In which pieces and order samples come doesn't show, once it is known how often the process is scraped, and as long as each is
// there when its time is passed.
func TestWhatWasMissedHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		course := rapid.StringOfN(rapid.SampledFrom([]rune("+++-.*")), 2, 40, -1).Draw(t, "course")
		const known = "+++"
		all := answers(known+course, "")
		want := missedBy(all, began+1000)
		r := reader(true)
		add(r, answers(known, ""))
		r.Advance(began * 1000)
		var got []int64
		note := func() {
			for _, m := range r.Missed() {
				got = append(got, m.At/1000-began)
			}
		}
		to := int64(began)
		for rest := all; len(rest) > 0; {
			to += 10 * rapid.Int64Range(1, 8).Draw(t, "further")
			n := 0
			for n < len(rest) && rest[n].at <= to {
				n++
			}
			add(r, rapid.Permutation(rest[:n]).Draw(t, "order"))
			r.Advance(to * 1000)
			note()
			rest = rest[n:]
		}
		r.Advance((began + 1000) * 1000)
		note()
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}

func TestAMissIsALossOfTheService(t *testing.T) {
	var tally correlate.Tally
	points.Tally(&tally, []points.Miss{
		{Service: "shop", Environment: "production", At: 20_000}, {Service: "shop", Environment: "production", At: 29_000},
		{Namespace: "eu", Service: "cart", At: 31_000},
	})
	lost := func(service string, start, n int64) correlate.Measurement {
		return correlate.Measurement{
			Key:  correlate.Key{Service: service, Environment: "production", Kind: correlate.Lost, Name: correlate.LostScrapes},
			Cell: correlate.Cell{Start: start, Requests: n},
		}
	}
	got := tally.TakeMissed(10)
	require.ElementsMatch(t, []correlate.Measurement{
		lost("cart", 30, 1), lost("eu/cart", 30, 1), lost("shop", 20, 1), lost("shop", 20, 1),
	}, got)
	require.Empty(t, tally.TakeMissed(10))
}
