package gateway

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/account"
	"sluice/internal/customfield"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// fieldsLife is how long custom fields are taken for what they were. A check that fails on older ones, and a call that the vendor refuses,
// reads them again at once.
const fieldsLife = time.Minute

// fields keeps the custom fields of what accounts own, for a short time. It is dropped whole when it grows past what is useful.
type fields struct {
	mu     sync.Mutex
	sets   map[fieldsKey]fieldsRead
	failed map[fieldsKey]time.Time
}

type fieldsKey struct{ account, resource, id string }

type fieldsRead struct {
	set *customfield.Set
	at  time.Time
}

const maxFieldSets = 4096

// speaking is a call whose arguments speak of custom fields.
type speaking struct {
	owner *integration.Resource // has the list of fields
	id    string                // of the object that owns them
	check customfield.Check
}

// speaks answers what a prepared call says of custom fields, nil if nothing.
func (g *Gateway) speaks(c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) *speaking {
	source := tool.Resource.Fields
	if source == nil || !customfield.Concerns(source, prepared.Arguments) {
		return nil
	}
	owner := resource(c.Tools.Definition, source.Of)
	if owner == nil || owner.FieldList == nil {
		return nil
	}
	raw, ok := jsonscan.Find(prepared.Arguments, tool.Resource.Parent[source.Of])
	if !ok || jsonscan.KindOf(raw) != jsonscan.String {
		return nil
	}
	id, _ := jsonscan.Unquote(raw)
	s := &speaking{owner: owner, id: string(id)}
	s.check = customfield.Check{Source: source, Own: ownMember(tool.Resource), Mode: customfield.Change, Now: time.Now()}
	if tool.Method.Name == "create" {
		s.check.Mode = customfield.Create
	}
	return s
}

// ownMember knows a resource's own members by what its answers are documented to hold.
func ownMember(r *integration.Resource) func(string) bool {
	var names []string
	for _, m := range r.Methods {
		if m.Name != "list" && m.Name != "get" || m.Doc == nil {
			continue
		}
		properties, ok := jsonscan.Find(m.Doc.ResponseSchema, "properties")
		if !ok {
			continue
		}
		for it := jsonscan.Members(properties); it.Next(); {
			name, _ := jsonscan.Unquote(it.Name())
			names = append(names, string(name))
		}
	}
	return func(name string) bool { return slices.Contains(names, name) }
}

// rewrite checks what a call says of custom fields and prepares it again with the vendor's own keys. Fields that are not the newest are read again before
// anything is refused. A result is the answer of a call that ends here. s.check.Set stays nil where the account may not read the fields.
func (g *Gateway) rewrite(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, s *speaking) (*toolset.Prepared, *Result, error) {
	for attempt := 0; ; attempt++ {
		set, fresh, failed, err := g.fieldsOf(ctx, c, s.owner, s.id, attempt > 0)
		if err == nil && failed != nil && failed.Status == http.StatusForbidden {
			// Who may write is not always one who may know which fields there are: then the vendor alone judges.
			s.check.Set = nil
			return prepared, nil, nil
		}
		if err != nil || failed != nil {
			return nil, failed, err
		}
		check := s.check
		check.Set = set
		arguments := check.Rewrite(prepared.Arguments)
		if len(check.Faults) == 0 {
			again, err := prepareAgain(tool, prepared, arguments)
			s.check.Set, s.check.Notes = set, check.Notes
			return again, nil, err
		}
		if fresh {
			wrong := invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: check.Faults})
			if source := schemaTool(s.owner, c.Tools); source != "" {
				wrong.Message += " " + source + " shows the fields."
			}
			return nil, wrong, nil
		}
	}
}

// spellFields puts the vendor's keys in the place of what a call's fields call custom fields: a label or a key, with or without the member that holds their values.
// What cannot be resolved stays as it is; the answer then says that nothing has it.
func (g *Gateway) spellFields(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) error {
	source := tool.Resource.Fields
	if source == nil || prepared.Fields == nil {
		return nil
	}
	own := ownMember(tool.Resource)
	custom := func(field string) string {
		name, inside := strings.CutPrefix(field, source.At+".")
		if first, _, _ := strings.Cut(name, "."); !inside && own(first) {
			return ""
		}
		return name
	}
	if !slices.ContainsFunc(prepared.Fields, func(field string) bool { return custom(field) != "" }) {
		return nil
	}
	owner := resource(c.Tools.Definition, source.Of)
	if owner == nil || owner.FieldList == nil {
		return nil
	}
	set, _, failed, err := g.fieldsOf(ctx, c, owner, textAt(prepared.Arguments, tool.Resource.Parent[source.Of]), false)
	if err != nil || failed != nil {
		return err
	}
	for i, field := range prepared.Fields {
		name := custom(field)
		if name == "" {
			continue
		}
		f, _ := set.Resolve(name)
		if f == nil {
			continue
		}
		prepared.Fields[i] = f.Key
		if !source.Flat {
			prepared.Fields[i] = source.At + "." + f.Key
		}
		prepared.Sparse = append(prepared.Sparse, prepared.Fields[i])
	}
	return nil
}

// agedBy forgets the custom fields that a call may just have changed: those of the object that a written one belongs to, or is. Else a label that has come to mean
// two fields would be taken for the first for as long as the old ones are remembered.
func (g *Gateway) agedBy(c *Caller, tool *toolset.Tool, result *Result, arguments []byte) {
	if tool.ReadOnly || result.Outcome != vendor.OK && result.Outcome != vendor.Unknown {
		return
	}
	age := func(owner *integration.Resource, argument string) {
		if owner != nil && owner.FieldList != nil {
			g.fields.age(fieldsKey{c.Account.ID, owner.Name, textAt(arguments, argument)})
		}
	}
	age(tool.Resource, "id")
	if tool.Resource.Fields != nil {
		return // what belongs to the object, and is no field of it
	}
	for parent, argument := range tool.Resource.Parent {
		age(resource(c.Tools.Definition, parent), argument)
	}
}

// rewriteAnew is rewrite with fields that are read now.
func (g *Gateway) rewriteAnew(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, s *speaking) (*toolset.Prepared, *Result, error) {
	g.fields.age(fieldsKey{c.Account.ID, s.owner.Name, s.id})
	return g.rewrite(ctx, c, tool, prepared, s)
}

// fieldsOf reads the custom fields of one object, from memory unless they are old or wanted anew. fresh says that they were read just now.
func (g *Gateway) fieldsOf(ctx context.Context, c *Caller, owner *integration.Resource, id string, anew bool) (set *customfield.Set, fresh bool, failed *Result, err error) {
	key := fieldsKey{c.Account.ID, owner.Name, id}
	g.fields.mu.Lock()
	known, ok := g.fields.sets[key]
	g.fields.mu.Unlock()
	if ok && !anew && time.Since(known.at) < fieldsLife {
		return known.set, false, nil, nil
	}
	reader, ok := c.Tools.Operation(owner.Name, owner.FieldList.Method)
	if !ok {
		return nil, false, nil, fmt.Errorf("%s has no method %s to read its custom fields by", owner.Name, owner.FieldList.Method)
	}
	prepared, err := reader.PrepareID(id)
	if err != nil {
		return nil, false, nil, fmt.Errorf("read the custom fields of %s: %w", owner.Name, err)
	}
	response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, &vendor.Request{
		Method: reader.Method, Path: prepared.Path, Query: prepared.Query, Header: prepared.Header, Trace: c.Trace,
	})
	if err != nil {
		return nil, false, nil, fmt.Errorf("read the custom fields of %s: %w", owner.Name, err)
	}
	if response.Outcome != vendor.OK {
		failed := resultOf(reader, response)
		explain(failed, c.Tools)
		failed.Message = "Nothing was changed, since the custom fields could not be read. " + failed.Message
		return nil, false, failed, nil
	}
	if set, err = customfield.Read(owner.FieldList, response.Body); err != nil {
		return nil, false, nil, fmt.Errorf("read the custom fields of %s: %w", owner.Name, err)
	}
	g.fields.keep(key, set)
	if ok && known.set != nil && !known.set.Equal(set) && g.changed != nil {
		g.changed(c.Account)
	}
	return set, true, nil, nil
}

func (f *fields) keep(key fieldsKey, set *customfield.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sets == nil || len(f.sets) >= maxFieldSets {
		f.sets = map[fieldsKey]fieldsRead{}
	}
	f.sets[key] = fieldsRead{set, time.Now()}
}

// age makes a set old, so that it is read again at its next use; what it was is kept to compare with.
func (f *fields) age(key fieldsKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.sets[key]; ok {
		f.sets[key] = fieldsRead{set: known.set}
	}
}

// refusedOnFields reports whether a refusal may be about custom fields that have changed since they were read.
func refusedOnFields(r *vendor.Response) bool {
	return r.Outcome == vendor.Refused && (r.Status == 422 || r.Status == 400)
}

// schemaTool is the name of the offered tool that shows an object's custom fields as a JSON Schema, or "".
func schemaTool(owner *integration.Resource, tools *toolset.Toolset) string {
	for _, m := range owner.Methods {
		if m.Response.Format != formatCustomFields {
			continue
		}
		if tool, ok := tools.Operation(owner.Name, m.Name); ok {
			if _, offered := tools.Tool(tool.Name); offered {
				return tool.Name
			}
		}
	}
	return ""
}

// formatCustomFields is the response format of a method whose answer is shown as the JSON Schema of its custom fields.
const formatCustomFields = "custom_fields"

// shape puts an answer into the form that its method's definition wants beyond what vendor does.
func shape(result *Result, acct *account.Account) error {
	if result.Outcome != vendor.OK || result.Tool.Method.Response.Format != formatCustomFields {
		return nil
	}
	list := result.Tool.Resource.FieldList
	if list == nil {
		return fmt.Errorf("%s says nowhere how its custom fields are read (field_list)", result.Tool.Resource.Name)
	}
	set, err := customfield.Read(list, result.Body)
	if err != nil {
		return fmt.Errorf("read the custom fields of account %s: %w", acct.ID, err)
	}
	result.Body = set.JSONSchema()
	return nil
}
