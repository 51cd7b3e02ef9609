package outbound

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

// HTTP is the client for libraries that want net/http's. The policy, the limits and the end in time hold all the same; an answer is read whole before it is
// handed over.
func (c *Client) HTTP(timeout time.Duration) *http.Client {
	return &http.Client{
		Transport:     transport{c, timeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // Do follows those that it follows
	}
}

type transport struct {
	client  *Client
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	out := &Request{Method: r.Method, URL: r.URL.String(), Timeout: t.timeout}
	for name, values := range r.Header {
		for _, value := range values {
			out.Header = append(out.Header, [2]string{name, value})
		}
	}
	if r.Body != nil {
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	in, err := t.client.Do(r.Context(), out)
	if err != nil {
		return nil, err
	}
	answer := &http.Response{
		StatusCode: in.Status, Status: http.StatusText(in.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(in.Body)), ContentLength: int64(len(in.Body)), Request: r,
	}
	for _, field := range in.Header {
		if strings.EqualFold(field[0], "Content-Encoding") { // it is decoded
			continue
		}
		answer.Header.Add(field[0], field[1])
	}
	return answer, nil
}
