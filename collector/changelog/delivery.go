package changelog

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

func writeDelivery(record plog.LogRecord, d correlate.Delivery, seal []byte) {
	record.SetEventName(EventDelivery)
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetTimestamp(timestamp(d.ReceivedAt))
	record.SetObservedTimestamp(timestamp(d.ReceivedAt))
	record.Body().SetEmptyBytes().FromRaw(d.Raw)
	a := record.Attributes()
	putText(a, attrDeliveryID, d.ID)
	putText(a, attrSource, d.Source)
	putTime(a, attrReceivedAt, d.ReceivedAt)
	putText(a, attrContentType, d.ContentType)
	putText(a, attrEvent, d.Event)
	putText(a, attrProblem, d.Problem)
	a.PutInt(attrFacts, int64(len(d.Facts)))
	a.PutEmptyBytes(attrSeal).FromRaw(seal)
}

// readDelivery returns the delivery without its facts, and how many follow.
func readDelivery(record plog.LogRecord) (correlate.Delivery, int, error) {
	r := attributes{m: record.Attributes()}
	d := correlate.Delivery{
		ID:          r.text(attrDeliveryID),
		Source:      r.text(attrSource),
		ReceivedAt:  r.time(attrReceivedAt),
		ContentType: r.text(attrContentType),
		Event:       r.text(attrEvent),
		Problem:     r.text(attrProblem),
	}
	facts := r.number(attrFacts)
	if record.Body().Type() != pcommon.ValueTypeBytes {
		return d, 0, fmt.Errorf("the body of a %s must be bytes, not %s", EventDelivery, record.Body().Type())
	}
	if raw := record.Body().Bytes(); raw.Len() > 0 {
		d.Raw = raw.AsRaw()
	}
	return d, int(facts), r.wrapped(EventDelivery)
}

func writePosition(record plog.LogRecord, p correlate.Position, seal []byte) {
	record.SetEventName(EventPosition)
	a := record.Attributes()
	putText(a, attrStream, p.Stream)
	a.PutInt(attrExpect, p.Expect)
	a.PutInt(attrNext, p.Next)
	a.PutEmptyBytes(attrSeal).FromRaw(seal)
}

func readPosition(record plog.LogRecord) (correlate.Position, error) {
	r := attributes{m: record.Attributes()}
	p := correlate.Position{Stream: r.text(attrStream), Expect: r.number(attrExpect), Next: r.number(attrNext)}
	return p, r.wrapped(EventPosition)
}

// sealOf is the seal that a record carries, nil when it has none.
func sealOf(record plog.LogRecord) []byte {
	seal, ok := record.Attributes().Get(attrSeal)
	if !ok || seal.Type() != pcommon.ValueTypeBytes {
		return nil
	}
	return seal.Bytes().AsRaw()
}
