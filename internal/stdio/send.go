package stdio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/internal/jsonscan"
)

// lost is an exchange without an answer. unsent is true if nothing of the request can have reached the server.
type lost struct {
	err    error
	unsent bool
}

func (l *lost) Error() string { return l.err.Error() }
func (l *lost) Unwrap() error { return l.err }

// steady is how long a stream has to have lasted before it is renewed at once.
const steady = 5 * time.Second

// send posts a message until it is answered, or until trying again is pointless or dangerous.
func (b *bridge) send(ctx context.Context, m *message) {
	until := time.Now().Add(b.options.RetryFor)
	wait := 50 * time.Millisecond
	subscribed := false // a listen stream was open before
	for told := false; ; {
		begun := time.Now()
		opened, err := b.exchange(ctx, m, subscribed)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case opened && m.method == listenMethod:
			// A subscription is meant to last: it goes on as soon as the server is back.
			subscribed, until = true, time.Now().Add(b.options.RetryFor)
			if time.Since(begun) > steady {
				wait = 50 * time.Millisecond
			}
		}
		var l *lost
		again := errors.As(err, &l) && (l.unsent || m.method != "tools/call")
		if !again || time.Now().Add(wait).After(until) {
			b.giveUp(m, l, err)
			return
		}
		if !told {
			b.say("%s does not answer (%v); trying for %v", b.url.Host, err, b.options.RetryFor)
			told = true
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, time.Second)
	}
}

// giveUp answers a request for which there is no answer.
func (b *bridge) giveUp(m *message, l *lost, err error) {
	b.say("no answer to %s from %s: %v", m.method, b.url.Host, err)
	if m.id == "" {
		return
	}
	words := fmt.Sprintf("Sluice at %s cannot be reached (%v). Nothing was sent: call again once it runs.", b.url.Host, err)
	if l == nil || !l.unsent {
		words = fmt.Sprintf("The connection to Sluice at %s was lost before the answer came (%v).", b.url.Host, err)
		if m.method == "tools/call" {
			words += " The call may have been done all the same: look before you repeat it."
		}
	}
	b.write(failure(m.id, http.StatusServiceUnavailable, words))
}

// exchange is one POST and its answer. opened reports whether an event stream had begun; again, that it is a subscription's second one.
func (b *bridge) exchange(ctx context.Context, m *message, again bool) (opened bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return false, withoutURL(err)
	}
	b.prepare(request)
	m.headers(request.Header, b.agreed())
	if m.method == "tools/call" && m.revision != "" {
		b.mirrors.Set(request.Header, m.name, m.arguments)
	}
	response, err := b.client.Do(request)
	if err != nil {
		return false, &lost{err: withoutURL(err), unsent: isDial(err)}
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// A proxy says that the server behind it is down, or that it waited long enough; only for a read is there no difference.
		return false, &lost{err: errors.New("HTTP " + response.Status)}
	}
	if isEventStream(response) {
		return true, b.forward(m, response.Body, again)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return false, &lost{err: withoutURL(err)}
	}
	if b.relearn(ctx, m, body) {
		return b.exchange(ctx, m, again)
	}
	b.answer(m, response, body)
	return false, nil
}

// prepare sets what all requests carry.
func (b *bridge) prepare(r *http.Request) {
	for name, values := range b.options.Header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", "sluice-stdio")
}

func (b *bridge) agreed() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.revision
}

// answer passes a plain answer on. What the server answered without the request's id, because it did not look at the message, gets it here: the host
// waits for it.
func (b *bridge) answer(m *message, response *http.Response, body []byte) {
	if m.id == "" {
		if response.StatusCode >= http.StatusBadRequest {
			b.say("%s refused %s: HTTP %s", b.url.Host, m.method, response.Status)
		}
		b.started(m)
		return
	}
	if id, ok := jsonscan.Find(body, "id"); ok && string(id) == m.id && jsonscan.Valid(body, jsonscan.Lenient) {
		b.learn(m, body)
		b.write(body)
		return
	}
	code, words := response.StatusCode, ""
	if message, ok := jsonscan.Find(body, "error.message"); ok {
		words, _ = text(message)
		if number, ok := jsonscan.Find(body, "error.code"); ok {
			if n, ok := jsonscan.Int(number); ok {
				code = n
			}
		}
	}
	if words == "" {
		words = fmt.Sprintf("%s answered HTTP %s, and no message of the protocol: is the URL complete?", b.url.Host, response.Status)
	}
	if response.StatusCode == http.StatusUnauthorized {
		words += " For the bridge that is: sluice stdio --header 'Authorization: Bearer <token>' URL."
		if challenge := response.Header.Get("WWW-Authenticate"); strings.Contains(challenge, "resource_metadata") {
			words += " The server also takes a sign-in by OAuth, which this bridge cannot do: connect the URL in a client that can. (" + challenge + ")"
		}
	}
	b.write(failure(m.id, code, words))
}

// learn notes what a handshake agreed on, and which arguments the tools want repeated in headers.
func (b *bridge) learn(m *message, body []byte) {
	switch m.method {
	case "initialize":
	case "tools/list":
		if result, ok := jsonscan.Find(body, "result"); ok {
			b.mirrors.Learn(result)
		}
		return
	default:
		return
	}
	if span, ok := jsonscan.Find(body, "result.protocolVersion"); ok {
		revision, _ := text(span)
		b.mu.Lock()
		b.revision = revision
		b.mu.Unlock()
	}
}

// isDial reports whether a request failed while the connection was being made.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// withoutURL cuts the URL, which holds the token, out of an error of the HTTP client's.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func isEventStream(r *http.Response) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.StatusCode < 300 && strings.EqualFold(strings.TrimSpace(media), "text/event-stream")
}
