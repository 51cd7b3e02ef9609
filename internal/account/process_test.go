package account_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluice/internal/account"
	"sluice/internal/await"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// childDatabase has this test binary be one process of an installation, which renews an account's token when it is told to.
const childDatabase, childAccount = "SLUICE_TEST_DATABASE", "SLUICE_TEST_ACCOUNT"

func TestMain(m *testing.M) {
	if database := os.Getenv(childDatabase); database != "" {
		if err := renewInChild(database, os.Getenv(childAccount)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// renewInChild says "ready", waits for a line, has many callers renew, and prints the tokens that they got as JSON.
func renewInChild(database, id string) error {
	ctx := context.Background()
	st, err := store.Open(ctx, database, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	keys, err := secret.Load(ctx, st, secret.Given(masterKey))
	if err != nil {
		return err
	}
	def, err := loadShipyard()
	if err != nil {
		return err
	}
	s, end := newService(st, keys, def)
	defer end()
	a, err := s.Get(ctx, environment, id)
	if err != nil {
		return err
	}
	old, err := s.Credential(ctx, a)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	tokens := map[string]int{}
	for range 20 {
		wg.Go(func() {
			c, err := s.Renew(ctx, a, old)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				tokens["error: "+err.Error()]++
				return
			}
			tokens[c.Token]++
		})
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(tokens)
}

// child is another process on the same database, which renews an account's credential once it reads a line.
type child struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// startChild starts one, and waits until it is ready.
func startChild(t *testing.T, database, accountID string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDatabase+"="+database, childAccount+"="+accountID)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	c := &child{in, bufio.NewReader(out), cmd}
	if line, err := c.out.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the process does not come up: %q, %v", line, err)
	}
	return c
}

// Two processes on one database, twenty callers in each, and a provider that takes a refresh token once.
func TestTwoProcessesRefreshAGrantOnce(t *testing.T) {
	address := storetest.PostgreSQL(t)
	y := newYard(t, storetest.Open(t, address), "North")
	a := y.connect(t)
	children := []*child{startChild(t, address, a.ID), startChild(t, address, a.ID)}
	asked := y.provider.Asked("/oauth/token") // the first of them may have found the token expired, by a clock that no test moves
	for _, c := range children {
		fmt.Fprintln(c.in, "go")
	}
	all := map[string]int{}
	for _, c := range children {
		var tokens map[string]int
		if err := json.NewDecoder(c.out).Decode(&tokens); err != nil {
			t.Fatal(err)
		}
		if err := c.cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		for token, n := range tokens {
			all[token] += n
		}
	}
	if n := y.provider.Asked("/oauth/token") - asked; n != 1 {
		t.Errorf("want one refresh, got %d", n)
	}
	newest := y.provider.Given()
	if len(all) != 1 || all[newest[len(newest)-1].Access] != 40 {
		t.Errorf("want all forty callers to have the one new token, got %d different answers: %s", len(all), strings.Join(errorsIn(all), "; "))
	}
	if got := y.get(t, a.ID).Status; got != account.Active {
		t.Errorf("got %s", got)
	}
}

func errorsIn(tokens map[string]int) (list []string) {
	for token := range tokens {
		if strings.HasPrefix(token, "error: ") {
			list = append(list, token)
		}
	}
	return list
}

// A process that dies between the vendor's answer and its commit loses a refresh token that is good once. Nothing can bring it back; the account's owner is told.
func TestAProcessThatDiesAtARenewalIsToldOf(t *testing.T) {
	address := storetest.PostgreSQL(t)
	y := newYard(t, storetest.Open(t, address), "North")
	a := y.connect(t)
	c := startChild(t, address, a.ID)
	db, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("BEGIN")
	exec("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", a.ID)
	before := y.provider.Given()
	fmt.Fprintln(c.in, "go")
	await.True(t, "the process to renew", func() bool { return len(y.provider.Given()) > len(before) })
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.cmd.Wait()
	exec("ROLLBACK")
	exec("UPDATE leases SET expires_at = 0")
	y.provider.Revoke(t, before[len(before)-1].Access) // or the account would be left as it is until that ends

	other := y.node(t, y.store)
	_, err = other.Renew(t.Context(), a, credential(t, other, a))
	if status, ok := errors.AsType[*account.StatusError](err); !ok || status.Status != account.NeedsReauth ||
		!strings.Contains(status.Message, "; a process died while it renewed the access before, and may have lost the vendor's answer.") {
		t.Fatalf("got %v", err)
	}
	p, answer := y.begin(t, a.ID)
	if again, err := y.Complete(t.Context(), environment, p, answer, nil); err != nil || again.ID != a.ID || again.Status != account.Active {
		t.Errorf("connected again it is %+v, %v", again, err)
	}
}
