package e2e

import (
	"encoding/json"
	"testing"
)

// Where a definition has an argument repeated in a header, a call without the header is refused, so that what comes through has repeated it.
func TestTheCommandLineRepeatsArgumentsInTheirHeaders(t *testing.T) {
	server := startConformance(t, startDemo(t))
	if got := rpc(t, server.URL, modern, "tools/call", `{"name":"test_custom_header","arguments":{"region":"oslo"}}`).want(t, 400).reply(t); got.Error == nil || got.Error.Code != -32020 {
		t.Errorf("a call without the header is answered %+v, want a header mismatch", got)
	}
	for region, query := range map[string]string{"oslo": "priority=7&region=oslo", "Tønsberg": "priority=7&region=T%C3%B8nsberg", " padded ": "priority=7&region=%20padded%20"} {
		var echo struct{ Query string }
		out := runCommand(t, nil, "call", "test_custom_header", "region="+region, "priority:=7", "--mcp", server.URL)
		if err := json.Unmarshal(out, &echo); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if echo.Query != query && echo.Query != "region="+query[len("priority=7&region="):]+"&priority=7" {
			t.Errorf("with the region %q the vendor was asked %q", region, echo.Query)
		}
	}
}
