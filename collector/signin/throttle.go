package signin

import (
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many wrong passwords there may be at once, and how often one more.
const (
	perName, perNameAgain       = 5, 30 * time.Second // from one address for one name
	perAddress, perAddressAgain = 50, 3 * time.Second // from one address
)

// throttle remembers who failed. It has a fixed number of places, so that many addresses don't take memory; who shares one, by
// chance and never by choice, shares its tries.
type throttle struct {
	seed maphash.Seed

	mu     sync.Mutex
	places [4096]*rate.Limiter
}

func newThrottle() *throttle { return &throttle{seed: maphash.MakeSeed()} }

func (t *throttle) place(key string, again time.Duration, burst int) *rate.Limiter {
	i := maphash.String(t.seed, key) % uint64(len(t.places))
	if t.places[i] == nil {
		t.places[i] = rate.NewLimiter(rate.Every(again), burst)
	}
	return t.places[i]
}

func (t *throttle) of(address, name string) [2]*rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	return [2]*rate.Limiter{
		t.place(address, perAddressAgain, perAddress), t.place(address+"\x00"+name, perNameAgain, perName),
	}
}

// open tells whether one more try is taken.
func (t *throttle) open(address, name string) bool {
	for _, l := range t.of(address, name) {
		if l.Tokens() < 1 {
			return false
		}
	}
	return true
}

func (t *throttle) failed(address, name string) {
	for _, l := range t.of(address, name) {
		l.Allow()
	}
}

// addressOf is where a request comes from: of IPv6 the network, since who has one has all of its addresses.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Unmap().Is4() {
		return host
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return network.String()
}
