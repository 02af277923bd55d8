package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

// index is the index of the images, which are valid.
func (d dist) index(t *testing.T) v1.ImageIndex {
	t.Helper()
	index, tag, cleanup, err := openLayout(filepath.Join(d.dir, d.ociLayout()))
	require.NoError(t, err)
	t.Cleanup(cleanup)
	require.Equal(t, d.Version, tag)
	return index
}

func TestTheLayoutHoldsAnImageOfEachArchitecture(t *testing.T) {
	d := released(t)
	index := d.index(t)
	require.NoError(t, validate.Index(index), "digests, sizes and media types")
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	want, _, err := imageConfig(string(dockerfile))
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	var platforms []platform
	for _, m := range manifest.Manifests {
		p := platform{m.Platform.OS, m.Platform.Architecture}
		platforms = append(platforms, p)
		image, err := index.Image(m.Digest)
		require.NoError(t, err)
		file, err := image.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, p, platform{file.OS, file.Architecture})
		require.Equal(t, d.Commit, file.Config.Labels["org.opencontainers.image.revision"])
		got := file.Config
		got.Labels = nil
		require.Equal(t, want, got, "what the Dockerfile says")

		files := d.tree(t, image)
		require.Equal(t, sha(d.unpacked(t, p)[p.file()].data), sha(files["shipwake"].data), "the program of the archive")
		require.True(t, x509.NewCertPool().AppendCertsFromPEM(files["etc/ssl/certs/ca-certificates.crt"].data))
		require.Contains(t, files, "etc/shipwake/container.yaml")
		require.EqualValues(t, 0o1777, files["tmp"].mode)

		loaded, err := tarball.ImageFromPath(filepath.Join(d.dir, d.dockerTar(p.Arch)), nil)
		require.NoError(t, err)
		require.NoError(t, validate.Image(loaded))
		id, err := image.ConfigName()
		require.NoError(t, err)
		same, err := loaded.ConfigName()
		require.NoError(t, err)
		require.Equal(t, id, same, "what docker load takes is the same image")
	}
	var linux []platform
	for _, p := range d.platforms {
		if p.OS == "linux" {
			linux = append(linux, p)
		}
	}
	require.ElementsMatch(t, linux, platforms)
}

func (d dist) tree(t *testing.T, image v1.Image) map[string]entry {
	t.Helper()
	plain := mutate.Extract(image)
	defer plain.Close()
	files := map[string]entry{}
	for _, e := range d.entries(t, plain) {
		files[strings.TrimSuffix(e.name, "/")] = e
	}
	return files
}

// TestThePushedImageIsTheOneThatWasBuilt, to a registry of this test.
func TestThePushedImageIsTheOneThatWasBuilt(t *testing.T) {
	d := released(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"push", "--out", d.dir, "--image", host + "/acme/shipwake"}, &out))
	digest, err := d.index(t).Digest()
	require.NoError(t, err)
	require.Equal(t, host+"/acme/shipwake@"+digest.String()+"\n", out.String(), "what to sign")
	ref, err := name.ParseReference(host + "/acme/shipwake:" + d.Version)
	require.NoError(t, err)
	pulled, err := remote.Index(ref)
	require.NoError(t, err)
	there, err := pulled.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, there)
	require.ErrorContains(t, run(t.Context(), []string{"push", "--out", d.dir}, io.Discard), "--image is missing")
	require.ErrorContains(t, run(t.Context(), []string{"push", "--out", t.TempDir(), "--image", host + "/x"}, io.Discard), "holds 0 images")
}

// runs: the program says what it is, and of which commit.
func (d dist) runs(t *testing.T, program string) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("SKIP: it runs on another machine")
	}
	said, err := exec.Command(program, "version").CombinedOutput()
	require.NoError(t, err, string(said))
	require.Contains(t, string(said), "shipwake "+d.Version+" (commit "+d.Commit[:12]+", ")
	health := exec.Command(program, "healthcheck", "--url", "http://127.0.0.1:1")
	said, err = health.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, health.ProcessState.ExitCode(), string(said))
	require.Contains(t, string(said), "is it running at http://127.0.0.1:1?")
}

func TestTheProgramOfTheArchiveRuns(t *testing.T) {
	d := released(t)
	host := platform{"linux", "amd64"}
	file := filepath.Join(t.TempDir(), "shipwake")
	require.NoError(t, os.WriteFile(file, d.unpacked(t, host)[host.file()].data, 0o755))
	d.runs(t, file)
}

// TestTheImageRuns starts what the image says in the unpacked image as its root, as its user, and asks it with its own health
// check. Where a container runtime answers, TestTheImageRunsInARuntime has it do the same.
func TestTheImageRuns(t *testing.T) {
	d := released(t)
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" || os.Geteuid() != 0 {
		t.Skip("SKIP: the image runs on Linux, on amd64, and whoever changes the root is root")
	}
	loaded, err := tarball.ImageFromPath(filepath.Join(d.dir, d.dockerTar("amd64")), nil)
	require.NoError(t, err)
	config, err := loaded.ConfigFile()
	require.NoError(t, err)
	root := rootOf(t, loaded)
	web, env := freeAddress(t), append(config.Config.Env, "SHIPWAKE_ALLOW_UNAUTHENTICATED=true", "SHIPWAKE_ALLOW_ANONYMOUS=true", "TZ=Europe/Berlin")
	command := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env, cmd.Dir, cmd.SysProcAttr = append(env, "SHIPWAKE_URL=http://"+web), "/", confined(root, config.Config.User)
		return cmd
	}
	probe := config.Config.Healthcheck.Test[1:]
	said, err := command(t.Context(), probe...).CombinedOutput()
	require.Error(t, err, "nothing runs yet: %s", said)

	args := append(config.Config.Entrypoint, config.Config.Cmd...)
	for key, value := range map[string]string{
		"extensions.correlate.web.endpoint": web, "receivers.change_webhook.endpoint": freeAddress(t),
		"receivers.otlp.protocols.grpc.endpoint": freeAddress(t), "receivers.otlp.protocols.http.endpoint": freeAddress(t),
	} {
		args = append(args, "--set="+key+"="+value)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	daemon := command(ctx, args...)
	var output bytes.Buffer
	daemon.Stdout, daemon.Stderr = &output, &output
	require.NoError(t, daemon.Start())
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	defer func() { _ = daemon.Process.Kill() }()
	for healthy := false; !healthy; {
		said, err := command(ctx, probe...).CombinedOutput()
		healthy = err == nil && string(said) == "ready\n"
		select {
		case err := <-ended:
			require.Fail(t, "the daemon ended", "%v\n%s", err, output.String())
		case <-ctx.Done():
			require.Fail(t, "the daemon is not ready", "%s", said)
		case <-time.After(100 * time.Millisecond):
		}
	}
	answer, err := http.Get("http://" + web + "/api/v1/dora?series=month&zone=Pacific/Chatham")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, "it knows time zones")
	require.NoError(t, daemon.Process.Signal(os.Interrupt))
	require.NoError(t, <-ended, output.String())
	entries, err := os.ReadDir(filepath.Join(root, "data"))
	require.NoError(t, err)
	require.NotEmpty(t, entries, "the ledger is in the volume")
}

// rootOf unpacks an image, with the owners that it says.
func rootOf(t *testing.T, image v1.Image) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Chmod(root, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(root), 0o755))
	plain := mutate.Extract(image)
	defer plain.Close()
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if err == io.EOF {
			return root
		}
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		unpack(t, root, header, content)
		require.NoError(t, os.Chown(filepath.Join(root, header.Name), header.Uid, header.Gid))
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// TestTheImageRunsInARuntime has Docker or Podman run it, where one answers.
func TestTheImageRunsInARuntime(t *testing.T) {
	d := released(t)
	runtime := containerRuntime(t)
	file := filepath.Join(d.dir, d.dockerTar("amd64"))
	said, err := exec.Command(runtime, "load", "--input", file).CombinedOutput()
	require.NoError(t, err, string(said))
	image := "shipwake:" + d.Version
	said, err = exec.Command(runtime, "run", "--detach", "--rm", "--read-only", "--cap-drop=ALL", "--env=SHIPWAKE_ALLOW_UNAUTHENTICATED=true",
		"--env=SHIPWAKE_ALLOW_ANONYMOUS=true", image).Output()
	require.NoError(t, err)
	id := strings.TrimSpace(string(said))
	t.Cleanup(func() { _ = exec.Command(runtime, "rm", "--force", id).Run() })
	require.Eventually(t, func() bool {
		return exec.Command(runtime, "exec", id, "/shipwake", "healthcheck").Run() == nil
	}, time.Minute, 200*time.Millisecond)
}

// containerRuntime is the program of a container runtime whose daemon, if it has one, answers.
func containerRuntime(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"docker", "podman"} {
		if exec.Command(name, "version", "--format", "{{.Server.Version}}").Run() == nil {
			return name
		}
	}
	t.Skip("SKIP: no container runtime answers; TestTheImageRuns changes the root instead")
	return ""
}
