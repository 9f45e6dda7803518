package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/boundary/api/aliases"
	"github.com/hashicorp/boundary/api/sessions"
	"github.com/hashicorp/boundary/api/targets"
	"github.com/hashicorp/boundary/api/users"
)

const (
	cachedItems     = 10_000
	aliasesOfTarget = 100
	// Largest page that a caching client asks for.
	pageSize = 500
)

// cached is what a caching client keeps of one list: a version for each id, and the token that
// refreshes it.
type cached struct {
	versions map[string]uint32
	token    string
}

// fetch lists or refreshes; an empty token asks for everything.
type fetch func(token string) (any, error)

// refresh applies what the server says has changed.
func (c *cached) refresh(list fetch) (any, error) {
	result, err := list(c.token)
	if err != nil {
		return nil, err
	}
	if c.token == "" {
		c.versions = map[string]uint32{}
	}
	for _, id := range removedOf(result) {
		delete(c.versions, id)
	}
	items := valueOf(result).FieldByName("Items")
	for i := range items.Len() {
		item := items.Index(i).Elem()
		c.versions[item.FieldByName("Id").String()] = uint32(item.FieldByName("Version").Uint())
	}
	c.token = tokenOf(result)
	return result, nil
}

// same compares the cache with a fresh list of everything.
func (c *cached) same(list fetch) error {
	var fresh cached
	if _, err := fresh.refresh(list); err != nil {
		return err
	}
	if !maps.Equal(c.versions, fresh.versions) {
		return fmt.Errorf("the cache has %d items, the server %d, or their versions differ", len(c.versions), len(fresh.versions))
	}
	return nil
}

// caching does what a caching client does with many items: list, change, refresh by token.
func (s *suite) caching() {
	var ids []string
	s.check(fmt.Sprintf("create %d aliases", cachedItems), func() (err error) {
		ids, err = s.manyAliases()
		return err
	})
	if len(ids) != cachedItems {
		return
	}
	s.check("page by page: every item once", func() error { return s.pages(ids) })
	s.check("cached aliases and resolvable aliases after a refresh", func() error { return s.refreshed(ids) })
	s.check("cached sessions after a refresh", s.cachedSessions)
}

// manyAliases makes them with targets, a hundred at once: that is the fastest way the API has.
func (s *suite) manyAliases() ([]string, error) {
	client := targets.NewClient(s.client)
	ids := make([]string, 0, cachedItems)
	for t := range cachedItems / aliasesOfTarget {
		given := make([]targets.Alias, aliasesOfTarget)
		for i := range given {
			given[i] = targets.Alias{Value: fmt.Sprintf("a%d.t%d.interop.example", i, t), ScopeId: global}
		}
		made, err := client.Create(s.ctx, "tcp", project, targets.WithName(fmt.Sprintf("interop cached %d", t)),
			targets.WithTcpTargetDefaultPort(1), targets.WithAliases(given))
		if err != nil {
			return nil, err
		}
		for _, alias := range made.Item.Aliases {
			ids = append(ids, alias.Id)
		}
	}
	return ids, nil
}

// pages asks for one page after the other, as the SDK's callers may.
func (s *suite) pages(ids []string) error {
	client := aliases.NewClient(s.client)
	page, err := client.List(s.ctx, global, aliases.WithPageSize(pageSize), aliases.WithClientDirectedPagination(true))
	if err != nil {
		return err
	}
	seen := idsOf(page)
	for n := 1; page.ResponseType != "complete"; n++ {
		if n > 2*cachedItems/pageSize {
			return fmt.Errorf("no end after %d pages", n)
		}
		if page.EstItemCount < cachedItems || page.EstItemCount > 2*cachedItems {
			return fmt.Errorf("%d items are estimated", page.EstItemCount)
		}
		if page, err = client.ListNextPage(s.ctx, page); err != nil {
			return err
		}
		seen = append(seen, idsOf(page)...)
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	// Dev mode has an alias of its own.
	seen = slices.DeleteFunc(seen, func(id string) bool { return !wanted[id] })
	slices.Sort(seen)
	if !slices.Equal(seen, slices.Sorted(slices.Values(ids))) {
		return fmt.Errorf("%d ids on the pages", len(seen))
	}
	return nil
}

func (s *suite) refreshed(ids []string) error {
	alias, user := aliases.NewClient(s.client), users.NewClient(s.client)
	lists := []fetch{
		func(token string) (any, error) { return alias.List(s.ctx, global, aliases.WithListToken(token)) },
		func(token string) (any, error) {
			return user.ListResolvableAliases(s.ctx, s.userId, users.WithListToken(token))
		},
	}
	caches := make([]cached, len(lists))
	for i := range caches {
		if _, err := caches[i].refresh(lists[i]); err != nil {
			return err
		}
	}
	removed, err := s.changeAliases(ids)
	if err != nil {
		return err
	}
	for i, list := range lists {
		result, err := caches[i].refresh(list)
		if err != nil {
			return err
		}
		if got := slices.Sorted(slices.Values(removedOf(result))); !slices.Equal(got, removed[i]) {
			return fmt.Errorf("list %d: removed are %v, not %v", i, got, removed[i])
		}
		if err := caches[i].same(list); err != nil {
			return fmt.Errorf("list %d: %w", i, err)
		}
	}
	return nil
}

// changeAliases deletes, creates, renames and unbinds some. Answers what each of the two lists
// calls removed.
func (s *suite) changeAliases(ids []string) ([][]string, error) {
	client := aliases.NewClient(s.client)
	gone := slices.Clone(ids[:20])
	for _, id := range gone {
		if _, err := client.Delete(s.ctx, id); err != nil {
			return nil, err
		}
	}
	if _, err := client.Update(s.ctx, ids[30], 1, aliases.WithName("kept in a cache")); err != nil {
		return nil, err
	}
	if _, err := client.Create(s.ctx, "target", global, aliases.WithValue("new.interop.example"),
		aliases.WithDestinationId(demoTarget)); err != nil {
		return nil, err
	}
	slices.Sort(gone)
	return [][]string{gone, gone}, nil
}

func (s *suite) cachedSessions() error {
	client := sessions.NewClient(s.client)
	list := func(token string) (any, error) {
		return client.List(s.ctx, project, sessions.WithListToken(token), sessions.WithIncludeTerminated(true))
	}
	open := func() (string, error) {
		authorized, err := targets.NewClient(s.client).AuthorizeSession(s.ctx, demoTarget)
		if err != nil {
			return "", err
		}
		return authorized.Item.SessionId, nil
	}
	first, err := open()
	if err != nil {
		return err
	}
	var cache cached
	if _, err := cache.refresh(list); err != nil {
		return err
	}
	if _, err := open(); err != nil {
		return err
	}
	if _, err := client.Cancel(s.ctx, first, 0, sessions.WithAutomaticVersioning(true)); err != nil {
		return err
	}
	if err := s.waitStatus(first, "terminated"); err != nil {
		return err
	}
	if _, err := cache.refresh(list); err != nil {
		return err
	}
	return cache.same(list)
}
