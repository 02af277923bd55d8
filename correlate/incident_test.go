package correlate

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnIncidentIsAboutItsServices(t *testing.T) {
	for name, c := range map[string]struct {
		said     Incident
		service  string
		services []string
		about    []string
	}{
		"nobody says any":             {Incident{}, "", nil, nil},
		"one":                         {Incident{Service: "shop"}, "shop", nil, []string{"shop"}},
		"one in the list":             {Incident{Services: []string{"shop"}}, "shop", nil, []string{"shop"}},
		"several":                     {Incident{Services: []string{"shop", "pay"}}, "shop", []string{"shop", "pay"}, []string{"shop", "pay"}},
		"one more, which comes first": {Incident{Service: "cart", Services: []string{"shop", "cart"}}, "cart", []string{"cart", "shop"}, []string{"cart", "shop"}},
		"one twice, and an empty one": {Incident{Services: []string{"", "shop", "shop", ""}}, "shop", nil, []string{"shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			is := c.said.WithDefaults()
			require.Equal(t, c.service, is.Service)
			require.Equal(t, c.services, is.Services)
			require.Equal(t, c.about, is.About())
			require.Equal(t, is, is.WithDefaults(), "once and for all")
			for _, service := range c.about {
				require.True(t, is.IsAbout(service))
			}
			require.False(t, is.IsAbout("another"))
		})
	}
}

// TestServicesAreCorrectedTogether: a later report says what the incident is about, all of it.
func TestServicesAreCorrectedTogether(t *testing.T) {
	of := func(guessed bool, services ...string) Incident {
		return Incident{ServiceGuessed: guessed}.Of(services...)
	}
	for name, c := range map[string]struct{ first, later, want Incident }{
		"another service":        {of(false, "a", "b"), of(false, "c"), of(false, "c")},
		"one more":               {of(false, "a"), of(false, "a", "b"), of(false, "a", "b")},
		"none is silence":        {of(false, "a", "b"), of(false), of(false, "a", "b")},
		"a guess corrects none":  {of(false, "a", "b"), of(true, "c"), of(false, "a", "b")},
		"known ones for a guess": {of(true, "a"), of(false, "b", "c"), of(false, "b", "c")},
		"a guess for a guess":    {of(true, "a", "b"), of(true, "c"), of(true, "c")},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.first.Merge(c.later)) })
	}
}

func TestTheServicesOfAnIncidentAreBounded(t *testing.T) {
	i := Incident{ID: "i", OpenedAt: time.Unix(1, 0)}
	for n := range MaxServices + 1 {
		require.NoError(t, i.Validate())
		i = i.Of(append(i.About(), fmt.Sprint("s", n))...)
	}
	require.EqualError(t, i.Validate(), "services: must not be more than 100 services")
}
