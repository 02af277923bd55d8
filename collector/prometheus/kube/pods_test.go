package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhichImagesTellAVersion(t *testing.T) {
	for image, want := range map[string]string{
		"registry.example.com:5000/shop/checkout:v2": "v2",
		"shop:1.4":                       "1.4",
		"shop/checkout:v2@sha256:b7f1":   "v2",
		"shop/checkout@sha256:b7f1":      "",
		"registry.example.com:5000/shop": "",
		"shop":                           "",
		"shop:latest":                    "",
		"sha256:b7f1":                    "",
		"docker-pullable:b7f1":           "",
		"":                               "",
	} {
		require.Equal(t, want, tagOf(image), image)
	}
}

var web = Name{Namespace: "shop", Name: "web-1"}

func TestOfWhichVersionAPodIs(t *testing.T) {
	type asked struct {
		container string
		at, began int64
	}
	runs := func(name, image string, at int64) func(*Pods) {
		return func(p *Pods) { p.Runs(web, name, image, at) }
	}
	owned := func(p *Pods) { p.Owned(web, "ReplicaSet", "web-7d9f", 100) }
	made := func(p *Pods) { p.Made(Name{Namespace: "shop", Name: "web-7d9f"}, 77, 100) }
	for name, test := range map[string]struct {
		told []func(*Pods)
		ask  asked
		tag  string
		made int64
	}{
		"nothing is told":                             {nil, asked{"app", 200, 0}, "", 0},
		"the tag of its image":                        {[]func(*Pods){runs("app", "r/app:v2", 100)}, asked{"app", 200, 0}, "v2", 0},
		"of its container":                            {[]func(*Pods){runs("job", "r/job:v1", 100), runs("app", "r/app:v2", 100)}, asked{"app", 200, 0}, "v2", 0},
		"a container that isn't told of":              {[]func(*Pods){runs("job", "r/job:v1", 100)}, asked{"app", 200, 0}, "", 0},
		"of the only one but for a sidecar":           {[]func(*Pods){runs("istio-proxy", "p:1", 100), runs("app", "r/app:v2", 100)}, asked{"", 200, 0}, "v2", 0},
		"there are several":                           {[]func(*Pods){runs("job", "r/job:v1", 100), runs("app", "r/app:v2", 100)}, asked{"", 200, 0}, "", 0},
		"no image yet":                                {[]func(*Pods){runs("app", "", 100)}, asked{"app", 200, 0}, "", 0},
		"a name that goes to another version":         {[]func(*Pods){runs("app", "r/app:v2", 300), runs("app", "r/app:v1", 100)}, asked{"app", 299, 90}, "v1", 0},
		"and is asked for afterwards":                 {[]func(*Pods){runs("app", "r/app:v2", 300), runs("app", "r/app:v1", 100)}, asked{"app", 300, 290}, "v2", 0},
		"the process began after what is told":        {[]func(*Pods){runs("app", "r/app:v1", 100)}, asked{"app", 300, 290}, "", 0},
		"one of a ReplicaSet never is of another one": {[]func(*Pods){owned, runs("app", "r/app:v1", 100)}, asked{"app", 300, 290}, "v1", 0},
		"nor was it before that was told":             {[]func(*Pods){owned, runs("app", "r/app:v1", 100)}, asked{"app", 50, 40}, "v1", 0},
		"a tag that moves, and when the set was made": {[]func(*Pods){owned, made, runs("app", "r/app:latest", 100)}, asked{"app", 200, 0}, "", 77},
		"a tag goes before when the set was made":     {[]func(*Pods){owned, made, runs("app", "r/app:v1", 100)}, asked{"app", 200, 0}, "v1", 0},
		"what others own has no set":                  {[]func(*Pods){func(p *Pods) { p.Owned(web, "StatefulSet", "web", 100) }, made}, asked{"app", 200, 0}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var p Pods
			for _, tell := range test.told {
				tell(&p)
			}
			tag, at := p.Version(web, test.ask.container, test.ask.at, test.ask.began)
			require.Equal(t, test.tag, tag)
			require.Equal(t, test.made, at)
		})
	}
}

func TestWhatIsToBeAskedFor(t *testing.T) {
	var p Pods
	require.False(t, p.Known(web, 0))
	p.Runs(web, "app", "r/app@sha256:b7f1", 100)
	require.True(t, p.Known(web, 90))
	require.False(t, p.Known(web, 110), "another process, of whatever")
	_, asked := p.Set(web, "app", 0)
	require.False(t, asked, "it has none")
	p.Owned(web, "ReplicaSet", "web-7d9f", 100)
	set, asked := p.Set(web, "app", 0)
	require.True(t, asked)
	require.Equal(t, "web-7d9f", set)
	p.Made(Name{Namespace: "shop", Name: "web-7d9f"}, 77, 100)
	_, asked = p.Set(web, "app", 0)
	require.False(t, asked, "it is known")

	p.Forget(100)
	require.True(t, p.Known(web, 0))
	p.Forget(101)
	require.False(t, p.Known(web, 0))
	require.Empty(t, p.sets)
}
