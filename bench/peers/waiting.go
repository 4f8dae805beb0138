// SPDX-License-Identifier: MIT
//
// The workloads of waiting for a lock and for a time.
package main

import (
	"sync"
	"syscall"
	"time"
)

func mutex(warm bool) {
	const lockers = 100
	n := count(20_000, warm)
	var lock sync.Mutex
	var wg sync.WaitGroup
	counter := 0
	wg.Add(lockers)
	start := time.Now()
	for k := 0; k < lockers; k++ {
		go func() {
			for i := 0; i < n; i++ {
				lock.Lock()
				counter++
				lock.Unlock()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	ns := nsPer(start, lockers*n)
	check("counter", int64(counter), int64(lockers*n))
	result("ns/op", "ns", ns, "-")
}

// cpu gives the seconds that this process has computed, in user and system mode.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err.Error())
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// nap says how long sleeper i sleeps: peer_nap of peer.h.
func nap(i int) time.Duration {
	z := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return time.Duration((z ^ z>>31) % 1_000_000_000)
}

func timers(warm bool) {
	n := count(1_000_000, warm)
	late := make([]int64, n)
	for i := range late {
		late[i] = -1
	}
	var wg sync.WaitGroup
	wg.Add(n)
	before := cpu()
	for i := 0; i < n; i++ {
		go func(i int) {
			pause := nap(i)
			start := time.Now()
			time.Sleep(pause)
			late[i] = int64(time.Since(start) - pause)
			wg.Done()
		}(i)
	}
	wg.Wait()
	used := cpu() - before
	woken := 0
	for _, ns := range late {
		if ns >= 0 {
			woken++
		}
	}
	check("sleepers woken, none early", int64(woken), int64(n))
	params := sized("-", n, 1_000_000)
	p50, p99 := percentiles(late)
	result("cpu", "s", used, params)
	result("p50", "us", p50, params)
	result("p99", "us", p99, params)
}
