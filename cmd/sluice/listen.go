package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// drainFor bounds how long calls under way are waited for at the end. What a vendor takes longer for is cut off, and in the log a write of that kind is one whose outcome
// is unknown.
const drainFor = 70 * time.Second

// listen takes an address before anything is made that would have to be undone.
func listen(address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%q is no address to listen on: write it with a port, such as 127.0.0.1:8080, or :8080 for every address of this machine", address)
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program has that address; choose another, or port 0 for any that is free", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine has no such address; 0.0.0.0 stands for all that it has", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: ports below 1024 are not for every user; choose a higher one, and put a proxy before it", address)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// serveUntil serves until ctx ends, then takes no more requests, calls drain, and waits for those under way.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, drain func(context.Context) error) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(onePiece{l}) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	var drained error
	if drain != nil {
		log.Info("stopping, once the calls under way have ended", "address", l.Addr().String(), "at_most", drainFor.String())
		drained = drain(end)
	}
	if err := server.Shutdown(end); err != nil {
		server.Close()
		return fmt.Errorf("calls were still under way after %s: %w", drainFor, err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return drained
}

// urlOf is where a listener is reached from this machine.
func urlOf(l net.Listener) string {
	address := l.Addr().(*net.TCPAddr)
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(address.Port))
}
