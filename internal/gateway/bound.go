package gateway

import (
	"context"
	"encoding/json"
	"sort"
	"strings"
	"time"
)

// boundValues are the schemas of custom field values for a server that is bound to the one object which owns the fields.
type boundValues struct {
	key       string // says the same of the same fields
	resources map[string]json.RawMessage
}

func (b *boundValues) schemas() map[string]json.RawMessage {
	if b == nil {
		return nil
	}
	return b.resources
}

// boundRetry is how long a vendor that did not tell its fields is left alone: the tools do without them meanwhile.
const boundRetry = 10 * time.Second

// boundValues reads the custom fields of what a server is bound to, nil if it is bound to nothing that has any, or if they cannot be read: the tools
// are then shown without, and what is said of fields is checked all the same.
func (g *Gateway) boundValues(ctx context.Context, c *Caller, bind map[string]string) *boundValues {
	if len(bind) == 0 {
		return nil
	}
	values := &boundValues{resources: map[string]json.RawMessage{}}
	var parts []string
	for _, r := range c.Tools.Definition.Resources {
		if r.Fields == nil {
			continue
		}
		owner := resource(c.Tools.Definition, r.Fields.Of)
		id, bound := bind[r.Parent[r.Fields.Of]]
		if !bound || owner == nil || owner.FieldList == nil {
			continue
		}
		key := fieldsKey{c.Account.ID, owner.Name, id}
		if g.fields.failedLately(key) {
			continue
		}
		set, _, failed, err := g.fieldsOf(ctx, c, owner, id, false)
		if err != nil || failed != nil {
			g.fields.fail(key)
			continue
		}
		schema := set.JSONSchema()
		values.resources[r.Name] = schema
		parts = append(parts, r.Name+string(schema))
	}
	if len(parts) == 0 {
		return nil
	}
	sort.Strings(parts)
	values.key = strings.Join(parts, "\n")
	return values
}

func (f *fields) failedLately(key fieldsKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.failed[key]) < boundRetry
}

func (f *fields) fail(key fieldsKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == nil || len(f.failed) >= maxFieldSets {
		f.failed = map[fieldsKey]time.Time{}
	}
	f.failed[key] = time.Now()
}
