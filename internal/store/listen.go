package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// quiet is how long the listener hears nothing before it asks whether the connection still lives: a connection that was cut without a word
// would otherwise look like a night without changes.
const quiet = 3 * time.Second

// listen starts hearing what other nodes announce, and goes on until close. It returns when the first connection stands.
func (h *hub) listen(ctx context.Context, cfg *pgx.ConnConfig) error {
	c, err := h.connect(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, h.stop = context.WithCancel(context.Background())
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		h.keepListening(ctx, cfg, c)
	}()
	return nil
}

func (h *hub) connect(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, cfg.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL to hear of changes: %w", err)
	}
	if _, err := c.Exec(ctx, "LISTEN "+changes); err != nil {
		c.Close(ctx)
		return nil, fmt.Errorf("listen for changes: %w", err)
	}
	return c, nil
}

// keepListening delivers until the connection fails, then connects again. What happened in between is not known, so everybody forgets what they hold:
// once when the connection fails, and again when the next one stands, for what was read in between.
func (h *hub) keepListening(ctx context.Context, cfg *pgx.ConnConfig, c *pgx.Conn) {
	for {
		err := h.hear(ctx, c)
		h.hearing.Store(false)
		h.forget()
		c.Close(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return
		}
		h.log.Warn("lost the connection that hears of changes; caches are bypassed until it is back", "error", err)
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
			if c, err = h.connect(ctx, cfg); err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
		h.forget()
		h.hearing.Store(true)
		h.log.Info("hearing of changes again")
	}
}

// hear delivers what comes until the connection fails or ctx ends.
func (h *hub) hear(ctx context.Context, c *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, quiet)
		n, err := c.WaitForNotification(wait)
		cancel()
		switch {
		case err == nil:
			h.deliver(decodeChange(n.Payload))
		case ctx.Err() != nil:
			return ctx.Err()
		case pgconn.Timeout(err) && !c.IsClosed():
			ping, cancel := context.WithTimeout(ctx, quiet)
			err := c.Ping(ping)
			cancel()
			if err != nil {
				return err
			}
		default:
			return err
		}
	}
}
