package outgoing

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

const key = "sinks::webhook::allow"

func guard(t testing.TB, allow ...string) *Guard {
	t.Helper()
	g, err := NewGuard(allow, key)
	require.NoError(t, err)
	return g
}

func TestOnlyThePublicInternetIsOpen(t *testing.T) {
	g := guard(t)
	for _, open := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111", "2a00::1", "::ffff:1.1.1.1",
		"64:ff9b::101:101",
	} {
		require.NoError(t, g.Check("", netip.MustParseAddr(open)), open)
	}
	for text, want := range map[string]class{
		"0.0.0.0":                  special,
		"0.1.2.3":                  special,
		"10.0.0.0":                 private,
		"10.255.255.255":           private,
		"100.64.0.0":               private,
		"100.127.255.255":          private,
		"100.100.100.200":          metadata,
		"127.0.0.1":                loopback,
		"127.255.255.254":          loopback,
		"168.63.129.16":            metadata,
		"169.254.0.1":              special,
		"169.254.169.254":          metadata,
		"172.16.0.0":               private,
		"172.31.255.255":           private,
		"192.0.0.1":                special,
		"192.0.0.192":              metadata,
		"192.0.2.1":                special,
		"192.88.99.1":              special,
		"192.168.0.1":              private,
		"198.18.0.1":               special,
		"198.51.100.1":             special,
		"203.0.113.1":              special,
		"224.0.0.1":                special,
		"239.255.255.250":          special,
		"240.0.0.1":                special,
		"255.255.255.255":          special,
		"::":                       special,
		"::1":                      loopback,
		"::7f00:1":                 special, // IPv4-compatible, long deprecated
		"::ffff:127.0.0.1":         loopback,
		"::ffff:10.0.0.1":          private,
		"::ffff:169.254.169.254":   metadata,
		"::ffff:0:127.0.0.1":       special,
		"64:ff9b::7f00:1":          loopback,
		"64:ff9b::a00:1":           private,
		"64:ff9b::a9fe:a9fe":       metadata,
		"64:ff9b:1::1":             special,
		"100::1":                   special,
		"2001::1":                  special, // Teredo
		"2001:db8::1":              special,
		"2002:7f00:1::":            special, // 6to4
		"3fff::1":                  special,
		"5f00::1":                  special,
		"fc00::1":                  private,
		"fd00:ec2::254":            metadata,
		"fd12:3456:789a::1":        private,
		"fe80::1":                  special,
		"fe80::a9fe:a9fe%eth0":     special,
		"fec0::1":                  special,
		"ff02::1":                  special,
		"fd00:ec2::254%eth0":       metadata,
		"::ffff:168.63.129.16":     metadata,
		"64:ff9b::100.100.100.200": metadata,
	} {
		err := g.Check("", netip.MustParseAddr(text))
		var refused *Refused
		require.ErrorAs(t, err, &refused, text)
		require.Equal(t, want, refused.class, text)
	}
}

func TestAnAllowListOpens(t *testing.T) {
	for name, c := range map[string]struct {
		allow         []string
		host          string
		open, refused []string
	}{
		"private networks": {
			[]string{"private"}, "a", []string{"10.1.2.3", "192.168.1.1", "100.64.1.1", "fd00::1", "::ffff:172.16.0.1"},
			[]string{"127.0.0.1", "169.254.169.254", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "fe80::1"},
		},
		"this machine": {[]string{" Loopback "}, "a", []string{"127.0.0.1", "::1"}, []string{"10.0.0.1", "0.0.0.0"}},
		"a network": {
			[]string{"10.1.0.0/16", "fd00:1::/32"}, "a", []string{"10.1.255.1", "fd00:1::1", "::ffff:10.1.0.1", "64:ff9b::a01:1"},
			[]string{"10.2.0.0", "fd00:2::1", "127.0.0.1"},
		},
		"everything but metadata": {
			[]string{"0.0.0.0/0", "::/0"}, "a", []string{"127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "ff02::1", "::"},
			[]string{"169.254.169.254", "fd00:ec2::254", "168.63.129.16", "::ffff:169.254.169.254"},
		},
		"metadata, listed by itself": {
			[]string{"169.254.169.254", "fd00:ec2::254/128"}, "a", []string{"169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"},
			[]string{"169.254.169.253", "168.63.129.16"},
		},
		"a host, when it is called so": {
			[]string{"Receiver.shop.svc."}, "receiver.SHOP.svc.", []string{"10.1.2.3", "127.0.0.1", "fd00::1"},
			[]string{"169.254.169.254", "169.254.1.1", "fe80::1", "0.0.0.0", "224.0.0.1", "100.100.100.200"},
		},
		"a host, when another is called": {[]string{"receiver.shop.svc"}, "other.shop.svc", nil, []string{"10.1.2.3", "127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := guard(t, c.allow...)
			for _, a := range c.open {
				require.NoError(t, g.Check(c.host, netip.MustParseAddr(a)), a)
			}
			for _, a := range c.refused {
				require.Error(t, g.Check(c.host, netip.MustParseAddr(a)), a)
			}
		})
	}
}

func TestAWrongAllowListIsNamed(t *testing.T) {
	for _, entry := range []string{"", "10.0.0.0/33", "10.0.0", "300.1.1.1", "https://example.com", "a b", "10.0.0.0/8,10.1.0.0/16", "*.svc"} {
		_, err := NewGuard([]string{"private", entry}, key)
		require.ErrorContains(t, err, key+"[1]: ", entry)
		require.ErrorContains(t, err, "a network such as 10.0.0.0/8", entry)
	}
}

func TestARefusalSaysWhatAllowsIt(t *testing.T) {
	g := guard(t)
	for want, err := range map[string]error{
		`the address 10.1.2.3 of hook.svc is refused (private network): to allow it, list "private" or 10.1.2.3 or hook.svc under ` + key: g.Check("hook.svc", netip.MustParseAddr("10.1.2.3")),
		`the address 127.0.0.1 is refused (loopback): to allow it, list "loopback" or 127.0.0.1 under ` + key:                             g.CheckHost("127.0.0.1"),
		`the address 169.254.169.254 of hook.svc is refused (cloud metadata): to allow it, list 169.254.169.254 under ` + key:             g.Check("hook.svc", netip.MustParseAddr("169.254.169.254")),
	} {
		require.EqualError(t, err, want)
	}
	require.NoError(t, g.CheckHost("localhost"), "a name is looked up when it is called")
}

func FuzzAllow(f *testing.F) {
	for _, seed := range []string{"private", "10.0.0.0/8", "::ffff:10.0.0.1/100", "fe80::1%eth0", "a.b.", "64:ff9b::/96"} {
		f.Add(seed, "169.254.169.254")
	}
	f.Fuzz(func(t *testing.T, entry, address string) {
		g, err := NewGuard([]string{entry}, key)
		a, wrong := netip.ParseAddr(address)
		if err != nil || wrong != nil {
			return
		}
		meant := plain(a)
		if g.Check(entry, a) == nil && metadataAddresses[meant] {
			network, single := netip.ParsePrefix(entry)
			require.True(t, single != nil || network.IsSingleIP(), "%q opened %s", entry, address)
		}
	})
}
