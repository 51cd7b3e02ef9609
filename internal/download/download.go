// Package download is the door for files: GET /file/{token}, the short-lived links that tools answer instead of bytes. The link is the permission; whoever has it
// gets the file, streamed from the vendor, and nothing else.
//
// It imports gateway, and vendor for the words of an outcome. Requests enter at Handler.ServeHTTP; Send serves doors that stream a file of their own.
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/internal/gateway"
	"sluice/internal/vendor"
)

// Path is where the Handler is mounted; the token follows.
const Path = "/file/"

// Gateway opens what a link leads to. *gateway.Gateway is one.
type Gateway interface {
	OpenLink(ctx context.Context, token string, by gateway.Fetcher, part gateway.Range) (*gateway.Download, *gateway.Result, error)
}

// Handler serves links.
type Handler struct {
	Gateway Gateway
	Log     *slog.Logger
}

// ServeHTTP answers one request to /file/{token}.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harmless(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "A file is fetched by GET.")
		return
	}
	by := gateway.Fetcher{ClientName: product(r.UserAgent()), RequestID: r.Header.Get("X-Request-Id")}
	file, result, err := h.Gateway.OpenLink(r.Context(), strings.TrimPrefix(r.URL.Path, Path), by, Part(r))
	switch {
	case errors.Is(err, gateway.ErrNoLink):
		refuse(w, http.StatusNotFound, sentence(err.Error()))
	case errors.Is(err, gateway.ErrLinkExpired), errors.Is(err, gateway.ErrLinkRevoked):
		refuse(w, http.StatusForbidden, sentence(err.Error()))
	case err != nil:
		h.Log.ErrorContext(r.Context(), "file: open", "error", err) // not the path: it is the permission
		refuse(w, http.StatusInternalServerError, "Something went wrong in Sluice; its log says what.")
	case result != nil:
		if wait := result.RateLimit.RetryAfter; result.Outcome == vendor.RateLimited && wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
		}
		refuse(w, statusOf(result), result.Message)
	default:
		Send(w, r, file)
	}
}

// Part is which part of a file a request asks for. Several at once are not passed on, which any server may decline (RFC 9110, 14.2).
func Part(r *http.Request) gateway.Range {
	if wanted := r.Header.Get("Range"); strings.HasPrefix(wanted, "bytes=") && !strings.Contains(wanted, ",") {
		return gateway.Range{Range: wanted, IfRange: r.Header.Get("If-Range")}
	}
	return gateway.Range{}
}

// statusOf is the HTTP status for a file that cannot be had.
func statusOf(r *gateway.Result) int {
	switch {
	case r.Invalid:
		return http.StatusUnprocessableEntity
	case r.Outcome == vendor.RateLimited:
		return http.StatusTooManyRequests
	case r.Status >= 400 && r.Status != http.StatusUnauthorized: // which would speak of Sluice
		return r.Status
	}
	return http.StatusBadGateway
}

// stall is how long a client may take for the next piece.
const stall = time.Minute

// Send streams a file, and closes it. What of it is sent is held nowhere. A client that hangs up, or takes nothing for a minute, ends the vendor's call.
func Send(w http.ResponseWriter, r *http.Request, file *gateway.Download) {
	defer file.Close()
	h := w.Header()
	harmless(h)
	h.Set("Content-Type", file.MediaType)
	h.Set("Content-Disposition", disposition(file.Name))
	for _, f := range file.Header {
		h.Set(f[0], f[1])
	}
	if file.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(file.Size, 10))
	}
	w.WriteHeader(file.Status)
	if r.Method == http.MethodHead {
		return
	}
	if err := pass(w, file); err != nil {
		// The header is sent: that the body breaks off is all that can be said.
		panic(http.ErrAbortHandler)
	}
}

// pass copies a file piece by piece.
func pass(w http.ResponseWriter, file io.Reader) error {
	control := http.NewResponseController(w)
	defer control.SetWriteDeadline(time.Time{}) // the connection may be used again
	buffer := make([]byte, 64<<10)
	for {
		n, err := file.Read(buffer)
		if n > 0 {
			if err := control.SetWriteDeadline(time.Now().Add(stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return err
			}
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// harmless keeps a browser from taking a vendor's file for a page of Sluice's, and anybody from keeping it.
func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
}

// disposition says that a file is to be saved, and under which name (RFC 6266).
func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}

// product is the first word of a User-Agent.
func product(agent string) string {
	agent, _, _ = strings.Cut(agent, " ")
	return agent[:min(len(agent), 100)]
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, words)
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
