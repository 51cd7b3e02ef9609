package stdio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"sluice/internal/jsonscan"
)

// events reads server-sent events (WHATWG HTML, 9.2.6) and hands the data of each message to take, until take is done or the stream ends.
func events(r io.Reader, take func(data []byte) (done bool)) error {
	reader := bufio.NewReaderSize(r, 32<<10)
	var data []byte
	message, any := true, false
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			if any && message && take(data) {
				return nil
			}
			data, message, any = nil, true, false
			continue
		}
		field, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(field) {
		case "data":
			if any {
				data = append(data, '\n')
			}
			data, any = append(data, value...), true
		case "event":
			message = string(value) == "message"
		}
	}
}

var errStreamEnded = errors.New("the server ended the stream")

// forward passes the messages of an event stream on until the answer to m has come. again: the stream renews a subscription that was acknowledged
// before. That a server ends a subscription, as it does when it is restarted, is not the end of it for the host.
func (b *bridge) forward(m *message, body io.Reader, again bool) error {
	acknowledged, ended := !again, false
	err := events(body, func(data []byte) bool {
		if id, ok := jsonscan.Find(data, "id"); ok && string(id) == m.id && m.id != "" {
			if _, result := jsonscan.Find(data, "result"); result && m.method == listenMethod {
				ended = true
				return true
			}
			b.learn(m, data)
			b.write(data)
			return true
		}
		if !acknowledged {
			acknowledged = true
			b.missed(m, data)
			return false
		}
		b.write(data)
		return false
	})
	switch {
	case err != nil:
		return &lost{err: withoutURL(err)}
	case ended:
		return &lost{err: errStreamEnded}
	}
	return nil
}

// missed takes the place of a second acknowledgement. The host knows of the first; what it cannot know is whether something changed in between.
func (b *bridge) missed(m *message, acknowledgement []byte) {
	if told, ok := jsonscan.Find(acknowledgement, "params.notifications.toolsListChanged"); ok && string(told) == "true" {
		b.write([]byte(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"` + metaSubscriptionID + `":` + m.id + `}}}`))
	}
}

// started opens the stream of the revisions before 2026-07-28 once the host has ended the handshake, for what the server says of its own accord.
func (b *bridge) started(m *message) {
	if m.method != "notifications/initialized" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listens || b.revision < "2025-03-26" {
		return
	}
	b.listens = true
	b.streams.Go(func() { b.listen(b.ctx) })
}

// listen keeps that stream open, unless the server has none.
func (b *bridge) listen(ctx context.Context) {
	wait := 100 * time.Millisecond
	for ctx.Err() == nil {
		opened, err := b.listenOnce(ctx)
		if errors.Is(err, errNoStream) {
			return
		}
		if opened {
			wait = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

var errNoStream = errors.New("the server has no stream by GET")

func (b *bridge) listenOnce(ctx context.Context) (opened bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url.String(), nil)
	if err != nil {
		return false, withoutURL(err)
	}
	b.prepare(request)
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("MCP-Protocol-Version", b.agreed())
	response, err := b.client.Do(request)
	if err != nil {
		return false, withoutURL(err)
	}
	defer response.Body.Close()
	if !isEventStream(response) {
		if response.StatusCode < http.StatusInternalServerError {
			return false, errNoStream
		}
		return false, errors.New("HTTP " + response.Status)
	}
	return true, events(response.Body, func(data []byte) bool {
		b.write(data)
		return false
	})
}
