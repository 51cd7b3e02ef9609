package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// cluster is a PostgreSQL server of the bench's own, on its defaults: what it commits is on the disk.
type cluster struct {
	url string
	dir string
	cmd *exec.Cmd
}

func startPostgreSQL(ctx context.Context) (*cluster, error) {
	initdb, err := postgresqlProgram("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sluice-bench-postgresql-")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir}
	owner, err := c.owner()
	if err != nil {
		c.stop()
		return nil, err
	}
	create := exec.CommandContext(ctx, initdb, "--pgdata", dir+"/data", "--username", "sluice", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	create.SysProcAttr, create.Dir = owner, dir
	if out, err := create.CombinedOutput(); err != nil {
		c.stop()
		return nil, fmt.Errorf("create a PostgreSQL cluster: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		c.stop()
		return nil, err
	}
	c.cmd = exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", dir+"/data", "-k", dir, "-h", "127.0.0.1", "-p", port)
	c.cmd.SysProcAttr, c.cmd.Dir = owner, dir
	if err := c.cmd.Start(); err != nil {
		c.cmd = nil
		c.stop()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	c.url = "postgres://sluice@127.0.0.1:" + port + "/postgres?sslmode=disable"
	ready, err := postgresqlProgram("pg_isready")
	for err == nil {
		if exec.CommandContext(ctx, ready, "-q", "-h", "127.0.0.1", "-p", port).Run() == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	c.stop()
	return nil, fmt.Errorf("wait for PostgreSQL: %w", err)
}

// owner gives the cluster's folder to the user postgres when we are root, whom PostgreSQL refuses to run as.
func (c *cluster) owner() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(c.dir, uid, gid)
}

func (c *cluster) stop() {
	if c.cmd != nil {
		c.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		c.cmd.Wait()
	}
	os.RemoveAll(c.dir)
}

// postgresqlProgram finds a program of the newest PostgreSQL, where Debian keeps them or on the path.
func postgresqlProgram(name string) (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is needed: %w", err)
	}
	return path, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
