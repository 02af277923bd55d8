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
	for name, suite := range map[string]sourcetest.Suite{
		"with a bearer token": {
			Valid: "structured-deployed-0.5",
			Sign:  func(req *source.Request, secret string) { req.Header.Set("Authorization", "Bearer "+secret) },
		},
		"with a signature": {
			Valid:     "binary-deployed-0.4",
			SignsBody: true,
			Sign: func(req *source.Request, secret string) {
				req.Header.Set("X-Hub-Signature-256", source.Sign(secret, req.Body))
			},
		},
	} {
		t.Run(name, func(t *testing.T) { sourcetest.Run(t, Factory(), suite) })
	}
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Factory(), source.ReaderConfig{}) }

func TestEveryTransportSaysTheSame(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	binary := sourcetest.Payload(t, "binary-deployed-0.4")
	want, err := s.Parse(binary)
	require.NoError(t, err)

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
			got, err := s.Parse(req)
			require.NoError(t, err)
			require.Equal(t, want[0].ID, got[0].ID)
			require.Equal(t, want[0].Facts, got[0].Facts)
		})
	}
}

func TestStartedAndFinishedAreOneChange(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	started, err := s.Parse(sourcetest.Payload(t, "pipelinerun-started"))
	require.NoError(t, err)
	finished, err := s.Parse(sourcetest.Payload(t, "pipelinerun-finished"))
	require.NoError(t, err)
	merged := started[0].Facts[0].Change.Merge(*finished[0].Facts[0].Change)
	require.Equal(t, started[0].Facts[0].Change.ID, finished[0].Facts[0].Change.ID)
	require.Equal(t, correlate.StatusFailed, merged.Status)
	require.True(t, merged.StartedAt.Before(merged.FinishedAt))
}

func TestDetectedAndResolvedAreOneIncident(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	detected, err := s.Parse(sourcetest.Payload(t, "incident-detected"))
	require.NoError(t, err)
	resolved, err := s.Parse(sourcetest.Payload(t, "incident-resolved"))
	require.NoError(t, err)
	first, second := *detected[0].Facts[0].Incident, *resolved[0].Facts[0].Incident
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, first.OpenedAt, second.Merge(first).OpenedAt)
	require.Equal(t, first.Merge(second).ResolvedAt, second.Merge(first).ResolvedAt)
}

func TestAnUnmappedEventDoesNotSpoilItsBatch(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	req := sourcetest.Payload(t, "structured-deployed-0.5")
	odd := `{"specversion":"1.0","id":"1","source":"/x","type":"com.example.odd","data":"text"}`
	req.Body = []byte("[" + odd + "," + string(req.Body) + "]")
	deliveries, err := s.Parse(req)
	require.NoError(t, err)
	require.Len(t, deliveries, 2)
	require.NotEmpty(t, deliveries[0].Problem)
	require.Len(t, deliveries[1].Facts, 1)
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

func TestIdsAreUniqueAcrossEmitters(t *testing.T) {
	const uuid = "4c8cb7dd-3448-41de-8768-eec704e2829b"
	require.Equal(t, "cdevents-"+uuid, factID("cdevents-", uuid, "/a"))
	require.NotEqual(t, factID("cdevents-", "17", "/a"), factID("cdevents-", "17", "/b"))
	require.Equal(t, factID("cdevents-", "17", "/a"), factID("cdevents-", "17", "/a"))
	require.False(t, isUUID("4c8cb7dd-3448-41de-8768-eec704e2829g"))
	require.False(t, isUUID("4c8cb7dd03448-41de-8768-eec704e2829b"))
}
