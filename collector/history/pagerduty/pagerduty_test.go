package pagerduty_test

import (
	"testing"

	"github.com/shipwake/shipwake/collector/history/historytest"
	"github.com/shipwake/shipwake/collector/history/pagerduty"
)

func TestFormat(t *testing.T) { historytest.Run(t, pagerduty.Format(), nil) }
