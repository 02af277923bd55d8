package correlate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheEventOfADeliveryIsWhatAHeaderTells(t *testing.T) {
	for name, c := range map[string]struct {
		header map[string]string
		want   string
	}{
		"no headers":                       {nil, ""},
		"a content type is no event":       {map[string]string{"Content-Type": "application/json"}, ""},
		"the event of a webhook":           {map[string]string{"Content-Type": "application/json", "X-Github-Event": "push"}, "push"},
		"the type of a CloudEvent":         {map[string]string{"Ce-Id": "1", "Ce-Type": "dev.cdevents.x"}, "dev.cdevents.x"},
		"the first by name, if several do": {map[string]string{"X-B-Event": "b", "X-A-Event": "a"}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, correlate.Raw{Header: c.header}.Event())
		})
	}
}
