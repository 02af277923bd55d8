package correlate

import (
	"errors"
	"time"
)

// ErrNotFound is returned for an id that nobody reported.
var ErrNotFound = errors.New("not found")

// Phase says where a change stands with its observation window.
type Phase string

// The phases of a change.
const (
	PhaseObserving Phase = "observing" // the window is open; a verdict may exist and may still change
	PhaseClosed    Phase = "closed"    // the verdict is final
	PhaseHistory   Phase = "history"   // told after its window had passed and without telemetry: counts, isn't judged
	PhaseMerged    Phase = "merged"    // another report of the change MergedInto
	PhaseRetracted Phase = "retracted" // nobody reports it any more: it doesn't count
)

// Lineage is how many changes of a service and environment are remembered whatever their age, so that going back to an
// earlier version is recognised.
const Lineage = 10

// ChangeRecord is everything known of one change now: the row that a page shows and that DORA counts.
type ChangeRecord struct {
	Change
	Phase       Phase     `json:"phase"`
	WindowStart time.Time `json:"window_start"`
	WindowEnd   time.Time `json:"window_end"`
	Verdict     *Verdict  `json:"verdict,omitempty"`
	// Rollback: the service went back to a version that had been live before and superseded, or the source said so.
	Rollback bool `json:"rollback"`
	// RolledBackBy is the later change that took this one back.
	RolledBackBy string `json:"rolled_back_by,omitempty"`
	// Redeploy: the same version as the one already live.
	Redeploy bool `json:"redeploy"`
	// MergedInto is the change that this one is another report of, MergedFrom the other ids of the same rollout.
	MergedInto string   `json:"merged_into,omitempty"`
	MergedFrom []string `json:"merged_from,omitempty"`
	// Abandoned: it started, and nobody told its end for so long that nobody will.
	Abandoned bool `json:"abandoned,omitempty"`
	// Waiting: it is told to have begun, and telemetry shows that it has not: its version hasn't come, and the old one serves
	// on. BeganAt is when telemetry first saw its version, where that is later than it was told to have begun.
	Waiting bool      `json:"waiting,omitempty"`
	BeganAt time.Time `json:"began_at,omitzero"`
	// Rejudging: it, or a correction of it, was reported so late that it is judged from the measurements on disk; that is
	// still to be done.
	Rejudging bool `json:"rejudging,omitempty"`
	// Served: it is marked failed or cancelled, and was reported to have succeeded before: it had reached users.
	Served    bool     `json:"served,omitempty"`
	Incidents []string `json:"incidents,omitempty"` // ids of the incidents attributed to it, sorted
	// Checks are the runs of checks of it, oldest first, and RequiredChecks the names of those that the configuration requires;
	// see CheckStates.
	Checks         []Check  `json:"checks,omitempty"`
	RequiredChecks []string `json:"required_checks,omitempty"`
	// RecoveredAt is the first proven recovery from a failure of this change; zero while there is none.
	RecoveredAt time.Time `json:"recovered_at,omitzero"`
	// ReceivedAt is when the first report under this id came in, Reports what all of them said, when that is more than
	// the fields above.
	ReceivedAt time.Time      `json:"received_at,omitzero"`
	Reports    []ChangeReport `json:"reports,omitempty"`
	// Notes are what people said of it, the oldest first; labels that they pinned are among Labels. BlamedFor are the changes of
	// which people say that it was this one instead, sorted.
	Notes     []Note   `json:"notes,omitempty"`
	BlamedFor []string `json:"blamed_for,omitempty"`
}

// IncidentRecord is everything known of one incident now.
type IncidentRecord struct {
	Incident
	// AttributedTo is the change held responsible: CausedBy, else inferred from service and time; "" when nobody, and then
	// UnlinkedReason says why.
	AttributedTo   string   `json:"attributed_to,omitempty"`
	Inferred       bool     `json:"inferred,omitempty"`
	UnlinkedReason Unlinked `json:"unlinked_reason,omitempty"`
	// Exonerated is the change that would be held responsible by service and time, and was judged healthy, reached nobody, or of which
	// people say that it wasn't this one.
	// Another one may be held responsible instead, of another service that the incident is about.
	Exonerated string `json:"exonerated,omitempty"`
	// Suspects are the changes that may be held responsible by service and time, those that began later first; nil when there
	// are not several.
	Suspects []string `json:"suspects,omitempty"`
	// Retracted: it doesn't count, since nobody reports it any more, or since it is another report of the incident MergedInto.
	// MergedFrom are the other ids of one incident.
	Retracted  bool     `json:"retracted,omitempty"`
	MergedInto string   `json:"merged_into,omitempty"`
	MergedFrom []string `json:"merged_from,omitempty"`
	// ReceivedAt and Reports are as in ChangeRecord.
	ReceivedAt time.Time        `json:"received_at,omitzero"`
	Reports    []IncidentReport `json:"reports,omitempty"`
	// Notes are what people said of it, the oldest first. CausedBy is what the last of them says, else what was reported.
	Notes []Note `json:"notes,omitempty"`
}

// SuspectedOf are the changes that are held responsible, or would be were they, or those before them, not exonerated. Unlike
// AttributedTo they don't depend on what is judged.
func (i *IncidentRecord) SuspectedOf() []string {
	switch {
	case len(i.Suspects) > 0:
		return i.Suspects
	case i.AttributedTo != "":
		return []string{i.AttributedTo}
	case i.Exonerated != "":
		return []string{i.Exonerated}
	}
	return nil
}

// Unlinked says why no change is held responsible for an incident.
type Unlinked string

// Why an incident is nobody's.
const (
	UnlinkedSaid        Unlinked = "said_none"       // the report says that no change caused it
	UnlinkedNoService   Unlinked = "no_service"      // nothing says which service it is of
	UnlinkedGuess       Unlinked = "guessed_service" // the service is a guess, such as the name of a scrape job
	UnlinkedEndOnly     Unlinked = "opening_unknown" // only its end is known
	UnlinkedNotDeployed Unlinked = "not_deployed"    // what was rolling out failed before it reached anybody
	UnlinkedHealthy     Unlinked = "judged_healthy"  // the change that was rolled out last was judged healthy
	UnlinkedOverruled   Unlinked = "overruled"       // people say that it was not the change that was rolled out last
	UnlinkedNoChange    Unlinked = "no_change"       // nothing was rolled out shortly before
)

// AllUnlinked lists every Unlinked.
func AllUnlinked() []Unlinked {
	return []Unlinked{UnlinkedSaid, UnlinkedNoService, UnlinkedGuess, UnlinkedEndOnly, UnlinkedNotDeployed, UnlinkedHealthy, UnlinkedOverruled, UnlinkedNoChange}
}

// Effect is one consequence of an input to the engine. Exactly one field is set. The host commits the effects of an
// input in one transaction and only then tells the world.
type Effect struct {
	Change     *ChangeRecord   // the new state of a change
	Verdict    *Verdict        // a new revision of a verdict
	Incident   *IncidentRecord // the new state of an incident
	Regression *Regression     // a new or updated regression
	Idle       *Idle           // telemetry fell silent, or came back
	Rollup     *Rollup         // a coarse bucket closed
	Judged     *Judged         // how far it has been judged
	Rollback   *Rollback       // whether to ask for a change to be taken back, or what became of such a request
	KillSwitch *KillSwitch     // somebody stopped all such requests, or lets them through again
	Series     *Series         // what was measured around a change, kept with a verdict that is told by the same input
}

// Judged says up to which instant everything that was told has been judged. It goes back when something came late.
type Judged struct{ To time.Time }

// Idle is the explicit record that telemetry fell silent at From; Until is zero while it still is.
type Idle struct {
	From, Until time.Time
}

// Rollup holds every cell of one closed coarse bucket, sorted by key.
type Rollup struct {
	Start int64 // Unix seconds
	Cells []Measurement
	// Forgotten is what was forgotten at its end, sorted.
	Forgotten []Forgetting
	// Past is what somebody else counted in it before anything was measured here, sorted by key. As an effect it comes alone,
	// whole, and takes the place of what was told of the bucket before.
	Past []Measurement
}
