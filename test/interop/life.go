package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/hashicorp/boundary/api"
)

// What every check of this program starts from: the fixed ids of dev mode.
const (
	global      = "global"
	org         = "o_1234567890"
	project     = "p_1234567890"
	renamed     = "renamed by interop"
	description = "made by interop"
)

// noun is one of the SDK's clients with what it takes to run a resource's life. The SDK gives each
// noun types of its own with the same fields, so results are read by field name.
type noun struct {
	name   string
	create func(name string) (any, error)
	read   func(id string) (any, error)
	rename func(id string, version uint32) (any, error)
	// clear takes the description away.
	clear  func(id string, version uint32) (any, error)
	list   func(token string) (any, error)
	remove func(id string) error
	// noRefresh is set where lists have no token.
	noRefresh bool
}

// texts are the options that all nouns have, each in a package of its own.
type texts[O any] struct {
	name, description, token func(string) O
	noDescription            func() O
}

// define ties the methods of an SDK client together. R, U, L and D are the client's results.
func define[O, C, R, U, L, D any](
	s *suite, name, parent string, o texts[O],
	create func(...O) (C, error),
	read func(context.Context, string, ...O) (R, error),
	update func(context.Context, string, uint32, ...O) (U, error),
	list func(context.Context, string, ...O) (L, error),
	remove func(context.Context, string, ...O) (D, error),
) noun {
	return noun{
		name:   name,
		create: func(name string) (any, error) { return create(o.name(name), o.description(description)) },
		read:   func(id string) (any, error) { return read(s.ctx, id) },
		rename: func(id string, version uint32) (any, error) { return update(s.ctx, id, version, o.name(renamed)) },
		clear:  func(id string, version uint32) (any, error) { return update(s.ctx, id, version, o.noDescription()) },
		list: func(token string) (any, error) {
			if token == "" {
				return list(s.ctx, parent)
			}
			return list(s.ctx, parent, o.token(token))
		},
		remove: func(id string) error { _, err := remove(s.ctx, id); return err },
	}
}

// under binds the parent of a create call, and what this type needs besides the common options.
func under[O, C any](
	s *suite, create func(context.Context, string, ...O) (C, error), parent string, extra ...O,
) func(...O) (C, error) {
	return func(options ...O) (C, error) { return create(s.ctx, parent, append(options, extra...)...) }
}

// typed is under for nouns that come in types.
func typed[O, C any](
	s *suite, create func(context.Context, string, string, ...O) (C, error), kind, parent string, extra ...O,
) func(...O) (C, error) {
	return func(options ...O) (C, error) { return create(s.ctx, kind, parent, append(options, extra...)...) }
}

type item struct {
	id, name, description string
	version               uint32
}

// valueOf is the item of a result, or the result of a list itself.
func valueOf(result any) reflect.Value {
	value := reflect.ValueOf(result).Elem()
	if field := value.FieldByName("Item"); field.IsValid() {
		return field.Elem()
	}
	return value
}

func itemOf(result any) item {
	value := valueOf(result)
	text := func(name string) string { return value.FieldByName(name).String() }
	return item{text("Id"), text("Name"), text("Description"), uint32(value.FieldByName("Version").Uint())}
}

func idsOf(result any) []string {
	items := valueOf(result).FieldByName("Items")
	ids := []string{}
	for i := range items.Len() {
		ids = append(ids, items.Index(i).Elem().FieldByName("Id").String())
	}
	return ids
}

func tokenOf(list any) string { return valueOf(list).FieldByName("ListToken").String() }

func removedOf(list any) []string {
	removed, _ := valueOf(list).FieldByName("RemovedIds").Interface().([]string)
	return removed
}

// run takes one resource through its life.
func (n noun) run() error {
	created, err := n.create("interop " + n.name)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	made := itemOf(created)
	read, err := n.read(made.id)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if got := itemOf(read); got != made || got.name != "interop "+n.name || got.description != description {
		return fmt.Errorf("read %+v, created %+v", got, made)
	}
	listed, err := n.listed("", made.id)
	if err != nil {
		return err
	}
	if err := n.change(made); err != nil {
		return err
	}
	return n.end(made.id, listed)
}

// listed lists and finds the id.
func (n noun) listed(token, id string) (any, error) {
	list, err := n.list(token)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	if !slices.Contains(idsOf(list), id) {
		return nil, fmt.Errorf("%s is not in the list", id)
	}
	if !n.noRefresh && tokenOf(list) == "" {
		return nil, errors.New("the list has no token")
	}
	return list, nil
}

func (n noun) change(made item) error {
	updated, err := n.rename(made.id, made.version)
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	want := item{made.id, renamed, made.description, made.version + 1}
	if got := itemOf(updated); got != want {
		return fmt.Errorf("updated to %+v, not %+v", got, want)
	}
	if _, err := n.rename(made.id, made.version); statusOf(err) != http.StatusNotFound {
		return fmt.Errorf("an update with a stale version: %v", err)
	}
	cleared, err := n.clear(made.id, want.version)
	if err != nil {
		return fmt.Errorf("clear the description: %w", err)
	}
	want.description, want.version = "", want.version+1
	if got := itemOf(cleared); got != want {
		return fmt.Errorf("cleared to %+v, not %+v", got, want)
	}
	return nil
}

// end refreshes the list before and after the deletion.
func (n noun) end(id string, before any) error {
	if !n.noRefresh {
		fresh, err := n.listed(tokenOf(before), id)
		if err != nil {
			return fmt.Errorf("refresh after an update: %w", err)
		}
		before = fresh
	}
	if err := n.remove(id); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if _, err := n.read(id); statusOf(err) != http.StatusNotFound {
		return fmt.Errorf("read after the deletion: %v", err)
	}
	if n.noRefresh {
		return nil
	}
	after, err := n.list(tokenOf(before))
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if !slices.Contains(removedOf(after), id) || slices.Contains(idsOf(after), id) {
		return fmt.Errorf("after the deletion the refresh has %v, removed %v", idsOf(after), removedOf(after))
	}
	return nil
}

// statusOf is the HTTP status of a refusal, 0 when there was none.
func statusOf(err error) int {
	if refusal := api.AsServerError(err); refusal != nil {
		return refusal.Response().StatusCode()
	}
	return 0
}
