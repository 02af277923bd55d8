package source

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/correlate"
)

var received = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// plain is a source that reads the id of a change from its body, and says nothing of "ping" and of "odd".
func plain() Source {
	return Source{
		Name: "plain", Version: "1", Headers: []string{"X-Event"},
		Parse: func(raw correlate.Raw) (Reading, error) {
			var r Reading
			switch text := string(raw.Body); text {
			case "ping":
				return Reading{Ignored: "a ping"}, nil
			case "odd":
				return Reading{Unmapped: "an odd state"}, nil
			case "broken":
				return r, &ParseError{"$.id", "must be whole"}
			case "failing":
				return r, errors.New("out of order")
			default:
				err := r.Add(correlate.Fact{Change: &correlate.Change{ID: text, Service: "s", FinishedAt: raw.ReceivedAt}}, JSON{})
				return r, err
			}
		},
	}
}

func configured(t *testing.T, s Source, keys map[string]any) Configured {
	t.Helper()
	c, err := s.Configure("mine", keys)
	require.NoError(t, err)
	return c
}

func TestAMessageIsOneDeliveryNamedByItsBytes(t *testing.T) {
	header := http.Header{"Content-Type": {"text/plain"}, "X-Event": {"deploy"}, "Authorization": {"Bearer canary"}}
	items, err := configured(t, plain(), nil).Read(Request{Header: header, Body: []byte("c-1"), ReceivedAt: received.In(time.FixedZone("", 3600))})
	require.NoError(t, err)
	change := correlate.Change{ID: "c-1", Service: "s", FinishedAt: received, Source: "mine"}.WithDefaults()
	require.Equal(t, []Item{{Entry: correlate.Entry{
		Raw: correlate.Raw{
			Source: "mine", ID: BodyID([]byte("c-1")), ReceivedAt: received, Body: []byte("c-1"),
			Header: map[string]string{"Content-Type": "text/plain", "X-Event": "deploy"},
		},
		Projection: correlate.Projection{Digest: "plain/1", Facts: []correlate.Fact{{Change: &change}}},
	}}}, items)
	require.Equal(t, []correlate.Entry{items[0].Entry}, Entries(items))
	require.Equal(t, "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", BodyID([]byte("{}")))
}

func TestWhyThereAreNoFacts(t *testing.T) {
	for body, want := range map[string]Item{
		"ping":    {Ignored: "a ping"},
		"odd":     {Entry: correlate.Entry{Projection: correlate.Projection{Problem: "unmapped: an odd state"}}},
		"broken":  {Wrong: &ParseError{"$.id", "must be whole"}, Entry: correlate.Entry{Projection: correlate.Projection{Problem: "unreadable: $.id: must be whole"}}},
		"failing": {Wrong: &ParseError{"$", "out of order"}, Entry: correlate.Entry{Projection: correlate.Projection{Problem: "unreadable: out of order"}}},
	} {
		t.Run(body, func(t *testing.T) {
			c := configured(t, plain(), nil)
			items, err := c.Read(Request{Body: []byte(body), ReceivedAt: received})
			require.NoError(t, err)
			require.Empty(t, items[0].Facts)
			require.Equal(t, []any{want.Ignored, want.Problem, want.Wrong}, []any{items[0].Ignored, items[0].Problem, items[0].Wrong})
			require.Equal(t, items[0].Projection, c.Projector().Project(items[0].Raw), "and the same when it is read again")
		})
	}
}

func TestOpenFindsTheDeliveries(t *testing.T) {
	s := plain()
	s.Open = func(req Request) ([]correlate.Raw, error) {
		if len(req.Body) == 0 {
			return nil, &ParseError{"$", "must not be empty"}
		}
		return []correlate.Raw{{ID: "first", Body: req.Body[:1]}, {Header: map[string]string{"X-Event": "other"}, Body: req.Body[1:]}}, nil
	}
	c := configured(t, s, nil)
	raws, err := c.Open(Request{Header: http.Header{"X-Event": {"batch"}}, Body: []byte("ab"), ReceivedAt: received})
	require.NoError(t, err)
	require.Equal(t, []correlate.Raw{
		{Source: "mine", ID: "first", ReceivedAt: received, Header: map[string]string{"X-Event": "batch"}, Body: []byte("a")},
		{Source: "mine", ID: BodyID([]byte("b")), ReceivedAt: received, Header: map[string]string{"X-Event": "other"}, Body: []byte("b")},
	}, raws)
	_, err = c.Read(Request{})
	require.EqualError(t, err, "$: must not be empty")
}

// keys is a configuration with a key that bears on the facts and one that doesn't.
type keys struct {
	Prefix string `mapstructure:"prefix"`
	Pace   int    `mapstructure:"pace" json:"-"`
}

func (k *keys) Validate() error {
	if k.Prefix == "" {
		return errors.New("prefix: must not be empty")
	}
	return nil
}

func (k *keys) Configure(s *Source) error {
	if k.Prefix == "absent" {
		return errors.New("prefix: there is no such file")
	}
	s.Parse = func(correlate.Raw) (Reading, error) { return Reading{Ignored: k.Prefix}, nil }
	return nil
}

func TestASourceHasKeysOfItsOwn(t *testing.T) {
	s := plain()
	s.Config = func() Config { return &keys{Prefix: "default"} }
	require.Equal(t, []string{"pace", "prefix"}, s.Keys())
	require.Nil(t, plain().Keys())
	said := func(c Configured) string {
		items, err := c.Read(Request{ReceivedAt: received})
		require.NoError(t, err)
		return items[0].Ignored
	}
	require.Equal(t, "default", said(configured(t, s, nil)))
	require.Equal(t, "other", said(configured(t, s, map[string]any{"prefix": "other"})))

	digest := func(keys map[string]any) string { return configured(t, s, keys).Projector().Digest }
	require.Equal(t, digest(nil), digest(map[string]any{"pace": 7}), "the pace doesn't bear on the facts")
	require.NotEqual(t, digest(nil), digest(map[string]any{"prefix": "other"}))

	for name, c := range map[string]struct {
		source Source
		keys   map[string]any
		want   string
	}{
		"an unknown key":              {s, map[string]any{"prefx": "x"}, "prefx: there is no such key; the known ones are pace, prefix"},
		"a key of a source with none": {plain(), map[string]any{"prefix": "x"}, "prefix: there is no such key; this source has no keys of its own"},
		"a wrong value":               {s, map[string]any{"prefix": ""}, "prefix: must not be empty"},
		"a wrong type":                {s, map[string]any{"pace": "fast"}, "pace"},
		"what can't be made ready":    {s, map[string]any{"prefix": "absent"}, "prefix: there is no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.source.Configure("mine", c.keys)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWhatCannotBeASourceIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Source)
		want   string
	}{
		"without a version":            {func(s *Source) { s.Version = "" }, "source plain: must have a version"},
		"nothing that reads":           {func(s *Source) { s.Parse = nil }, "a way to read its deliveries"},
		"a scheme that proves nothing": {func(s *Source) { s.Schemes = []Scheme{HubSignature(), {Kind: HMAC}} }, "source plain: schemes[1].header: required"},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain()
			c.change(&s)
			_, err := s.Configure("mine", nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWhatIsDatedInTheFutureIsHeldUntilItsTime(t *testing.T) {
	deploy := func(finished time.Time) correlate.Fact {
		return correlate.Fact{Change: &correlate.Change{ID: "c", Service: "s", StartedAt: received.Add(-time.Hour), FinishedAt: finished}}
	}
	tomorrow := received.Add(24 * time.Hour)
	ahead := correlate.Projection{Digest: "d", Facts: []correlate.Fact{deploy(received), deploy(tomorrow), deploy(received.Add(time.Hour))}}
	held := correlate.Projection{
		Digest: "d", Due: tomorrow,
		Problem: "future: fact 2 of 3 is dated more than 5m0s after it was received; is the sender's clock right?",
	}
	for name, c := range map[string]struct {
		told correlate.Projection
		now  time.Time
		want correlate.Projection
	}{
		"at receipt":                   {ahead, received, held},
		"when some of it has come":     {ahead, received.Add(2 * time.Hour), held},
		"when its time has come":       {ahead, tomorrow, ahead},
		"a clock a little ahead":       {correlate.Projection{Facts: []correlate.Fact{deploy(received.Add(5 * time.Minute))}}, received, correlate.Projection{Facts: []correlate.Fact{deploy(received.Add(5 * time.Minute))}}},
		"a problem stays what it was":  {correlate.Projection{Problem: "unmapped: x"}, received, correlate.Projection{Problem: "unmapped: x"}},
		"what says nothing stays that": {correlate.Projection{}, received, correlate.Projection{}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Hold(c.told, received, c.now)) })
	}
}

// keeper is an extension that is an intake.
type keeper struct {
	component.StartFunc
	component.ShutdownFunc
	Intake
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func TestThereIsOneIntake(t *testing.T) {
	one, two := component.MustNewID("correlate"), component.MustNewIDWithName("correlate", "second")
	found, err := FindIntake(host{one: keeper{}, component.MustNewID("zpages"): nil})
	require.NoError(t, err)
	require.Equal(t, keeper{}, found)
	_, err = FindIntake(host{})
	require.ErrorContains(t, err, "put `correlate:` under `extensions:`")
	_, err = FindIntake(host{one: keeper{}, two: keeper{}})
	require.ErrorContains(t, err, "there are two correlate extensions")
}
