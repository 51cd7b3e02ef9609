package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/await"
)

// A call leaves a record whatever becomes of it.

func TestTheIntentOfAWriteOutlivesAKill(t *testing.T) {
	eachDatabase(t, func(t *testing.T, start func(t *testing.T) *house) {
		h := start(t)
		g := prepareGround(t, h)
		held := g.holdNext(t, "PUT")
		note := "moved just before the lights went out"
		body, headers := request(t, modern, "tools/call", `{"name":"update_a_octapipe_pipeline_card_by_id","arguments":{"pipeline_uuid":"`+g.pipeline.text("uuid")+
			`","id":"`+g.card.text("uuid")+`","name":"`+note+`","pipeline_stage_uuid":"`+g.card.object("pipeline_stage").text("uuid")+`","sla":24}}`)
		go post(t.Context(), g.server.URL, body, headers)
		<-held.arrived
		h.process.kill()
		held.release()

		h.restart(t)
		record := h.logged(t, "tool_name=update_a_octapipe_pipeline_card_by_id&mcp_server_id="+g.server.ID)
		if outcome := record.text("outcome"); outcome != "started" && outcome != "unknown" {
			t.Errorf("the write's outcome is %q, want one that says that nobody knows it", outcome)
		}
		if raw := stable(t, record); !strings.Contains(raw, note) {
			t.Errorf("the record lacks the arguments: %s", raw)
		}
	})
}

func TestACallWhoseClientHungUpIsRecorded(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		held := g.holdNext(t, "GET")
		body, headers := request(t, modern, "tools/call", `{"name":"list_all_octapipe_users"}`)
		ctx, hangUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			post(ctx, g.server.URL, body, headers)
		}()
		<-held.arrived
		hangUp()
		<-done
		record := h.logged(t, "tool_name=list_all_octapipe_users&mcp_server_id="+g.server.ID)
		if outcome := record.text("outcome"); outcome != "cancelled" {
			t.Errorf("the outcome is %q, want cancelled", outcome)
		}
	})
}

func TestAWriteWhoseClientHungUpIsFinishedAndRecordedAsDone(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		held := g.holdNext(t, "POST")
		body, headers := request(t, modern, "tools/call", `{"name":"create_a_octapipe_note","arguments":{"entity":"pipeline_card","record_uuid":"`+g.card.text("uuid")+`","note":"said in passing"}}`)
		ctx, hangUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			post(ctx, g.server.URL, body, headers)
		}()
		select {
		case <-held.arrived:
		case <-done:
			t.Fatal("the write was answered, and never reached the vendor")
		}
		hangUp()
		<-done
		held.release()
		record := h.logged(t, "tool_name=create_a_octapipe_note&outcome=ok&mcp_server_id="+g.server.ID)
		if outcome := record.text("outcome"); outcome != "ok" {
			t.Errorf("the outcome is %q, want ok", outcome)
		}
	})
}

// logged is the one record of the log that a filter finds; it is waited for, since what is no intent of a write is written in batches.
func (h *house) logged(t *testing.T, filter string) object {
	t.Helper()
	var log struct {
		Result []object `json:"result"`
	}
	await.True(t, "a record of "+filter, func() bool {
		h.api(t, "GET", "/log?"+filter, "").want(t, 200).decode(t, &log)
		return len(log.Result) > 0
	})
	if len(log.Result) > 1 {
		t.Fatalf("the log has %d records of %s, want one", len(log.Result), filter)
	}
	return log.Result[0]
}

// post sends a request whose answer, if any comes, does not matter.
func post(ctx context.Context, url, body string, headers []string) {
	req, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
}
