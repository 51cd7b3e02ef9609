package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/confirmation"
	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/store/storetest"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

const (
	bulkUpdate = "octapipe_database_records_bulk_update"
	bulkDelete = "octapipe_database_records_bulk_delete"
)

// asker is a world with an MCP server whose calls ask first, on two nodes.
type asker struct {
	*world
	other    *node.Node
	server   *mcpserver.Server
	database string
}

func newAsker(t *testing.T, url, config string) *asker {
	t.Helper()
	var settings node.Settings
	w := newWorld(t, func(s *node.Settings) {
		s.Database, s.MasterKey = url, strings.Repeat("A", 42)+"w="
		settings = *s
	})
	other, err := node.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	a := &asker{world: w, other: other, database: w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")}
	if a.server, _, err = w.node.Servers.Create(t.Context(), mcpserver.Draft{Environment: w.account.Environment, AccountID: w.account.ID, Name: "asks", Config: []byte(config)}); err != nil {
		t.Fatal(err)
	}
	w.sandbox.ForgetRequests()
	return a
}

// on calls a tool on a node as a client that can ask its person, with an answer to a question or without.
func (a *asker) on(n *node.Node, tool, arguments string, answer *gateway.Answer) (*gateway.Result, error) {
	return a.callOn(n, a.server, true, tool, arguments, answer)
}

func (a *asker) callOn(n *node.Node, server *mcpserver.Server, canAsk bool, tool, arguments string, answer *gateway.Answer) (*gateway.Result, error) {
	c, err := n.Gateway.Open(a.Context(), server)
	if err != nil {
		return nil, err
	}
	c.CanAsk, c.Answer = canAsk, answer
	return n.Gateway.Call(a.Context(), c, tool, []byte(arguments))
}

// asks is a call that has to be answered with a question.
func (a *asker) asks(tool, arguments string, answer *gateway.Answer) *gateway.Question {
	a.Helper()
	r, err := a.on(a.node, tool, arguments, answer)
	if err != nil {
		a.Fatalf("%s: %v", tool, err)
	}
	if r.Question == nil || r.Outcome != vendor.Unsent || !r.Failed() {
		a.Fatalf("%s was not answered with a question, but with outcome %v: %s%s", tool, r.Outcome, r.Message, r.Body)
	}
	return r.Question
}

// records are arguments that pick the records of a risk.
func (a *asker) records(risk, more string) string {
	return fmt.Sprintf(`{"database_uuid":%q,"filters":[{"field":"Risk Level","operator":"eq","value":%q}]%s}`, a.database, risk, more)
}

func (a *asker) wantNothingWritten() {
	a.Helper()
	if writes := a.writes(); len(writes) > 0 {
		a.Fatalf("the vendor was sent %s %s, and nobody agreed to it", writes[0].Method, writes[0].Path)
	}
}

// agreed is the answer of a person who agreed to a question.
func agreed(q *gateway.Question) *gateway.Answer { return gateway.Agreed(q.State) }

func eachAsker(t *testing.T, config string, f func(a *asker)) {
	storetest.EachURL(t, func(t *testing.T, url string) { f(newAsker(t, url, config)) })
}

func TestAQuestionSaysInWordsWhatWillChange(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{"confirm":"writes"}`)
	pipeline := a.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	card := a.id("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":"`+pipeline+`"}`, "TechNova Upgrade")
	var now struct {
		Name string
		SLA  json.RawMessage
	}
	if err := json.Unmarshal(a.ok("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":%q}`, pipeline, card).Body, &now); err != nil {
		t.Fatal(err)
	}
	of := fmt.Sprintf(`"pipeline_uuid":%q,"id":%q`, pipeline, card)
	for _, c := range []struct {
		tool, arguments string
		want            []string
		reads           int // calls to the vendor that the question costs; 0: as many as there are pages
	}{
		{bulkUpdate, a.records("Low", `,"values":{"Risk Level":"High"}`), []string{"Set Risk Level to High on ", " records of Vendor Compliance?\n", "Which: Risk Level is Low\n", "Among them: "}, 0},
		{bulkUpdate, fmt.Sprintf(`{"database_uuid":%q,"filters":[{"field":"Last Assessment","operator":"lt","value":"365 days ago"}],"values":{"name":"on 1 record of Nothing?"}}`, a.database),
			[]string{"Set name to “on 1 record of Nothing?” on ", "Which: Last Assessment is before 20"}, 0},
		{bulkDelete, a.records("Low", ""), []string{"Delete ", " records of Vendor Compliance?\n", "What is deleted is lost: Sluice cannot bring it back."}, 0},
		{"update_a_octapipe_pipeline_card_by_id", `{` + of + `,"name":"TechNova Renewal","sla":` + string(now.SLA) + `,"pipeline_stage_uuid":"Contract Sent"}`,
			[]string{"Change the card TechNova Upgrade of Q3 Renewals: name from TechNova Upgrade to TechNova Renewal and pipeline stage to Contract Sent?"}, 4}, // the stage's name, whether the card has a stage of that id, the card, the pipeline
		{"delete_a_octapipe_pipeline_card_by_id", `{` + of + `}`, []string{"Delete the card TechNova Upgrade of Q3 Renewals?\nIt is lost then: Sluice cannot bring it back."}, 2},
		{"delete_a_octapipe_pipeline_by_id", `{"id":"` + pipeline + `"}`, []string{"Delete the pipeline Q3 Renewals?\nIt is lost then, with its custom fields, stages and cards: Sluice cannot"}, 1},
		{"create_a_octapipe_database_record", fmt.Sprintf(`{"database_uuid":%q,"name":"Acme","custom_fields_values":{"Risk Level":"Low"}}`, a.database), []string{"Create a record Acme of Vendor Compliance with Risk Level Low?"}, 1},
		{"octapipe_notifications_mark_read", `{"id":"` + card + `"}`, []string{"Mark read: the notification " + card + "?"}, -1},
	} {
		a.sandbox.ForgetRequests()
		q := a.asks(c.tool, c.arguments, nil)
		for _, want := range c.want {
			if !strings.Contains(q.Text, want) {
				t.Errorf("the question of %s lacks %q:\n%s", c.tool, want, q.Text)
			}
		}
		reads := len(a.sandbox.Requests())
		if c.reads > 0 && reads > c.reads || c.reads < 0 && reads > 0 {
			t.Errorf("the question of %s took %d calls to the vendor, want at most %d", c.tool, reads, max(c.reads, 0))
		}
		a.wantNothingWritten()
	}
}

func TestWhatAPersonAgreesToIsSentOnceByWhicheverNode(t *testing.T) {
	eachAsker(t, `{"confirm":"writes"}`, func(a *asker) {
		arguments := a.records("Low", `,"values":{"Risk Level":"High"}`)
		q := a.asks(bulkUpdate, arguments, nil)
		a.wantNothingWritten()
		r, err := a.on(a.other, bulkUpdate, arguments, agreed(q))
		if err != nil || r.Failed() {
			a.Fatalf("what was agreed to was not done: %v, %+v", err, r)
		}
		if writes := a.writes(); len(writes) != 1 {
			a.Fatalf("the vendor was sent %d writes, want 1", len(writes))
		}
		for _, n := range []*node.Node{a.node, a.other} {
			r, err := a.on(n, bulkUpdate, arguments, agreed(q))
			if err != nil || !r.Failed() || r.Question != nil || !strings.Contains(r.Message, "used before") {
				a.Errorf("an agreement that was used is answered with %v, %+v", err, r)
			}
		}
		if writes := a.writes(); len(writes) != 1 {
			a.Errorf("an agreement that was used sent another write: %d", len(writes))
		}
	})
}

func TestOfManyWhoBringTheSameAgreementOneActs(t *testing.T) {
	eachAsker(t, `{"confirm":"destructive"}`, func(a *asker) {
		arguments := a.records("Low", "")
		q := a.asks(bulkDelete, arguments, nil)
		var done, refused atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				n := a.node
				if i%2 == 1 {
					n = a.other
				}
				r, err := a.on(n, bulkDelete, arguments, agreed(q))
				switch {
				case err != nil:
					a.Errorf("%v", err)
				case !r.Failed():
					done.Add(1)
				default:
					refused.Add(1) // used before; or, since nothing is left to delete, asked again
				}
			})
		}
		all.Wait()
		if writes := a.writes(); done.Load() != 1 || refused.Load() != 7 || len(writes) != 1 {
			a.Errorf("%d of 8 were done and %d refused, with %d writes; want one of each kind of it", done.Load(), refused.Load(), len(writes))
		}
	})
}

func TestAnAgreementIsGoodForItsOwnCallAlone(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{"confirm":"writes"}`)
	arguments := a.records("Low", `,"values":{"Risk Level":"High"}`)
	q := a.asks(bulkUpdate, arguments, nil)
	other, _, err := a.node.Servers.Create(t.Context(), mcpserver.Draft{Environment: a.account.Environment, AccountID: a.account.ID, Name: "other", Config: []byte(`{"confirm":"writes"}`)})
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(q.State)
	changed[len(changed)/2] ^= 1
	for name, call := range map[string]func() (*gateway.Result, error){
		"other values": func() (*gateway.Result, error) {
			return a.on(a.node, bulkUpdate, strings.Replace(arguments, "High", "Low", 1), agreed(q))
		},
		"another tool": func() (*gateway.Result, error) { return a.on(a.node, bulkDelete, a.records("Low", ""), agreed(q)) },
		"another server": func() (*gateway.Result, error) {
			return a.callOn(a.node, other, true, bulkUpdate, arguments, agreed(q))
		},
		"a changed state": func() (*gateway.Result, error) {
			return a.on(a.node, bulkUpdate, arguments, gateway.Agreed(string(changed)))
		},
		"another caller": func() (*gateway.Result, error) {
			c, err := a.node.Gateway.Open(t.Context(), a.server)
			if err != nil {
				return nil, err
			}
			c.CanAsk, c.TokenID, c.Answer = true, "tok_other", agreed(q)
			return a.node.Gateway.Call(t.Context(), c, bulkUpdate, []byte(arguments))
		},
	} {
		if r, err := call(); !errors.Is(err, gateway.ErrState) {
			t.Errorf("with %s the agreement is answered with %v, %+v; want ErrState", name, err, r)
		}
	}
	// What the client could put to its person is none of a model's to say, and the other way round.
	if r, err := a.callOn(a.node, a.server, false, bulkUpdate, strings.TrimSuffix(arguments, "}")+`,"confirmation":"`+q.State+`"}`, nil); err != nil || !r.Invalid || r.Field != "confirmation" {
		t.Errorf("a state of an elicitation, given as an argument, is answered with %v, %+v", err, r)
	}
	if q := a.asks(bulkUpdate, strings.TrimSuffix(arguments, "}")+`,"confirmation":"made up"}`, nil); q.Again {
		t.Error("an argument made a client that can ask its person ask again")
	}
	a.wantNothingWritten()
}

func TestAClientThatCannotAskBringsTheConfirmationAsAnArgument(t *testing.T) {
	eachAsker(t, `{"confirm":"destructive"}`, func(a *asker) {
		arguments := a.records("Low", "")
		r, err := a.callOn(a.node, a.server, false, bulkDelete, arguments, nil)
		if err != nil || r.Question == nil {
			a.Fatalf("%v, %+v", err, r)
		}
		for _, want := range []string{"Show them this question", r.Question.Text, r.Question.State} {
			if !strings.Contains(r.Message, want) {
				a.Errorf("the answer lacks %q: %s", want, r.Message)
			}
		}
		a.wantNothingWritten()
		r, err = a.callOn(a.other, a.server, false, bulkDelete, strings.TrimSuffix(arguments, "}")+`,"confirmation":"`+r.Question.State+`"}`, nil)
		if err != nil || r.Failed() {
			a.Fatalf("what was confirmed was not done: %v, %+v", err, r)
		}
		if strings.Contains(a.lastCall().arguments, "confirmation") {
			a.Error("the log keeps the confirmation")
		}
	})
}

func TestWhatChangedSinceIsAskedAgain(t *testing.T) {
	eachAsker(t, `{"confirm":"writes"}`, func(a *asker) {
		arguments := a.records("Low", `,"values":{"Risk Level":"High"}`)
		first := a.asks(bulkUpdate, arguments, nil)
		a.direct(http.MethodPost, "/databases/"+a.database+"/records", map[string]any{"name": "Newcomer", "custom_fields_values": a.valuesOfOne("Low")})
		a.sandbox.ForgetRequests()
		second := a.asks(bulkUpdate, arguments, agreed(first))
		if second.Text == first.Text || !second.Again {
			a.Errorf("one more record is asked about as before: %s", second.Text)
		}
		third := a.asks(bulkUpdate, arguments, agreed(first)) // the first is good for nothing more
		a.wantNothingWritten()
		if r, err := a.on(a.node, bulkUpdate, arguments, agreed(third)); err != nil || r.Failed() {
			a.Errorf("what was agreed to was not done: %v, %+v", err, r)
		}
	})
}

func TestAQuestionThatIsOverIsAskedAgain(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{"confirm":"writes"}`)
	arguments := a.records("Low", `,"values":{"Risk Level":"High"}`)
	q := a.asks(bulkUpdate, arguments, nil)
	if err := a.node.Store.Exec(t.Context(), "UPDATE confirmations SET expires_at = 1"); err != nil {
		t.Fatal(err)
	}
	if next := a.asks(bulkUpdate, arguments, agreed(q)); next.State == q.State {
		t.Error("a question that is over is given out again")
	}
	a.wantNothingWritten()
}

func TestWhatIsDeclinedIsNotSentAndRecordedSo(t *testing.T) {
	eachAsker(t, `{"confirm":"destructive"}`, func(a *asker) {
		arguments := a.records("Low", "")
		q := a.asks(bulkDelete, arguments, nil)
		if got := a.lastCall(); got.outcome != "asked" {
			a.Errorf("a call that asked is recorded as %q", got.outcome)
		}
		r, err := a.on(a.other, bulkDelete, arguments, gateway.Declined(q.State))
		if err != nil || !r.Declined || !strings.Contains(r.Message, "nothing was sent") {
			a.Fatalf("a decline is answered with %v, %+v", err, r)
		}
		if got := a.lastCallOf(a.other); got.outcome != "declined" {
			a.Errorf("a declined call is recorded as %q", got.outcome)
		}
		if r, err := a.on(a.node, bulkDelete, arguments, agreed(q)); err != nil || !r.Declined {
			a.Errorf("what was declined can be agreed to: %v, %+v", err, r)
		}
		a.wantNothingWritten()
	})
}

func TestWhatWaitsCanBeSeenAndDeclined(t *testing.T) {
	eachAsker(t, `{"confirm":"destructive"}`, func(a *asker) {
		arguments := a.records("Low", "")
		q := a.asks(bulkDelete, arguments, nil)
		waiting, _, err := a.other.Confirmations.List(a.Context(), a.account.Environment, confirmation.Filter{ServerID: a.server.ID})
		if err != nil || len(waiting) != 1 || waiting[0].Question != q.Text || waiting[0].Tool != bulkDelete {
			a.Fatalf("%v, %+v", err, waiting)
		}
		if err := a.other.Confirmations.Decline(a.Context(), "env_other", waiting[0].ID, "usr_1"); !errors.Is(err, confirmation.ErrNotFound) {
			a.Errorf("another environment declines it: %v", err)
		}
		if err := a.other.Confirmations.Decline(a.Context(), a.account.Environment, waiting[0].ID, "usr_1"); err != nil {
			a.Fatal(err)
		}
		if r, err := a.on(a.node, bulkDelete, arguments, agreed(q)); err != nil || !r.Declined {
			a.Errorf("what was declined where it waited is sent: %v, %+v", err, r)
		}
		if waiting, _, _ = a.node.Confirmations.List(a.Context(), a.account.Environment, confirmation.Filter{}); len(waiting) != 0 {
			a.Errorf("what was declined waits still: %+v", waiting)
		}
		a.wantNothingWritten()
	})
}

func TestAnApprovalIsWaitedForWhereTheServerSaysSo(t *testing.T) {
	eachAsker(t, `{"confirm":"destructive","confirm_by":"dashboard"}`, func(a *asker) {
		arguments := a.records("Low", "")
		q := a.asks(bulkDelete, arguments, nil)
		withIt := strings.TrimSuffix(arguments, "}") + `,"confirmation":"` + q.State + `"}`
		if again := a.asks(bulkDelete, withIt, nil); again.State != q.State {
			a.Error("a call that waits for approval is asked about anew")
		}
		waiting, _, err := a.node.Confirmations.List(a.Context(), a.account.Environment, confirmation.Filter{})
		if err != nil || len(waiting) != 1 || !waiting[0].NeedsApproval {
			a.Fatalf("%v, %+v", err, waiting)
		}
		a.wantNothingWritten()
		if err := a.other.Confirmations.Approve(a.Context(), a.account.Environment, waiting[0].ID, "usr_1"); err != nil {
			a.Fatal(err)
		}
		if r, err := a.on(a.node, bulkDelete, withIt, nil); err != nil || r.Failed() {
			a.Errorf("what was approved is not done: %v, %+v", err, r)
		}
	})
}

func TestAPolicyAsksForNoMoreThanItSays(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{"confirm":"destructive"}`)
	update := a.records("Low", `,"values":{"Risk Level":"High"}`)
	if r, err := a.on(a.node, bulkDelete, a.records("High", `,"dry_run":true`), nil); err != nil || r.Failed() {
		t.Errorf("a dry run asked, or failed: %v, %+v", err, r)
	}
	if r, err := a.on(a.node, bulkUpdate, update, nil); err != nil || r.Failed() {
		t.Errorf("an update asked where only what deletes should: %v, %+v", err, r)
	}
	if r := a.call(bulkUpdate, "%s", update); r.Failed() {
		t.Errorf("a server that says nothing of it asked: %s", r.Message)
	}
	c, err := a.node.Gateway.Open(t.Context(), a.server)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range c.Tools.Tools {
		if has := strings.Contains(string(tool.InputSchema), `"confirmation":{`); has != tool.Destructive {
			t.Errorf("%s has the argument confirmation: %v, and deletes: %v", tool.Name, has, tool.Destructive)
		}
	}
}

func TestAnAccountsRuleHoldsForEveryWayToIt(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{}`)
	acct, err := a.node.Accounts.Update(t.Context(), a.account.Environment, a.account.ID, account.Change{Settings: &account.Settings{Confirm: "writes"}})
	if err != nil {
		t.Fatal(err)
	}
	a.asks(bulkUpdate, a.records("Low", `,"values":{"Risk Level":"High"}`), nil)
	c, err := a.node.Gateway.OpenAccount(t.Context(), acct, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	arguments := []byte(a.records("Low", ""))
	r, err := a.node.Gateway.CallOperation(t.Context(), c, "database_records", "bulk_delete", arguments)
	if err != nil || r.Question == nil {
		t.Fatalf("%v, %+v", err, r)
	}
	a.wantNothingWritten()
	c.Answer = agreed(r.Question)
	if r, err = a.node.Gateway.CallOperation(t.Context(), c, "database_records", "bulk_delete", arguments); err != nil || r.Failed() {
		t.Errorf("what was agreed to was not done: %v, %+v", err, r)
	}
}

func TestAVendorThatLimitsTheLookIsPassedOn(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{}`)
	sandbox, err := url.Parse(a.vendor)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(sandbox)
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/records") {
			pass.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Retry-After", "7")
		rw.WriteHeader(http.StatusTooManyRequests)
	}))
	defer front.Close()
	login := a.sandbox.Login()
	if a.account, err = a.node.Accounts.Update(t.Context(), a.account.Environment, a.account.ID, account.Change{Settings: &account.Settings{Confirm: "destructive"}, Context: map[string]*string{"base_url": &front.URL}, Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password}}); err != nil {
		t.Fatal(err)
	}
	r, err := a.on(a.node, bulkDelete, a.records("Low", ""), nil)
	if err != nil || r.Outcome != vendor.RateLimited || r.RateLimit.RetryAfter != 7 || r.Question != nil || !strings.HasPrefix(r.Message, "Nothing was sent.") {
		t.Errorf("%v, %+v", err, r)
	}
	a.wantNothingWritten()
}

// valuesOfOne are the values of a record of a risk.
func (a *asker) valuesOfOne(risk string) map[string]any {
	a.Helper()
	var found []struct {
		Values map[string]any `json:"custom_fields_values"`
	}
	if err := json.Unmarshal(a.ok("list_all_octapipe_database_records", "%s", a.records(risk, `,"limit":1`)).Body, &found); err != nil || len(found) != 1 {
		a.Fatalf("%v, %d records", err, len(found))
	}
	return found[0].Values
}

type recorded struct{ outcome, arguments string }

func (a *asker) lastCall() recorded { return a.lastCallOf(a.node) }

// lastCallOf is what a node's log tells of the newest call.
func (a *asker) lastCallOf(n *node.Node) recorded {
	a.Helper()
	for _, each := range []*node.Node{a.node, a.other} {
		if err := each.Audit.Flush(context.Background()); err != nil {
			a.Fatal(err)
		}
	}
	page, _, err := n.Audit.List(a.Context(), audit.Filter{Environment: a.account.Environment}, "", 1)
	if err != nil || len(page) == 0 {
		a.Fatalf("the log: %v, %d calls", err, len(page))
	}
	return recorded{page[0].Outcome, string(page[0].Arguments)}
}
