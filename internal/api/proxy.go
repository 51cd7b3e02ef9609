package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/permission"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// proxy offers every method of an integration over REST, documented or not: the query's values and the body become the arguments, which go
// the way of every tool call. What comes back is the vendor's object as it is, or a list in the API's shape.
func (a *api) proxy() {
	for _, p := range []struct {
		method, path, name, summary string
		needs                       permission.Permission
	}{
		{http.MethodGet, "/proxy/{resource}", "list", "List a resource", permission.ToolsRead},
		{http.MethodPost, "/proxy/{resource}", "create", "Create one", permission.ToolsWrite},
		{http.MethodGet, "/proxy/{resource}/{id}", "get", "Get one: the vendor's object as it is", permission.ToolsRead},
		{http.MethodPatch, "/proxy/{resource}/{id}", "update", "Update one, whatever verb the vendor wants", permission.ToolsWrite},
		{http.MethodDelete, "/proxy/{resource}/{id}", "delete", "Delete one", permission.ToolsWrite},
		{http.MethodPost, "/proxy/{resource}/{method}", "", "Call a custom method; one that is not safe needs tools:write", permission.ToolsRead},
	} {
		a.handle(p.method+" "+p.path, p.needs, func(w http.ResponseWriter, r *http.Request) {
			a.proxied(w, r, r.PathValue("resource"), p.name, r.PathValue("id"))
		})
		id := "proxy-" + p.name
		if p.name == "" {
			id = "proxy-custom"
		}
		op := callOperation(id, p.method, p.path, p.summary, &huma.Param{
			Name: accountParam, In: "query", Required: true, Schema: &huma.Schema{Type: "string"},
			Description: "The account; parents and the method's other arguments stand beside it",
		})
		a.access(op, p.needs)
		a.huma.OpenAPI().AddOperation(op)
	}
}

// accountParam names whose account a call of /proxy is for.
const accountParam = "integrated_account_id"

// byPath says where the methods are called that have a path of their own.
var byPath = map[string]string{
	"list": "GET /proxy/%s", "create": "POST /proxy/%s", "get": "GET /proxy/%s/{id}", "update": "PATCH /proxy/%s/{id}", "delete": "DELETE /proxy/%s/{id}",
}

// proxied makes one call for a request to /proxy. method is "" where the path names it.
func (a *api) proxied(w http.ResponseWriter, r *http.Request, resource, method, id string) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		write(w, problem(http.StatusBadRequest, "The query cannot be read: percent-encode its values."))
		return
	}
	accountID := query.Get(accountParam)
	if accountID == "" {
		write(w, problem(http.StatusBadRequest, "Say whose account it is: ?"+accountParam+"=…; GET /integrated-account lists them.").at(accountParam))
		return
	}
	query.Del(accountParam)
	c, err := a.callerOf(r, accountID)
	if err != nil {
		write(w, a.fail(r.Context(), err))
		return
	}
	if method == "" {
		method = r.PathValue("method")
		if way, ok := byPath[method]; ok {
			write(w, problem(http.StatusNotFound, fmt.Sprintf("%s is called by %s.", method, fmt.Sprintf(way, prose.Clip(resource, 64)))))
			return
		}
	}
	tool, ok := c.Tools.Operation(resource, method)
	if !ok {
		_, err := a.Gateway.CallOperation(r.Context(), c, resource, method, nil)
		_, what, _ := strings.Cut(a.fail(r.Context(), err).Message, ": ") // there is, instead
		write(w, problem(http.StatusNotFound, what))
		return
	}
	if p := mayCall(r.Context(), tool); p != nil {
		write(w, p)
		return
	}
	body, p := readJSON(w, r)
	if p != nil {
		write(w, p)
		return
	}
	arguments := joined(tool, query, id, body)
	if gateway.IsFile(tool) {
		a.stream(w, r, c, resource, method, arguments)
		return
	}
	a.answerCall(w, r, c, func() (*gateway.Result, error) {
		return a.Gateway.CallOperation(r.Context(), c, resource, method, arguments)
	})
}

// callerOf is who calls an account's methods by a request.
func (a *api) callerOf(r *http.Request, accountID string) (*gateway.Caller, error) {
	by := caller(r.Context())
	acct, err := a.Accounts.Get(r.Context(), by.Environment, accountID)
	if err != nil {
		return nil, err
	}
	c, err := a.Gateway.OpenAccount(r.Context(), acct, toolset.Options{})
	if err != nil {
		return nil, err
	}
	c.TokenID, c.UserID, c.ClientName, c.RequestID, c.Trace = by.tokenID(), by.userID(), r.UserAgent(), r.Header.Get("X-Request-Id"), vendor.TraceOf(r.Header)
	if r.Header.Get(DoorHeader) == "cli" {
		c.Door = "cli"
	}
	if token, said, _ := strings.Cut(r.Header.Get(ConfirmationHeader), ";"); token != "" {
		c.Answer = gateway.Agreed(strings.TrimSpace(token))
		if strings.TrimSpace(said) == "declined" {
			c.Answer = gateway.Declined(c.Answer.State)
		}
	}
	return c, nil
}

// mayCall is nil if the request's caller may call a tool: one that is not safe needs more than the path does.
func mayCall(ctx context.Context, t *toolset.Tool) *Problem {
	if t.ReadOnly {
		return caller(ctx).may(permission.ToolsRead)
	}
	return caller(ctx).may(permission.ToolsWrite)
}

// ConfirmationHeader is sent with a call that a person has agreed to: the token that the same call was answered with before. Followed by ";declined" it says that
// they did not, so that the log can tell.
const ConfirmationHeader = "Sluice-Confirmation"

// DoorHeader is sent by the command line, so that the log can tell its calls from a program's.
const DoorHeader = "Sluice-Door"

// joined makes one object of arguments from the query, the path's id and the body. The body's members win over the query's of the same name, and the
// path's id over both; a body that is no object is the argument body.
func joined(tool *toolset.Tool, query url.Values, id string, body []byte) []byte {
	arguments := map[string]json.RawMessage{}
	for name, values := range query {
		arguments[name] = tool.FromQuery(name, values)
	}
	if jsonscan.KindOf(body) == jsonscan.Object {
		for members := jsonscan.Members(body); members.Next(); {
			name, _ := jsonscan.Unquote(members.Name()) // what was checked can be read
			arguments[string(name)] = members.Value()
		}
	} else if len(body) > 0 {
		arguments["body"] = body
	}
	if id != "" {
		arguments["id"] = jsonscan.AppendQuote(nil, id)
	}
	names := make([]string, 0, len(arguments))
	for name := range arguments {
		names = append(names, name)
	}
	slices.Sort(names)
	// By hand, since json.Marshal would write each value anew.
	object := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(jsonscan.AppendQuote(object, name), ':'), arguments[name]...)
	}
	return append(object, '}')
}

// callOperation describes a path whose arguments and answers are a vendor's.
func callOperation(id, method, path, summary string, params ...*huma.Param) *huma.Operation {
	content := func(schema *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	refused := &huma.Schema{Ref: "#/components/schemas/Problem"}
	op := &huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{strings.SplitN(path, "/", 3)[1]},
		Responses: map[string]*huma.Response{
			"200":     {Description: "The vendor's object as it is, or a list in the shape of all lists", Content: content(&huma.Schema{})},
			"428":     {Description: "A person has to agree first, where the account or server is set so: the question and a token for the same call", Content: content(refused)},
			"204":     {Description: "Done; the vendor sent nothing back"},
			"default": {Description: "A problem", Content: content(refused)},
		},
	}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
		}
	}
	op.Parameters = append(op.Parameters, params...)
	if method == http.MethodPost || method == http.MethodPatch {
		op.RequestBody = &huma.RequestBody{Description: "Arguments", Content: content(&huma.Schema{Type: "object"})}
	}
	return op
}
