package vendors

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// servicenow is an instance with records of tables, as the Table API shows them with sysparm_display_value=all.
type servicenow struct {
	*api
	records map[string][]object
	hidden  map[string]bool // sys_ids that the user may not read
}

func newServiceNow(t *testing.T) *servicenow {
	s := &servicenow{records: map[string][]object{}, hidden: map[string]bool{}}
	s.api = (&api{t: t, secret: [2]string{"Authorization", "Basic dTp0"}, serve: s.serve}).start()
	return s
}

var updatedSince = regexp.MustCompile(`^sys_updated_on>=(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\^ORDERBYsys_updated_on\^ORDERBYsys_id$`)

func (s *servicenow) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	query := r.URL.Query()
	table, ok := strings.CutPrefix(path, "/api/now/table/")
	since := updatedSince.FindStringSubmatch(query.Get("sysparm_query"))
	if !ok || since == nil || query.Get("sysparm_display_value") != "all" {
		return false
	}
	value := func(o object, field string) string { return o[field].(object)["value"].(string) }
	var all []object
	for _, record := range s.records[table] {
		if value(record, "sys_updated_on") >= since[1] {
			all = append(all, record)
		}
	}
	slices.SortFunc(all, func(a, b object) int {
		return cmp.Or(cmp.Compare(value(a, "sys_updated_on"), value(b, "sys_updated_on")), cmp.Compare(value(a, "sys_id"), value(b, "sys_id")))
	})
	offset, limit := number(query.Get("sysparm_offset"), 0), number(query.Get("sysparm_limit"), 10_000)
	page, last := pageOf(all, offset, limit)
	if !last {
		query.Set("sysparm_offset", fmt.Sprint(offset+limit))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>;rel="first",<%[1]s%[2]s?%[3]s>;rel="next"`, s.URL, path, strings.ReplaceAll(query.Encode(), "%2C", ",")))
	}
	page = slices.DeleteFunc(page, func(o object) bool { return s.hidden[value(o, "sys_id")] })
	return reply(w, object{"result": page})
}

// record adds one, with its fields as the database has them; names are shown otherwise.
func (s *servicenow) record(table string, fields map[string]string) object {
	record := object{}
	for name, value := range fields {
		shown := value
		if name == "business_service" {
			value = "26da329f0a0a0bb400f69d8159bc753d"
		}
		record[name] = object{"value": value, "display_value": shown}
	}
	s.records[table] = append(s.records[table], record)
	return record
}

func (s *servicenow) sends(table, id, state, rest string) string {
	return fmt.Sprintf(`{"table":%q,"sys_id":%q,"number":"N1","state":%q,"business_service":"Checkout","short_description":"Checkout answers with errors","priority":"1","type":"standard",
		"opened_at":"2026-03-01T10:05:11Z","url":"%s/%[1]s.do?sys_id=%[2]s",%[5]s}`, table, id, state, s.URL, rest)
}

func TestServiceNowIsReconciled(t *testing.T) {
	s := newServiceNow(t)
	both := map[string]string{"number": "N1", "business_service": "Checkout", "cmdb_ci": "", "short_description": "Checkout answers with errors", "priority": "1", "type": "standard", "opened_at": "2026-03-01 10:05:11"}
	record := func(table string, fields map[string]string) {
		for name, value := range both {
			fields[name] = value
		}
		s.record(table, fields)
	}
	record("incident", map[string]string{"sys_id": "i1", "state": "6", "resolved_at": "2026-03-01 10:40:00", "sys_updated_on": "2026-03-01 10:40:01", "sys_mod_count": "4"})
	record("incident", map[string]string{"sys_id": "i2", "state": "1", "resolved_at": "", "sys_updated_on": "2026-03-01 10:05:11", "sys_mod_count": "0"})
	record("change_request", map[string]string{"sys_id": "c1", "state": "3", "close_code": "successful", "work_start": "2026-03-01 09:00:00", "work_end": "2026-03-01 09:20:00",
		"closed_at": "2026-03-01 10:00:00", "sys_updated_on": "2026-03-01 10:00:00", "sys_mod_count": "7"})
	record("change_request", map[string]string{"sys_id": "c2", "state": "-1", "close_code": "", "work_start": "2026-03-01 11:00:00", "sys_updated_on": "2026-03-01 11:00:01", "sys_mod_count": "5"})
	record("change_request", map[string]string{"sys_id": "c3", "state": "-4", "close_code": "", "sys_updated_on": "2026-03-01 11:00:01", "sys_mod_count": "5"})
	reconcile(t, "servicenow", s.api, "u:t", nil).requireOneStory(
		s.sends("incident", "i1", "1", `"mod_count":"0","updated_at":"2026-03-01T10:05:11Z"`),
		s.sends("incident", "i1", "6", `"mod_count":"4","updated_at":"2026-03-01T10:40:01Z","resolved_at":"2026-03-01T10:40:00Z","previous_state":"1"`),
		s.sends("incident", "i2", "1", `"mod_count":"0","updated_at":"2026-03-01T10:05:11Z"`),
		s.sends("change_request", "c1", "-1", `"mod_count":"5","updated_at":"2026-03-01T09:00:01Z","work_start":"2026-03-01T09:00:00Z"`),
		s.sends("change_request", "c1", "3", `"mod_count":"7","updated_at":"2026-03-01T10:00:00Z","work_start":"2026-03-01T09:00:00Z","work_end":"2026-03-01T09:20:00Z","close_code":"successful","previous_state":"0"`),
		s.sends("change_request", "c2", "-1", `"mod_count":"5","updated_at":"2026-03-01T11:00:01Z","work_start":"2026-03-01T11:00:00Z"`),
		s.sends("change_request", "c3", "-4", `"mod_count":"5","updated_at":"2026-03-01T11:00:01Z"`),
	)
}

// Records that the user may not read are missing from pages, and that is no last page.
func TestServiceNowPagesWithRecordsThatAreHidden(t *testing.T) {
	s := newServiceNow(t)
	for i := range 350 {
		id, at := fmt.Sprintf("i%03d", i), noon.Add(-time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05")
		s.record("incident", map[string]string{"sys_id": id, "state": "1", "business_service": "Checkout", "opened_at": at, "sys_updated_on": at, "sys_mod_count": "0", "number": id})
		s.hidden[id] = i%5 == 0
	}
	r := reconcile(t, "servicenow", s.api, "u:t", map[string]any{"tables": []any{"incident"}})
	r.round()
	_, incidents := r.known()
	require.Len(t, incidents, 350*4/5)
}
