package record

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// window is how long a change is observed.
func (cfg Config) window(c correlate.Change) (start, end time.Time) {
	return time.Unix(Began(c), 0).UTC(), time.Unix(cfg.WindowEnd(c), 0).UTC()
}

// WindowEnd is when the observation of a change ends, in Unix seconds: some time after it was complete. One whose end
// nobody told is observed until it is given up, however long it takes.
func (cfg Config) WindowEnd(c correlate.Change) int64 {
	if finish := Finish(c); finish > 0 {
		return max(Began(c), finish) + cfg.Grace + cfg.Watch
	}
	return Began(c) + max(cfg.AbandonAfter, cfg.Grace+cfg.Watch)
}

// abandoned: a change that started so long ago that nobody will tell its end. It may have reached users, and is judged
// and suspected as any other; but it isn't counted, and no incident is held against it unless it names it.
func (cfg Config) abandoned(r correlate.ChangeRecord, watermark int64) bool {
	return r.MergedInto == "" && r.Phase != correlate.PhaseRetracted && r.Status == correlate.StatusStarted &&
		Began(r.Change)+cfg.AbandonAfter <= watermark
}

// abandon notes the changes whose end nobody reported for so long that they are given up.
func (b *Book) abandon() {
	for i := range b.waiting.all() {
		if i.at.Unix()+b.cfg.AbandonAfter > b.watermark {
			return
		}
		b.grouping.again[i.of] = true
	}
}
