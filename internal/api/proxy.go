package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// proxy offers every method of an integration over REST, documented or not: the query's values and the body become the arguments, which go
// the way of every tool call. What comes back is the vendor's object as it is, or a list in the API's shape.
func (a *api) proxy() {
	for _, p := range []struct{ method, path, id, summary string }{
		{http.MethodGet, "/proxy/{resource}", "proxy-list", "List a resource"},
		{http.MethodPost, "/proxy/{resource}", "proxy-create", "Create one"},
		{http.MethodGet, "/proxy/{resource}/{id}", "proxy-get", "Get one"},
		{http.MethodPatch, "/proxy/{resource}/{id}", "proxy-update", "Update one, whatever verb the vendor wants"},
		{http.MethodDelete, "/proxy/{resource}/{id}", "proxy-delete", "Delete one"},
		{http.MethodPost, "/proxy/{resource}/{id}", "proxy-custom", "Call a custom method, named in the place of id"},
	} {
		method := strings.TrimPrefix(p.id, "proxy-")
		a.mux.HandleFunc(p.method+" "+p.path, func(w http.ResponseWriter, r *http.Request) {
			name, id := method, r.PathValue("id")
			if method == "custom" {
				name, id = id, ""
			}
			a.call(w, r, r.PathValue("resource"), name, id)
		})
		a.document(p.method, p.path, p.id, p.summary)
	}
}

func (a *api) document(method, path, id, summary string) {
	text := &huma.Schema{Type: "string"}
	op := &huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"proxy"},
		Parameters: []*huma.Param{
			{Name: "resource", In: "path", Required: true, Schema: text},
			{Name: "integrated_account_id", In: "query", Required: true, Schema: text, Description: "The account; parents and the method's other arguments stand beside it"},
		},
		Responses: map[string]*huma.Response{
			"200":     {Description: "The vendor's answer", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}},
			"default": {Description: "A problem", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object"}}}},
		},
	}
	if strings.Contains(path, "{id}") {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "id", In: "path", Required: true, Schema: text})
	}
	if method == http.MethodPost || method == http.MethodPatch {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}}
	}
	a.huma.OpenAPI().AddOperation(op)
}

// call makes one call for a REST request.
func (a *api) call(w http.ResponseWriter, r *http.Request, resource, method, id string) {
	ctx := r.Context()
	fail := func(err error) { write(w, a.fail(ctx, err)) }
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		fail(problem(http.StatusBadRequest, "The query cannot be read: percent-encode its values."))
		return
	}
	accountID := query.Get("integrated_account_id")
	if accountID == "" {
		fail(problem(http.StatusBadRequest, "Say whose account it is: ?integrated_account_id=…; GET /integrated-account lists them.").at("integrated_account_id"))
		return
	}
	query.Del("integrated_account_id")
	acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, accountID)
	if err != nil {
		fail(err)
		return
	}
	c, err := a.Gateway.OpenAccount(ctx, acct, toolset.Options{})
	if err != nil {
		fail(err)
		return
	}
	tool, ok := c.Tools.Operation(resource, method)
	if !ok {
		_, err := a.Gateway.CallOperation(ctx, c, resource, method, nil) // which says what there is
		fail(err)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(err)
		return
	}
	arguments, err := joined(tool, query, id, body)
	if err != nil {
		fail(err)
		return
	}
	c.TokenID, c.ClientName, c.Traceparent = caller(ctx).ID, r.UserAgent(), r.Header.Get("Traceparent")
	if door := r.Header.Get("Sluice-Door"); door == "cli" {
		c.Door = door
	}
	result, err := a.Gateway.CallOperation(ctx, c, resource, method, arguments)
	if err != nil {
		fail(err)
		return
	}
	answer(w, result)
}

// joined makes one object of arguments from the query, the path's id and the body. The body's members win over the query's of the same name, but for the
// path's own; a body that is no object is the argument body.
func joined(tool *toolset.Tool, query url.Values, id string, body []byte) ([]byte, error) {
	arguments := map[string]json.RawMessage{}
	for name, values := range query {
		arguments[name] = tool.FromQuery(name, values)
	}
	if body = bytes.TrimSpace(body); len(body) > 0 {
		if err := jsonscan.Check(body, jsonscan.Strict); err != nil {
			return nil, problem(http.StatusBadRequest, "The body is not JSON that can be taken: "+sentence(err.Error()))
		}
		if jsonscan.KindOf(body) == jsonscan.Object {
			members := jsonscan.Members(body)
			for members.Next() {
				name, err := jsonscan.Unquote(members.Name())
				if err != nil {
					return nil, problem(http.StatusBadRequest, "The body is not JSON that can be taken: "+sentence(err.Error()))
				}
				arguments[string(name)] = members.Value()
			}
		} else {
			arguments["body"] = body
		}
	}
	if id != "" {
		arguments["id"] = jsonscan.AppendQuote(nil, id)
	}
	return json.Marshal(arguments)
}

// answer puts a result into REST.
func answer(w http.ResponseWriter, r *gateway.Result) {
	limits(w.Header(), r.RateLimit)
	if r.Failed() {
		write(w, refused(r))
		return
	}
	if !r.Tool.IsList() {
		if r.Body == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		kind := "application/json"
		if r.ContentType != "" && !json.Valid(r.Body) {
			kind = r.ContentType
		}
		send(w, kind, r.Body)
		return
	}
	next := []byte("null")
	if r.NextCursor != "" {
		next = jsonscan.AppendQuote(nil, r.NextCursor)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"result":%s,"next_cursor":%s,"prev_cursor":null,"result_count":%d,"is_partial_response":%t`, r.Body, next, r.Items, r.Partial)
	if r.Partial {
		fmt.Fprintf(&b, `,"message":%s`, jsonscan.AppendQuote(nil, r.Message))
	}
	b.WriteString("}\n")
	send(w, "application/json", b.Bytes())
}

func send(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// limits tells the vendor's rate limit in headers, where it is known.
func limits(h http.Header, l vendor.RateLimit) {
	for name, n := range map[string]int{"ratelimit-limit": l.Limit, "ratelimit-remaining": l.Remaining, "ratelimit-reset": l.Reset} {
		if n >= 0 {
			h.Set(name, strconv.Itoa(n))
		}
	}
	if l.RetryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(l.RetryAfter))
	}
}

// refused is a failed call as a problem: the vendor's status where it spoke, 422 for arguments that were wrong, 502 where nothing came back.
func refused(r *gateway.Result) *Problem {
	var p *Problem
	switch {
	case r.Invalid:
		p = problem(http.StatusUnprocessableEntity, r.Message)
	case r.Outcome == vendor.RateLimited:
		p = problem(http.StatusTooManyRequests, r.Message)
		p.Remote = true
	case r.Outcome == vendor.Refused && r.Status >= 400:
		p = problem(r.Status, r.Message)
		p.Remote = true
	case r.NeedsReauth:
		p = problem(http.StatusConflict, r.Message)
	default:
		p = problem(http.StatusBadGateway, r.Message)
		p.Remote = r.Outcome == vendor.Refused
	}
	p.Field = r.Field
	if len(r.Details) > 0 && json.Valid(r.Details) {
		p.Details = r.Details
	}
	return p
}
