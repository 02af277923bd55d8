package pull

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// follows is the configuration of a source that goes through records.
type follows struct {
	follow func(source.Records) source.Page
}

func (f *follows) Validate() error               { return nil }
func (f *follows) Authorize(http.Header, string) {}
func (f *follows) Streams() []source.Stream {
	return []source.Stream{{Name: "changes", Follow: func(_ context.Context, _ *http.Client, r source.Records, _ []byte, _ time.Time) (source.Page, error) {
		return f.follow(r), nil
	}}}
}

// knowing is an extension that knows of one change.
type knowing struct{ sourcetest.Intake }

func (k *knowing) Records() source.Records { return one{} }

// one answers what is known of any change.
type one struct{ source.Records }

func (one) Known(_ context.Context, id string) (correlate.ChangeRecord, error) {
	return correlate.ChangeRecord{Change: correlate.Change{ID: id, Service: "cart"}}, nil
}

func TestAStreamThatFollowsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		follower := generic.Source()
		follower.Pull = func(source.Config) (source.PullConfig, error) {
			return &follows{func(r source.Records) source.Page {
				c, err := r.Known(t.Context(), "c1")
				require.NoError(t, err)
				return source.Page{Next: []byte("1"), Raws: []correlate.Raw{{ID: "1", Body: []byte(`{"id":"` + c.ID + `","service":"` + c.Service + `","finished_at":"2000-01-01T00:00:00Z"}`)}}}
			}}, nil
		}
		config := defaultConfig([]source.Source{follower})
		config.Sources = map[string]SourceConfig{"generic": {}}
		require.NoError(t, config.Validate(), "it asks nobody by HTTP, so it needs no address")
		start := func(extension component.Component) (*puller, error) {
			p := newPuller(receivertest.NewNopSettings(Type), config, &correlate.Tally{})
			return p, p.Start(t.Context(), sourcetest.Host{component.MustNewID("correlate"): extension})
		}
		k := &knowing{}
		p, err := start(k)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, "cart", k.Entries()[0].Facts[0].Change.Service)
		require.NoError(t, p.Shutdown(t.Context()))

		_, err = start(&sourcetest.Intake{})
		require.ErrorContains(t, err, "no extension knows of changes: put `correlate:` under `extensions:`")
	})
}
