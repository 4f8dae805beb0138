// SPDX-License-Identifier: MIT
//
// coir/task.hpp - coir/task.h and coir/parallel.h for C++17: closures, values of any type, exceptions.
//
//	long fib(int n)
//	{
//		if (n < 2)
//			return n;
//		auto left = coir::fork([n] { return fib(n - 1); });
//		long right = fib(n - 2);
//		return left.join() + right;
//	}
//
// The rules are those of coir/task.h; what is different:
//   - A fork that was not joined is joined by its destructor, so that no way out of a block leaves one behind.
//   - Exceptions go where they would go if everything was called in one thread: what leaves a task is thrown by its join,
//     what leaves the body of a loop by the loop (the first one found; no further ranges are handed out, and all that
//     run are waited for). Nothing is paid for that where nothing is thrown. An exception of a task that nobody joins,
//     which therefore would leave a destructor, ends the program; unless that runs because another one flies: then the
//     task's is dropped. With -fno-exceptions all this is left out.
//   - Functions are called by several workers at a time, and are not copied: they stay the caller's. Only fork keeps its
//     function in the object.
//
// Any thread; all may park as their C forms may.
#ifndef COIR_TASK_HPP
#define COIR_TASK_HPP

#include <coir/parallel.h>
#include <coir/task.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace coir
{

namespace detail
{

#if defined(__cpp_exceptions)
// The first exception of several calls.
class carried
{
      public:
	// Calls g(); false: it threw.
	template <class G> bool call(G &&g) noexcept
	{
		try {
			g();
			return true;
		} catch (...) {
			if (!any_.exchange(true))
				first_ = std::current_exception();
			return false;
		}
	}

	bool any() const
	{
		return any_.load(std::memory_order_relaxed);
	}

	// When all calls have ended.
	void rethrow()
	{
		if (first_)
			std::rethrow_exception(std::move(first_));
	}

	// Calls g() in a destructor.
	template <class G> static void call_at_end(G &&g) noexcept
	{
		if (std::uncaught_exceptions() == 0) {
			g();
			return;
		}
		try {
			g();
		} catch (...) { // another one is on its way
		}
	}

      private:
	std::atomic<bool> any_{false};
	std::exception_ptr first_;
};
#else
class carried
{
      public:
	template <class G> bool call(G &&g) noexcept
	{
		g();
		return true;
	}

	bool any() const
	{
		return false;
	}

	void rethrow()
	{
	}

	template <class G> static void call_at_end(G &&g) noexcept
	{
		g();
	}
};
#endif

struct nothing {
};

// How a function's result is kept.
template <class R>
using kept = std::conditional_t<std::is_void_v<R>, nothing,
				std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R> *, R>>;

} // namespace detail

// A function that was forked, in the frame of who forked it.
template <class F> class forked : coir_task
{
      public:
	using result = std::invoke_result_t<F &>;

	template <class G> explicit forked(G &&f) : fn_(std::forward<G>(f))
	{
		coir_task_fork(this, run);
	}

	forked(const forked &) = delete;
	forked &operator=(const forked &) = delete;

	~forked()
	{
		if (__builtin_expect(!joined_, 0))
			end();
	}

	// Once: gives what the function returned, or throws what it threw.
	__attribute__((always_inline)) result join()
	{
		struct at_end { // stored last, so that the destructor, which follows, is seen to have nothing to do
			forked *me;
			~at_end()
			{
				me->joined_ = true;
			}
		} guard{this};
		if (__builtin_expect(coir_task_join(this), 1))
			return fn_();
		return taken();
	}

      private:
	using value = detail::kept<result>;

	// Where it was taken.
	static void run(coir_task *task)
	{
		forked *me = static_cast<forked *>(task);
		new (&me->error_) detail::carried;
		me->error_.call([me] {
			if constexpr (std::is_void_v<result>)
				me->fn_();
			else if constexpr (std::is_reference_v<result>)
				me->value_ = std::addressof(me->fn_());
			else
				new (&me->value_) value(me->fn_());
		});
	}

	__attribute__((noinline)) result taken()
	{
		struct at_end {
			forked *me;
			bool threw;
			~at_end()
			{
				if (!threw)
					me->value_.~value();
				me->error_.~carried();
			}
		} guard{this, error_.any()};
		error_.rethrow();
		if constexpr (std::is_reference_v<result>)
			return static_cast<result>(*value_);
		else if constexpr (!std::is_void_v<result>)
			return std::move(value_);
	}

	__attribute__((noinline)) void end() noexcept
	{
		detail::carried::call_at_end([this] { (void)join(); });
	}

	F fn_;
	bool joined_ = false;
	union { // begun where it was taken, and only then
		detail::carried error_;
	};
	union {
		value value_;
	};
};

// Forks f(). The object is neither copied nor moved: auto t = coir::fork(...).
template <class F> [[nodiscard]] __attribute__((always_inline)) inline forked<std::decay_t<F>> fork(F &&f)
{
	return forked<std::decay_t<F>>(std::forward<F>(f));
}

// ---- loops ----

namespace detail
{

// f(i), f(lo, hi): 0 or, if it returns an int, a negative error.
template <class F, class... A> int call_one(F &f, A &&...arguments)
{
	if constexpr (std::is_void_v<std::invoke_result_t<F &, A...>>) {
		f(std::forward<A>(arguments)...);
		return 0;
	} else {
		return static_cast<int>(f(std::forward<A>(arguments)...));
	}
}

// The same for a range, whichever of both f takes; the other arguments come before.
template <class F, class... A> int call_range(F &f, int64_t lo, int64_t hi, A &...before)
{
	if constexpr (std::is_invocable_v<F &, A &..., int64_t, int64_t>) {
		return call_one(f, before..., lo, hi);
	} else {
		for (int64_t i = lo; i < hi; i++) {
			int r = call_one(f, before..., i);
			if (r < 0)
				return r;
		}
		return 0;
	}
}

template <class F> struct loop {
	F &f;
	carried error;

	static int body(int64_t lo, int64_t hi, void *arg)
	{
		loop *me = static_cast<loop *>(arg);
		int r = 0;
		return me->error.call([&] { r = call_range(me->f, lo, hi); }) ? r : -ECANCELED;
	}
};

} // namespace detail

// Calls f(i) for each i of [begin, end), or f(lo, hi) for ranges that cover it. If f returns an int, a negative one is an
// error. Grain and errors as coir_parallel_for.
template <class F> int parallel_for(int64_t begin, int64_t end, F &&f, int64_t grain = 0)
{
	detail::loop<F> loop{f, {}};
	int r = coir_parallel_for(begin, end, grain, loop.body, &loop);
	loop.error.rethrow();
	return r;
}

// Calls f(element) for each element of an array or a container with random access.
template <class Range, class F, class At = decltype(std::begin(std::declval<Range &>())),
	  class = decltype(std::declval<At>()[0])>
int parallel_for(Range &&range, F &&f, int64_t grain = 0)
{
	At first = std::begin(range);
	using step = typename std::iterator_traits<At>::difference_type;
	return parallel_for(
		0, static_cast<int64_t>(std::end(range) - first),
		[&](int64_t i) { return f(first[static_cast<step>(i)]); }, grain);
}

namespace detail
{

// An accumulator: the caller's, or one that begins with the identity when it is first needed.
template <class T> struct sum {
	T *at;
	alignas(T) unsigned char room[sizeof(T)];
};

template <class T, class F, class C> struct reduction {
	F &f;
	C &combine;
	const T &identity;
	carried error;

	static int body(int64_t lo, int64_t hi, void *acc, void *arg)
	{
		reduction *me = static_cast<reduction *>(arg);
		sum<T> *s = static_cast<sum<T> *>(acc);
		int r = 0;
		return me->error.call([&] {
			if (!s->at)
				s->at = new (s->room) T(me->identity);
			r = call_range(me->f, lo, hi, *s->at);
		})
			       ? r
			       : -ECANCELED;
	}

	static void join(void *acc, void *right, void *arg)
	{
		reduction *me = static_cast<reduction *>(arg);
		sum<T> *s = static_cast<sum<T> *>(acc), *r = static_cast<sum<T> *>(right);
		if (!r->at)
			return;
		me->error.call([&] {
			if (me->error.any())
				return;
			if (!s->at)
				s->at = new (s->room) T(me->identity);
			me->combine(*s->at, std::move(*r->at));
		});
		r->at->~T();
	}
};

} // namespace detail

// Adds up [begin, end) in acc, whose value must be the identity: f(T &acc, i) adds one, or f(T &acc, lo, hi) a range, to
// an accumulator; combine(T &acc, T &&right) adds to one the one of the range that follows. T can be copied. Order, grain
// and errors as coir_parallel_reduce.
template <class T, class F, class C>
int parallel_reduce(int64_t begin, int64_t end, T &acc, F &&f, C &&combine, int64_t grain = 0)
{
	static_assert(alignof(T) <= alignof(std::max_align_t), "accumulators are aligned as malloc does");
	using reduction = detail::reduction<T, F, C>;
	const T identity(acc);
	reduction all{f, combine, identity, {}};
	detail::sum<T> none, sum;
	none.at = nullptr;
	sum.at = nullptr;
	const coir_reduction how = {sizeof none, &none, reduction::body, reduction::join, &all};
	int r = coir_parallel_reduce(begin, end, grain, &how, &sum);
	if (sum.at) {
		all.error.call([&] { acc = std::move(*sum.at); });
		sum.at->~T();
	}
	all.error.rethrow();
	return r;
}

// ---- calls ----

// Calls all functions, each as a task of its own, and waits for all. If several throw, the first one's in the order of
// the arguments is carried on.
template <class F, class... More> void parallel_invoke(F &&f, More &&...more)
{
	if constexpr (sizeof...(more) == 0) {
		f();
	} else {
		auto rest = fork([&] { parallel_invoke(more...); });
		f();
		rest.join();
	}
}

} // namespace coir

#include <coir/task_sort.hpp>

#endif
