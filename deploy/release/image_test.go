package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
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
		require.Equal(t, "65532:65532", got.User)

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
// check. Where there is runc, TestTheImageRunsInARuntime has it do the same.
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

// TestTheImageRunsInARuntime has runc run it, as Docker and Kubernetes do: the root read-only, no capability, with a volume.
func TestTheImageRunsInARuntime(t *testing.T) {
	d := released(t)
	if _, err := exec.LookPath("runc"); err != nil || os.Geteuid() != 0 || runtime.GOARCH != "amd64" {
		t.Skip("SKIP: no runc to run the image in; TestTheImageRuns changes the root instead")
	}
	loaded, err := tarball.ImageFromPath(filepath.Join(d.dir, d.dockerTar("amd64")), nil)
	require.NoError(t, err)
	config, err := loaded.ConfigFile()
	require.NoError(t, err)
	bundle := t.TempDir()
	root := rootOf(t, loaded)
	d.bundle(t, bundle, root, config.Config)
	id := "shipwake-" + filepath.Base(filepath.Dir(bundle)) + "-" + d.Commit[:12]
	runc := func(args ...string) *exec.Cmd {
		return exec.Command("runc", append([]string{"--root", filepath.Join(bundle, "state")}, args...)...)
	}
	container := runc("run", "--bundle", bundle, id)
	var output bytes.Buffer
	container.Stdout, container.Stderr = &output, &output
	require.NoError(t, container.Start())
	ended := make(chan error, 1)
	go func() { ended <- container.Wait() }()
	t.Cleanup(func() { _ = runc("delete", "--force", id).Run() })
	probe := append([]string{"exec", id}, config.Config.Healthcheck.Test[1:]...)
	require.Eventually(t, func() bool {
		said, err := runc(probe...).CombinedOutput()
		return err == nil && string(said) == "ready\n"
	}, time.Minute, 200*time.Millisecond, "it is healthy")
	require.NoError(t, runc("kill", id, "TERM").Run())
	require.NoError(t, <-ended, output.String())
}

// bundle writes the configuration of a container of an image, with what `runc spec` says and the image doesn't.
func (d dist) bundle(t *testing.T, bundle, root string, image v1.Config) {
	t.Helper()
	spec := exec.Command("runc", "spec")
	spec.Dir = bundle
	require.NoError(t, spec.Run())
	file := filepath.Join(bundle, "config.json")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, json.Unmarshal(text, &config))
	process := config["process"].(map[string]any)
	process["terminal"], process["args"] = false, append(image.Entrypoint, image.Cmd...)
	process["env"] = append(image.Env, "SHIPWAKE_ALLOW_UNAUTHENTICATED=true", "SHIPWAKE_ALLOW_ANONYMOUS=true")
	process["user"] = map[string]int{"uid": 65532, "gid": 65532}
	process["capabilities"] = map[string]any{}
	config["root"] = map[string]any{"path": root, "readonly": true}
	config["mounts"] = append(config["mounts"].([]any),
		map[string]any{"destination": "/data", "type": "bind", "source": filepath.Join(root, "data"), "options": []string{"rbind", "rw"}},
		map[string]any{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})
	text, err = json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text, 0o600))
}
