package outgoing

import "net/netip"

// class says what an address is for; "" is the public internet.
type class string

const (
	public   class = ""
	loopback class = "loopback"
	private  class = "private network" // RFC 1918, RFC 6598 (carrier-grade NAT) and unique local IPv6 addresses
	metadata class = "cloud metadata"
	special  class = "special purpose" // link-local, multicast, unspecified, documentation, reserved …
)

// networks are all that isn't public, by IANA's registries of special-purpose addresses.
var networks = map[class][]netip.Prefix{
	loopback: prefixes("127.0.0.0/8", "::1/128"),
	private:  prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
	special: prefixes("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
}

// metadataAddresses are where clouds hand out credentials to whoever asks. Some lie in private networks, one in a
// public one.
var metadataAddresses = map[netip.Addr]bool{
	netip.MustParseAddr("169.254.169.254"): true, // AWS, Azure, Google, OpenStack and others
	netip.MustParseAddr("169.254.170.2"):   true, // AWS ECS
	netip.MustParseAddr("169.254.170.23"):  true, // AWS EKS
	netip.MustParseAddr("fd00:ec2::254"):   true, // AWS
	netip.MustParseAddr("fd00:ec2::23"):    true, // AWS EKS
	netip.MustParseAddr("100.100.100.200"): true, // Alibaba
	netip.MustParseAddr("168.63.129.16"):   true, // Azure's wire server
	netip.MustParseAddr("192.0.0.192"):     true, // Oracle
}

var (
	// global is all of IPv6 that is handed out to be routed; the rest is special, whatever it may become.
	global = netip.MustParsePrefix("2000::/3")
	// nat64 holds IPv4 addresses in their last four bytes, for networks that speak only IPv6.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// plain is the address that is meant by one that is written as another: without a zone, and IPv4 where it is wrapped
// into IPv6.
func plain(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		wrapped := a.As16()
		return netip.AddrFrom4([4]byte(wrapped[12:]))
	}
	return a
}

// classOf takes a plain address.
func classOf(a netip.Addr) class {
	if metadataAddresses[a] {
		return metadata
	}
	for c, all := range networks {
		for _, n := range all {
			if n.Contains(a) {
				return c
			}
		}
	}
	if a.Is6() && !global.Contains(a) {
		return special
	}
	return public
}
