// Package route answers: whom does a decision concern?
//
// Every sink that sends selects by the same keys: by what happened, where, whose it is, how sure it is, and when. By default
// only what somebody has to act on is told: regressions as they are seen, and that they are over. What was told is never
// left wrong: whoever was told of a change is told every further revision, whatever the selection says.
package route
