package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/complete"
	"github.com/shipwake/shipwake/cmd/shipwake/app/profile"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

// profilesCommand keeps the daemons that a person asks.
type profilesCommand struct{ output string }

func newProfiles() *cobra.Command {
	p := &profilesCommand{}
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "List the daemons that you ask by a name; set, use and remove them",
		Long: `Profiles name the daemons that you ask, with what each wants to know of who asks. They are kept in shipwake/config.yaml in
$XDG_CONFIG_HOME or, without it, in ~/.config. Nobody but you may be able to read the file when it holds a token.

Which daemon a command asks is said by, the first that there is: --api or --profile, $SHIPWAKE_URL, $SHIPWAKE_PROFILE, the
profile in use, and else http://127.0.0.1:8788. The token of a profile goes to its own URL alone; $SHIPWAKE_TOKEN is for a
daemon that has none of its own.`,
		Example: `  shipwake profiles set production --url https://shipwake.example.com --token-file ~/.shipwake-token
  shipwake profiles use production
  shipwake changes --profile production`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.list(cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&p.output, "output", string(rows.Table), "`format`: table, wide, json, yaml or csv")
	cmd.AddCommand(newProfilesSet(), newProfilesUse(), newProfilesRemove())
	return cmd
}

// listedProfile is a profile as it is shown: without what is secret in it.
type listedProfile struct {
	Name string `json:"name"`
	Used bool   `json:"used"`
	URL  string `json:"url"`
	Auth string `json:"authentication"` // what is sent: token, token_file, certificate, password; "" for nothing
}

func (p *profilesCommand) list(out io.Writer) error {
	if err := rows.Format(p.output).Check(); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	file, all, err := readProfiles()
	if err != nil {
		return err
	}
	list := []listedProfile{}
	for _, name := range all.Names() {
		list = append(list, profileAsListed(name, name == all.Current, all.Profiles[name]))
	}
	said, err := json.Marshal(map[string]any{"file": file, "profiles": list})
	if err != nil {
		return err
	}
	return rows.List[listedProfile]{
		Columns: []rows.Column[listedProfile]{
			rows.Said("USED", func(l listedProfile) string {
				if l.Used {
					return "*"
				}
				return ""
			}, func(l listedProfile) string { return fmt.Sprint(l.Used) }),
			rows.Text("NAME", func(l listedProfile) string { return l.Name }),
			rows.Text("URL", func(l listedProfile) string { return l.URL }).Middle(),
			rows.Text("AUTHENTICATION", func(l listedProfile) string { return l.Auth }),
		},
		Rows: list, Said: said, Empty: "There is no profile in " + file + "; shipwake profiles set makes one.",
	}.Write(out, rows.Format(p.output), screen.Of(out, os.Getenv))
}

func profileAsListed(name string, used bool, p profile.Profile) listedProfile {
	l := listedProfile{Name: name, Used: used}
	var by []string
	var password bool
	if l.URL, password = client.Public(p.URL); password {
		by = append(by, "password")
	}
	if p.Token != "" {
		by = append(by, "token")
	}
	if p.TokenFile != "" {
		by = append(by, "token file")
	}
	if p.CertFile != "" {
		by = append(by, "certificate")
	}
	l.Auth = strings.Join(by, ", ")
	return l
}

func readProfiles() (file string, all profile.Profiles, err error) {
	if file, err = profile.File(os.Getenv); err != nil {
		return "", all, err
	}
	all, err = profile.Read(file)
	return file, all, err
}

func newProfilesSet() *cobra.Command {
	var p profile.Profile
	var stdin bool
	cmd := &cobra.Command{
		Use:   "set NAME --url URL",
		Short: "Make a profile, or make it anew",
		Long: `Makes a profile, or another one of that name. The first profile is in use from then on. A token is read from a file each time
(--token-file), or once from the standard input (--token-stdin): as a flag, who lists the processes would see it.`,
		Example: `  shipwake profiles set production --url https://shipwake.example.com --token-file ~/.shipwake-token
  shipwake profiles set staging --url https://shipwake.staging.example.com --token-stdin < token`,
		Args:              oneName,
		ValidArgsFunction: complete.Profiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if stdin {
				token, err := readToken(cmd.InOrStdin())
				if err != nil {
					return err
				}
				p.Token = token
			}
			return setProfile(cmd.OutOrStdout(), args[0], p)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&p.URL, "url", "", "`URL` of the daemon")
	flags.StringVar(&p.TokenFile, "token-file", "", "`file` with a bearer token")
	flags.BoolVar(&stdin, "token-stdin", false, "read a bearer token from the standard input, and keep it in the profile")
	flags.StringVar(&p.CAFile, "ca-file", "", "`file` with the authority of the daemon's certificate")
	flags.StringVar(&p.CertFile, "cert-file", "", "`file` with a client certificate")
	flags.StringVar(&p.KeyFile, "key-file", "", "`file` with its key")
	return cmd
}

// longestToken is the longest token that is read, in bytes.
const longestToken = 64 << 10

func readToken(in io.Reader) (configopaque.String, error) {
	text, err := io.ReadAll(io.LimitReader(in, longestToken))
	if err != nil {
		return "", fmt.Errorf("--token-stdin: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return "", errors.New("--token-stdin: want a token on one line")
	}
	return configopaque.String(token), nil
}

func setProfile(out io.Writer, name string, p profile.Profile) error {
	if _, err := client.New(p.URL, client.Access{}); err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	for _, path := range []*string{&p.TokenFile, &p.CAFile, &p.CertFile, &p.KeyFile} {
		whole, err := profile.Absolute(*path)
		if err != nil {
			return err
		}
		*path = whole
	}
	file, _, err := readProfiles()
	if err != nil {
		return err
	}
	if err := profile.Set(file, name, p); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The profile %s is set in %s.\n", name, file)
	return err
}

func newProfilesUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Ask the daemon of this profile from now on", Args: oneName, ValidArgsFunction: complete.Profiles,
		Long:    "Makes a profile the one that is in use: commands ask its daemon that are not told another one.",
		Example: "  shipwake profiles use production",
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeProfiles(cmd.OutOrStdout(), args[0], profile.Use, "is in use")
		},
	}
}

func newProfilesRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Take a profile out", Args: oneName, ValidArgsFunction: complete.Profiles,
		Long:    "Takes a profile out of the file. When it was in use, none is from then on. What it names, such as a file with a token, stays.",
		Example: "  shipwake profiles remove staging",
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeProfiles(cmd.OutOrStdout(), args[0], profile.Remove, "is removed")
		},
	}
}

func changeProfiles(out io.Writer, name string, change func(file, name string) error, done string) error {
	file, _, err := readProfiles()
	if err != nil {
		return err
	}
	if err := change(file, name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The profile %s %s.\n", name, done)
	return err
}

// oneName wants the name of a profile.
func oneName(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("want the name of one profile; shipwake profiles lists them")
	}
	return nil
}
