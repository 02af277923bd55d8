package signin

import (
	"context"
	"crypto/hmac"
	"errors"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
)

var (
	// errWrong doesn't say whether it is the name or the password.
	errWrong   = errors.New("unknown name, or wrong password or token")
	errTooMany = errors.New("too many wrong passwords or tokens came from your address: wait a minute")
)

// mostPassword bounds what is hashed, in bytes. bcrypt itself looks at 72.
const mostPassword = 1024

// passwords are those of users. One is hashed at a time, however many are tried.
type passwords struct {
	users  map[string]user
	dummy  []byte // stands for the hash of a name that nobody has, so that this takes as long
	seal   seal
	turn   chan struct{}
	mu     sync.Mutex
	proven map[string]string // by name the mark of what was right, so that programs don't hash for every request
}

type user struct {
	access.Identity
	hash []byte
}

func newPasswords(c *Config, s seal) (*passwords, error) {
	p := &passwords{users: map[string]user{}, seal: s, turn: make(chan struct{}, 1), proven: map[string]string{}}
	cost := 0
	for name, u := range c.Users {
		p.users[name] = user{access.Identity{ID: "user:" + name, Name: name, Roles: u.Roles, Ambient: true}, []byte(u.PasswordHash)}
		of, err := bcrypt.Cost([]byte(u.PasswordHash))
		if err != nil {
			return nil, errors.New("access::users::" + name + "::password_hash: is no bcrypt hash")
		}
		cost = max(cost, of)
	}
	if len(p.users) == 0 {
		return p, nil
	}
	var err error
	p.dummy, err = bcrypt.GenerateFromPassword(randomBytes(), cost)
	return p, err
}

// check returns who has a name and a password, or errWrong. The time it takes doesn't tell whether the name exists.
func (p *passwords) check(ctx context.Context, name, password string) (user, error) {
	if len(p.users) == 0 || len(password) > mostPassword {
		return user{}, errWrong
	}
	u, known := p.users[name]
	if !known {
		u.hash = p.dummy
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return user{}, errWrong
	}
	if err := bcrypt.CompareHashAndPassword(u.hash, []byte(password)); err != nil || !known {
		return user{}, errWrong
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proven[name] = p.mark(name, password)
	return u, nil
}

// known returns who has a name and a password that was checked before.
func (p *passwords) known(name, password string) (user, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mark, ok := p.proven[name]
	return p.users[name], ok && hmac.Equal([]byte(mark), []byte(p.mark(name, password)))
}

func (p *passwords) mark(name, password string) string {
	return p.seal.mark("password", name+"\x00"+password)
}

// byPassword returns who has a name and a password.
func (d *Door) byPassword(ctx context.Context, from, name, password string) (holder, error) {
	pairs, _ := d.ReaderPairs.Get()
	pair := name + ":" + password
	isPair := secret.Is(pair, pairs)
	if u, ok := d.passwords.known(name, password); ok {
		return holder{u.Identity, string(u.hash)}, nil
	}
	if isPair && d.passwords.users[name].hash == nil {
		return holder{d.pairOf(name), pair}, nil
	}
	if !d.throttle.open(from, name) {
		return holder{}, errTooMany
	}
	if u, err := d.passwords.check(ctx, name, password); err == nil {
		return holder{u.Identity, string(u.hash)}, nil
	}
	if ctx.Err() == nil {
		d.throttle.failed(from, name)
	}
	return holder{}, errWrong
}

func (*Door) pairOf(name string) access.Identity {
	return access.Identity{ID: "user:" + name, Name: name, Roles: []access.Role{access.Reader}, Ambient: true}
}

// pairsOf are the valid pairs of a reader, unless a user has the name.
func (d *Door) pairsOf(id string) []holder {
	var all []holder
	pairs, _ := d.ReaderPairs.Get()
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, ":")
		if who := d.pairOf(name); who.ID == id && d.passwords.users[name].hash == nil {
			all = append(all, holder{who, pair})
		}
	}
	return all
}
