package integration

import (
	"crypto/sha256"
	"encoding/hex"
)

// MaxToolName is the most characters that every client takes in a tool's name.
const MaxToolName = 64

// ToolName is the name of the tool made from a method: the one that the method gives it, or one that depends on nothing but the three names that make it, so that
// it stays the same when a definition grows. A name that would be too long is cut, and ends in a hash of the whole, so that two of them never become equal by the cut.
func ToolName(d *Definition, r *Resource, m *Method) string {
	name := fullToolName(d, r, m)
	if len(name) <= MaxToolName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	suffix := "_" + hex.EncodeToString(sum[:5])
	return name[:MaxToolName-len(suffix)] + suffix
}

func fullToolName(d *Definition, r *Resource, m *Method) string {
	if m.Tool != "" {
		return m.Tool
	}
	switch m.Name {
	case "list":
		return "list_all_" + d.Name + "_" + r.Name
	case "get":
		return "get_single_" + d.Name + "_" + r.singular() + "_by_id"
	case "create":
		return "create_a_" + d.Name + "_" + r.singular()
	case "update":
		return "update_a_" + d.Name + "_" + r.singular() + "_by_id"
	case "delete":
		return "delete_a_" + d.Name + "_" + r.singular() + "_by_id"
	}
	return d.Name + "_" + r.Name + "_" + m.Name
}

// singular is what one thing is called; a resource that does not say is called by its plural.
func (r *Resource) singular() string {
	if r.Singular != "" {
		return r.Singular
	}
	return r.Name
}
