package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/permission"
	"sluice/internal/prose"
	"sluice/internal/toolset"
)

// Integration is one entry of the catalogue.
type Integration struct {
	Name        string          `json:"name"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Stored      bool            `json:"stored" doc:"The environment's own, not one that comes with Sluice"`
	Version     int64           `json:"version" doc:"Of a stored one, from 1"`
	Digest      string          `json:"digest"`
	Tools       int             `json:"tools"`
	UpdatedAt   *time.Time      `json:"updated_at"`
	Definition  json.RawMessage `json:"definition,omitempty"`
}

func showIntegration(e *catalog.Entry) Integration {
	d := e.Definition
	out := Integration{Name: d.Name, Label: d.Label, Description: d.Description, Stored: e.Stored, Version: e.Version, Digest: d.Digest, UpdatedAt: moment(e.UpdatedAt)}
	for _, r := range d.Resources {
		for _, m := range r.Methods {
			if m.Doc != nil {
				out.Tools++
			}
		}
	}
	return out
}

func (a *api) integrations() {
	register(a, operation{"list-integrations", http.MethodGet, "/integration", "List integrations: those that come with Sluice, and the environment's own", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *Paging) (*listed[Integration], error) {
			entries, err := a.Catalog.List(ctx, caller(ctx).Environment)
			if err != nil {
				return nil, err
			}
			entries, next := cut(in, entries, func(e *catalog.Entry) string { return e.Definition.Name })
			return listOf(entries, next, showIntegration), nil
		})
	register(a, operation{"get-integration", http.MethodGet, "/integration/{name}", "Get an integration with its definition", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *struct {
			Name string `path:"name"`
		}) (*one[Integration], error) {
			e, err := a.Catalog.Get(ctx, caller(ctx).Environment, in.Name)
			if err != nil {
				return nil, err
			}
			out := showIntegration(e)
			out.Definition = e.Definition.JSON()
			return &one[Integration]{out}, nil
		})
	register(a, operation{"put-integration", http.MethodPut, "/integration/{name}", "Store a definition of the environment's own; it lands whole or is refused", 0, permission.IntegrationsWrite},
		func(ctx context.Context, in *struct {
			Name    string `path:"name"`
			RawBody []byte `contentType:"application/json"`
		}) (*one[Integration], error) {
			def, err := integration.Parse(in.RawBody)
			if err != nil {
				return nil, err
			}
			if def.Name != in.Name {
				return nil, problem(http.StatusUnprocessableEntity, "The definition's name is "+def.Name+" and the path's "+prose.Clip(in.Name, 64)+": make them the same.").at("name")
			}
			if at, found := findNUL(def.JSON()); found {
				return nil, problem(http.StatusUnprocessableEntity, named(at)+" holds the character U+0000, which cannot be stored: leave it out.").at(at)
			}
			if _, err := toolset.Compile(def, toolset.Options{}); err != nil {
				return nil, problem(http.StatusUnprocessableEntity, "No tools can be made of the definition: "+prose.Sentence(err.Error()))
			}
			e, err := a.Catalog.Put(ctx, caller(ctx).Environment, caller(ctx).ID, def)
			if err != nil {
				return nil, err
			}
			return &one[Integration]{showIntegration(e)}, nil
		})
}
