package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgreSQL makes a fresh, empty database and returns its address, which other processes can use as long as this one lives.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	socket, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	admin, err := pgx.Connect(ctx, address(socket, "postgres"))
	if err != nil {
		t.Fatalf("connect to the tests' PostgreSQL: %v", err)
	}
	defer admin.Close(ctx)
	name := fmt.Sprintf("test_%d", number.Add(1))
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	return address(socket, name)
}

var number atomic.Int64

// cluster starts PostgreSQL when the first test of the process asks for it.
var cluster = sync.OnceValues(start)

func address(socket, name string) string {
	return "postgres://sluice@/" + name + "?host=" + url.QueryEscape(socket)
}

// keeper runs the server and outlives the test process by a moment: when the process ends, however it ends, its pipe to the keeper closes, and the
// keeper stops the server and removes its folder. Nothing of it listens on a port, so clusters never meet.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB -c autovacuum=off &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
`

func start() (folder string, err error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "sluice-postgresql-"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(folder)
		}
	}()
	// PostgreSQL refuses to run as root.
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is for the tests; the keeper sees their end
	if os.Getuid() == 0 {
		if attr.Credential, err = unprivileged(); err != nil {
			return "", err
		}
		if err := os.Chown(folder, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return "", err
		}
	}
	// --no-instructions and so on only save time; the C locale is there on every machine.
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(folder, "data"), "-U", "sluice", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = attr, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	keep := exec.Command("/bin/sh", "-c", keeper, "keeper", bin, folder)
	keep.SysProcAttr, keep.Dir = attr, folder
	keep.Stdout, keep.Stderr = log, log // not the tests' own, which go test waits for
	if _, err := keep.StdinPipe(); err != nil {
		return "", err
	}
	if err := keep.Start(); err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	go keep.Wait() // for as long as the process lives, which keeps the pipe from being collected and closed
	return folder, ready(folder)
}

// ready waits until the server answers.
func ready(folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, address(folder, "postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(folder, "log"))
			return fmt.Errorf("PostgreSQL does not come up: %w\n%s", err, bytes.TrimSpace(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries finds the folder that holds initdb and postgres: the one in the PATH, or the newest of those that Debian and Homebrew install beside it.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb", "/usr/local/opt/postgresql@*/bin/initdb"} {
		paths, _ := filepath.Glob(pattern)
		found = append(found, paths...)
	}
	if len(found) == 0 {
		return "", errors.New("the tests need PostgreSQL's server programs, and initdb is nowhere to be found: apt-get install postgresql")
	}
	return filepath.Dir(slices.Max(found)), nil
}

// unprivileged is the user that runs the server when the tests run as root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}
