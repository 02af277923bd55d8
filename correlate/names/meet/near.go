package meet

import (
	"cmp"
	"slices"
	"strings"
)

// mostNear is how many names are offered in the place of one that nobody knows.
const mostNear = 3

// Near are the names that somebody may have meant, the nearest first: those that differ in case alone, by few letters, or
// that one of the two is a part of.
func Near(name string, known []string) []string {
	type candidate struct {
		name  string
		apart int
	}
	var all []candidate
	name = strings.ToLower(name)
	for _, k := range known {
		if apart, ok := apart(name, strings.ToLower(k)); ok {
			all = append(all, candidate{k, apart})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.apart, b.apart) })
	var names []string
	for _, c := range all[:min(len(all), mostNear)] {
		names = append(names, c.name)
	}
	return names
}

// ByNearness is all names, the nearest to a name first, and those that are as near in the order in which they come.
func ByNearness(name string, known []string) []string {
	name = strings.ToLower(name)
	far := make(map[string]int, len(known))
	for _, k := range known {
		n, near := apart(name, strings.ToLower(k))
		if !near {
			n += 2 * longest
		}
		far[k] = n
	}
	return slices.SortedStableFunc(slices.Values(known), func(a, b string) int { return cmp.Compare(far[a], far[b]) })
}

// longest is the length of a name in bytes, from which on it is near nothing.
const longest = 200

// apart is how far two names are from each other, and whether that is near. What one begins with, or ends with after a
// slash, is near whatever its length.
func apart(a, b string) (n int, near bool) {
	if len(a) > longest || len(b) > longest {
		return longest, false
	}
	n = edits([]rune(a), []rune(b))
	if n <= max(1, min(len(a), len(b))/3) {
		return n, true
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	const telling = 3
	return n, len(short) >= telling && (strings.HasPrefix(long, short) || strings.HasSuffix(long, "/"+short))
}

// edits is the least number of letters that are inserted, deleted, replaced or swapped with their neighbour to make one
// text of another (optimal string alignment).
func edits(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			least := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				least = min(least, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = least
		}
	}
	return rows[len(a)][len(b)]
}
