package catalog

import (
	"context"
	"errors"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// ImportError says why a document was not imported, in a sentence that says what to do.
type ImportError struct {
	Field   string // name, where that is at fault; "": the document
	Message string
	Taken   bool // the name is another integration's
}

func (e *ImportError) Error() string { return e.Message }

// Import makes an integration of the environment's own of an OpenAPI document. Again under the same name it follows the document and keeps what was changed by
// hand. What is wrong with the document or the name is an *ImportError.
func (c *Catalog) Import(ctx context.Context, environment, by string, document []byte, opt openapi.Options) (*Entry, *openapi.Report, error) {
	opt.Check = usable
	if opt.Name == "" {
		name, err := openapi.NameOf(document)
		if err != nil {
			return nil, nil, notImported(err)
		}
		opt.Name = name
	}
	if err := openapi.CheckName(opt.Name); err != nil {
		return nil, nil, &ImportError{Field: "name", Message: err.Error()}
	}
	over, err := c.Imported(ctx, environment, opt.Name)
	if err != nil {
		return nil, nil, err
	}
	if over.Mine != nil && over.Before == nil {
		return nil, nil, &ImportError{Field: "name", Message: "There is an integration of the name " + opt.Name + " that was not imported: give another name.", Taken: true}
	}
	definition, imported, report, err := openapi.Update(document, opt, over.Before, over.Mine)
	if err != nil {
		return nil, nil, notImported(err)
	}
	entry, err := c.PutImported(ctx, environment, by, over, imported, definition)
	return entry, report, err
}

func notImported(err error) error {
	return &ImportError{Message: "The document is not imported: " + strings.ReplaceAll(err.Error(), "\n", "; ")}
}

// usable reports what keeps a definition from being stored, or from having tools.
func usable(d *integration.Definition) error {
	if jsonscan.ContainsNUL(d.JSON()) {
		return errors.New("a text in it holds the character U+0000, which cannot be stored")
	}
	_, err := toolset.Compile(d, toolset.Options{})
	return err
}
