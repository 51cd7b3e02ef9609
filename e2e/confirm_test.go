package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// What deletes asks first, in the demo and wherever a server says so, and official clients put the question to their person by themselves.

const bulkDelete = "octapipe_database_records_bulk_delete"

// asked is a client with somebody behind it who answers every question in one way.
type asked interface {
	client
	questions() []string // of the last call
}

// askedGoSDK is the official Go client with an elicitation handler.
type askedGoSDK struct {
	goSDK
	heard []string
}

func (c *askedGoSDK) questions() []string { return c.heard }

func (c *askedGoSDK) CallTool(ctx context.Context, name string, arguments map[string]any) (*answer, error) {
	c.heard = nil
	return c.goSDK.CallTool(ctx, name, arguments)
}

func connectAskedGoSDK(t *testing.T, transport mcp.Transport, action string) asked {
	t.Helper()
	c := &askedGoSDK{}
	var err error
	c.session, err = mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-go", Version: "1.0.0"}, &mcp.ClientOptions{
		ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			c.heard = append(c.heard, r.Params.Message)
			return &mcp.ElicitResult{Action: action}, nil
		},
	}).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatalf("connect the Go SDK's client: %v", err)
	}
	t.Cleanup(func() { c.session.Close() })
	return c
}

// askedNode is the official TypeScript client with somebody behind it.
type askedNode struct {
	*nodeClient
	heard []string
}

func (c *askedNode) questions() []string { return c.heard }

func (c *askedNode) CallTool(_ context.Context, name string, arguments map[string]any) (*answer, error) {
	var got struct {
		answer
		Asked []string `json:"asked"`
	}
	err := c.ask(map[string]any{"method": "tools/call", "name": name, "arguments": arguments}, &got)
	c.heard = got.Asked
	return &got.answer, err
}

// leftovers makes records of a name of their own, and returns the call that deletes them and how many there still are.
func (h *house) leftovers(t *testing.T, name string, n int) (arguments map[string]any, left func() int) {
	t.Helper()
	database := h.sandboxFind(t, "/databases", "name", "Leads").text("uuid")
	for range n {
		h.sandbox(t, "POST", "/databases/"+database+"/records", fmt.Sprintf(`{"name":%q,"custom_fields_values":{"cf_company":"Example","cf_status":"New"}}`, name)).want(t, 200, 201)
	}
	return map[string]any{"database_uuid": database, "filters": []any{map[string]any{"field": "name", "operator": "eq", "value": name}}}, func() int {
		count := 0
		for _, r := range h.sandboxList(t, "/databases/"+database+"/records") {
			if r.text("name") == name {
				count++
			}
		}
		return count
	}
}

func TestOfficialClientsPutTheQuestionToTheirPerson(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		url := h.mcpServer(t, `{"name":"asks","config":{"confirm":"destructive"}}`).URL
		t.Run("each", func(t *testing.T) {
			for _, c := range []struct {
				name    string
				connect func(t *testing.T, action string) asked
			}{
				{"Go SDK", func(t *testing.T, action string) asked {
					return connectAskedGoSDK(t, &mcp.StreamableClientTransport{Endpoint: url}, action)
				}},
				{"Go SDK through the bridge", func(t *testing.T, action string) asked {
					return connectAskedGoSDK(t, &mcp.CommandTransport{Command: exec.Command(binary, "stdio", url), TerminateDuration: 10 * time.Second}, action)
				}},
				{"TypeScript SDK", func(t *testing.T, action string) asked {
					return &askedNode{nodeClient: startNode(t, "typescript", url, modern, action)}
				}},
			} {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					arguments, left := h.leftovers(t, c.name, 2)
					for _, action := range []string{"decline", "cancel", "accept"} {
						a := c.connect(t, action)
						got, err := a.CallTool(t.Context(), bulkDelete, arguments)
						if err != nil {
							t.Fatalf("%s: %v", action, err)
						}
						if questions := a.questions(); len(questions) != 1 || !strings.HasPrefix(questions[0], "Delete 2 records of Leads?\n") {
							t.Errorf("%s: the person was asked %q", action, questions)
						}
						if action == "accept" {
							if got.IsError || left() != 0 {
								t.Errorf("what the person agreed to was not done: %s, and %d are left", got.text(t), left())
							}
							continue
						}
						if !got.IsError || !strings.Contains(got.text(t), "nothing was sent") || left() != 2 {
							t.Errorf("%s: answered %s, and %d of 2 are left", action, got.text(t), left())
						}
					}
				})
			}
		})
		t.Run("and the log tells", func(t *testing.T) {
			for outcome, want := range map[string]int{"declined": 2, "asked": 3, "ok": 1} {
				var log struct {
					Result []object `json:"result"`
				}
				for _, client := range []string{"sluice-e2e-go", "sluice-e2e-typescript"} {
					h.api(t, "GET", "/log?tool_name="+bulkDelete+"&outcome="+outcome+"&client_name="+client, "").want(t, 200).decode(t, &log)
					expected := want
					if client == "sluice-e2e-go" {
						expected *= 2 // with the bridge and without
					}
					if len(log.Result) != expected {
						t.Errorf("the log has %d calls of %s that ended as %s, want %d", len(log.Result), client, outcome, expected)
					}
				}
			}
		})
	})
}

// confirmationIn finds the confirmation that an answer tells the model to bring back.
var confirmationIn = regexp.MustCompile(`"confirmation": "([A-Za-z0-9_-]+)"`)

func TestAClientThatCannotAskIsToldToShowTheQuestion(t *testing.T) {
	h := startDemo(t)
	for _, d := range []struct {
		name    string
		connect func(t *testing.T) client
	}{
		{"a client without elicitation", func(t *testing.T) client { return connectTypeScript(t, h.MCPURL) }},
		{"a client with elicitation on an earlier revision", func(t *testing.T) client {
			return &askedNode{nodeClient: startNode(t, "typescript", h.MCPURL, legacy, "accept")}
		}},
		{"the Go SDK without a handler", func(t *testing.T) client { return connectGoSDK(t, h.MCPURL) }},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			a := agent{t, d.connect(t)}
			arguments, left := h.leftovers(t, d.name, 2)
			told := a.refused(bulkDelete, arguments)
			found := confirmationIn.FindStringSubmatch(told)
			if found == nil || !strings.Contains(told, "Show them this question") || !strings.Contains(told, "Delete 2 records of Leads?") || left() != 2 {
				t.Fatalf("the demo answers %q, and %d of 2 are left", told, left())
			}
			if other, _ := h.leftovers(t, d.name+" (another)", 1); !strings.Contains(a.refused(bulkDelete, with(other, map[string]any{"confirmation": found[1]})), "was not given for this call") {
				t.Error("a confirmation is taken for another call")
			}
			var done struct{ Deleted int }
			a.call(&done, bulkDelete, with(arguments, map[string]any{"confirmation": found[1]}))
			if done.Deleted != 2 || left() != 0 {
				t.Errorf("what was confirmed was not done: %+v, and %d are left", done, left())
			}
			if again := a.refused(bulkDelete, with(arguments, map[string]any{"confirmation": found[1]})); !strings.Contains(again, "used before") {
				t.Errorf("a confirmation that was used is answered with %q", again)
			}
		})
	}
}

func TestAQuestionIsWhatTheRevisionSaysItIs(t *testing.T) {
	h := startDemo(t)
	arguments, left := h.leftovers(t, "Raw", 1)
	raw, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	call := func(capabilities, more string) *response {
		t.Helper()
		body, headers := request(t, modern, "tools/call", `{"name":"`+bulkDelete+`","arguments":`+string(raw)+more+`}`)
		return send(t, "POST", h.MCPURL, strings.Replace(body, `"io.modelcontextprotocol/clientCapabilities":{}`, `"io.modelcontextprotocol/clientCapabilities":`+capabilities, 1), headers...).want(t, 200)
	}
	type result struct {
		ResultType    string
		IsError       bool
		RequestState  string
		Content       []any
		InputRequests map[string]struct {
			Method string
			Params struct {
				Mode, Message   string
				RequestedSchema struct{ Type string }
			}
		}
	}
	read := func(r *response) (got result) {
		t.Helper()
		var whole struct{ Result result }
		r.decode(t, &whole)
		return whole.Result
	}
	const form = `{"elicitation":{}}`
	got := read(call(form, ""))
	q := got.InputRequests["confirmation"]
	if got.ResultType != "input_required" || len(got.InputRequests) != 1 || got.RequestState == "" || got.Content != nil ||
		q.Method != "elicitation/create" || q.Params.Mode != "form" || q.Params.RequestedSchema.Type != "object" || !strings.HasPrefix(q.Params.Message, "Delete 1 record of Leads?\n") {
		t.Errorf("the question is %+v", got)
	}
	for name, capabilities := range map[string]string{"nothing": `{}`, "URLs alone": `{"elicitation":{"url":{}}}`, "something else": `{"sampling":{}}`} {
		if got := read(call(capabilities, "")); got.ResultType != "complete" || !got.IsError || got.InputRequests != nil {
			t.Errorf("a client that knows %s is answered %+v", name, got)
		}
	}
	for name, more := range map[string]string{
		"a state that was changed":     `,"requestState":"` + got.RequestState + `-TAMPERED","inputResponses":{"confirmation":{"action":"accept"}}`,
		"a state that is no text":      `,"requestState":7,"inputResponses":{"confirmation":{"action":"accept"}}`,
		"responses that are no object": `,"requestState":"` + got.RequestState + `","inputResponses":[1]`,
		"an answer that is none":       `,"requestState":"` + got.RequestState + `","inputResponses":{"confirmation":12345}`,
		"an action that is none":       `,"requestState":"` + got.RequestState + `","inputResponses":{"confirmation":{"action":"perhaps"}}`,
	} {
		var refused struct{ Error struct{ Code int } }
		call(form, more).decode(t, &refused)
		if refused.Error.Code != -32602 {
			t.Errorf("%s is answered with the error %d, want -32602", name, refused.Error.Code)
		}
	}
	for name, more := range map[string]string{
		"no answer":               `,"requestState":"` + got.RequestState + `"`,
		"an answer to another":    `,"requestState":"` + got.RequestState + `","inputResponses":{"other":{"action":"accept"}}`,
		"an answer without state": `,"inputResponses":{"confirmation":{"action":"accept"}}`,
		"no responses":            `,"inputResponses":null`,
	} {
		if again := read(call(form, more)); again.ResultType != "input_required" || again.RequestState == got.RequestState {
			t.Errorf("with %s the question is not put again: %+v", name, again)
		}
	}
	if left() != 1 {
		t.Fatal("what nobody agreed to was done")
	}
	if done := read(call(form, `,"requestState":"`+got.RequestState+`","inputResponses":{"confirmation":{"action":"accept"},"unknown":{"action":"accept"}}`)); done.ResultType != "complete" || done.IsError || left() != 0 {
		t.Errorf("what was agreed to ends as %+v, and %d are left", done, left())
	}
}

func TestAPersonTellsWhatTheModelShouldNotMakeUp(t *testing.T) {
	h := startDemo(t)
	open := startConformance(t, h)
	var asks createdServer
	h.api(t, "POST", "/integrated-account/"+open.AccountID+"/mcp", `{"name":"asks","config":{"confirm":"writes"}}`).want(t, 200, 201).decode(t, &asks)
	const tool = "test_input_required_result_multi_round"
	for name, c := range map[string]struct {
		url       string
		arguments map[string]any
		action    string
		want      []string // what the person was asked
		answer    string
	}{
		"form by form":                  {open.URL, nil, "accept", []string{"Step 1: What is your name?", "Step 2: What is your favorite color?"}, `{"name":"Ada","color":"green"}`},
		"what the call lacks":           {open.URL, map[string]any{"name": "Grace"}, "accept", []string{"Step 2: What is your favorite color?"}, `{"name":"Grace","color":"green"}`},
		"nothing that is there":         {open.URL, map[string]any{"name": "Grace", "color": "blue"}, "accept", nil, `{"name":"Grace","color":"blue"}`},
		"and to agree in the end":       {asks.URL, nil, "accept", []string{"Step 1: What is your name?", "Step 2: What is your favorite color?", "Questions: rounds with name Ada and color green?"}, `{"name":"Ada","color":"green"}`},
		"and is heard when they do not": {open.URL, nil, "decline", []string{"Step 1: What is your name?"}, "nothing was sent"},
		"not where the rest is wrong":   {open.URL, map[string]any{"size": 1}, "accept", nil, "size is not an argument"},
	} {
		t.Run(name, func(t *testing.T) {
			var heard []string
			session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-forms", Version: "1.0.0"}, &mcp.ClientOptions{
				ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
					heard = append(heard, r.Params.Message)
					schema, err := json.Marshal(r.Params.RequestedSchema)
					if err != nil {
						return nil, err
					}
					content := map[string]any{}
					for field, value := range map[string]string{"name": "Ada", "color": "green"} {
						if strings.Contains(string(schema), `"`+field+`":{`) {
							content[field] = value
						}
					}
					return &mcp.ElicitResult{Action: c.action, Content: content}, nil
				},
			}).Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: c.url}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			got, err := (&goSDK{session}).CallTool(t.Context(), tool, c.arguments)
			if err != nil {
				t.Fatal(err)
			}
			if said := got.text(t); !strings.Contains(said, c.answer) {
				t.Errorf("the call is answered %s, want %s", said, c.answer)
			}
			if strings.Join(heard, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("the person was asked %q, want %q", heard, c.want)
			}
		})
	}
	t.Run("and a client that cannot ask them is told so", func(t *testing.T) {
		if told := (agent{t, connectGoSDK(t, open.URL)}).refused(tool, nil); !strings.Contains(told, `color is required: ask the person, do not make it up ("Step 2: What is your favorite color?")`) {
			t.Errorf("%s", told)
		}
	})
}
