package correlate_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestASignalSaysWhatIsWrong(t *testing.T) {
	orders := correlate.Signal{Name: "orders", Metric: "shop.orders", Type: correlate.SignalRate, Bad: correlate.BadDown}
	ratio := correlate.Signal{
		Name: "abandoned", Type: correlate.SignalRatio, Bad: correlate.BadUp,
		Numerator: correlate.MetricSelector{Metric: "shop.carts"}, Denominator: correlate.MetricSelector{Metric: "shop.carts.all"},
	}
	for name, c := range map[string]struct {
		signal correlate.Signal
		edit   func(*correlate.Signal)
		field  string
		want   string
	}{
		"a rate":                         {orders, func(*correlate.Signal) {}, "", ""},
		"a ratio, which needs no metric": {ratio, func(*correlate.Signal) {}, "", ""},
		"no name":                        {orders, func(s *correlate.Signal) { s.Name = "" }, "name", "required"},
		"no metric":                      {orders, func(s *correlate.Signal) { s.Metric = "" }, "metric", "OTLP metric name"},
		"no type":                        {orders, func(s *correlate.Signal) { s.Type = "" }, "type", "gauge, rate, ratio or histogram"},
		"a type that isn't one":          {orders, func(s *correlate.Signal) { s.Type = "counter" }, "type", `"counter" is unknown`},
		"no direction":                   {orders, func(s *correlate.Signal) { s.Bad = "" }, "bad", "up, down or both"},
		"a ratio without a denominator":  {ratio, func(s *correlate.Signal) { s.Denominator.Metric = "" }, "numerator", "denominator.metric"},
		"a ratio without a numerator":    {ratio, func(s *correlate.Signal) { s.Numerator.Metric = "" }, "numerator", "numerator.metric"},
		"a gauge for which both hurt": {orders, func(s *correlate.Signal) {
			s.Type, s.Bad = correlate.SignalGauge, correlate.BadBoth
		}, "", ""},
		"a histogram":                         {orders, func(s *correlate.Signal) { s.Type, s.Bad = correlate.SignalHistogram, correlate.BadUp }, "", ""},
		"a tolerance, and a margin beyond it": {orders, func(s *correlate.Signal) { s.Tolerance, s.Margin = 0.1, 0.2 }, "", ""},
		"a tolerance in percent":              {orders, func(s *correlate.Signal) { s.Tolerance = 20 }, "tolerance", "0.1 for a tenth"},
		"a tolerance below nothing":           {orders, func(s *correlate.Signal) { s.Tolerance = -0.1 }, "tolerance", "not between 0 and 10"},
		"a tolerance that is no number":       {orders, func(s *correlate.Signal) { s.Tolerance = math.NaN() }, "tolerance", "not between"},
		"a margin in percent":                 {orders, func(s *correlate.Signal) { s.Margin = 20 }, "margin", "0.1 for a tenth"},
		"a margin below the tolerance":        {orders, func(s *correlate.Signal) { s.Tolerance, s.Margin = 0.2, 0.1 }, "margin", "never be healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			c.edit(&c.signal)
			requireField(t, c.signal.Validate(), c.field, c.want)
		})
	}
}

func TestATallyCountsFromManySides(t *testing.T) {
	var tally correlate.Tally
	require.Empty(t, tally.Values())
	accepted := correlate.Count{What: "deliveries", Source: "github", Result: "accepted"}
	done := make(chan struct{})
	for range 8 {
		go func() {
			for range 100 {
				tally.Add(accepted, 1)
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	tally.Add(correlate.Count{What: "deliveries", Source: "github", Result: "duplicate"}, 0)
	tally.Add(correlate.Count{What: "deliveries", Source: "alertmanager", Result: "accepted"}, 3)
	tally.Add(correlate.Count{What: "a first", Source: "z", Result: "z"}, 1)
	require.Equal(t, []correlate.CountValue{
		{Count: correlate.Count{What: "a first", Source: "z", Result: "z"}, Value: 1},
		{Count: correlate.Count{What: "deliveries", Source: "alertmanager", Result: "accepted"}, Value: 3},
		{Count: accepted, Value: 800},
		{Count: correlate.Count{What: "deliveries", Source: "github", Result: "duplicate"}, Value: 0},
	}, tally.Values(), "sorted, and a counter that nothing was added to is there")
}
