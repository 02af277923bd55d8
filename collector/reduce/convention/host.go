package convention

import "strings"

// HostName is the service that an address names, or "" when it names none: an IP address and localhost tell a place,
// and many callees may share it. Ports go, and of a Kubernetes name only the service stays:
// pod-0.checkout.shop.svc.cluster.local is checkout.
func HostName(address string) string {
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		if strings.IndexByte(address, ':') < i {
			return "" // IPv6
		}
		address = address[:i]
	}
	address = strings.TrimSuffix(address, ".")
	if address == "localhost" || numeric(address) || strings.HasPrefix(address, "[") {
		return ""
	}
	return kubernetesService(address)
}

func numeric(address string) bool {
	for i := range len(address) {
		if c := address[i]; c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func kubernetesService(address string) string {
	before, after, found := strings.Cut(address, ".svc")
	if !found || (after != "" && after[0] != '.') {
		return address
	}
	namespace := strings.LastIndexByte(before, '.')
	if namespace < 0 {
		return address
	}
	service := before[:namespace]
	return service[strings.LastIndexByte(service, '.')+1:]
}
