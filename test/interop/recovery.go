package main

import (
	"encoding/base64"
	"fmt"
	"os"

	"github.com/hashicorp/boundary/api/users"
	"github.com/hashicorp/go-kms-wrapping/v2/aead"
)

// recovery lists users without a login, with tokens that the SDK makes of the deployment's recovery
// key.
func (s *suite) recovery() {
	s.check("recovery tokens of the SDK", func() error {
		key, err := base64.StdEncoding.DecodeString(os.Getenv("SALLYPORT_RECOVERY_KEY"))
		if err != nil {
			return err
		}
		wrapper := aead.NewWrapper()
		if err := wrapper.SetAesGcmKeyBytes(key); err != nil {
			return err
		}
		client := s.client.Clone()
		client.SetToken("")
		client.SetRecoveryKmsWrapper(wrapper)
		// Twice: each request needs a token of its own.
		for range 2 {
			result, err := users.NewClient(client).List(s.ctx, "global")
			if err != nil {
				return err
			}
			if len(result.Items) < 2 {
				return fmt.Errorf("%d users", len(result.Items))
			}
		}
		return nil
	})
}
