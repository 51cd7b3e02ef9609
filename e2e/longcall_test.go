package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const (
	traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	tracestate  = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
	baggage     = "tenant=7,release=a%20b"
)

func TestACallersTraceReachesTheVendor(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		m := startMiddleman(t, h)
		server := m.connect(t, h)
		const inMessage = `{"name":"list_all_octapipe_users","_meta":{"traceparent":"` + traceparent + `","tracestate":"` + tracestate + `","baggage":"` + baggage + `"}}`
		for name, c := range map[string]struct {
			params  string
			headers []string
			want    [3]string
		}{
			"of the message":                       {inMessage, nil, [3]string{traceparent, tracestate, baggage}},
			"of the message, before the request's": {inMessage, []string{"Traceparent", "00-00000000000000000000000000000001-0000000000000001-00", "Tracestate", "x=y"}, [3]string{traceparent, tracestate, baggage}},
			"of the request":                       {`{"name":"list_all_octapipe_users"}`, []string{"Traceparent", traceparent, "Tracestate", tracestate, "Baggage", baggage}, [3]string{traceparent, tracestate, baggage}},
			"none":                                 {`{"name":"list_all_octapipe_users"}`, nil, [3]string{}},
			"none that is one":                     {strings.NewReplacer(traceparent, "00-xyz", baggage, `no\nbaggage`).Replace(inMessage), nil, [3]string{}},
		} {
			t.Run(name, func(t *testing.T) {
				got := rpc(t, server.URL, legacy, "tools/call", c.params, c.headers...).want(t, 200).reply(t)
				if got.Error != nil || got.Result.IsError {
					t.Fatalf("the call came to %+v %+v", got.Error, got.Result)
				}
				if sent := [3]string{m.header("Traceparent"), m.header("Tracestate"), m.header("Baggage")}; sent != c.want {
					t.Errorf("the vendor was told %q, want %q", sent, c.want)
				}
			})
		}
	})
}

func TestALongCallTellsOfItsProgress(t *testing.T) {
	h := startDemo(t, "--keep-alive", "100ms")
	for _, revision := range []string{legacy, modern} {
		t.Run(revision, func(t *testing.T) {
			m := startMiddleman(t, h)
			server := m.connect(t, h)
			held := m.holdNext(t, "GET")
			body, headers := request(t, revision, "tools/call", `{"name":"list_all_octapipe_users"}`)
			if revision == modern {
				body = strings.Replace(body, `"_meta":{`, `"_meta":{"progressToken":"p-1",`, 1)
			} else {
				body = strings.Replace(body, `"params":{`, `"params":{"_meta":{"progressToken":"p-1"},`, 1)
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
				t.Fatalf("a long call is answered as %s", got)
			}
			lines, progress := bufio.NewScanner(response.Body), 0.0
			for told := 0; lines.Scan(); {
				data, ok := strings.CutPrefix(lines.Text(), "data: ")
				if !ok {
					continue
				}
				var message struct {
					Method string
					Params struct {
						ProgressToken string
						Progress      float64
						Message       string
					}
					Result *answer
				}
				if err := json.Unmarshal([]byte(data), &message); err != nil {
					t.Fatalf("%v: %s", err, data)
				}
				if message.Result != nil {
					if told < 3 || message.Result.IsError {
						t.Errorf("after %d words of progress the call came to %+v", told, message.Result)
					}
					return
				}
				if message.Method != "notifications/progress" || message.Params.ProgressToken != "p-1" || message.Params.Progress <= progress || message.Params.Message == "" {
					t.Fatalf("after progress %v came %s", progress, data)
				}
				progress = message.Params.Progress
				if told++; told == 3 {
					held.release()
				}
			}
			t.Errorf("the stream ended without an answer: %v", lines.Err())
		})
	}
}
