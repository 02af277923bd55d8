package cdevents

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestSource(t *testing.T) {
	for _, valid := range []string{"structured-deployed-0.5", "binary-deployed-0.4"} {
		t.Run(valid, func(t *testing.T) { sourcetest.Run(t, Source(), sourcetest.Suite{Valid: valid}) })
	}
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

func TestEveryTransportSaysTheSame(t *testing.T) {
	binary := sourcetest.Payload(t, "binary-deployed-0.4")
	want := sourcetest.Read(t, Source(), binary)[0]

	kafka := binary
	kafka.Header = http.Header{
		"Content-Type": {"application/json"},
		"ce_id":        {"4c8cb7dd-3448-41de-8768-eec704e2829b"},
		"Ce_source":    {"/deployer/eu 1"},
		"ce_type":      {"dev.cdevents.service.deployed.0.2.0"},
	}
	bare := binary
	bare.Header = http.Header{}
	for name, req := range map[string]source.Request{"over Kafka": kafka, "without an envelope": bare} {
		t.Run(name, func(t *testing.T) {
			got := sourcetest.Read(t, Source(), req)[0]
			require.Equal(t, want.ID, got.ID)
			require.Equal(t, want.Facts, got.Facts)
		})
	}
}

func TestStartedAndFinishedAreOneChange(t *testing.T) {
	started := sourcetest.Read(t, Source(), sourcetest.Payload(t, "pipelinerun-started"))[0].Facts[0].Change
	finished := sourcetest.Read(t, Source(), sourcetest.Payload(t, "pipelinerun-finished"))[0].Facts[0].Change
	merged := started.Merge(*finished)
	require.Equal(t, started.ID, finished.ID)
	require.Equal(t, correlate.StatusFailed, merged.Status)
	require.True(t, merged.StartedAt.Before(merged.FinishedAt))
}

func TestDetectedAndResolvedAreOneIncident(t *testing.T) {
	first := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "incident-detected"))[0].Facts[0].Incident
	second := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "incident-resolved"))[0].Facts[0].Incident
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, first.OpenedAt, second.Merge(first).OpenedAt)
	require.Equal(t, first.Merge(second).ResolvedAt, second.Merge(first).ResolvedAt)
}

// What can't be read, or says nothing, doesn't hold back the rest of its batch; each event is the delivery that it would be
// alone.
func TestAnEventDoesNotSpoilItsBatch(t *testing.T) {
	good := sourcetest.Payload(t, "structured-deployed-0.5")
	alone := sourcetest.Read(t, Source(), good)[0]
	for name, c := range map[string]struct{ beside, ignored, problem string }{
		"an event of another kind": {
			beside:  `{"specversion":"1.0","id":"1","source":"/x","type":"com.example.odd","data":"text"}`,
			ignored: "only CDEvents of services, pipeline runs and incidents are read",
		},
		"a number": {beside: `7`, problem: "unreadable: $: must be a CloudEvent or a CDEvent, an object"},
		"a batch":  {beside: `[7]`, problem: "unreadable: $: must be a CloudEvent or a CDEvent, an object"},
		"an event without a time": {
			beside:  `{"context":{"type":"dev.cdevents.service.deployed.0.2.0","id":"1","source":"/x"},"subject":{"id":"s"}}`,
			problem: "unreadable: $.context.timestamp: required: a time such as 2026-03-01T10:00:00Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			req := sourcetest.Payload(t, "batch")
			req.Body = []byte("[" + c.beside + "," + string(good.Body) + "]")
			items := sourcetest.Read(t, Source(), req)
			require.Len(t, items, 2)
			require.Equal(t, c.ignored, items[0].Ignored)
			require.Equal(t, c.problem, items[0].Problem)
			require.Equal(t, alone.ID, items[1].ID)
			require.Equal(t, alone.Facts, items[1].Facts)
		})
	}
}

// An event that isn't about a change is never held against its sender, whatever is wrong with it.
func TestWhatIsNotAboutAChangeIsNeverRefused(t *testing.T) {
	for name, body := range map[string]string{
		"a run without an outcome":       `{"context":{"version":"0.4.1","id":"1","source":"/ci","type":"dev.cdevents.pipelinerun.finished.0.2.0","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"t","content":{}}}`,
		"an outcome that is a number":    `{"context":{"id":"1","source":"/ci","type":"dev.cdevents.pipelinerun.finished.0.2.0","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"t","content":{"outcome":1}}}`,
		"a run without a time or an id":  `{"context":{"type":"dev.cdevents.pipelinerun.started.0.2.0"},"subject":{}}`,
		"a run without anything":         `{"context":{"type":"dev.cdevents.pipelinerun.finished.0.2.0"}}`,
		"a test of a suite":              `{"context":{"type":"dev.cdevents.testsuiterun.finished.0.2.0"},"subject":7}`,
		"data that isn't what it says":   `{"specversion":"1.0","id":"1","source":"/x","type":"com.example.odd","data_base64":"???"}`,
		"data of another kind in Base64": `{"specversion":"1.0","id":"1","source":"/x","type":"com.example.odd","data_base64":"bm8="}`,
	} {
		t.Run(name, func(t *testing.T) {
			req := source.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: sourcetest.ReceivedAt}
			items := sourcetest.Read(t, Source(), req)
			require.Len(t, items, 1)
			require.Nil(t, items[0].Wrong)
			require.Empty(t, items[0].Facts)
		})
	}
}

func TestTheOutcomeOfARunMayBeInItsSystemsOwnWord(t *testing.T) {
	for outcome, want := range map[string]correlate.Status{
		"success": correlate.StatusSucceeded, "Succeeded": correlate.StatusSucceeded, "passed": correlate.StatusSucceeded,
		"failure": correlate.StatusFailed, "error": correlate.StatusFailed, "FAILED": correlate.StatusFailed, "timed_out": correlate.StatusFailed,
		"cancel": correlate.StatusCancelled, "canceled": correlate.StatusCancelled, " ABORTED ": correlate.StatusCancelled,
		"": "", "unstable": "", "completed": "", "skipped": "",
	} {
		require.Equal(t, want, statusOf(outcome), "outcome %q", outcome)
	}
}

// What is known of an incident of which only the end came is its end.
func TestAnEndAloneIsNoDuration(t *testing.T) {
	end := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "incident-resolved"))[0].Facts[0].Incident
	require.False(t, end.ResolvedAt.IsZero())
	_, known := end.Lasted()
	require.False(t, known)
	begin := *sourcetest.Read(t, Source(), sourcetest.Payload(t, "incident-detected"))[0].Facts[0].Incident
	lasted, known := end.Merge(begin).Lasted()
	require.True(t, known)
	require.Equal(t, end.ResolvedAt.Sub(begin.OpenedAt), lasted)
}

func TestASignatureDoesNotVouchForHeaders(t *testing.T) {
	req := sourcetest.Payload(t, "binary-other-type")
	require.Equal(t, "/disk 7", sourcetest.Read(t, Source(), req)[0].ID)
	require.NoError(t, source.HubSignature().Sign(&req, "s"))
	require.Equal(t, source.BodyID(req.Body), sourcetest.Read(t, Source(), req)[0].ID)
}

func TestTheVersionInAPackageURL(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:oci/checkout@sha256%3Ab7f1?repository_url=registry.example.com/shop&tag=v2": "v2",
		"pkg:oci/checkout@sha256%3Ab7f1":                                                 "sha256:b7f1",
		"pkg:golang/example.com/checkout@v2.1.0":                                         "v2.1.0",
		"pkg:npm/%40acme/checkout@2.1.0#dist":                                            "2.1.0",
		"pkg:npm/@acme/checkout":                                                         "",
		"pkg:oci/checkout":                                                               "",
		"pkg:oci/checkout@%zz":                                                           "%zz",
		"registry.example.com/checkout:v2":                                               "",
		"":                                                                               "",
	} {
		require.Equal(t, want, versionOf(purl), "of %q", purl)
	}
}

func TestTheDigestOfAnImageIsToldBesideItsTag(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:oci/checkout@sha256%3Ab7f1c2?tag=v2": "sha256:b7f1c2",
		"pkg:oci/checkout@sha256%3Ab7f1c2":        "",
		"pkg:oci/checkout?tag=v2":                 "",
		"pkg:golang/example.com/a@v2.1.0?tag=v2":  "",
		"":                                        "",
	} {
		require.Equal(t, want, digestOf(purl), "of %q", purl)
	}
}

func TestIdsAreUniqueAcrossEmitters(t *testing.T) {
	const uuid = "4c8cb7dd-3448-41de-8768-eec704e2829b"
	require.Equal(t, "cdevents-"+uuid, factID("cdevents-", uuid, "/a"))
	require.NotEqual(t, factID("cdevents-", "17", "/a"), factID("cdevents-", "17", "/b"))
	require.Equal(t, factID("cdevents-", "17", "/a"), factID("cdevents-", "17", "/a"))
	require.False(t, isUUID("4c8cb7dd-3448-41de-8768-eec704e2829g"))
	require.False(t, isUUID("4c8cb7dd03448-41de-8768-eec704e2829b"))
}
