/* SPDX-License-Identifier: MIT
 *
 * arch/personality.c - what the unwinder calls at the base of a fiber (Itanium C++ ABI, level I: exception handling).
 *
 * It never claims a handler; the unwinder goes on, finds the end of the stack, and the thrower terminates the program.
 * All this does is to say first which fiber it was.
 */
#include "arch/arch.h"

#include <unwind.h>

void (*coiri_arch_uncaught)(void);

_Unwind_Reason_Code coiri_arch_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
					   struct _Unwind_Exception *exception, struct _Unwind_Context *context);

_Unwind_Reason_Code coiri_arch_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
					   struct _Unwind_Exception *exception, struct _Unwind_Context *context)
{
	(void)version;
	(void)class;
	(void)exception;
	(void)context;
	if ((actions & _UA_SEARCH_PHASE) && coiri_arch_uncaught)
		coiri_arch_uncaught();
	return _URC_CONTINUE_UNWIND;
}
