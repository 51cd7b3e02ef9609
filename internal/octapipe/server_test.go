package octapipe_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"sluice/internal/octapipe"
)

func TestBadRequests(t *testing.T) {
	s := seeded(t)
	database, pipeline := s.named("/databases", "Leads"), s.named("/pipelines", "Hiring")
	for name, test := range map[string]struct {
		method, path string
		body         any
		status       int
	}{
		"an unknown route":              {"GET", "/cards", nil, 404},
		"an unknown method":             {"PATCH", "/tasks/x", nil, 405},
		"malformed JSON":                {"POST", "/tasks", `{"title":`, 400},
		"a list for an object":          {"POST", "/tasks", `[]`, 400},
		"null for an object":            {"POST", "/tasks", `null`, 400},
		"text that is no UTF-8":         {"POST", "/tasks", "{\"title\":\"\xff\"}", 400},
		"a NUL":                         {"POST", "/notes", `{"entity":"user","record_uuid":"x","note":"a\u0000b"}`, 422},
		"a NUL deep inside":             {"POST", "/databases/" + database + "/records", `{"name":"x","custom_fields_values":{"cf_company":"\u0000"}}`, 422},
		"a NUL in the query":            {"GET", "/tasks?status=a%00b", nil, 422},
		"a NUL in a filter":             {"GET", "/tasks?filters=" + url.QueryEscape(`[{"field":"title","operator":"eq","value":"\u0000"}]`), nil, 422},
		"a NUL in the path":             {"GET", "/tasks/%00", nil, 404},
		"a body over the limit":         {"POST", "/notes", `{"note":"` + strings.Repeat("x", 3<<20) + `"}`, 413},
		"an encoded slash in a parent":  {"GET", "/pipelines/" + pipeline + "%2Fcards", nil, 404},
		"an encoded slash in an id":     {"GET", "/pipelines/" + pipeline + "/cards/..%2F..%2Fstages", nil, 404},
		"a parent that is left out":     {"GET", "/pipelines//cards", nil, 404},
		"the parent None of the client": {"GET", "/pipelines/None/cards", nil, 404},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(test.method, test.path, test.body).is(test.status)
			if got.object()["message"] == "" {
				t.Errorf("want a message, got %s", got.body)
			}
		})
	}
}

func TestAWrongMethodNamesTheRightOnes(t *testing.T) {
	got := start(t, octapipe.Config{}).do("PATCH", "/databases/x", nil).is(405)
	equal(t, "Allow", "GET, PUT, DELETE", got.header.Get("Allow"))
}

func TestA422NamesEveryFieldAtOnce(t *testing.T) {
	s := start(t, octapipe.Config{})
	got := s.do("POST", "/tasks", object{"title": " ", "status": "done", "start_time": "9:00"})
	got.refuses("title", "start_date", "end_date", "start_time", "end_time", "status", "priority")
	if message := got.object()["message"].(string); !strings.HasSuffix(message, "(and 6 more errors)") {
		t.Errorf("want the number of errors in the message, got %q", message)
	}
}

func TestPagesOfBothKinds(t *testing.T) {
	s := seeded(t)
	type envelope struct {
		Data                                  []object
		CurrentPage, LastPage, PerPage, Total int
		NextPageURL                           *string `json:"next_page_url"`
	}
	t.Run("an envelope tells where the list goes on", func(t *testing.T) {
		got := s.do("GET", "/tasks?priority=low&limit=100", nil).is(200)
		page := into[struct {
			Data        []object
			CurrentPage int     `json:"current_page"`
			LastPage    int     `json:"last_page"`
			PerPage     int     `json:"per_page"`
			Total       int     `json:"total"`
			NextPageURL *string `json:"next_page_url"`
		}](got)
		equal(t, "per_page", 15, page.PerPage)
		equal(t, "items", 15, len(page.Data))
		equal(t, "last_page", (page.Total+14)/15, page.LastPage)
		seen := map[any]bool{}
		for number := 1; ; number++ {
			equal(t, "current_page", number, page.CurrentPage)
			for _, item := range page.Data {
				if seen[item["uuid"]] {
					t.Errorf("%s came twice", item["uuid"])
				}
				seen[item["uuid"]] = true
			}
			if page.NextPageURL == nil {
				equal(t, "the last page", page.LastPage, number)
				break
			}
			next := strings.TrimPrefix(*page.NextPageURL, s.url)
			if !strings.Contains(next, "priority=low") {
				t.Fatalf("want the filter in %s", next)
			}
			page = into[struct {
				Data        []object
				CurrentPage int     `json:"current_page"`
				LastPage    int     `json:"last_page"`
				PerPage     int     `json:"per_page"`
				Total       int     `json:"total"`
				NextPageURL *string `json:"next_page_url"`
			}](s.do("GET", next, nil).is(200))
		}
		equal(t, "items in all", page.Total, len(seen))
	})
	t.Run("a bare list ends with an empty page", func(t *testing.T) {
		path := "/databases/" + s.named("/databases", "Fleet") + "/records"
		for page, want := range map[string]int{"": 15, "?page=1": 15, "?page=3": 15, "?page=4": 3, "?page=5": 0, "?page=999999999999": 0} {
			equal(t, "items of "+page, want, len(s.do("GET", path+page, nil).is(200).list()))
		}
		equal(t, "an empty page", "[]", string(s.do("GET", path+"?page=9", nil).body))
	})
	t.Run("a limit above 15 is capped, and nonsense is not an error", func(t *testing.T) {
		for query, want := range map[string]int{"limit=100": 15, "limit=4": 4, "limit=0": 15, "limit=-1": 15, "limit=many": 15, "page=0": 15, "page=x": 15} {
			equal(t, "items with "+query, want, len(into[envelope](s.do("GET", "/tasks?"+query, nil).is(200)).Data))
		}
	})
}

func TestRequestsAreRemembered(t *testing.T) {
	s := start(t, octapipe.Config{})
	s.box.ForgetRequests()
	s.login()
	s.do("POST", "/notes?x=1", object{"note": "kept"}).is(422)
	s.do("GET", "/tasks/a%2Fb", nil).is(404)
	got := s.box.Requests()
	if len(got) != 3 {
		t.Fatalf("want 3 requests, got %d", len(got))
	}
	if got[0].Body != nil {
		t.Errorf("want no body of a login, got %s", got[0].Body)
	}
	equal(t, "the second", `POST /notes?x=1 {"note":"kept"} 422`, fmt.Sprintf("%s %s?%s %s %d", got[1].Method, got[1].Path, got[1].Query, got[1].Body, got[1].Status))
	equal(t, "the third", "GET /tasks/a%2Fb 404", fmt.Sprintf("%s %s %d", got[2].Method, got[2].Path, got[2].Status))
}

func TestADataFolderOutlivesTheSandbox(t *testing.T) {
	folder := t.TempDir()
	first := start(t, octapipe.Config{DataPath: folder, Seed: true})
	uuid := first.do("POST", "/databases", object{"name": "Kept"}).is(201).object()["uuid"].(string)
	logged := first.login()
	second := start(t, octapipe.Config{DataPath: folder, Seed: true})
	equal(t, "token", first.token, second.token)
	equal(t, "uuid", uuid, second.named("/databases", "Kept"))
	second.as(logged).do("GET", "/me", nil).is(200)
}

func TestATemporarySandboxLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	box, err := octapipe.Open(octapipe.Config{Seed: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 0 {
		t.Errorf("want an empty folder, got %v, %v", left, err)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	s := seeded(t)
	records := "/databases/" + s.named("/databases", "Fleet") + "/records"
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for i := range 5 {
				body := fmt.Sprintf(`{"name":"Falcon %d.%d","custom_fields_values":{"cf_vehicle_type":"Van"}}`, worker, i)
				for _, call := range []struct{ method, path, body string }{{"POST", records, body}, {"GET", records, ""}, {"GET", "/users", ""}} {
					r, _ := http.NewRequest(call.method, s.url+call.path, strings.NewReader(call.body))
					r.Header.Set("Authorization", "Bearer "+s.token)
					response, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					response.Body.Close()
					if response.StatusCode >= 300 {
						t.Errorf("%s %s: %d", call.method, call.path, response.StatusCode)
					}
				}
			}
		})
	}
	all.Wait()
	equal(t, "records", 48+16*5, len(s.all(records)))
}
