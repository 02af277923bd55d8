package webhook

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWrongConfigurationIsNamed(t *testing.T) {
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "secrets")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	one := func(more m) m { return config("https://hook.example", more) }
	with := func(c, more m) m { c = maps.Clone(c); maps.Copy(c, more); return c }
	for name, c := range map[string]struct {
		config m
		want   string
	}{
		"nothing":                         {nil, "endpoints: at least one is required"},
		"no endpoint":                     {m{"endpoints": m{}}, "endpoints: at least one is required"},
		"a URL in place of endpoints":     {m{"endpoints": "https://hush"}, "endpoints: must be a map from names"},
		"a URL in place of an endpoint":   {m{"endpoints": m{"ci": "https://hush"}}, "endpoints::ci: must be the keys of an endpoint"},
		"a name that is none":             {m{"endpoints": m{"C I": m{"url": "https://x", "secrets": secretOne}}}, `endpoints: "C I": a name is made of`},
		"no url":                          {m{"endpoints": m{"ci": m{"secrets": secretOne}}}, "endpoints::ci::url: required"},
		"an unset url":                    {one(m{"url": nil}), "endpoints::ci::url: required"},
		"a number for a url":              {one(m{"url": 4711}), "endpoints::ci::url: must be text"},
		"another scheme":                  {one(m{"url": "ftp://hush.example"}), "endpoints::ci::url: it must begin with https:// or http://"},
		"no URL at all":                   {one(m{"url": "https://hush.example:port"}), "endpoints::ci::url: it is not a URL"},
		"a URL without a host":            {one(m{"url": "https:///hush"}), "endpoints::ci::url: it names no host"},
		"a URL with a fragment":           {one(m{"url": "https://x/#hush"}), "must not have a fragment"},
		"an address inside":               {one(m{"url": "https://10.0.0.1/hush"}), `endpoints::ci::url: the address 10.0.0.1 is refused (private network): to allow it, list "private" or 10.0.0.1 under sinks::webhook::allow`},
		"a wrong network":                 {with(one(nil), m{"allow": []any{"10.0.0.0/64"}}), `allow[0]: "10.0.0.0/64" is none of`},
		"a wrong proxy":                   {with(one(nil), m{"proxy_url": "hush:3128"}), "proxy_url: it must begin with"},
		"a wrong public URL":              {with(one(nil), m{"public_url": "shipwake.example"}), "public_url: it must begin with"},
		"no secret":                       {one(m{"secrets": []any{}}), "secrets: one is required, or a secret_file"},
		"an unset secret":                 {one(m{"secrets": nil}), "secrets is empty: set it (is an environment variable unset?)"},
		"an empty secret":                 {one(m{"secrets": ""}), "secrets is empty"},
		"an empty secret of two":          {one(m{"secrets": secretOne + ","}), "secrets[1]: it must be whsec_"},
		"a secret that is a number":       {one(m{"secrets": 4711}), "secrets: must be texts"},
		"a secret of two that is":         {one(m{"secrets": []any{secretOne, 4711}}), "secrets: must be texts"},
		"a secret of another kind":        {one(m{"secrets": "hush"}), "secrets[0]: it must be whsec_ and 24 to 64 random bytes in base64: make one with echo whsec_$(openssl rand -base64 32)"},
		"a short secret":                  {one(m{"secrets": "whsec_aHVzaA=="}), "secrets[0]: it must be whsec_"},
		"a file that isn't there":         {one(m{"secret_file": "/no/such/file"}), "secret_file: open /no/such/file"},
		"an empty file":                   {one(m{"secret_file": file("\n\n")}), "holds no secret; write one a line"},
		"a file without secrets":          {one(m{"secret_file": file("hush")}), "secret_file: line 1 of"},
		"a huge file":                     {one(m{"secret_file": file(strings.Repeat("\n", 1<<17))}), "is larger than 65536 bytes"},
		"a verdict that isn't one":        {one(m{"only": []any{"regressed", "bad"}}), `only[1]: "bad" is no verdict; use some of [regressed healthy inconclusive]`},
		"no time":                         {one(m{"timeout": "1ms"}), "timeout: 1ms: must be between 1s and 50s"},
		"too much time":                   {one(m{"timeout": "1h"}), "timeout: 1h0m0s: must be between 1s and 50s"},
		"a header of the sink's own":      {one(m{"headers": m{"Webhook-ID": "hush"}}), "headers::Webhook-ID: this header is set by the sink itself"},
		"a header's value that is none":   {one(m{"headers": m{"X-A": "hush\r\nX-B: c"}}), "headers::X-A: the value has characters that no header may have"},
		"a header's name that is none":    {one(m{"headers": m{"X A": "hush"}}), `headers: "X A" is no name of a header`},
		"a header that is unset":          {one(m{"headers": m{"Authorization": ""}}), "headers::Authorization: it is empty"},
		"a header that is a number":       {one(m{"headers": m{"X-Token": 4711}}), "headers::X-Token: must be text"},
		"headers that are none":           {one(m{"headers": "hush"}), "headers: must be a map from names to texts"},
		"a key that isn't known":          {one(m{"retries": 3}), "retries"},
		"a certificate that isn't there":  {one(m{"tls": m{"ca_file": "/no/such/ca.pem"}}), "tls: "},
		"an unset header, which is empty": {one(m{"headers": m{"X-Token": nil}, "only": "hush"}), "only"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Factory().Check(c.config)
			require.ErrorContains(t, err, c.want)
			_, made := Factory().New(nil, c.config)
			require.EqualError(t, made, err.Error())
			for _, secret := range []string{"4711", "aHVzaA", secretOne} {
				require.NotContains(t, err.Error(), secret)
			}
			if !strings.Contains(name, "unset header") {
				require.NotContains(t, err.Error(), "hush")
			}
		})
	}
}

func TestTheConfigurationOfTheReadme(t *testing.T) {
	require.NoError(t, Factory().Check(m{
		"allow": []any{"private"}, "public_url": "https://shipwake.example.com", "proxy_url": "http://proxy.example:3128",
		"endpoints": m{
			"ci": m{"url": "https://ci.example.com/hooks/shipwake", "secrets": secretOne + "," + secretTwo, "only": []any{"regressed"}},
			"audit": m{
				"url": "http://audit.shop.svc:8080", "secrets": []any{secretOne}, "timeout": "30s", "final_only": true,
				"environments": []any{"production"}, "services": []any{"checkout"}, "headers": m{"Authorization": "Bearer x"},
				"tls": m{"insecure_skip_verify": true},
			},
		},
	}))
}

func FuzzConfig(f *testing.F) {
	f.Add("https://user:hush@hook.example/a?b=c", secretOne, "X-A", "value", "private", "2s")
	f.Add("http://[::1]:80", "whsec_", "", "\r\n", "10.0.0.0/8", "")
	f.Fuzz(func(t *testing.T, url, secret, header, value, allow, timeout string) {
		const mark = "hush-hush-hush"
		c := m{"allow": []any{allow}, "endpoints": m{"ci": m{
			"url": url + mark, "secrets": secret + mark, "headers": m{header: value + mark}, "timeout": timeout,
		}}}
		if err := Factory().Check(c); err != nil {
			require.NotContains(t, err.Error(), mark)
		}
	})
}
