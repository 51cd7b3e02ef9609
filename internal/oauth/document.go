package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// documents reads the documents that clients' ids name (draft-ietf-oauth-client-id-metadata-document-00), and keeps each for a while.
type documents struct {
	fetch Fetch

	mu   sync.Mutex
	kept map[string]keptDocument
}

type keptDocument struct {
	client *Client
	until  time.Time
}

const (
	maxDocuments    = 1000
	minDocumentLife = time.Minute // also where the document says less: people click through several pages
	documentLife    = time.Hour   // where it says nothing
	maxDocumentLife = 24 * time.Hour
)

// document is what a client says of itself.
type document struct {
	ID           string          `json:"client_id"`
	Name         string          `json:"client_name"`
	URI          string          `json:"client_uri"`
	RedirectURIs []string        `json:"redirect_uris"`
	AuthMethod   string          `json:"token_endpoint_auth_method"`
	GrantTypes   []string        `json:"grant_types"`
	Secret       json.RawMessage `json:"client_secret"`
	Keys         json.RawMessage `json:"jwks"`
	KeysURL      string          `json:"jwks_uri"`
}

// documentError is what is wrong with a client's document. Its text is a sentence.
type documentError struct{ words string }

func (e *documentError) Error() string { return e.words }
func (e *documentError) Unwrap() error { return errNoClient }

// client is the client that a document describes.
func (d *documents) client(ctx context.Context, id string) (*Client, error) {
	if err := checkDocumentURL(id); err != nil {
		return nil, &documentError{fmt.Sprintf("The client id %.200q cannot be read: it %v.", id, err)}
	}
	now := time.Now()
	d.mu.Lock()
	known, ok := d.kept[id]
	d.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.client, nil
	}
	fetched, err := d.fetch(ctx, id)
	if err != nil {
		return nil, &documentError{fmt.Sprintf("The client's document %s could not be read: %v.", id, err)}
	}
	c, err := readDocument(id, fetched)
	if err != nil {
		return nil, &documentError{fmt.Sprintf("The client's document %s %v.", id, err)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= maxDocuments {
		d.kept = map[string]keptDocument{}
	}
	d.kept[id] = keptDocument{c, now.Add(lifeOf(fetched.CacheControl))}
	return c, nil
}

// checkDocumentURL is section 3 of the draft: what could be written in two ways, or show as something else, is no id.
func checkDocumentURL(id string) error {
	u, err := url.Parse(id)
	switch {
	case err != nil || len(id) > maxURL || u.Host == "" || u.String() != id:
		return errors.New("is no URL as it should be written")
	case u.Scheme != "https":
		return errors.New("must be https")
	case u.User != nil || u.Fragment != "":
		return errors.New("must have no user name and no fragment")
	case u.Path == "" || u.Path == "/":
		return errors.New("must have a path")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return errors.New("must have no dot segments")
		}
	}
	return nil
}

func readDocument(id string, f *Fetched) (*Client, error) {
	if f.Status != http.StatusOK {
		return nil, fmt.Errorf("was answered with HTTP %d", f.Status)
	}
	if media, _, err := mime.ParseMediaType(f.ContentType); err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return nil, fmt.Errorf("is not sent as application/json but as %.80q", f.ContentType)
	}
	var doc document
	if err := json.Unmarshal(f.Body, &doc); err != nil {
		return nil, errors.New("is no JSON object as it should be")
	}
	switch {
	case doc.ID != id:
		return nil, fmt.Errorf("names the client_id %.200q, which is another", doc.ID)
	case len(doc.Secret) > 0 || strings.HasPrefix(doc.AuthMethod, "client_secret"):
		return nil, errors.New("wants a client secret, which a public document cannot keep")
	case doc.AuthMethod != "" && doc.AuthMethod != "none" && doc.AuthMethod != privateKeyJWT:
		return nil, fmt.Errorf("wants token_endpoint_auth_method %.80q; Sluice knows none and %s", doc.AuthMethod, privateKeyJWT)
	}
	name, err := checkClientName(doc.Name)
	if err != nil {
		return nil, fmt.Errorf("has a client_name that will not do: %w", err)
	}
	if err := checkRedirectURIs(doc.RedirectURIs); err != nil {
		return nil, fmt.Errorf("cannot be used: %w", err)
	}
	c := &Client{ID: id, Kind: Document, Name: name, URI: doc.URI, RedirectURIs: doc.RedirectURIs}
	if doc.AuthMethod == privateKeyJWT {
		if c.keys, c.keysURL = doc.Keys, doc.KeysURL; len(c.keys) == 0 && c.keysURL == "" {
			return nil, errors.New("wants to prove itself by a key and names none: it needs jwks or jwks_uri")
		}
	}
	return c, nil
}

// lifeOf is how long a document may be kept (RFC 9111, section 5.2.2), within bounds.
func lifeOf(cacheControl string) time.Duration {
	life := documentLife
	for directive := range strings.SplitSeq(cacheControl, ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return minDocumentLife
		case "max-age":
			if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil {
				life = time.Duration(seconds) * time.Second
			}
		}
	}
	return min(max(life, minDocumentLife), maxDocumentLife)
}
