// Package access answers: who asks, and what may they do?
//
// What serves requests says which role it needs, and learns who asked; how somebody proves who they are is not known here:
//
//	"POST /api/v1/x": access.Require(access.Operator, handler)   // 401 or 403 for everybody else, and no page of another site
//	access.Of(r.Context()).Name                                  // by whom, for facts: never a field that the asker fills
//	{{if .Who.May "operator"}}<form method="post" action="/x">{{.Who.CSRFField}} … </form>{{end}}   // in a page; Who is access.Of
//
// A handler that isn't wrapped needs the role reader. Public is for what everybody may have.
package access

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what somebody may do.
type Role string

const (
	// Reader may read everything: pages, API, metrics, the gate.
	Reader Role = "reader"
	// Sender may send facts.
	Sender Role = "sender"
	// Operator may do what a person decides: acknowledge, overrule, stop. An operator may also read.
	Operator Role = "operator"
)

// Roles are all that there are.
func Roles() []Role { return []Role{Reader, Sender, Operator} }

// CheckRoles refuses a role that doesn't exist, and none at all.
func CheckRoles(roles []Role) error {
	if len(roles) == 0 {
		return fmt.Errorf("give at least one of %s", listed(Roles()))
	}
	for _, r := range roles {
		if !slices.Contains(Roles(), r) {
			return fmt.Errorf("%q is no role; there are %s", string(r), listed(Roles()))
		}
	}
	return nil
}

func listed(roles []Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
