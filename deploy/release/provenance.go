package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// provenance writes of what, by what and how everything in the folder was made: an in-toto statement with the predicate of
// SLSA. It is not signed; whoever publishes signs it.
func (r *release) provenance(ctx context.Context) error {
	toolchain, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return err
	}
	parameters, err := structpb.NewStruct(map[string]any{"version": r.Version})
	if err != nil {
		return err
	}
	predicate := &provenance.Provenance{
		BuildDefinition: &provenance.BuildDefinition{
			BuildType:          homepage + "/blob/main/docs/release.md",
			ExternalParameters: parameters,
			ResolvedDependencies: []*intoto.ResourceDescriptor{
				{Uri: "git+" + homepage, Digest: map[string]string{"gitCommit": r.Commit}},
				{Name: "go", Uri: "pkg:generic/go@" + strings.TrimPrefix(strings.TrimSpace(string(toolchain)), "go")},
			},
		},
		RunDetails: &provenance.RunDetails{Builder: &provenance.Builder{Id: r.builder}},
	}
	fields, err := asStruct(predicate)
	if err != nil {
		return err
	}
	sums, err := digests(r.dist)
	if err != nil {
		return err
	}
	statement := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: "https://slsa.dev/provenance/v1", Predicate: fields}
	for _, s := range sums {
		statement.Subject = append(statement.Subject, &intoto.ResourceDescriptor{Name: s.name, Digest: map[string]string{"sha256": s.digest}})
	}
	if err := errors.Join(predicate.Validate(), statement.Validate()); err != nil {
		return err
	}
	text, err := stable(statement)
	if err != nil {
		return err
	}
	return r.write("shipwake_"+r.Version+".intoto.json", text)
}

func asStruct(m proto.Message) (*structpb.Struct, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	s := &structpb.Struct{}
	return s, protojson.Unmarshal(text, s)
}

// stable is a message as JSON, the same bytes each time: protojson puts blanks where it likes.
func stable(m proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return nil, err
	}
	return append(indented.Bytes(), '\n'), nil
}
