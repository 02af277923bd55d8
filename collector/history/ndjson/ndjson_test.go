package ndjson_test

import (
	"testing"

	"github.com/shipwake/shipwake/collector/history/historytest"
	"github.com/shipwake/shipwake/collector/history/ndjson"
)

func TestFormat(t *testing.T) { historytest.Run(t, ndjson.Format(), nil) }
