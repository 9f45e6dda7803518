package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/hashicorp/boundary/api/accounts"
	"github.com/hashicorp/boundary/api/aliases"
	"github.com/hashicorp/boundary/api/authmethods"
	"github.com/hashicorp/boundary/api/credentiallibraries"
	"github.com/hashicorp/boundary/api/credentials"
	"github.com/hashicorp/boundary/api/credentialstores"
	"github.com/hashicorp/boundary/api/groups"
	"github.com/hashicorp/boundary/api/hostcatalogs"
	"github.com/hashicorp/boundary/api/hosts"
	"github.com/hashicorp/boundary/api/hostsets"
	"github.com/hashicorp/boundary/api/managedgroups"
	"github.com/hashicorp/boundary/api/roles"
	"github.com/hashicorp/boundary/api/scopes"
	"github.com/hashicorp/boundary/api/targets"
	"github.com/hashicorp/boundary/api/users"
	"github.com/hashicorp/boundary/api/workers"
)

// nouns runs the life of one resource of every noun and type. Parents that are only made for it
// stay.
func (s *suite) nouns() {
	for _, part := range []func() ([]noun, error){
		s.iamNouns, s.authNouns, s.hostNouns, s.credentialNouns, s.vaultNouns, s.otherNouns,
	} {
		nouns, err := part()
		if err != nil {
			s.check("make parents", func() error { return err })
		}
		for _, n := range nouns {
			s.check("life of a "+n.name, n.run)
		}
	}
}

func (s *suite) iamNouns() ([]noun, error) {
	scope, user := scopes.NewClient(s.client), users.NewClient(s.client)
	group, role := groups.NewClient(s.client), roles.NewClient(s.client)
	ofScope := texts[scopes.Option]{scopes.WithName, scopes.WithDescription, scopes.WithListToken, scopes.DefaultDescription}
	ofUser := texts[users.Option]{users.WithName, users.WithDescription, users.WithListToken, users.DefaultDescription}
	ofGroup := texts[groups.Option]{groups.WithName, groups.WithDescription, groups.WithListToken, groups.DefaultDescription}
	ofRole := texts[roles.Option]{roles.WithName, roles.WithDescription, roles.WithListToken, roles.DefaultDescription}
	// Roles that come and go with a scope change the caller's grants, which ends list tokens.
	noRoles := []scopes.Option{scopes.WithSkipAdminRoleCreation(true), scopes.WithSkipDefaultRoleCreation(true)}
	return []noun{
		define(s, "scope (org)", global, ofScope, under(s, scope.Create, global, noRoles...),
			scope.Read, scope.Update, scope.List, scope.Delete),
		define(s, "scope (project)", org, ofScope, under(s, scope.Create, org, noRoles...),
			scope.Read, scope.Update, scope.List, scope.Delete),
		define(s, "user", org, ofUser, under(s, user.Create, org), user.Read, user.Update, user.List, user.Delete),
		define(s, "group", project, ofGroup, under(s, group.Create, project),
			group.Read, group.Update, group.List, group.Delete),
		define(s, "role", org, ofRole, under(s, role.Create, org), role.Read, role.Update, role.List, role.Delete),
	}, nil
}

func (s *suite) authNouns() ([]noun, error) {
	method, account := authmethods.NewClient(s.client), accounts.NewClient(s.client)
	managed := managedgroups.NewClient(s.client)
	ofMethod := texts[authmethods.Option]{authmethods.WithName, authmethods.WithDescription,
		authmethods.WithListToken, authmethods.DefaultDescription}
	ofAccount := texts[accounts.Option]{accounts.WithName, accounts.WithDescription,
		accounts.WithListToken, accounts.DefaultDescription}
	ofManaged := texts[managedgroups.Option]{managedgroups.WithName, managedgroups.WithDescription,
		managedgroups.WithListToken, managedgroups.DefaultDescription}
	newMethod := func(kind string, extra ...authmethods.Option) noun {
		return define(s, "auth method ("+kind+")", org, ofMethod, typed(s, method.Create, kind, org, extra...),
			method.Read, method.Update, method.List, method.Delete)
	}
	newAccount := func(kind, in string, extra ...accounts.Option) noun {
		return define(s, "account ("+kind+")", in, ofAccount, under(s, account.Create, in, extra...),
			account.Read, account.Update, account.List, account.Delete)
	}
	newManaged := func(kind, in string, extra ...managedgroups.Option) noun {
		return define(s, "managed group ("+kind+")", in, ofManaged, under(s, managed.Create, in, extra...),
			managed.Read, managed.Update, managed.List, managed.Delete)
	}
	return []noun{
		newMethod("password", authmethods.WithPasswordAuthMethodMinLoginNameLength(4)),
		newMethod("oidc", authmethods.WithOidcAuthMethodIssuer("https://idp.example"),
			authmethods.WithOidcAuthMethodClientId("client"), authmethods.WithOidcAuthMethodClientSecret("secret"),
			authmethods.WithOidcAuthMethodSigningAlgorithms([]string{"RS256"}),
			authmethods.WithOidcAuthMethodApiUrlPrefix("https://api.example")),
		newMethod("ldap", authmethods.WithLdapAuthMethodUrls([]string{"ldaps://ldap.example"})),
		newAccount("password", "ampw_1234567890", accounts.WithPasswordAccountLoginName("interop"),
			accounts.WithPasswordAccountPassword("password")),
		newAccount("oidc", "amoidc_1234567890", accounts.WithOidcAccountSubject("interop")),
		newAccount("ldap", "amldap_1234567890", accounts.WithLdapAccountLoginName("interop")),
		newManaged("oidc", "amoidc_1234567890", managedgroups.WithOidcManagedGroupFilter(`"/token/sub" == "x"`)),
		newManaged("ldap", "amldap_1234567890", managedgroups.WithLdapManagedGroupGroupNames([]string{"admins"})),
	}, nil
}

func (s *suite) hostNouns() ([]noun, error) {
	catalog, host := hostcatalogs.NewClient(s.client), hosts.NewClient(s.client)
	set := hostsets.NewClient(s.client)
	ofCatalog := texts[hostcatalogs.Option]{hostcatalogs.WithName, hostcatalogs.WithDescription,
		hostcatalogs.WithListToken, hostcatalogs.DefaultDescription}
	ofHost := texts[hosts.Option]{hosts.WithName, hosts.WithDescription, hosts.WithListToken, hosts.DefaultDescription}
	ofSet := texts[hostsets.Option]{hostsets.WithName, hostsets.WithDescription,
		hostsets.WithListToken, hostsets.DefaultDescription}
	made, err := catalog.Create(s.ctx, "static", project)
	if err != nil {
		return nil, err
	}
	parent := made.Item.Id
	return []noun{
		define(s, "host catalog", project, ofCatalog, typed(s, catalog.Create, "static", project),
			catalog.Read, catalog.Update, catalog.List, catalog.Delete),
		define(s, "host", parent, ofHost, under(s, host.Create, parent, hosts.WithStaticHostAddress("127.0.0.1")),
			host.Read, host.Update, host.List, host.Delete),
		define(s, "host set", parent, ofSet, under(s, set.Create, parent), set.Read, set.Update, set.List, set.Delete),
	}, nil
}

func (s *suite) credentialNouns() ([]noun, error) {
	store, credential := credentialstores.NewClient(s.client), credentials.NewClient(s.client)
	ofCredential := texts[credentials.Option]{credentials.WithName, credentials.WithDescription,
		credentials.WithListToken, credentials.DefaultDescription}
	made, err := store.Create(s.ctx, "static", project)
	if err != nil {
		return nil, err
	}
	key, err := privateKey()
	if err != nil {
		return nil, err
	}
	parent := made.Item.Id
	nouns := []noun{s.newStore("static")}
	for kind, extra := range map[string][]credentials.Option{
		"username_password": {credentials.WithUsernamePasswordCredentialUsername("u"),
			credentials.WithUsernamePasswordCredentialPassword("p")},
		"username_password_domain": {credentials.WithUsernamePasswordDomainCredentialUsername("u"),
			credentials.WithUsernamePasswordDomainCredentialPassword("p"),
			credentials.WithUsernamePasswordDomainCredentialDomain("d")},
		"password": {credentials.WithPasswordCredentialPassword("p")},
		"json":     {credentials.WithJsonCredentialObject(map[string]any{"a": 1})},
		"ssh_private_key": {credentials.WithSshPrivateKeyCredentialUsername("u"),
			credentials.WithSshPrivateKeyCredentialPrivateKey(key)},
	} {
		nouns = append(nouns, define(s, "credential ("+kind+")", parent, ofCredential,
			typed(s, credential.Create, kind, parent, extra...),
			credential.Read, credential.Update, credential.List, credential.Delete))
	}
	return nouns, nil
}

func (s *suite) newStore(kind string, extra ...credentialstores.Option) noun {
	store := credentialstores.NewClient(s.client)
	of := texts[credentialstores.Option]{credentialstores.WithName, credentialstores.WithDescription,
		credentialstores.WithListToken, credentialstores.DefaultDescription}
	return define(s, "credential store ("+kind+")", project, of, typed(s, store.Create, kind, project, extra...),
		store.Read, store.Update, store.List, store.Delete)
}

// privateKey is a fresh key as PEM.
func privateKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return string(pem.EncodeToMemory(&block)), nil
}

// vaultNouns asks the Vault that run.ts starts.
func (s *suite) vaultNouns() ([]noun, error) {
	vault := []credentialstores.Option{
		credentialstores.WithVaultCredentialStoreAddress(os.Getenv("VAULT_ADDR")),
		credentialstores.WithVaultCredentialStoreToken("token"),
	}
	made, err := credentialstores.NewClient(s.client).Create(s.ctx, "vault", project, vault...)
	if err != nil {
		return nil, err
	}
	parent := made.Item.Id
	library := credentiallibraries.NewClient(s.client)
	of := texts[credentiallibraries.Option]{credentiallibraries.WithName, credentiallibraries.WithDescription,
		credentiallibraries.WithListToken, credentiallibraries.DefaultDescription}
	newLibrary := func(kind string, extra ...credentiallibraries.Option) noun {
		return define(s, "credential library ("+kind+")", parent, of, typed(s, library.Create, kind, parent, extra...),
			library.Read, library.Update, library.List, library.Delete)
	}
	return []noun{
		s.newStore("vault", vault...),
		newLibrary("vault-generic", credentiallibraries.WithVaultCredentialLibraryPath("kv/data/x"),
			credentiallibraries.WithCredentialType("username_password")),
		newLibrary("vault-ssh-certificate",
			credentiallibraries.WithVaultSSHCertificateCredentialLibraryPath("ssh/sign/x"),
			credentiallibraries.WithVaultSSHCertificateCredentialLibraryUsername("u")),
		newLibrary("vault-ldap", credentiallibraries.WithVaultLdapCredentialLibraryPath("ldap/creds/x")),
	}, nil
}

func (s *suite) otherNouns() ([]noun, error) {
	target, alias := targets.NewClient(s.client), aliases.NewClient(s.client)
	worker := workers.NewClient(s.client)
	ofTarget := texts[targets.Option]{targets.WithName, targets.WithDescription, targets.WithListToken, targets.DefaultDescription}
	ofAlias := texts[aliases.Option]{aliases.WithName, aliases.WithDescription, aliases.WithListToken, aliases.DefaultDescription}
	ofWorker := texts[workers.Option]{workers.WithName, workers.WithDescription, workers.WithListToken, workers.DefaultDescription}
	workerNoun := define(s, "worker (controller-led)", global, ofWorker, under(s, worker.CreateControllerLed, global),
		worker.Read, worker.Update, worker.List, worker.Delete)
	workerNoun.noRefresh = true
	return []noun{
		define(s, "target", project, ofTarget,
			typed(s, target.Create, "tcp", project, targets.WithTcpTargetDefaultPort(22)),
			target.Read, target.Update, target.List, target.Delete),
		define(s, "alias", global, ofAlias, typed(s, alias.Create, "target", global, aliases.WithValue("interop.example"),
			aliases.WithDestinationId("ttcp_1234567890")), alias.Read, alias.Update, alias.List, alias.Delete),
		workerNoun,
	}, nil
}
