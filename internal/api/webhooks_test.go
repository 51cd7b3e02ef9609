package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/await"
)

func TestABackEndIsToldWhatHappensToAnAccount(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		type message struct {
			header http.Header
			body   []byte
		}
		got := make(chan message, 10)
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got <- message{r.Header, body}
		}))
		defer receiver.Close()
		var hook struct{ ID, URL, Secret string }
		h.here.do(t, "POST", "/webhook", `{"url":"`+receiver.URL+`/hooks","types":["integrated_account.disabled"]}`).want(201).into(&hook)
		verifier, err := standardwebhooks.NewWebhook(hook.Secret)
		if err != nil {
			t.Fatalf("the secret %q: %v", hook.Secret, err)
		}
		next := func() (kind string, data map[string]any) {
			t.Helper()
			select {
			case m := <-got:
				if err := verifier.Verify(m.body, m.header); err != nil {
					t.Errorf("the signature does not hold: %v", err)
				}
				var e struct {
					Type string
					Data map[string]any
				}
				if err := json.Unmarshal(m.body, &e); err != nil {
					t.Fatal(err)
				}
				return e.Type, e.Data
			case <-time.After(await.Limit):
				t.Fatal("nothing came")
				return "", nil
			}
		}
		if answer := h.here.do(t, "POST", "/webhook/"+hook.ID+"/test", nil).want(200); !strings.Contains(string(answer.body), `"delivered":true,"status":200`) {
			t.Errorf("the test says %s", answer.body)
		}
		if kind, _ := next(); kind != "webhook.test" {
			t.Errorf("got %s, want the test", kind)
		}
		h.here.do(t, "PATCH", "/integrated-account/"+h.here.account, `{"status":"disabled"}`).want(200)
		if kind, data := next(); kind != "integrated_account.disabled" || data["id"] != h.here.account || data["previous_status"] != "active" || data["tenant_id"] != "acme" {
			t.Errorf("got %s of %v", kind, data)
		}
		events := h.here.do(t, "GET", "/event?integrated_account_id="+h.here.account, nil).list().Result
		if len(events) < 2 || events[0]["type"] != "integrated_account.disabled" {
			t.Errorf("the events are %v", events)
		}
		if shown := h.here.do(t, "GET", "/webhook/"+hook.ID, nil).want(200); strings.Contains(string(shown.body), "whsec_") {
			t.Errorf("the secret is shown again: %s", shown.body)
		}
		h.here.do(t, "POST", "/webhook", `{"url":"http://example.com"}`).refuses(422, "url")
		h.here.do(t, "PATCH", "/webhook/"+hook.ID, `{"types":["card.moved"]}`).refuses(422, "types")
		h.here.do(t, "DELETE", "/webhook/"+hook.ID, nil).want(204)
		h.here.do(t, "POST", "/webhook/"+hook.ID+"/test", nil).refuses(404, "")
	})
}
