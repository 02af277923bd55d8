package families

import (
	"slices"
	"strconv"
	"strings"
)

// Ended is how the requests of a series ended. The zero value says nothing.
type Ended struct {
	HTTP   int  // a status code, or the first of its class: 500 for 5xx; 0: none
	RPC    int  // a gRPC code
	HasRPC bool // there is one: 0 is OK
	Failed bool // an error that no code tells
	Left   bool // the client was gone: no request
}

// EndedOf reads how the requests of a series ended, and whether it tells.
func (f *Family) EndedOf(l Labels) (e Ended, known bool) {
	for label, failed := range f.Failed {
		if value := l.Get(label); value != "" {
			e.Failed, known = e.Failed || failed.MatchString(value), true
		}
	}
	for _, label := range f.Status {
		value := l.Get(label)
		switch {
		case value == "":
			continue
		case label == "error_type":
			e.Failed = true
		case label == "classification":
			e.Failed = value != "success"
		case strings.HasPrefix(label, "status_code") && strings.HasPrefix(value, "STATUS_CODE_"):
			e.Failed = value == "STATUS_CODE_ERROR"
		case strings.Contains(label, "rpc"):
			e.RPC, e.HasRPC = rpcCode(value)
		default:
			e.http(value)
		}
		known = true
		if e.decides() {
			break
		}
	}
	return e, known
}

// decides says that no further label is needed: a gRPC call is a 200 whatever its own code says.
func (e *Ended) decides() bool {
	return e.Left || e.Failed || e.HTTP >= 300 || e.RPC > 0
}

// rpcCode reads a gRPC code in digits or by its name, however that is written: DeadlineExceeded, DEADLINE_EXCEEDED.
func rpcCode(value string) (code int, ok bool) {
	if code, err := strconv.Atoi(value); err == nil {
		return code, code >= 0 && code < len(rpcCodes)
	}
	name := strings.ToLower(strings.ReplaceAll(value, "_", ""))
	if name == "cancelled" {
		name = "canceled"
	}
	code = slices.Index(rpcCodes[:], name)
	return max(code, 0), code >= 0
}

var rpcCodes = [...]string{
	"ok", "canceled", "unknown", "invalidargument", "deadlineexceeded", "notfound", "alreadyexists", "permissiondenied",
	"resourceexhausted", "failedprecondition", "aborted", "outofrange", "unimplemented", "internal", "unavailable",
	"dataloss", "unauthenticated",
}

// http reads 503, 5xx, and what proxies write where there was no answer.
func (e *Ended) http(value string) {
	class := strings.TrimSuffix(strings.ToLower(value), "xx")
	code, err := strconv.Atoi(class)
	switch {
	case err != nil:
	case len(class) == 1 && class != value && code > 0:
		e.HTTP = code * 100
	case code == 0 || code == 499:
		e.Left = true
	case code >= 100 && code < 600:
		e.HTTP = code
	case len(class) == 1:
		e.HTTP = code * 100
	}
}
