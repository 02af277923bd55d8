package email

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWrongConfigurationIsNamed(t *testing.T) {
	right := func() m {
		return m{
			"from": "shipwake@example.com", "server": m{"host": "smtp.example.com"},
			"to": m{"shop": m{"addresses": []any{"shop@example.com"}}},
		}
	}
	server := func(more m) m { c := right(); maps.Copy(c["server"].(m), more); return c }
	list := func(more m) m { c := right(); maps.Copy(c["to"].(m)["shop"].(m), more); return c }
	with := func(more m) m { c := right(); maps.Copy(c, more); return c }
	for name, c := range map[string]struct {
		config m
		want   string
	}{
		"nothing":                     {nil, "server::host: required: the SMTP server that takes the mails"},
		"an unknown key":              {with(m{"sender": "x"}), "sender: there is no such key"},
		"an unknown key of a list":    {list(m{"adresses": "x"}), "to::shop::adresses: there is no such key"},
		"no sender":                   {with(m{"from": "Shipwake"}), "from: must be an address, such as Shipwake <shipwake@example.com>"},
		"a wrong public URL":          {with(m{"public_url": "shipwake.example"}), "public_url: it must begin with https://"},
		"nobody":                      {with(m{"to": m{}}), "to: at least one list is required"},
		"a list's name":               {with(m{"to": m{"Shop!": m{}}}), `to: "Shop!": a name is made of`},
		"nobody on it":                {with(m{"to": m{"shop": m{}}}), "to::shop::addresses: at least one is required"},
		"no address":                  {list(m{"addresses": []any{"a@example.com", "shop"}}), "to::shop::addresses[1]: must be an address"},
		"a kind that isn't one":       {list(m{"on": []any{"bad"}}), `to::shop::on[0]: "bad" is no kind of message`},
		"no time":                     {list(m{"digest": m{"at": "7 o'clock"}}), `to::shop::digest::at: "7 o'clock" is no time such as "07:30"`},
		"no place":                    {list(m{"digest": m{"at": "07:30", "time_zone": "Berlin"}}), `to::shop::digest::time_zone: "Berlin" isn't known here`},
		"an encryption that isn't":    {server(m{"encryption": "ssl"}), `server::encryption: "ssl" is none of starttls, tls and none`},
		"a port that isn't":           {server(m{"port": 70000}), "server::port: 70000: must be between 1 and 65535"},
		"a password in the clear":     {server(m{"encryption": "none", "username": "u", "password": "hush"}), "server::encryption: none would send the password in the clear"},
		"an unset password":           {server(m{"username": "u", "password": nil}), "server::username: goes with password: set both or none (is an environment variable unset?)"},
		"a password for nobody":       {server(m{"password": "hush"}), "server::username: goes with password"},
		"a number for a password":     {server(m{"username": "u", "password": 4711}), "server::password: must be text; put it in quotes"},
		"a server that is none":       {with(m{"server": "hush"}), "server: must be the keys of a server"},
		"no time for a try":           {server(m{"timeout": "1ms"}), "server::timeout: 1ms: must be between 1s and 50s"},
		"a certificate that isn't":    {server(m{"tls": m{"ca_file": "/no/such/ca.pem"}}), "server::tls: "},
		"a server inside the network": {server(m{"host": "10.0.0.1"}), `server::host: the address 10.0.0.1 is refused (private network)`},
		"a wrong network":             {with(m{"allow": []any{"10.0.0.0/64"}}), `allow[0]: "10.0.0.0/64" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Factory().Check(c.config)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "4711")
		})
	}
	require.NoError(t, Factory().Check(right()))
}

func TestAServerHasTheUsualPort(t *testing.T) {
	for encryption, port := range map[string]int{"": 587, "starttls": 587, "tls": 465, "none": 25} {
		s, err := ServerConfig{Host: "smtp.example.com", Encryption: encryption}.open()
		require.NoError(t, err)
		require.Equal(t, port, s.port)
	}
	s, err := ServerConfig{Host: "smtp.example.com", Port: 2525}.open()
	require.NoError(t, err)
	require.Equal(t, 2525, s.port)
}
