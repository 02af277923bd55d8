package otlp

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shipwake/shipwake/collector/admission"
)

// statusOf is the status that a sender gets for an error. What is worth sending again says when.
func statusOf(err error) *status.Status {
	var refusal *admission.Refusal
	if errors.As(err, &refusal) {
		code := codeOf(refusal.Reason)
		if code == codes.Unavailable {
			return later(refusal.Text)
		}
		return status.New(code, refusal.Text)
	}
	var behind *refusedBehind
	if !errors.As(err, &behind) {
		return status.FromContextError(err)
	}
	if s, ok := status.FromError(behind.error); ok {
		return s
	}
	if consumererror.IsPermanent(behind.error) {
		return status.New(codes.Internal, behind.Error())
	}
	return later(behind.Error())
}

func codeOf(reason admission.Reason) codes.Code {
	switch reason {
	case admission.TooLarge, admission.TooCostly:
		return codes.ResourceExhausted
	case admission.TooSlow:
		return codes.DeadlineExceeded
	case admission.Busy:
		return codes.Unavailable
	}
	return codes.InvalidArgument
}

// later asks to come again in a few seconds, not all at the same time.
func later(why string) *status.Status {
	s := status.New(codes.Unavailable, why)
	delay := time.Second + rand.N(4*time.Second)
	if with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}); err == nil {
		return with
	}
	return s
}

// retryDelay is when a status asks to come again; 0 when it doesn't.
func retryDelay(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// retryable follows the OTLP specification.
func retryable(s *status.Status) bool {
	switch s.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return true
	case codes.ResourceExhausted:
		return retryDelay(s) > 0
	}
	return false
}

// httpStatus is the HTTP status for an error with that gRPC status.
func httpStatus(err error, s *status.Status) int {
	var refusal *admission.Refusal
	if errors.As(err, &refusal) {
		switch refusal.Reason {
		case admission.TooLarge, admission.TooCostly:
			return http.StatusRequestEntityTooLarge
		case admission.TooSlow:
			return http.StatusRequestTimeout
		case admission.Busy:
			return http.StatusTooManyRequests
		}
		return http.StatusBadRequest
	}
	if retryable(s) {
		if s.Code() == codes.ResourceExhausted {
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	}
	switch s.Code() {
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.Unimplemented:
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}
