package admission

import "strings"

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

var schema = *describe()

// describe fills the table. Names are those of the JSON encoding; decoders also take them with underscores.
func describe() *[kinds]messageInfo {
	all := &[kinds]messageInfo{}
	add := func(k Kind, number int, name string, f field) {
		m := &all[k]
		if m.names == nil {
			m.names = map[string]field{}
		}
		m.fields[number], m.names[name], m.names[underscored(name)] = f, f, f
	}
	texts := func(k Kind, names map[int]string) {
		for number, name := range names {
			add(k, number, name, field{0, text, 0})
		}
	}
	attributes := func(k Kind, number int, name string) { add(k, number, name, field{attributeCost, message, keyValue}) }
	part := func(k Kind, number int, name string, of Kind) { add(k, number, name, field{0, message, of}) }
	list := func(k Kind, number int, name string, of Kind, size int32) {
		add(k, number, name, field{size + pointer, message, of})
	}
	exemplars := func(k Kind, number int) { add(k, number, "exemplars", field{exemplarCost, message, exemplar}) }
	replaced := func(k Kind, name string) {
		all[k].deprecated = true
		f := all[k].fields[2]
		all[k].names[name], all[k].names[underscored(name)] = f, f
	}

	list(TracesRequest, 1, "resourceSpans", resourceSpans, 128)
	part(resourceSpans, 1, "resource", resource)
	list(resourceSpans, 2, "scopeSpans", scopeSpans, 112)
	replaced(resourceSpans, "deprecatedScopeSpans")
	texts(resourceSpans, map[int]string{3: "schemaUrl"})
	part(scopeSpans, 1, "scope", scope)
	list(scopeSpans, 2, "spans", span, 224)
	texts(scopeSpans, map[int]string{3: "schemaUrl"})
	texts(span, map[int]string{3: "traceState", 5: "name"})
	attributes(span, 9, "attributes")
	list(span, 11, "events", event, 64)
	list(span, 13, "links", link, 80)
	part(span, 15, "status", status)
	texts(event, map[int]string{2: "name"})
	attributes(event, 3, "attributes")
	texts(link, map[int]string{3: "traceState"})
	attributes(link, 4, "attributes")
	texts(status, map[int]string{2: "message"})

	list(MetricsRequest, 1, "resourceMetrics", resourceMetrics, 128)
	part(resourceMetrics, 1, "resource", resource)
	list(resourceMetrics, 2, "scopeMetrics", scopeMetrics, 112)
	replaced(resourceMetrics, "deprecatedScopeMetrics")
	texts(resourceMetrics, map[int]string{3: "schemaUrl"})
	part(scopeMetrics, 1, "scope", scope)
	list(scopeMetrics, 2, "metrics", metric, 96)
	texts(scopeMetrics, map[int]string{3: "schemaUrl"})
	texts(metric, map[int]string{1: "name", 2: "description", 3: "unit"})
	attributes(metric, 12, "metadata")
	const wrapped = 56 // the struct of one kind of metric and its wrapper
	add(metric, 5, "gauge", field{wrapped, message, numbers})
	add(metric, 7, "sum", field{wrapped, message, numbers})
	add(metric, 9, "histogram", field{wrapped, message, histogram})
	add(metric, 10, "exponentialHistogram", field{wrapped, message, exponential})
	add(metric, 11, "summary", field{wrapped, message, summary})
	list(numbers, 1, "dataPoints", numberPoint, 96)
	list(histogram, 1, "dataPoints", histogramPoint, 160)
	list(exponential, 1, "dataPoints", exponentialPoint, 224)
	list(summary, 1, "dataPoints", summaryPoint, 96)
	add(numberPoint, 4, "asDouble", field{wrapperCost, scalar, 0})
	exemplars(numberPoint, 5)
	add(numberPoint, 6, "asInt", field{wrapperCost, scalar, 0})
	attributes(numberPoint, 7, "attributes")
	add(histogramPoint, 6, "bucketCounts", field{numberCost, fixed64s, 0})
	add(histogramPoint, 7, "explicitBounds", field{numberCost, fixed64s, 0})
	exemplars(histogramPoint, 8)
	attributes(histogramPoint, 9, "attributes")
	attributes(exponentialPoint, 1, "attributes")
	part(exponentialPoint, 8, "positive", buckets)
	part(exponentialPoint, 9, "negative", buckets)
	exemplars(exponentialPoint, 11)
	add(buckets, 2, "bucketCounts", field{numberCost, varints, 0})
	list(summaryPoint, 6, "quantileValues", quantile, 16)
	attributes(summaryPoint, 7, "attributes")
	add(exemplar, 3, "asDouble", field{wrapperCost, scalar, 0})
	add(exemplar, 6, "asInt", field{wrapperCost, scalar, 0})
	attributes(exemplar, 7, "filteredAttributes")

	list(LogsRequest, 1, "resourceLogs", resourceLogs, 128)
	part(resourceLogs, 1, "resource", resource)
	list(resourceLogs, 2, "scopeLogs", scopeLogs, 112)
	replaced(resourceLogs, "deprecatedScopeLogs")
	texts(resourceLogs, map[int]string{3: "schemaUrl"})
	part(scopeLogs, 1, "scope", scope)
	list(scopeLogs, 2, "logRecords", logRecord, 144)
	texts(scopeLogs, map[int]string{3: "schemaUrl"})
	texts(logRecord, map[int]string{3: "severityText", 12: "eventName"})
	part(logRecord, 5, "body", anyValue)
	attributes(logRecord, 6, "attributes")

	attributes(resource, 1, "attributes")
	list(resource, 3, "entityRefs", entity, 80)
	texts(entity, map[int]string{1: "schemaUrl", 2: "type"})
	add(entity, 3, "idKeys", field{stringCost, text, 0})
	add(entity, 4, "descriptionKeys", field{stringCost, text, 0})
	texts(scope, map[int]string{1: "name", 2: "version"})
	attributes(scope, 3, "attributes")
	texts(keyValue, map[int]string{1: "key"})
	part(keyValue, 2, "value", anyValue)
	add(anyValue, 1, "stringValue", field{2 * wrapperCost, text, 0})
	add(anyValue, 2, "boolValue", field{wrapperCost, scalar, 0})
	add(anyValue, 3, "intValue", field{wrapperCost, scalar, 0})
	add(anyValue, 4, "doubleValue", field{wrapperCost, scalar, 0})
	add(anyValue, 5, "arrayValue", field{listValueCost, message, arrayValue})
	add(anyValue, 6, "kvlistValue", field{listValueCost, message, keyValueList})
	add(anyValue, 7, "bytesValue", field{24, text, 0})
	add(anyValue, 8, "stringValueStrindex", field{wrapperCost, scalar, 0})
	add(arrayValue, 1, "values", field{valueCost, message, anyValue})
	attributes(keyValueList, 1, "values")
	return all
}

// underscored is the name of the field in the protocol's definition.
func underscored(name string) string {
	var s strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			s.WriteByte('_')
			c += 'a' - 'A'
		}
		s.WriteRune(c)
	}
	return s.String()
}

// content is what a string of n bytes takes: an allocation of its own, rounded up.
func content(n int64) int64 {
	if n == 0 {
		return 0
	}
	return n + n/8 + 16
}
