// Program interop talks to a running deployment with Boundary's official Go SDK: logs in, keeps a
// cache of ten thousand items, works on one of each noun, and moves bytes through sessions of the
// SDK's proxy client. Each check prints a line; the last is "N passed, N failed".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/boundary/api"
	"github.com/hashicorp/boundary/api/authmethods"
)

// The checks together take half a minute, most of it for ten thousand items; a hang ends here.
const totalTimeout = 5 * time.Minute

type suite struct {
	ctx            context.Context
	client         *api.Client
	userId         string
	passed, failed int
}

// check runs one check and counts it.
func (s *suite) check(name string, work func() error) {
	began := time.Now()
	err := work()
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		s.failed++
		fmt.Printf("FAILED %s (%v): %v\n", name, took, err)
		return
	}
	s.passed++
	fmt.Printf("ok %s (%v)\n", name, took)
}

// login answers the new token and its user.
func (s *suite) login(name, password string) (token, userId string, err error) {
	result, err := authmethods.NewClient(s.client).Authenticate(s.ctx, "ampw_1234567890", "login",
		map[string]any{"login_name": name, "password": password})
	if err != nil {
		return "", "", err
	}
	token, _ = result.Attributes["token"].(string)
	userId, _ = result.Attributes["user_id"].(string)
	if token == "" || userId == "" {
		return "", "", errors.New("no token in the answer")
	}
	return token, userId, nil
}

func (s *suite) loginAsAdmin() (err error) {
	token, userId, err := s.login("admin", "password")
	if err == nil {
		s.userId = userId
		s.client.SetToken(token)
	}
	return err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), totalTimeout)
	defer cancel()
	config, err := api.DefaultConfig()
	if err == nil {
		config.Addr = os.Getenv("SALLYPORT_ADDR")
	}
	client, err := api.NewClient(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := &suite{ctx: ctx, client: client}
	s.check("log in with a password", s.loginAsAdmin)
	// First, so that what other checks remove is in none of its lists.
	s.caching()
	s.recovery()
	s.nouns()
	s.actions()
	s.sessions()
	fmt.Printf("%d passed, %d failed\n", s.passed, s.failed)
	if s.failed > 0 {
		os.Exit(1)
	}
}
