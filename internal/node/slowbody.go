package node

import (
	"io"
	"net/http"
	"time"
)

// A client that sends its body byte by byte must not hold a connection for ever, and one that uploads a large file over a slow line must not be cut off: so a body
// has a while to begin, and from then on has to come at a certain pace.
const (
	bodyPatience = time.Minute
	bodyPace     = 16 << 10 // bytes a second, what is left of a bad mobile connection
	bodyUnread   = 16 << 20 // bytes that are taken in of a body that nobody wants
)

// paced serves h with bodies that are waited for no longer than their pace allows.
func paced(h http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w), end: time.Now().Add(patience)}
			_ = body.control.SetReadDeadline(body.end) // also for a body that nobody reads, which the server takes in at the end
			r.Body = body
			if r.Header.Get("Expect") == "" { // who expects to be told to go on has not sent it yet
				defer body.takeIn()
			}
		}
		h.ServeHTTP(w, r)
	})
}

// pacedBody is a body with an end in time that moves on with what comes. A writer without deadlines, as in a test, is one without a network.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	end     time.Time
	over    bool // it came to its end
	broken  bool // it came too slowly, or not at all
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case b.over:
	case err == io.EOF:
		// What is read from here on only tells that the client has hung up, and may take as long as the call does.
		b.over = true
		_ = b.control.SetReadDeadline(time.Time{})
	case err != nil:
		b.broken = true
	case n > 0:
		b.end = b.end.Add(time.Duration(n) * time.Second / bodyPace)
		_ = b.control.SetReadDeadline(b.end)
	}
	return n, err
}

// takeIn reads on where a request was refused before its body had come. A client that is still sending would find the connection reset, and never see
// why: few read before they have written everything.
func (b *pacedBody) takeIn() {
	if !b.over && !b.broken {
		_, _ = io.CopyN(io.Discard, b, bodyUnread)
	}
}
