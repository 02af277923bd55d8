package convention

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHostName(t *testing.T) {
	for address, want := range map[string]string{
		"checkout":                             "checkout",
		"checkout:8080":                        "checkout",
		"checkout.shop.svc.cluster.local:80":   "checkout",
		"checkout.shop.svc":                    "checkout",
		"checkout-0.checkout.shop.svc.k8s.lan": "checkout",
		"pod.svc":                              "pod.svc",
		"api.example.com":                      "api.example.com",
		"api.svcs.example.com.":                "api.svcs.example.com",
		"localhost":                            "",
		"localhost:3000":                       "",
		"127.0.0.1":                            "",
		"10.0.0.1:443":                         "",
		"::1":                                  "",
		"[2001:db8::1]:443":                    "",
		"[x]":                                  "",
		"":                                     "",
	} {
		require.Equal(t, want, HostName(address), address)
	}
}
