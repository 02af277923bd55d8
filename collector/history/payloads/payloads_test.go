package payloads_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/historytest"
	"github.com/shipwake/shipwake/collector/history/payloads"
)

func TestFormat(t *testing.T) { historytest.Run(t, payloads.CDEvents(), nil) }

func TestAHeaderGoesWithEach(t *testing.T) {
	f := payloads.Of("gitlab")
	got := historytest.Found(t, f, history.Options{Set: map[string]string{"header": "X-Gitlab-Event: Deployment Hook"}}, "testdata/events", nil)
	require.Contains(t, got, `events.ndjson:1:1 gitlab map[X-Gitlab-Event:Deployment Hook] {"specversion":"1.0","id":"1","type":"a"}`)
	_, err := f.Open(history.Options{Set: map[string]string{"header": "deploy"}})
	require.ErrorContains(t, err, "--set header: must be a name, a colon and a value")
	require.ErrorContains(t, f.Check(history.Options{Set: map[string]string{"x": "y"}}), "--set x: the format gitlab has no such key; it has header")
}
