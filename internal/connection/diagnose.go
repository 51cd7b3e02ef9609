package connection

import "time"

// State is how far an attempt got.
type State string

const (
	Connected State = "connected" // a call was made
	Failed    State = "failed"    // a step was answered with a refusal, and nothing came after it
	Waiting   State = "waiting"   // the next step may still come
	Stopped   State = "stopped"   // the next step never came
)

// patience is how long the next step may take. A person who signs in takes longer than a program.
const (
	patience       = time.Minute
	personPatience = 5 * time.Minute
)

// Verdict says what became of an attempt.
type Verdict struct {
	State State
	Step  StepName // the one that failed, or that never came
	Words string   // what happened, as a sentence
	Mend  string   // what to do about it; "" where there is nothing
}

// order is the way of a client. What stands on one line are ways to the same end.
var order = [][]StepName{{Challenge}, {ResourceMetadata}, {ServerMetadata}, {Registration, ClientMetadata}, {Authorization}, {SignIn}, {Consent}, {Token}, {Call, Refresh}}

// missing says, for the last step that went well, which one never came, why that is most often so, and the mend.
var missing = map[StepName]Verdict{
	Challenge: {Step: ResourceMetadata,
		Words: "The client was told to sign in and never asked where: it cannot sign in, or its version is too old to know how.",
		Mend:  "Update the client. If it cannot do OAuth, give it an MCP server with a secret URL instead (without auth: \"oauth\")."},
	ResourceMetadata: {Step: ServerMetadata,
		Words: "The client read what protects this server and went no further: it compares the resource named there with the URL that was typed, letter for letter.",
		Mend:  "Enter the URL exactly as Sluice shows it, with the same scheme and host and no slash at its end, and see that --public-url is the address that people use."},
	ServerMetadata: {Step: Authorization,
		Words: "The client learnt how to sign in and neither registered nor opened the sign-in page.",
		Mend:  "If it asks for a client id, make one with `sluice mcp client create` and enter it there; otherwise see whether the client says that it could not open a browser."},
	Registration: {Step: Authorization,
		Words: "The client registered and never opened the sign-in page.",
		Mend:  "Look for a browser window that the client opened, or for the address that it printed; a client without a screen needs one that can open it."},
	ClientMetadata: {Step: Authorization,
		Words: "The client's document was read and its sign-in went no further.",
		Mend:  "Open the sign-in page again from the client."},
	Authorization: {Step: Consent,
		Words: "The sign-in page was opened and nobody was asked yet.",
		Mend:  "Start again from the client and stay with the browser window."},
	SignIn: {Step: Consent,
		Words: "The person was sent to sign in and never came back signed in.",
		Mend:  "Sign in with an account of this server's environment; whoever has none needs an invitation. If signing in works and still leads back to the sign-in page, the browser refuses Sluice's cookie: allow it, and use one host name throughout."},
	Consent: {Step: Token,
		Words: "The person allowed it and the browser was sent back to the client, which never asked for its token.",
		Mend:  "The client has to be listening at its redirect address: one on this machine (localhost) must run on the machine with the browser. If the page there could not be reached, start again from the client."},
	Token: {Step: Call,
		Words: "The client got its token and never used it.",
		Mend:  "See what the client says. If it goes on asking without the token, a proxy in between takes the Authorization header away."},
}

// Verdict judges an attempt at a point in time.
func (a *Attempt) Verdict(now time.Time) Verdict {
	if len(a.Steps) == 0 {
		return Verdict{State: Waiting, Step: Challenge, Words: "Nothing has come yet."}
	}
	last := a.Steps[len(a.Steps)-1]
	furthest := Step{}
	for _, s := range a.Steps {
		if s.Fault == "" && place(s.Name) >= place(furthest.Name) {
			furthest = s
		}
	}
	switch furthest.Name {
	case Call:
		return Verdict{State: Connected, Step: Call, Words: "Connected: the client has called."}
	case Refresh:
		return Verdict{State: Connected, Step: Refresh, Words: "Connected: the client has renewed its token."}
	}
	if last.Fault != "" {
		return Verdict{State: Failed, Step: last.Name, Words: last.Fault, Mend: mends[last.Name]}
	}
	v := missing[furthest.Name]
	wait := patience
	if furthest.Name == Authorization || furthest.Name == SignIn || furthest.Name == Registration || furthest.Name == ServerMetadata {
		wait = personPatience
	}
	if v.State = Stopped; now.Sub(a.UpdatedAt) < wait {
		return Verdict{State: Waiting, Step: v.Step, Words: "Waiting for the next step: " + string(v.Step) + "."}
	}
	return v
}

// mends say what to do about a step that was refused, beside what the refusal says.
var mends = map[StepName]string{
	Challenge:      "Connect again from the client: it has to sign in anew.",
	Registration:   "Update the client, or make it a client id by hand: `sluice mcp client create`.",
	ClientMetadata: "The document that the client's id names has to be reachable over HTTPS from here, and to name exactly that id and the redirect address.",
	Authorization:  "Update the client, or make it a client id by hand with the redirect address that it uses: `sluice mcp client create`.",
	Consent:        "Connect again and allow it, as somebody who may use this server's tools.",
	Token:          "Connect again from the client: its code or its refresh token is used up.",
	Call:           "Connect again from the client.",
}

func place(name StepName) int {
	for i, names := range order {
		for _, n := range names {
			if n == name {
				return i
			}
		}
	}
	return -1
}
