package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/permission"
	"sluice/internal/toolset"
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
			opt := openapi.Options{Name: in.Name, Check: importable}
			document := in.RawBody
			if address := addressIn(document); address != "" {
				var err error
				if document, err = a.Fetch(ctx, address); err != nil {
					return nil, problem(http.StatusUnprocessableEntity, "The document cannot be fetched: "+sentence(err.Error())).at("url")
				}
				opt.Source = address
			}
			return a.importDocument(ctx, document, opt)
		})
}

func (a *api) importDocument(ctx context.Context, document []byte, opt openapi.Options) (*one[importReport], error) {
	if opt.Name == "" {
		name, err := openapi.NameOf(document)
		if err != nil {
			return nil, notImported(err)
		}
		opt.Name = name
	}
	if err := openapi.CheckName(opt.Name); err != nil {
		return nil, problem(http.StatusUnprocessableEntity, sentence(err.Error())).at("name")
	}
	over, err := a.Catalog.Imported(ctx, caller(ctx).Environment, opt.Name)
	if err != nil {
		return nil, err
	}
	if over.Mine != nil && over.Before == nil {
		return nil, problem(http.StatusConflict, "There is an integration of the name "+opt.Name+" that was not imported: give another one by ?name=.").at("name")
	}
	definition, imported, report, err := openapi.Update(document, opt, over.Before, over.Mine)
	if err != nil {
		return nil, notImported(err)
	}
	entry, err := a.Catalog.PutImported(ctx, caller(ctx).Environment, caller(ctx).ID, over, imported, definition)
	if err != nil {
		return nil, err
	}
	return &one[importReport]{importReport{definition.Name, definition.Label, entry.Version, report}}, nil
}

func notImported(err error) error {
	return problem(http.StatusUnprocessableEntity, "The document is not imported: "+sentence(strings.ReplaceAll(err.Error(), "\n", "; ")))
}

// importable reports what keeps a definition from being stored.
func importable(d *integration.Definition) error {
	if at, found := findNUL(d.JSON()); found {
		return fmt.Errorf("%s holds the character U+0000, which cannot be stored", named(at))
	}
	_, err := toolset.Compile(d, toolset.Options{})
	return err
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
