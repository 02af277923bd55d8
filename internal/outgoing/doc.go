// Package outgoing answers: whom may the daemon call?
//
// The addresses of other machines in the public internet, and no others unless they are listed: a URL in a
// configuration, a name whose answer changes between two look-ups, or a redirect must not lead a daemon that stands
// inside a network to what only listens there. So it is the address of the connection itself that is checked, after
// the name was resolved, for each connection anew. Redirects are not followed at all, and of the environment
// (HTTP_PROXY and its like) nothing is read: a proxy is used when the configuration names one, and then it is the proxy
// that is checked, and the proxy that must check the rest.
package outgoing
