package toolset

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
)

// Groups of methods that a filter can name.
const (
	GroupRead   = "read"   // list, get, and custom methods marked safe
	GroupWrite  = "write"  // every method that is not safe
	GroupCustom = "custom" // all but list, get, create, update and delete
)

var groups = []string{GroupRead, GroupWrite, GroupCustom}

func isCustom(m *integration.Method) bool {
	switch m.Name {
	case "list", "get", "create", "update", "delete":
		return false
	}
	return true
}

// isSafe reports whether a method changes nothing (RFC 9110, 9.2.1).
func isSafe(m *integration.Method) bool {
	return m.Name == "list" || m.Name == "get" || isCustom(m) && m.Safe
}

// allowed reports whether a method passes both filters. Methods that are named add up, and so do tags, of the resource or of the method.
func allowed(m *integration.Method, r *integration.Resource, methods, tags []string) bool {
	byMethod := len(methods) == 0
	for _, name := range methods {
		switch name {
		case GroupRead:
			byMethod = byMethod || isSafe(m)
		case GroupWrite:
			byMethod = byMethod || !isSafe(m)
		case GroupCustom:
			byMethod = byMethod || isCustom(m)
		default:
			byMethod = byMethod || m.Name == name
		}
	}
	byTag := len(tags) == 0
	for _, tag := range tags {
		byTag = byTag || slices.Contains(r.Tags, tag) || slices.Contains(m.Tags, tag)
	}
	return byMethod && byTag
}

// FilterError says why a filter cannot be used.
type FilterError struct {
	Field   string // methods or tags
	Message string
}

func (e *FilterError) Error() string { return e.Message }

// CheckFilter reports, as a *FilterError, a method or tag that the definition does not have, or filters that leave no tool.
func CheckFilter(def *integration.Definition, methods, tags []string) error {
	knownMethods, knownTags := known(def)
	for _, name := range methods {
		if !slices.Contains(groups, name) && !slices.Contains(knownMethods, name) {
			return &FilterError{"methods", fmt.Sprintf("%s has no method %s; use the groups read, write and custom, or the names %s", def.Name, quoted(name), strings.Join(knownMethods, ", "))}
		}
	}
	for _, tag := range tags {
		if slices.Contains(knownTags, tag) {
			continue
		}
		if len(knownTags) == 0 {
			return &FilterError{"tags", fmt.Sprintf("%s has no tags", def.Name)}
		}
		return &FilterError{"tags", fmt.Sprintf("%s has no tag %s; it has %s", def.Name, quoted(tag), strings.Join(knownTags, ", "))}
	}
	left := func(methods, tags []string) bool {
		for _, r := range def.Resources {
			for _, m := range r.Methods {
				if m.Doc != nil && allowed(m, r, methods, tags) {
					return true
				}
			}
		}
		return false
	}
	switch {
	case left(methods, tags):
		return nil
	case len(methods) > 0 && !left(methods, nil):
		return &FilterError{"methods", fmt.Sprintf("no tool of %s is left by the methods %s; the groups are read, write and custom, the names %s", def.Name, strings.Join(methods, ", "), strings.Join(knownMethods, ", "))}
	case len(tags) > 0 && !left(nil, tags):
		return &FilterError{"tags", fmt.Sprintf("no tool of %s is left by the tags %s; it has %s", def.Name, strings.Join(tags, ", "), strings.Join(knownTags, ", "))}
	case len(methods) > 0 && len(tags) > 0:
		var methodsThere []string
		for _, r := range def.Resources {
			for _, m := range r.Methods {
				if m.Doc != nil && allowed(m, r, nil, tags) && !slices.Contains(methodsThere, m.Name) {
					methodsThere = append(methodsThere, m.Name)
				}
			}
		}
		return &FilterError{"methods", fmt.Sprintf("no tool of %s has both one of the methods %s and one of the tags %s; with these tags there are the methods %s", def.Name, strings.Join(methods, ", "), strings.Join(tags, ", "), strings.Join(methodsThere, ", "))}
	}
	return &FilterError{"methods", fmt.Sprintf("%s has no documented method, so there is no tool to offer", def.Name)}
}

// known returns the names of the methods and the tags of a definition, in the order in which they first occur.
func known(def *integration.Definition) (methods, tags []string) {
	add := func(to *[]string, names ...string) {
		for _, name := range names {
			if !slices.Contains(*to, name) {
				*to = append(*to, name)
			}
		}
	}
	for _, r := range def.Resources {
		add(&tags, r.Tags...)
		for _, m := range r.Methods {
			add(&methods, m.Name)
			add(&tags, m.Tags...)
		}
	}
	return methods, tags
}
