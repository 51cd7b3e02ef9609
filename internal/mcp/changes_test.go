package mcp_test

import (
	"testing"

	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
)

func TestTellsThoseWhomAChangeConcerns(t *testing.T) {
	var ws mcp.Watchers
	ws.ServerChanged("mcp_1") // nobody watches
	a1, stopA1 := ws.Watch(&mcpserver.Server{ID: "mcp_1", AccountID: "acc_1"})
	a2, stopA2 := ws.Watch(&mcpserver.Server{ID: "mcp_2", AccountID: "acc_1"})
	b3, stopB3 := ws.Watch(&mcpserver.Server{ID: "mcp_3", AccountID: "acc_2"})
	defer stopA2()
	defer stopB3()
	check := func(what string, want ...bool) {
		t.Helper()
		for i, c := range []<-chan struct{}{a1, a2, b3} {
			got := false
			select {
			case <-c:
				got = true
			default:
			}
			if got != want[i] {
				t.Errorf("%s: watcher %d was told: %v", what, i+1, got)
			}
		}
	}
	ws.ServerChanged("mcp_1")
	ws.ServerChanged("mcp_1")
	check("a server", true, false, false)
	check("two signals are one", false, false, false)
	ws.AccountChanged("acc_1")
	check("an account", true, true, false)
	ws.ServerChanged("")
	check("news was missed", true, true, true)
	ws.AllChanged("env_1/demo")
	check("a definition", true, true, true)
	stopA1()
	ws.AccountChanged("acc_1")
	check("one has left", false, true, false)
}
