package rules

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// metric is one of Shipwake's in an expression, with its matchers if it has any.
var metric = regexp.MustCompile(`(^|[^:\w])(shipwake_\w+)(\{[^}]*\})?`)

// expr is an expression on one line, in which every metric is asked with the selector.
func (p Parameters) expr(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if p.Selector == "" {
		return text
	}
	return metric.ReplaceAllStringFunc(text, func(found string) string {
		m := metric.FindStringSubmatch(found)
		own := strings.Trim(m[3], "{}")
		if own != "" {
			own = "," + own
		}
		return m[1] + m[2] + "{" + p.Selector + own + "}"
	})
}

// number is a number in its shortest form.
func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// span is a duration as PromQL writes it.
func span(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }

// seconds is a duration as a number.
func seconds(d time.Duration) string { return number(d.Seconds()) }

// fill puts values in the place of <name>.
func fill(text string, values ...string) string {
	return strings.NewReplacer(values...).Replace(text)
}

// place is what a metric of a service is joined with another by.
const place = "job, instance, service, environment"

// owned adds the label team to what an expression gives for each service.
func owned(expr string) string {
	return "(" + expr + ") * on (" + place + ") group_left (team) shipwake_service_info"
}
