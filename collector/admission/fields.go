package admission

import "strings"

// schema is the table of messages.
var schema = *describe()

// describe fills the table. Names are those of the JSON encoding; decoders also take them with underscores.
func describe() *table {
	s := &table{}
	s.describeTraces()
	s.describeMetrics()
	s.describePoints()
	s.describeLogs()
	s.describeCommon()
	return s
}

// table is what is known of each message.
type table [kinds]messageInfo

func (s *table) add(k Kind, number int, name string, f field) {
	m := &s[k]
	if m.names == nil {
		m.names = map[string]field{}
	}
	m.fields[number], m.names[name], m.names[underscored(name)] = f, f, f
}

func (s *table) texts(k Kind, names map[int]string) {
	for number, name := range names {
		s.add(k, number, name, field{0, text, 0})
	}
}

func (s *table) attributes(k Kind, number int, name string) {
	s.add(k, number, name, field{attributeCost, message, keyValue})
}

func (s *table) part(k Kind, number int, name string, of Kind) {
	s.add(k, number, name, field{0, message, of})
}

func (s *table) list(k Kind, number int, name string, of Kind, size int32) {
	s.add(k, number, name, field{size + pointer, message, of})
}

func (s *table) exemplars(k Kind, number int) {
	s.add(k, number, "exemplars", field{exemplarCost, message, exemplar})
}

// replaced is the name that field 1000 has, which means the same as field 2.
func (s *table) replaced(k Kind, name string) {
	s[k].deprecated = true
	f := s[k].fields[2]
	s[k].names[name], s[k].names[underscored(name)] = f, f
}

func (s *table) describeTraces() {
	s.list(TracesRequest, 1, "resourceSpans", resourceSpans, 128)
	s.part(resourceSpans, 1, "resource", resource)
	s.list(resourceSpans, 2, "scopeSpans", scopeSpans, 112)
	s.replaced(resourceSpans, "deprecatedScopeSpans")
	s.texts(resourceSpans, map[int]string{3: "schemaUrl"})
	s.part(scopeSpans, 1, "scope", scope)
	s.list(scopeSpans, 2, "spans", span, 224)
	s.texts(scopeSpans, map[int]string{3: "schemaUrl"})
	s.texts(span, map[int]string{3: "traceState", 5: "name"})
	s.attributes(span, 9, "attributes")
	s.list(span, 11, "events", event, 64)
	s.list(span, 13, "links", link, 80)
	s.part(span, 15, "status", status)
	s.texts(event, map[int]string{2: "name"})
	s.attributes(event, 3, "attributes")
	s.texts(link, map[int]string{3: "traceState"})
	s.attributes(link, 4, "attributes")
	s.texts(status, map[int]string{2: "message"})
}

func (s *table) describeMetrics() {
	s.list(MetricsRequest, 1, "resourceMetrics", resourceMetrics, 128)
	s.part(resourceMetrics, 1, "resource", resource)
	s.list(resourceMetrics, 2, "scopeMetrics", scopeMetrics, 112)
	s.replaced(resourceMetrics, "deprecatedScopeMetrics")
	s.texts(resourceMetrics, map[int]string{3: "schemaUrl"})
	s.part(scopeMetrics, 1, "scope", scope)
	s.list(scopeMetrics, 2, "metrics", metric, 96)
	s.texts(scopeMetrics, map[int]string{3: "schemaUrl"})
	s.texts(metric, map[int]string{1: "name", 2: "description", 3: "unit"})
	s.attributes(metric, 12, "metadata")
	const wrapped = 56 // the struct of one kind of metric and its wrapper
	s.add(metric, 5, "gauge", field{wrapped, message, numbers})
	s.add(metric, 7, "sum", field{wrapped, message, numbers})
	s.add(metric, 9, "histogram", field{wrapped, message, histogram})
	s.add(metric, 10, "exponentialHistogram", field{wrapped, message, exponential})
	s.add(metric, 11, "summary", field{wrapped, message, summary})
	s.list(numbers, 1, "dataPoints", numberPoint, 96)
	s.list(histogram, 1, "dataPoints", histogramPoint, 160)
	s.list(exponential, 1, "dataPoints", exponentialPoint, 224)
	s.list(summary, 1, "dataPoints", summaryPoint, 96)
}

func (s *table) describePoints() {
	s.add(numberPoint, 4, "asDouble", field{wrapperCost, scalar, 0})
	s.exemplars(numberPoint, 5)
	s.add(numberPoint, 6, "asInt", field{wrapperCost, scalar, 0})
	s.attributes(numberPoint, 7, "attributes")
	s.add(histogramPoint, 6, "bucketCounts", field{numberCost, fixed64s, 0})
	s.add(histogramPoint, 7, "explicitBounds", field{numberCost, fixed64s, 0})
	s.exemplars(histogramPoint, 8)
	s.attributes(histogramPoint, 9, "attributes")
	s.attributes(exponentialPoint, 1, "attributes")
	s.part(exponentialPoint, 8, "positive", buckets)
	s.part(exponentialPoint, 9, "negative", buckets)
	s.exemplars(exponentialPoint, 11)
	s.add(buckets, 2, "bucketCounts", field{numberCost, varints, 0})
	s.list(summaryPoint, 6, "quantileValues", quantile, 16)
	s.attributes(summaryPoint, 7, "attributes")
	s.add(exemplar, 3, "asDouble", field{wrapperCost, scalar, 0})
	s.add(exemplar, 6, "asInt", field{wrapperCost, scalar, 0})
	s.attributes(exemplar, 7, "filteredAttributes")
}

func (s *table) describeLogs() {
	s.list(LogsRequest, 1, "resourceLogs", resourceLogs, 128)
	s.part(resourceLogs, 1, "resource", resource)
	s.list(resourceLogs, 2, "scopeLogs", scopeLogs, 112)
	s.replaced(resourceLogs, "deprecatedScopeLogs")
	s.texts(resourceLogs, map[int]string{3: "schemaUrl"})
	s.part(scopeLogs, 1, "scope", scope)
	s.list(scopeLogs, 2, "logRecords", logRecord, 144)
	s.texts(scopeLogs, map[int]string{3: "schemaUrl"})
	s.texts(logRecord, map[int]string{3: "severityText", 12: "eventName"})
	s.part(logRecord, 5, "body", anyValue)
	s.attributes(logRecord, 6, "attributes")
}

func (s *table) describeCommon() {
	s.attributes(resource, 1, "attributes")
	s.list(resource, 3, "entityRefs", entity, 80)
	s.texts(entity, map[int]string{1: "schemaUrl", 2: "type"})
	s.add(entity, 3, "idKeys", field{stringCost, text, 0})
	s.add(entity, 4, "descriptionKeys", field{stringCost, text, 0})
	s.texts(scope, map[int]string{1: "name", 2: "version"})
	s.attributes(scope, 3, "attributes")
	s.texts(keyValue, map[int]string{1: "key"})
	s.part(keyValue, 2, "value", anyValue)
	s.add(anyValue, 1, "stringValue", field{2 * wrapperCost, text, 0})
	s.add(anyValue, 2, "boolValue", field{wrapperCost, scalar, 0})
	s.add(anyValue, 3, "intValue", field{wrapperCost, scalar, 0})
	s.add(anyValue, 4, "doubleValue", field{wrapperCost, scalar, 0})
	s.add(anyValue, 5, "arrayValue", field{listValueCost, message, arrayValue})
	s.add(anyValue, 6, "kvlistValue", field{listValueCost, message, keyValueList})
	s.add(anyValue, 7, "bytesValue", field{24, text, 0})
	s.add(anyValue, 8, "stringValueStrindex", field{wrapperCost, scalar, 0})
	s.add(arrayValue, 1, "values", field{valueCost, message, anyValue})
	s.attributes(keyValueList, 1, "values")
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
