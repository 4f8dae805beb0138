// SPDX-License-Identifier: MIT
//
// The workloads of channels, and those of generators: Go 1.19 has none but a goroutine with a channel.
package main

import (
	"sync"
	"time"
)

const (
	capacity     = 128
	channelPeers = 4
	stages       = 10
)

func pingPong(warm bool) {
	n := count(1_000_000, warm)
	pings, pongs := make(chan int), make(chan int)
	var wg sync.WaitGroup
	answered := 0
	wg.Add(2)
	start := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			pongs <- <-pings + 1
		}
		wg.Done()
	}()
	go func() {
		for i := 0; i < n; i++ {
			pings <- i
			if <-pongs == i+1 {
				answered++
			}
		}
		wg.Done()
	}()
	wg.Wait()
	ns := nsPer(start, n)
	check("round trips", int64(answered), int64(n))
	result("ns/roundtrip", "ns", ns, "-")
}

func chanSpsc(warm bool) {
	n := count(10_000_000, warm)
	c := make(chan int, capacity)
	var wg sync.WaitGroup
	received, ordered := 0, 0
	wg.Add(2)
	start := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			c <- i
		}
		close(c)
		wg.Done()
	}()
	go func() {
		for v := range c {
			if v == received {
				ordered++
			}
			received++
		}
		wg.Done()
	}()
	wg.Wait()
	ns := nsPer(start, n)
	check("items", int64(received), int64(n))
	check("items in order", int64(ordered), int64(n))
	result("ns/item", "ns", ns, "-")
}

func chanMpmc(warm bool) {
	share := count(4_000_000, warm) / channelPeers
	n := share * channelPeers
	c := make(chan int, capacity)
	var senders, receivers sync.WaitGroup
	var received, sums [channelPeers]int
	senders.Add(channelPeers)
	receivers.Add(channelPeers)
	start := time.Now()
	for p := 0; p < channelPeers; p++ {
		go func(p int) {
			for i := p * share; i < (p+1)*share; i++ {
				c <- i
			}
			senders.Done()
		}(p)
		go func(p int) {
			items, sum := 0, 0
			for v := range c {
				items++
				sum += v
			}
			received[p], sums[p] = items, sum
			receivers.Done()
		}(p)
	}
	senders.Wait()
	close(c)
	receivers.Wait()
	ns := nsPer(start, n)
	items, sum := 0, 0
	for p := range sums {
		items += received[p]
		sum += sums[p]
	}
	check("items", int64(items), int64(n))
	check("sum", int64(sum), int64(n)*int64(n-1)/2)
	result("ns/item", "ns", ns, "-")
}

func fibonacci(n int) <-chan uint64 {
	c := make(chan uint64)
	go func() {
		a, b := uint64(0), uint64(1)
		for i := 0; i < n; i++ {
			c <- a
			a, b = b, a+b
		}
		close(c)
	}()
	return c
}

func generator(warm bool) {
	n := count(10_000_000, warm)
	sum := uint64(0)
	start := time.Now()
	for v := range fibonacci(n) {
		sum += v
	}
	ns := nsPer(start, n)
	a, b := uint64(0), uint64(1)
	for i := 0; i <= n; i++ {
		a, b = b, a+b
	}
	check("sum of the values", int64(sum), int64(a-1))
	result("ns/value", "ns", ns, "-")
}

func integers(n int) <-chan int {
	c := make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			c <- i
		}
		close(c)
	}()
	return c
}

func plusOne(below <-chan int) <-chan int {
	c := make(chan int)
	go func() {
		for v := range below {
			c <- v + 1
		}
		close(c)
	}()
	return c
}

func pipeline10(warm bool) {
	n := count(1_000_000, warm)
	sum := 0
	start := time.Now()
	last := integers(n)
	for i := 1; i < stages; i++ {
		last = plusOne(last)
	}
	for v := range last {
		sum += v
	}
	ms := nsPer(start, 1) / 1e6
	check("sum", int64(sum), int64(n)*int64(n-1)/2+int64(n)*(stages-1))
	result("ms", "ms", ms, sized("-", n, 1_000_000))
	result("peak", "KiB", float64(peak()-peakBefore), sized("-", n, 1_000_000))
}
