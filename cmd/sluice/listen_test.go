package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestServingEndsWhenTheCallsUnderWayHaveEnded(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	begun, finish, drained := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		io.WriteString(w, "done")
	})
	ended := make(chan error, 1)
	var log lockedBuffer
	go func() {
		ended <- serveUntil(ctx, l, h, slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) error {
			close(drained)
			return nil
		})
	}()
	answers := make(chan string, 1)
	go func() {
		answer, err := http.Get(urlOf(l))
		if err != nil {
			answers <- err.Error()
			return
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		answers <- string(b)
	}()
	<-begun
	stop()
	<-drained
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "stopping") {
		t.Errorf("the log says %q, want one line that it stops", got)
	}
	select {
	case err := <-ended:
		t.Fatalf("serving ended with %v while a call was under way", err)
	default:
	}
	close(finish)
	if got := <-answers; got != "done" {
		t.Errorf("the call under way was answered %q, want %q", got, "done")
	}
	if err := <-ended; err != nil {
		t.Errorf("serving ended with %v", err)
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("the address still takes connections")
	}
}

func TestADrainThatFailsIsReported(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	failure := errors.New("streams")
	if err := serveUntil(ctx, l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("serving ended with %v, want %v", err, failure)
	}
}
