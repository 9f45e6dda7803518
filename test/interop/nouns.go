package main

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/hashicorp/boundary/api/groups"
	"github.com/hashicorp/boundary/api/hostcatalogs"
	"github.com/hashicorp/boundary/api/hosts"
	"github.com/hashicorp/boundary/api/hostsets"
	"github.com/hashicorp/boundary/api/roles"
	"github.com/hashicorp/boundary/api/scopes"
	"github.com/hashicorp/boundary/api/targets"
	"github.com/hashicorp/boundary/api/users"
)

const (
	org     = "o_1234567890"
	project = "p_1234567890"
	renamed = "renamed by interop"
)

// noun is one of the SDK's clients with what it takes to run a resource's life. The SDK gives each noun types of its
// own with the same fields, so results are read by field name.
type noun struct {
	name   string
	create func(name string) (any, error)
	read   func(id string) (any, error)
	update func(id string, version uint32) (any, error)
	list   func() (any, error)
	remove func(id string) error
}

type item struct {
	id, name string
	version  uint32
}

func itemOf(result any) item {
	value := reflect.ValueOf(result).Elem()
	if field := value.FieldByName("Item"); field.IsValid() {
		value = field.Elem()
	}
	return item{value.FieldByName("Id").String(), value.FieldByName("Name").String(),
		uint32(value.FieldByName("Version").Uint())}
}

func idsOf(result any) []string {
	items := reflect.ValueOf(result).Elem().FieldByName("Items")
	ids := []string{}
	for i := range items.Len() {
		ids = append(ids, items.Index(i).Elem().FieldByName("Id").String())
	}
	return ids
}

// life creates, reads, updates, lists and deletes one resource.
func (n noun) life() error {
	created, err := n.create("interop " + n.name)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	made := itemOf(created)
	read, err := n.read(made.id)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if got := itemOf(read); got != made || got.name != "interop "+n.name {
		return fmt.Errorf("read %+v, created %+v", got, made)
	}
	updated, err := n.update(made.id, made.version)
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	if got := itemOf(updated); got.name != renamed || got.version != made.version+1 {
		return fmt.Errorf("updated to %+v", got)
	}
	if _, err := n.update(made.id, made.version); err == nil {
		return fmt.Errorf("an update with a stale version passed")
	}
	return n.end(made.id)
}

func (n noun) end(id string) error {
	listed, err := n.list()
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	if !slices.Contains(idsOf(listed), id) {
		return fmt.Errorf("%s is not in the list", id)
	}
	if err := n.remove(id); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if _, err := n.read(id); err == nil {
		return fmt.Errorf("%s is still there", id)
	}
	return nil
}

func (s *suite) nouns() {
	all := append(s.identityNouns(), s.resourceNouns()...)
	for _, n := range all {
		s.check("create, read, update, list and delete a "+n.name, n.life)
	}
	catalogs := hostcatalogs.NewClient(s.client)
	catalog, err := catalogs.Create(s.ctx, "static", project, hostcatalogs.WithName("interop hosts"))
	s.check("create a host catalog for hosts", func() error { return err })
	if err != nil {
		return
	}
	for _, n := range s.hostNouns(catalog.Item.Id) {
		s.check("create, read, update, list and delete a "+n.name, n.life)
	}
	s.check("delete the host catalog", func() error {
		_, err := catalogs.Delete(s.ctx, catalog.Item.Id)
		return err
	})
}

func (s *suite) identityNouns() []noun {
	ctx := s.ctx
	scope, user := scopes.NewClient(s.client), users.NewClient(s.client)
	group, role := groups.NewClient(s.client), roles.NewClient(s.client)
	return []noun{
		{"scope",
			func(name string) (any, error) { return scope.Create(ctx, "global", scopes.WithName(name)) },
			func(id string) (any, error) { return scope.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return scope.Update(ctx, id, version, scopes.WithName(renamed))
			},
			func() (any, error) { return scope.List(ctx, "global") },
			func(id string) error { _, err := scope.Delete(ctx, id); return err }},
		{"user",
			func(name string) (any, error) { return user.Create(ctx, org, users.WithName(name)) },
			func(id string) (any, error) { return user.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return user.Update(ctx, id, version, users.WithName(renamed))
			},
			func() (any, error) { return user.List(ctx, org) },
			func(id string) error { _, err := user.Delete(ctx, id); return err }},
		{"group",
			func(name string) (any, error) { return group.Create(ctx, org, groups.WithName(name)) },
			func(id string) (any, error) { return group.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return group.Update(ctx, id, version, groups.WithName(renamed))
			},
			func() (any, error) { return group.List(ctx, org) },
			func(id string) error { _, err := group.Delete(ctx, id); return err }},
		{"role",
			func(name string) (any, error) { return role.Create(ctx, org, roles.WithName(name)) },
			func(id string) (any, error) { return role.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return role.Update(ctx, id, version, roles.WithName(renamed))
			},
			func() (any, error) { return role.List(ctx, org) },
			func(id string) error { _, err := role.Delete(ctx, id); return err }},
	}
}

func (s *suite) resourceNouns() []noun {
	ctx := s.ctx
	catalog, target := hostcatalogs.NewClient(s.client), targets.NewClient(s.client)
	return []noun{
		{"host catalog",
			func(name string) (any, error) {
				return catalog.Create(ctx, "static", project, hostcatalogs.WithName(name))
			},
			func(id string) (any, error) { return catalog.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return catalog.Update(ctx, id, version, hostcatalogs.WithName(renamed))
			},
			func() (any, error) { return catalog.List(ctx, project) },
			func(id string) error { _, err := catalog.Delete(ctx, id); return err }},
		{"target",
			func(name string) (any, error) {
				return target.Create(ctx, "tcp", project, targets.WithName(name), targets.WithTcpTargetDefaultPort(22))
			},
			func(id string) (any, error) { return target.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return target.Update(ctx, id, version, targets.WithName(renamed))
			},
			func() (any, error) { return target.List(ctx, project) },
			func(id string) error { _, err := target.Delete(ctx, id); return err }},
	}
}

func (s *suite) hostNouns(catalogId string) []noun {
	ctx := s.ctx
	host, set := hosts.NewClient(s.client), hostsets.NewClient(s.client)
	return []noun{
		{"host",
			func(name string) (any, error) {
				return host.Create(ctx, catalogId, hosts.WithName(name), hosts.WithStaticHostAddress("127.0.0.1"))
			},
			func(id string) (any, error) { return host.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return host.Update(ctx, id, version, hosts.WithName(renamed))
			},
			func() (any, error) { return host.List(ctx, catalogId) },
			func(id string) error { _, err := host.Delete(ctx, id); return err }},
		{"host set",
			func(name string) (any, error) { return set.Create(ctx, catalogId, hostsets.WithName(name)) },
			func(id string) (any, error) { return set.Read(ctx, id) },
			func(id string, version uint32) (any, error) {
				return set.Update(ctx, id, version, hostsets.WithName(renamed))
			},
			func() (any, error) { return set.List(ctx, catalogId) },
			func(id string) error { _, err := set.Delete(ctx, id); return err }},
	}
}

// lists does what a caching client does: list, change, refresh by token.
func (s *suite) lists() {
	client := groups.NewClient(s.client)
	s.check("pages, and a refresh that names what was removed", func() error {
		ids := []string{}
		for i := range 7 {
			made, err := client.Create(s.ctx, org, groups.WithName(fmt.Sprintf("interop page %d", i)))
			if err != nil {
				return err
			}
			ids = append(ids, made.Item.Id)
		}
		listed, err := client.List(s.ctx, org, groups.WithPageSize(3))
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.Contains(idsOf(listed), id) {
				return fmt.Errorf("%s is on no page", id)
			}
			if _, err := client.Delete(s.ctx, id); err != nil {
				return err
			}
		}
		fresh, err := client.List(s.ctx, org, groups.WithListToken(listed.ListToken))
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.Contains(fresh.RemovedIds, id) {
				return fmt.Errorf("%s is not among the removed: %v", id, fresh.RemovedIds)
			}
		}
		return nil
	})
	s.check("list resolvable aliases", func() error {
		_, err := users.NewClient(s.client).ListResolvableAliases(s.ctx, s.userId)
		return err
	})
}
