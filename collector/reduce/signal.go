package reduce

import (
	"strconv"

	"github.com/shipwake/shipwake/correlate"
)

// rule is one way in which the points of a metric feed a custom signal.
type rule struct {
	signal string
	kind   correlate.SignalKind
	below  bool // ratio only: the denominator
	where  []Attribute
}

// rules are the rules of each metric name.
func rules(signals []correlate.Signal) map[string][]rule {
	byMetric := map[string][]rule{}
	for _, s := range signals {
		switch s.Type {
		case correlate.SignalGauge:
			byMetric[s.Metric] = append(byMetric[s.Metric], rule{signal: s.Name, kind: correlate.Gauge})
		case correlate.SignalRate:
			byMetric[s.Metric] = append(byMetric[s.Metric], rule{signal: s.Name, kind: correlate.Rate})
		case correlate.SignalHistogram:
			byMetric[s.Metric] = append(byMetric[s.Metric], rule{signal: s.Name, kind: correlate.Distribution})
		case correlate.SignalRatio:
			above, below := s.Numerator, s.Denominator
			byMetric[above.Metric] = append(byMetric[above.Metric],
				rule{signal: s.Name, kind: correlate.Ratio, where: filter(above)})
			byMetric[below.Metric] = append(byMetric[below.Metric],
				rule{signal: s.Name, kind: correlate.Ratio, where: filter(below), below: true})
		}
	}
	return byMetric
}

func filter(m correlate.MetricSelector) []Attribute {
	var where []Attribute
	for k, v := range m.Attributes {
		where = append(where, Attribute{Key: k, Text: v})
	}
	return where
}

// matches tells whether a point has every attribute of the filter.
func (u *rule) matches(attributes []Attribute) bool {
	for i := range u.where {
		if !has(attributes, &u.where[i]) {
			return false
		}
	}
	return true
}

func has(attributes []Attribute, want *Attribute) bool {
	for i := range attributes {
		a := &attributes[i]
		if a.Key != want.Key {
			continue
		}
		if !a.IsInt {
			return a.Text == want.Text
		}
		var digits [20]byte
		return string(strconv.AppendInt(digits[:0], a.Int, 10)) == want.Text
	}
	return false
}

// custom counts a point for a custom signal.
func (r *Reader) custom(u *rule, p *Point, owner *scope, c *change) Result {
	if !u.matches(p.attributes()) {
		return Ignored
	}
	k := seriesKey{kind: u.kind, origin: correlate.OriginCustom, name: u.signal}
	switch u.kind {
	case correlate.Gauge:
		if c.shape != nil {
			return Unusable
		}
		return r.sample(owner, k, c.value, c)
	case correlate.Rate:
		if c.gauge {
			return Unusable
		}
		return r.sample(owner, k, c.amount(), c)
	case correlate.Ratio:
		return r.part(owner, k, u.below, c)
	}
	return r.distribution(owner, k, c)
}

// part adds to the numerator or the denominator of a ratio.
func (r *Reader) part(sc *scope, k seriesKey, below bool, c *change) Result {
	v, ok := fixed(c.amount())
	if !ok {
		return Unusable
	}
	cell, owner, result := r.open(sc, k, c)
	if cell == nil {
		return result
	}
	if below {
		cell.N += v
	} else {
		cell.Sum += v
	}
	owner.mu.Unlock()
	return result
}

func (r *Reader) distribution(sc *scope, k seriesKey, c *change) Result {
	if c.shape == nil {
		return Unusable
	}
	cell, owner, result := r.open(sc, k, c)
	if cell == nil {
		return result
	}
	cell.Requests += c.count
	c.fill(&cell.Latency, correlate.Fixed, &r.s.bins)
	owner.mu.Unlock()
	return result
}
