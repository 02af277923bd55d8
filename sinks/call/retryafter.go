package call

import (
	"net/http"
	"strconv"
	"time"
)

// RetryAfter reads the header of that name: seconds, or a date; 0 when there is neither.
func RetryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
