// SPDX-License-Identifier: MIT
//
// What peer-go measures; names and sizes as in bench/README.md.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func yielder(n int, done *int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
		*done++
	}
	wg.Done()
}

// otherYielder is another function on purpose: return prediction differs.
func otherYielder(n int, done *int, wg *sync.WaitGroup) {
	for *done < n {
		*done++
		runtime.Gosched()
	}
	wg.Done()
}

func yieldPair(n int, first, second func(int, *int, *sync.WaitGroup)) {
	var wg sync.WaitGroup
	var a, b int
	wg.Add(2)
	start := time.Now()
	go first(n, &a, &wg)
	go second(n, &b, &wg)
	wg.Wait()
	ns := nsPer(start, 2*n)
	check("yields", int64(a+b), int64(2*n))
	result("ns/yield", "ns", ns, "-")
}

func yield2(warm bool)  { yieldPair(count(5_000_000, warm), yielder, yielder) }
func yield2x(warm bool) { yieldPair(count(5_000_000, warm), yielder, otherYielder) }

// drift watches how far counts are ever apart.
type drift struct {
	counts [1000]int32
	worst  int32
}

func (d *drift) look() {
	least, most := d.counts[0], d.counts[0]
	for _, c := range d.counts {
		if c < least {
			least = c
		}
		if c > most {
			most = c
		}
	}
	if most-least > d.worst {
		d.worst = most - least
	}
}

// yielder yields n times; every 20th one looks now and then.
func (d *drift) yielder(self, n int32) {
	next := int32(-1)
	if self%20 == 0 {
		next = self
	}
	for k := int32(0); k < n; k++ {
		d.counts[self] = k
		if k == next {
			d.look()
			next += int32(len(d.counts))
		}
		runtime.Gosched()
	}
	d.counts[self] = n
}

func yield1000(warm bool) {
	var d drift
	var wg sync.WaitGroup
	fibers := len(d.counts)
	n := count(5000, warm)
	wg.Add(fibers)
	start := time.Now()
	for i := 0; i < fibers; i++ {
		go func(self int) {
			d.yielder(int32(self), int32(n))
			wg.Done()
		}(i)
	}
	wg.Wait()
	ns := nsPer(start, fibers*n)
	sum := int64(0)
	for _, c := range d.counts {
		sum += int64(c)
	}
	check("yields", sum, int64(fibers*n))
	result("ns/yield", "ns", ns, "-")
	result("spread", "yields", float64(d.worst), "-")
}

// parkPair: a channel of capacity 1 is a permit.
func parkPair(warm bool) {
	n := count(1_000_000, warm)
	a, b := make(chan struct{}, 1), make(chan struct{}, 1)
	var wg sync.WaitGroup
	pings, pongs := 0, 0
	wg.Add(2)
	start := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			b <- struct{}{}
			<-a
			pings++
		}
		wg.Done()
	}()
	go func() {
		for i := 0; i < n; i++ {
			<-b
			pongs++
			a <- struct{}{}
		}
		wg.Done()
	}()
	wg.Wait()
	ns := nsPer(start, n)
	check("round trips", int64(pings+pongs), int64(2*n))
	result("ns/roundtrip", "ns", ns, "-")
}

func spawnJoin1(warm bool) {
	n := count(1_000_000, warm)
	ran := 0
	var wg sync.WaitGroup
	start := time.Now()
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() {
			ran++
			wg.Done()
		}()
		wg.Wait()
	}
	ns := nsPer(start, n)
	check("fibers run", int64(ran), int64(n))
	result("ns/fiber", "ns", ns, "-")
}

func spawnJoin1000(warm bool) {
	const fibers = 1000
	n := count(1000, warm)
	var ran [fibers]int
	var wg sync.WaitGroup
	start := time.Now()
	for i := 0; i < n; i++ {
		wg.Add(fibers)
		for k := 0; k < fibers; k++ {
			slot := &ran[k]
			go func() {
				*slot++
				wg.Done()
			}()
		}
		wg.Wait()
	}
	ns := nsPer(start, n*fibers)
	sum := 0
	for _, r := range ran {
		sum += r
	}
	check("fibers run", int64(sum), int64(n*fibers))
	result("ns/fiber", "ns", ns, "-")
}

func sky(c chan int, num, size int) {
	if size == 1 {
		c <- num
		return
	}
	children := make(chan int, 10)
	sum := 0
	for i := 0; i < 10; i++ {
		go sky(children, num+i*(size/10), size/10)
	}
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	c <- sum
}

func skynet(bool) {
	n := leaves()
	c := make(chan int, 1)
	start := time.Now()
	go sky(c, 0, n)
	sum := <-c
	ms := nsPer(start, 1) / 1e6
	check("sum", int64(sum), int64(n)*int64(n-1)/2)
	result("ms", "ms", ms, sized("order=any", n, 1_000_000))
}

func fibOf(n int) int {
	if n < 2 {
		return n
	}
	var child struct {
		wg  sync.WaitGroup
		fib int
	}
	child.wg.Add(1)
	go func() {
		child.fib = fibOf(n - 1)
		child.wg.Done()
	}()
	b := fibOf(n - 2)
	child.wg.Wait()
	return child.fib + b
}

func fibPlain(n int) int {
	a, b := 0, 1
	for ; n > 0; n-- {
		a, b = b, a+b
	}
	return a
}

func fib(warm bool) {
	n := 30 + int(math.Log(scale)/math.Log(1.618))
	if warm {
		n -= 5
	}
	start := time.Now()
	got := fibOf(n)
	ns := nsPer(start, fibPlain(n+1)-1)
	check("fib", int64(got), int64(fibPlain(n)))
	result("ns/spawn", "ns", ns, fmt.Sprintf("n=%d", n))
}

type board [12]int8

// freeColumns gives the columns of row that no queen above attacks, as a set of bits.
func (b *board) freeColumns(row, n int) uint32 {
	taken := uint32(0)
	for r := 0; r < row; r++ {
		queen := uint32(1) << uint8(b[r])
		taken |= queen | queen<<(row-r) | queen>>(row-r)
	}
	return ^taken & (1<<n - 1)
}

func queens(b board, row, n int, found chan<- int) {
	if row == n {
		found <- 1
		return
	}
	free := b.freeColumns(row, n)
	below := make(chan int, bits.OnesCount32(free))
	for set := free; set != 0; set &= set - 1 {
		b[row] = int8(bits.TrailingZeros32(set))
		go queens(b, row+1, n, below)
	}
	sum := 0
	for set := free; set != 0; set &= set - 1 {
		sum += <-below
	}
	found <- sum
}

func nqueens(bool) {
	n, want := 11, 2680
	if scale < 1 {
		n, want = 8, 92
	}
	var b board
	start := time.Now()
	found := make(chan int, 1)
	queens(b, 0, n, found)
	got := <-found
	ms := nsPer(start, 1) / 1e6
	check("solutions", int64(got), int64(want))
	result("ms", "ms", ms, sized("-", n, 11))
}

//go:noinline
func small(x int64) int64 { return x + 1 }

func mem(warm bool) {
	if warm {
		return
	}
	n := count(1_000_000, false)
	var started int64
	var forever chan struct{}
	before := memory()
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&started, small(0))
			<-forever
		}()
	}
	for atomic.LoadInt64(&started) < int64(n) {
		runtime.Gosched()
	}
	after := memory()
	check("parked", atomic.LoadInt64(&started), int64(n))
	result("bytes/fiber", "bytes", float64(after-before)/float64(n), sized("-", n, 1_000_000))
}

// wake: both goroutines are wired to their threads, as sticky fibers are.
func wake(warm bool) {
	n := count(4000, warm)
	late := make([]int64, 0, n)
	bell := make(chan time.Time, 1)
	var heard int64
	go func() {
		runtime.LockOSThread()
		for i := 0; i < n; i++ {
			rung := <-bell
			late = append(late, time.Since(rung).Nanoseconds())
			atomic.StoreInt64(&heard, int64(i+1))
		}
	}()
	runtime.LockOSThread()
	for i := 0; i < n; i++ {
		for start := time.Now(); time.Since(start) < 200*time.Microsecond; {
		}
		bell <- time.Now()
		for atomic.LoadInt64(&heard) != int64(i+1) {
		}
	}
	check("wakes", int64(len(late)), int64(n))
	p50, p99 := percentiles(late)
	result("p50", "us", p50, "-")
	result("p99", "us", p99, "-")
}
