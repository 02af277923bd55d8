package admission

// Reason is why something was refused. It is a label of metrics.
type Reason string

// The reasons. Only what was refused because of Busy is worth sending again as it is.
const (
	Malformed Reason = "malformed"  // can't be read
	TooLarge  Reason = "too_large"  // more bytes than the limit, as sent or decompressed
	TooDeep   Reason = "too_deep"   // nested deeper than anybody means it
	TooCostly Reason = "too_costly" // decoding it would take more than one request's share of the memory
	TooSlow   Reason = "too_slow"   // it didn't come in time
	Busy      Reason = "busy"       // the memory or the processors are in use
)

// Reasons are all reasons.
func Reasons() []Reason { return []Reason{Malformed, TooLarge, TooDeep, TooCostly, TooSlow, Busy} }

// Refusal is the error of what isn't let in.
type Refusal struct {
	Reason Reason
	Text   string // for the sender: what was wrong, and what would be right
}

func (r *Refusal) Error() string { return r.Text }
