package openapi

import (
	"fmt"
	"slices"

	"sluice/internal/integration"
)

// A schema with a discriminator and without alternatives of its own stands for those that inherit from it by allOf: an animal is a cat or a dog ("Discriminator
// Object"). What they have beside it would have no argument if they were not written out.

// mostHeirs is the most that are written out.
const mostHeirs = 24

// heir is a schema that inherits, and the values of the discriminator by which it is chosen.
type heir struct {
	ref    string
	values []any
}

// heirs are those of the schema that a reference names.
func (c *converter) heirs(ref string, to integration.Value) (property string, all []heir) {
	discriminator := to.Get("discriminator")
	property = discriminator.Get("propertyName").Text()
	if c.swagger {
		property = discriminator.Text()
	}
	if property == "" || to.Get("oneOf").IsList() || to.Get("anyOf").IsList() {
		return "", nil
	}
	add := func(ref string, value any) {
		i := slices.IndexFunc(all, func(h heir) bool { return h.ref == ref })
		if i < 0 {
			all = append(all, heir{ref: ref})
			i = len(all) - 1
		}
		if !slices.Contains(all[i].values, value) {
			all[i].values = append(all[i].values, value)
		}
	}
	for value, of := range discriminator.Get("mapping").Members() {
		named := of.Text()
		if component := c.component(named); component != "" {
			named = component
		}
		if _, err := c.target(named); err == nil {
			add(named, value)
		}
	}
	for _, child := range c.children(ref) {
		add(child, lastStep(child))
	}
	if len(all) > 0 {
		add(ref, lastStep(ref))
	}
	return property, all
}

// component is the reference to a schema that is named without one; "" for a reference.
func (c *converter) component(name string) string {
	at := "#/components/schemas/"
	if c.swagger {
		at = "#/definitions/"
	}
	if c.root.Find(at[1:] + name).Exists() {
		return at + name
	}
	return ""
}

// children are the references to the schemas that name another in their allOf.
func (d *document) children(of string) []string {
	if d.inheriting == nil {
		d.inheriting = map[string][]string{}
		at := "#/components/schemas/"
		if d.swagger {
			at = "#/definitions/"
		}
		for name, schema := range d.root.Find(at[1 : len(at)-1]).Members() {
			for branch := range schema.Get("allOf").Items() {
				if parent := branch.Get("$ref").Text(); parent != "" {
					d.inheriting[parent] = append(d.inheriting[parent], at+name)
				}
			}
		}
	}
	return d.inheriting[of]
}

// family adds the heirs of what a reference names to its own schema, as alternatives.
func (c *converter) family(ref string, to integration.Value, s *object, at string, depth int) {
	if !c.request || slices.Contains(c.families, to) {
		return
	}
	property, all := c.heirs(ref, to)
	if len(all) < 2 {
		return
	}
	if len(all) > mostHeirs {
		c.loose = true
		c.note(at, fmt.Sprintf("is one of %d kinds: what each has beside the others is left to the vendor", len(all)))
		s.set("additionalProperties", true)
		return
	}
	c.families = append(c.families, to)
	defer func() { c.families = c.families[:len(c.families)-1] }()
	branches := []any{}
	for _, h := range all {
		child, err := c.target(h.ref)
		if err != nil || slices.Contains(c.stack, child) {
			continue
		}
		c.stack = append(c.stack, child)
		branch := c.schema(child, at, depth)
		c.stack = c.stack[:len(c.stack)-1]
		branches = append(branches, chosen(property, h.values, branch))
	}
	combine(s, "anyOf", branches, false)
}

// lastStep is the name at the end of a reference.
func lastStep(ref string) string {
	for i := len(ref) - 1; i >= 0; i-- {
		if ref[i] == '/' {
			return ref[i+1:]
		}
	}
	return ref
}
