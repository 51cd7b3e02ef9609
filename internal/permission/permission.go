// Package permission names what a caller may do. A user holds the permissions of a role, an API token those of its scopes, and whoever lets somebody in grants
// no more than they hold themselves.
//
// It imports nothing. A Set is a value: small, comparable, and read by asking whether it holds a permission or another Set.
package permission

import (
	"fmt"
	"slices"
	"strings"
)

// Permission is the right to do one kind of thing within an environment. API tokens' scopes are these names.
type Permission string

const (
	AccountsRead      Permission = "accounts:read"
	AccountsWrite     Permission = "accounts:write"
	ServersRead       Permission = "servers:read"
	ServersWrite      Permission = "servers:write"
	ToolsRead         Permission = "tools:read"  // list tools, call those that are safe
	ToolsWrite        Permission = "tools:write" // call the rest
	LogsRead          Permission = "logs:read"
	IntegrationsRead  Permission = "integrations:read"
	IntegrationsWrite Permission = "integrations:write"
	TokensRead        Permission = "tokens:read"
	TokensWrite       Permission = "tokens:write"
	UsersRead         Permission = "users:read"
	UsersWrite        Permission = "users:write"
	WebhooksRead      Permission = "webhooks:read"
	WebhooksWrite     Permission = "webhooks:write"
	EnvironmentWrite  Permission = "environment:write" // how people sign in; other environments
)

// all are the permissions, in the order in which they are told. A Set holds the one at place i as its bit i.
var all = []Permission{
	AccountsRead, AccountsWrite, ServersRead, ServersWrite, ToolsRead, ToolsWrite, LogsRead, IntegrationsRead, IntegrationsWrite,
	TokensRead, TokensWrite, UsersRead, UsersWrite, WebhooksRead, WebhooksWrite, EnvironmentWrite,
}

// All lists every permission.
func All() []Permission { return slices.Clone(all) }

// bit is p's place in a Set, 0 for a name that is no permission.
func (p Permission) bit() Set {
	if i := slices.Index(all, p); i >= 0 {
		return 1 << i
	}
	return 0
}

// Set is some of the permissions. The zero Set holds none.
type Set uint32

// Everything holds all permissions.
var Everything = Of(all...)

// Of makes a Set.
func Of(permissions ...Permission) Set {
	var s Set
	for _, p := range permissions {
		s |= p.bit()
	}
	return s
}

// Parse makes a Set of names as people write them.
func Parse(names []string) (Set, error) {
	var s Set
	for _, name := range names {
		bit := Permission(name).bit()
		if bit == 0 {
			return 0, fmt.Errorf("%.80q is none; there are %s", name, Everything)
		}
		s |= bit
	}
	return s, nil
}

// Has reports whether p is in the Set. No Set has a name that is no permission.
func (s Set) Has(p Permission) bool { return s&p.bit() != 0 }

// HasAll reports whether all of other is in the Set.
func (s Set) HasAll(other Set) bool { return other&^s == 0 }

// Both is what is in the Set and in other.
func (s Set) Both(other Set) Set { return s & other }

// Without is what is in the Set and not in other.
func (s Set) Without(other Set) Set { return s &^ other }

// Names lists the Set's permissions, always in the same order.
func (s Set) Names() []string {
	names := []string{}
	for _, p := range all {
		if s.Has(p) {
			names = append(names, string(p))
		}
	}
	return names
}

func (s Set) String() string { return strings.Join(s.Names(), ", ") }
