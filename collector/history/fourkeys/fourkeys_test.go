package fourkeys_test

import (
	"testing"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/fourkeys"
	"github.com/shipwake/shipwake/collector/history/historytest"
)

func TestFormat(t *testing.T) {
	historytest.Run(t, fourkeys.Format(), map[string]history.Options{"project": {Set: map[string]string{"service": "shop"}}})
}
