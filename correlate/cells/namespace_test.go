package cells

import (
	"testing"

	"github.com/stretchr/testify/require"

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
