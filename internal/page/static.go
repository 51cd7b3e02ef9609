package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// StaticPath is where Static is mounted.
const StaticPath = "/static/"

//go:embed static
var staticFiles embed.FS

// asset is one file that pages load. Its name holds a hash of it, so a browser may keep it for ever: another version has another name.
type asset struct {
	url, mime    string
	body, packed []byte
}

var mimes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assets are by their names before the hash is put in.
var assets = readAssets()

func readAssets() map[string]*asset {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err)
	}
	known := map[string]*asset{}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		ending := path.Ext(e.Name())
		hash := sha256.Sum256(body)
		a := &asset{
			url:  StaticPath + strings.TrimSuffix(e.Name(), ending) + "." + hex.EncodeToString(hash[:6]) + ending,
			mime: mimes[ending], body: body,
		}
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		z.Write(body)
		z.Close()
		a.packed = packed.Bytes()
		known[e.Name()] = a
	}
	return known
}

// Static serves what pages load: the stylesheet, the script, the icon.
func Static() http.Handler {
	byURL := map[string]*asset{}
	for _, a := range assets {
		byURL[a.url] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := byURL[r.URL.Path]
		if a == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		h, body := w.Header(), a.body
		h.Set("Content-Type", a.mime)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.packed
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body) // to a client that may have gone: nobody is left to tell
	})
}
