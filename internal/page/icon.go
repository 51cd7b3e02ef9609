package page

import (
	"fmt"
	"html/template"
)

// icons are drawn on 16 by 16 in strokes of the text's colour.
var icons = map[string]string{
	"accounts":      `<path d="M5 2v3M11 2v3M3.5 5h9v3a4.5 4.5 0 0 1-9 0zM8 12.5V15"/>`,
	"logs":          `<path d="M2.5 3.5h11M2.5 8h11M2.5 12.5h7"/>`,
	"integrations":  `<rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="9" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="2.5" y="9" width="4.5" height="4.5" rx="1"/><path d="M11.25 9v4.5M9 11.25h4.5"/>`,
	"settings":      `<path d="M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7"/><circle cx="11" cy="4.5" r="2"/><circle cx="5" cy="11.5" r="2"/>`,
	"confirmations": `<path d="M8 1.8 13.2 4v3.6c0 3.2-2.1 5.6-5.2 6.6-3.1-1-5.2-3.4-5.2-6.6V4z"/><path d="m5.8 7.9 1.6 1.6 2.9-3"/>`,
	"play":          `<path d="M4.5 2.8v10.4L13 8z"/>`,
	"plus":          `<path d="M8 3v10M3 8h10"/>`,
	"copy":          `<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"/>`,
	"check":         `<path d="m3 8.5 3.2 3.2L13 4.8"/>`,
	"warning":       `<path d="M8 2.2 14.5 13.5h-13z"/><path d="M8 6.5v3.2M8 11.6v.2"/>`,
	"info":          `<circle cx="8" cy="8" r="6.2"/><path d="M8 7.3v3.6M8 5v.2"/>`,
	"menu":          `<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>`,
	"leave":         `<path d="M6.5 2.5H4A1.5 1.5 0 0 0 2.5 4v8A1.5 1.5 0 0 0 4 13.5h2.5M10 5l3 3-3 3M13 8H6.5"/>`,
	"right":         `<path d="m6 3.5 4.5 4.5L6 12.5"/>`,
	"external":      `<path d="M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5V12A1.5 1.5 0 0 1 10 13.5H4A1.5 1.5 0 0 1 2.5 12V6A1.5 1.5 0 0 1 4 4.5h2.5"/>`,
	"lock":          `<rect x="3" y="7" width="10" height="6.5" rx="1.5"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2"/>`,
	"server":        `<rect x="2.5" y="2.5" width="11" height="4.5" rx="1.2"/><rect x="2.5" y="9" width="11" height="4.5" rx="1.2"/><path d="M5 4.75h.1M5 11.25h.1"/>`,
	"download":      `<path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11"/>`,
}

// icon draws a picture that says nothing of its own: words stand beside it.
func icon(name string) (template.HTML, error) {
	paths, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %s", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + paths + `</svg>`), nil
}
