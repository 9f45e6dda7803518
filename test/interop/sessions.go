package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/hashicorp/boundary/api/proxy"
	"github.com/hashicorp/boundary/api/sessions"
	"github.com/hashicorp/boundary/api/targets"
	pb "github.com/hashicorp/boundary/sdk/pbs/proxy"
	"google.golang.org/protobuf/proto"
)

const (
	payloadBytes = 8 << 20
	waitTimeout  = 20 * time.Second
)

// echo serves until its listener closes: all bytes go back.
func echo() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return listener, nil
}

// opened is an authorized session with a running proxy of the SDK.
type opened struct {
	id    string
	token string
	addr  string
	stop  context.CancelFunc
	done  chan error
	proxy *proxy.ClientProxy
}

func (s *suite) open(targetId string) (*opened, error) {
	authorized, err := targets.NewClient(s.client).AuthorizeSession(s.ctx, targetId)
	if err != nil {
		return nil, err
	}
	return s.start(authorized.Item.SessionId, authorized.Item.AuthorizationToken)
}

func (s *suite) start(id, token string) (*opened, error) {
	ctx, stop := context.WithCancel(s.ctx)
	client, err := proxy.New(ctx, token)
	if err != nil {
		stop()
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- client.Start() }()
	wait, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	addr := client.ListenerAddress(wait)
	if addr == "" {
		stop()
		return nil, errors.New("the proxy did not listen")
	}
	return &opened{id, token, addr, stop, done, client}, nil
}

// end stops the proxy, which ends the session by its teardown command.
func (o *opened) end() error {
	o.stop()
	select {
	case err := <-o.done:
		return err
	case <-time.After(waitTimeout):
		return errors.New("the proxy did not end")
	}
}

func (o *opened) dial() (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", o.addr, waitTimeout)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(waitTimeout))
	}
	return conn, err
}

// exchange sends `count` random bytes and compares what comes back.
func (o *opened) exchange(count int) error {
	conn, err := o.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make([]byte, count)
	if _, err := rand.Read(sent); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(conn, bytes.NewReader(sent)) }()
	received := make([]byte, count)
	if _, err := io.ReadFull(conn, received); err != nil {
		return err
	}
	if sha256.Sum256(sent) != sha256.Sum256(received) {
		return errors.New("other bytes came back")
	}
	return nil
}

// waitStatus waits for a session's status.
func (s *suite) waitStatus(id, status string) error {
	client := sessions.NewClient(s.client)
	last := ""
	for end := time.Now().Add(waitTimeout); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		read, err := client.Read(s.ctx, id)
		if err != nil {
			return err
		}
		if last = read.Item.Status; last == status {
			return nil
		}
	}
	return fmt.Errorf("the session is %q, not %q", last, status)
}

func (s *suite) newTarget(name string, port int, opts ...targets.Option) (string, error) {
	opts = append(opts, targets.WithName(name), targets.WithTcpTargetDefaultPort(uint32(port)),
		targets.WithAddress("127.0.0.1"))
	made, err := targets.NewClient(s.client).Create(s.ctx, "tcp", project, opts...)
	if err != nil {
		return "", err
	}
	return made.Item.Id, nil
}

// ended waits until a connection that is open is cut.
func ended(conn net.Conn) error {
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("the connection was not cut")
	}
	return nil
}

func (s *suite) sessions() {
	listener, err := echo()
	if err != nil {
		s.check("an endpoint", func() error { return err })
		return
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	s.check("the handshake has the SDK's bytes", handshakeBytes)
	s.check("bytes both ways through many connections, then teardown", func() error { return s.moveBytes(port) })
	s.check("cancel by the API cuts an open connection", func() error { return s.cancel(port) })
	s.check("expiry cuts an open connection", func() error { return s.expire(port) })
	s.check("a second client of the session is refused", func() error { return s.secondClient(port) })
	s.check("the connection limit stops the proxy", func() error { return s.limit(port) })
	s.check("an endpoint that refuses ends only that connection", func() error { return s.refused(port) })
	// Last: the deployment ends with its worker.
	s.check("killing the worker ends the connection", func() error { return s.killWorker(port) })
}

// handshakeBytes compares the SDK's own encoding with the layout that the worker's tests are
// written from.
func handshakeBytes() error {
	got, err := proto.Marshal(&pb.ClientHandshake{TofuToken: "abc", Command: pb.HANDSHAKECOMMAND_HANDSHAKECOMMAND_SESSION_CANCEL})
	if err != nil {
		return err
	}
	if want := []byte{0x52, 3, 'a', 'b', 'c', 0xa0, 1, 1}; !bytes.Equal(got, want) {
		return fmt.Errorf("%x, not %x", got, want)
	}
	return nil
}

func (s *suite) moveBytes(port int) error {
	target, err := s.newTarget("interop bytes", port, targets.WithSessionConnectionLimit(-1))
	if err != nil {
		return err
	}
	session, err := s.open(target)
	if err != nil {
		return err
	}
	if err := session.exchange(payloadBytes); err != nil {
		return err
	}
	results := make(chan error)
	const parallel = 10
	for range parallel {
		go func() { results <- session.exchange(100_000) }()
	}
	for range parallel {
		err = errors.Join(err, <-results)
	}
	if err != nil {
		return err
	}
	if err := session.end(); err != nil {
		return err
	}
	return s.waitStatus(session.id, "terminated")
}

// openConnection is a session with one connection over which bytes have moved.
func (s *suite) openConnection(name string, port int, opts ...targets.Option) (*opened, net.Conn, error) {
	target, err := s.newTarget(name, port, append(opts, targets.WithSessionConnectionLimit(-1))...)
	if err != nil {
		return nil, nil, err
	}
	session, err := s.open(target)
	if err != nil {
		return nil, nil, err
	}
	conn, err := session.dial()
	if err != nil {
		return nil, nil, err
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		return nil, nil, err
	}
	_, err = io.ReadFull(conn, make([]byte, 5))
	return session, conn, err
}

func (s *suite) cancel(port int) error {
	session, conn, err := s.openConnection("interop cancel", port)
	if err != nil {
		return err
	}
	if _, err := sessions.NewClient(s.client).Cancel(s.ctx, session.id, 0, sessions.WithAutomaticVersioning(true)); err != nil {
		return err
	}
	if err := ended(conn); err != nil {
		return err
	}
	if err := session.end(); err != nil {
		return err
	}
	return s.waitStatus(session.id, "terminated")
}

func (s *suite) expire(port int) error {
	session, conn, err := s.openConnection("interop expire", port, targets.WithSessionMaxSeconds(3))
	if err != nil {
		return err
	}
	if err := ended(conn); err != nil {
		return err
	}
	session.stop()
	return s.waitStatus(session.id, "terminated")
}

// killWorker kills the worker's process under a connection that moves bytes.
func (s *suite) killWorker(port int) error {
	worker, err := strconv.Atoi(os.Getenv("WORKER_PID"))
	if err != nil {
		return err
	}
	session, conn, err := s.openConnection("interop kill", port)
	if err != nil {
		return err
	}
	defer session.stop()
	if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
		return err
	}
	return ended(conn)
}

func (s *suite) secondClient(port int) error {
	session, conn, err := s.openConnection("interop second", port)
	if err != nil {
		return err
	}
	defer conn.Close()
	second, err := s.start(session.id, session.token)
	if err != nil {
		return err
	}
	if err := second.exchange(5); err == nil {
		return errors.New("the second client was served")
	}
	second.stop()
	if err := session.exchange(1000); err != nil {
		return fmt.Errorf("the first client: %w", err)
	}
	return session.end()
}

func (s *suite) limit(port int) error {
	target, err := s.newTarget("interop limit", port, targets.WithSessionConnectionLimit(1))
	if err != nil {
		return err
	}
	session, err := s.open(target)
	if err != nil {
		return err
	}
	if err := session.exchange(1000); err != nil {
		return err
	}
	select {
	case <-session.done:
	case <-time.After(waitTimeout):
		return errors.New("the proxy went on")
	}
	if reason := session.proxy.CloseReason(); reason != "No connections left in session" {
		return fmt.Errorf("close reason %q", reason)
	}
	return s.waitStatus(session.id, "terminated")
}

func (s *suite) refused(port int) error {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	nobody := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	target, err := s.newTarget("interop refused", nobody, targets.WithSessionConnectionLimit(-1))
	if err != nil {
		return err
	}
	session, err := s.open(target)
	if err != nil {
		return err
	}
	for range 2 {
		if err := session.exchange(5); err == nil {
			return errors.New("an endpoint that is not there answered")
		}
	}
	return session.end()
}
