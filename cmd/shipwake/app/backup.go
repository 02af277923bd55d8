package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/words"
)

// builtinDataDir is where a daemon with the built-in configuration keeps its ledger.
const builtinDataDir = "./shipwake-data"

func newBackup() *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:   "backup TO",
		Short: "Copy the ledger into a new directory while the daemon runs",
		Long: `Writes a consistent copy of the ledger into the new directory TO, checks it and syncs it. The daemon may go on
meanwhile: every delivery that it acknowledged before the backup began is in the copy. Nothing is overwritten, and only a
copy that is whole gets the name TO. Run it as the user of the daemon, on the same machine.

To restore, stop the daemon and start it on a copy of TO: cp -r TO DIR; shipwake --data-dir DIR. The configuration isn't
part of a backup.`,
		Example: `  shipwake backup --data-dir /var/lib/shipwake /backups/shipwake-$(date +%F)`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("want one directory to write to, which doesn't exist yet, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return backUp(cmd.Context(), dataDir, args[0], cmd.OutOrStdout())
		},
	}
	standard := builtinDataDir
	if dir := os.Getenv("SHIPWAKE_DATA_DIR"); dir != "" {
		standard = dir
	}
	cmd.Flags().StringVar(&dataDir, "data-dir", standard, "`directory` of the ledger (also $SHIPWAKE_DATA_DIR)")
	return cmd
}

func backUp(ctx context.Context, dataDir, to string, out io.Writer) error {
	b, err := sqlite.BackUp(ctx, dataDir, to)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s facts of %s deliveries, %s bytes, checked, in %s\n", b.Dir, words.Count(b.Facts),
		words.Count(b.Deliveries), words.Count(b.Bytes), b.Took.Round(time.Millisecond))
	return err
}
