package reduce

import "github.com/shipwake/shipwake/correlate"

// A series with more cells than manyCells between two drains finds them by an index.
const manyCells = 32

// series is the cells of one key that wait for Drain, in order of arrival. Its buffers are used again.
type series struct {
	key    seriesKey
	newest int64 // the newest start ever, Unix seconds
	oldest int64 // the oldest
	cells  []correlate.Cell
	index  map[int64]int // start → place in cells, when there are many

	// routes are the parts of the requests whose route is known, others the one of them beyond the bound; their cells are
	// added to this series' own by Drain. whole is the series that a route belongs to.
	routes []*series
	others *series
	whole  *series
	recent int64 // of a route, the requests since the contest began
	rivals *contest
}

// idle: nothing waits, and nothing came since a time in Unix seconds.
func (s *series) idle(before int64) bool { return len(s.cells) == 0 && s.newest < before }

// at is the cell that starts then, and whether it is a new one.
func (s *series) at(start int64) (cell *correlate.Cell, fresh bool) {
	if cell = s.ready(start); cell != nil {
		return cell, false
	}
	return s.append(start), true
}

// ready is the cell that starts then; nil when there is none.
func (s *series) ready(start int64) *correlate.Cell {
	if s.index != nil {
		if i, ok := s.index[start]; ok {
			return &s.cells[i]
		}
		return nil
	}
	for i := len(s.cells) - 1; i >= 0; i-- {
		if s.cells[i].Start == start {
			return &s.cells[i]
		}
	}
	return nil
}

func (s *series) append(start int64) *correlate.Cell {
	n := len(s.cells)
	if n < cap(s.cells) {
		s.cells = s.cells[:n+1]
	} else {
		s.cells = append(s.cells, correlate.Cell{})
	}
	cell := &s.cells[n]
	*cell = correlate.Cell{Start: start, Latency: cell.Latency[:0]}
	s.newest = max(s.newest, start)
	if s.oldest == 0 || start < s.oldest {
		s.oldest = start
	}
	s.indexed(n, start)
	return cell
}

func (s *series) indexed(n int, start int64) {
	switch {
	case s.index != nil:
		s.index[start] = n
	case n >= manyCells:
		s.index = make(map[int64]int, 2*n)
		for i := range s.cells {
			s.index[s.cells[i].Start] = i
		}
	}
}

// dropLast takes back the cell that at has just made.
func (s *series) dropLast() {
	n := len(s.cells) - 1
	if s.index != nil {
		delete(s.index, s.cells[n].Start)
	}
	s.cells = s.cells[:n]
}

// drained is what drains took. It is dropped as a whole.
type drained struct {
	cells []correlate.Measurement
	slab  correlate.Slab // of their histograms
}

// drain moves the cells out. Histograms are copied at their exact size, so that the roomy ones can be filled again.
func (s *series) drain(key correlate.Key, into *drained) {
	for i := range s.cells {
		cell := s.cells[i]
		cell.Latency = into.slab.Copy(cell.Latency)
		into.cells = append(into.cells, correlate.Measurement{Key: key, Cell: cell})
	}
	s.cells, s.index = s.cells[:0], nil
	if cap(s.cells) > manyCells {
		s.cells = nil
	}
}
