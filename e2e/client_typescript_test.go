package e2e

import "testing"

// connectTypeScript is the official TypeScript client's newest line, on the newest revision.
func connectTypeScript(t *testing.T, url string) client {
	t.Helper()
	return startTypeScript(t, "typescript", url, "2026-07-28")
}

// startTypeScript starts a line of the official TypeScript client on a revision, which it must then agree on.
func startTypeScript(t *testing.T, line, url, revision string) *nodeClient {
	t.Helper()
	c := startNode(t, line, url, revision)
	if c.revision != revision {
		t.Fatalf("the client %s negotiated %q, want %q", line, c.revision, revision)
	}
	return c
}
