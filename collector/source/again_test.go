package source_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

func made(t *testing.T, name string) source.Reader {
	t.Helper()
	for _, f := range all.Factories() {
		if f.Name == name {
			s, err := f.New(source.ReaderConfig{})
			require.NoError(t, err)
			return s
		}
	}
	require.Fail(t, "no such source")
	return nil
}

func TestAKeptDeliveryIsParsedAsItsRequestWouldBeNow(t *testing.T) {
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	kept := correlate.Delivery{
		Source: "deploys", ID: "72d3162e", ReceivedAt: received, ContentType: "application/json", Event: "deployment_status", Problem: "unmapped: old",
		Raw: []byte(`{"deployment_status":{"id":2,"state":"success","created_at":"2026-03-01T13:00:00Z","updated_at":"2026-03-01T13:00:00Z","environment":"production"},
			"deployment":{"id":1,"sha":"8c1f","ref":"main","environment":"production","created_at":"2026-03-01T11:50:00Z"},
			"repository":{"name":"checkout","full_name":"shop/checkout","owner":{"login":"shop"}}}`),
	}
	d := source.Again(made(t, "github"), kept)
	require.Empty(t, d.Problem)
	require.Len(t, d.Facts, 1, "also when it is dated in the future: that is for the quarantine to decide")
	require.Equal(t, "deploys", d.Facts[0].Change.Source)
	require.Equal(t, received, d.ReceivedAt)

	kept.Event = "push"
	require.Contains(t, source.Again(made(t, "github"), kept).Problem, "only deployment and deployment_status")
	kept.Raw = []byte(`{`)
	require.Contains(t, source.Again(made(t, "generic"), kept).Problem, "unreadable: ")
	require.Empty(t, source.Again(made(t, "generic"), kept).Facts)
}

// quarantined is an extension that is told of parsers.
type quarantined struct {
	component.StartFunc
	component.ShutdownFunc
	told map[string]bool
}

func (q quarantined) ParseAgain(name string, _ func(correlate.Delivery) correlate.Delivery) {
	q.told[name] = true
}

type hosting map[component.ID]component.Component

func (h hosting) GetExtensions() map[component.ID]component.Component { return h }

func TestTheQuarantineOfTheHostIsTold(t *testing.T) {
	q := quarantined{told: map[string]bool{}}
	id := component.MustNewID("correlate")
	source.Register(hosting{id: q}, "github", nil)
	require.Equal(t, map[string]bool{"github": true}, q.told)
	source.Register(hosting(nil), "github", nil)
}
