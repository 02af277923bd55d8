package prometheus

import "github.com/prometheus/client_golang/prometheus"

// collector turns the rows of the catalog into samples at each scrape.
type collector struct {
	sink *sink
	rows []Metric
	desc []*prometheus.Desc
}

func newCollector(s *sink) *collector {
	c := &collector{sink: s, rows: Catalog()}
	for _, row := range c.rows {
		c.desc = append(c.desc, row.desc())
	}
	return c
}

func (m Metric) desc() *prometheus.Desc { return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil) }

func (m Metric) writer(d *prometheus.Desc, out func(prometheus.Metric)) *writer {
	kind := prometheus.GaugeValue
	if m.Type == Counter {
		kind = prometheus.CounterValue
	}
	return &writer{desc: d, kind: kind, out: out}
}

func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.desc {
		out <- d
	}
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	reports := c.sink.dora.reports()
	c.sink.state.knowAll(reports.places)
	v := c.sink.state.snapshot()
	v.status, v.dora = c.sink.reader.Status(), reports.doraStatus
	v.observed, v.hidden = shown(v.observed)
	v.newest = fresh(v.newest, v.status.Now)
	for i, row := range c.rows {
		if row.read != nil {
			row.read(v, row.writer(c.desc[i], func(m prometheus.Metric) { out <- m }))
		}
	}
	for _, m := range reports.metrics {
		out <- m
	}
}
