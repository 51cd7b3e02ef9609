package mcp_test

import (
	"context"
	"testing"
	"time"

	"sluice/internal/gateway"
)

func TestAFileIsATextOrALink(t *testing.T) {
	e := newEndpoint(t)
	until := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	const address = "https://sluice.example/file/abc"
	large := gateway.File{Name: "Größe \"1\".pdf", MediaType: "application/pdf", Size: 3 << 20, URL: address, Expires: until}
	const words = `Größe "1".pdf (application/pdf, 3 MiB) is not shown here. It can be downloaded by its link, without a token, until 09:30 UTC`
	unknown := large
	unknown.Size = -1
	for _, c := range []struct {
		name           string
		file           gateway.File
		modern, legacy map[string]string
	}{
		{"a small text, as it is", gateway.File{Name: "a.csv", MediaType: "text/csv", Size: 9, Text: []byte("a,\"ä\"\r\n\x01")},
			map[string]string{"content.0.type": "text", "content.0.text": "a,\"ä\"\r\n\x01", "content.1": "", "structuredContent": ""}, nil},
		{"an empty one", gateway.File{Name: "a.csv", Text: []byte{}}, map[string]string{"content.0.text": "The file a.csv is empty.", "content.1": ""}, nil},
		{"any other", large, map[string]string{"content.0.text": words, "content.1.type": "resource_link", "content.1.uri": address, "content.1.name": "Größe \"1\".pdf",
			"content.1.mimeType": "application/pdf", "content.1.size": "3145728", "content.2": "", "isError": ""},
			map[string]string{"content.0.text": words + ": " + address, "content.1": ""}},
		{"one of unknown size", unknown, map[string]string{"content.1.uri": address, "content.1.size": ""}, map[string]string{"content.1": ""}},
	} {
		e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
			f := c.file
			return &gateway.Result{Status: 200, Total: -1, RateLimit: unlimited, File: &f}, nil
		})
		for _, version := range allRevisions {
			want := c.modern
			if version < "2025-06-18" && c.legacy != nil {
				want = c.legacy
			}
			a := e.call(t, openToken, version, getShip, `{"id":"7"}`)
			wantStatus(t, a, 200)
			for path, want := range want {
				if got := a.at(t, "result."+path); got != want {
					t.Errorf("%s at %s: %s is %q, want %q", c.name, version, path, got, want)
				}
			}
		}
	}
}

func TestAFileWhereStructuredContentIsAskedFor(t *testing.T) {
	e := newEndpoint(t)
	until := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for want, file := range map[string]gateway.File{
		`{"name":"a.csv","media_type":"text/csv","size":3,"text":"a,b"}`:                                                              {Name: "a.csv", MediaType: "text/csv", Size: 3, Text: []byte("a,b")},
		`{"name":"a.pdf","media_type":"application/pdf","url":"https://sluice.example/file/abc","expires_at":"2026-03-01T09:30:00Z"}`: {Name: "a.pdf", MediaType: "application/pdf", Size: -1, URL: "https://sluice.example/file/abc", Expires: until},
	} {
		e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
			return &gateway.Result{Status: 200, Total: -1, RateLimit: unlimited, File: &file}, nil
		})
		a := e.call(t, shapedToken, "2026-07-28", getShip, `{"id":"7"}`)
		if got := a.at(t, "result.structuredContent"); got != compact(t, want) {
			t.Errorf("structuredContent is %s, want %s", got, want)
		}
		if got := a.at(t, "result.content.0.text"); got == "" || got == "a,b" {
			t.Errorf("the text beside it is %q, want words", got)
		}
	}
}
