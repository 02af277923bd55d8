// Package listen answers: whom does a listener let in, and for how long?
//
// A listener on a loopback address needs no password against other machines, but the browser on the same machine runs
// programs of strangers: Local and FromPage tell its requests from those that are meant. A listener that others reach
// has senders that never finish: Limit bounds its connections and lets go of those that wait the longest.
package listen

import (
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/config/confignet"
)

// Loopback tells whether only programs on this machine reach an address.
func Loopback(addr confignet.AddrConfig) bool {
	if addr.Transport == confignet.TransportTypeUnix || addr.Transport == confignet.TransportTypeNpipe {
		return true
	}
	host, _, err := net.SplitHostPort(addr.Endpoint)
	return err == nil && loopbackName(host)
}

// Local tells whether a request was meant for this machine: its Host names it. A page whose own name was made to point
// to this machine (DNS rebinding) sends its own name. A request without a Host is no browser's.
func Local(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return r.Host == "" || loopbackName(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
}

func loopbackName(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// FromPage tells whether a page of another origin made a browser send the request, which it can do without asking for
// some content types.
func FromPage(r *http.Request) bool {
	return http.NewCrossOriginProtection().Check(r) != nil
}
