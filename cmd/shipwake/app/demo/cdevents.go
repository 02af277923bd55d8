package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// pipeline is the CDEvents source of the demo: the pipeline that deploys.
const pipeline = "/shop/pipelines/deploy"

// cdeventsID is the change id of a deployment that is reported as a pipeline run.
func cdeventsID(a act) string { return "cdevents-run-" + a.run() }

// run is the id of the pipeline run, a UUID.
func (a act) run() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", a.number) }

// cdevent sends a pipeline run's event as a structured CloudEvent, with the signature over its body.
func (h *hooks) cdevent(ctx context.Context, a act, predicate string, at time.Time) error {
	kind, id := "dev.cdevents.pipelinerun."+predicate+".0.3.0", rand.Text()
	content := object{"pipelineName": "deploy " + a.service, "uri": "https://ci.example/runs/" + a.run()}
	if predicate == "finished" {
		content["outcome"] = "success"
	}
	custom := object{
		"service": a.service, "environment": correlate.DefaultEnvironment,
		"version": a.release.Version, "previous_version": a.from, "actor": "octavia",
	}
	body, err := json.Marshal(object{
		"specversion": "1.0", "id": id, "source": pipeline, "type": kind, "time": rfc3339(at), "subject": a.run(),
		"datacontenttype": "application/json",
		"data": object{
			"context":               object{"id": id, "source": pipeline, "type": kind, "timestamp": rfc3339(at), "specversion": "0.5.1"},
			"subject":               object{"id": a.run(), "source": pipeline, "content": content},
			"customData":            custom,
			"customDataContentType": "application/json",
		},
	})
	if err != nil {
		return err
	}
	return h.post(ctx, "cdevents", http.Header{
		"Content-Type":        {"application/cloudevents+json"},
		"X-Hub-Signature-256": {signature(h.secrets.cdevents, body)},
	}, body)
}
