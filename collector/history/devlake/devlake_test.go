package devlake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/devlake"
	"github.com/shipwake/shipwake/collector/history/historytest"
)

func TestFormat(t *testing.T) { historytest.Run(t, devlake.Format(), nil) }

func TestATableThatNobodyReadsIsAnError(t *testing.T) {
	passes, err := devlake.Format().Open(history.Options{})
	require.NoError(t, err)
	_, err = history.Plan(passes, []string{"incidents.csv", "out/pull_requests.csv"})
	require.EqualError(t, err, "out/pull_requests.csv: there is no table pull_requests; the tables are project_mapping, commits, cicd_deployment_commits, incidents, issues, and TABLE=FILE says which one a file is")
	steps, err := history.Plan(passes, []string{"incidents=x.csv", "a/incidents-000000000012.csv.gz", "project_mapping.csv"})
	require.NoError(t, err)
	var order []string
	for _, s := range steps {
		order = append(order, s.Table+" "+s.File)
	}
	require.Equal(t, []string{"project_mapping project_mapping.csv", "incidents x.csv", "incidents a/incidents-000000000012.csv.gz"}, order)
}
