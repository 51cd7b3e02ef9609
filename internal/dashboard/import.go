package dashboard

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"sluice/internal/catalog"
	"sluice/internal/integration/openapi"
	"sluice/internal/page"
)

func (v *visit) importForm() error {
	return v.showImport(http.StatusOK, page.NewForm("name", v.r.URL.Query().Get("name")))
}

func (v *visit) showImport(status int, form *page.Form) error {
	return v.showAs(status, "import", struct {
		*visit
		Form *page.Form
	}{v, form})
}

// mostDocument is how large an OpenAPI document may be.
const mostDocument = 16 << 20

// importDocument makes an integration of a document: a file, a text that was pasted, or what lies at an address.
func (v *visit) importDocument() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, mostDocument+1<<20)
	if err := v.r.ParseMultipartForm(mostDocument); err != nil {
		form := page.NewForm()
		form.Fail("", "The form cannot be read: a document may have 16 MiB. Nothing was imported.")
		return v.showImport(http.StatusRequestEntityTooLarge, form)
	}
	defer v.r.MultipartForm.RemoveAll()
	form := &page.Form{Values: v.r.MultipartForm.Value}
	document, source := v.document(form)
	if !form.OK() {
		return v.showImport(http.StatusUnprocessableEntity, form)
	}
	entry, report, err := v.Catalog.Import(v.r.Context(), v.env(), v.person.ID, document, openapi.Options{Name: strings.TrimSpace(form.Get("name")), Source: source})
	if wrong, ok := errors.AsType[*catalog.ImportError](err); ok {
		form.Fail(wrong.Field, sentence(wrong.Message))
		return v.showImport(http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return v.showAs(http.StatusOK, "imported", struct {
		*visit
		Row     *integrationRow
		Report  *openapi.Report
		Tools   []openapi.Tool
		LeftOut []openapi.Left
		Guessed []string
		Notes   []string
	}{v, rowOfIntegration(entry), report, first(report.Tools), first(report.LeftOut), first(report.Guessed), first(report.Notes)})
}

// mostReported is how many lines of each kind a report shows; `sluice integration import` tells all.
const mostReported = 150

func first[T any](all []T) []T { return all[:min(len(all), mostReported)] }

// document is what a form gives to import, and where it came from.
func (v *visit) document(form *page.Form) (document []byte, source string) {
	if files := v.r.MultipartForm.File["file"]; len(files) > 0 && files[0].Size > 0 {
		file, err := files[0].Open()
		if err == nil {
			defer file.Close()
			document, err = io.ReadAll(file)
		}
		if err != nil {
			form.Fail("file", "The file cannot be read: choose it again.")
		}
		return document, ""
	}
	if address := strings.TrimSpace(form.Get("url")); address != "" {
		document, err := v.Fetch(v.r.Context(), address)
		if err != nil {
			form.Fail("url", sentence("the document cannot be fetched: "+err.Error()))
		}
		return document, address
	}
	if text := form.Get("text"); strings.TrimSpace(text) != "" {
		return []byte(text), ""
	}
	form.Fail("", "Give the document: as a file, by its address, or as text.")
	return nil, ""
}
