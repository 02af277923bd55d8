package convention

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoseFaultAStatusIs(t *testing.T) {
	for name, test := range map[string]struct {
		status       Status
		fault, known bool
	}{
		"no status says nothing":               {},
		"an HTTP 200 leaves it open":           {status: Status{HTTP: 200}},
		"an HTTP 302 leaves it open":           {status: Status{HTTP: 302}},
		"an HTTP 400 is the caller's":          {status: Status{HTTP: 400}, known: true},
		"an HTTP 429 is the caller's":          {status: Status{HTTP: 429}, known: true},
		"an HTTP 499 is the caller's":          {status: Status{HTTP: 499}, known: true},
		"an HTTP 500 is the server's":          {status: Status{HTTP: 500}, fault: true, known: true},
		"gRPC's OK leaves it open":             {status: Status{HasRPC: true}},
		"gRPC's CANCELLED is the caller's":     {status: Status{RPC: 1, HasRPC: true}, known: true},
		"gRPC's RESOURCE_EXHAUSTED is as well": {status: Status{RPC: 8, HasRPC: true}, known: true},
		"gRPC's UNAVAILABLE is the server's":   {status: Status{RPC: 14, HasRPC: true}, fault: true, known: true},
		"gRPC over HTTP counts by gRPC":        {status: Status{HTTP: 200, RPC: 13, HasRPC: true}, fault: true, known: true},
	} {
		t.Run(name, func(t *testing.T) {
			fault, known := test.status.Fault()
			require.Equal(t, [2]bool{test.fault, test.known}, [2]bool{fault, known})
		})
	}
}

func TestRPCStatusByName(t *testing.T) {
	for name, want := range map[string]int{"OK": 0, "NOT_FOUND": 5, "not_found": 5, "canceled": 1, "CANCELLED": 1, "UNAUTHENTICATED": 16} {
		code, known := RPCStatus(name)
		require.True(t, known, name)
		require.Equal(t, want, code, name)
	}
	_, known := RPCStatus("fine")
	require.False(t, known)
}

func TestCodesInDigits(t *testing.T) {
	for digits, want := range map[string]int{"": 0, "200": 200, "7": 7, "999": 999, "1000": 0, "5xx": 0, "-1": 0, "007": 7} {
		require.Equal(t, want, Code(digits), digits)
	}
}
