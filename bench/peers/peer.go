// SPDX-License-Identifier: MIT
//
// The peer program of Go: goroutines, channels and WaitGroups. Speaks the protocol of bench/harness/peer.h:
//
//	peer-go --list                      a line "WORKLOAD FEWEST MOST" (workers) for each workload
//	peer-go WORKLOAD WORKERS [SCALE]    warms up, measures once, prints lines "METRIC UNIT VALUE PARAMS"
//
// Every workload checks its own answer; a wrong one ends the program with status 1.
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

type workload struct {
	name         string
	fewest, most int
	run          func(warm bool)
}

var workloads = []workload{
	{"yield2", 1, 1, yield2},
	{"yield2x", 1, 1, yield2x},
	{"yield1000", 1, 1, yield1000},
	{"parkpair", 1, 1024, parkPair},
	{"spawnjoin1", 1, 1024, spawnJoin1},
	{"spawnjoin1000", 1, 1024, spawnJoin1000},
	{"skynet", 1, 1024, skynet},
	{"fib", 1, 1024, fib},
	{"nqueens", 1, 1024, nqueens},
	{"mem", 1, 1, mem},
	{"wake", 2, 2, wake},
	{"pingpong", 1, 1024, pingPong},
	{"chan_spsc", 1, 1024, chanSpsc},
	{"chan_mpmc", 1, 1024, chanMpmc},
	{"mutex", 1, 1024, mutex},
	{"timers", 1, 1024, timers},
	{"generator", 1, 1024, generator},
	{"pipeline10", 1, 1024, pipeline10},
}

var scale = 1.0
var silent = false
var peakBefore int64 // before the warm-up

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--list" {
		for _, w := range workloads {
			fmt.Println(w.name, w.fewest, w.most)
		}
		return
	}
	if len(os.Args) < 3 {
		fail("usage: peer-go WORKLOAD WORKERS [SCALE]")
	}
	workers, err := strconv.Atoi(os.Args[2])
	if err != nil || workers < 1 {
		fail("bad number of workers: " + os.Args[2])
	}
	if len(os.Args) > 3 {
		if scale, err = strconv.ParseFloat(os.Args[3], 64); err != nil || scale <= 0 {
			fail("bad scale: " + os.Args[3])
		}
	}
	runtime.GOMAXPROCS(workers)
	for _, w := range workloads {
		if w.name == os.Args[1] {
			forgetPeak()
			peakBefore = peak()
			silent = true
			w.run(true)
			silent = false
			w.run(false)
			return
		}
	}
	fail("no such workload: " + os.Args[1])
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "peer-go:", text)
	os.Exit(1)
}

// check compares an answer with the right one.
func check(what string, got, want int64) {
	if got != want {
		fail(fmt.Sprintf("WRONG RESULT: %s is %d, not %d", what, got, want))
	}
}

// result prints one figure, except while warming up.
func result(metric, unit string, value float64, params string) {
	if !silent {
		fmt.Println(metric, unit, value, params)
	}
}

// sized adds the size to params where it is not the workload's own.
func sized(params string, n, full int) string {
	if n == full {
		return params
	}
	return fmt.Sprintf("%s;n=%d", params, n)
}

// count gives how often a loop runs: a tenth of it warms up.
func count(full int, warm bool) int {
	n := float64(full) * scale
	if warm {
		n /= 10
	}
	return int(math.Max(n, 10))
}

// leaves is the greatest power of ten up to 10^6 * scale.
func leaves() int {
	n := 10
	for float64(n*10) <= 1e6*scale {
		n *= 10
	}
	return n
}

func nsPer(start time.Time, n int) float64 {
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

// statusKiB gives a line of /proc/self/status.
func statusKiB(field string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err.Error())
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, field+":") {
			kib, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return kib
		}
	}
	fail("not in /proc/self/status: " + field)
	return 0
}

// memory is VmRSS + VmPTE in bytes.
func memory() int64 { return (statusKiB("VmRSS") + statusKiB("VmPTE")) * 1024 }

// peak is the greatest VmRSS so far in KiB, without pages of files: code counts as it is first run, in lumps.
func peak() int64 { return statusKiB("VmHWM") - statusKiB("RssFile") }

// forgetPeak makes the kernel forget the greatest VmRSS. Where it cannot, growth counts from that.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func percentiles(ns []int64) (p50, p99 float64) {
	sort.Slice(ns, func(i, j int) bool { return ns[i] < ns[j] })
	return float64(ns[len(ns)/2]) / 1e3, float64(ns[len(ns)*99/100]) / 1e3
}
