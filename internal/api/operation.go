package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sluice/internal/permission"
)

// newHuma makes the part that turns typed handlers into paths, and their types into the OpenAPI document. What it would serve by itself is off: its
// pages load scripts from outside, and its documents are made without a lock.
func newHuma(mux *http.ServeMux, version string) huma.API {
	config := huma.DefaultConfig("Sluice", version)
	config.Info.Description = "Administers Sluice, and calls the methods of integrated accounts. Every call but /health wants Authorization: Bearer <API token>, and the permission that its security requirement names."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		apiToken:      {Type: "http", Scheme: "bearer", Description: "An API token; scopes name the permission that it must hold"},
		sessionCookie: {Type: "apiKey", In: "cookie", Name: "sluice_session", Description: "The session of a user who is signed in; __Host-sluice_session where Sluice is reached by https"},
	}
	return humago.New(mux, config)
}

// document serves the OpenAPI document, once every path is in it.
func (a *api) document() {
	for path, text := range map[string]struct {
		kind string
		make func() ([]byte, error)
	}{
		"/openapi.json": {"application/json", a.huma.OpenAPI().MarshalJSON},
		"/openapi.yaml": {"application/yaml", a.huma.OpenAPI().YAML},
	} {
		made := sync.OnceValues(text.make)
		a.handle("GET "+path, everybody, func(w http.ResponseWriter, r *http.Request) {
			body, err := made()
			if err != nil {
				write(w, a.fail(r.Context(), err))
				return
			}
			send(w, text.kind, body)
		})
	}
}

// operation names one path and method for the OpenAPI document.
type operation struct {
	id, method, path, summary string
	status                    int // of success; 0: 200
	needs                     permission.Permission
}

// register adds an operation whose errors come in the API's shape whatever they are. Its body, if its input has one, is read by takeJSON; one that
// its handler reads itself (RawBody), by takeDocument.
func register[I, O any](a *api, o operation, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, DefaultStatus: o.status,
		Tags:         []string{strings.SplitN(o.path, "/", 3)[1]},
		MaxBodyBytes: -1, // it was bounded before
	}
	a.access(&op, o.needs)
	input := reflect.TypeFor[I]()
	for field := range input.Fields() {
		if field.Anonymous && !field.IsExported() {
			panic("api: huma does not fill " + field.Name + " of " + o.id + ", which is embedded and not exported")
		}
	}
	if body, ok := input.FieldByName("Body"); ok {
		op.Middlewares = huma.Middlewares{takeJSON}
		op.Metadata = map[string]any{bodyMembers: membersOf(body.Type)}
	}
	if _, ok := input.FieldByName("RawBody"); ok {
		op.Middlewares, op.SkipValidateBody = huma.Middlewares{takeDocument(max(maxBody, large[o.path]))}, true
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return out, nil
	})
}

// membersOf lists the names that a body can have.
func membersOf(body reflect.Type) []string {
	var names []string
	for field := range body.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
