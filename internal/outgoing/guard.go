package outgoing

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The words that an allow-list may hold instead of networks.
const (
	allowLoopback = "loopback"
	allowPrivate  = "private"
)

// Guard decides to which addresses a connection may be made. It is safe for concurrent use.
type Guard struct {
	key      string // of the allow-list, for errors
	classes  []class
	hosts    []string
	networks []netip.Prefix
	resolver *net.Resolver // nil: the system's
}

// NewGuard reads an allow-list, which stands under the given key of the configuration. Beyond the public internet an
// entry opens:
//
//   - "private": private networks, RFC 6598 and unique local IPv6 addresses included; "loopback": this machine;
//   - a host's name: private and loopback addresses, when it is called by that name;
//   - a network (10.1.0.0/16) or an address: what it says. Addresses at which clouds hand out credentials open only
//     when they are listed one by one.
func NewGuard(allow []string, key string) (*Guard, error) {
	g := &Guard{key: key}
	for i, entry := range allow {
		if err := g.add(strings.ToLower(strings.TrimSpace(entry))); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", key, i, err)
		}
	}
	return g, nil
}

func (g *Guard) add(entry string) error {
	if network, err := netip.ParsePrefix(entry); err == nil {
		g.networks = append(g.networks, network.Masked())
		return nil
	}
	if address, err := netip.ParseAddr(entry); err == nil {
		address = plain(address)
		g.networks = append(g.networks, netip.PrefixFrom(address, address.BitLen()))
		return nil
	}
	switch {
	case entry == allowLoopback:
		g.classes = append(g.classes, loopback)
	case entry == allowPrivate:
		g.classes = append(g.classes, private)
	case isHost(entry):
		g.hosts = append(g.hosts, strings.TrimSuffix(entry, "."))
	default:
		return fmt.Errorf(`%q is none of: "private", "loopback", a network such as 10.0.0.0/8, an address, a host's name`, clip(entry))
	}
	return nil
}

// isHost: a wrong network must not pass for a name, and a URL is none.
func isHost(entry string) bool {
	letters := strings.ContainsFunc(entry, func(r rune) bool { return r >= 'a' && r <= 'z' })
	odd := strings.ContainsFunc(entry, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
	return letters && !odd && len(entry) <= 253
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// Refused is the error for an address that a Guard doesn't open. It holds no part of a URL but the host.
type Refused struct {
	Host    string
	Address netip.Addr
	class   class
	key     string
}

func (r *Refused) Error() string {
	var may []string
	switch r.class {
	case private:
		may = append(may, `"`+allowPrivate+`"`)
	case loopback:
		may = append(may, `"`+allowLoopback+`"`)
	}
	may = append(may, r.Address.String())
	if r.class == private || r.class == loopback {
		if _, err := netip.ParseAddr(r.Host); err != nil && r.Host != "" {
			may = append(may, r.Host)
		}
	}
	where := r.Address.String()
	if r.Host != "" && r.Host != where {
		where += " of " + r.Host
	}
	return fmt.Sprintf("the address %s is refused (%s): to allow it, list %s under %s", where, r.class, strings.Join(may, " or "), r.key)
}

// Check returns a *Refused for an address that may not be called by the given name.
func (g *Guard) Check(host string, address netip.Addr) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	meant := plain(address)
	c := classOf(meant)
	if c == public || slices.ContainsFunc(g.networks, func(n netip.Prefix) bool {
		return n.Contains(meant) && (c != metadata || n.IsSingleIP())
	}) {
		return nil
	}
	if c != metadata && slices.Contains(g.classes, c) {
		return nil
	}
	if (c == private || c == loopback) && slices.Contains(g.hosts, host) {
		return nil
	}
	return &Refused{Host: host, Address: meant, class: c, key: g.key}
}

// CheckHost refuses a host that is written as an address already; what a name stands for is seen when it is called.
func (g *Guard) CheckHost(host string) error {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	return g.Check(host, address)
}

// DialContext connects like a net.Dialer, to the addresses that are open.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: g.resolver}
	// Control sees the address that is about to be connected to: no look-up comes after it.
	d.Control = func(_, resolved string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return fmt.Errorf("the address to connect to can't be read: %w", err)
		}
		return g.Check(host, to.Addr())
	}
	return d.DialContext(ctx, network, address)
}
