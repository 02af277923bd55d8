package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// everyOne holds a closed list to its words: each identifier has some of its own.
func everyOne[T ~string](t *testing.T, list []T, say func(T) string) {
	t.Helper()
	require.NotEmpty(t, list)
	said := map[string]T{}
	for _, identifier := range list {
		text := say(identifier)
		require.NotEmpty(t, text)
		other, known := said[text]
		require.False(t, known, "%s and %s are said alike", identifier, other)
		said[text] = identifier
	}
	require.Equal(t, "something newer", say("something_newer"), "what a newer daemon sends is said by its name")
}

func TestEveryIdentifierOfAClosedListHasWords(t *testing.T) {
	everyOne(t, correlate.Reasons(), words.Reason)
	everyOne(t, correlate.Reopenings(), words.Reopening)
	everyOne(t, correlate.Causes(), words.Cause)
	for _, r := range correlate.Reasons() {
		require.NotEqual(t, words.Plain(string(r)), words.Reason(r), "%s is said by its name only", r)
	}
	for _, r := range correlate.Reopenings() {
		require.NotEqual(t, words.Plain(string(r)), words.Reopening(r), "%s is said by its name only", r)
	}
}

func TestEveryGradeSaysWithWhatItCompares(t *testing.T) {
	said := map[string]bool{}
	for _, g := range []correlate.Grade{correlate.GradeA, correlate.GradeB, correlate.GradeC, correlate.GradeD, ""} {
		require.Regexp(t, "^with ", words.Grade(g))
		said[words.Grade(g)] = true
	}
	require.Len(t, said, 5)
}
