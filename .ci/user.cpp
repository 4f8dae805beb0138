// SPDX-License-Identifier: MIT
//
// A C++ program that uses coir as an installed library: the headers must do in C++, with references and closures.
#include <coir/coir.h>
#include <coir/task.hpp>

#include <cstdio>
#include <functional>
#include <vector>

static intptr_t call(void *arg)
{
	return (*static_cast<std::function<intptr_t()> *>(arg))();
}

int main()
{
	std::function<intptr_t()> sum = [] {
		std::vector<std::function<intptr_t()>> part;
		for (intptr_t i = 0; i < 100; i++)
			part.push_back([i] { return i; });
		std::vector<coir_fiber> fiber(part.size());
		intptr_t total = 0, result = 0;
		for (size_t i = 0; i < part.size(); i++)
			if (coir_spawn(nullptr, call, &part[i], &fiber[i]))
				return intptr_t(-1);
		for (coir_fiber each : fiber)
			total += coir_join(each, &result) ? 0 : result;
		auto again = coir::fork([&] {
			intptr_t sum = 0;
			coir::parallel_reduce(
				0, 100, sum, [&](intptr_t &acc, int64_t i) { acc += part[i](); },
				[](intptr_t &acc, intptr_t right) { acc += right; });
			return sum;
		});
		return again.join() == total ? total : -1;
	};
	coir_config config = COIR_CONFIG_INIT;
	coir_attr attr = COIR_ATTR_INIT;
	intptr_t total = 0;
	config.workers = 2;
	(void)attr;
	if (coir_run(&config, call, &sum, &total))
		return 1;
	std::printf("0 to 99 add up to %ld, says coir %s\n", long(total), coir_version());
	return total == 4950 ? 0 : 1;
}
