package source_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

func TestCommitsOfWhatUsersFillFreely(t *testing.T) {
	size := &correlate.Size{Commits: 2, Files: 1, Added: 9, Removed: 3, Since: "0a"}
	commits := []correlate.Commit{{SHA: "ab", AuthoredAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}, {SHA: "cd"}}
	for name, c := range map[string]struct {
		body    string
		commits []correlate.Commit
		size    *correlate.Size
	}{
		"both": {`{"commits":[{"sha":"ab","authored_at":"2026-03-01T08:00:00Z"},{"sha":"cd"}],
			"size":{"commits":2,"files_changed":1,"lines_added":9,"lines_removed":3,"since":"0a"}}`, commits, size},
		"commits alone":             {`{"commits":[{"sha":"cd"}],"else":1}`, commits[1:], nil},
		"commits of another form":   {`{"commits":["cd"]}`, nil, nil},
		"a count":                   {`{"commits":3}`, nil, nil},
		"a size of another form":    {`{"size":"large"}`, nil, nil},
		"less than nothing":         {`{"size":{"commits":-1}}`, nil, nil},
		"a number that isn't whole": {`{"size":{"lines_added":1.5}}`, nil, nil},
		"nothing":                   {`{}`, nil, nil},
		"no object":                 {`"cd"`, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := source.ParseJSON([]byte(c.body), "$")
			require.NoError(t, err)
			var change correlate.Change
			source.AnyCommits(doc, &change)
			require.Equal(t, correlate.Change{Commits: c.commits, Size: c.size}, change)
			require.NoError(t, doc.Err(), "it is no fault of the event")
		})
	}
}
