package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sluice/internal/account"
)

// prompter asks whoever is at the command line. Its questions go to standard error, so that standard output holds the result alone.
type prompter struct {
	out io.Writer
	in  *bufio.Reader
	tty int // the terminal's descriptor; -1: there is none, and nothing is asked
}

func newPrompter(cmd *cobra.Command) *prompter {
	p := &prompter{out: cmd.ErrOrStderr(), in: bufio.NewReader(cmd.InOrStdin()), tty: -1}
	if file, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.tty = int(file.Fd())
	}
	return p
}

// present reports whether there is somebody to ask.
func (p *prompter) present() bool { return p.tty >= 0 }

// ask asks for one field. A password is not shown while it is typed.
func (p *prompter) ask(f account.FormField) (string, error) {
	if f.Help != "" {
		fmt.Fprintf(p.out, "  %s\n", f.Help)
	}
	if len(f.Options) > 0 {
		return p.choose(f.Label, f.Options, f.Default)
	}
	label := f.Label
	switch {
	case f.Default != "":
		label += " [" + f.Default + "]"
	case !f.Required:
		label += " (optional)"
	}
	fmt.Fprintf(p.out, "%s: ", label)
	if f.Type == "password" {
		b, err := term.ReadPassword(p.tty)
		fmt.Fprintln(p.out)
		if err != nil {
			return "", fmt.Errorf("read the %s: %w", f.Label, err)
		}
		return string(b), nil
	}
	return p.line()
}

// choose asks for one of several things, by its number.
func (p *prompter) choose(label string, options []account.Option, byDefault string) (string, error) {
	for i, o := range options {
		name := o.Label
		if o.Value != o.Label {
			name += " (" + o.Value + ")"
		}
		fmt.Fprintf(p.out, "  %d  %s\n", i+1, name)
	}
	for {
		if byDefault != "" {
			fmt.Fprintf(p.out, "%s [%s]: ", label, byDefault)
		} else {
			fmt.Fprintf(p.out, "%s, by its number: ", label)
		}
		text, err := p.line()
		if err != nil {
			return "", err
		}
		if text == "" && byDefault != "" {
			return byDefault, nil
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(options) {
			return options[n-1].Value, nil
		}
		for _, o := range options {
			if text == o.Value || text == o.Label {
				return o.Value, nil
			}
		}
		fmt.Fprintf(p.out, "There are 1 to %d.\n", len(options))
	}
}

func (p *prompter) line() (string, error) {
	text, err := p.in.ReadString('\n')
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(text), nil
}

// secret asks for one thing that is not shown while it is typed.
func (p *prompter) secret(label string) (string, error) {
	return p.ask(account.FormField{Label: label, Type: "password", Required: true})
}

// value reads what stands for a secret on a command line, which other people on the machine can see: @file is what a file holds, - what comes on standard input.
func value(cmd *cobra.Command, given string) (string, error) {
	var b []byte
	var err error
	switch {
	case given == "-":
		b, err = io.ReadAll(cmd.InOrStdin())
	case strings.HasPrefix(given, "@"):
		b, err = os.ReadFile(given[1:])
	default:
		return given, nil
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
