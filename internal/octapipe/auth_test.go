package octapipe_test

import (
	"net/http"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func (s *service) login() string {
	s.t.Helper()
	return s.as("").do("POST", "/login", s.box.Login()).is(200).object()["authorization"].(object)["token"].(string)
}

func TestLoginGivesAToken(t *testing.T) {
	s := start(t, octapipe.Config{})
	granted := s.as("").do("POST", "/login", s.box.Login()).is(200).object()["authorization"].(object)
	equal(t, "type", "bearer", granted["type"].(string))
	equal(t, "expires_in", 3600, granted["expires_in"].(float64))
	me := s.as(granted["token"].(string)).do("GET", "/me", nil).is(200).object()
	equal(t, "email", s.box.Login().Email, me["email"].(string))
}

func TestLoginRefusesWhatIsWrong(t *testing.T) {
	s := start(t, octapipe.Config{})
	right := s.box.Login()
	for name, wrong := range map[string]octapipe.Login{
		"the password":      {Domain: right.Domain, Email: right.Email, Password: right.Password + "x"},
		"the domain":        {Domain: "elsewhere", Email: right.Email, Password: right.Password},
		"an unknown person": {Domain: right.Domain, Email: "nobody@northwind.example", Password: right.Password},
	} {
		t.Run(name, func(t *testing.T) { s.as("").do("POST", "/login", wrong).is(401) })
	}
	s.as("").do("POST", "/login", object{"domain": right.Domain}).refuses("email", "password")
}

func TestATokenEndsAfterAnHourAndIsRefreshedForTwoWeeks(t *testing.T) {
	s := start(t, octapipe.Config{})
	old := s.as(s.login())
	s.pass(59 * time.Minute)
	old.do("GET", "/me", nil).is(200)
	s.pass(time.Minute)
	equal(t, "message", "Unauthenticated.", old.do("GET", "/me", nil).is(401).object()["message"].(string))

	s.pass(24 * time.Hour)
	refreshed := old.do("POST", "/refresh", nil).is(200).object()["authorization"].(object)["token"].(string)
	s.as(refreshed).do("GET", "/me", nil).is(200)

	s.pass(13 * 24 * time.Hour) // two weeks count from the login, also for a token that was refreshed since
	old.do("POST", "/refresh", nil).is(401)
	s.as(refreshed).do("POST", "/refresh", nil).is(401)
	s.as(s.login()).do("GET", "/me", nil).is(200)
}

func TestTheLifeOfATokenCanBeSet(t *testing.T) {
	s := start(t, octapipe.Config{TokenLife: 5 * time.Second})
	short := s.as(s.login())
	s.pass(5 * time.Second)
	short.do("GET", "/me", nil).is(401)
}

func TestATokenThatWasTouchedIsRefused(t *testing.T) {
	s := start(t, octapipe.Config{})
	token := s.login()
	other := start(t, octapipe.Config{}).login()
	for name, bad := range map[string]string{
		"none": "", "nonsense": "abc", "cut short": token[:len(token)-2], "of another sandbox": other, "an unknown key": "octa_00",
	} {
		t.Run(name, func(t *testing.T) {
			s.as(bad).do("GET", "/me", nil).is(401)
			s.as(bad).do("POST", "/refresh", nil).is(401)
		})
	}
}

func TestAnAPIKeyHasNoEnd(t *testing.T) {
	s := start(t, octapipe.Config{})
	s.pass(1000 * 24 * time.Hour)
	s.do("GET", "/me", nil).is(200)

	minted := s.do("POST", "/api-keys", object{"name": "for the gateway"}).is(201).object()
	keyed := s.as(minted["token"].(string))
	keyed.do("GET", "/me", nil).is(200)
	s.do("DELETE", "/api-keys/"+minted["uuid"].(string), nil).is(204)
	keyed.do("GET", "/me", nil).is(401)
}

func TestAPersonWhoIsGoneIsLoggedOut(t *testing.T) {
	s := seeded(t)
	pipeline := s.named("/pipelines", "Hiring")
	person := object{
		"first_name": "Elon", "last_name": "Musk", "email": "elon@northwind.example", "initial_password": "@Elon1234Musk", "role": "user",
		"enabled_pipelines": []string{pipeline},
	}
	uuid := s.do("POST", "/users", person).is(201).object()["uuid"].(string)
	credentials := octapipe.Login{Domain: octapipe.Domain, Email: "elon@northwind.example", Password: "@Elon1234Musk"}
	token := s.as("").do("POST", "/login", credentials).is(200).object()["authorization"].(object)["token"].(string)
	theirs := s.as(token)

	t.Run("role user may not do what administrators do", func(t *testing.T) {
		refused := theirs.do("POST", "/databases", object{"name": "Mine"}).is(403).object()
		equal(t, "message", "This action is unauthorized.", refused["message"].(string))
		theirs.do("DELETE", "/users/"+uuid, nil).is(403)
		theirs.do("POST", "/api-keys", object{"name": "x"}).is(403)
	})
	t.Run("only enabled pipelines are there", func(t *testing.T) {
		equal(t, "pipelines", 1, into[struct{ Total int }](theirs.do("GET", "/pipelines", nil)).Total)
		theirs.do("GET", "/pipelines/"+pipeline+"/cards", nil).is(200)
		theirs.do("GET", "/pipelines/"+s.named("/pipelines", "Enterprise Sales")+"/cards", nil).is(403)
	})
	t.Run("a person changes their own name and not their own role", func(t *testing.T) {
		self := theirs.do("GET", "/me", nil).is(200).object()
		self["first_name"], self["role"] = "Mars", "admin"
		changed := theirs.do("PUT", "/users/"+uuid, self).is(200).object()
		equal(t, "first_name", "Mars", changed["first_name"].(string))
		equal(t, "role", "user", changed["role"].(string))
	})
	s.do("DELETE", "/users/"+uuid, nil).is(204)
	theirs.do("GET", "/me", nil).is(401)
	theirs.do("POST", "/refresh", nil).is(401)
	s.as("").do("POST", "/login", credentials).is(401)
}

func TestTheRateLimitIsCountedForEachToken(t *testing.T) {
	s := start(t, octapipe.Config{RateLimit: 3})
	for remaining := 2; remaining >= 0; remaining-- {
		got := s.do("GET", "/me", nil).is(200)
		equal(t, "limit", "3", got.header.Get("X-RateLimit-Limit"))
		equal(t, "remaining", string(rune('0'+remaining)), got.header.Get("X-RateLimit-Remaining"))
	}
	s.pass(20*time.Second + time.Millisecond)
	refused := s.do("GET", "/me", nil).is(http.StatusTooManyRequests)
	equal(t, "body", `{"message":"Too Many Attempts."}`, string(refused.body))
	equal(t, "remaining", "0", refused.header.Get("X-RateLimit-Remaining"))
	equal(t, "retry after", "40", refused.header.Get("Retry-After"))
	equal(t, "reset", "1772366460", refused.header.Get("X-RateLimit-Reset"))

	other := s.as(s.login())
	equal(t, "another token's remaining", "2", other.do("GET", "/me", nil).is(200).header.Get("X-RateLimit-Remaining"))
	equal(t, "an error's remaining", "1", other.do("GET", "/tasks/none", nil).is(404).header.Get("X-RateLimit-Remaining"))

	s.pass(40 * time.Second)
	equal(t, "remaining in the next minute", "2", s.do("GET", "/me", nil).is(200).header.Get("X-RateLimit-Remaining"))
}

func TestWithoutALimitThereAreNoHeaders(t *testing.T) {
	s := start(t, octapipe.Config{})
	if got := s.do("GET", "/me", nil).header.Get("X-RateLimit-Limit"); got != "" {
		t.Errorf("want no X-RateLimit-Limit, got %s", got)
	}
}
