package dora

import (
	"cmp"
	"math"
	"slices"
)

func (r *row) compare(completion instant, id key) int {
	return cmp.Or(cmp.Compare(r.completion, completion), cmp.Compare(r.id, id))
}

// find is the place of a change that is there. Most that becomes another is among the latest.
func (s *siteRows) find(id key) int {
	i := len(s.rows) - 1
	for i > 0 && s.rows[i].id != id {
		i--
	}
	return i
}

// insert puts a row where it belongs by its completion.
func (s *siteRows) insert(r row) {
	i, _ := slices.BinarySearchFunc(s.rows, r, func(a, b row) int { return a.compare(b.completion, b.id) })
	s.rows = slices.Insert(grown(s.rows, 1), i, r)
}

// cut takes a row out.
func (s *siteRows) cut(i int) {
	s.waste += int(s.rows[i].carries)
	s.rows = slices.Delete(s.rows, i, i+1)
}

// between are the rows that were complete at or after an instant and before another.
func (s *siteRows) between(from, to instant) []row {
	end := before(s.rows, to)
	return s.rows[before(s.rows[:end], from):end]
}

// before is how many of the rows were complete before an instant. It looks among the latest first, since those are mostly
// asked for, and each look at another part of the memory takes its time.
func before(rows []row, at instant) int {
	low, high := len(rows), len(rows)
	for step := 1; low > 0 && rows[low-1].completion >= at; step *= 2 {
		high = low - 1
		low = max(0, low-1-step)
	}
	i, _ := slices.BinarySearchFunc(rows[low:high], at, func(r row, at instant) int { return r.compare(at, 0) })
	return low + i
}

// carry adds a run of commits, and returns where it begins and how long it is.
func (s *siteRows) carry(commits []carried) (begin uint32, n uint16) {
	commits = commits[:min(len(commits), math.MaxUint16)]
	begin = uint32(len(s.commits))
	s.commits = append(grown(s.commits, len(commits)), commits...)
	return begin, uint16(len(commits))
}

// recarry puts a run in place of that of a row.
func (s *siteRows) recarry(r *row, commits []carried) (begin uint32, n uint16) {
	if len(commits) == int(r.carries) {
		copy(s.commits[r.commits:], commits)
		return r.commits, r.carries
	}
	s.waste += int(r.carries)
	return s.carry(commits)
}

func (s *siteRows) carriedBy(r *row) []carried {
	return s.commits[r.commits:][:r.carries]
}

// compact leaves out commits that belong to no row, once they are most of them.
func (s *siteRows) compact() {
	if s.waste <= len(s.commits)/2 {
		return
	}
	all := make([]carried, 0, len(s.commits)-s.waste)
	for i := range s.rows {
		r := &s.rows[i]
		run := s.carriedBy(r)
		r.commits = uint32(len(all))
		all = append(all, run...)
	}
	s.commits, s.waste = all, 0
}

// grown is a slice with room for some more, an eighth of what it holds at least: less is left unused than append leaves.
func grown[T any](all []T, more int) []T {
	if len(all)+more <= cap(all) {
		return all
	}
	return append(make([]T, 0, len(all)+max(more, 4, len(all)/8)), all...)
}
