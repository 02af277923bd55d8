package wire

import "github.com/shipwake/shipwake/collector/reduce"

// collector takes what is found in a request. Whatever it returns false for ends the walk.
type collector interface {
	// record is a span, a metric or a log record.
	record(b []byte) bool
	// scope names the library of the records since the last call.
	scope(name string)
	// resource ends the records of a resource, of so many scopes.
	resource(of *reduce.Resource, scopes int) bool
}

// walk passes the parts of a request on; all signals have the same ones around their records. It is false when the request is
// odd.
func walk(body []byte, known *Known, into collector) bool {
	for at := 0; at < len(body); {
		if body[at] != tagBytes1 {
			return false
		}
		from, to, ok := length(body, at+1)
		if !ok || !walkResource(body[from:to], known, into) {
			return false
		}
		at = to
	}
	return true
}

func walkResource(b []byte, known *Known, into collector) bool {
	var resource []byte
	seen, scopes := false, 0
	for at := 0; at < len(b); {
		from, to, ok := length(b, at+1)
		if !ok {
			return false
		}
		switch b[at] {
		case tagBytes1:
			ok = once(&seen)
			resource = b[from:to]
		case tagBytes2:
			scopes++
			ok = walkScope(b[from:to], into)
		case tagBytes3: // the URL of a schema
		default:
			ok = false
		}
		if !ok {
			return false
		}
		at = to
	}
	of := known.resource(resource)
	return of != nil && into.resource(of, scopes)
}

func walkScope(b []byte, into collector) bool {
	name := ""
	for at := 0; at < len(b); {
		from, to, ok := length(b, at+1)
		if !ok {
			return false
		}
		switch b[at] {
		case tagBytes1:
			name, ok = scopeName(b[from:to], name)
		case tagBytes2:
			ok = into.record(b[from:to])
		case tagBytes3: // the URL of a schema
		default:
			ok = false
		}
		if !ok {
			return false
		}
		at = to
	}
	into.scope(name)
	return true
}

// scopeName is the name of a scope, or the one that it has already.
func scopeName(b []byte, name string) (string, bool) {
	if !check(b, scopeMessage, 0) {
		return "", false
	}
	for at := 0; at < len(b); {
		if b[at] == tagBytes1 {
			from, to, _ := length(b, at+1)
			name, at = str(b[from:to]), to
			continue
		}
		r := &scopeMessage[b[at]>>3]
		at, _ = r.field(b, at+1, 0)
	}
	return name, true
}

// once is false the second time.
func once(seen *bool) bool {
	before := *seen
	*seen = true
	return !before
}

// group is the records of one resource: up to a place in their list.
type group struct {
	resource *reduce.Resource
	to       int
}

// grouped is how many records the groups hold.
func grouped(all []group) int {
	if n := len(all); n > 0 {
		return all[n-1].to
	}
	return 0
}
