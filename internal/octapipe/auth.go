package octapipe

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Domain is the one company that lives in the sandbox.
const Domain = "northwind"

const (
	adminEmail    = "ada.lindqvist@northwind.example"
	adminPassword = "octapipe-sandbox"

	roleAdmin = "admin"
	roleUser  = "user"

	refreshLife = 14 * 24 * time.Hour // counted from the login [A]
	keyPrefix   = "octa_"
)

// claims are those of a login's token, a JWT signed with HS256 (RFC 7519) as the service's framework makes them [A].
type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"` // the user's uuid
	ID      string `json:"jti"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
	Login   int64  `json:"auth_time"` // carried over by refreshes
}

const jwtHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" // {"alg":"HS256","typ":"JWT"}

func (s *Sandbox) mac(text string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (s *Sandbox) sign(c claims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	signed := jwtHeader + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(s.mac(signed))
}

// verify checks a token's signature only: what has expired may still be refreshed.
func (s *Sandbox) verify(token string) (c claims, ok bool) {
	signed, signature, found := cutLast(token, ".")
	if !found || !strings.HasPrefix(signed, jwtHeader+".") {
		return c, false
	}
	got, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(got, s.mac(signed)) {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(signed[len(jwtHeader)+1:])
	return c, err == nil && json.Unmarshal(payload, &c) == nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// authenticate finds the user behind a token, and the name that the token's calls are counted by.
func (s *Sandbox) authenticate(ctx context.Context, token string) (who *user, counted string, err error) {
	var uuid string
	if strings.HasPrefix(token, keyPrefix) {
		hash := hashOf(token)
		err := s.db.QueryRowContext(ctx, "SELECT user_uuid FROM api_keys WHERE hash = ?", hash).Scan(&uuid)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", unauthenticated()
		}
		if err != nil {
			return nil, "", err
		}
		counted = "key " + hash
	} else {
		c, ok := s.verify(token)
		if !ok || s.config.Clock().Unix() >= c.Expires {
			return nil, "", unauthenticated()
		}
		uuid, counted = c.Subject, "token "+c.ID
	}
	who, err = activeUser(ctx, s.db, uuid)
	return who, counted, err
}

// activeUser is a user who may use the API: one who is neither gone nor switched off.
func activeUser(ctx context.Context, db querier, uuid string) (*user, error) {
	u, err := scanUser(db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE uuid = ? AND deleted_at = 0 AND is_active", uuid))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unauthenticated()
	}
	return u, err
}

type authorization struct {
	Token     string `json:"token"`
	Type      string `json:"type"`
	ExpiresIn int64  `json:"expires_in"` // seconds
}

func (c *call) grant(user string, login int64) (answer, error) {
	now := c.s.config.Clock().Unix()
	life := int64(c.s.config.TokenLife / time.Second)
	token := c.s.sign(claims{Issuer: "octapipe", Subject: user, ID: rand.Text(), Issued: now, Expires: now + life, Login: login})
	return ok(map[string]authorization{"authorization": {token, "bearer", life}})
}

func login(c *call) (answer, error) {
	var entered Login
	c.in.text("domain", &entered.Domain, maxName)
	c.in.text("email", &entered.Email, maxName)
	c.in.text("password", &entered.Password, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	u, err := scanUser(c.db.QueryRowContext(c, "SELECT "+userColumns+" FROM users WHERE lower(email) = lower(?) AND deleted_at = 0 AND is_active", entered.Email))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return answer{}, err
	}
	// The password is kept as it was set, since the service gives it back [K].
	if err != nil || entered.Domain != Domain || subtle.ConstantTimeCompare([]byte(entered.Password), []byte(u.InitialPassword)) != 1 {
		return answer{}, refuse(http.StatusUnauthorized, "These credentials do not match our records.")
	}
	return c.grant(u.UUID, c.s.config.Clock().Unix())
}

// refresh gives a new token for an old one, also for one that has expired, until two weeks after the login [A].
func refresh(c *call) (answer, error) {
	old, valid := c.s.verify(bearer(c.r))
	if !valid || c.s.config.Clock().Unix() >= old.Login+int64(refreshLife/time.Second) {
		return answer{}, unauthenticated()
	}
	u, err := activeUser(c, c.db, old.Subject)
	if err != nil {
		return answer{}, err
	}
	return c.grant(u.UUID, old.Login)
}

// keyOf derives an API key that needs no storing to be shown again.
func (s *Sandbox) keyOf(name string) string {
	return keyPrefix + hex.EncodeToString(s.mac("api key "+name))
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// createAPIKey mints a long-lived token for the administrator who asks [A]. It is shown this once.
func createAPIKey(c *call) (answer, error) {
	var name string
	c.in.text("name", &name, maxName)
	if err := c.in.faults.err(); err != nil {
		return answer{}, err
	}
	uuid, token := newUUID(), keyPrefix+strings.ToLower(rand.Text()+rand.Text())
	_, err := c.db.ExecContext(c, "INSERT INTO api_keys (uuid, name, hash, user_uuid, created_at) VALUES (?, ?, ?, ?, ?)",
		uuid, name, hashOf(token), c.user.UUID, c.now)
	if err != nil {
		return answer{}, err
	}
	return created(map[string]any{"uuid": uuid, "name": name, "token": token, "created_at": c.now})
}

func deleteAPIKey(c *call) (answer, error) {
	return c.remove("API key", "DELETE FROM api_keys WHERE uuid = ?", c.params["uuid"])
}
