package permission

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a user is in an environment. Each role may do all that the next may.
type Role string

const (
	Owner  Role = "owner"  // everything
	Admin  Role = "admin"  // all but what concerns the environment itself, and its owners
	Member Role = "member" // connects accounts, makes MCP servers, calls tools
	Viewer Role = "viewer" // sees
)

var (
	viewer = Of(AccountsRead, ServersRead, ToolsRead, LogsRead, IntegrationsRead, WebhooksRead)
	member = viewer | Of(AccountsWrite, ServersWrite, ToolsWrite, UsersRead)
	admin  = Everything.Without(Of(EnvironmentWrite))
)

// Roles lists the roles, the one that may do most first.
func Roles() []Role { return []Role{Owner, Admin, Member, Viewer} }

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(Roles(), r) {
		return r, nil
	}
	names := make([]string, 0, 4)
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return "", fmt.Errorf("%.80q is none; there are %s", name, strings.Join(names, ", "))
}

// Permissions is what the role may do: nothing, for a name that is no role.
func (r Role) Permissions() Set {
	switch r {
	case Owner:
		return Everything
	case Admin:
		return admin
	case Member:
		return member
	case Viewer:
		return viewer
	}
	return 0
}
