// Command kubeserver answers: what does a real Kubernetes cluster say of a rollout?
//
// It is a cluster in one process, for tests: kube-apiserver with etcd in it, the controllers of Deployments, ReplicaSets,
// StatefulSets and DaemonSets as they are in kube-controller-manager, and kubelets that only say that containers run. A
// container never becomes ready while its image has "broken" in its name.
//
//	kubeserver FOLDER PORT
//
// The folder holds its data, tokens.csv (token,user,uid,"groups"; see --token-auth-file of kube-apiserver) and, as soon as the
// cluster is ready, a file "ready". The first token must be of the group system:masters. It runs until it gets SIGTERM.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kubeserver FOLDER PORT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the cluster's life.
func run(ctx context.Context, dir, port string) error {
	storage, err := startEtcd(dir)
	if err != nil {
		return err
	}
	defer storage.Close()
	key := filepath.Join(dir, "service-accounts.pem")
	if err := writeKey(key); err != nil {
		return err
	}
	tokens := filepath.Join(dir, "tokens.csv")
	failed := make(chan error, 1)
	go func() { failed <- serve(ctx, dir, port, storage.Clients[0].Addr().String(), key, tokens) }()
	client, err := administrator(tokens, port)
	if err != nil {
		return err
	}
	if err := awaitReady(ctx, client, failed); err != nil {
		return err
	}
	if err := control(ctx, client); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func startEtcd(dir string) (*embed.Etcd, error) {
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel, cfg.UnsafeNoFsync = filepath.Join(dir, "etcd"), "error", true
	anywhere := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	cfg.ListenClientUrls, cfg.ListenPeerUrls = []url.URL{anywhere}, []url.URL{anywhere}
	storage, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	<-storage.Server.ReadyNotify()
	return storage, nil
}

// serve runs kube-apiserver.
func serve(ctx context.Context, dir, port, storage, key, tokens string) error {
	command := app.NewAPIServerCommand()
	command.SetArgs([]string{
		"--etcd-servers=http://" + storage,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + filepath.Join(dir, "certificates"),
		"--service-account-issuer=https://kubeserver", "--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--authorization-mode=RBAC", "--token-auth-file=" + tokens, "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
		"--service-cluster-ip-range=10.0.0.0/24", "--v=0",
	})
	return command.ExecuteContext(ctx)
}

func writeKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(path, pem.EncodeToMemory(&block), 0o600)
}

// administrator is a client with the first of the tokens.
func administrator(tokens, port string) (kubernetes.Interface, error) {
	text, err := os.ReadFile(tokens)
	if err != nil {
		return nil, err
	}
	token, _, _ := strings.Cut(string(text), ",")
	return kubernetes.NewForConfig(&rest.Config{
		Host: "https://127.0.0.1:" + port, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}, QPS: 1000, Burst: 1000,
	})
}

func awaitReady(ctx context.Context, client kubernetes.Interface, failed <-chan error) error {
	for {
		answer, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil && string(answer) == "ok" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("kube-apiserver ended: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
