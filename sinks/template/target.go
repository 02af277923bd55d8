package template

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// mostAnswer is how many bytes of an answer are read.
const mostAnswer = 1 << 20

// target is one receiver.
type target struct {
	*program
	name     string
	settings settings
	route    route.Config
	group    GroupConfig
	client   *call.Client
	pace     pace
}

// talk is one message on its way to a target.
type talk struct {
	*target
	ctx    context.Context
	view   view
	hush   func(string) string // takes secrets out of a text
	before receipt
	after  receipt // but for what is kept
}

// deliver sends a message, in as many requests as it takes, and returns what is to be remembered.
func (t *target) deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	k := talk{target: t, ctx: ctx, before: t.remembered(m.Receipt)}
	values, err := t.settings.values()
	if err != nil {
		return nil, call.Unreachable(err)
	}
	k.hush = t.settings.hush(values)
	k.view = view{Key: m.Key, Setting: values, Receipt: k.before.Kept, Before: k.before.Said}
	if err := json.Unmarshal(m.Payload, &k.view.Note); err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the message is none that this sink has made")}
	}
	k.gather()
	if err := k.tell(); err != nil {
		return nil, k.clean(err)
	}
	k.after.Kept = k.view.Receipt
	return k.after.encode()
}

// gather makes one note of those of a group.
func (k *talk) gather() {
	if group := k.view.Group; len(group) > 0 {
		k.after.Members = joined(k.before.Members, group)
		k.after.News = news(k.after.Members)
		k.view.Note = together(k.view.ID, k.after.Members, group[len(group)-1])
	}
	k.after.Said = k.view.Kind
}

// clean makes every error an Undelivered without a secret.
func (k *talk) clean(err error) error {
	var u *sinks.Undelivered
	if !errors.As(err, &u) { // a template that doesn't work for this message
		u = &sinks.Undelivered{Cause: sinks.Refused, Err: err}
	}
	return &sinks.Undelivered{Cause: u.Cause, After: u.After, Err: errors.New(call.Clean(k.hush(u.Error())))}
}

// tell takes the steps that a message needs. What is remembered and gone is looked for once more: it may have been changed by
// somebody else.
func (k *talk) tell() error {
	updated, err := k.change()
	if errors.Is(err, errGone) {
		updated, err = k.change()
	}
	if err != nil && !errors.Is(err, errGone) {
		return err
	}
	if !updated {
		if err := k.create(); err != nil {
			return err
		}
	}
	return k.followUp(updated)
}

// followUp takes the steps that come when the kind of what is said changed. After create that is safe only where what was
// created can be found again, should one of them fail.
func (k *talk) followUp(updated bool) error {
	if k.before.Said == k.view.Kind || (!updated && k.Find == nil) {
		return nil
	}
	for _, s := range k.followUps() {
		if _, err := k.step(s); err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	return nil
}

// change finds what was created before, and changes it; false when there is nothing to change. After errGone nothing is
// remembered of it.
func (k *talk) change() (bool, error) {
	if err := k.find(); err != nil {
		return false, err
	}
	return k.update()
}

// find looks for what was created before, when nothing is remembered of it.
func (k *talk) find() error {
	if !k.before.empty() {
		return nil
	}
	_, err := k.step(namedStep{"find", k.Find})
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// update changes what was created; false when there is nothing to change.
func (k *talk) update() (bool, error) {
	if (receipt{Kept: k.view.Receipt}).empty() {
		return false, nil
	}
	taken, err := k.step(namedStep{"update", k.Update})
	if errors.Is(err, errGone) { // somebody removed it
		k.view.Receipt, k.view.Before, k.before = k.names(), "", receipt{}
	}
	return taken, err
}

// create says it, unless it was said already.
func (k *talk) create() error {
	if k.before.Said == k.after.Said && k.before.News == k.after.News && !k.Revisions {
		return nil
	}
	taken, err := k.step(namedStep{"create", k.Create})
	if err == nil && !taken && k.Acknowledges && k.view.Kind == route.RollbackRequested {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("there is nobody to ask for this rollback: neither the change nor the settings say where")}
	}
	if errors.Is(err, errGone) {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the receiver says that there is nowhere to send it to")}
	}
	return err
}

// step makes the request of a step, if there is one for this message, and keeps what is to be kept of the answer.
func (k *talk) step(s namedStep) (taken bool, err error) {
	if taken, err = k.applies(s, k.view); err != nil || !taken {
		return false, err
	}
	r, err := k.request(s, k.view)
	if err != nil {
		return false, err
	}
	a, err := k.call(r)
	if err != nil {
		return false, err
	}
	if err := k.judge(s, a, time.Now(), k.hush); err != nil {
		return false, err
	}
	k.view.Receipt, err = k.kept(s, k.view, a)
	return true, err
}

func (k *talk) call(r request) (*answer, error) {
	if r.url == "" {
		return nil, errors.New("the url comes to nothing")
	}
	request, err := http.NewRequestWithContext(k.ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return nil, errors.New("the request can't be made of the url and the method") // the error itself repeats them
	}
	request.Header = r.header
	if err := k.pace.wait(k.ctx); err != nil {
		return nil, call.Unreachable(fmt.Errorf("waiting for its turn: %w", err))
	}
	a, err := k.client.Do(k.ctx, request, mostAnswer)
	return &answer{Answer: a}, err
}
