// etcd-load keeps a number of closed-loop clients busy on an etcd cluster through etcd's own client, and prints what they
// saw as one line of JSON. It is the counterpart of `mneme load`: the same flags, the same key space, the same clock
// points (just before a call, just after it), the same shape of result.
//
// Build it with Debian's golang-go and golang-etcd-server-dev:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o etcd-load .
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

type options struct {
	endpoints []string
	clients   int
	channels  int
	measured  time.Duration
	warmup    time.Duration
	timeout   time.Duration
	op        string
	sizeBytes int
	keys      int
	seed      int64
}

// report is the line that a run prints. Latencies are in microseconds and count operations that succeeded.
type report struct {
	System     string  `json:"system"`
	Op         string  `json:"op"`
	Clients    int     `json:"clients"`
	SizeBytes  int     `json:"size"`
	Ops        int     `json:"ops"`
	Errors     int     `json:"errors"`
	PerSecond  float64 `json:"per_second"`
	P50        int64   `json:"p50_us"`
	P99        int64   `json:"p99_us"`
	P999       int64   `json:"p999_us"`
	FirstError string  `json:"first_error,omitempty"`
}

func main() {
	chosen, err := parse(os.Args[1:])
	if err != nil {
		fail(2, err)
	}
	channels, err := connect(chosen)
	if err != nil {
		fail(1, err)
	}
	if chosen.op == "fill" {
		if err := fill(channels, chosen); err != nil {
			fail(1, err)
		}
		return
	}
	result := run(channels, chosen)
	if result.Ops == 0 {
		fail(1, fmt.Errorf("no operation succeeded; the first error: %s", result.FirstError))
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(1, err)
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "etcd-load:", err)
	os.Exit(code)
}

func parse(arguments []string) (options, error) {
	flags := flag.NewFlagSet("etcd-load", flag.ExitOnError)
	endpoints := flags.String("endpoints", "", "comma list of client URLs; clients are spread over them evenly")
	clients := flags.Int("clients", 64, "closed-loop clients")
	channels := flags.Int("channels", 9, "gRPC connections that the clients share, spread over the endpoints")
	seconds := flags.Float64("seconds", 5, "measured time")
	warmup := flags.Float64("warmup", 0.5, "time before it that is not counted")
	timeout := flags.Float64("timeout", 5, "seconds after which an operation counts as an error")
	op := flags.String("op", "put", "put | get (linearizable) | fill (put every key once, prints nothing)")
	size := flags.Int("size", 256, "bytes of a value")
	keys := flags.Int("keys", 100000, "keys, chosen uniformly")
	seed := flags.Int64("seed", 1, "seed of the choice of keys")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if *endpoints == "" || *clients < 1 || *channels < 1 || *seconds <= 0 || *keys < 1 || *size < 0 || *timeout <= 0 {
		return options{}, fmt.Errorf("--endpoints is needed; clients, channels, seconds, timeout and keys are positive")
	}
	if *op != "put" && *op != "get" && *op != "fill" {
		return options{}, fmt.Errorf("unknown --op %q: put, get or fill", *op)
	}
	return options{
		endpoints: strings.Split(*endpoints, ","), clients: *clients, channels: *channels,
		measured: duration(*seconds), warmup: duration(*warmup), timeout: duration(*timeout),
		op: *op, sizeBytes: *size, keys: *keys, seed: *seed,
	}, nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func key(number int) string { return fmt.Sprintf("key-%08d", number) }

// connect opens the shared connections. Each knows one endpoint only, so that the load is spread as asked.
func connect(chosen options) ([]*clientv3.Client, error) {
	count := chosen.channels
	if count > chosen.clients && chosen.clients >= len(chosen.endpoints) {
		count = chosen.clients
	}
	channels := make([]*clientv3.Client, count)
	for i := range channels {
		endpoint := chosen.endpoints[i%len(chosen.endpoints)]
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 3 * time.Second})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", endpoint, err)
		}
		channels[i] = client
	}
	return channels, nil
}

func fill(channels []*clientv3.Client, chosen options) error {
	value := strings.Repeat("v", chosen.sizeBytes)
	var group sync.WaitGroup
	failures := make(chan error, chosen.clients)
	for worker := 0; worker < chosen.clients; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for number := worker; number < chosen.keys; number += chosen.clients {
				if err := operate(channels[worker%len(channels)], "put", key(number), value, chosen.timeout); err != nil {
					failures <- err
					return
				}
			}
		}(worker)
	}
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func operate(client *clientv3.Client, op, key, value string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var err error
	if op == "put" {
		_, err = client.Put(ctx, key, value)
	} else {
		_, err = client.Get(ctx, key)
	}
	return err
}

// seen is what one client saw; it is touched by that client alone until all are done.
type seen struct {
	micros     []int64
	errors     int
	firstError string
}

func run(channels []*clientv3.Client, chosen options) report {
	value := strings.Repeat("v", chosen.sizeBytes)
	clients := make([]seen, chosen.clients)
	counted := time.Now().Add(chosen.warmup)
	end := counted.Add(chosen.measured)
	var group sync.WaitGroup
	for number := range clients {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			mine := &clients[number]
			random := rand.New(rand.NewSource(chosen.seed*1000003 + int64(number)))
			for {
				name := key(random.Intn(chosen.keys))
				begin := time.Now()
				if !begin.Before(end) {
					return
				}
				err := operate(channels[number%len(channels)], chosen.op, name, value, chosen.timeout)
				finish := time.Now()
				// Operations count where they end, so that both edges of the measured time cut alike.
				if finish.Before(counted) || finish.After(end) {
					continue
				}
				if err != nil {
					mine.errors++
					if mine.firstError == "" {
						mine.firstError = err.Error()
					}
					continue
				}
				mine.micros = append(mine.micros, finish.Sub(begin).Microseconds())
			}
		}(number)
	}
	group.Wait()
	return summarise(clients, chosen)
}

func summarise(clients []seen, chosen options) report {
	result := report{System: "etcd", Op: chosen.op, Clients: chosen.clients, SizeBytes: chosen.sizeBytes}
	var all []int64
	for _, one := range clients {
		all = append(all, one.micros...)
		result.Errors += one.errors
		if result.FirstError == "" {
			result.FirstError = one.firstError
		}
	}
	if len(all) == 0 {
		return result
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	quantile := func(q float64) int64 { return all[int(q*float64(len(all)-1))] }
	result.Ops = len(all)
	result.PerSecond = float64(len(all)) / chosen.measured.Seconds()
	result.P50, result.P99, result.P999 = quantile(0.5), quantile(0.99), quantile(0.999)
	return result
}
