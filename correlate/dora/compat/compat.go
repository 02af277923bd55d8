// Package compat answers: which deployments would another tool hold an incident against?
//
// It knows three rules. None looks at verdicts. Two look at nothing but the order of events, and hold every incident of a scope
// against somebody; the third looks at nothing but what a report says of its cause.
package compat

import (
	"cmp"
	"slices"
	"strings"
)

// Row is as much of a rollout as the rules look at. Times are nanoseconds since 1970.
type Row struct {
	ID        string
	Scope     string // what incidents are held against rows of
	At        int64  // its completion
	Succeeded bool
}

// Incident is as much of an incident as the rules look at. It may be about several scopes.
type Incident struct {
	Scopes []string
	Opened int64
	Cause  string // the ID of the rollout that it names
}

// DevLake holds an incident against the last row of its scope that succeeded and was complete strictly before it opened,
// however long ago that was, as the task connectIncidentToDeployment of Apache DevLake does. It looks at rows, not at the
// pipelines that these are of. The answer holds for each incident the places of these rows, one for each of its scopes at
// most.
func DevLake(rows []Row, incidents []Incident) [][]int {
	return link(rows, incidents, func(r Row) bool { return r.Succeeded }, func(at, opened int64) bool { return at < opened })
}

// Middleware holds an incident against the last row of its scope, of any status, that was complete when it opened, as
// Middleware does: from the instant of a deployment to the next one. The answer is as in DevLake.
func Middleware(rows []Row, incidents []Incident) [][]int {
	return link(rows, incidents, func(Row) bool { return true }, func(at, opened int64) bool { return at <= opened })
}

// FourKeys holds an incident against the row that succeeded and that it names as its cause, whatever came after it, as the
// root cause in the report of an incident does in Four Keys. The answer is as in DevLake.
func FourKeys(rows []Row, incidents []Incident) [][]int {
	byID := map[string]int{}
	for i, r := range rows {
		if r.Succeeded {
			byID[r.ID] = i
		}
	}
	links := make([][]int, len(incidents))
	for i, in := range incidents {
		if row, ok := byID[in.Cause]; ok && in.Cause != "" {
			links[i] = []int{row}
		}
	}
	return links
}

// link finds for each incident the last row of each of its scopes that counts and was complete in time. Of rows of one
// instant the one with the greatest id is the last.
func link(rows []Row, incidents []Incident, counts func(Row) bool, inTime func(at, opened int64) bool) [][]int {
	scopes := map[string][]int{}
	for i, r := range rows {
		if counts(r) {
			scopes[r.Scope] = append(scopes[r.Scope], i)
		}
	}
	for _, of := range scopes {
		slices.SortFunc(of, func(a, b int) int {
			return cmp.Or(cmp.Compare(rows[a].At, rows[b].At), strings.Compare(rows[a].ID, rows[b].ID))
		})
	}
	links := make([][]int, len(incidents))
	for i, in := range incidents {
		for _, scope := range in.Scopes {
			of := scopes[scope]
			n, _ := slices.BinarySearchFunc(of, in.Opened, func(row int, opened int64) int {
				if inTime(rows[row].At, opened) {
					return -1
				}
				return 1
			})
			if n > 0 {
				links[i] = append(links[i], of[n-1])
			}
		}
	}
	return links
}
