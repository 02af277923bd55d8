package cells

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestANameMeetsTelemetryAcrossNamespaces(t *testing.T) {
	for name, c := range map[string]struct {
		heard []string // in that order, a bucket apart
		of    string
		by    int64
		want  string
	}{
		"the very name":                          {[]string{"api", "shop/api"}, "api", 100, "api"},
		"the very name with a namespace":         {[]string{"api", "shop/api"}, "shop/api", 100, "shop/api"},
		"with a namespace, and it is shown bare": {[]string{"api"}, "shop/api", 100, "api"},
		"without, and it is the only one":        {[]string{"shop/api", "shop/apis", "shop/web"}, "api", 100, "shop/api"},
		"without, and there are two":             {[]string{"shop/api", "billing/api"}, "api", 100, "api"},
		"another namespace is another service":   {[]string{"billing/api"}, "shop/api", 100, "shop/api"},
		"nothing was heard yet":                  {[]string{"api"}, "shop/api", 0, "shop/api"},
		"the second one comes later":             {[]string{"shop/api", "billing/api"}, "api", 10, "shop/api"},
		"nobody is heard":                        {nil, "api", 100, "api"},
	} {
		t.Run(name, func(t *testing.T) {
			st := New(config())
			for i, service := range c.heard {
				st.Add(traffic(service, "v1", midnight+int64(10*i), 5))
				other := traffic("x/api", "v1", midnight, 5)
				other.Environment = "staging"
				st.Add(other)
			}
			of := correlate.Place{Service: c.of, Environment: correlate.DefaultEnvironment}
			require.Equal(t, correlate.Place{Service: c.want, Environment: of.Environment}, Met(st, of, midnight+c.by))
		})
	}
}

// However services come and go, a name means the same place as by going through all of them.
func TestANameMeetsWhatGoingThroughAllServicesFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := New(config())
		service := rapid.SampledFrom([]string{"api", "web", "shop/api", "billing/api", "a/b/api", "shop/web"})
		for i := range rapid.Int64Range(1, 30).Draw(t, "steps") {
			at := midnight + i*config().Resolution
			if rapid.IntRange(0, 5).Draw(t, "forget?") == 0 {
				st.Expire(at, at)
			} else {
				m := traffic(service.Draw(t, "heard"), "v1", at, 5)
				m.Environment = rapid.SampledFrom([]string{"production", "staging"}).Draw(t, "in")
				st.Add(m)
			}
			p := correlate.Place{Service: service.Draw(t, "of"), Environment: "production"}
			require.Equal(t, metByAll(st, p, at), Met(st, p, at))
		}
	})
}

// metByAll is Met, the long way.
func metByAll(st *Store, p correlate.Place, by int64) correlate.Place {
	namespace, name := "", p.Service
	if i := strings.LastIndexByte(p.Service, '/'); i >= 0 {
		namespace, name = p.Service[:i+1], p.Service[i+1:]
	}
	var found []correlate.Place
	for _, o := range st.Places() {
		switch {
		case o.Environment != p.Environment || !st.Service(o).heard(by):
		case o == p:
			return p
		case namespace != "" && o.Service == name, namespace == "" && strings.HasSuffix(o.Service, "/"+name):
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return p
	}
	return found[0]
}
