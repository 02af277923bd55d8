package callback

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// Azure is the tool Azure Pipelines, whose check "Invoke REST API" with the completion event Callback asks before a stage
// uses an environment. Headers say where it is answered, and with which token; the body is the question, in the words of
// POST /api/v1/gate.
type Azure struct {
	Common `mapstructure:",squash"`
	Seal   `mapstructure:",squash"`
	// Organizations are the addresses of the organizations that may ask, such as https://dev.azure.com/acme: no other is
	// called, whatever a request says.
	Organizations []string `mapstructure:"organizations"`
}

// mostAzureWait: the token to answer with is good for 48 hours.
const mostAzureWait = 47 * time.Hour

// DefaultAzure has the settings that Azure has unless others are given.
func DefaultAzure() Azure { return Azure{Common: Common{Wait: StandardWait}} }

// Unmarshal implements confmap.Unmarshaler: what isn't given has its standard value.
func (c *Azure) Unmarshal(conf *confmap.Conf) error {
	*c = DefaultAzure()
	return conf.Unmarshal(c)
}

// Open makes the caller, or names the first setting that is wrong.
func (c Azure) Open(caller *call.Caller) (Caller, error) {
	if err := c.validate(mostAzureWait); err != nil {
		return nil, err
	}
	keys, err := c.Seal.open()
	if err != nil {
		return nil, err
	}
	a := &azure{cfg: c, keys: keys}
	for i, text := range c.Organizations {
		u, err := call.ParseURL(strings.TrimSuffix(text, "/"))
		if err == nil {
			err = caller.Check(u)
		}
		if err != nil {
			return nil, fmt.Errorf("organizations[%d]: %w", i, err)
		}
		a.organizations = append(a.organizations, u)
	}
	if len(a.organizations) == 0 {
		return nil, errors.New("organizations: at least one is required: the address of an organization, such as https://dev.azure.com/acme")
	}
	a.client, err = caller.Client(c.TargetConfig)
	return a, err
}

type azure struct {
	cfg           Azure
	keys          seals
	organizations []*url.URL
	client        *call.Client
}

func (a *azure) Name() string            { return "azure" }
func (a *azure) Settings() Common        { return a.cfg.Common }
func (a *azure) MostWait() time.Duration { return mostAzureWait }
func (a *azure) Informs() bool           { return false }
func (a *azure) Close()                  { a.client.Close() }

// azureQuestion is the body of the check, which its author writes.
type azureQuestion struct {
	Service     string    `json:"service"`
	Version     string    `json:"version"`
	Commit      string    `json:"commit"`
	Environment string    `json:"environment"`
	Gate        string    `json:"gate"`
	After       string    `json:"after"`
	Repair      bool      `json:"repair"`
	Deadline    time.Time `json:"deadline"`
	OnUndecided string    `json:"on_undecided"`
}

// azureCallback is where Azure Pipelines is answered.
type azureCallback struct {
	Plan   string `json:"plan"` // the address of the plan
	Job    string `json:"job"`
	Task   string `json:"task"`
	Sealed []byte `json:"sealed"` // the token
}

// Read implements Caller.
func (a *azure) Read(header http.Header, body []byte, _ time.Time) (Ask, error) {
	if err := a.cfg.vouched(func(secret string) bool { return shown(header, secret) }); err != nil {
		return Ask{}, err
	}
	callback, err := a.callback(header)
	if err != nil {
		return Ask{}, err
	}
	q, err := readAzure(body)
	if err != nil {
		return Ask{}, err
	}
	id := sinks.MessageKey(a.Name(), callback.Plan, callback.Job, callback.Task)
	callback.Sealed = a.keys.seal(header.Get("AuthToken"), id)
	kept, err := json.Marshal(callback)
	return Ask{ID: id, Question: q, Callback: kept}, err
}

// shown: a service connection of the type generic shows a secret as the password of Basic, or as a bearer token.
func shown(header http.Header, secret string) bool {
	scheme, given, _ := strings.Cut(header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return same(strings.TrimSpace(given), secret)
	}
	_, password, ok := (&http.Request{Header: header}).BasicAuth()
	return ok && same(password, secret)
}

func readAzure(body []byte) (Question, error) {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	told := azureQuestion{Gate: string(gate.Start)}
	if err := decoder.Decode(&told); err != nil {
		return Question{}, refuse(http.StatusBadRequest, "the body must be a JSON object with service, version and, where they are needed, "+
			"environment, commit, gate, after, repair, deadline, on_undecided")
	}
	q := Question{
		Stage: gate.Stage(told.Gate), Service: told.Service, Version: told.Version, Commit: told.Commit, Environment: told.Environment,
		After: told.After, Repair: told.Repair, Deadline: told.Deadline, Undecided: gate.Decision(told.OnUndecided),
	}
	switch {
	case q.Service == "" || q.Version == "":
		return q, refuse(http.StatusBadRequest, "service and version are required")
	case q.Stage != gate.Start && q.Stage != gate.Promote:
		return q, refuse(http.StatusBadRequest, "gate: use one of %v", gate.Stages())
	case q.After != "" && (q.Stage != gate.Start || q.After == q.Environment):
		return q, refuse(http.StatusBadRequest, "after: goes with the gate start, and names another environment, one that comes before")
	case q.Undecided != "" && q.Undecided != gate.Proceed && q.Undecided != gate.Stop:
		return q, refuse(http.StatusBadRequest, "on_undecided: use %s or %s", gate.Proceed, gate.Stop)
	}
	return q, nil
}

// What Azure puts into the headers.
var (
	ofAzure   = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	hubName   = regexp.MustCompile(`^[A-Za-z]{1,32}$`)
	azureIDs  = []string{"ProjectId", "PlanId", "JobId", "TaskInstanceId"}
	mostToken = 16 << 10
)

// callback reads the headers that every check sends, unless its author took them away. The token comes later.
func (a *azure) callback(header http.Header) (azureCallback, error) {
	for _, name := range azureIDs {
		if !ofAzure.MatchString(header.Get(name)) {
			return azureCallback{}, refuse(http.StatusBadRequest, "the header %s must be an id, as the check sends it by default", name)
		}
	}
	token := header.Get("AuthToken")
	switch {
	case !hubName.MatchString(header.Get("HubName")):
		return azureCallback{}, refuse(http.StatusBadRequest, "the header HubName must be a name, as the check sends it by default")
	case token == "" || len(token) > mostToken || strings.ContainsAny(token, "\r\n"):
		return azureCallback{}, refuse(http.StatusBadRequest, "the header AuthToken must be $(system.AccessToken)")
	case !a.ours(header.Get("PlanUrl")):
		return azureCallback{}, refuse(http.StatusBadRequest, "the header PlanUrl is of none of the organizations that may ask")
	}
	plan := strings.TrimSuffix(header.Get("PlanUrl"), "/") + "/" + header.Get("ProjectId") + "/_apis/distributedtask/hubs/" +
		header.Get("HubName") + "/plans/" + header.Get("PlanId")
	return azureCallback{Plan: plan, Job: header.Get("JobId"), Task: header.Get("TaskInstanceId")}, nil
}

// ours: an address is that of an organization that may ask, or lies below it.
func (a *azure) ours(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.RawPath != "" || strings.Contains(u.Path, "..") {
		return false
	}
	for _, o := range a.organizations {
		if u.Scheme == o.Scheme && u.Host == o.Host && (u.Path == o.Path || strings.HasPrefix(u.Path, o.Path+"/")) {
			return true
		}
	}
	return false
}

// azureEvent ends the check.
type azureEvent struct {
	Name   string `json:"name"`
	Task   string `json:"taskId"`
	Job    string `json:"jobId"`
	Result string `json:"result"`
}

// Answer implements Caller. The event has no room for a reason; the page has it.
func (a *azure) Answer(ctx context.Context, ask Ask, answer Answer, now time.Time) error {
	var to azureCallback
	if err := json.Unmarshal(ask.Callback, &to); err != nil || !a.ours(to.Plan) {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the plan is of none of the organizations that may ask any more")}
	}
	token, ok := a.keys.unseal(to.Sealed, ask.ID)
	if !ok {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("none of seal_keys opens the token to answer with; add the one that sealed it")}
	}
	event := azureEvent{"TaskCompleted", to.Task, to.Job, "failed"}
	if answer.Decision == gate.Proceed {
		event.Result = "succeeded"
	}
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(":"+token))}}
	got, err := send(ctx, a.client, http.MethodPost, to.Plan+"/events?api-version=2.0-preview.1", header, event)
	if err != nil {
		return err
	}
	if u := call.Outcome(got, now); u != nil {
		return u
	}
	return nil
}
