package alertmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/alertmanager"
	"github.com/shipwake/shipwake/collector/history/historytest"
)

func TestFormat(t *testing.T) {
	historytest.Run(t, alertmanager.Format(), map[string]history.Options{"past": {Set: map[string]string{"ended": "true"}}})
	_, err := alertmanager.Format().Open(history.Options{Set: map[string]string{"ended": "maybe"}})
	require.ErrorContains(t, err, "--set ended: must be true or false")
}
