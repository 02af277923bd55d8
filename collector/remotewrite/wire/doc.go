// Package wire answers: which samples does a remote-write request hold?
//
// It reads the messages of the specifications 1.0 (prometheus.WriteRequest) and 2.0 (io.prometheus.write.v2.Request, as of
// release candidate 4) and makes no objects of what nobody asks for: exemplars and metadata are counted or passed over, and a
// native histogram is decoded when it is asked for. The field numbers are those of
// https://github.com/prometheus/prometheus/blob/main/prompb/types.proto and …/prompb/io/prometheus/write/v2/types.proto.
package wire
