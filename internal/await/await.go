// Package await has tests wait for what is bound to come, instead of for a time in which it usually comes: a machine that is busy with other tests may take
// a hundred times as long as an idle one. It imports nothing of Sluice, and only tests import it.
package await

import (
	"testing"
	"time"
)

// Limit is how long is waited before a test has failed. Only a test that fails waits as long, so it can be generous.
const Limit = time.Minute

// True waits until something holds. what reads on from "waited for", such as "the stream to end".
func True(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(Limit)
	for pause := time.Millisecond; !holds(); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", Limit, what)
		}
		time.Sleep(pause)
	}
}

// From waits for the next value of a channel, or for its end.
func From[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	overdue := time.NewTimer(Limit)
	defer overdue.Stop()
	select {
	case v := <-c:
		return v
	case <-overdue.C:
		t.Fatalf("waited %v for %s", Limit, what)
		panic("unreachable")
	}
}

// Life is for what has to be seen alive, and then at its end. It calls try with how long the thing is to live, a short time, and again with longer ones
// while try answers false: that the thing had ended before it was looked at, since the machine was busy.
func Life(t testing.TB, try func(life time.Duration) bool) {
	t.Helper()
	for life := 300 * time.Millisecond; !try(life); life *= 2 {
		if life > Limit {
			t.Fatalf("what lives for %v had ended before it was looked at", life)
		}
	}
}
