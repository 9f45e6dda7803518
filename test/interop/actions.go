package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/boundary/api"
	"github.com/hashicorp/boundary/api/accounts"
	"github.com/hashicorp/boundary/api/aliases"
	"github.com/hashicorp/boundary/api/authmethods"
	"github.com/hashicorp/boundary/api/authtokens"
	"github.com/hashicorp/boundary/api/billing"
	"github.com/hashicorp/boundary/api/credentials"
	"github.com/hashicorp/boundary/api/credentialstores"
	"github.com/hashicorp/boundary/api/groups"
	"github.com/hashicorp/boundary/api/hostcatalogs"
	"github.com/hashicorp/boundary/api/hosts"
	"github.com/hashicorp/boundary/api/hostsets"
	"github.com/hashicorp/boundary/api/roles"
	"github.com/hashicorp/boundary/api/scopes"
	"github.com/hashicorp/boundary/api/sessions"
	"github.com/hashicorp/boundary/api/targets"
	"github.com/hashicorp/boundary/api/users"
	"github.com/hashicorp/boundary/api/workers"
)

const demoTarget = "ttcp_1234567890"

// actions runs what nouns can do besides their life.
func (s *suite) actions() {
	s.check("lists that resources have: add, set, remove", s.memberLists)
	s.check("credential sources of a target", s.credentialSources)
	s.check("aliases given when a target is created", s.targetAliases)
	s.check("set and change the password of an account", s.passwords)
	s.check("state of an oidc auth method", s.methodState)
	s.check("list, read and delete an auth token", s.authTokens)
	s.check("authorize, list, read and cancel a session", s.sessionLife)
	s.check("tags of a worker, and the certificate authority", s.workerTags)
	s.check("keys of a scope: list, rotate, destroy", s.keys)
	s.check("monthly active users", s.activeUsers)
	s.check("automatic versions, clearing, and what stays unset", s.versions)
	s.check("refusals are the SDK's errors", s.refusals)
}

// edits are the actions on one list of a resource, and the field that shows it.
type edits struct {
	id, field        string
	version          uint32
	add, set, remove func(id string, version uint32, members []string) (any, error)
}

// edit turns a method of an SDK client into an action.
func edit[O, U any](
	s *suite, call func(context.Context, string, uint32, []string, ...O) (U, error),
) func(string, uint32, []string) (any, error) {
	return func(id string, version uint32, members []string) (any, error) {
		return call(s.ctx, id, version, members)
	}
}

// run adds two, sets the second and removes it; answers keep the order of adding.
func (e edits) run(one, two string) error {
	for i, step := range []struct {
		act  func(string, uint32, []string) (any, error)
		with []string
		want []string
	}{{e.add, []string{two, one}, []string{two, one}}, {e.set, []string{one}, []string{one}}, {e.remove, []string{one}, nil}} {
		result, err := step.act(e.id, e.version+uint32(i), step.with)
		if err != nil {
			return fmt.Errorf("%s, step %d: %w", e.field, i, err)
		}
		got, _ := valueOf(result).FieldByName(e.field).Interface().([]string)
		if !slices.Equal(got, step.want) {
			return fmt.Errorf("%s, step %d: %v, not %v", e.field, i, got, step.want)
		}
	}
	return nil
}

// maker creates resources until the first error.
type maker struct{ err error }

func make1[C any](m *maker, result C, err error) string {
	if m.err != nil || err != nil {
		m.err = errors.Join(m.err, err)
		return ""
	}
	return itemOf(result).id
}

func (s *suite) memberLists() error {
	ctx := s.ctx
	var m maker
	user, group, role := users.NewClient(s.client), groups.NewClient(s.client), roles.NewClient(s.client)
	account, catalog := accounts.NewClient(s.client), hostcatalogs.NewClient(s.client)
	host, set, target := hosts.NewClient(s.client), hostsets.NewClient(s.client), targets.NewClient(s.client)
	newUser := func() string { made, err := user.Create(ctx, global); return make1(&m, made, err) }
	// A user has one account of an auth method at most.
	newAccount := func(method string, attributes accounts.Option) string {
		made, err := account.Create(ctx, method, attributes)
		return make1(&m, made, err)
	}
	newGroup := func() string { made, err := group.Create(ctx, global); return make1(&m, made, err) }
	newRole := func() string { made, err := role.Create(ctx, global); return make1(&m, made, err) }
	cat, err := catalog.Create(ctx, "static", project)
	parent := make1(&m, cat, err)
	newHost := func() string {
		made, err := host.Create(ctx, parent, hosts.WithStaticHostAddress("127.0.0.1"))
		return make1(&m, made, err)
	}
	newSet := func() string { made, err := set.Create(ctx, parent); return make1(&m, made, err) }
	made, err := target.Create(ctx, "tcp", project, targets.WithName("interop sources"), targets.WithTcpTargetDefaultPort(1))
	targetId := make1(&m, made, err)
	one, two := newUser(), newUser()
	// Accounts are shown in the order in which they were made.
	first := newAccount("amoidc_1234567890", accounts.WithOidcAccountSubject("interop member"))
	second := newAccount("ampw_1234567890", accounts.WithPasswordAccountLoginName("interop-member"))
	grants := []string{"ids=*;type=target;actions=list", "ids=*;type=session;actions=list"}
	runs := []struct {
		of       edits
		one, two string
	}{
		{edits{newUser(), "AccountIds", 1, edit(s, user.AddAccounts), edit(s, user.SetAccounts), edit(s, user.RemoveAccounts)},
			second, first},
		{edits{newGroup(), "MemberIds", 1, edit(s, group.AddMembers), edit(s, group.SetMembers), edit(s, group.RemoveMembers)},
			one, two},
		{edits{newRole(), "PrincipalIds", 1, edit(s, role.AddPrincipals), edit(s, role.SetPrincipals), edit(s, role.RemovePrincipals)},
			newGroup(), one},
		{edits{newRole(), "GrantStrings", 1, edit(s, role.AddGrants), edit(s, role.SetGrants), edit(s, role.RemoveGrants)},
			grants[0], grants[1]},
		{edits{newSet(), "HostIds", 1, edit(s, set.AddHosts), edit(s, set.SetHosts), edit(s, set.RemoveHosts)},
			newHost(), newHost()},
		{edits{targetId, "HostSourceIds", 1, edit(s, target.AddHostSources), edit(s, target.SetHostSources), edit(s, target.RemoveHostSources)},
			newSet(), newSet()},
	}
	for _, r := range runs {
		if m.err != nil {
			return m.err
		}
		if err := r.of.run(r.one, r.two); err != nil {
			return err
		}
	}
	return s.grantScopes(newRole())
}

func (s *suite) grantScopes(id string) error {
	role := roles.NewClient(s.client)
	added, err := role.AddGrantScopes(s.ctx, id, 1, []string{org})
	if err != nil {
		return err
	}
	if !slices.Equal(added.Item.GrantScopeIds, []string{org, "this"}) {
		return fmt.Errorf("grant scopes %v", added.Item.GrantScopeIds)
	}
	if _, err := role.RemoveGrantScopes(s.ctx, id, 2, []string{org}); err != nil {
		return err
	}
	set, err := role.SetGrantScopes(s.ctx, id, 3, []string{"descendants", "this"})
	if err != nil {
		return err
	}
	if !slices.Equal(set.Item.GrantScopeIds, []string{"descendants", "this"}) {
		return fmt.Errorf("grant scopes %v", set.Item.GrantScopeIds)
	}
	return nil
}

func (s *suite) credentialSources() error {
	ctx := s.ctx
	var m maker
	store, err := credentialstores.NewClient(s.client).Create(ctx, "static", project)
	parent := make1(&m, store, err)
	newCredential := func() string {
		made, err := credentials.NewClient(s.client).Create(ctx, "username_password", parent,
			credentials.WithUsernamePasswordCredentialUsername("u"), credentials.WithUsernamePasswordCredentialPassword("p"))
		return make1(&m, made, err)
	}
	one, two := newCredential(), newCredential()
	client := targets.NewClient(s.client)
	made, err := client.Create(ctx, "tcp", project, targets.WithName("interop credentials"),
		targets.WithTcpTargetDefaultPort(1), targets.WithAddress("127.0.0.1"))
	id := make1(&m, made, err)
	if m.err != nil {
		return m.err
	}
	type act func(context.Context, string, uint32, ...targets.Option) (*targets.TargetUpdateResult, error)
	run := func(call act) func(string, uint32, []string) (any, error) {
		return func(id string, version uint32, ids []string) (any, error) {
			return call(ctx, id, version, targets.WithBrokeredCredentialSourceIds(ids))
		}
	}
	all := edits{id, "BrokeredCredentialSourceIds", 1,
		run(client.AddCredentialSources), run(client.SetCredentialSources), run(client.RemoveCredentialSources)}
	if err := all.run(one, two); err != nil {
		return err
	}
	if _, err := all.add(id, 4, []string{one}); err != nil {
		return err
	}
	authorized, err := client.AuthorizeSession(ctx, id)
	if err != nil {
		return err
	}
	given := authorized.Item.Credentials
	if len(given) != 1 || given[0].CredentialSource.Id != one || given[0].Credential["password"] != "p" {
		return fmt.Errorf("the session brings %d credentials", len(given))
	}
	return nil
}

func (s *suite) targetAliases() error {
	client := targets.NewClient(s.client)
	made, err := client.Create(s.ctx, "tcp", project, targets.WithName("interop aliased"), targets.WithTcpTargetDefaultPort(1),
		targets.WithAliases([]targets.Alias{{Value: "made.with.target", ScopeId: global}}))
	if err != nil {
		return err
	}
	read, err := client.Read(s.ctx, "made.with.target")
	if err != nil {
		return err
	}
	if read.Item.Id != made.Item.Id || len(read.Item.Aliases) != 1 || read.Item.Aliases[0].Value != "made.with.target" {
		return fmt.Errorf("the alias leads to %s with %d aliases", read.Item.Id, len(read.Item.Aliases))
	}
	alias := aliases.NewClient(s.client)
	updated, err := alias.Update(s.ctx, read.Item.Aliases[0].Id, 0, aliases.DefaultDestinationId(), aliases.WithAutomaticVersioning(true))
	if err != nil {
		return err
	}
	if updated.Item.DestinationId != "" {
		return fmt.Errorf("the alias still leads to %s", updated.Item.DestinationId)
	}
	_, err = client.Delete(s.ctx, made.Item.Id)
	return err
}

func (s *suite) passwords() error {
	client := accounts.NewClient(s.client)
	made, err := client.Create(s.ctx, "ampw_1234567890", accounts.WithPasswordAccountLoginName("interop-password"),
		accounts.WithPasswordAccountPassword("password"))
	if err != nil {
		return err
	}
	set, err := client.SetPassword(s.ctx, made.Item.Id, "password2", made.Item.Version)
	if err != nil {
		return err
	}
	if _, err := client.ChangePassword(s.ctx, made.Item.Id, "password2", "password3", set.Item.Version); err != nil {
		return err
	}
	if _, _, err := s.login("interop-password", "password2"); statusOf(err) != http.StatusUnauthorized {
		return fmt.Errorf("a login with the old password: %v", err)
	}
	_, _, err = s.login("interop-password", "password3")
	return err
}

func (s *suite) methodState() error {
	client := authmethods.NewClient(s.client)
	made, err := client.Create(s.ctx, "oidc", org, authmethods.WithOidcAuthMethodIssuer("https://idp.example"),
		authmethods.WithOidcAuthMethodClientId("client"), authmethods.WithOidcAuthMethodClientSecret("secret"),
		authmethods.WithOidcAuthMethodSigningAlgorithms([]string{"RS256"}),
		authmethods.WithOidcAuthMethodApiUrlPrefix("https://api.example"))
	if err != nil {
		return err
	}
	changed, err := client.ChangeState(s.ctx, made.Item.Id, made.Item.Version, "active-private",
		authmethods.WithOidcAuthMethodDisableDiscoveredConfigValidation(true))
	if err != nil {
		return err
	}
	if state := changed.Item.Attributes["state"]; state != "active-private" {
		return fmt.Errorf("the state is %v", state)
	}
	_, err = client.Delete(s.ctx, made.Item.Id)
	return err
}

func (s *suite) authTokens() error {
	text, _, err := s.login("user", "password")
	if err != nil {
		return err
	}
	id := strings.Join(strings.Split(text, "_")[:2], "_")
	client := authtokens.NewClient(s.client)
	read, err := client.Read(s.ctx, id)
	if err != nil {
		return err
	}
	if read.Item.Id != id || read.Item.Token != "" {
		return fmt.Errorf("read %s", read.Item.Id)
	}
	listed, err := client.List(s.ctx, global)
	if err != nil {
		return err
	}
	if !slices.Contains(idsOf(listed), id) {
		return errors.New("the token is not in the list")
	}
	if _, err := client.Delete(s.ctx, id); err != nil {
		return err
	}
	fresh, err := client.List(s.ctx, global, authtokens.WithListToken(listed.ListToken))
	if err != nil {
		return err
	}
	if !slices.Contains(fresh.RemovedIds, id) {
		return fmt.Errorf("removed are %v", fresh.RemovedIds)
	}
	return nil
}

func (s *suite) sessionLife() error {
	authorized, err := targets.NewClient(s.client).AuthorizeSession(s.ctx, demoTarget)
	if err != nil {
		return err
	}
	id := authorized.Item.SessionId
	client := sessions.NewClient(s.client)
	read, err := client.Read(s.ctx, id)
	if err != nil {
		return err
	}
	if read.Item.TargetId != demoTarget || read.Item.Status != "pending" || read.Item.UserId != s.userId {
		return fmt.Errorf("read %+v", read.Item)
	}
	listed, err := client.List(s.ctx, project, sessions.WithFilter(fmt.Sprintf(`"/item/id" == %q`, id)))
	if err != nil {
		return err
	}
	if !slices.Equal(idsOf(listed), []string{id}) {
		return fmt.Errorf("the filter finds %v", idsOf(listed))
	}
	canceled, err := client.Cancel(s.ctx, id, read.Item.Version)
	if err != nil {
		return err
	}
	if status := canceled.Item.Status; status != "canceling" && status != "terminated" {
		return fmt.Errorf("canceled, but %s", status)
	}
	return s.waitStatus(id, "terminated")
}

func (s *suite) workerTags() error {
	client := workers.NewClient(s.client)
	made, err := client.CreateControllerLed(s.ctx, global, workers.WithName("interop-tags"))
	if err != nil {
		return err
	}
	id := made.Item.Id
	if made.Item.ControllerGeneratedActivationToken == "" {
		return errors.New("there is no activation token")
	}
	added, err := client.AddWorkerTags(s.ctx, id, 1, map[string][]string{"a": {"1", "2"}})
	if err != nil {
		return err
	}
	set, err := client.SetWorkerTags(s.ctx, id, added.Item.Version, map[string][]string{"b": {"1", "2"}})
	if err != nil {
		return err
	}
	removed, err := client.RemoveWorkerTags(s.ctx, id, set.Item.Version, map[string][]string{"b": {"2"}})
	if err != nil {
		return err
	}
	if tags := removed.Item.ApiTags; len(tags) != 1 || !slices.Equal(tags["b"], []string{"1"}) {
		return fmt.Errorf("tags %v", tags)
	}
	authority, err := client.ReadCA(s.ctx, global)
	if err != nil {
		return err
	}
	if len(authority.Item.Certs) == 0 {
		return errors.New("the certificate authority has no certificates")
	}
	_, err = client.Delete(s.ctx, id)
	return err
}

func (s *suite) keys() error {
	client := scopes.NewClient(s.client)
	made, err := client.Create(s.ctx, org)
	if err != nil {
		return err
	}
	id := made.Item.Id
	before, err := client.ListKeys(s.ctx, id)
	if err != nil {
		return err
	}
	if len(before.Items) == 0 || len(before.Items[0].Versions) != 1 {
		return fmt.Errorf("%d keys", len(before.Items))
	}
	if _, err := client.RotateKeys(s.ctx, id, false); err != nil {
		return err
	}
	after, err := client.ListKeys(s.ctx, id)
	if err != nil {
		return err
	}
	for _, key := range after.Items {
		if len(key.Versions) != 2 || key.Versions[0].Version != 2 {
			return fmt.Errorf("%s has %d versions", key.Purpose, len(key.Versions))
		}
		if key.Purpose != "database" {
			continue
		}
		destroyed, err := client.DestroyKeyVersion(s.ctx, id, key.Versions[1].Id)
		if err != nil {
			return err
		}
		if destroyed.State != "completed" && destroyed.State != "pending" {
			return fmt.Errorf("destruction is %q", destroyed.State)
		}
	}
	if _, err := client.ListKeyVersionDestructionJobs(s.ctx, id); err != nil {
		return err
	}
	_, err = client.Delete(s.ctx, id)
	return err
}

func (s *suite) activeUsers() error {
	result, err := billing.NewClient(s.client).MonthlyActiveUsers(s.ctx)
	if err != nil {
		return err
	}
	// The last two months; in the present one this program has tokens that live.
	active := uint32(0)
	for _, month := range result.Items {
		active += uint32(month.Count)
	}
	if len(result.Items) != 2 || active == 0 {
		return fmt.Errorf("%d active users in %d months", active, len(result.Items))
	}
	return nil
}

func (s *suite) versions() error {
	client := targets.NewClient(s.client)
	made, err := client.Create(s.ctx, "tcp", project, targets.WithName("interop defaults"), targets.WithTcpTargetDefaultPort(22),
		targets.WithAddress("127.0.0.1"), targets.WithSessionMaxSeconds(60), targets.WithSessionConnectionLimit(3),
		targets.WithEgressWorkerFilter(`"x" in "/name"`), targets.WithTcpTargetDefaultClientPort(5022))
	if err != nil {
		return err
	}
	cleared, err := client.Update(s.ctx, made.Item.Id, 0, targets.WithAutomaticVersioning(true), targets.DefaultAddress(),
		targets.DefaultSessionMaxSeconds(), targets.DefaultSessionConnectionLimit(), targets.DefaultEgressWorkerFilter(),
		targets.DefaultTcpTargetDefaultClientPort())
	if err != nil {
		return err
	}
	got := cleared.Item
	attributes, err := got.GetTcpTargetAttributes()
	if err != nil {
		return err
	}
	if got.Address != "" || got.SessionMaxSeconds != 28_800 || got.SessionConnectionLimit != -1 ||
		got.EgressWorkerFilter != "" || attributes.DefaultPort != 22 || attributes.DefaultClientPort != 0 {
		return fmt.Errorf("cleared to %+v, %+v", got, attributes)
	}
	_, err = client.Delete(s.ctx, got.Id)
	return err
}

func (s *suite) refusals() error {
	client := groups.NewClient(s.client)
	_, err := client.Create(s.ctx, "g_1234567890")
	refusal := api.AsServerError(err)
	if refusal == nil || refusal.Kind != "InvalidArgument" || refusal.Details == nil ||
		len(refusal.Details.RequestFields) != 1 || refusal.Details.RequestFields[0].Name != "scope_id" {
		return fmt.Errorf("create in a group: %v", err)
	}
	if _, err := client.Read(s.ctx, "g_AAAAAAAAAA"); !errors.Is(err, api.ErrNotFound) {
		return fmt.Errorf("read of an unknown group: %v", err)
	}
	return nil
}
