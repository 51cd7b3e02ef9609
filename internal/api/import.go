package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"sluice/internal/catalog"
	"sluice/internal/integration/openapi"
	"sluice/internal/permission"
	"sluice/internal/prose"
)

const importPath = "/integration/import"

// importReport is what became of a document.
type importReport struct {
	Name    string          `json:"name"`
	Label   string          `json:"label"`
	Version int64           `json:"version"`
	Report  *openapi.Report `json:"report"`
}

func (a *api) importing() {
	register(a, operation{"import-integration", http.MethodPost, importPath,
		`Make an integration of an OpenAPI document, the body or {"url"}; again, it follows the document and keeps what was changed by hand`, http.StatusCreated, permission.IntegrationsWrite},
		func(ctx context.Context, in *struct {
			Name    string `query:"name" doc:"The integration's name; made of the document's title if it is not given"`
			RawBody []byte `contentType:"application/yaml"`
		}) (*one[importReport], error) {
			opt := openapi.Options{Name: in.Name}
			document := in.RawBody
			if address := addressIn(document); address != "" {
				var err error
				if document, err = a.Fetch(ctx, address); err != nil {
					return nil, problem(http.StatusUnprocessableEntity, "The document cannot be fetched: "+prose.Sentence(err.Error())).at("url")
				}
				opt.Source = address
			}
			return a.importDocument(ctx, document, opt)
		})
}

func (a *api) importDocument(ctx context.Context, document []byte, opt openapi.Options) (*one[importReport], error) {
	entry, report, err := a.Catalog.Import(ctx, caller(ctx).Environment, caller(ctx).ID, document, opt)
	if wrong, ok := errors.AsType[*catalog.ImportError](err); ok {
		status := http.StatusUnprocessableEntity
		if wrong.Taken {
			status = http.StatusConflict
		}
		p := problem(status, prose.Sentence(wrong.Message))
		if wrong.Field != "" {
			p = p.at(wrong.Field)
		}
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &one[importReport]{importReport{entry.Definition.Name, entry.Definition.Label, entry.Version, report}}, nil
}

// addressIn is the URL of the document, where the body gives that in its place.
func addressIn(body []byte) string {
	var given struct {
		URL     string          `json:"url"`
		OpenAPI json.RawMessage `json:"openapi"`
		Swagger json.RawMessage `json:"swagger"`
	}
	if len(body) > 10_000 || json.Unmarshal(body, &given) != nil || given.OpenAPI != nil || given.Swagger != nil {
		return ""
	}
	return given.URL
}
