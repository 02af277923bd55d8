package accuracy

import "math"

// noise is by how much a healthy service strays from its usual self. The zero value is a textbook service: Poisson
// counts of constant rates.
type noise struct {
	load     float64 // sd of ln of the load, over minutes
	jostle   float64 // coefficient of variation of the load of a single bucket
	errors   float64 // sd of ln of the error ratio, over minutes
	burst    float64 // φ of the errors of a bucket: variance over mean
	together float64 // share of that which hits both versions alike
	latency  float64 // sd of ln of the median latency, over minutes
	flicker  float64 // the same of a single bucket
	blips    float64 // short troubles in an hour: a full queue, a failing node, a retry storm
	days     float64 // how much the days differ: sd of ln of the load; errors differ twice, latencies a third as much
}

// usual is a service as most are.
func usual(r random) noise {
	return noise{
		load: r.between(0.02, 0.08), jostle: r.between(0.03, 0.12),
		errors: r.between(0.05, 0.25), burst: r.spread(1, 2.5), together: r.Float64(),
		latency: r.between(0.005, 0.03), flicker: r.between(0, 0.02),
		blips: 0.05, days: r.between(0.02, 0.08),
	}
}

// wild is a service that is never quiet.
func wild(r random) noise {
	return noise{
		load: r.between(0.08, 0.25), jostle: r.between(0.1, 0.4),
		errors: r.between(0.3, 0.6), burst: r.spread(3, 10), together: r.Float64(),
		latency: r.between(0.03, 0.1), flicker: r.between(0.01, 0.05),
		blips: r.between(0.2, 0.6), days: r.between(0.05, 0.15),
	}
}

// season is how the load goes through the day and the week.
type season struct {
	day, half float64 // amplitudes of ln of the load, by the day and by the half day
	peak      int64   // seconds into the day
	weekend   float64 // factor
}

func (s *season) at(unix int64) float64 {
	phase := 2 * math.Pi * float64(unix-s.peak) / 86400
	load := math.Exp(s.day*math.Cos(phase) + s.half*math.Cos(2*phase))
	if day := unix / 86400 % 7; day >= 5 && s.weekend > 0 {
		load *= s.weekend
	}
	return load
}

// mood is how a service strays in one bucket: factors.
type mood struct{ load, errors, slow float64 }

// moods go through time, bucket by bucket.
type moods struct {
	noise
	r                     random
	load, errors, latency wander
	drift                 map[int64][3]float64 // by day
	until                 int64                // end of the present blip
	blip                  mood
}

func newMoods(r random, n noise) *moods {
	return &moods{
		noise: n, r: r, drift: map[int64][3]float64{}, blip: mood{1, 1, 1},
		load: newWander(r, n.load, 300), errors: newWander(r, n.errors, 300), latency: newWander(r, n.latency, 300),
	}
}

// next is the mood of the bucket that begins at an instant, averaged over a wider one when there are more buckets.
func (m *moods) next(at int64, buckets int) mood {
	var sum mood
	for i := range buckets {
		now := m.bucket(at + int64(i)*bucket)
		sum.load, sum.errors, sum.slow = sum.load+now.load, sum.errors+now.errors, sum.slow+now.slow
	}
	n := float64(buckets)
	return mood{sum.load / n, sum.errors / n, sum.slow / n}
}

func (m *moods) bucket(at int64) mood {
	now := mood{math.Exp(m.load.step(m.r)), math.Exp(m.errors.step(m.r)), math.Exp(m.latency.step(m.r))}
	if m.flicker > 0 {
		now.slow *= m.r.about(m.flicker)
	}
	if m.days > 0 {
		today, tomorrow := m.dayOf(at/86400), m.dayOf(at/86400+1)
		part := float64(at%86400) / 86400
		mix := func(i int) float64 { return math.Exp(today[i]*(1-part) + tomorrow[i]*part) }
		now.load, now.errors, now.slow = now.load*mix(0), now.errors*mix(1), now.slow*mix(2)
	}
	if at >= m.until && m.blips > 0 && m.r.chance(m.blips*float64(bucket)/3600) {
		m.until = at + bucket*m.r.seconds(1, 6)
		m.blip = mood{1, m.r.spread(3, 20), m.r.spread(1, 2.5)}
	}
	if at < m.until {
		now.errors, now.slow = now.errors*m.blip.errors, now.slow*m.blip.slow
	}
	return now
}

func (m *moods) dayOf(day int64) [3]float64 {
	d, known := m.drift[day]
	if !known {
		d = [3]float64{m.days * m.r.NormFloat64(), 2 * m.days * m.r.NormFloat64(), m.days / 3 * m.r.NormFloat64()}
		m.drift[day] = d
	}
	return d
}
