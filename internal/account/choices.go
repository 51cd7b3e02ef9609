package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
	"sluice/internal/prose"
)

const (
	maxChoices     = 1000 // more than a person would look through
	maxChoicePages = 20
)

// choices asks the vendor what there is to choose, page after page.
func (s *Service) choices(ctx context.Context, c *integration.Choices, v *Values) ([]Option, error) {
	const what = "what there is to choose"
	label := labelOf(v.Definition)
	first, err := s.address(c.Path, v)
	if err != nil {
		return nil, err
	}
	var options []Option
	for address, page := first, 1; ; page++ {
		response, err := s.askAt(ctx, what, orDefault(c.Method, http.MethodGet), address, v)
		if err != nil {
			return nil, err
		}
		if response.Status < 200 || response.Status > 299 {
			return nil, s.answered(label, what, v, response)
		}
		list := response.Body
		if c.Items != "" {
			list, _ = jsonscan.Find(response.Body, c.Items)
		}
		if jsonscan.KindOf(list) != jsonscan.Array {
			return nil, unavailable(label, what, fmt.Errorf("its answer holds no list at %s", orDefault(c.Items, "its top")))
		}
		for it := jsonscan.Elements(list); it.Next() && len(options) < maxChoices; {
			if o := optionOf(c, it.Value()); o.Value != "" && !has(options, o.Value) {
				options = append(options, o)
			}
		}
		next, err := nextChoices(c, first, address, response)
		if err != nil {
			return nil, unavailable(label, what, err)
		}
		if next == "" || next == address || page == maxChoicePages || len(options) == maxChoices {
			return options, nil
		}
		address = next
	}
}

func optionOf(c *integration.Choices, item []byte) Option {
	raw, _ := jsonscan.Find(item, c.Value)
	o := Option{Value: scalar(raw)}
	if c.Label != "" {
		raw, _ = jsonscan.Find(item, c.Label)
		o.Label = prose.Clip(scalar(raw), 300)
	}
	o.Label = orDefault(o.Label, o.Value)
	return o
}

// nextChoices is the address of the page after an answer, "" at the end: by the definition's next, which is an address or the cursor for one, or by a Link header
// (RFC 8288). It is asked with the account's credential, so that it must be where the first page is.
func nextChoices(c *integration.Choices, first, address string, response *outbound.Response) (string, error) {
	next := response.Header.NextLink()
	if c.Next != "" {
		raw, _ := jsonscan.Find(response.Body, c.Next)
		if next = scalar(raw); next != "" && c.Cursor != "" {
			u, err := url.Parse(first)
			if err != nil {
				return "", err
			}
			query := u.Query()
			query.Set(c.Cursor, next)
			u.RawQuery = query.Encode()
			return u.String(), nil
		}
	}
	if next == "" {
		return "", nil
	}
	from, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(next)
	if err != nil || to.Scheme != from.Scheme || !strings.EqualFold(to.Host, from.Host) {
		return "", errors.New("its next page is at another host")
	}
	to.Fragment = ""
	return to.String(), nil
}
