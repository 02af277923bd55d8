package convention

import "strings"

// Status is how a call ended, in the words of its protocol.
type Status struct {
	HTTP int // http.response.status_code; 0 when absent
	// RPC is the gRPC status code and HasRPC whether there is one: 0 is OK.
	RPC    int
	HasRPC bool
}

// Fault tells whether the server is to blame, and whether the protocol says anything about it at all: of an answer that
// isn't an error by the protocol, an error that is named otherwise may still be one.
func (s Status) Fault() (fault, known bool) {
	switch {
	case s.HasRPC && s.RPC != 0:
		return serverFault(s.RPC), true
	case s.HTTP >= 400:
		return s.HTTP >= 500, true
	}
	return false, false
}

// serverFault: of the gRPC codes, the semantic conventions blame the server for unknown, deadline exceeded,
// unimplemented, internal, unavailable and data loss.
func serverFault(code int) bool {
	switch code {
	case 2, 4, 12, 13, 14, 15:
		return true
	}
	return false
}

// Code is a status code that is written in digits; 0 when it isn't one.
func Code(digits string) int {
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' || n > 99 {
			return 0
		}
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// RPCStatus is the code of a gRPC status by its name, as rpc.response.status_code has it, or by that of Connect, which
// writes it small.
func RPCStatus(name string) (code int, known bool) {
	for code, known := range rpcStatuses {
		if strings.EqualFold(name, known) {
			return code, true
		}
	}
	if strings.EqualFold(name, "canceled") {
		return cancelled, true
	}
	return 0, false
}

const cancelled = 1

var rpcStatuses = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}
