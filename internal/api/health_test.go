package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/api"
)

func TestHealthTellsOfADatabaseThatIsGone(t *testing.T) {
	var log lockedBuffer
	handler := api.New(api.Config{
		MCPURL: func(token string) string { return "https://sluice.example.com/mcp/" + token }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Ready: func(context.Context) error { return errors.New("dial postgres://sluice:s3cr3t@db") },
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusServiceUnavailable || p.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("want 503 in the API's shape, got %d: %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "postgres") {
		t.Errorf("the answer tells where the database is: %s", w.Body)
	}
	if !strings.Contains(log.String(), "not ready") {
		t.Errorf("the log does not say why: %q", log.String())
	}
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	var log lockedBuffer
	handler := api.New(api.Config{
		MCPURL: func(string) string { return "" }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Ready: func(context.Context) error { panic("a fault of the program, with s3cr3t inside") },
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
	if w.Code != http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "s3cr3t") {
		t.Errorf("want 500 in the API's shape that tells nothing, got %d: %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "a fault of the program") || !strings.Contains(log.String(), "health_test.go") {
		t.Errorf("the log does not say what and where: %q", log.String())
	}
}
