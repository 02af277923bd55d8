package admission

// Kind is one of the messages of OTLP.
type Kind uint8

// The requests; walks begin at one of them.
const (
	TracesRequest Kind = iota
	MetricsRequest
	LogsRequest

	resourceSpans
	scopeSpans
	span
	event
	link
	status
	resourceMetrics
	scopeMetrics
	metric
	numbers // gauge and sum
	histogram
	exponential
	summary
	numberPoint
	histogramPoint
	exponentialPoint
	buckets
	summaryPoint
	quantile
	exemplar
	resourceLogs
	scopeLogs
	logRecord
	resource
	entity
	scope
	keyValue
	anyValue
	arrayValue
	keyValueList
	kinds
)

// shape is what a field holds, as far as that matters to what decoding it allocates.
type shape uint8

const (
	nothing  shape = iota // what allocates nothing, and what no decoder knows
	scalar                // cost for each
	text                  // strings and bytes: cost, and the bytes
	fixed64s              // a list of 8 bytes each, packed or cost for each
	varints               // a list of varints, packed or cost for each
	message               // cost for each, and what is in it
	unknown               // JSON only: a name that isn't in the table
)

// field is one field of a message.
type field struct {
	cost  int32
	shape shape
	kind  Kind // of a message
}

// The costs are the bytes that pdata allocates: the size of its struct and of what wraps a choice, rounded up to the
// allocator's classes. An element of a list takes listed bytes of the list for each of its own in addition, because lists
// grow by doubling and the old ones are garbage until it is collected. TestWhatDecodingTakes holds them against the decoder.
const (
	listed  = 4
	pointer = 8 * listed // an element that the list points to

	attributeCost = 40 * listed
	valueCost     = 16 * listed
	exemplarCost  = 72 * listed
	numberCost    = 8 * listed
	stringCost    = 16 * listed
	wrapperCost   = 8  // of a number among several kinds of value; a string's is twice as large
	listValueCost = 32 // the wrapper of a list of values, and the list's struct

	// unknownCost is for an object or an element of a list under a name that the table doesn't know: more than for any known
	// one.
	unknownCost = 512
	// scalarCost is for any other value under such a name.
	scalarCost = 40
)

// message is what of its fields allocates.
type messageInfo struct {
	fields     [17]field // by number; no field that matters has a higher one, but for those that were replaced
	deprecated bool      // field 1000 means the same as field 2
	names      map[string]field
}

const deprecatedNumber = 1000

// content is what a string of n bytes takes: an allocation of its own, rounded up.
func content(n int64) int64 {
	if n == 0 {
		return 0
	}
	return n + n/8 + 16
}
