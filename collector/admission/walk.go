package admission

import "fmt"

const (
	// base is what decoding any request takes.
	base = 256
	// maxDepth bounds how deep messages are nested: two dozen lists within lists and more. Decoders call themselves for
	// each level.
	maxDepth = 128
)

// walk adds up what decoding takes.
type walk struct {
	cost, limit int64
}

// take adds to the cost. The refusal is TooCostly.
func (w *walk) take(n int64) error {
	if w.cost += n; w.cost > w.limit {
		return w.tooCostly()
	}
	return nil
}

func (w *walk) tooCostly() error {
	return &Refusal{TooCostly, fmt.Sprintf(
		"decoding the request would take more than %d bytes of memory; send it in smaller parts", w.limit)}
}

func tooDeep() error {
	return &Refusal{TooDeep, fmt.Sprintf("the request is nested deeper than %d levels", maxDepth)}
}
