package access

import (
	"context"
	"html/template"
	"slices"
)

// Identity is who asks. The zero Identity is nobody, who may do nothing.
type Identity struct {
	// ID tells one from every other: user:ann, token:ci, oidc:SUBJECT, local. "" is somebody who didn't say.
	ID string
	// Name is what people call them, for "by whom". It is "" exactly when ID is.
	Name  string
	Roles []Role
	// Ambient: a browser shows this identity by itself, with a cookie, a remembered password, or by running on this machine,
	// so that a page of another site could make it ask.
	Ambient bool
	// Session: it was signed in by a form or a provider, and can sign out.
	Session bool
	// SignIn is the path of the page where somebody can say who they are; "" when there is none.
	SignIn string
	// TooMany: so many wrong passwords came from there that this one wasn't looked at.
	TooMany bool
	// CSRF is what a form of a page must bring back; "" when no page was shown.
	CSRF string
}

// May tells whether this is allowed. An operator may read.
func (i Identity) May(r Role) bool {
	return slices.Contains(i.Roles, r) || r == Reader && slices.Contains(i.Roles, Operator)
}

// String is who asks, in words, for errors and logs.
func (i Identity) String() string {
	if i.Name == "" {
		return "somebody who didn't say who they are"
	}
	return i.Name
}

// CSRFField is what each form of a page must hold that posts something.
func (i Identity) CSRFField() template.HTML {
	return template.HTML(`<input type="hidden" name="` + csrfField + `" value="` + template.HTMLEscapeString(i.CSRF) + `">`)
}

type key struct{}

// With puts who asks into a request's context.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, key{}, who)
}

// Of is who asks; nobody when that wasn't said.
func Of(ctx context.Context) Identity {
	who, _ := ctx.Value(key{}).(Identity)
	return who
}
