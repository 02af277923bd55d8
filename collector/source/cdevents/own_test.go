package cdevents

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

// TestWhatTheOutputSendsIsNoIncident: each event as it is sent, on a bus that this source reads.
func TestWhatTheOutputSendsIsNoIncident(t *testing.T) {
	for _, kind := range []string{"regressed", "recovered", "corrected", "healthy", "inconclusive"} {
		t.Run(kind, func(t *testing.T) {
			sent, err := os.ReadFile("../../../sinks/vendors/cdevents/testdata/sent/" + kind + ".txt")
			require.NoError(t, err)
			head, body, found := strings.Cut(string(sent), "\n\n")
			require.True(t, found)
			req := source.Request{Header: http.Header{}, Body: []byte(body)}
			for _, line := range strings.Split(head, "\n")[1:] {
				name, value, _ := strings.Cut(line, ": ")
				req.Header.Set(name, value)
			}
			require.NotEmpty(t, req.Header.Get("Ce-Type"))
			items := sourcetest.Read(t, Source(), req)
			require.Len(t, items, 1)
			require.Empty(t, items[0].Facts)
			require.Empty(t, items[0].Problem)
			require.NotEmpty(t, items[0].Ignored)
		})
	}
}
