package pelorus_test

import (
	"testing"

	"github.com/shipwake/shipwake/collector/history/historytest"
	"github.com/shipwake/shipwake/collector/history/pelorus"
)

func TestFormat(t *testing.T) { historytest.Run(t, pelorus.Format(), nil) }
