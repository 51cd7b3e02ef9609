package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// response is an HTTP answer that was read to its end.
type response struct {
	request string
	status  int
	header  http.Header
	body    []byte
}

// send sends one request. A body is JSON unless a header says otherwise; headers come as name, value, name, value. A header named in lower case stays
// so on the wire, and an empty value leaves out one that would be there of itself.
func send(t *testing.T, method, url, body string, headers ...string) *response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		name, value := headers[i], headers[i+1]
		req.Header.Del(name)
		switch {
		case strings.EqualFold(name, "Host"):
			req.Host = value
		case value != "":
			req.Header[name] = []string{value}
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read the answer: %v", method, url, err)
	}
	return &response{request: method + " " + url, status: res.StatusCode, header: res.Header, body: raw}
}

// want ends the test unless the status is one of these.
func (r *response) want(t *testing.T, statuses ...int) *response {
	t.Helper()
	if !slices.Contains(statuses, r.status) {
		t.Fatalf("%s: status %d, want %v: %s", r.request, r.status, statuses, r.body)
	}
	return r
}

func (r *response) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("%s: answer is no JSON of the right shape (%v): %s", r.request, err, r.body)
	}
}
