package app

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnAFullDiskChangesWaitAndAnswersGoOn(t *testing.T) {
	p := newProcess(t)
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=128m"); err != nil {
		t.Skipf("a small tmpfs can't be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, 0)) })
	p.dir = filepath.Join(disk, "data")
	p.start()
	status, _ := p.post(change("checkout-1", "v1", time.Now()))
	require.Equal(t, http.StatusAccepted, status)

	ballast, err := os.Create(filepath.Join(disk, "ballast"))
	require.NoError(t, err)
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	var header http.Header
	require.Eventually(t, func() bool {
		status, header = p.post(change("checkout-2", "v2", time.Now()))
		return status == http.StatusServiceUnavailable
	}, 20*time.Second, 10*time.Millisecond)
	require.NotEmpty(t, header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, p.get("/api/v1/changes/checkout-1"))
	require.Equal(t, http.StatusOK, p.get("/metrics"))

	require.NoError(t, errors.Join(ballast.Close(), os.Remove(ballast.Name())))
	require.Eventually(t, func() bool {
		status, _ = p.post(change("checkout-3", "v3", time.Now()))
		return status == http.StatusAccepted
	}, 10*time.Second, 50*time.Millisecond, p.said())
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
