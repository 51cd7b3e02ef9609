package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// standard sends by net/http: to servers that speak HTTP/2 only.
type standard struct {
	transport *http.Transport
	userAgent string
}

func newDialer(o Options) *net.Dialer {
	return &net.Dialer{Timeout: o.DialTimeout, KeepAlive: 30 * time.Second, ControlContext: o.Policy.control}
}

func newStandard(o Options) *standard {
	return &standard{userAgent: o.UserAgent, transport: &http.Transport{
		Proxy:                  nil, // a proxy would connect where we cannot check
		DialContext:            newDialer(o).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.TLSTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		IdleConnTimeout:        o.IdleTimeout,
		MaxIdleConns:           16 * o.MaxIdlePerHost,
		MaxIdleConnsPerHost:    o.MaxIdlePerHost,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // decode does it, within the limit
		ForceAttemptHTTP2:      true,
	}}
}

const maxHeader = 256 << 10

func (s *standard) close() { s.transport.CloseIdleConnections() }

func (s *standard) exchange(ctx context.Context, r *Request, at target, limit int64) (*Response, *Error) {
	req, fault := s.request(r, at, "gzip")
	if fault != nil {
		return nil, fault
	}
	if r.Body != nil {
		// No GetBody: without it the transport repeats nothing that has a body and was begun. What has none it repeats only if the method is safe,
		// or if nothing was written.
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
		if len(r.Body) == 0 {
			req.Body = http.NoBody
		}
	}
	if r.Once && len(r.Body) == 0 && repeatable(r.Method) {
		// A body that is empty and cannot be had again goes out as none, and keeps the transport from repeating a method that it takes for safe.
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(nil)), -1
	}
	res, fault := s.roundTrip(ctx, req)
	if fault != nil {
		return nil, fault
	}
	defer res.Body.Close()
	response := &Response{Status: res.StatusCode, Header: flatten(res.Header)}
	if r.Method == http.MethodHead {
		return response, nil
	}
	body, err := readBody(res.Body, res.ContentLength, limit)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			return response, e
		}
		return response, classify(ctx, err, true)
	}
	body, e := decode(body, strings.Join(res.Header["Content-Encoding"], ", "), limit)
	if e != nil {
		return response, e
	}
	response.Body = body
	return response, nil
}

// request is a request without a body, which asks for an answer in a content coding.
func (s *standard) request(r *Request, at target, coding string) (*http.Request, *Error) {
	u, err := url.Parse(at.String())
	if err != nil {
		return nil, &Error{Reason: BadRequest, Err: errors.New("the address is not encoded as it must be")}
	}
	req := &http.Request{Method: r.Method, URL: u, Host: at.host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, len(r.Header)+2)}
	for _, f := range r.Header {
		if ours(f[0]) {
			continue
		}
		name := http.CanonicalHeaderKey(f[0])
		if name == "Idempotency-Key" || name == "X-Idempotency-Key" {
			// Spelled as it should be, the transport would take it as leave to repeat a write by itself. It is the caller's word to the vendor.
			name = strings.ToLower(name)
		}
		req.Header[name] = append(req.Header[name], f[1])
	}
	req.Header["Accept-Encoding"] = []string{coding}
	if req.Header["User-Agent"] == nil {
		req.Header["User-Agent"] = []string{s.userAgent}
	}
	return req, nil
}

// roundTrip sends a request and answers when the header of its answer is there.
func (s *standard) roundTrip(ctx context.Context, req *http.Request) (*http.Response, *Error) {
	sent := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// GetConn comes before each attempt, and there is another one only if the one before does not count.
		GetConn: func(string) { sent = false },
		GotConn: func(httptrace.GotConnInfo) { sent = true },
	})
	res, err := s.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, classify(ctx, err, sent)
	}
	return res, nil
}

func flatten(h http.Header) Header {
	flat := make(Header, 0, len(h)+2)
	for name, values := range h {
		for _, value := range values {
			flat = append(flat, [2]string{name, value})
		}
	}
	return flat
}

// repeatable reports whether the transport takes a method for one that can be sent again after a connection broke.
func repeatable(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
