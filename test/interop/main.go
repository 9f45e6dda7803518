// Program interop talks to a running deployment with Boundary's official Go SDK: logs in, works on one of each noun, and
// moves bytes through sessions of the SDK's proxy client. Each check prints a line; the last is "N passed, N failed".
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/boundary/api"
	"github.com/hashicorp/boundary/api/authmethods"
)

// The checks together take seconds; a hang ends here.
const totalTimeout = 2 * time.Minute

type suite struct {
	ctx            context.Context
	client         *api.Client
	userId         string
	passed, failed int
}

// check runs one check and counts it.
func (s *suite) check(name string, work func() error) {
	if err := work(); err != nil {
		s.failed++
		fmt.Printf("FAILED %s: %v\n", name, err)
		return
	}
	s.passed++
	fmt.Printf("ok %s\n", name)
}

func (s *suite) logIn() error {
	result, err := authmethods.NewClient(s.client).Authenticate(s.ctx, "ampw_1234567890", "login",
		map[string]any{"login_name": "admin", "password": "password"})
	if err != nil {
		return err
	}
	token, ok := result.Attributes["token"].(string)
	if !ok {
		return fmt.Errorf("no token in the answer")
	}
	s.userId, _ = result.Attributes["user_id"].(string)
	s.client.SetToken(token)
	return nil
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
	s.check("log in with a password", s.logIn)
	s.nouns()
	s.lists()
	s.sessions()
	fmt.Printf("%d passed, %d failed\n", s.passed, s.failed)
	if s.failed > 0 {
		os.Exit(1)
	}
}
