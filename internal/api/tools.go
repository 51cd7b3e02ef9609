package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sluice/internal/account"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/permission"
	"sluice/internal/prose"
	"sluice/internal/toolset"
)

// ToolDescription is one method as a framework without MCP takes it.
type ToolDescription struct {
	Resource    string          `json:"resource"`
	Method      string          `json:"method"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	QuerySchema json.RawMessage `json:"query_schema" doc:"JSON Schema of the arguments outside the body, id and parents too"`
	BodySchema  json.RawMessage `json:"body_schema" doc:"JSON Schema of the body"`
	Required    []string        `json:"required" nullable:"false"`
	Tags        []string        `json:"tags" nullable:"false"`
}

// Narrowing are the filters that tools and capabilities share with MCP servers.
type Narrowing struct {
	Methods     []string `query:"methods,explode" doc:"Groups (read, write, custom) and names, separated by commas or as several parameters"`
	Tags        []string `query:"tags,explode" doc:"As methods"`
	Resource    string   `query:"resource"`
	Description string   `query:"has_description" enum:"true,false" doc:"Only methods with a description, or only those without"`
}

// keep reports whether has_description lets a method through.
func (n *Narrowing) keep(resource string, described bool) bool {
	return (n.Resource == "" || n.Resource == resource) && (n.Description == "" || (n.Description == "true") == described)
}

// filters are the methods and tags, checked.
func (n *Narrowing) filters(def *integration.Definition) (methods, tags []string, err error) {
	methods, tags = split(n.Methods), split(n.Tags)
	if len(methods) == 0 && len(tags) == 0 {
		return nil, nil, nil
	}
	err = toolset.CheckFilter(def, methods, tags)
	if wrong, ok := errors.AsType[*toolset.FilterError](err); ok {
		err = problem(http.StatusBadRequest, prose.Sentence(wrong.Message)).at(wrong.Field)
	}
	return methods, tags, err
}

// split takes apart the values of a parameter, each of which may be several with commas between them.
func split(values []string) []string {
	var all []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

func (a *api) tools() {
	register(a, operation{"list-tools", http.MethodGet, "/integrated-account/{id}/tools", "Describe an account's tools, for frameworks without MCP", 0, permission.ToolsRead},
		func(ctx context.Context, in *struct {
			AccountByID
			Narrowing
		}) (*listed[ToolDescription], error) {
			acct, def, err := a.accountWithDefinition(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			methods, tags, err := in.filters(def)
			if err != nil {
				return nil, err
			}
			c, err := a.Gateway.OpenAccount(ctx, acct, toolset.Options{Methods: methods, Tags: tags})
			if err != nil {
				return nil, err
			}
			var tools []*toolset.Tool
			for _, t := range c.Tools.Tools {
				if in.keep(t.Resource.Name, t.Documented) {
					tools = append(tools, t)
				}
			}
			return listOf(tools, "", describe), nil
		})
	const call = "/integrated-account/{id}/tools/{name}"
	a.handle("POST "+call, permission.ToolsRead, a.callTool)
	op := callOperation("call-tool", http.MethodPost, call, "Call a tool by its name; the body is the object of its arguments. One that is not safe needs tools:write")
	a.access(op, permission.ToolsRead)
	a.huma.OpenAPI().AddOperation(op)
	register(a, operation{"get-account-capabilities", http.MethodGet, "/integrated-account/{id}/capabilities", "Tell what an account's integration can do, and how well it is described", 0, permission.AccountsRead},
		func(ctx context.Context, in *struct {
			AccountByID
			Narrowing
		}) (*one[Capabilities], error) {
			acct, def, err := a.accountWithDefinition(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out, err := capabilities(def, &in.Narrowing)
			if err != nil {
				return nil, err
			}
			out.Account = &AccountState{acct.ID, string(acct.Status)}
			return &one[Capabilities]{out}, nil
		})
	register(a, operation{"get-integration-capabilities", http.MethodGet, "/integration/{name}/capabilities", "Tell what an integration can do, and how well it is described", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *struct {
			Name string `path:"name"`
			Narrowing
		}) (*one[Capabilities], error) {
			def, err := a.Catalog.Find(ctx, caller(ctx).Environment, in.Name)
			if err != nil {
				return nil, err
			}
			out, err := capabilities(def, &in.Narrowing)
			return &one[Capabilities]{out}, err
		})
}

func (a *api) accountWithDefinition(ctx context.Context, id string) (*account.Account, *integration.Definition, error) {
	acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, id)
	if err != nil {
		return nil, nil, err
	}
	def, err := a.Catalog.FindFor(ctx, acct.Environment, acct.Integration, acct.ID)
	return acct, def, err
}

// callTool calls a tool as an MCP client would, and answers as /proxy does.
func (a *api) callTool(w http.ResponseWriter, r *http.Request) {
	c, err := a.callerOf(r, r.PathValue("id"))
	if err != nil {
		write(w, a.fail(r.Context(), err))
		return
	}
	if tool, ok := c.Tools.Tool(r.PathValue("name")); ok {
		if p := mayCall(r.Context(), tool); p != nil {
			write(w, p)
			return
		}
	}
	arguments, p := readJSON(w, r)
	if p != nil {
		write(w, p)
		return
	}
	a.answerCall(w, r, c, func() (*gateway.Result, error) {
		return a.Gateway.Call(r.Context(), c, r.PathValue("name"), arguments)
	})
}

func describe(t *toolset.Tool) ToolDescription {
	query, body := t.Schemas()
	var input struct {
		Required []string `json:"required"`
	}
	json.Unmarshal(t.InputSchema, &input)
	if input.Required == nil {
		input.Required = []string{}
	}
	return ToolDescription{
		Resource: t.Resource.Name, Method: t.Method.Name, Name: t.Name, Description: t.Description,
		QuerySchema: query, BodySchema: body, Required: input.Required, Tags: tagsOf(t.Resource, t.Method),
	}
}

func tagsOf(r *integration.Resource, m *integration.Method) []string {
	tags := slices.Concat(r.Tags, m.Tags)
	slices.Sort(tags)
	return append([]string{}, slices.Compact(tags)...)
}

// Capabilities is what an integration can do.
type Capabilities struct {
	Integration IntegrationName      `json:"integration"`
	Proxy       []ResourceCapability `json:"proxy" nullable:"false"`
	Auth        struct {
		Formats []string `json:"formats" nullable:"false"`
		Fields  []Field  `json:"fields" nullable:"false"`
	} `json:"auth"`
	Readiness struct {
		Methods   int     `json:"proxy_methods"`
		Described int     `json:"proxy_methods_with_descriptions"`
		Score     float64 `json:"ai_ready_score" doc:"Share of methods that are described, 0 to 1"`
	} `json:"ai_readiness"`
	Account *AccountState `json:"account,omitempty"`
}

// AccountState is an account's id and status.
type AccountState struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// ResourceCapability is a resource with its methods.
type ResourceCapability struct {
	Resource string             `json:"resource"`
	Methods  []MethodCapability `json:"methods" nullable:"false"`
}

// MethodCapability is what is known of a method.
type MethodCapability struct {
	Method         string `json:"method"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	HasDescription bool   `json:"has_description"`
	HasQuery       bool   `json:"has_query_schema"`
	HasBody        bool   `json:"has_body_schema"`
	HasResponse    bool   `json:"has_response_schema"`
}

// Field is one entry of an account's form.
type Field struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Help     string   `json:"help,omitempty"`
	Type     string   `json:"type" enum:"text,password"`
	Format   string   `json:"format,omitempty"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Options  []string `json:"options,omitempty"`
}

func showFields(fields integration.Fields) []Field {
	out := make([]Field, 0, len(fields))
	for _, f := range fields {
		shown := Field{Name: f.Name, Label: f.Label, Help: f.Help, Type: f.Type, Format: f.Format, Default: f.Default, Required: !f.Optional, Options: f.Options}
		if shown.Label == "" {
			shown.Label = strings.ReplaceAll(f.Name, "_", " ")
		}
		if shown.Type == "" {
			shown.Type = "text"
		}
		out = append(out, shown)
	}
	return out
}

func capabilities(def *integration.Definition, n *Narrowing) (Capabilities, error) {
	out := Capabilities{Integration: IntegrationName{def.Name, def.Label}, Proxy: []ResourceCapability{}}
	methods, tags, err := n.filters(def)
	if err != nil {
		return out, err
	}
	out.Auth.Formats = []string{def.Credentials.Format}
	out.Auth.Fields = showFields(def.Credentials.Fields)
	for _, other := range def.Credentials.Alternatives {
		out.Auth.Formats = append(out.Auth.Formats, other.Format)
	}
	for _, r := range def.Resources {
		shown := ResourceCapability{Resource: r.Name, Methods: []MethodCapability{}}
		for _, m := range r.Methods {
			described := m.Doc != nil && m.Doc.Description != ""
			if !n.keep(r.Name, described) || !toolset.Allowed(r, m, methods, tags) {
				continue
			}
			method := MethodCapability{Method: m.Name, Name: integration.ToolName(def, r, m), HasDescription: described}
			if m.Doc != nil {
				method.Description = m.Doc.Description
				method.HasQuery, method.HasBody, method.HasResponse = m.Doc.QuerySchema != nil, m.Doc.BodySchema != nil, m.Doc.ResponseSchema != nil
			}
			shown.Methods = append(shown.Methods, method)
			out.Readiness.Methods++
			if described {
				out.Readiness.Described++
			}
		}
		if len(shown.Methods) > 0 {
			out.Proxy = append(out.Proxy, shown)
		}
	}
	if out.Readiness.Methods > 0 {
		out.Readiness.Score = float64(out.Readiness.Described) / float64(out.Readiness.Methods)
	}
	return out, nil
}
