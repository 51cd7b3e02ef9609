package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

// serveProxy carries REST calls to the upstream through the standard library's reverse proxy as it is tuned in earnest: buffers are pooled,
// and every connection to the upstream is kept. Like anything that stands in for a caller, it puts the credential on the request.
func serveProxy(ctx context.Context, upstream string) error {
	target, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Set("Authorization", "Bearer bench")
		},
		Transport:  transport(),
		BufferPool: &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}},
	}
	return announce(ctx, func(l net.Listener) error { return http.Serve(l, proxy) })
}

// transport keeps as many connections as there can be callers.
func transport() *http.Transport {
	return &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}
}

// buffers is an httputil.BufferPool.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte { return b.pool.Get().(*[32 << 10]byte)[:] }
func (b *buffers) Put(p []byte) {
	if cap(p) >= 32<<10 {
		b.pool.Put((*[32 << 10]byte)(p[:32<<10]))
	}
}
