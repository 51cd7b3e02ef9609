package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/node"
)

// What an operator allows a vendor is not for whoever calls a tool to read.
func TestAFileInsideTheNetworkIsNotFetchedBecauseTheVendorIsThere(t *testing.T) {
	w := newWorld(t, func(s *node.Settings) { s.AllowFiles = nil })
	asked := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer inside.Close()
	database := w.id("list_all_octapipe_databases", `{}`, "Leads")
	for _, more := range []string{"", `,"dry_run":true`} {
		r := w.call("octapipe_database_records_import", "%s", fmt.Sprintf(`{"database_uuid":%q,"file_url":%q,"mapping":{"name":"name"}%s}`, database, inside.URL, more))
		if !r.Failed() || !strings.Contains(r.Message, "file_url") {
			t.Errorf("%q, want a refusal of file_url", r.Message)
		}
	}
	if asked || len(w.writes()) != 0 {
		t.Error("the address inside the network was asked, or the vendor written to")
	}
}
