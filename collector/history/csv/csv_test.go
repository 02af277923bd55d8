package csv_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/csv"
	"github.com/shipwake/shipwake/collector/history/historytest"
)

func TestFormat(t *testing.T) {
	historytest.Run(t, csv.Format(), map[string]history.Options{
		"mapped": {Columns: history.Columns{
			Of:        map[string]string{"service": "app_name", "version": "tag", "status": "outcome", "finished_at": "when", "labels.area": "area"},
			Constants: map[string]string{"environment": "production", "team": "shop"},
			Values:    map[string]map[string]string{"status": {"OK": "succeeded", "KO": "failed"}, "service": {"Checkout": "checkout"}},
			Time:      "02.01.2006 15:04", Zone: "Europe/Berlin",
		}},
	})
}

func TestAMapThatIsWrongSaysWhere(t *testing.T) {
	for name, c := range map[string]struct {
		columns history.Columns
		want    string
	}{
		"a field that there isn't":    {history.Columns{Of: map[string]string{"servce": "app"}}, "servce: there is no such field; changes have id, kind"},
		"a label without a name":      {history.Columns{Of: map[string]string{"labels.": "app"}}, "labels.: there is no such field"},
		"an incident with a label":    {history.Columns{Record: "incident", Of: map[string]string{"labels.x": "app"}}, "labels.x: there is no such field"},
		"a record that is neither":    {history.Columns{Record: "deploy"}, "record: must be change or incident"},
		"a delimiter of two":          {history.Columns{Delimiter: ";;"}, "delimiter: must be one character"},
		"a zone that there isn't":     {history.Columns{Zone: "Mars"}, "zone: must be the name of a time zone"},
		"values of no field":          {history.Columns{Values: map[string]map[string]string{"x": nil}}, "x: there is no such field"},
		"a constant that is nobody's": {history.Columns{Constants: map[string]string{"x": "y"}}, "x: there is no such field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csv.Format().Open(history.Options{Columns: c.columns})
			require.ErrorContains(t, err, c.want)
		})
	}
}
