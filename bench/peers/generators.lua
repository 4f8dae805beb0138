#!/usr/bin/lua5.4
-- SPDX-License-Identifier: MIT
--
-- The peer program of Lua: its coroutines. Speaks the protocol of bench/harness/peer.h. Lua has no clock but the CPU
-- time of the process; here, where nothing waits, it differs from the time by what others take.

local STAGES = 10

local scale = 1.0
local warming = false
local peak_before = 0 -- before the warm-up

local function fail(text)
	io.stderr:write("peer-lua: ", text, "\n")
	os.exit(1)
end

local function check(what, got, want)
	if got ~= want then
		fail(("WRONG RESULT: %s is %d, not %d"):format(what, got, want))
	end
end

-- Prints one figure, except while warming up.
local function result(metric, unit, value, params)
	if not warming then
		print(("%s %s %.6g %s"):format(metric, unit, value, params))
	end
end

local function sized(n, full)
	return n == full and "-" or ("n=%d"):format(n)
end

-- A tenth of the rounds warms up.
local function rounds(full)
	return math.max(full * scale * (warming and 0.1 or 1) // 1 | 0, 10)
end

local function status_kib(field)
	for line in io.lines("/proc/self/status") do
		local kib = line:match("^" .. field .. ":%s*(%d+)")
		if kib then
			return tonumber(kib)
		end
	end
	fail("not in /proc/self/status: " .. field)
end

-- The greatest VmRSS so far in KiB, without pages of files.
local function peak_memory()
	return status_kib("VmHWM") - status_kib("RssFile")
end

-- Makes the kernel forget the greatest VmRSS. Where it cannot, growth counts from that.
local function forget_peak()
	local clear = io.open("/proc/self/clear_refs", "w")
	if clear then
		clear:write("5")
		clear:close()
	end
end

local function fibonacci(n)
	return coroutine.wrap(function()
		local a, b = 0, 1
		for _ = 1, n do
			coroutine.yield(a)
			a, b = b, a + b
		end
	end)
end

local function generator()
	local n = rounds(10000000)
	local sum = 0
	local start = os.clock()
	for v in fibonacci(n) do
		sum = sum + v
	end
	local ns = (os.clock() - start) * 1e9
	local a, b = 0, 1
	for _ = 0, n do
		a, b = b, a + b
	end
	check("sum of the values", sum, a - 1)
	result("ns/value", "ns", ns / n, "-")
end

local function integers(n)
	return coroutine.wrap(function()
		for i = 0, n - 1 do
			coroutine.yield(i)
		end
	end)
end

local function plus_one(below)
	return coroutine.wrap(function()
		for v in below do
			coroutine.yield(v + 1)
		end
	end)
end

local function pipeline10()
	local n = rounds(1000000)
	local sum = 0
	local start = os.clock()
	local last = integers(n)
	for _ = 2, STAGES do
		last = plus_one(last)
	end
	for v in last do
		sum = sum + v
	end
	local ms = (os.clock() - start) * 1e3
	check("sum", sum, n * (n - 1) // 2 + n * (STAGES - 1))
	result("ms", "ms", ms, sized(n, 1000000))
	result("peak", "KiB", peak_memory() - peak_before, sized(n, 1000000))
end

local workloads = { generator = generator, pipeline10 = pipeline10 }

if #arg == 1 and arg[1] == "--list" then
	print("generator 1 1\npipeline10 1 1")
	os.exit(0)
end
local run = workloads[arg[1]]
scale = tonumber(arg[3] or 1)
if not run or arg[2] ~= "1" or not scale then
	fail("usage: WORKLOAD 1 [SCALE], or --list")
end
forget_peak()
peak_before = peak_memory()
for _, warm in ipairs({ true, false }) do
	warming = warm
	run()
end
