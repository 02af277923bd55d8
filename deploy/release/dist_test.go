package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
)

// dist is the release that `make release-dry-run` made, with the source that it was made of.
type dist struct {
	Source
	dir       string
	platforms []platform // for which there are archives
}

func released(t *testing.T) dist {
	t.Helper()
	dir := os.Getenv("SHIPWAKE_TEST_DIST")
	if dir == "" {
		t.Skip("SKIP: needs a release; make release-dry-run makes it")
	}
	found, err := filepath.Glob(filepath.Join(dir, "shipwake_*.intoto.json"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "shipwake_"), ".intoto.json")
	_, predicate := provenanceOf(t, found[0])
	source, err := sourceOf(t.Context(), "../..", predicate.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"], version)
	require.NoError(t, err)
	d := dist{Source: source, dir: dir}
	every, err := platformsOf(strings.Join(all, ","))
	require.NoError(t, err)
	for _, p := range every {
		if _, err := os.Stat(filepath.Join(dir, p.archive(version))); err == nil {
			d.platforms = append(d.platforms, p)
		}
	}
	require.NotEmpty(t, d.platforms)
	return d
}

func (d dist) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.dir, name))
	require.NoError(t, err)
	return data
}

// unpacked are the files of an archive by name; each has the time of the commit.
func (d dist) unpacked(t *testing.T, p platform) map[string]entry {
	t.Helper()
	data := d.read(t, p.archive(d.Version))
	files := map[string]entry{}
	if p.OS == "windows" {
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		for _, f := range r.File {
			require.WithinDuration(t, d.Time, f.Modified, time.Second, f.Name)
			in, err := f.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(in)
			require.NoError(t, err)
			files[f.Name] = entry{f.Name, int64(f.Mode().Perm()), content}
		}
		return files
	}
	plain, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	for _, e := range d.entries(t, plain) {
		files[e.name] = e
	}
	return files
}

// entries reads a tar of which each file has the time of the commit, and belongs to root.
func (d dist) entries(t *testing.T, in io.Reader) []entry {
	t.Helper()
	var all []entry
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		require.True(t, d.Time.Equal(header.ModTime), "%s: %s", header.Name, header.ModTime)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		all = append(all, entry{header.Name, header.Mode, content})
	}
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestTheChecksumsAreThoseOfEveryFile(t *testing.T) {
	d := released(t)
	sums, err := digests(d.dir)
	require.NoError(t, err)
	var want strings.Builder
	for _, s := range sums {
		want.WriteString(s.digest + "  " + s.name + "\n")
	}
	require.Equal(t, want.String(), string(d.read(t, checksums)))
	files := 2 // the OCI layout and the provenance
	for _, p := range d.platforms {
		files += 2 // an archive and a list of components
		if p.OS == "linux" {
			files += 3 // two packages and an image
		}
	}
	if len(d.platforms) == len(all) {
		files += 2 // the formula and the flake
	}
	require.Len(t, sums, files, want.String())
}

func TestTheProvenanceIsOfEveryFile(t *testing.T) {
	d := released(t)
	statement, predicate := provenanceOf(t, filepath.Join(d.dir, "shipwake_"+d.Version+".intoto.json"))
	require.NoError(t, statement.Validate())
	require.NoError(t, predicate.Validate())
	require.Equal(t, d.Version, predicate.BuildDefinition.ExternalParameters.Fields["version"].GetStringValue())
	for _, s := range statement.Subject {
		require.Equal(t, sha(d.read(t, s.Name)), s.Digest["sha256"], s.Name)
	}
	sums, err := digests(d.dir)
	require.NoError(t, err)
	require.Len(t, statement.Subject, len(sums)-1, "but the statement itself")
}

func provenanceOf(t *testing.T, file string) (*intoto.Statement, *provenance.Provenance) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	statement, predicate := &intoto.Statement{}, &provenance.Provenance{}
	require.NoError(t, protojson.Unmarshal(text, statement))
	text, err = protojson.Marshal(statement.Predicate)
	require.NoError(t, err)
	require.NoError(t, protojson.Unmarshal(text, predicate))
	return statement, predicate
}

func TestEveryArchiveHoldsAStaticProgramOfItsPlatform(t *testing.T) {
	d := released(t)
	for _, p := range d.platforms {
		t.Run(p.String(), func(t *testing.T) {
			files := d.unpacked(t, p)
			require.Contains(t, files, "LICENSE")
			require.Equal(t, p.OS == "linux", files["systemd/shipwake.service"].data != nil)
			program := files[p.file()]
			require.EqualValues(t, 0o755, program.mode)
			isOf(t, p, program.data)

			var list struct {
				BOMFormat string
				Metadata  struct {
					Component struct{ Hashes []struct{ Content string } }
				}
				Components []struct{ PURL string }
			}
			require.NoError(t, json.Unmarshal(d.read(t, p.stem(d.Version)+".cdx.json"), &list))
			require.Equal(t, "CycloneDX", list.BOMFormat)
			require.Equal(t, sha(program.data), list.Metadata.Component.Hashes[0].Content, "the list is of this program")
			require.Greater(t, len(list.Components), 50)
		})
	}
}

// isOf: the format and the processor are those of the platform, and it asks for no library.
func isOf(t *testing.T, p platform, program []byte) {
	t.Helper()
	in := bytes.NewReader(program)
	arm := p.Arch == "arm64"
	switch p.OS {
	case "linux":
		f, err := elf.NewFile(in)
		require.NoError(t, err)
		require.Equal(t, map[bool]elf.Machine{true: elf.EM_AARCH64, false: elf.EM_X86_64}[arm], f.Machine)
		for _, part := range f.Progs {
			require.NotEqual(t, elf.PT_INTERP, part.Type, "it asks for a loader")
		}
	case "darwin":
		f, err := macho.NewFile(in)
		require.NoError(t, err)
		require.Equal(t, map[bool]macho.Cpu{true: macho.CpuArm64, false: macho.CpuAmd64}[arm], f.Cpu)
	case "windows":
		f, err := pe.NewFile(in)
		require.NoError(t, err)
		require.EqualValues(t, map[bool]int{true: pe.IMAGE_FILE_MACHINE_ARM64, false: pe.IMAGE_FILE_MACHINE_AMD64}[arm], f.Machine)
	}
}

// TestTheFormulaAndTheFlakeAreOfTheseArchives: they hold the digest of every archive that they lead to.
func TestTheFormulaAndTheFlakeAreOfTheseArchives(t *testing.T) {
	d := released(t)
	if len(d.platforms) < len(all) {
		t.Skip("SKIP: there is neither without every platform")
	}
	formula, flake := string(d.read(t, "shipwake.rb")), string(d.read(t, "flake.nix"))
	for _, p := range d.platforms {
		if p.OS != "windows" {
			archive := d.read(t, p.archive(d.Version))
			raw := sha256.Sum256(archive)
			require.Contains(t, formula, sha(archive))
			require.Contains(t, flake, "sha256-"+base64.StdEncoding.EncodeToString(raw[:]))
		}
	}
}
