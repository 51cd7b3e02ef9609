package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluice/internal/await"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// hear waits until a listener hears of key.
func hear(t *testing.T, from <-chan string, key string) {
	t.Helper()
	for await.From(t, fmt.Sprintf("the news of %q", key), from) != key {
	}
}

func listener(st *store.Store, topic string) <-chan string {
	heard := make(chan string, 100)
	st.Subscribe(topic, func(key string) { heard <- key })
	return heard
}

func TestAChangeReachesEverySubscriberOfItsTopicOnEveryNode(t *testing.T) {
	url := storetest.PostgreSQL(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	atHome, away, other := listener(here, store.Servers), listener(there, store.Servers), listener(there, store.Accounts)
	if err := here.Publish(t.Context(), store.Servers, "mcp_1 with a space"); err != nil {
		t.Fatalf("publish: %v", err)
	}
	hear(t, atHome, "mcp_1 with a space")
	hear(t, away, "mcp_1 with a space")
	if err := here.Tx(t.Context(), func(tx *store.Tx) error { tx.Publish(store.Accounts, "acc_1"); return nil }); err != nil {
		t.Fatalf("transaction: %v", err)
	}
	if got := <-other; got != "acc_1" {
		t.Errorf("a subscriber of one topic heard %q of another", got)
	}
}

func TestWhoCancelsHearsNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		cancel := st.Subscribe(store.Servers, func(key string) { t.Errorf("heard of %q", key) })
		cancel()
		if err := st.Publish(t.Context(), store.Servers, "mcp_1"); err != nil {
			t.Fatalf("publish: %v", err)
		}
	})
}

func TestANodeThatWasCutOffForgetsWhatItHoldsAndHearsAgain(t *testing.T) {
	url := storetest.PostgreSQL(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	heard := listener(there, store.Servers)

	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer admin.Close(context.WithoutCancel(t.Context()))
	if _, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Fatalf("cut every connection: %v", err)
	}
	hear(t, heard, "") // at the cut
	hear(t, heard, "") // when it hears again
	await.True(t, "it to say that it hears again", there.Hearing)
	// The pool's own connections were cut too; database/sql finds that out and takes new ones.
	if err := here.Publish(t.Context(), store.Servers, "mcp_2"); err != nil {
		if err = here.Publish(t.Context(), store.Servers, "mcp_2"); err != nil {
			t.Fatalf("publish after the cut: %v", err)
		}
	}
	hear(t, heard, "mcp_2")
}
