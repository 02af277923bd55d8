package deploy_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// types runs a block of commands as somebody types them: one that fails ends it, and what is exported is there in the next block.
func (c *cluster) types(t *testing.T, block string) (code int, printed string) {
	t.Helper()
	exported := filepath.Join(c.dir, "exported")
	if !exists(exported) {
		require.NoError(t, os.WriteFile(exported, nil, 0o600))
	}
	command := exec.CommandContext(t.Context(), "sh", "-eu", "-c", ". "+exported+"\n"+block+"\nexport -p >"+exported)
	command.Env, command.Dir = c.environment(), ".."
	said, err := command.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	t.Logf("%s\n%s", block, said)
	return command.ProcessState.ExitCode(), string(said)
}

// pod is what is read of a Pod.
type pod struct {
	Spec struct {
		ServiceAccountName           string
		AutomountServiceAccountToken bool
		Containers                   []struct {
			Args    []string
			EnvFrom []struct{ SecretRef struct{ Name string } }
			Ports   []struct {
				Name          string
				ContainerPort int
			}
			VolumeMounts                                []struct{ Name, MountPath string }
			StartupProbe, LivenessProbe, ReadinessProbe struct {
				HTTPGet struct{ Path, Port string }
			}
		}
		Volumes []struct {
			Name      string
			ConfigMap *struct{ Name string }
		}
	}
}

// starts runs what the pod shipwake-0 of a namespace says as a process of this machine, as a kubelet would in a container: with its
// arguments, its ConfigMap, its Secret and the token of its service account. The windows are shorter than the usual ones. It returns
// where the ports of the container are.
func (c *cluster) starts(t *testing.T, namespace string) (ports map[string]string) {
	t.Helper()
	var p pod
	c.read(t, &p, "-n", namespace, "pod", "shipwake-0")
	container := p.Spec.Containers[0]
	paths := map[string]string{}
	for _, v := range p.Spec.Volumes {
		dir := filepath.Join(c.dir, v.Name)
		for _, m := range container.VolumeMounts {
			if m.Name == v.Name {
				paths[m.MountPath] = dir
			}
		}
		if v.ConfigMap == nil {
			continue
		}
		var files struct{ Data map[string]string }
		c.read(t, &files, "-n", namespace, "configmap", v.ConfigMap.Name)
		require.NoError(t, os.MkdirAll(dir, 0o700))
		for name, text := range files.Data {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	require.Contains(t, paths, "/data", "the ledger has a volume")
	args := append([]string{}, quick...)
	for _, arg := range container.Args {
		for at, dir := range paths {
			if within, is := strings.CutPrefix(arg, at+"/"); is {
				arg = filepath.Join(dir, within)
				break
			}
		}
		args = append(args, arg)
	}
	require.True(t, p.Spec.AutomountServiceAccountToken, "the watch needs the token")
	token := strings.TrimSpace(c.does(t, "", "kubectl", "-n", namespace, "create", "token", p.Spec.ServiceAccountName))
	ports = map[string]string{}
	for _, port := range container.Ports {
		ports[port.Name] = address(t)
	}
	args = append(args, "--set=receivers.change_kubernetes.kubeconfig="+c.kubeconfig(t, "service-account", token, namespace),
		"--data-dir", paths["/data"],
		"--set=receivers.otlp.protocols.grpc.endpoint="+ports["otlp-grpc"], "--set=receivers.otlp.protocols.http.endpoint="+ports["otlp-http"],
		"--set=receivers.change_webhook.endpoint="+ports["hooks"], "--set=extensions.correlate.web.endpoint="+ports["web"])
	command := exec.Command(os.Getenv(tools["shipwake"]), args...)
	command.Env = os.Environ()
	for _, from := range container.EnvFrom {
		var secret struct{ Data map[string]string }
		c.read(t, &secret, "-n", namespace, "secret", from.SecretRef.Name)
		for name, value := range secret.Data {
			plain, err := base64.StdEncoding.DecodeString(value)
			require.NoError(t, err)
			command.Env = append(command.Env, name+"="+string(plain))
		}
	}
	background(t, command)
	for _, probe := range []string{container.StartupProbe.HTTPGet.Path, container.LivenessProbe.HTTPGet.Path, container.ReadinessProbe.HTTPGet.Path} {
		require.Eventually(t, func() bool { return get("http://"+ports["web"]+probe) == http.StatusOK }, time.Minute, 50*time.Millisecond, probe)
	}
	return ports
}

// walk follows docs/tasks/kubernetes.md to the letter. Two things are other than in a cluster: where the document forwards a port to
// the pod, a process of this machine runs what the pod says; and the requests of checkout are told by the test, since no container runs.
func (c *cluster) walk(t *testing.T) {
	var ports map[string]string
	var failing atomic.Int64
	var verdict string
	for _, found := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(read(t, "../docs/tasks/kubernetes.md"), -1) {
		block, want := found[1], 0
		if forward := regexp.MustCompile(`(?m)^kubectl .* port-forward service/shipwake 8788 &\n`); forward.MatchString(block) {
			block = forward.ReplaceAllString(block, "")
			ports = c.starts(t, "shipwake")
			require.NoError(t, os.Remove(filepath.Join(c.bin, "shipwake")))
			require.NoError(t, os.WriteFile(filepath.Join(c.bin, "shipwake"), []byte("#!/bin/sh\nexec "+os.Getenv(tools["shipwake"])+` "$@" --api=http://`+ports["web"]+"\n"), 0o700))
		}
		if ports != nil {
			block = strings.ReplaceAll(block, "127.0.0.1:8788", ports["web"])
		}
		if strings.Contains(block, "set image deployment/checkout") {
			time.Sleep(12 * time.Second) // a time before the change: telemetry is judged by the clock of the real world
			failing.Store(30)
		}
		if strings.HasPrefix(block, "shipwake verdict") {
			want = 1
		}
		code, printed := c.types(t, block)
		require.Equal(t, want, code, printed)
		verdict = printed
		if strings.Contains(block, "image: registry.example.com/checkout:v1") {
			traffic{ports["otlp-http"], func() int { return int(failing.Load()) }}.flow(t)
		}
	}
	require.Contains(t, verdict, "checkout v2 in production: REGRESSED")
	require.Contains(t, verdict, "no other change is suspected")
	c.followsTheNotes(t, ports)
}

// followsTheNotes types what Helm says after the installation, from where the pod is reached.
func (c *cluster) followsTheNotes(t *testing.T, ports map[string]string) {
	_, notes, _ := strings.Cut(c.does(t, "", "helm", "-n", "shipwake", "get", "notes", "shipwake"), "2. Changes")
	tell := regexp.MustCompile(`(?m)^ +SECRET=.*\n +curl (?:.*\\\n)+.*$`).FindString(notes)
	require.NotEmpty(t, tell, notes)
	code, answer := c.types(t, strings.ReplaceAll(strings.Replace(tell, "curl ", "curl --fail-with-body --silent --show-error ", 1), "shipwake.shipwake:8787", ports["hooks"]))
	require.Zero(t, code, answer)
	token := regexp.MustCompile(`(?m)^ +kubectl .*SHIPWAKE_READ_TOKENS.*$`).FindString(notes)
	require.NotEmpty(t, token, notes)
	code, printed := c.types(t, token)
	require.Zero(t, code)
	require.Eventually(t, func() bool {
		return asks(t, "http://"+ports["web"]+"/api/v1/changes/checkout-v2", printed, nil) == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "the change that was told")
}
