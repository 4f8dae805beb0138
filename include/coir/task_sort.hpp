// SPDX-License-Identifier: MIT
//
// coir/task_sort.hpp - coir::parallel_sort; see coir/task.hpp, which includes this.
//
// The same merge sort as coir_parallel_sort's, for elements that have to be moved one by one, and with the comparison
// inlined. The elements are moved into a buffer first, so that both sides hold objects which can be assigned to.
#ifndef COIR_TASK_SORT_HPP
#define COIR_TASK_SORT_HPP

#include <coir/task.hpp>

#include <algorithm>

namespace coir
{

namespace detail
{

template <class T, class Array, class Less> class sorter
{
      public:
	using count = std::ptrdiff_t;

	sorter(Array array, count n, Less &less) : array_(array), n_(n), less_(less)
	{
	}

	sorter(const sorter &) = delete;
	sorter &operator=(const sorter &) = delete;

	~sorter()
	{
		std::destroy(buffer_, buffer_ + filled_);
		::operator delete(buffer_, std::align_val_t(alignof(T)));
	}

	// False: no memory; the elements are as they were.
	bool sort()
	{
		std::size_t bytes = static_cast<std::size_t>(n_) * sizeof(T);
		buffer_ = static_cast<T *>(::operator new(bytes, std::align_val_t(alignof(T)), std::nothrow));
		if (!buffer_)
			return false;
		std::uninitialized_move(array_, array_ + n_, buffer_);
		filled_ = n_;
		sort(0, n_, true);
		return true;
	}

      private:
	static constexpr count leaf = 8, piece = 1024, stripe = 8192;

	// Sorts [from, to), which is in the buffer; the result comes into the array or, if not `leaves`, into the buffer.
	void sort(count from, count to, bool leaves)
	{
		if (to - from <= leaf) {
			insert(buffer_ + from, buffer_ + to);
			if (leaves)
				std::move(buffer_ + from, buffer_ + to, array_ + from);
			return;
		}
		count mid = from + (to - from) / 2;
		if (to - mid < piece) {
			sort(from, mid, !leaves);
			sort(mid, to, !leaves);
		} else {
			auto upper = fork([=, this_ = this] { this_->sort(mid, to, !leaves); });
			sort(from, mid, !leaves);
			upper.join();
		}
		if (leaves)
			merge(buffer_ + from, buffer_ + mid, buffer_ + mid, buffer_ + to, array_ + from);
		else
			merge(array_ + from, array_ + mid, array_ + mid, array_ + to, buffer_ + from);
	}

	void insert(T *from, T *to)
	{
		for (T *next = from + 1; next < to; next++) {
			T one = std::move(*next), *at = next;
			for (; at > from && less_(one, at[-1]); at--)
				*at = std::move(at[-1]);
			*at = std::move(one);
		}
	}

	// Merges [a, a_end) and [b, b_end); of equal elements the first one's go first.
	template <class From, class To> void merge(From a, From a_end, From b, From b_end, To out)
	{
		if ((a_end - a) + (b_end - b) > stripe) {
			merge_stripes(a, a_end, b, b_end, out);
			return;
		}
		while (a != a_end && b != b_end) {
			bool is_b = less_(*b, *a); // no branch: it would be guessed wrong half of the time
			From next = is_b ? b : a;
			*out = std::move(*next);
			a += !is_b;
			b += is_b;
			++out;
		}
		std::move(b, b_end, std::move(a, a_end, out));
	}

	template <class From, class To> void merge_stripes(From a, From a_end, From b, From b_end, To out)
	{
		From a_mid = a + (a_end - a) / 2, b_mid = b + (b_end - b) / 2;
		if (a_end - a >= b_end - b)
			b_mid = std::lower_bound(b, b_end, *a_mid, std::ref(less_));
		else
			a_mid = std::upper_bound(a, a_end, *b_mid, std::ref(less_));
		To middle = out + ((a_mid - a) + (b_mid - b));
		auto rest = fork([=, this_ = this] { this_->merge(a_mid, a_end, b_mid, b_end, middle); });
		merge(a, a_mid, b, b_mid, out);
		rest.join();
	}

	Array array_;
	count n_;
	Less &less_;
	T *buffer_ = nullptr;
	count filled_ = 0;
};

} // namespace detail

// Sorts [first, last), whose iterators have random access, stably: less(a, b) says whether a comes before b, as for
// std::sort. Needs memory for as many elements meanwhile; if there is none, it is std::stable_sort. What less throws is
// carried on; the elements then have some value that is valid.
template <class It, class Less = std::less<>> void parallel_sort(It first, It last, Less &&less = {})
{
	using T = typename std::iterator_traits<It>::value_type;
	detail::sorter<T, It, std::remove_reference_t<Less>> sorter(first, last - first, less);
	if (last - first > 1 && !sorter.sort())
		std::stable_sort(first, last, std::ref(less));
}

} // namespace coir

#endif
