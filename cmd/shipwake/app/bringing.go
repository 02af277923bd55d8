package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	"github.com/shipwake/shipwake/correlate"
)

// bringing is where `shipwake change` finds out which commits a change brings.
type bringing struct {
	asking
	tell.Brings
}

func (b *bringing) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&b.Dir, "git", "", "`folder` of the git repository, to tell the commits that the change brings")
	flags.StringVar(&b.Since, "since", "", "with --git: the `commit` that was live before (default: the daemon is asked)")
	flags.StringArrayVar(&b.Paths, "path", nil, "with --git: a `folder` of the repository that the service is built from; may be repeated")
	b.asking.addFlags(flags)
}

// patience bounds what is waited for git and the daemon.
const patience = 30 * time.Second

// complete adds what the change brings, and says what came of it. A deployment doesn't fail for it.
func (b *bringing) complete(ctx context.Context, out io.Writer, c *correlate.Change) {
	if b.Dir == "" || c.Status == correlate.StatusFailed || c.Status == correlate.StatusCancelled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	b.Before = b.before
	said, err := b.Brings.Complete(ctx, c)
	if err != nil {
		said = "No commits are told: " + err.Error()
	}
	fmt.Fprintln(out, said)
}

// before asks the daemon.
func (b *bringing) before(ctx context.Context, c correlate.Change) ([]correlate.ChangeRecord, error) {
	daemon, err := b.daemon()
	if err != nil {
		return nil, err
	}
	defer daemon.Close()
	query := url.Values{"service": {c.Service}, "environment": {c.Environment}, "limit": {"100"}}
	if !c.FinishedAt.IsZero() {
		query.Set("to", c.FinishedAt.Format(time.RFC3339Nano))
	}
	answer, err := daemon.Changes(ctx, query)
	if errors.Is(err, client.ErrUnknownName) {
		return nil, nil // it is the first change of the service
	}
	return answer.Changes, err
}
