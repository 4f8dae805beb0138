/* SPDX-License-Identifier: MIT
 *
 * task/invoke.c - several calls at a time.
 *
 * Forked from the last to the second, so that joins, which take the newest first, go through the array in order.
 */
#include <coir/parallel.h>

#include <errno.h>

int coir_parallel_invoke(coir_job *jobs, size_t n)
{
	if (n > 0 && !jobs)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!jobs[i].fn)
			return -EINVAL;
	for (size_t i = n; i-- > 1;)
		coir_job_fork(&jobs[i], jobs[i].fn, jobs[i].arg);
	for (size_t i = 0; i < n; i++)
		jobs[i].result = i > 0 ? coir_job_join(&jobs[i]) : jobs[i].fn(jobs[i].arg);
	for (size_t i = 0; i < n; i++)
		if (jobs[i].result < 0)
			return (int)jobs[i].result;
	return 0;
}
